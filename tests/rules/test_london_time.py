"""London time, its gap in spring and its repeated hour in autumn."""

from __future__ import annotations

from datetime import UTC, date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.timekeeping.london import end_of_month, from_london, month_of, previous_month, start_of_month, to_london
from tests.builders import instant

DAYS = st.dates(date(1997, 1, 1), date(2099, 12, 30))
MONTHS = DAYS.map(lambda day: day.strftime("%Y-%m"))


@pytest.mark.parametrize(("day", "at", "utc"), [
    (date(2026, 11, 2), time(8), "2026-11-02 08:00"),
    (date(2026, 7, 6), time(8), "2026-07-06 07:00"),
    (date(2026, 7, 6), time(0), "2026-07-05 23:00"),
])
def test_london_is_utc_in_winter_and_an_hour_ahead_in_summer(day: date, at: time, utc: str) -> None:
    """Portal guide §3.6 (documented): all times of the platform are London times."""
    assert from_london(day, at) == instant(utc)


@pytest.mark.parametrize("at", [time(1, 0), time(1, 30), time(1, 59)])
def test_a_time_that_spring_skips_is_when_the_clocks_change(at: time) -> None:
    """Inferred: a job of 01:30 must still run on the day that has no 01:30."""
    assert from_london(date(2026, 3, 29), at) == instant("2026-03-29 01:00")


def test_a_time_that_autumn_repeats_is_the_first_of_the_two() -> None:
    """Inferred: a job of 01:30 must run once on the day that has it twice."""
    assert from_london(date(2026, 10, 25), time(1, 30)) == instant("2026-10-25 00:30")


@given(DAYS, st.times())
def test_london_times_come_back_as_themselves_unless_skipped(day: date, at: time) -> None:
    """Inferred: reading a London clock inverts setting it."""
    local = to_london(from_london(day, at)).replace(tzinfo=None)
    skipped = local.time() != at or local.date() != day
    assert not skipped or (local.time() == time(2, 0) and at.hour == 1 and day.month == 3)


@given(DAYS, st.times(), st.times())
def test_london_times_keep_their_order(day: date, one: time, other: time) -> None:
    """Inferred: a later wall-clock time of a day is never an earlier instant."""
    early, late = sorted((one, other))
    assert from_london(day, early) <= from_london(day, late)


@pytest.mark.parametrize(("moment", "month"), [
    ("2026-10-31 23:59:59", "2026-10"), ("2026-11-01 00:00", "2026-11"),
    ("2026-06-30 22:59:59", "2026-06"), ("2026-06-30 23:00", "2026-07"),
])
def test_months_are_london_months(moment: str, month: str) -> None:
    """Inferred: invoices are of London months, as the emails are of London times (portal guide §3.6)."""
    assert month_of(instant(moment)) == month


@given(MONTHS)
def test_a_month_ends_where_the_next_one_begins(month: str) -> None:
    """Inferred: months leave no time between them."""
    following = month_of(end_of_month(month))
    assert start_of_month(following) == end_of_month(month)
    assert previous_month(following) == month
    assert month_of(end_of_month(month) - timedelta(microseconds=1)) == month


@given(MONTHS)
def test_a_month_begins_at_london_midnight_of_its_first_day(month: str) -> None:
    """Inferred: months are London months."""
    begin = to_london(start_of_month(month))
    assert begin.strftime("%Y-%m-%d %H:%M") == f"{month}-01 00:00"
    assert start_of_month(month).tzinfo is UTC
