"""Weeks on a page: the one that `?week=` names, and the arrows to its neighbours (portal guide §3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import abort, request

from simulator.market.declarations import locks_at, monday_of, monday_of_day
from simulator.market.policy import MarketPolicy
from simulator.settings import read_day
from simulator.web import current_world

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WeekShown:
    """The Monday of the week that a page shows, those beside it, and that of the present week."""

    monday: date
    previous: date
    next: date
    present: date

    @property
    def words(self) -> str:
        """Such as `Monday 9 November 2026`."""
        return day_words(self.monday)


def week_shown(otherwise: date | None = None) -> WeekShown:
    """The week that the request asks for by any day of it; `otherwise`, or the present one, when it names none."""
    present = monday_of(current_world.now())
    text = request.args.get("week")
    monday = (otherwise or present) if text is None else _monday(text)
    return WeekShown(monday, monday - _WEEK, monday + _WEEK, present)


def day_words(day: date) -> str:
    """Such as `Monday 9 November 2026`."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def last_open_day(week: date, policy: MarketPolicy) -> datetime:
    """The last instant at which declarations of a week can change, for its day."""
    return locks_at(week, policy) - datetime.resolution


def _monday(text: str) -> date:
    day = read_day(text)
    if day is None:
        abort(404, f"{text[:40]!r} is no day; write it like 2026-11-09.")
    return monday_of_day(day)
