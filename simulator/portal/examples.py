"""Requests that run as they stand, whatever the contract: good ones, and one for each error a request can have."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pprint import pformat
from typing import Any

import orjson
from flask import request

from simulator.contracts import BEARER, BoundOperation, CannotWrite, NotReadable, WireAnswer, WireRequest
from simulator.market.errors import RuleBreach
from simulator.market.intervals import last_period_end
from simulator.market.organisations import MeterableUnit
from simulator.operations.readings import judge_readings
from simulator.web import current_world
from simulator.wire import refuse

_EXAMPLE_KW = (12.5, -12.5, 60, -60, 1_000, -1_000, 60_000, -60_000)
"""Powers to choose the example's from: a contract may take whole numbers, whole MW, or one direction only."""

_WITH_OFFSET = re.compile(r"(\d{4}-\d\d-\d\dT\d\d(?:%3A|:)\d\d(?:%3A|:)\d\d)(?:Z|\+00:00)")

_NO_TOKEN = "not-a-token"

Error = dict[str, Any]


def example_record(operation: BoundOperation, unit: MeterableUnit) -> dict[str, Any] | None:
    """The unit's last complete period with the first of the example amounts that the contract can say and finds nothing
    wrong with. None when it has no way to say it, such as a contract that takes numbers for ids of units."""
    known = {"meterable_unit_id": unit.id, "timestamp": last_period_end(current_world.now(), unit.granularity)}
    for kw in _EXAMPLE_KW:
        for amount in ({"power_kw": kw}, {"energy_kwh": kw * unit.granularity.seconds / 3600}):
            wire = _write(operation, [{**known, **amount}])
            if wire is not None and not operation.read(wire).problems:
                return {**known, **amount}
    return None


def example_call(operation: BoundOperation, unit: MeterableUnit, token: str) -> str | None:
    """A curl command that posts the unit's last complete period and works as it stands; None when there is none."""
    record = example_record(operation, unit)
    return None if record is None else as_curl(operation, operation.write([record]), token)


def _write(operation: BoundOperation, records: list[dict[str, Any]]) -> WireRequest | None:
    try:
        return operation.write(records)
    except CannotWrite:
        return None


def _with_token(operation: BoundOperation, wire: WireRequest, token: str) -> WireRequest:
    where, name, value = (operation.credential or BEARER).write(token)
    if where == "query":
        return replace(wire, query={**wire.query, name: value})
    others = {other: text for other, text in wire.headers.items() if other.lower() != name.lower()}
    return replace(wire, headers={name: value, **others})


def _place() -> str:
    return request.host_url.rstrip("/") + request.script_root


def as_curl(operation: BoundOperation, wire: WireRequest, token: str) -> str:
    """The request with the token as a command for a shell."""
    wire = _with_token(operation, wire, token)
    parts = [f"curl -X {wire.method} {shlex.quote(_place() + wire.target)}"]
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in wire.headers.items()]
    if wire.body:
        parts += [f"-H {shlex.quote(f'Content-Type: {wire.media_type}')}", f"-d {shlex.quote(wire.body.decode())}"]
    return " \\\n  ".join(parts)


def as_python(operation: BoundOperation, wire: WireRequest, token: str, data: str | None = None) -> str:
    """The request with the token as a Python program; `data` is an expression for the body, when it is too long."""
    wire = _with_token(operation, wire, token)
    headers = dict(wire.headers)
    arguments = [repr(_place() + wire.path)]
    if wire.query:
        arguments.append(f"params={_literal(dict(wire.query))}")
    body = _json_of(wire) if data is None and wire.media_type == "application/json" else None
    if body is None and wire.body:
        headers["Content-Type"] = wire.media_type
    if headers:
        arguments.append(f"headers={_literal(headers)}")
    if body is not None:
        arguments.append(f"json={_literal(body)}")
    elif wire.body:
        arguments.append(f"data={data or repr(wire.body.decode())}")
    lines = "".join(f"    {argument},\n" for argument in [*arguments, "timeout=30"])
    return (f"import requests\n\nanswer = requests.{wire.method.lower()}(\n{lines})\n"
            "print(answer.status_code, answer.text)")


