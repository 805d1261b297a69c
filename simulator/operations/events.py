"""Looking at events: their outcomes, and their reports as they were worked out last (portal guide §3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from simulator.market.errors import NotFound
from simulator.market.saved_reports import EventOutcome, EventPage, EventReport
from simulator.store import events
from simulator.store.work import View

EVENTS_A_PAGE = 50
_NAMED = 5


def events_of(view: View, organisation_id: str | None, month: str | None = None, zone: str | None = None,
              page: int = 1, size: int = EVENTS_A_PAGE) -> EventPage:
    """One page of the events of an organisation, or of all; the newest first. A page too far shows the last one."""
    total = events.count(view, organisation_id, month, zone)
    pages = max(1, -(-total // size))
    page = min(max(page, 1), pages)
    found = events.find(view, organisation_id, month, zone, (page - 1) * size, size)
    return EventPage(tuple(found), total, page, pages)


def event_outcome(view: View, organisation_id: str | None, event_id: str) -> EventOutcome:
    """The outcome of an event. Raises NotFound, also for another organisation's."""
    found = events.outcome_by_id(view, event_id)
    if found is None or organisation_id not in (None, found.event.organisation_id):
        raise NotFound("event", event_id[:80])
    return found


def event_report(view: View, organisation_id: str | None, event_id: str) -> EventReport:
    """The whole report of an event, as saved, with a word on events that overlap with it.

    Raises NotFound, also for another organisation's.
    """
    found = events.report_by_id(view, event_id)
    if found is None or organisation_id not in (None, found.outcome.event.organisation_id):
        raise NotFound("event", event_id[:80])
    return _naming_overlaps(found, events.overlapping(view, found.outcome.event))


def reports_of(view: View, organisation_id: str | None, month: str | None = None, zone: str | None = None,
               ) -> Iterator[EventReport]:
    """Whole reports by start, each read when it is asked for; the view must stay open meanwhile."""
    return events.reports(view, organisation_id, month, zone)


def events_of_dispatch(view: View, dispatch_id: str) -> list[EventOutcome]:
    """The events that a dispatch became, by zone; none before it has ended."""
    return events.of_dispatch(view, dispatch_id)


def event_months(view: View, organisation_id: str | None) -> list[str]:
    """Months that have events, the newest first."""
    return events.months(view, organisation_id)


def event_zones(view: View, organisation_id: str | None) -> list[tuple[str, str]]:
    """Zones that have events: code and name, by code."""
    return events.zones(view, organisation_id)


def _naming_overlaps(report: EventReport, others: Sequence[str]) -> EventReport:
    """The report whose rule names other events of the same units and time: the same energy counts in each of them."""
    if not others:
        return report
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    rule = (f"{report.outcome.rule} Overlaps with event {', '.join(others[:_NAMED])}{more}: each is judged by the "
            "whole reading (assumed).")
    return EventReport(replace(report.outcome, rule=rule), replace(report.performance, rule=rule))
