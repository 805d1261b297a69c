"""Baseline rows are London time and mark the start; readings are UTC and mark the end: the platform's classic trap."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.intervals import BaselineRow, Granularity, baseline_row, period_ends_of_day
from tests.builders import instant


@pytest.mark.proves("rule/readings.baseline_row", "rule/readings.period_end")
@pytest.mark.parametrize(("stamp", "row"), [
    ("2026-07-06 16:30", BaselineRow("MONDAY", time(17, 0))),
    ("2026-11-02 16:30", BaselineRow("MONDAY", time(16, 0))),
])
def test_the_reading_of_1630_utc_is_row_1700_in_summer_and_1600_in_winter(stamp: str, row: BaselineRow) -> None:
    """Portal FAQ page (public): the reading stamped 16:30Z covers 16:00 to 16:30Z."""
    assert baseline_row(instant(stamp), Granularity.HALF_HOUR) == row


def test_the_reading_of_midnight_belongs_to_the_day_before() -> None:
    """Portal FAQ page (public): the stamp is the period's end, the row its start."""
    assert baseline_row(instant("2026-11-02 00:00"), Granularity.HALF_HOUR) == BaselineRow("SUNDAY", time(23, 30))
    assert baseline_row(instant("2026-11-02 00:00"), Granularity.MINUTE) == BaselineRow("SUNDAY", time(23, 59))


def test_in_summer_the_local_day_ends_an_hour_before_utc_midnight() -> None:
    """Portal FAQ page (public): rows are London local time."""
    assert baseline_row(instant("2026-07-06 23:30"), Granularity.HALF_HOUR) == BaselineRow("TUESDAY", time(0, 0))


def test_the_hour_that_clocks_repeat_uses_its_rows_twice() -> None:
    """Inferred: a template has one row for each local time, and 01:00 to 02:00 occurs twice in autumn."""
    rows = [baseline_row(end, Granularity.HALF_HOUR).local_time
            for end in period_ends_of_day(date(2026, 10, 25), Granularity.HALF_HOUR)]
    assert rows.count(time(1, 0)) == rows.count(time(1, 30)) == 2
    assert len(set(rows)) == 48


def test_the_hour_that_clocks_skip_uses_no_row() -> None:
    """Inferred: 01:00 to 02:00 does not occur in spring."""
    rows = [baseline_row(end, Granularity.HALF_HOUR).local_time
            for end in period_ends_of_day(date(2026, 3, 29), Granularity.HALF_HOUR)]
    assert time(1, 0) not in rows
    assert time(1, 30) not in rows
    assert rows[2:4] == [time(2, 0), time(2, 30)]


@pytest.mark.parametrize(("granularity", "row_count"), [(Granularity.HALF_HOUR, 336), (Granularity.MINUTE, 10_080)])
def test_a_full_template_has_a_row_for_every_period_of_a_week(granularity: Granularity, row_count: int) -> None:
    """Portal FAQ page (public): MONDAY to SUNDAY, 336 rows half-hourly, 10,080 by minute."""
    week = [date(2026, 11, day) for day in range(2, 9)]
    rows = {baseline_row(end, granularity) for day in week for end in period_ends_of_day(day, granularity)}
    assert len(rows) == row_count


@pytest.mark.proves("rule/readings.days_of_the_change")
@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(Granularity))
def test_every_period_of_a_day_has_a_row_of_that_day(day: date, granularity: Granularity) -> None:
    """Inferred: rows are repeated every week, so each period of a Monday is compared with a MONDAY row."""
    names = {baseline_row(end, granularity).day_of_week for end in period_ends_of_day(day, granularity)}
    assert names == {day.strftime("%A").upper()}
