"""The menu of the console, and what every page of it shows around its content."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, request, url_for

from simulator.access import needs_control_token
from simulator.console.entering import has_entered
from simulator.timekeeping.london import to_london

# (words, endpoint); pages below an entry's address belong to it.
MENU: tuple[tuple[str, str], ...] = (
    ("Overview", "console.overview_page"),
    ("Participants", "console.participants_page"),
    ("Control room", "console.control_room_page"),
    ("Availability", "console.availability_page"),
    ("Events", "console.events_page"),
    ("Market policy", "console.market_policy_page"),
    ("SMP", "console.smp_page"),
    ("Mailbox", "console.mailbox_page"),
    ("Journal", "console.journal_page"),
    ("Faults", "console.faults_page"),
    ("Documentation", "console.smp_documentation_page"),
)


def add_words(blueprint: Blueprint) -> None:
    """Give templates the menu."""
    blueprint.app_context_processor(_surroundings)
    blueprint.add_app_template_filter(london_window, "london_window")


def london_window(start: datetime, end: datetime) -> str:
    """From when to when on a London wall clock, the second date only where it is another one."""
    opening, closing = to_london(start), to_london(end)
    name = "" if opening.tzname() == closing.tzname() else f" {opening.tzname()}"
    is_same_day = opening.date() == closing.date()
    return (f"{opening:%a %d %b %Y %H:%M}{name} – {closing.strftime('%H:%M' if is_same_day else '%a %d %b %Y %H:%M')} "
            f"{closing.tzname()}")


def _surroundings() -> dict[str, Any]:
    # Also for pages that stand below the console's address and are not there.
    inside = f"{request.path}/".startswith("/console/")
    entered = inside and has_entered()
    return {"in_console": inside, "console_menu": _menu() if entered else (),
            "can_leave": entered and needs_control_token()}


def _menu() -> list[dict[str, Any]]:
    here = request.script_root + request.path
    entries = []
    for place, (words, endpoint) in enumerate(MENU):
        address = url_for(endpoint)
        is_above = place > 0 and here.startswith(f"{address}/")
        entries.append({"words": words, "address": address,
                        "current": "page" if here == address else "true" if is_above else None})
    return entries
