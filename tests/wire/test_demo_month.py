"""The demo world's market month: full on any day of the year, and built by the operations that make it elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from simulator.market.acceptance import Verdict
from simulator.market.declarations import decided_at, monday_of
from simulator.market.invoices import InvoiceState
from simulator.market.months import months_final_at
from simulator.market.performance import Rag, ReportState
from simulator.operations import deciding, dispatching, events, invoicing
from simulator.operations.baselines import baseline_of
from simulator.operations.units import units_of
from simulator.timekeeping.london import month_of, previous_month
from tests.month_worlds import MonthWorld, month_world

STARTS = [
    "2026-01-01 00:00", "2026-01-14 23:59", "2026-01-15 00:00", "2026-01-16 12:00", "2026-01-31 23:59",
    "2026-03-29 00:59", "2026-03-29 01:00", "2026-10-25 00:30", "2026-10-25 01:30", "2028-02-29 12:00",
    "2026-11-03 17:50", "2026-11-05 12:00", "2027-05-31 23:30",
]
"""The 1st, around the 15th, the 31st, both clock changes, a leap day, in the middle of a dispatch, at a decision, and
the last minutes of a month in UTC that are the first of the next in London.
"""


@pytest.fixture(scope="module", params=STARTS)
def month(request: pytest.FixtureRequest) -> Iterator[MonthWorld]:
    with month_world(request.param, fixture="demo") as found:
        yield found


def last_month(month: MonthWorld) -> str:
    return previous_month(month_of(month.now))


def test_last_month_has_events_of_every_status(month: MonthWorld) -> None:
    """The demo fixture: good, middling and bad performers."""
    with month.world.view() as view:
        found = events.events_of(view, "brindle", last_month(month), size=100).outcomes
        others = events.events_of(view, "tamar", last_month(month)).outcomes
    assert {outcome.rag for outcome in found} == set(Rag)
    assert {outcome.event.zone for outcome in found} == {"CMZ_T7B_SWA_0012", "CMZ_T4A_EM_0012"}
    assert len(found) >= 10
    assert others
    final = last_month(month) <= months_final_at(month.now, month.policy)
    assert {outcome.state for outcome in (*found, *others)} == {
        ReportState.FINAL if final else ReportState.PROVISIONAL}


def test_the_month_before_is_final_with_invoices(month: MonthWorld) -> None:
    """The demo fixture: the month before is finalised with invoices."""
    before = previous_month(last_month(month))
    with month.world.view() as view:
        found = invoicing.invoices_of(view, "brindle", month.policy, month.now, before)
        whole = invoicing.full_invoices(view, "brindle", month.policy, month.now, before)
        newer = invoicing.invoices_of(view, "brindle", month.policy, month.now, last_month(month))
    assert [invoice.state for invoice in found] == [InvoiceState.FINAL] * 2
    assert all(invoice.utilisation_pence > 0 for invoice in found)
    assert any(invoice.availability_pence > 0 for invoice in found)
    assert [(invoice.number, invoice.pence) for invoice in whole] == [
        (invoice.number, invoice.pence) for invoice in sorted(found, key=lambda one: one.number)]
    assert len(newer) == 2
    assert sorted(summary.pence for summary in newer) == sorted(
        invoice.pence for invoice in _whole(month, last_month(month)))


def _whole(month: MonthWorld, name: str) -> list[invoicing.Invoice]:
    with month.world.view() as view:
        return invoicing.full_invoices(view, "brindle", month.policy, month.now, name)


def test_this_week_and_the_next_have_declarations(month: MonthWorld) -> None:
    """The demo fixture: this week and next have declarations."""
    week = monday_of(month.now)
    with month.world.view() as view:
        now, following = (deciding.decisions_of(view, "brindle", monday) for monday in (
            week, week + timedelta(days=7)))
    assert {decision.verdict for decision in now} == {Verdict.ACCEPTED, Verdict.ACCEPTED_IN_PART, Verdict.REJECTED}
    is_decided = decided_at(week + timedelta(days=7), month.policy) <= month.now
    assert ({decision.verdict for decision in following} == {Verdict.UNDECIDED}) is not is_decided
    assert {decision.offer.declaration.programme for decision in following} == {"SU", "SAOU", "OU", "Restore"}


def test_every_unit_has_a_baseline(month: MonthWorld) -> None:
    """The demo fixture is full on every page."""
    with month.world.view() as view:
        assert all(baseline_of(view, unit) for owner in ("brindle", "tamar") for unit in units_of(view, owner))


def test_the_past_sends_nothing(month: MonthWorld) -> None:
    """Ours: what is over has no messages that wait; what is to come has."""
    with month.world.view() as view:
        for dispatch in dispatching.dispatches_of(view):
            due = [message.due_at for message, _ in dispatching.messages_of_dispatch(view, dispatch.id)]
            assert due == [at for at in (dispatch.start_message_at, dispatch.end_at) if at > month.now]


def test_time_goes_on_from_there(month: MonthWorld) -> None:
    """Ours: a week later, decisions and events have followed, and no job has failed."""
    with month.world.view() as view:
        before = events.events_of(view, None).total
    month.world.time.advance_by(timedelta(days=8), None)
    with month.world.view() as view:
        assert events.events_of(view, None).total > before
    assert {entry.data["outcome"] for entry in month.journal("job")} == {"done"}


def test_the_same_start_makes_the_same_month() -> None:
    """Ours: nothing of it is left to chance."""
    found = []
    for _ in range(2):
        with month_world("2026-11-02 17:00", fixture="demo") as month, month.world.view() as view:
            found.append(events.events_of(view, None, size=500).outcomes)
    assert found[0] == found[1]
