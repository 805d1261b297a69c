"""Metering periods. Readings mark a period's END in UTC; baselines mark its START in London (portal FAQ page).

A London day has 46, 48 or 50 half-hours: 46 when clocks go forward, 50 when they go back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum

from simulator.market.provenance import Rule
from simulator.timekeeping.london import from_london, to_london

RULES = (
    Rule("readings.baseline_row",
         "A reading is compared with the row of the London time at which its period starts: 16:30Z belongs to the "
         "row 17:00 in summer and 16:00 in winter.",
         "public", "Portal FAQ page."),
    Rule("readings.days_of_the_change",
         "Days on which the clocks change have 46 or 50 half-hours.",
         "inferred", "London local time (portal FAQ page) on the days of the change."),
)

WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


class Granularity(Enum):
    """How often a Meterable Unit is metered (portal guide §3.1: minute by minute or half-hourly)."""

    MINUTE = "minute"
    HALF_HOUR = "half_hour"

    @property
    def seconds(self) -> int:
        """Length of one period."""
        return 60 if self is Granularity.MINUTE else 1800

    @property
    def words(self) -> str:
        """As the portal says it."""
        return "minute by minute" if self is Granularity.MINUTE else "half-hourly"


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """The row of a baseline template that a period is compared with: a weekday and a London local time."""

    day_of_week: str
    local_time: time


def period_start(period_end: datetime, granularity: Granularity) -> datetime:
    """Start of the period that ends at `period_end`; both UTC."""
    return period_end - timedelta(seconds=granularity.seconds)


def last_period_end(now: datetime, granularity: Granularity) -> datetime:
    """End of the latest period that is complete at `now`, UTC."""
    epoch = int(now.timestamp())
    return datetime.fromtimestamp(epoch - epoch % granularity.seconds, UTC)


def baseline_row(period_end: datetime, granularity: Granularity) -> BaselineRow:
    """Baseline row for the period that ends at `period_end` (UTC).

    The reading stamped 16:30Z covers 16:00 to 16:30Z and belongs to the row 17:00 in summer, 16:00 in winter.
    Source: portal FAQ page (public).
    """
    local = to_london(period_start(period_end, granularity))
    return BaselineRow(WEEKDAYS[local.weekday()], local.time())


def period_ends_of_day(day: date, granularity: Granularity) -> list[datetime]:
    """Ends (UTC) of all periods of a London day, in order: 46, 48 or 50 half-hours; 1,380, 1,440 or 1,500 minutes."""
    step = timedelta(seconds=granularity.seconds)
    end = from_london(day + timedelta(days=1), time(0))
    ends = []
    instant = from_london(day, time(0)) + step
    while instant <= end:
        ends.append(instant)
        instant += step
    return ends
