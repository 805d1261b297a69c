"""The program reproduces every figure of the golden months, which were worked out apart from it: see README.md."""

from __future__ import annotations

import ast
import csv
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from simulator.market.acceptance import AcceptanceRule, Decision
from simulator.market.baselines import NO_BASELINE, Baseline, BaselineKind, row_count, row_words
from simulator.market.declarations import Declaration, Window
from simulator.market.dispatches import Dispatch, State
from simulator.market.events import Direction, Event, events_of
from simulator.market.intervals import WEEKDAYS, Granularity
from simulator.market.invoices import Invoice, InvoiceState, invoices_of
from simulator.market.merit_order import decide_week
from simulator.market.months import counts_for_final, final_from
from simulator.market.organisations import MeterableUnit
from simulator.market.performance import EventPerformance, Evidence, ReportState, assess_event
from simulator.market.policy import DEFAULT_POLICY
from simulator.market.pricing import availability_payments, utilisation_price
from simulator.market.quantities import kw, power_from_kw
from simulator.market.settlement import EventStatement, settle_event
from tests.golden import worksheet
from tests.golden.worksheet import SHEETS, Row, decimal, sheet

MILLIWATT_SECONDS_PER_KWS = 1_000_000
RESULTS = sheet("results.csv")
PERIODS = sheet("periods.csv")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def clock(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)


@cache
def units() -> dict[str, MeterableUnit]:
    return {row["unit"]: MeterableUnit(number, row["unit"], "brindle", "A unit", "Other", int(row["capacity_kw"]),
                                       Granularity(row["metered"]), row["zone"], row["zone_name"], "South Wales")
            for number, row in enumerate(sheet("units.csv"))}


@cache
def baselines() -> dict[str, Baseline]:
    """The stretches of baselines.csv, row by row as an uploaded template has them."""
    found = {}
    for name, unit in units().items():
        bands = [row for row in sheet("baselines.csv") if row["unit"] == name]
        powers = []
        for place in range(row_count(unit.granularity)):
            day, at = row_words(place, unit.granularity).split()
            powers += [power_from_kw(float(band["power_kw"])) for band in bands if _covers(band, day, at)]
        found[name] = Baseline(BaselineKind.TEMPLATE, unit.granularity, tuple(powers)) if bands else NO_BASELINE
    return found


def _covers(band: Row, day: str, at: str) -> bool:
    first, last = (WEEKDAYS.index(name) for name in band["days"].split("-"))
    return first <= WEEKDAYS.index(day) <= last and band["from_london"] <= at < band["until_london"]


@cache
def decisions() -> tuple[Decision, ...]:
    """All declarations of acceptances.csv, decided by rule, week by week."""
    declared = [Declaration(
        row["declaration"], "brindle", date.fromisoformat(row["week"]), row["programme"], row["unit"],
        units()[row["unit"]].zone, (Window(row["day"], clock(row["start_london"]), clock(row["end_london"])),),
        power_from_kw(float(row["power_kw"])), Direction.UP if row["direction"] == "up" else Direction.DOWN,
        Decimal(row["bid_per_mwh"]) if row["bid_per_mwh"] else None,
        Decimal(row["declared_availability_price"]) if row["declared_availability_price"] else None,
    ) for row in sheet("acceptances.csv")]
    return tuple(decision for week in sorted({found.week for found in declared}) for decision in decide_week(
        [found for found in declared if found.week == week], AcceptanceRule(), DEFAULT_POLICY))


@cache
def events() -> dict[str, Event]:
    found = {}
    for row in sheet("events.csv"):
        own = [units()[name] for name in row["units"].split()]
        start, end = utc(row["start_utc"]), utc(row["end_utc"])
        dispatch = Dispatch(
            row["dispatch"], "brindle", row["programme"], tuple(unit.id for unit in own), start, end,
            power_from_kw(float(row["power_change_kw"])), timedelta(minutes=15), State.STOPPED, start,
            utc(row["stopped_utc"]) if row["stopped_utc"] else None)
        price = utilisation_price(row["programme"], dispatch.unit_ids, start, end, decisions(), DEFAULT_POLICY,
                                  direction=Direction.of(dispatch.power_milliwatts))
        found.update({event.id: event for event in events_of(dispatch, own, {unit.zone: price for unit in own})})
    return found


