"""When the platform's jobs are due: London wall-clock times, once each, across the changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.timekeeping.london import to_london
from simulator.timekeeping.triggers import Daily, Monthly, Trigger, Weekly
from tests.builders import instant

DAILY_SCHEDULES, WEEKLY_DECLARATIONS, MONTHLY_INVOICES = Daily(time(8)), Weekly(3, time(12, 5)), Monthly(1, time(4))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
TRIGGERS = st.one_of(
    st.builds(Daily, TIMES), st.builds(Weekly, st.integers(0, 6), TIMES), st.builds(Monthly, st.integers(1, 28), TIMES))


@pytest.mark.parametrize(("trigger", "after", "due"), [
    (MONTHLY_INVOICES, "2026-10-31 12:00", "2026-11-01 04:00"),
    (MONTHLY_INVOICES, "2026-06-15 12:00", "2026-07-01 03:00"),
    (WEEKLY_DECLARATIONS, "2026-11-02 00:00", "2026-11-05 12:05"),
    (WEEKLY_DECLARATIONS, "2026-07-06 00:00", "2026-07-09 11:05"),
    (DAILY_SCHEDULES, "2026-11-02 09:00", "2026-11-03 08:00"),
    (DAILY_SCHEDULES, "2026-07-06 06:59:59", "2026-07-06 07:00"),
])
def test_the_emails_of_the_guide_are_due_at_london_times(trigger: Trigger, after: str, due: str) -> None:
    """Portal guide §3.6 (documented): 1st of the month 04:00, Thursday 12:05, every day 08:00, all London."""
    assert trigger.next_after(instant(after)) == instant(due)


@pytest.mark.parametrize("trigger", [DAILY_SCHEDULES, WEEKLY_DECLARATIONS, MONTHLY_INVOICES])
def test_the_next_occurrence_is_strictly_later(trigger: Trigger) -> None:
    """Inferred: at its own instant a job is due now, and next at the following occurrence."""
    due = trigger.next_after(instant("2026-11-02 00:00"))
    assert trigger.next_after(due) > due
    assert trigger.next_after(due - timedelta(microseconds=1)) == due


@given(TRIGGERS, MOMENTS)
def test_occurrences_increase(trigger: Trigger, moment: datetime) -> None:
    """Inferred: time goes one way."""
    occurrences = [moment]
    for _ in range(5):
        occurrences.append(trigger.next_after(occurrences[-1]))
    assert all(early < late for early, late in pairwise(occurrences))


@given(TRIGGERS, MOMENTS, st.floats(0, 1))
def test_no_occurrence_is_left_out(trigger: Trigger, moment: datetime, share: float) -> None:
    """Inferred: looking from any instant before the next occurrence gives the same one."""
    due = trigger.next_after(moment)
    between = moment + (due - moment) * share
    assert trigger.next_after(between) == due if between < due else trigger.next_after(between) > due


@given(TIMES, st.sampled_from([datetime(2026, 3, 26, tzinfo=UTC), datetime(2026, 10, 22, tzinfo=UTC)]))
def test_a_daily_job_is_due_once_in_every_london_day(at: time, start: datetime) -> None:
    """Inferred: also on the days of 23 and 25 hours, also at the hour that is skipped or repeated."""
    trigger, due, days = Daily(at), start, []
    for _ in range(6):
        due = trigger.next_after(due)
        days.append(to_london(due).date())
    assert [late - early for early, late in pairwise(days)] == [timedelta(days=1)] * 5


@given(TRIGGERS, MOMENTS)
def test_a_job_is_due_at_its_wall_clock_time_unless_that_is_skipped(trigger: Trigger, moment: datetime) -> None:
    """Portal guide §3.6 (documented): London times."""
    local = to_london(trigger.next_after(moment))
    at_change = local.month == 3 and local.hour == 2 and trigger.at.hour == 1
    assert at_change or (local.hour, local.minute) == (trigger.at.hour, trigger.at.minute)
