"""Contract files for tests: the examples beside this file, and edited copies of the default."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from simulator.contracts import (
    BoundOperation,
    Contract,
    ContractProblem,
    ContractUnusable,
    Message,
    WireRequest,
    load_contract,
)

FOLDER = Path(__file__).parent / "overrides"
OVERRIDES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
HALF_PAST_FOUR = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
READING = {"meterableUnitId": "MU-1001", "timestamp": "2026-11-02T16:30:00Z", "powerKw": -12.5}


@cache
def contract_named(name: str) -> Contract:
    """The default contract, or the example override of that name."""
    return load_contract("participant", None if name == "default" else FOLDER / f"{name}.yaml")


def operation_of(name: str) -> BoundOperation:
    """postReadings of the default contract or of an example override."""
    return contract_named(name).operations["postReadings"]


def default_document() -> dict[str, Any]:
    """A copy of the default contract, free to edit."""
    return copy.deepcopy(contract_named("default").document)


def route_of(document: dict[str, Any]) -> dict[str, Any]:
    """The readings route of the default contract's document."""
    return document["paths"]["/api/v2/readings"]["post"]


def reading_of(document: dict[str, Any]) -> dict[str, Any]:
    """The schema of one reading in the default contract's document."""
    return document["components"]["schemas"]["Reading"]


def load_text(folder: Path, text: str | bytes) -> Contract:
    """Load a contract that is written out in the test."""
    file = folder / "my.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_contract("participant", file)


def load_edited(folder: Path, edit: Callable[[dict[str, Any]], object]) -> Contract:
    """Load the default contract after `edit` has changed it."""
    document = default_document()
    edit(document)
    return load_text(folder, yaml.safe_dump(document, sort_keys=False))


def problems_of_text(folder: Path, text: str | bytes) -> tuple[ContractProblem, ...]:
    """The problems of a contract that must not load."""
    try:
        load_text(folder, text)
    except ContractUnusable as error:
        return error.problems
    raise AssertionError("the contract was loaded")


def problems_after(folder: Path, edit: Callable[[dict[str, Any]], object]) -> tuple[ContractProblem, ...]:
    """The problems of the default contract after `edit`, which must break it."""
    document = default_document()
    edit(document)
    return problems_of_text(folder, yaml.safe_dump(document, sort_keys=False))


def request_of(body: Any, media_type: str = "application/json", **rest: Any) -> WireRequest:
    """A request whose body is `body`: bytes as they are, anything else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WireRequest("POST", media_type=media_type, body=data, **rest)


def read(body: Any, contract: str = "default", **rest: Any) -> Message:
    """What a contract makes of a body."""
    operation = operation_of(contract)
    media_type = operation.media_types[0] if operation.media_types else ""
    return operation.read(request_of(body, media_type, **rest))


def codes(message: Message) -> list[tuple[str, str]]:
    """(pointer, code) of every problem."""
    return [(problem.pointer, problem.code) for problem in message.problems]
