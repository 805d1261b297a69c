"""SMP contracts that cannot work are refused at load, in words that say what to mend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .smp_files import smp_problems

Document = dict[str, Any]
Edit = Callable[[Document], object]


def schema(document: Document, name: str) -> Document:
    return document["components"]["schemas"][name]["properties"]


def call(document: Document, path: str) -> Document:
    return document["paths"][f"/smp/api/v1/{path}"]["post"]


def hook(document: Document) -> Document:
    return document["webhooks"]["batchReturn"]["post"]


def set_on(name: str, field: str, **keys: Any) -> Edit:
    changes = {key.replace("_", "-"): value for key, value in keys.items()}
    return lambda document: schema(document, name)[field].update(changes)


def drop(name: str, field: str) -> Edit:
    def edit(document: Document) -> None:
        del schema(document, name)[field]
        required = document["components"]["schemas"][name]["required"]
        if field in required:
            required.remove(field)

    return edit


def replace(name: str, field: str, part: Document) -> Edit:
    return lambda document: schema(document, name).update({field: part})


def drop_returned_id(document: Document) -> None:
    body = hook(document)["requestBody"]["content"]["application/json"]["schema"]
    del body["properties"]["transactionId"]
    body["required"].remove("transactionId")


def returned_by_get(document: Document) -> None:
    document["webhooks"]["batchReturn"] = {"x-path": "", "get": hook(document)}


def returned_as_form(document: Document) -> None:
    content = hook(document)["requestBody"]["content"]
    content["application/x-www-form-urlencoded"] = content.pop("application/json")


def outcome_on_a_content_type(document: Document) -> None:
    call(document, "authenticate")["responses"]["400"]["content"]["application/json"]["x-outcome"] = "too_many"


def outcome_twice(document: Document) -> None:
    call(document, "authenticate")["responses"]["400"]["content"]["application/json"]["x-outcome"] = "broken_json"


FAULTY: list[tuple[Edit, str]] = [
    (drop("Asset", "mpan"), "createAssets has no place for mpan (the MPAN of its import)."),
    (drop("Unit", "assets"), "createUnit has no place for assets"),
    (set_on("Asset", "maxImportMw", x_sign="demand-positive"), "x-sign does nothing here: maxImportMw stands for "
     "max_import_kw, which has no direction."),
    (set_on("Asset", "maxImportMw", x_unit="MWh"), "x-unit: MWh does not measure power."),
    (set_on("Asset", "connectionVoltageKv", x_unit="kW"), "x-unit: kW does not measure voltage."),
    (set_on("Asset", "connectionVoltageKv", x_unit="mV"), "x-unit: mV is not a unit we know. Use one of V, kV."),
    (set_on("Asset", "latitude", x_unit="kV"), "x-unit does nothing here: latitude stands for latitude."),
    (replace("Asset", "startDate", {"type": "integer"}), "This is a date, and the contract takes no text here."),
    (set_on("Asset", "startDate", x_time="epoch-seconds"), "x-time does nothing here"),
    (set_on("Asset", "connectionType", x_words={"DISTRIBUTION": "distribution"}),
     "x-words says nothing about 'TRANSMISSION'."),
    (replace("Unit", "services", {"type": "array", "items": {"enum": ["Response", "Heat"]}}),
     "The word 'Response' has no meaning we know ('Response'). Add it to x-words with one of response, "),
    (replace("Unit", "services", {"type": "integer"}), "This stands for services, and it is no list of words."),
    (replace("Unit", "assets", {"type": "array", "items": {"type": "array"}}),
     "This stands for assets, and it is no list of ids."),
    (set_on("Transaction", "status", x_words={"RECEIVED": "received", "PROCESSING": "received",
                                              "SUCCEEDED": "succeeded", "FAILED": "failed"}),
     "status has no word for processing. Add one to its enum and to x-words, such as PROCESSING: processing."),
    (set_on("Transaction", "status", x_words={"RECEIVED": "received", "PROCESSING": "busy",
                                              "SUCCEEDED": "succeeded", "FAILED": "failed"}),
     "The word 'PROCESSING' has no meaning we know ('busy')."),
    (replace("Transaction", "submittedAt", {"type": "integer"}), "This time is a number"),
    (replace("Transaction", "result", {"type": "integer"}), "This answer would not fit its own schema"),
    (drop_returned_id, "sendBatchReturn has no place for transaction_id"),
    (returned_by_get, "GET carries no body."),
    (returned_as_form, "The simulator cannot write application/x-www-form-urlencoded here."),
    (outcome_on_a_content_type, "x-outcome: too_many is not one of this operation's."),
    (outcome_twice, "x-outcome: broken_json stands on two responses."),
]


@pytest.mark.parametrize(("edit", "said"), FAULTY)
def test_a_contract_that_cannot_work_is_refused(tmp_path: Path, edit: Edit, said: str) -> None:
    """What is wrong and how to mend it, before anybody sends a message."""
    assert said in smp_problems(tmp_path, edit)
