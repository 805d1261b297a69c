"""`/_sim/events`: what dispatches became, with performance, RAG status and earnings."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, request

from simulator.control.bodies import read_numbers, refuse
from simulator.market.errors import NotFound
from simulator.market.performance import EventPerformance, watt_hours
from simulator.market.quantities import kw
from simulator.market.saved_reports import EventOutcome
from simulator.market.settlement import EarningsLine
from simulator.operations import events
from simulator.operations.participants import participant, zones
from simulator.web import current_world, json_answer, problem

_MOST = 1_000
_USUAL = 100
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\Z")


def add_routes(blueprint: Blueprint) -> None:
    """List events, look at one."""
    blueprint.add_url_rule("/events", "list_events", list_events)
    blueprint.add_url_rule("/events/<event_id>", "read_event", read)


def list_events() -> Response:
    """Events, the newest first, without their periods: of all or of `participant`, a `month` such as 2026-10, a `zone`.

    `page` counts from 1; `size` events stand on each, 100 unless told otherwise.
    """
    numbers = read_numbers({"page": 1, "size": _USUAL})
    if not 1 <= numbers["size"] <= _MOST:
        refuse([{"pointer": "query size", "code": "range", "message": f"1 to {_MOST:,} events a page."}])
    try:
        with current_world.view() as view:
            found = events.events_of(view, *filters_in_query(view), numbers["page"], numbers["size"])
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    return json_answer({"events": [outcome_as_json(each) for each in found.outcomes], "total": found.total,
                        "page": found.page, "pages": found.pages})


def filters_in_query(view: Any) -> tuple[str | None, str | None, str | None]:
    """`participant`, `month` and `zone` of the query; aborts with 422 for what is no month. Raises NotFound."""
    owner, month, zone = map(request.args.get, ("participant", "month", "zone"))
    if month is not None and not _MONTH.match(month):
        refuse([{"pointer": "query month", "code": "month", "message": "Give a month like 2026-10."}])
    if owner is not None:
        participant(view, owner)
    if zone is not None and zone not in {found.code for found in zones(view)}:
        raise NotFound("zone", zone[:80])
    return owner, month, zone


def read(event_id: str) -> Response:
    """One event with its earnings line by line and its performance period by period."""
    try:
        with current_world.view() as view:
            report = events.event_report(view, None, event_id)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    return json_answer({
        **outcome_as_json(report.outcome), "lines": [line_as_json(line) for line in report.outcome.statement.lines],
        **_performance(report.performance)})


def outcome_as_json(found: EventOutcome) -> dict[str, Any]:
    """An event without its periods. Energy is in kWh, money in pence; the share is cut to two decimals."""
    event = found.event
    return {
        "eventId": event.id, "dispatchId": event.dispatch_id, "participantId": event.organisation_id,
        "programme": event.programme, "zone": event.zone, "meterableUnitIds": [unit.id for unit in event.units],
        "startTime": event.start_at, "endTime": event.end_at, "month": event.month,
        "powerChangeKw": float(kw(event.power_milliwatts)), "direction": event.direction.value,
        "state": found.state.value, "asOf": found.as_of, "rag": found.rag.value, "rule": found.rule,
        "deliveredPercent": float(found.share_percent), "instructedKwh": _kwh(found.instructed_energy),
        "deliveredKwh": _kwh(found.delivered_energy), "countedKwh": _kwh(found.counted_energy),
        "periodsWithoutReading": found.missing_periods, "pence": found.pence, "invoice": found.invoice}


def line_as_json(line: EarningsLine) -> dict[str, Any]:
    """An earnings line: kWh × pounds per MWh × factor, in pence, and why."""
    return {"kind": line.kind.value, "description": line.description, "kwh": line.watt_hours / 1000,
            "rate": float(line.rate), "factor": float(line.factor), "pence": line.pence, "because": line.because,
            "label": line.label}


def _performance(found: EventPerformance) -> dict[str, Any]:
    return {
        "baselines": {unit.unit_id: unit.baseline_words for unit in found.units},
        "gaps": [{"meterableUnitId": gap.unit_id, "from": gap.start_at, "to": gap.end_at,
                  "periods": gap.period_count} for gap in found.gaps],
        "periods": [{
            "start": period.start_at, "end": period.end_at, "readingKw": _kw(period.reading_milliwatts),
            "baselineKw": _kw(period.baseline_milliwatts), "deliveredKw": _kw(period.delivered_milliwatts),
            "instructedKw": _kw(period.instructed_milliwatts), "countedKwh": _kwh(period.counted_energy),
            "missing": list(period.missing)} for period in found.periods]}


def _kw(milliwatts: int | None) -> float | None:
    return None if milliwatts is None else float(kw(milliwatts))


def _kwh(milliwatt_seconds: int) -> float:
    return watt_hours(milliwatt_seconds) / 1000
