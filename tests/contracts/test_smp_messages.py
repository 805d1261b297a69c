"""Messages to the SMP, read through the default contract: fields, limits, and every fault of shape at once."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from simulator.contracts import Given, WireRequest

from .smp_files import (
    ASSET,
    ASSET_RECORD,
    UNIT,
    UNIT_RECORD,
    faults,
    refusal,
    send,
    send_assets,
    smp_operation,
)

FORM = "application/x-www-form-urlencoded"


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in ASSET.items() if key != name}


def test_an_asset_is_read_in_kilowatts() -> None:
    """Wire format, assumed: MW on the wire; words and days have the simulator's own form."""
    message = send_assets([ASSET])
    assert (message.records, message.problems) == ([ASSET_RECORD], [])


def test_an_asset_may_say_more() -> None:
    """Wire format, assumed: what may be left out."""
    more = {"exportMpan": "1800021679848", "latitude": 51.5, "longitude": -3.3, "connectionVoltageKv": 11,
            "energyCapacityMwh": 1.5, "endDate": "2031-11-01"}  # fmt: skip
    record = send_assets([{**ASSET, **more}]).records[0]
    assert {name: record[name] for name in record if name not in ASSET_RECORD} == {
        "export_mpan": "1800021679848", "latitude": 51.5, "longitude": -3.3, "connection_voltage_kv": 11,
        "energy_capacity_kwh": 1500, "end_date": date(2031, 11, 1)}


def test_a_unit_is_read_with_its_lists() -> None:
    """Wire format, assumed: services are the four public types, assets are ids or references."""
    message = send("createUnit", {"unit": UNIT})
    assert (message.records, message.problems) == ([UNIT_RECORD], [])


def test_a_status_is_asked_for_by_one_id() -> None:
    """SMP overview, The SMP APIs: JSON payload, 1 Transaction ID, documented."""
    assert send("getTransactionStatus", {"transactionId": "TX-1"}).records == [{"transaction_id": "TX-1"}]


def test_credentials_may_be_a_form() -> None:
    """RFC 6749 §4.3.2; a parameter that is not known is ignored (§3.2)."""
    message = send("authenticate", b"grant_type=password&username=a&password=b%20c&scope=x", FORM)
    assert (message.records, message.problems) == (
        [{"grant_type": "password", "username": "a", "password": "b c"}], [])


@pytest.mark.parametrize("password", [12345, "", ["s3cret"], "s3cret" * 200, {"s3cret": 1}])
def test_a_faulty_password_is_not_repeated(password: Any) -> None:
    """A secret never reaches an answer, nor the journal that keeps it."""
    message = send("authenticate", {"username": "a", "password": password})
    said = " ".join(problem.message for problem in message.problems)
    assert len(message.problems) == 1
    assert "12345" not in said
    assert "s3cret" not in said


SHAPES: list[tuple[dict[str, Any], str, str, str]] = [
    (without("mpan"), "", "required", "mpan is missing"),
    ({**ASSET, "mpan": 2100012345677}, "/mpan", "type", "13 digits"),
    ({**ASSET, "mpan": "21 0001 234 5677"}, "/mpan", "pattern", "without spaces"),
    ({**ASSET, "exportMpan": "1"}, "/exportMpan", "pattern", "13 digits"),
    ({**ASSET, "externalReference": "x" * 65}, "/externalReference", "maxLength", "at most 64"),
    ({**ASSET, "name": ""}, "/name", "minLength", "name is empty"),
    ({**ASSET, "postcode": "CF"}, "/postcode", "minLength", "at least 5"),
    ({**ASSET, "latitude": 91}, "/latitude", "maximum", "largest allowed is 90"),
    ({**ASSET, "technologyType": "Coal"}, "/technologyType", "enum", "Batteries"),
    ({**ASSET, "connectionType": "distribution"}, "/connectionType", "enum", "DISTRIBUTION"),
    ({**ASSET, "connectionVoltageKv": 0}, "/connectionVoltageKv", "exclusiveMinimum", "above 0"),
    ({**ASSET, "gspGroupId": "_I"}, "/gspGroupId", "enum", "_A, _B"),
    ({**ASSET, "maxImportMw": "0.5"}, "/maxImportMw", "type", "without quotes"),
    ({**ASSET, "maxExportMw": -1}, "/maxExportMw", "minimum", "smallest allowed is 0"),
    ({**ASSET, "maxExportMw": 10_001}, "/maxExportMw", "maximum", "largest allowed is 10000"),
    ({**ASSET, "energyCapacityMwh": True}, "/energyCapacityMwh", "type", "true or false"),
    ({**ASSET, "startDate": "02/11/2026"}, "/startDate", "format", 'like "2026-11-02"'),
    ({**ASSET, "startDate": "20261102"}, "/startDate", "format", "is not a date"),
    ({**ASSET, "startDate": "2026-02-30"}, "/startDate", "format", "on the calendar"),
    ({**ASSET, "endDate": 2026}, "/endDate", "type", "text in quotes"),
    ({**ASSET, "maxImportKw": 1}, "/maxImportKw", "additionalProperties", "did you mean maxImportMw?"),
]


