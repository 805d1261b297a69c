"""Reading the JSON bodies of `/_sim` calls: checked against a schema, all errors at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import jsonschema_rs
import orjson
from flask import abort, request

from simulator.timekeeping import instants
from simulator.timekeeping.durations import duration_from_words
from simulator.web import problem


class Body:
    """What a call's body may be, as a JSON Schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._validator = jsonschema_rs.validator_for({"type": "object", "additionalProperties": False, **schema})

    def read(self) -> dict[str, Any]:
        """The body, or {} when there is none; aborts the request with 400 or 422 and every error."""
        data = request.get_data()
        if not data:
            value: Any = {}
        else:
            try:
                value = orjson.loads(data)
            except orjson.JSONDecodeError as error:
                abort(problem(400, "Bad Request", f"The body is not JSON: {error}."))
        errors = [{"pointer": "".join(f"/{part}" for part in error.instance_path),
                   "code": str(error.schema_path[-1]), "message": error.message}
                  for error in self._validator.iter_errors(value)]
        if errors:
            refuse(errors)
        return value


def refuse(errors: list[dict[str, Any]]) -> None:
    """Abort the request with 422 and these errors."""
    abort(problem(422, "Unprocessable Content", f"{len(errors)} error{'s' if len(errors) > 1 else ''}; nothing was "
                  "changed.", errors))


def read_numbers(defaults: dict[str, int]) -> dict[str, int]:
    """The whole numbers of the query with these names; aborts with 422 and every one that is none."""
    numbers = dict(defaults)
    errors = []
    for name in defaults:
        text = request.args.get(name)
        if text is None:
            continue
        if text.isascii() and text.isdigit() and len(text) < 16:
            numbers[name] = int(text)
        else:
            errors.append({"pointer": f"query {name}", "code": "type", "message": f"{name} is a whole number."})
    if errors:
        refuse(errors)
    return numbers


def read_instant(body: dict[str, Any], name: str) -> datetime | None:
    """The instant in a property of a body, None when absent; aborts with 422 for anything but RFC 3339."""
    if name not in body:
        return None
    try:
        return instants.read_instant(body[name])
    except ValueError as error:
        refuse([{"pointer": f"/{name}", "code": "format", "message": f"{error}."}])
        raise AssertionError("refuse always raises") from error


def read_duration(body: dict[str, Any], name: str, start: datetime) -> timedelta:
    """The length of time in a property of a body, from `start` on (months and years are as long as they are)."""
    try:
        return duration_from_words(body[name], start)
    except ValueError as error:
        refuse([{"pointer": f"/{name}", "code": "format", "message": str(error)}])
        raise AssertionError("refuse always raises") from error
