"""When things happen: daily, weekly and monthly, at a wall-clock time in London (portal guide §3.6 gives London times).

Each trigger answers one question: the first instant strictly after another. A London time that the spring clock change
skips happens when the clocks change; one that the autumn change repeats happens the first time only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from simulator.timekeeping.london import from_london, to_london


class Trigger(Protocol):
    """Something that happens again and again."""

    def next_after(self, instant: datetime) -> datetime:
        """First occurrence strictly after `instant`, UTC."""
        ...


def _first_after(instant: datetime, day: date, at: time, wanted: object) -> datetime:
    while True:
        if wanted(day):  # type: ignore[operator]
            occurrence = from_london(day, at)
            if occurrence > instant:
                return occurrence
        day += timedelta(days=1)


@dataclass(frozen=True)
class Daily:
    """Every day at a London time."""

    at: time

    def next_after(self, instant: datetime) -> datetime:
        return _first_after(instant, to_london(instant).date(), self.at, lambda day: True)


@dataclass(frozen=True)
class Weekly:
    """On one weekday (Monday is 0) at a London time."""

    weekday: int
    at: time

    def next_after(self, instant: datetime) -> datetime:
        return _first_after(instant, to_london(instant).date(), self.at, lambda day: day.weekday() == self.weekday)


@dataclass(frozen=True)
class Monthly:
    """On one day of the month (1 to 28) at a London time."""

    day: int
    at: time

    def next_after(self, instant: datetime) -> datetime:
        return _first_after(instant, to_london(instant).date(), self.at, lambda day: day.day == self.day)
