"""Requests that run as they stand, whatever the contract: good ones, and one for each error a request can have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from simulator.contract_pages.commands import Example, as_curl, as_python, json_of, many_of_one, pretty
from simulator.contract_pages.wrong_values import wrong_texts, wrong_values
from simulator.contracts import BoundOperation, CannotWrite, NotReadable, WireAnswer, WireRequest
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
                       pretty(answer.body))

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
        data = many_of_one(two, three, self._operation.max_items + 1)
        if data is None:
            return None
        answer = refuse(self._operation, "too_many", "…")
        return Example("", as_python(self._operation, two, self._token, data), answer.status, pretty(answer.body))

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
            for wrong in wrong_texts(value):
                yield replace(self._wire, query={**self._wire.query, name: wrong})
        for name in self._wire.headers:
            yield replace(self._wire, headers={other: text for other, text in self._wire.headers.items()
                                               if other != name})
        period = timedelta(seconds=self._unit.granularity.seconds)
        earlier = {**self._record, "timestamp": self._record["timestamp"] - period}
        for wire in (self._wire, _write(self._operation, [self._record, earlier])):
            body = json_of(wire) if wire is not None and wire.body else None
            if wire is not None and body is not None:
                yield from (replace(wire, body=orjson.dumps(wrong)) for wrong in wrong_values(body))

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


def _count(errors: list[Error]) -> str:
    return f"{len(errors)} error{'s' if len(errors) != 1 else ''}; nothing of this message was stored."