def _literal(value: Any) -> str:
    return pformat(value, width=88, sort_dicts=False).replace("\n", "\n    ")


def _json_of(wire: WireRequest) -> Any:
    try:
        return orjson.loads(wire.body)
    except orjson.JSONDecodeError:
        return None


@dataclass(frozen=True)
class Example:
    """A request that runs, as curl and as Python, and what it is answered with. `curl` is empty for a long body;
    `message` is what the answer says to people."""

    curl: str
    python: str
    status: int
    answer: str
    message: str = ""


class Examples:
    """Examples of one operation for one organisation: its units, its token, the present market time."""

    def __init__(self, operation: BoundOperation, units: list[MeterableUnit], token: str) -> None:
        self._operation = operation
        self._units = {unit.id: unit for unit in units}
        self._token = token
        self._now: datetime = current_world.now()
        possible = ((unit, example_record(operation, unit)) for unit in units)
        self._unit, self._record = next(((unit, record) for unit, record in possible if record), (None, None))
        self._wire = operation.write([self._record]) if self._record else None

    def good(self) -> Example | None:
        """A reading that is taken."""
        receipt = {"accepted": 1, "created": 1, "updated": 0, "late": 0}
        return self._wire and self._example(self._wire, self._operation.answer("accepted", receipt))

    def refusals(self) -> dict[str, Example]:
        """An example for each outcome that is about the message as a whole."""
        if self._wire is None:
            return {}
        found = {"unauthorised": self._example(self._wire, refuse(self._operation, "unauthorised", "…"), _NO_TOKEN)}
        for outcome, wire in (("wrong_content_type", replace(self._wire, media_type="text/plain")),
                              ("broken_json", replace(self._wire, body=b"{"))):
            told, detail, _ = self._foretell(wire)
            if told == outcome:
                found[outcome] = self._example(wire, refuse(self._operation, outcome, detail))
        many = self._too_many()
        return found if many is None else {**found, "too_many": many}

    def codes(self) -> dict[str, Example]:
        """An example for each error code that a request to this contract can have, by the simulator's own name."""
        best: dict[str, tuple[WireRequest, list[Error]]] = {}
        for wire in self._faulty():
            for error in (errors := self._foretell(wire)[2]):
                if error["code"] not in best or len(errors) < len(best[error["code"]][1]):
                    best[error["code"]] = (wire, errors)
        return {code: replace(self._example(wire, refuse(self._operation, "invalid", _count(errors), errors)),
                              message=next(error["message"] for error in errors if error["code"] == code))
                for code, (wire, errors) in best.items()}

    def _example(self, wire: WireRequest, answer: WireAnswer, token: str | None = None) -> Example:
        token = token or self._token
        return Example(as_curl(self._operation, wire, token), as_python(self._operation, wire, token), answer.status,
                       _pretty(answer.body))

    def _foretell(self, wire: WireRequest) -> tuple[str, str, list[Error]]:
        """Outcome, detail and errors that this request will get."""
        try:
            message = self._operation.read(wire)
        except NotReadable as fault:
            return fault.outcome, fault.detail, []
        shape = [RuleBreach(fault.index, None, fault.code, fault.message, fault.pointer) for fault in message.problems]
        tolerance = current_world.settings.future_tolerance_seconds
        _, breaches = judge_readings(self._units, message.records, self._now, tolerance, shape)
        errors: dict[Any, Error] = {}
        for breach in breaches:
            pointer = breach.pointer
            if pointer is None:
                pointer = "" if breach.index is None else message.pointer(breach.index, breach.field or "")
            errors[pointer, breach.code, breach.message] = {"pointer": pointer, "code": breach.code,
                                                            "message": breach.message}
        return ("invalid" if errors else "accepted"), "", list(errors.values())

    def _too_many(self) -> Example | None:
        two = _write(self._operation, [self._record, self._record])
        three = _write(self._operation, [self._record] * 3)
        if two is None or three is None or self._operation.max_items is None:
            return None
        # The one item is what a third record adds, less its comma.
        length = len(three.body) - len(two.body) - 1
        parts = re.fullmatch(rb"(.*?)(.{%d}),\2(.*)" % length, two.body, re.S) if length > 0 else None
        if parts is None:
            return None
        before, item, after = (part.decode() for part in parts.groups())
        data = f"{before!r} + ', '.join([{item!r}] * {self._operation.max_items + 1}) + {after!r}"
        answer = refuse(self._operation, "too_many", "…")
        return Example("", as_python(self._operation, two, self._token, data), answer.status, _pretty(answer.body))

    def _faulty(self) -> Iterator[WireRequest]:
        if self._wire is None or self._record is None or self._unit is None:
            return
        for records in self._faulty_records(self._record, self._unit):
            wire = _write(self._operation, records)
            if wire is not None:
                yield wire
        yield replace(
            self._wire, body=_WITH_OFFSET.sub(r"\1", self._wire.body.decode()).encode(),
            path=_WITH_OFFSET.sub(r"\1", self._wire.path), path_params=_naive(self._wire.path_params),
            query=_naive(self._wire.query), headers=_naive(self._wire.headers))
        for name, value in self._wire.query.items():
            others = {other: text for other, text in self._wire.query.items() if other != name}
            yield replace(self._wire, query=others)
            for wrong in _wrong_texts(value):
                yield replace(self._wire, query={**self._wire.query, name: wrong})
        for name in self._wire.headers:
            yield replace(self._wire, headers={other: text for other, text in self._wire.headers.items()
                                               if other != name})
        period = timedelta(seconds=self._unit.granularity.seconds)
        earlier = {**self._record, "timestamp": self._record["timestamp"] - period}
        for wire in (self._wire, _write(self._operation, [self._record, earlier])):
            body = _json_of(wire) if wire is not None and wire.body else None
            if wire is not None and body is not None:
                yield from (replace(wire, body=orjson.dumps(wrong)) for wrong in _wrong_values(body))

    def _faulty_records(self, record: dict[str, Any], unit: MeterableUnit) -> Iterator[list[dict[str, Any]]]:
        for nobodys in ("MU-0000", "999999999"):
            yield [{**record, "meterable_unit_id": nobodys}]
        for other in (unit, *self._units.values()):
            end = last_period_end(self._now, other.granularity)
            for away in (timedelta(days=1), timedelta(minutes=-15), timedelta(seconds=-30)):
                yield [{**record, "meterable_unit_id": other.id, "timestamp": end + away}]
        yield [record, record]
        yield [{**record, "power_kw": 1, "energy_kwh": 1}]
        yield [{name: value for name, value in record.items() if name not in ("power_kw", "energy_kwh")}]


def _naive(values: Mapping[str, str]) -> dict[str, str]:
    return {name: _WITH_OFFSET.sub(r"\1", value) for name, value in values.items()}


def _wrong_texts(value: str) -> Iterator[str]:
    yield from ("yesterday", "", value + "x" * 64, "1000000000000", "-1000000000000")


def _wrong_values(value: Any) -> Iterator[Any]:
    """A JSON value with one thing in it changed, in every way that a schema may have a rule against."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            yield from ({**value, name: wrong} for wrong in _wrong_values(inner))
        yield {**value, "comment": "one field too many"}
    elif isinstance(value, list):
        yield []
        yield from ([wrong, *value[1:]] for wrong in _wrong_values(value[0]))
    elif isinstance(value, str):
        yield from (5, *_wrong_texts(value))
    else:
        yield from ("twelve", 1_000_000_000_000, -1_000_000_000_000, 0.1)


def _count(errors: list[Error]) -> str:
    return f"{len(errors)} error{'s' if len(errors) != 1 else ''}; nothing of this message was stored."


def _pretty(body: bytes) -> str:
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode() if body else ""
    except orjson.JSONDecodeError:
        return body.decode()
