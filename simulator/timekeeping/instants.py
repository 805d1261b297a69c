"""Exact instants as files, settings and calls say them: RFC 3339, with an offset. One grammar for all of them."""

from __future__ import annotations

from datetime import UTC, datetime

from simulator.timekeeping.years import FIRST_YEAR, LAST_YEAR


def read_instant(text: str) -> datetime:
    """An instant, UTC, from RFC 3339 text. Raises ValueError in plain words for anything else, naive times too."""
    shown = repr(text[:60])
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{shown} is not a time: write it like 2026-11-02T16:00:00Z") from None
    if instant.utcoffset() is None:
        raise ValueError(f"{shown} has no offset: write it like 2026-11-02T16:00:00Z")
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValueError(f"{shown} is out of range: market time lies in the years {FIRST_YEAR} to {LAST_YEAR}")
    return instant.astimezone(UTC)
