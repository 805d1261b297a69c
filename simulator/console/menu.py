"""The menu of the console, and what every page of it shows around its content."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for

from simulator.access import needs_control_token
from simulator.console.entering import has_entered

# (words, endpoint); pages below an entry's address belong to it.
MENU: tuple[tuple[str, str], ...] = (
    ("Overview", "console.overview_page"),
    ("Participants", "console.participants_page"),
    ("Mailbox", "console.mailbox_page"),
)


def add_words(blueprint: Blueprint) -> None:
    """Give templates the menu."""
    blueprint.app_context_processor(_surroundings)


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
