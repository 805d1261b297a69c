"""London time: the zone of every timetable, baseline and month of the two platforms (portal guide §3.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def to_london(instant: datetime) -> datetime:
    """The same instant, on a London wall clock."""
    return instant.astimezone(LONDON)


def london_time(instant: datetime, form: str = "%a %d %b %Y %H:%M") -> str:
    """An instant on a London wall clock, with BST or GMT: Mon 02 Nov 2026 16:30 GMT."""
    local = to_london(instant)
    return f"{local.strftime(form)} {local.tzname()}"


def london_span(start: datetime, end: datetime, opening: str, closing: str = "%H:%M") -> str:
    """From when to when on a London wall clock, each in its form: Mon 02 Nov 16:00 – 16:30 GMT.

    Both names of the time are said where the clocks change in between.
    """
    first, last = to_london(start), to_london(end)
    name = "" if first.tzname() == last.tzname() else f" {first.tzname()}"
    return f"{first.strftime(opening)}{name} – {last.strftime(closing)} {last.tzname()}"


def london_text(instant: datetime | None) -> str:
    """London time to the minute with its offset, as files have it: 2026-11-02T16:30+00:00; nothing for None."""
    return "" if instant is None else to_london(instant).isoformat(timespec="minutes")


def from_london(day: date, at: time) -> datetime:
    """UTC instant of a London wall-clock time.

    A time that occurs twice (autumn) is the first of the two; a time that does not occur (spring) is the instant the
    clocks went forward.
    """
    local = datetime.combine(day, at, LONDON)
    instant = local.astimezone(UTC)
    if instant.astimezone(LONDON).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _end_of_gap(local)


def _end_of_gap(local: datetime) -> datetime:
    """UTC instant at which the clocks skipped over `local`; clocks change on quarter hours."""
    summer = local.replace(fold=1)
    instant = summer.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while instant.astimezone(LONDON).utcoffset() != summer.utcoffset():
        instant += timedelta(minutes=15)
    return instant


def month_of(instant: datetime) -> str:
    """London month of an instant, as `2026-11`."""
    return to_london(instant).strftime("%Y-%m")


@lru_cache(120)
def start_of_month(month: str) -> datetime:
    """UTC instant at which a London month begins."""
    return from_london(date.fromisoformat(f"{month}-01"), time(0))


def previous_month(month: str) -> str:
    """The month before, both as `2026-11`."""
    return (date.fromisoformat(f"{month}-01") - timedelta(days=1)).strftime("%Y-%m")


@lru_cache(120)
def end_of_month(month: str) -> datetime:
    """UTC instant at which a London month ends, which is when the next one begins."""
    return start_of_month((date.fromisoformat(f"{month}-01") + timedelta(days=31)).strftime("%Y-%m"))