@cache
def performances(with_late: bool = False) -> dict[str, EventPerformance]:
    """The final performance of every event; `with_late`: as it would be if readings after the 15th counted."""
    readings: dict[str, dict[int, int]] = {name: {} for name in units()}
    for row in sheet("readings.csv"):
        end = int(utc(row["period_end_utc"]).timestamp())
        if with_late or counts_for_final(end, utc(row["received_utc"]), DEFAULT_POLICY):
            readings[row["unit"]][end] = power_from_kw(float(row["power_kw"]))
    evidence = {name: Evidence(readings[name], baselines()[name]) for name in units()}
    return {name: assess_event(event, evidence, DEFAULT_POLICY, final_from(event.month, DEFAULT_POLICY),
                               ReportState.FINAL) for name, event in events().items()}


@cache
def statements() -> dict[str, EventStatement]:
    return {name: settle_event(performance, DEFAULT_POLICY) for name, performance in performances().items()}


@cache
def invoices(month: str) -> tuple[Invoice, ...]:
    payments = availability_payments(decisions(), {unit.zone: unit.zone_name for unit in units().values()},
                                     DEFAULT_POLICY)
    return tuple(invoices_of("brindle", "Brindle Aggregation Ltd", month, statements().values(), payments,
                             DEFAULT_POLICY, final_from(month, DEFAULT_POLICY), InvoiceState.FINAL))


def kws(milliwatt_seconds: int) -> str:
    return decimal(Fraction(milliwatt_seconds, MILLIWATT_SECONDS_PER_KWS))


def figures(performance: EventPerformance) -> dict[str, str]:
    line, = settle_event(performance, DEFAULT_POLICY).lines
    return {
        "instructed_kws": kws(performance.instructed_energy), "delivered_kws": kws(performance.delivered_energy),
        "counted_kws": kws(performance.counted_energy), "share_percent": f"{performance.share_percent:f}",
        "rag": performance.rag.value, "paid_wh": str(line.watt_hours), "factor": f"{line.factor:f}",
        "pence": str(line.pence),
    }


def test_the_sheets_are_what_the_worksheet_works_out() -> None:
    """Ours: expected figures are neither typed in nor stale."""
    assert {name: (SHEETS / name).read_text("utf-8") for name in worksheet.HEADERS} == worksheet.worked_out()


def test_the_worksheet_knows_nothing_of_the_program() -> None:
    """Ours: figures worked out by the program itself would prove nothing."""
    tree = ast.parse(Path(worksheet.__file__).read_text("utf-8"))
    found = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    found |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert found <= {"__future__", "collections.abc", "csv", "datetime", "fractions", "io", "math", "pathlib"}


def test_no_event_is_left_out() -> None:
    """Ours: the program makes the events that the worksheet has, no more and no fewer."""
    assert sorted(events()) == sorted(row["event"] for row in RESULTS)
    assert sum(len(performance.periods) for performance in performances().values()) == len(PERIODS)


@pytest.mark.parametrize("row", RESULTS, ids=lambda row: row["event"])
def test_each_event_has_the_worked_out_result(row: Row) -> None:
    """Delivered share, RAG and payment: assumed, see README.md."""
    performance = performances()[row["event"]]
    event = performance.event
    assert figures(performance) == {name: row[name] for name in worksheet.FIGURES}
    assert (event.month, event.zone, event.programme) == (row["month"], row["zone"], row["programme"])
    assert kw(event.power_milliwatts) == Decimal(row["power_change_kw"])
    assert event.utilisation_price.pounds == Decimal(row["price_per_mwh"])


