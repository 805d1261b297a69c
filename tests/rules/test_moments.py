"""Moments in people's words: what they mean in London time, and what is said about words that mean none."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.timekeeping.london import to_london
from simulator.timekeeping.moments import EXAMPLES, moment_from_words
from simulator.timekeeping.triggers import Daily, Monthly, Weekly
from tests.builders import instant

MONDAY = instant("2026-11-02 17:00")
MOMENTS = st.datetimes(datetime(1972, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@pytest.mark.parametrize(("words", "utc"), [
    ("next Thursday 12:05", "2026-11-05 12:05"), ("Thursday 12:05", "2026-11-05 12:05"), ("thu", "2026-11-05 00:00"),
    ("Monday 18:00", "2026-11-02 18:00"), ("Monday 17:00", "2026-11-09 17:00"),
    ("tomorrow 08:00", "2026-11-03 08:00"), ("today at 08:00", "2026-11-02 08:00"),
    ("yesterday 08:00", "2026-11-01 08:00"), ("now", "2026-11-02 17:00"),
    ("12:05", "2026-11-03 12:05"), ("17:00:01", "2026-11-02 17:00:01"), ("midnight", "2026-11-03 00:00"),
    ("next 15th 00:00", "2026-11-15 00:00"), ("on the 2nd at 16:59", "2026-12-02 16:59"),
    ("31st 10:00", "2026-12-31 10:00"), ("15 November 12:00", "2026-11-15 12:00"), ("Nov 15", "2026-11-15 00:00"),
    ("1 November 12:00", "2027-11-01 12:00"), ("29 February", "2028-02-29 00:00"),
    ("Thu 5 Nov 2026 12:05 GMT", "2026-11-05 12:05"), ("Sun, 1 November 2026", "2026-11-01 00:00"),
    ("2026-11-15", "2026-11-15 00:00"), ("2026-07-15 12:00", "2026-07-15 11:00"),
    ("2026-07-15T12:00", "2026-07-15 11:00"), ("2026-07-15 12:00 GMT", "2026-07-15 12:00"),
    ("2026-07-15T12:00:00Z", "2026-07-15 12:00"), ("2026-07-15T12:00:00+02:00", "2026-07-15 10:00"),
    ("end of day", "2026-11-03 00:00"), ("end of week", "2026-11-09 00:00"), ("end of the month", "2026-12-01 00:00"),
    ("end of November", "2026-12-01 00:00"), ("end of October", "2027-11-01 00:00"),
    ("end of December", "2027-01-01 00:00"), ("start of month", "2026-11-01 00:00"),
    ("next month 04:00", "2026-12-01 04:00"), ("next year", "2027-01-01 00:00"),
    ("next half-hour", "2026-11-02 17:30"), ("next hour", "2026-11-02 18:00"),
])
def test_words_mean_the_next_such_moment_in_london(words: str, utc: str) -> None:
    """Ours; portal guide §3.6 (documented): all times of the platform are London times. It is Monday, 17:00."""
    assert moment_from_words(words, MONDAY) == instant(utc)


@pytest.mark.parametrize(("words", "utc"), [
    ("29 March 2026 01:30", "2026-03-29 01:00"), ("25 October 2026 01:30", "2026-10-25 00:30"),
    ("25 October 2026 01:30 BST", "2026-10-25 00:30"), ("25 October 2026 01:30 GMT", "2026-10-25 01:30"),
])
def test_both_changes_of_the_clocks_are_right(words: str, utc: str) -> None:
    """Inferred: a skipped time is when the clocks change, a repeated one the first of the two, or the one named."""
    assert moment_from_words(words, instant("2026-01-01 00:00")) == instant(utc)


@pytest.mark.parametrize(("words", "says"), [
    ("", "Write it like “next Thursday 12:05”"), ("next", "Write it like"), ("soon", "Write it like"),
    ("PT24H", "It is a duration"), ("Thursday 24:00", "24:00 is no time of day"), ("12:60", "12:60 is no time of day"),
    ("32nd", "no month has a day 32"), ("31 April", "April has no day 31"), ("30 February", "February has no day 30"),
    ("29 February 2027", "there is no 29 February 2027"), ("2026-02-30", "there is no 30 February 2026"),
    ("2026-13-01", "there is no month 13"), ("Friday 5 November 2026", "5 November 2026 is a Thursday"),
    ("Monday 15 November", "15 November 2026 is a Sunday"), ("next 2026-11-15", "leave out the “next”"),
    ("end of month 12:00", "leave out the time of day"), ("2026-11-15T25:00:00Z", "hour"),
    ("9999-12-31", "the years 1971 to 8999"), ("0001-01-01", "the years 1971 to 8999"), ("x" * 5_000, "Write it like"),
])
def test_what_means_no_moment_is_told_what_does(words: str, says: str) -> None:
    """Ours: bad input gets an error that says how to mend it."""
    with pytest.raises(ValueError, match="is not a moment|is out of range") as caught:
        moment_from_words(words, MONDAY)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("words", EXAMPLES)
def test_the_examples_that_errors_give_can_be_written(words: str) -> None:
    """Ours: an error's advice must work."""
    assert moment_from_words(words, MONDAY) > MONDAY


@given(MOMENTS, TIMES, st.integers(0, 6))
def test_a_weekday_is_when_a_weekly_job_is_due(now: datetime, at: time, weekday: int) -> None:
    """Inferred: "next Thursday 12:05" goes exactly to the mail of Thursday 12:05 (portal guide §3.6)."""
    assert moment_from_words(f"next {WEEKDAYS[weekday]} {at:%H:%M}", now) == Weekly(weekday, at).next_after(now)


@given(MOMENTS, TIMES, st.integers(1, 28))
def test_a_day_of_the_month_is_when_a_monthly_job_is_due(now: datetime, at: time, day: int) -> None:
    """Inferred: "1st 04:00" goes exactly to the job of the 1st, 04:00 (portal guide §3.6)."""
    assert moment_from_words(f"{day}th {at:%H:%M}", now) == Monthly(day, at).next_after(now)


@given(MOMENTS, TIMES)
def test_a_time_of_day_is_when_a_daily_job_is_due(now: datetime, at: time) -> None:
    """Inferred: "08:00" goes exactly to the job of 08:00 (portal guide §3.6)."""
    assert moment_from_words(f"{at:%H:%M}", now) == Daily(at).next_after(now)


@given(MOMENTS, MOMENTS)
def test_a_time_as_pages_show_it_can_be_written_back(now: datetime, moment: datetime) -> None:
    """Ours: what a page shows can be pasted where a moment is asked for, in the repeated hour too."""
    shown = moment.replace(second=0, microsecond=0)
    local = to_london(shown)
    assert moment_from_words(f"{local:%a} {local.day} {local:%b %Y %H:%M %Z}", now) == shown


@given(MOMENTS)
def test_the_next_half_hour_is_less_than_half_an_hour_away(now: datetime) -> None:
    """Domain (public): metering periods are half-hours of the clock."""
    following = moment_from_words("next half-hour", now)
    assert timedelta(0) < following - now <= timedelta(minutes=30)
    assert to_london(following).minute in (0, 30)


@given(MOMENTS, st.text(max_size=40))
def test_any_other_text_is_refused_in_words(now: datetime, words: str) -> None:
    """Ours: whatever is typed, the answer is an instant or advice."""
    try:
        assert moment_from_words(words, now).tzinfo is UTC
    except ValueError as error:
        assert str(error).endswith(".")
