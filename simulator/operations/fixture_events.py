"""Final events in fixtures: exactly as they were settled, whatever would be worked out today.

A meter's powers are kept; what follows from those by adding up is added up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from simulator.market.dispatches import Dispatch
from simulator.market.events import Event, Price, periods_of
from simulator.market.organisations import MeterableUnit
from simulator.market.performance import (
    Rag,
    ReportState,
    UnitPerformance,
    UnitPeriod,
    performance_again,
)
from simulator.market.quantities import power_from_kw
from simulator.market.saved_reports import EventOutcome, EventReport
from simulator.market.settlement import EarningsLine, EventStatement, LineKind
from simulator.operations.fixture_powers import powers_text, read_powers
from simulator.store import events
from simulator.store.saved_rows import decimal_number, instant_text, kw_number, read_decimal
from simulator.store.work import View
from simulator.timekeeping.instants import read_instant


def final_events(view: View) -> list[dict[str, Any]]:
    """The final events of a world, by start."""
    policies = events.policies(view)
    return [_written(report, policies[report.outcome.event.id]) for report in events.reports(view, None, None, None)
            if report.outcome.state is ReportState.FINAL]


def line_row(line: EarningsLine) -> dict[str, Any]:
    """An earnings line as fixtures have it."""
    return {"kind": line.kind.value, "description": line.description, "watt_hours": line.watt_hours,
            "rate": decimal_number(str(line.rate)), "factor": decimal_number(str(line.factor)), "pence": line.pence,
            "because": line.because, "label": line.label}


def line_from_row(row: Mapping[str, Any]) -> EarningsLine:
    """An earnings line from a fixture. Raises ValueError in plain words."""
    return EarningsLine(
        LineKind(row["kind"]), row["description"], row["watt_hours"], Decimal(read_decimal(row["rate"])),
        Decimal(read_decimal(row["factor"])), row["pence"], row["because"], row["label"])


def report_from(row: Mapping[str, Any], dispatch: Dispatch, units: Mapping[str, MeterableUnit]) -> EventReport:
    """A final event from a fixture; `units` are those of the dispatch's organisation, by id.

    Raises ValueError in plain words.
    """
    own = tuple(units[unit_id] for unit_id in row["units"])
    event = Event(
        row["id"], dispatch.id, dispatch.organisation_id, dispatch.programme, own[0].zone, own[0].zone_name, own,
        read_instant(row["start"]), read_instant(row["end"]), power_from_kw(row["power_kw"]),
        Price(Decimal(read_decimal(row["price"])), row["price_label"], row["price_because"]))
    if event.end_at <= event.start_at:
        raise ValueError("its end is not after its start")
    meters = tuple(_meter(event, unit, meter) for unit, meter in zip(own, row["meters"], strict=True))
    as_of = read_instant(row["as_of"])
    performance = performance_again(event, meters, as_of, Rag(row["status"]), row["rule"])
    if not performance.instructed_energy:
        raise ValueError("nothing was instructed in it")
    statement = EventStatement(
        event, ReportState.FINAL, as_of, Fraction(performance.counted_energy, performance.instructed_energy),
        performance.rag, tuple(map(line_from_row, row["lines"])))
    return EventReport(EventOutcome(
        statement, performance.instructed_energy, performance.delivered_energy, performance.counted_energy,
        row["rule"], sum(gap.period_count for gap in performance.gaps), row.get("invoice")), performance)


def _written(report: EventReport, policy: str) -> dict[str, Any]:
    outcome, event = report.outcome, report.outcome.event
    price = event.utilisation_price
    return {
        "id": event.id, "dispatch": event.dispatch_id, "units": [unit.id for unit in event.units],
        "start": instant_text(event.start_at), "end": instant_text(event.end_at),
        "power_kw": kw_number(event.power_milliwatts),
        "price": decimal_number(str(price.pounds)), "price_label": price.label, "price_because": price.because,
        "status": outcome.rag.value, "rule": outcome.rule, "as_of": instant_text(outcome.as_of), "policy": policy,
        **({} if outcome.invoice is None else {"invoice": outcome.invoice}),
        "lines": [line_row(line) for line in outcome.statement.lines],
        "meters": [{
            "baseline": unit.baseline_words,
            "read_kw": powers_text(period.reading_milliwatts for period in unit.periods),
            "expected_kw": powers_text(period.baseline_milliwatts for period in unit.periods),
        } for unit in report.performance.units]}


def _meter(event: Event, unit: MeterableUnit, row: Mapping[str, Any]) -> UnitPerformance:
    grid = periods_of(event.start_at, event.end_at, event.granularity)
    step = unit.granularity.seconds
    starts = range(grid[0].start, grid[-1].end, step)
    read, expected = read_powers(row["read_kw"], may_miss=True), read_powers(row["expected_kw"])
    if not len(read) == len(expected) == len(starts):
        raise ValueError(f"unit {unit.id}: {len(starts)} periods of {unit.granularity.words} have as many powers; here "
                         f"are {len(read)} and {len(expected)}")
    sign = event.direction.sign
    periods = tuple(
        UnitPeriod(start, start + step, found, baseline, 0 if found is None else sign * (found - baseline))
        for start, found, baseline in zip(starts, read, expected, strict=True) if baseline is not None)
    return UnitPerformance(unit.id, unit.granularity, row["baseline"], periods)