@pytest.mark.parametrize("row", PERIODS, ids=lambda row: f"{row['event']} {row['start_london'][8:]}")
def test_each_period_has_the_worked_out_figures(row: Row) -> None:
    """Readings mark the end in UTC, baselines the start in London (portal FAQ page, public)."""
    start = int(utc(row["start_utc"]).timestamp())
    found, = (period for period in performances()[row["event"]].periods if period.start == start)
    reading = "" if found.reading_milliwatts is None else f"{kw(found.reading_milliwatts):f}"
    assert (found.start_at, found.end_at) == (utc(row["start_utc"]), utc(row["end_utc"]))
    assert (reading, f"{kw(found.baseline_milliwatts):f}") == (row["reading_kw"], row["baseline_kw"])
    assert [kws(found.delivered_energy), kws(found.instructed_energy), kws(found.counted_energy)] == [
        row["delivered_kws"], row["instructed_kws"], row["counted_kws"]]
    assert " ".join(found.missing) == row["without_reading"]


def test_readings_received_on_the_15th_or_later_change_nothing() -> None:
    """Readings for a finalised month are accepted, but invoices do not change (portal FAQ page, public)."""
    late = {row["event"]: {name: row[name] for name in worksheet.FIGURES} for row in sheet("late.csv")}
    would_be = {name: figures(performance) for name, performance in performances(with_late=True).items()}
    are = {name: figures(performance) for name, performance in performances().items()}
    assert {name: found for name, found in would_be.items() if found != are[name]} == late != {}


def test_bids_and_awards_are_as_typed_in() -> None:
    """The public example: a bid of 1263 is awarded 1329.5. Pay as cleared is assumed."""
    found = {decision.offer.declaration.id: decision for decision in decisions()}
    for row in sheet("acceptances.csv"):
        decision = found[row["declaration"]]
        bid, awarded = decision.utilisation_bid_price, decision.utilisation_awarded_price
        assert (bid, awarded) == tuple(Decimal(row[name]) if row[name] else None
                                       for name in ("bid_per_mwh", "awarded_per_mwh"))
        assert decision.acceptance_end - decision.acceptance_start == timedelta(hours=float(row["hours"]))


def test_availability_earns_what_was_worked_out() -> None:
    """Accepted MW times hours times price: assumed."""
    payments = availability_payments(decisions(), {}, DEFAULT_POLICY)
    names = {(found.offer.declaration.unit_id, found.acceptance_start): found.offer.declaration.id
             for found in decisions() if found.offer.declaration.programme in DEFAULT_POLICY.availability_programmes}
    rows = [[names[paid.unit_id, paid.start_at], paid.month, paid.zone, str(paid.line.watt_hours), str(paid.line.pence)]
            for paid in payments]
    assert sorted(rows) == sorted(list(row.values()) for row in sheet("availability.csv"))


def test_invoices_add_up_to_what_was_worked_out() -> None:
    """One invoice for each organisation, month and zone: assumed."""
    found = [[invoice.month, invoice.zone, str(invoice.utilisation_pence), str(invoice.availability_pence),
              str(invoice.pence)] for month in ("2026-03", "2026-10") for invoice in invoices(month)]
    with (SHEETS / "invoices.csv").open(encoding="utf-8", newline="") as file:
        assert found == list(csv.reader(file))[1:]


def test_every_line_can_be_checked_from_what_it_prints() -> None:
    """Ours: pence = Wh × rate × factor, with the numbers as they are shown."""
    for invoice in (*invoices("2026-03"), *invoices("2026-10")):
        for line in invoice.lines:
            exact = Decimal(line.watt_hours) * line.rate * line.factor / 10_000
            assert line.pence == int(exact + Decimal("0.5"))


def test_what_the_sheets_are_to_cover_is_covered() -> None:
    """Ours: turn-up and turn-down, both meters, both clock changes, gaps, over-delivery, all three statuses."""
    found = performances().values()
    assert {performance.event.direction for performance in found} == set(Direction)
    assert {performance.event.granularity for performance in found} == set(Granularity)
    assert {performance.rag.value for performance in found} == {"green", "amber", "red"}
    assert any(performance.gaps for performance in found)
    assert any(period.delivered_energy > period.instructed_energy for performance in found
               for period in performance.periods)
    nights = {datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)}
    assert nights <= {period.start_at for performance in found for period in performance.periods}
