"""The menu of the portal, in exactly the guide's words, and what every page shows around its content."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any

from flask import Blueprint, request

from simulator.market.portal_pages import PORTAL_PAGES
from simulator.market.quantities import kw_text
from simulator.timekeeping.london import london_span, london_time, to_london
from simulator.web import current_world, market_now

_ENDPOINTS = {
    "Dispatch Settings": "portal.dispatch_settings_page",
    "Dispatch V2 Testing": "portal.dispatch_testing_page",
    "Readings": "portal.readings_page",
    "My API Access Tokens": "portal.tokens_page",
    "Declarations": "portal.declarations_page",
    "Acceptance Decisions": "portal.acceptance_page",
    "Event Reports": "portal.event_reports_page",
    "Invoices/Statements": "portal.invoices_page",
    "Meterable Units": "portal.units_page",
    "Participant API": "portal.documentation_page",
    "FAQ": "portal.faq_page",
}

MENU: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = tuple(
    (menu, tuple((page.words, _ENDPOINTS[page.words]) for page in pages))
    for menu, pages in groupby(PORTAL_PAGES, key=lambda page: page.menu))
"""(menu, ((page, endpoint), …)), as `market.portal_pages` has it with its sources."""


def add_words(blueprint: Blueprint) -> None:
    """Give templates the menu, the market time, and the words for times and quantities."""
    blueprint.app_context_processor(_surroundings)
    blueprint.add_app_template_filter(london_time, "london_time")
    blueprint.add_app_template_filter(london_period, "london_period")
    blueprint.add_app_template_filter(london_day, "london_day")
    blueprint.add_app_template_filter(london_hours, "london_hours")
    blueprint.add_app_template_filter(utc_time, "utc_time")
    blueprint.add_app_template_filter(datetime.fromisoformat, "instant")
    blueprint.add_app_template_filter(plain_kw, "plain_kw")


def _surroundings() -> dict[str, Any]:
    current = next((name for name, pages in MENU if any(endpoint == request.endpoint for _, endpoint in pages)), None)
    return {"menu": MENU, "current_menu": current if request.endpoint else None, "market_now": market_now(),
            "clock_mode": current_world.clock.mode, "world_name": current_world.name}


def london_period(start: datetime, end: datetime) -> str:
    """A period on a London wall clock: Mon 02 Nov 16:00 – 16:30 GMT; both names of the time where the clocks change."""
    return london_span(start, end, "%a %d %b %H:%M")


def london_day(instant: datetime) -> str:
    """The London day of an instant: Mon 02 Nov 2026."""
    return to_london(instant).strftime("%a %d %b %Y")


def london_hours(start: datetime, end: datetime) -> str:
    """The hours of a period, below its day: 16:00 – 24:00 GMT; the day of the end where it is another one."""
    opening, closing = to_london(start), to_london(end)
    is_midnight = closing.time() == time(0) and closing.date() - opening.date() == timedelta(days=1)
    ends = "24:00" if is_midnight else closing.strftime("%H:%M")
    day = "" if is_midnight or closing.date() == opening.date() else f"{closing.strftime('%a %d %b')} "
    return london_span(start, end, "%H:%M", f"{day}{ends}")


def utc_time(instant: datetime) -> str:
    """An instant as it stands in messages: 2026-11-02T16:30:00Z."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def plain_kw(milliwatts: int) -> str:
    """kW, with a real minus sign, for tables."""
    return kw_text(milliwatts).replace("-", "−")
