"""The week in an address of the console."""

from __future__ import annotations

from datetime import date

from flask import abort

from simulator.settings import FIRST_YEAR, LAST_YEAR, read_day


def week_in_path(text: str) -> date:
    """The Monday that an address names; ends with 404 in words for anything else."""
    day = read_day(text)
    if day is None:
        abort(404, f"{text[:40]!r} is no week; write its Monday like 2026-11-09.")
    # A week must lie whole within the years of market time.
    if day.weekday() or not FIRST_YEAR < day.year < LAST_YEAR:
        abort(404, f"{text[:40]!r} is not the Monday of a week that there is; write it like 2026-11-09.")
    return day