@pytest.mark.parametrize(("asset", "place", "code", "words"), SHAPES)
def test_a_fault_of_shape_is_told_at_once(asset: dict[str, Any], place: str, code: str, words: str) -> None:
    """Its index, its pointer, the broken rule and a sentence; the good asset beside it is read all the same."""
    message = send_assets([ASSET, asset])
    assert faults(message) == [(1, f"/assets/1{place}", code)]
    assert words in message.problems[0].message
    assert message.records[0] == ASSET_RECORD


UNIT_SHAPES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"services": []}, "/unit/services", "minItems", "at least 1"),
    ({"services": ["Response", "Response"]}, "/unit/services", "uniqueItems", "twice"),
    ({"services": ["response"]}, "/unit/services/0", "enum", "Quick Reserve"),
    ({"services": "Response"}, "/unit/services", "type", "a list"),
    ({"assets": []}, "/unit/assets", "minItems", "at least 1"),
    ({"assets": ["A", 3]}, "/unit/assets/1", "type", "text in quotes"),
    ({"assets": [f"A-{number}" for number in range(1_001)]}, "/unit/assets", "maxItems", "at most 1000"),
    ({"unitType": "VLP"}, "/unit/unitType", "enum", "SECONDARY_BMU"),
    ({"name": "x" * 101}, "/unit/name", "maxLength", "at most 100"),
]


@pytest.mark.parametrize(("change", "pointer", "code", "words"), UNIT_SHAPES)
def test_a_fault_in_a_unit_has_its_place(change: dict[str, Any], pointer: str, code: str, words: str) -> None:
    """SMP overview, The SMP APIs: 1 Unit, 1000 Aligned Assets, documented; the other limits are assumed."""
    message = send("createUnit", {"unit": {**UNIT, **change}})
    assert [(problem.pointer, problem.code) for problem in message.problems] == [(pointer, code)]
    assert words in message.problems[0].message
    field = {"unitType": "unit_type"}.get(next(iter(change)), next(iter(change)))
    assert message.records[0][field] is Given.BROKEN


def test_all_faults_of_a_batch_are_listed_in_the_order_of_the_assets() -> None:
    """Complete and ordered: nobody sends a thousand assets a thousand times to find a thousand faults."""
    message = send_assets([{**ASSET, "mpan": "1"}, ASSET, {**without("name"), "startDate": "soon", "postcode": 5}])
    assert [problem.index for problem in message.problems] == [0, 2, 2, 2]
    assert {(problem.pointer, problem.code) for problem in message.problems} == {
        ("/assets/0/mpan", "pattern"), ("/assets/2", "required"), ("/assets/2/startDate", "format"),
        ("/assets/2/postcode", "type")}


def test_faults_of_an_asset_are_in_the_order_of_its_fields() -> None:
    """Ours: by asset, then by field as the contract has them, whoever found the fault; unknown fields come last."""
    asset = {"zone": 1, "endDate": "never", **without("name"), "startDate": "soon", "mpan": "1", "postcode": 5,
             "maxImportMw": "x"}  # fmt: skip
    assert [(problem.index, problem.pointer, problem.code) for problem in send_assets([asset, 3]).problems] == [
        (0, "/assets/0", "required"), (0, "/assets/0/mpan", "pattern"), (0, "/assets/0/postcode", "type"),
        (0, "/assets/0/maxImportMw", "type"), (0, "/assets/0/startDate", "format"), (0, "/assets/0/endDate", "format"),
        (0, "/assets/0/zone", "additionalProperties"), (1, "/assets/1", "type")]


