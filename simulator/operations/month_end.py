"""The end of the month: on the 15th everything of the previous month becomes final (portal guide §3.3, §3.4)."""

from __future__ import annotations

from datetime import datetime, time

from simulator.market.facts import MonthFinalised
from simulator.store import timetable
from simulator.store.work import View, Work
from simulator.timekeeping.london import end_of_month, from_london, month_of, previous_month, to_london

FINALISING_DAY = 15


def finalise_previous_month(work: Work, now: datetime) -> None:
    """Make the month before the present London month final, once."""
    month = previous_month(month_of(now))
    if timetable.add_finalised_month(work, month):
        work.record(MonthFinalised(month))


def finalise_history(work: Work, finalising_hour: int) -> None:
    """Give a new world the final months it would have if it had always been there."""
    month = previous_month(month_of(work.now))
    if work.now < from_london(to_london(work.now).date().replace(day=FINALISING_DAY), time(finalising_hour)):
        month = previous_month(month)
    timetable.add_finalised_month(work, month)


def finalised_until(view: View) -> datetime | None:
    """Instant at which the last final month ended; periods that end by then belong to finalised months."""
    month = timetable.last_finalised_month(view)
    return None if month is None else end_of_month(month)
