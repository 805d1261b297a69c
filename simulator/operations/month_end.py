"""The end of the month: on the 15th everything of the previous month becomes final (portal guide §3.3, §3.4)."""

from __future__ import annotations

from datetime import datetime

from simulator.market.facts import MonthFinalised
from simulator.market.invoices import InvoiceState
from simulator.market.month_facts import InvoiceFinal
from simulator.market.months import months_final_at
from simulator.market.performance import ReportState
from simulator.market.policy import DEFAULT_POLICY, MarketPolicy
from simulator.operations.invoicing import build_invoices
from simulator.operations.settling import AT_A_TIME, SettlingBench, settle_due_events, settled_fact
from simulator.store import dispatches, events, invoices, organisations, settling, timetable
from simulator.store.work import View, Work
from simulator.timekeeping.london import end_of_month, month_of, previous_month


def finalise_previous_month(work: Work, now: datetime, policy: MarketPolicy = DEFAULT_POLICY) -> None:
    """Make the month before the present London month final, once: its events, its statements and its invoices.

    Whatever readings came in by now counts. Events that were worked out with other numbers are worked out anew.
    """
    month = previous_month(month_of(now))
    while settle_due_events(work, policy) == AT_A_TIME:
        pass
    waiting = events.to_finalise(work, month)
    _settle_outdated(work, waiting, policy)
    if not timetable.add_finalised_month(work, month):
        return
    cause = work.cause
    work.cause = work.record(MonthFinalised(month))
    for organisation in organisations.all_organisations(work):
        outcomes = [found for found in events.of_month(work, organisation.id, month)
                    if found.state is not ReportState.FINAL]
        final = build_invoices(work, organisation, month, policy, work.now, InvoiceState.FINAL, outcomes)
        on_invoice: dict[str, str | None] = {found.event.id: None for found in outcomes}
        for invoice in final:
            invoices.add_invoice(work, invoice)
            on_invoice |= {statement.event.id: invoice.number for statement in invoice.statements}
            work.record(InvoiceFinal(
                invoice.number, invoice.organisation_id, invoice.month, invoice.zone, len(invoice.statements),
                invoice.utilisation_pence, invoice.availability_pence, invoice.pence))
        events.finalise(work, on_invoice)
        for outcome in outcomes:
            work.record(settled_fact(outcome, ReportState.FINAL))
    settling.unwatch(work, sorted({dispatch_id for _, dispatch_id, _ in waiting}))
    work.cause = cause


def _settle_outdated(work: Work, waiting: list[tuple[str, str, str]], policy: MarketPolicy) -> None:
    bench = SettlingBench(work, policy)
    for dispatch_id in sorted({dispatch_id for _, dispatch_id, name in waiting if name != bench.policy_name}):
        dispatch = dispatches.dispatch_by_id(work, dispatch_id)
        if dispatch is not None:
            bench.settle(dispatch)


def finalise_history(work: Work, policy: MarketPolicy = DEFAULT_POLICY) -> None:
    """Give a new world the final months it would have if it had always been there."""
    timetable.add_finalised_month(work, months_final_at(work.now, policy))


def finalised_until(view: View) -> datetime | None:
    """Instant at which the last final month ended; periods that end by then belong to finalised months."""
    month = timetable.last_finalised_month(view)
    return None if month is None else end_of_month(month)
