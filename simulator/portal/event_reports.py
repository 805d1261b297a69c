"""Reports, Event Reports (portal guide §3.3): the events of a month, their RAG status, and their documents."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from simulator.documents import pdf_files
from simulator.documents.bundles import bundle_pieces, file_name
from simulator.documents.month_csv import rag_details_zip
from simulator.downloads import file_to_keep
from simulator.market.organisations import Organisation
from simulator.market.performance import Rag
from simulator.market.policy import MarketPolicy
from simulator.operations import events
from simulator.paging import page_number
from simulator.portal.guard import my_organisation
from simulator.portal.month_words import chosen_of, surroundings
from simulator.web import current_world
from simulator.world import World

_PLACE = "/reports/event-reports"
_WHAT = "event reports"
_ALL_EVENTS = 10**9
_NUMBERS = ("green_from_percent", "amber_from_percent", "finalising_day")
_RULES = ("delivered_power", "delivered_share", "missing_reading", "event_month")


def add_routes(blueprint: Blueprint) -> None:
    """The list, and the two downloads of a month."""
    blueprint.add_url_rule(_PLACE, "event_reports_page", event_reports_page)
    blueprint.add_url_rule(f"{_PLACE}/pdfs.zip", "download_event_pdfs", download_event_pdfs)
    blueprint.add_url_rule(f"{_PLACE}/rag-details.zip", "download_rag_details", download_rag_details)


def event_reports_page() -> Any:
    """The events of a month, the newest first; the newest month unless `?month=` names another."""
    organisation = my_organisation()
    with current_world.view() as view:
        months = events.event_months(view, organisation.id)
        zones = events.event_zones(view, organisation.id)
        month = chosen_of("month", months, _WHAT) or next(iter(months), None)
        zone = chosen_of("zone", [code for code, _ in zones], _WHAT)
        found = events.events_of(view, organisation.id, month, zone, page_number())
    return render_template(
        "portal/event_reports.html", months=months, month=month, zones=zones, zone=zone, found=found, statuses=Rag,
        **surroundings(current_world.settings.market, _NUMBERS, _RULES))


def download_event_pdfs() -> Response:
    """A zip of all performance reports and earnings statements of a month (portal guide §3.3)."""
    month, zone = _month_and_zone()
    world = current_world._get_current_object()
    pieces = _report_pieces(world, my_organisation(), world.settings.market, month, zone)
    return file_to_keep(pieces, "application/zip", file_name((month, zone or "", "event-reports"), ".zip"))


def download_rag_details() -> Response:
    """A zip of the RAG details of all events of a month (portal guide §3.3)."""
    month, zone = _month_and_zone()
    with current_world.view() as view:
        reports = events.reports_of(view, my_organisation().id, month, zone)
        content = rag_details_zip(month, (report.performance for report in reports))
    return file_to_keep(content, "application/zip", file_name((month, zone or "", "rag-details"), ".zip"))


def _month_and_zone() -> tuple[str, str | None]:
    """What a download is about. Ends with 404 in words for a month or zone without events."""
    with current_world.view() as view:
        months = events.event_months(view, my_organisation().id)
        zones = [code for code, _ in events.event_zones(view, my_organisation().id)]
    month = chosen_of("month", months, _WHAT)
    if month is None:
        abort(404, f"Say which month: {request.path}?month={months[0] if months else '2026-10'}.")
    return month, chosen_of("zone", zones, _WHAT)


def _report_pieces(world: World, organisation: Organisation, policy: MarketPolicy, month: str, zone: str | None,
                   ) -> Iterator[bytes]:
    """The zip, piece by piece, of one consistent state; a report is read and written when its turn comes."""
    with world.view() as view:
        # Of each event both documents come one after the other, and a month of reports is too much to hold.
        performance_of = lru_cache(1)(lambda event_id: events.event_report(view, organisation.id, event_id).performance)
        outcomes = events.events_of(view, organisation.id, month, zone, size=_ALL_EVENTS).outcomes
        yield from bundle_pieces(pdf_files.event_files(outcomes, performance_of, organisation.name, policy))
