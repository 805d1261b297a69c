"""Dispatch messages: what the platform sends us, read and checked.

All that is wrong is said at once, so that whoever set the message up need not find it out piece by piece.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

START, STOP, EMERGENCY_STOP = "START", "STOP", "EMERGENCY_STOP"
WORDS = (START, STOP, EMERGENCY_STOP)


@dataclass(frozen=True)
class Instruction:
    """A dispatch message that makes sense. `change_kw` is for all its units together."""

    dispatch_id: str
    word: str
    start: datetime
    end: datetime
    change_kw: float
    units: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        """What makes two messages the same one: delivery is at least once, so any message may come again."""
        return self.dispatch_id, self.word


class Nonsense(Exception):
    """A message that cannot be obeyed; `errors` are `{"pointer", "code", "message"}`, one for each thing wrong."""

    def __init__(self, status: int, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{error['pointer']}: {error['message']}" for error in errors))
        self.status = status
        self.errors = errors


def read_instruction(body: bytes, own_units: Collection[str]) -> Instruction:
    """The instruction in a message body. Raises Nonsense: 400 when it is no JSON, 422 with every error otherwise."""
    try:
        message = json.loads(body)
    except ValueError as error:
        raise Nonsense(400, [_error("", "json", f"This is not JSON: {error}.")]) from error
    if not isinstance(message, dict):
        raise Nonsense(422, [_error("", "type", "A dispatch message is a JSON object.")])
    errors: list[dict[str, str]] = []
    dispatch_id = _text(message, "dispatchId", errors)
    word = _text(message, "instruction", errors)
    if word and word not in WORDS:
        errors.append(_error("/instruction", "enum", f"{word!r} is none of {', '.join(WORDS)}."))
    start, end = _instant(message, "startTime", errors), _instant(message, "endTime", errors)
    if start and end and end <= start:
        errors.append(_error("/endTime", "order", "A dispatch ends after its start."))
    change_kw = _number(message, "powerChangeKw", errors)
    units = _units(message, own_units, errors)
    if errors:
        raise Nonsense(422, errors)
    return Instruction(dispatch_id, word, start, end, change_kw, units)


def _error(pointer: str, code: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "message": message}


def _member(message: dict[str, Any], name: str, errors: list[dict[str, str]]) -> Any:
    if message.get(name) is None:
        errors.append(_error(f"/{name}", "required", f"{name} is missing."))
    return message.get(name)


def _text(message: dict[str, Any], name: str, errors: list[dict[str, str]]) -> str:
    value = _member(message, name, errors)
    if value is None or (isinstance(value, str) and value.strip()):
        return value or ""
    errors.append(_error(f"/{name}", "type", f"{name} must be text, and not empty."))
    return ""


def _number(message: dict[str, Any], name: str, errors: list[dict[str, str]]) -> float:
    value = _member(message, name, errors)
    # In Python True is an int, and json.loads takes NaN and Infinity; none of them is a power.
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    if value is not None:
        errors.append(_error(f"/{name}", "type", f"{name} must be a number of kW."))
    return 0.0


def _instant(message: dict[str, Any], name: str, errors: list[dict[str, str]]) -> datetime | None:
    text = _text(message, name, errors)
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        errors.append(_error(f"/{name}", "time", f"{text!r} is not a time such as 2026-11-02T16:00:00Z."))
        return None
    if instant.utcoffset() is None:
        # Without an offset it could be UTC or London time, an hour apart in summer. Never guess when power is moved.
        errors.append(_error(f"/{name}", "naive_time", f"{text!r} has no offset; write it like 2026-11-02T16:00:00Z."))
        return None
    return instant.astimezone(UTC)


def _units(message: dict[str, Any], own_units: Collection[str], errors: list[dict[str, str]]) -> tuple[str, ...]:
    value = _member(message, "meterableUnitIds", errors)
    if value is None:
        return ()
    if not isinstance(value, list) or not value:
        errors.append(_error("/meterableUnitIds", "type", "meterableUnitIds must be a list of at least one id."))
        return ()
    for place, unit in enumerate(value):
        if not isinstance(unit, str) or unit not in own_units:
            errors.append(_error(f"/meterableUnitIds/{place}", "unknown_unit",
                                 f"{unit!r} is not operated here; {', '.join(sorted(own_units))} would be."))
        elif unit in value[:place]:
            errors.append(_error(f"/meterableUnitIds/{place}", "duplicate_unit", f"{unit} is named twice."))
    return tuple(value)
