"""The menu of the console, and what every page of it shows around its content."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, request, url_for

from simulator.access import needs_control_token
from simulator.console.entering import has_entered
from simulator.timekeeping.london import london_span, to_london

MENU: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("", (("Overview", "console.overview_page"),)),
    ("World", (
        ("Clock", "console.clock_page"),
        ("Worlds", "console.worlds_page"),
        ("Snapshots", "console.snapshots_page"))),
    ("Market", (
        ("Participants", "console.participants_page"),
        ("Control room", "console.control_room_page"),
        ("Availability", "console.availability_page"),
        ("Events", "console.events_page"),
        ("SMP", "console.smp_page"))),
    ("What happens", (
        ("Mailbox", "console.mailbox_page"),
        ("Journal", "console.journal_page"),
        ("Faults", "console.faults_page"))),
    ("What it is like", (
        ("Market policy", "console.market_policy_page"),
        ("Fidelity", "console.fidelity_page"),
        ("Documentation", "console.smp_documentation_page"))),
)
"""Groups of (words, endpoint), each below its heading; pages below an entry's address belong to it."""


def add_words(blueprint: Blueprint) -> None:
    """Give templates the menu."""
    blueprint.app_context_processor(_surroundings)
    blueprint.add_app_template_filter(london_window, "london_window")


def london_window(start: datetime, end: datetime) -> str:
    """From when to when on a London wall clock, the second date only where it is another one."""
    form, is_same_day = "%a %d %b %Y %H:%M", to_london(start).date() == to_london(end).date()
    return london_span(start, end, form, "%H:%M" if is_same_day else form)


def _surroundings() -> dict[str, Any]:
    # Also for pages that stand below the console's address and are not there.
    inside = f"{request.path}/".startswith("/console/")
    entered = inside and has_entered()
    return {"in_console": inside, "console_menu": _menu() if entered else (),
            "can_leave": entered and needs_control_token()}


def _menu() -> list[dict[str, Any]]:
    here = request.script_root + request.path
    return [{"heading": heading, "entries": [_entry(words, endpoint, here) for words, endpoint in entries]}
            for heading, entries in MENU]


def _entry(words: str, endpoint: str, here: str) -> dict[str, Any]:
    address = url_for(endpoint)
    # Everything stands below the overview's address, and belongs to other entries.
    is_above = endpoint != "console.overview_page" and here.startswith(f"{address}/")
    return {"words": words, "address": address, "current": "page" if here == address else "true" if is_above else None}
