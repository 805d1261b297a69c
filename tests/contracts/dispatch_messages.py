"""Dispatch messages for tests: contracts that describe them in other ways, and one dispatch to write with each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from simulator.contracts import Contract, OutboundMessage, OutboundRequest
from simulator.contracts.source import parse_source

from .contract_files import contract_named, default_document, load_edited, load_text

FOLDER = Path(__file__).parent / "webhooks"
WEBHOOKS = sorted(file.stem for file in FOLDER.glob("*.yaml"))
INSTRUCTIONS = ("start", "stop", "emergency_stop")

DISPATCH: dict[str, Any] = {
    "dispatch_id": "20261102",
    "instruction": "start",
    "start_time": datetime(2026, 11, 2, 16, tzinfo=UTC),
    "end_time": datetime(2026, 11, 2, 18, tzinfo=UTC),
    "power_change_kw": Decimal(150),
    "meterable_unit_ids": ("MU-1001", "MU-1002"),
}
"""One dispatch in the simulator's own names; its id is a number too, for contracts that want one."""


def text_with(webhooks: str) -> str:
    """The default contract with these webhooks in the place of its own, and the components that they bring along."""
    document, other = default_document(), parse_source(webhooks.encode())
    for kind, parts in other.pop("components", {}).items():
        document["components"].setdefault(kind, {}).update(parts)
    return yaml.safe_dump({**document, **other}, sort_keys=False)


@cache
def contract_with(name: str) -> Contract:
    """The default contract, or the one with the webhooks of that name."""
    if name == "default":
        return contract_named("default")
    with tempfile.TemporaryDirectory() as folder:
        return load_text(Path(folder), text_with((FOLDER / f"{name}.yaml").read_text()))


def message_of(name: str) -> OutboundMessage:
    """The dispatch message of a contract."""
    return contract_with(name).outbound["sendDispatch"]


def write(name: str, **changes: Any) -> OutboundRequest:
    """The dispatch above, with changes, as a contract wants it."""
    return message_of(name).write({**DISPATCH, **changes})


def hook_of(document: dict[str, Any]) -> dict[str, Any]:
    """The method of the default contract's webhook."""
    return document["webhooks"]["dispatch"]["post"]


def schema_of(document: dict[str, Any]) -> dict[str, Any]:
    """The schema of the default contract's dispatch message."""
    return hook_of(document)["requestBody"]["content"]["application/json"]["schema"]


def message_after(folder: Path, edit: Callable[[dict[str, Any]], object]) -> OutboundMessage:
    """The dispatch message of the default contract after `edit` has changed its schema."""
    return load_edited(folder, lambda document: edit(schema_of(document))).outbound["sendDispatch"]
