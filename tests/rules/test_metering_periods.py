"""Metering periods across the year, the two changes of the clocks included."""

from __future__ import annotations

from datetime import UTC, date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.intervals import Granularity, last_period_end, period_ends_of_day, period_start
from simulator.timekeeping.london import to_london
from tests.builders import instant

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 30))
GRANULARITIES = st.sampled_from(Granularity)
CLOCKS_FORWARD, CLOCKS_BACK = date(2026, 3, 29), date(2026, 10, 25)


@pytest.mark.parametrize(("day", "half_hours", "minutes"), [
    (CLOCKS_FORWARD, 46, 1_380), (CLOCKS_BACK, 50, 1_500), (date(2026, 11, 2), 48, 1_440),
])
def test_days_of_46_and_50_half_hours_exist(day: date, half_hours: int, minutes: int) -> None:
    """Portal FAQ page (public): timestamps are UTC, days are London days."""
    assert len(period_ends_of_day(day, Granularity.HALF_HOUR)) == half_hours
    assert len(period_ends_of_day(day, Granularity.MINUTE)) == minutes


@given(DAYS)
def test_every_day_has_46_48_or_50_half_hours(day: date) -> None:
    """Inferred: London's clocks change by one hour."""
    assert len(period_ends_of_day(day, Granularity.HALF_HOUR)) in (46, 48, 50)


@given(DAYS, GRANULARITIES)
def test_periods_of_consecutive_days_tile_time(day: date, granularity: Granularity) -> None:
    """Inferred: each instant belongs to one period, so periods of following days join without gap or overlap."""
    ends = period_ends_of_day(day, granularity) + period_ends_of_day(day + timedelta(days=1), granularity)
    assert [period_start(end, granularity) for end in ends[1:]] == ends[:-1]


@given(DAYS, GRANULARITIES)
def test_a_day_begins_and_ends_at_london_midnight(day: date, granularity: Granularity) -> None:
    """Inferred: the platform's days are London days."""
    ends = period_ends_of_day(day, granularity)
    first, last = to_london(period_start(ends[0], granularity)), to_london(ends[-1])
    assert (first.date(), first.hour, first.minute) == (day, 0, 0)
    assert (last.date(), last.hour, last.minute) == (day + timedelta(days=1), 0, 0)


@given(st.datetimes(instant("2000-01-01").replace(tzinfo=None), instant("2099-12-31").replace(tzinfo=None)),
       GRANULARITIES)
def test_the_last_period_end_is_the_latest_that_has_passed(moment, granularity: Granularity) -> None:
    """Portal FAQ page (public): a timestamp marks the end of a period, on the minute or at :00 and :30."""
    now = moment.replace(tzinfo=UTC)
    end = last_period_end(now, granularity)
    assert end <= now < end + timedelta(seconds=granularity.seconds)
    assert end.second == end.microsecond == 0
    assert granularity is Granularity.MINUTE or end.minute in (0, 30)


def test_a_reading_marks_the_end_of_its_period() -> None:
    """Portal FAQ page (public): 16:30 UTC stamps the half-hour from 16:00."""
    assert period_start(instant("2026-11-02 16:30"), Granularity.HALF_HOUR) == instant("2026-11-02 16:00")
    assert period_start(instant("2026-11-02 16:30"), Granularity.MINUTE) == instant("2026-11-02 16:29")
