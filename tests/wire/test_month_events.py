"""Events in a world: worked out at their end and as readings come in, final on the 15th, and unchangeable from then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from simulator.market.errors import NotFound
from simulator.market.invoices import InvoiceState
from simulator.market.performance import Rag, ReportState
from simulator.operations import dispatching, events, invoicing
from simulator.operations.baselines import set_flat
from simulator.operations.month_end import finalise_previous_month
from simulator.store import month_tables
from tests.builders import instant
from tests.month_worlds import BY_MINUTE, HALF_HOURLY, OTHER_ZONE, MonthWorld, month_world


@pytest.fixture
def month() -> Iterator[MonthWorld]:
    with month_world() as found:
        yield found


def outcomes(month: MonthWorld) -> list[tuple[str, str, str]]:
    with month.world.view() as view:
        return [(found.event.id, f"{found.share_percent:f}", found.rag.value)
                for found in events.events_of(view, "acme").outcomes]


def the_only(month: MonthWorld) -> events.EventOutcome:
    with month.world.view() as view:
        found, = events.events_of(view, None).outcomes
    return found


def invoices(month: MonthWorld) -> list[tuple[str, str, InvoiceState, int]]:
    with month.world.view() as view:
        return [(found.month, found.zone, found.state, found.pence)
                for found in invoicing.invoices_of(view, "acme", month.policy, month.now)]


@pytest.mark.proves("rule/events.reports")
def test_an_event_is_there_when_its_dispatch_has_ended(month: MonthWorld) -> None:
    """Portal guide §3.3 (documented): provisional reports after the event."""
    dispatch = month.dispatch("2026-10-06 16:00")
    month.advance("2026-10-06 16:59")
    assert outcomes(month) == []
    month.read("2026-10-06 16:00", 0.0)
    month.advance("2026-10-06 17:00")
    found = the_only(month)
    assert (found.event.id, found.state, found.as_of) == (dispatch.id, ReportState.PROVISIONAL, dispatch.end_at)
    # One of two half-hours was read: 100 kW above the baseline of −100 kW.
    assert (found.share_percent, found.rag, found.missing_periods) == (Decimal(50), Rag.RED, 1)


@pytest.mark.proves("rule/months.provisional")
def test_readings_of_its_time_work_an_event_out_anew(month: MonthWorld) -> None:
    """Portal guide §3.3: provisional until the 15th; that late readings change it is inferred."""
    month.dispatch("2026-10-06 16:00")
    month.advance("2026-10-07 09:00")
    month.read("2026-10-06 16:00", -10.0, 0.0)
    month.settle()
    found = the_only(month)
    assert (found.share_percent, found.rag) == (Decimal(95), Rag.GREEN)
    assert (found.pence, found.as_of) == (3_420, month.now)
    settled = month.journal("event.settled")
    assert [entry.data["delivered_percent"] for entry in settled] == ["0.00", "95.00"]
    assert settled[1].caused_by == month.journal("readings.accepted")[-1].id
    assert settled[0].caused_by == month.journal("dispatch.planned")[0].id


def test_readings_that_change_nothing_are_no_news(month: MonthWorld) -> None:
    """Ours: the journal tells of an event when something of it is another."""
    month.dispatch("2026-10-06 16:00")
    month.advance("2026-10-07 09:00")
    month.read("2026-10-06 16:00", 0.0, 0.0)
    month.settle()
    month.read("2026-10-06 16:00", 0.0, 0.0)
    month.read("2026-10-06 12:00", 5.0)
    month.settle()
    assert len(month.journal("event.settled")) == 2


def test_a_stop_ends_an_event_early_and_a_cancelled_dispatch_is_none(month: MonthWorld) -> None:
    """Portal guide §3.1 (stops); what they do to the event is inferred."""
    stopped, cancelled = month.dispatch("2026-10-06 16:00"), month.dispatch("2026-10-06 20:00", BY_MINUTE)
    month.advance("2026-10-06 16:30")
    with month.world.work() as work:
        dispatching.stop_dispatch(work, cancelled.id, emergency=False)
        for move in (dispatching.Move.SEND_START, dispatching.Move.CONFIRM_START, dispatching.Move.CONFIRM_STOP):
            dispatching.move_dispatch(work, dispatching.dispatch_by_id(work, stopped.id), move)
    month.advance("2026-10-07 00:00")
    found = the_only(month)
    assert (found.event.id, found.event.end_at.hour, found.event.end_at.minute) == (stopped.id, 16, 30)


@pytest.mark.proves("rule/month.baseline_in_force")
def test_the_baseline_in_force_at_its_start_counts(month: MonthWorld) -> None:
    """Assumed: what is uploaded later does not change an event."""
    month.dispatch("2026-10-06 16:00", minutes=30)
    month.advance("2026-10-06 16:10")
    with month.world.work() as work:
        set_flat(work, "acme", HALF_HOURLY, Decimal(0))
    month.advance("2026-10-06 16:30")
    month.read("2026-10-06 16:00", 0.0)
    month.settle()
    assert the_only(month).share_percent == 100


def test_a_dispatch_over_two_zones_is_two_events(month: MonthWorld) -> None:
    """Assumed: one event, and one invoice, for each zone."""
    dispatch = month.dispatch("2026-10-06 16:00", HALF_HOURLY, OTHER_ZONE, kw=400)
    month.advance("2026-11-01 09:00")
    with month.world.view() as view:
        found = events.events_of_dispatch(view, dispatch.id)
        assert events.event_zones(view, "acme") == [("CMZ_A", "Ashgrove"), ("CMZ_B", "Bere")]
    assert [(one.event.id, one.event.power_milliwatts) for one in found] == [
        (f"{dispatch.id}-CMZ_A", 100_000_000), (f"{dispatch.id}-CMZ_B", 300_000_000)]
    assert [zone for _, zone, _, _ in invoices(month)] == ["CMZ_A", "CMZ_B"]


def test_a_report_is_read_back_as_it_was_worked_out(month: MonthWorld) -> None:
    """Design, 9: reports render what was saved."""
    month.dispatch("2026-10-06 16:00", HALF_HOURLY, BY_MINUTE)
    month.advance("2026-10-06 17:00")
    month.read("2026-10-06 16:00", -20.0, -30.0)
    month.read("2026-10-06 16:00", *[5.0] * 40, unit=BY_MINUTE, step_minutes=1)
    month.settle()
    with month.world.view() as view:
        found = events.event_report(view, "acme", the_only(month).event.id)
        assert list(events.reports_of(view, "acme", "2026-10")) == [found]
    performance = found.performance
    assert [len(unit.periods) for unit in performance.units] == [2, 60]
    assert [(gap.unit_id, gap.period_count) for gap in performance.gaps] == [(BY_MINUTE, 20)]
    assert [period.delivered_milliwatts for period in performance.periods] == [85_000_000, 71_666_667]
    assert sum(period.counted_energy for period in performance.periods) == found.outcome.counted_energy
    assert found.outcome.share == performance.share


def test_events_come_in_pages(month: MonthWorld) -> None:
    """Ours: a page too far shows the last one."""
    for day in range(10, 15):
        month.dispatch(f"2026-10-{day} 16:00", minutes=30)
    month.advance("2026-10-20 00:00")
    with month.world.view() as view:
        page = events.events_of(view, "acme", size=2, page=9)
        assert (page.page, page.pages, page.total, len(page.outcomes)) == (3, 3, 5, 1)
        assert events.events_of(view, "acme", zone="CMZ_B").total == 0
        assert events.event_months(view, "acme") == ["2026-10"]
        with pytest.raises(NotFound):
            events.event_report(view, "bolt", page.outcomes[0].event.id)


def settled_month(month: MonthWorld) -> None:
    """Two good events in October, and readings for them."""
    for day in (6, 7):
        month.dispatch(f"2026-10-0{day} 16:00")
        month.advance(f"2026-10-0{day} 17:00")
        month.read(f"2026-10-0{day} 16:00", 0.0, 0.0)
    month.settle()


@pytest.mark.proves("policy/draft_day", "rule/invoices.final")
def test_drafts_from_the_first_and_final_from_the_fifteenth(month: MonthWorld) -> None:
    """Portal guide §3.3, §3.6 (documented): invoices to review on the 1st, final on the 15th."""
    settled_month(month)
    assert invoices(month) == []
    month.advance("2026-11-01 00:00")
    assert invoices(month) == [("2026-10", "CMZ_A", InvoiceState.DRAFT, 7_200)]
    month.advance("2026-11-15 00:00")
    assert invoices(month) == [("2026-10", "CMZ_A", InvoiceState.FINAL, 7_200)]
    with month.world.view() as view:
        found = invoicing.full_invoices(view, "acme", month.policy, month.now, "2026-10")[0]
        assert invoicing.invoice(view, "acme", found.number, month.policy, month.now) == found
        with pytest.raises(NotFound):
            invoicing.invoice(view, "bolt", found.number, month.policy, month.now)
    assert [statement.state for statement in found.statements] == [ReportState.FINAL] * 2
    assert found.pence == sum(line.pence for line in found.lines) == 7_200
    finalised = month.journal("month.finalised")[-1]
    assert [entry.caused_by for entry in month.journal("invoice.final")] == [finalised.id]


def test_a_draft_is_what_becomes_final(month: MonthWorld) -> None:
    """Ours: a draft is worked out from the same events."""
    settled_month(month)
    month.advance("2026-11-14 12:00")
    with month.world.view() as view:
        draft = invoicing.full_invoices(view, None, month.policy, month.now, "2026-10")
    month.advance("2026-11-15 12:00")
    with month.world.view() as view:
        final = invoicing.full_invoices(view, None, month.policy, month.now, "2026-10")
    assert [found.lines for found in draft] == [found.lines for found in final]
    assert [found.number for found in draft] == [found.number for found in final]


@pytest.mark.proves("rule/invoices.cannot_change")
def test_readings_of_a_final_month_change_nothing(month: MonthWorld) -> None:
    """Portal FAQ page (public): readings of a finalised month are accepted, but invoices do not change."""
    settled_month(month)
    month.advance("2026-11-15 12:00")
    before = invoices(month), outcomes(month)
    month.read("2026-10-06 16:00", -100.0, -100.0)
    month.settle()
    month.advance("2026-12-16 00:00")
    assert month.journal("readings.accepted")[-1].data["late"] == 2
    assert (invoices(month), outcomes(month)) == before


@pytest.mark.proves("rule/invoices.cannot_change")
@pytest.mark.parametrize("table", [month_tables.events, month_tables.event_periods, month_tables.invoices],
                         ids=lambda table: table.name)
def test_the_database_refuses_to_change_what_is_final(month: MonthWorld, table: object) -> None:
    """Design, 9: finalised rows cannot change, by a trigger and not by convention."""
    settled_month(month)
    month.advance("2026-11-15 12:00")
    column = next(iter(table.columns))  # type: ignore[attr-defined]
    for change in (update(table).values({column.name: column}), delete(table)):  # type: ignore[arg-type]
        with pytest.raises(IntegrityError, match="final cannot change"), month.world.work() as work:
            work.connection.execute(change)


@pytest.mark.proves("rule/month.overlap")
def test_a_report_names_the_events_that_overlap_with_it(month: MonthWorld) -> None:
    """Assumed: each is judged by the whole reading, so the same energy counts in both."""
    first, second = month.dispatch("2026-10-06 16:00", kw=60), month.dispatch("2026-10-06 16:30", kw=40)
    other = month.dispatch("2026-10-06 16:00", BY_MINUTE)
    month.advance("2026-10-06 18:00")
    with month.world.view() as view:
        rules = {found.id: events.event_report(view, "acme", found.id).performance.rule
                 for found in (first, second, other)}
    words = "Overlaps with event {}: each is judged by the whole reading (assumed)."
    assert rules[first.id].endswith(words.format(second.id)) and rules[second.id].endswith(words.format(first.id))
    assert "Overlaps" not in rules[other.id]


def test_events_worked_out_with_other_numbers_are_worked_out_anew_when_they_become_final(month: MonthWorld) -> None:
    """Assumed: the numbers of the 15th count."""
    settled_month(month)
    dearer = replace(month.policy, utilisation_prices={"OU": Decimal(720)})
    with month.world.work(now=instant("2026-11-15 00:00")) as work:
        finalise_previous_month(work, work.now, dearer)
    assert invoices(month) == [("2026-10", "CMZ_A", InvoiceState.FINAL, 14_400)]


def test_an_event_in_a_month_that_is_final_already_is_on_no_invoice(month: MonthWorld) -> None:
    """Ours: only a clock that was set back makes one; what is final stays as it is."""
    settled_month(month)
    month.advance("2026-11-15 12:00")
    before = invoices(month)
    month.world.time.put(month.world.clock.moved_to(instant("2026-10-20 00:00"), month.world.clock.wall), None)
    month.dispatch("2026-10-20 16:00", minutes=30)
    month.advance("2026-10-20 17:00")
    with month.world.view() as view:
        newest = events.events_of(view, "acme").outcomes[0]
    assert (newest.state, newest.invoice) == (ReportState.FINAL, None)
    assert invoices(month) == before
