"""Invoices: drafts from the 1st on, worked out whenever they are looked at; final ones as they were written down.

Portal guide §3.3 and §3.6; drafts are inferred. Who asks for all organisations' invoices is the control room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from simulator.market.errors import NotFound
from simulator.market.invoices import (
    ALL_ZONES,
    AvailabilityPayment,
    Invoice,
    InvoiceState,
    invoice_number,
)
from simulator.market.invoices import (
    invoices_of as invoices_from,
)
from simulator.market.months import drafts_from
from simulator.market.organisations import Organisation
from simulator.market.performance import ReportState
from simulator.market.policy import MarketPolicy
from simulator.market.pricing import availability_payments
from simulator.market.saved_reports import EventOutcome, InvoiceSummary
from simulator.store import decisions, events, invoices, organisations, timetable
from simulator.store.work import View
from simulator.timekeeping.london import end_of_month, month_of, start_of_month


def invoices_of(view: View, organisation_id: str | None, policy: MarketPolicy, now: datetime,
                month: str | None = None, zone: str | None = None) -> list[InvoiceSummary]:
    """Invoices of an organisation, or of all: the newest month first, then by organisation and zone."""
    drafts = [found for draft_month in _draft_months(view, policy, now) if month in (None, draft_month)
              for found in _draft_summaries(view, organisation_id, draft_month, policy, now)
              if zone in (None, found.zone)]
    return [*drafts, *invoices.find(view, organisation_id, month, zone)]


def invoice(view: View, organisation_id: str | None, number: str, policy: MarketPolicy, now: datetime) -> Invoice:
    """One invoice with all its lines. Raises NotFound, also for another organisation's."""
    found = invoices.by_number(view, number)
    if found is None:
        drafts = (draft for month in _draft_months(view, policy, now)
                  for draft in _drafts(view, organisation_id, month, policy, now) if draft.number == number)
        found = next(drafts, None)
    if found is None or organisation_id not in (None, found.organisation_id):
        raise NotFound("invoice", number[:120])
    return found


def full_invoices(view: View, organisation_id: str | None, policy: MarketPolicy, now: datetime, month: str,
                  zone: str | None = None) -> list[Invoice]:
    """The invoices of a month with all their lines, by organisation and zone."""
    found = [saved for summary in invoices.find(view, organisation_id, month, zone)
             if (saved := invoices.by_number(view, summary.number)) is not None]
    if month in _draft_months(view, policy, now):
        found += [draft for draft in _drafts(view, organisation_id, month, policy, now) if zone in (None, draft.zone)]
    return sorted(found, key=lambda invoice: invoice.number)


def build_invoices(view: View, organisation: Organisation, month: str, policy: MarketPolicy, now: datetime,
                   state: InvoiceState, outcomes: Sequence[EventOutcome] | None = None) -> list[Invoice]:
    """The invoices of an organisation and month from its events and acceptances as they are now.

    Events that are final already are on none. `outcomes` are those of its events, if they are known.
    """
    found = events.of_month(view, organisation.id, month) if outcomes is None else outcomes
    statements = [outcome.statement for outcome in found if outcome.state is not ReportState.FINAL]
    return invoices_from(organisation.id, organisation.name, month, statements,
                         _payments(view, organisation.id, month, policy), policy, now, state)


def _draft_months(view: View, policy: MarketPolicy, now: datetime) -> list[str]:
    """Months whose invoices stand as drafts, the newest first: those that have ended and are not final."""
    final = timetable.last_finalised_month(view)
    if final is None:
        return [month for month in events.months(view, None) if drafts_from(month, policy) <= now]
    months = []
    month = month_of(end_of_month(final))
    while drafts_from(month, policy) <= now:
        months.append(month)
        month = month_of(end_of_month(month))
    return months[::-1]


def _organisations(view: View, organisation_id: str | None) -> Iterator[Organisation]:
    return (found for found in organisations.all_organisations(view) if organisation_id in (None, found.id))


def _drafts(view: View, organisation_id: str | None, month: str, policy: MarketPolicy, now: datetime,
            ) -> Iterator[Invoice]:
    for organisation in _organisations(view, organisation_id):
        yield from build_invoices(view, organisation, month, policy, now, InvoiceState.DRAFT)


def _draft_summaries(view: View, organisation_id: str | None, month: str, policy: MarketPolicy, now: datetime,
                     ) -> Iterator[InvoiceSummary]:
    """Drafts without reading their events one by one."""
    sums = events.sums(view, organisation_id, month)
    for organisation in _organisations(view, organisation_id):
        found: dict[str, InvoiceSummary] = {}

        def add(zone: str, zone_name: str, count: int, utilisation: int, availability: int,
                organisation: Organisation = organisation, found: dict[str, InvoiceSummary] = found) -> None:
            if policy.invoice_for_each != "zone":
                zone, zone_name = ALL_ZONES, "All zones"
            start = found.get(zone) or InvoiceSummary(
                invoice_number(organisation.id, month, zone), organisation.id, organisation.name, month, zone,
                zone_name, InvoiceState.DRAFT, now, 0, 0, 0)
            found[zone] = replace(
                start, event_count=start.event_count + count,
                utilisation_pence=start.utilisation_pence + utilisation,
                availability_pence=start.availability_pence + availability)

        for owner, _, zone, zone_name, count, pence in sums:
            if owner == organisation.id:
                add(zone, zone_name, count, pence, 0)
        for payment in _payments(view, organisation.id, month, policy):
            add(payment.zone, payment.zone_name, 0, 0, payment.line.pence)
        yield from (found[zone] for zone in sorted(found))


def _payments(view: View, organisation_id: str, month: str, policy: MarketPolicy) -> list[AvailabilityPayment]:
    accepted = decisions.acceptances_between(
        view, organisation_id, start_of_month(month), end_of_month(month), policy.availability_programmes)
    if not accepted:
        return []
    names = {zone.code: zone.name for zone in organisations.zones(view)}
    return [payment for payment in availability_payments(accepted, names, policy) if payment.month == month]
