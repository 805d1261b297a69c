"""SMP contracts for tests: the default, those in the folder smp, edited copies, and messages to send with them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from simulator.contracts import (
    BoundOperation,
    Contract,
    ContractUnusable,
    Message,
    NotReadable,
    WireRequest,
    load_contract,
)

FOLDER = Path(__file__).parent / "smp"
CHANGED = sorted(file.stem for file in FOLDER.glob("*.yaml"))

ASSET = {
    "externalReference": "BESS-0001", "name": "Ashgrove battery 1", "mpan": "2100012345677", "postcode": "CF37 1AA",
    "technologyType": "Batteries", "connectionType": "DISTRIBUTION", "gspGroupId": "_K", "maxImportMw": 0.5,
    "maxExportMw": 0.4, "startDate": "2026-11-02"}  # fmt: skip
"""One asset in the default's names, without what may be left out."""

UNIT = {"name": "Ashgrove batteries", "unitType": "AGGREGATED", "services": ["Response", "Quick Reserve"],
        "startDate": "2026-11-02", "assets": ["BESS-0001", "AST-000002"]}  # fmt: skip

ASSET_RECORD = {
    "external_reference": "BESS-0001", "name": "Ashgrove battery 1", "mpan": "2100012345677", "postcode": "CF37 1AA",
    "technology_type": "Batteries", "connection_type": "distribution", "gsp_group_id": "_K", "max_import_kw": 500,
    "max_export_kw": 400, "start_date": date(2026, 11, 2)}  # fmt: skip

UNIT_RECORD = {"name": "Ashgrove batteries", "unit_type": "aggregated", "services": ["response", "quick_reserve"],
               "start_date": date(2026, 11, 2), "assets": ["BESS-0001", "AST-000002"]}  # fmt: skip


@cache
def smp_contract(name: str = "default") -> Contract:
    """The default SMP contract, or the changed one of that name."""
    return load_contract("smp", None if name == "default" else FOLDER / f"{name}.yaml")


def smp_operation(operation_id: str, name: str = "default") -> BoundOperation:
    """An operation of a contract."""
    return smp_contract(name).operations[operation_id]


def smp_document() -> dict[str, Any]:
    """A copy of the default contract, free to edit; no two parts of it are one."""
    return json.loads(json.dumps(smp_contract().document))


def load_smp(folder: Path, edit: Callable[[dict[str, Any]], object]) -> Contract:
    """The default contract after `edit` has changed it."""
    document = copy.deepcopy(smp_document())
    edit(document)
    file = folder / "my.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return load_contract("smp", file)


def smp_problems(folder: Path, edit: Callable[[dict[str, Any]], object]) -> str:
    """What is said about the default contract after `edit`, which must break it."""
    try:
        load_smp(folder, edit)
    except ContractUnusable as error:
        return "\n".join(str(problem) for problem in error.problems)
    raise AssertionError("the contract was loaded")


def send(operation_id: str, body: Any, media_type: str = "application/json", name: str = "default") -> Message:
    """What a contract makes of a body: bytes as they are, anything else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return smp_operation(operation_id, name).read(WireRequest("POST", media_type=media_type, body=data))


def send_assets(assets: Sequence[Any]) -> Message:
    """What the default contract makes of assets."""
    return send("createAssets", {"assets": list(assets)})


def faults(message: Message) -> list[tuple[int | None, str, str]]:
    """(index, pointer, code) of every problem."""
    return [(problem.index, problem.pointer, problem.code) for problem in message.problems]


def refusal(operation_id: str, body: Any) -> NotReadable:
    """Why the default contract refuses a body as a whole."""
    try:
        send(operation_id, body)
    except NotReadable as error:
        return error
    raise AssertionError("the message was read")
