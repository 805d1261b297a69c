"""The week in an address of the console, and the months and pages of its lists."""

from __future__ import annotations

from datetime import date

from flask import abort, request

from simulator.settings import FIRST_YEAR, LAST_YEAR


def week_in_path(text: str) -> date:
    """The Monday that an address names; ends with 404 in words for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(404, f"{text[:40]!r} is no week; write its Monday like 2026-11-09.")
    # A week must lie whole within the years of market time.
    if day.weekday() or not FIRST_YEAR < day.year < LAST_YEAR:
        abort(404, f"{text[:40]!r} is not the Monday of a week that there is; write it like 2026-11-09.")
    return day


def page_number() -> int:
    """The page that the request asks for, from 1; what is no number is the first."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