def test_faults_of_a_unit_are_in_the_order_of_its_fields_and_items() -> None:
    """Ours: the same for units; items count as numbers, so that 10 comes after 2."""
    unit = {**UNIT, "assets": ["A", "B", 3, *"CDEFGHI", 4], "startDate": "soon", "services": ["x"]}
    assert [problem.pointer for problem in send("createUnit", {"unit": unit}).problems] == [
        "/unit/services/0", "/unit/startDate", "/unit/assets/2", "/unit/assets/10"]


def test_an_item_is_counted_as_its_pointer_counts() -> None:
    """Ours: sentence and pointer have one number, and the sentence says from where it counts."""
    [problem] = send("createUnit", {"unit": {**UNIT, "assets": ["A", 3]}}).problems
    assert problem.pointer == "/unit/assets/1"
    assert problem.message.startswith("Item 1 (counted from 0) ")


def test_a_thousand_faulty_assets_have_a_thousand_errors() -> None:
    """Each with its own index and pointer; the figures for speed are in bench/."""
    message = send_assets([{**ASSET, "mpan": "1"}] * 1_000)
    assert faults(message) == [(index, f"/assets/{index}/mpan", "pattern") for index in range(1_000)]


@pytest.mark.parametrize(("operation_id", "body", "pointer", "said"), [
    ("createAssets", {"assets": [ASSET] * 1_001}, "/assets",
     "One message creates at most 1,000 assets; this one has 1,001: send the rest in another."),
    ("createUnit", {"unit": [UNIT, UNIT]}, "/unit",
     "One message creates 1 unit; this one has 2: send one message for each."),
    ("getTransactionStatus", {"transactionId": ["TX-1", "TX-2"]}, "/transactionId",
     "One message asks for 1 transaction; this one has 2: send one message for each."),
    ("getTransactionStatus", [{"transactionId": "TX-1"}] * 3, "",
     "One message asks for 1 transaction; this one has 3: send one message for each."),
])
def test_too_many_are_refused_at_once_and_the_maximum_is_named(operation_id: str, body: Any, pointer: str, said: str
                                                               ) -> None:
    """SMP overview, The SMP APIs, Submit Maximum: 1000 assets, 1 unit, 1 transaction id, documented."""
    error = refusal(operation_id, body)
    assert (error.outcome, error.detail) == ("too_many", said)
    assert [tuple(problem) for problem in error.problems] == [(None, pointer, "maxItems", said)]


def test_a_thousand_assets_are_not_too_many() -> None:
    """SMP overview, The SMP APIs: Maximum 1000 Assets, documented."""
    assert len(send_assets([ASSET] * 1_000).records) == 1_000
    assert len(send("createUnit", {"unit": {**UNIT, "assets": ["A"] * 1_000}}).records[0]["assets"]) == 1_000


def test_a_list_of_one_is_no_list_of_many() -> None:
    """It is a fault of type, which says what to send."""
    assert faults(send("getTransactionStatus", {"transactionId": ["TX-1"]})) == [(0, "/transactionId", "type")]
    assert faults(send("createUnit", {"unit": [UNIT]})) == [(0, "/unit", "type")]


def test_one_value_of_a_list_can_be_pointed_at() -> None:
    """Rules of the market say which of the assets they mean."""
    message = send("createUnit", {"unit": UNIT})
    assert [message.pointer(0, name) for name in ("assets", "assets/1", "name", "end_date", "end_date/1")] == [
        "/unit/assets", "/unit/assets/1", "/unit/name", "/unit", "/unit"]


def test_the_keys_are_asked_for_without_a_body() -> None:
    """RFC 7517: a public document."""
    message = smp_operation("getKeys").read(WireRequest("GET"))
    assert (message.records, message.problems) == ([{}], [])


@pytest.mark.parametrize("media_type", ["application/json", FORM])
def test_credentials_are_written_as_json_or_as_a_form(media_type: str) -> None:
    """The documentation shows both."""
    operation = smp_operation("authenticate")
    record = {"username": "brindle-smp", "password": "a b"}
    if media_type == FORM:
        record["grant_type"] = "password"
    request = operation.write([record], media_type)
    assert request.media_type == media_type
    assert operation.read(request).records == [record]


def test_what_is_written_fits_the_example_of_the_wire_format() -> None:
    """Wire format, assumed: {"assets": [...]} and {"unit": {...}}."""
    assert json.loads(smp_operation("createAssets").write([ASSET_RECORD]).body) == {"assets": [ASSET]}
    assert json.loads(smp_operation("createUnit").write([UNIT_RECORD]).body) == {"unit": UNIT}
