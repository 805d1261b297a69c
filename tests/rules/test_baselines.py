"""Baselines: a full week of London times, or one flat power, found for any period in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.baselines import (
    BASELINE_COLUMNS,
    NO_BASELINE,
    Baseline,
    BaselineKind,
    BaselineVersion,
    baseline_in_force,
    flat_baseline,
    judge_template,
    row_count,
    row_words,
    template_rows,
)
from simulator.market.intervals import WEEKDAYS, Granularity, baseline_row, period_ends_of_day
from tests.builders import instant
from tests.markets import start_of

HALF_HOUR, MINUTE = Granularity.HALF_HOUR, Granularity.MINUTE


def full_week(granularity: Granularity = HALF_HOUR) -> list[dict[str, Any]]:
    """The drafts of a full template; the power of each row is its place in the week."""
    drafts = []
    for place in range(row_count(granularity)):
        day, at = row_words(place, granularity).split()
        drafts.append({"day_of_week": day, "local_time": time.fromisoformat(at), "power_kw": place})
    return drafts


def template(granularity: Granularity = HALF_HOUR) -> Baseline:
    baseline, breaches = judge_template(full_week(granularity), granularity)
    assert baseline is not None, breaches
    return baseline


def codes(drafts: list[dict[str, Any]], granularity: Granularity = HALF_HOUR) -> list[tuple[int | None, str]]:
    baseline, breaches = judge_template(drafts, granularity)
    assert (baseline is None) == bool(breaches)
    return [(breach.index, breach.code) for breach in breaches]


def row_of(baseline: Baseline, stamp: str) -> str:
    """The row with which the reading of that stamp is compared."""
    place = baseline.power_at(start_of(instant(stamp), baseline.granularity)) // 1_000_000
    return row_words(place, baseline.granularity)


@pytest.mark.proves("rule/baselines.full_week", "rule/baselines.columns")
@pytest.mark.parametrize(("granularity", "rows"), [(HALF_HOUR, 336), (MINUTE, 10_080)])
def test_a_full_week_is_taken(granularity: Granularity, rows: int) -> None:
    """Portal FAQ page (public): 336 rows half-hourly, 10,080 by minute."""
    assert len(template(granularity).milliwatts) == rows
    assert BASELINE_COLUMNS == ("day_of_week", "local_time", "power_kw")


def test_rows_may_stand_in_any_order() -> None:
    """Ours: a spreadsheet may have sorted them."""
    assert judge_template(full_week()[::-1], HALF_HOUR)[0] == template()


@pytest.mark.proves("rule/readings.baseline_row", "rule/baselines.columns")
@pytest.mark.parametrize(("stamp", "row"), [
    ("2026-07-06 16:30", "MONDAY 17:00"), ("2026-11-02 16:30", "MONDAY 16:00"), ("2026-11-02 00:00", "SUNDAY 23:30"),
    ("2026-07-06 23:30", "TUESDAY 00:00")])
def test_the_row_of_a_reading(stamp: str, row: str) -> None:
    """Portal FAQ page (public): readings mark the end in UTC, rows the start in London."""
    assert row_of(template(), stamp) == row


@pytest.mark.proves("rule/readings.days_of_the_change")
@pytest.mark.parametrize(("day", "granularity", "count"), [
    (date(2026, 3, 29), HALF_HOUR, 46), (date(2026, 10, 25), HALF_HOUR, 50), (date(2026, 10, 26), HALF_HOUR, 48),
    (date(2026, 3, 29), MINUTE, 1_380), (date(2026, 10, 25), MINUTE, 1_500)])
def test_every_period_of_a_day_finds_the_row_of_its_london_clock(day: date, granularity: Granularity,
                                                                 count: int) -> None:
    """Domain: days of 46 and 50 half-hours exist; each period is compared with the row of its London start."""
    baseline = template(granularity)
    ends = period_ends_of_day(day, granularity)
    assert len(ends) == count
    for end in ends:
        row = baseline_row(end, granularity)
        place = baseline.power_at(start_of(end, granularity)) // 1_000_000
        assert row_words(place, granularity) == f"{row.day_of_week} {row.local_time.isoformat('minutes')}"


def test_the_repeated_hour_is_compared_with_its_rows_twice() -> None:
    """Inferred: 01:00 to 02:00 London occurs twice on 25 October 2026."""
    rows = [row_of(template(), f"2026-10-25 {stamp}") for stamp in ("00:30", "01:00", "01:30", "02:00", "02:30")]
    assert rows == ["SUNDAY 01:00", "SUNDAY 01:30", "SUNDAY 01:00", "SUNDAY 01:30", "SUNDAY 02:00"]


def test_the_skipped_hour_is_compared_with_nothing() -> None:
    """Inferred: 01:00 to 02:00 London does not occur on 29 March 2026."""
    rows = [row_of(template(), f"2026-03-29 {stamp}") for stamp in ("00:30", "01:00", "01:30", "02:00")]
    assert rows == ["SUNDAY 00:00", "SUNDAY 00:30", "SUNDAY 02:00", "SUNDAY 02:30"]


@given(st.datetimes(datetime(1996, 1, 1), datetime(2099, 1, 1)), st.sampled_from(Granularity))
def test_any_period_finds_the_row_that_the_wall_clock_says(moment: datetime, granularity: Granularity) -> None:
    """Inferred: the quick look-up and the time-zone database agree at all times."""
    step = granularity.seconds
    end = datetime.fromtimestamp(int(moment.replace(tzinfo=UTC).timestamp()) // step * step, UTC)
    row = baseline_row(end, granularity)
    expected = (WEEKDAYS.index(row.day_of_week) * 86_400 + row.local_time.hour * 3_600
                + row.local_time.minute * 60) // step
    every = Baseline(BaselineKind.TEMPLATE, granularity, tuple(range(row_count(granularity))))
    assert every.power_at(start_of(end, granularity)) == expected


@given(st.integers(800_000_000, 4_000_000_000), st.integers(0, 200), st.sampled_from(Granularity),
       st.sampled_from(Granularity))
def test_powers_of_a_run_are_those_of_its_periods(start: int, count: int, granularity: Granularity,
                                                  meter: Granularity) -> None:
    """Ours: the quick way gives the same."""
    every = Baseline(BaselineKind.TEMPLATE, granularity, tuple(range(row_count(granularity))))
    start -= start % meter.seconds
    run = every.powers(start, count, meter.seconds)
    assert run == [every.power_at(start + place * meter.seconds) for place in range(count)]


@given(st.integers(-300, 1_500), st.sampled_from(["2026-03-29 00:00", "2026-10-25 00:00"]))
def test_powers_of_a_run_over_a_clock_change_are_those_of_its_periods(minute: int, night: str) -> None:
    """Ours: likewise where an hour is repeated or skipped."""
    every = Baseline(BaselineKind.TEMPLATE, MINUTE, tuple(range(row_count(MINUTE))))
    start = int(instant(night).timestamp()) + minute * 60
    assert every.powers(start, 150, 60) == [every.power_at(start + place * 60) for place in range(150)]


@pytest.mark.proves("rule/baselines.flat")
def test_a_flat_baseline_is_the_same_at_all_times() -> None:
    """Ours: a single power for units without a pattern."""
    assert {flat_baseline(-5).power_at(place * 1_800) for place in range(400)} == {-5}
    assert flat_baseline(-12_500_000).words == "flat, -12.5 kW"


@pytest.mark.proves("rule/baselines.in_force_from", "rule/month.baseline_in_force")
def test_the_baseline_in_force_is_the_latest_begun() -> None:
    """Assumed: an upload is in force from its instant on, and changes no event that has started."""
    first, second = (BaselineVersion(flat_baseline(power), instant(f"2026-11-0{power} 12:00")) for power in (1, 2))
    assert baseline_in_force([second, first], instant("2026-11-02 11:59:59")) == flat_baseline(1)
    assert baseline_in_force([second, first], instant("2026-11-02 12:00")) == flat_baseline(2)
    assert baseline_in_force([second, first], instant("2026-10-01 12:00")) is NO_BASELINE


def test_a_template_can_be_written_and_read_back() -> None:
    """Ours: what is in force can be downloaded, changed and uploaded."""
    drafts = [{"day_of_week": day, "local_time": time.fromisoformat(at), "power_kw": float(power)}
              for day, at, power in template_rows(template(MINUTE), MINUTE)]
    assert judge_template(drafts, MINUTE) == (template(MINUTE), [])


def test_a_flat_baseline_is_written_as_a_full_week() -> None:
    """Ours: a start for a template of one's own."""
    rows = template_rows(flat_baseline(-12_500_000), HALF_HOUR)
    assert (len(rows), rows[0], rows[-1]) == (336, ("MONDAY", "00:00", "-12.5"), ("SUNDAY", "23:30", "-12.5"))


@pytest.mark.proves("rule/baselines.full_week")
def test_a_missing_row_is_named() -> None:
    """Portal FAQ page (public): a full file; that others are refused is assumed."""
    drafts = full_week()
    del drafts[33]
    _, (breach,) = judge_template(drafts, HALF_HOUR)
    assert (breach.index, breach.code) == (None, "missing_rows")
    assert breach.message == ("A full week has 336 rows, half-hourly; 335 are here. Missing: MONDAY 16:30.")


def test_many_missing_rows_are_counted() -> None:
    """Ours: a message stays readable."""
    _, (breach,) = judge_template(full_week()[:300], HALF_HOUR)
    assert breach.message.endswith("SUNDAY 08:30, SUNDAY 09:00, SUNDAY 09:30 and 28 more.")


def test_a_half_hourly_file_does_not_do_for_a_minute_unit() -> None:
    """Portal FAQ page (public): 10,080 rows for minute units."""
    assert codes(full_week(HALF_HOUR), MINUTE) == [(None, "missing_rows")]


def test_every_wrong_row_is_named_at_once() -> None:
    """Ours: all errors by line, nothing stored."""
    drafts = full_week()
    drafts[0]["day_of_week"] = "Monday"
    drafts[1] = dict(drafts[2])
    drafts[3]["local_time"] = time(1, 45)
    drafts[4]["power_kw"] = None
    drafts[5]["power_kw"] = 1e11
    drafts[6]["local_time"] = None
    assert codes(drafts) == [(0, "day_of_week"), (2, "duplicate_row"), (3, "not_on_half_hour"), (4, "required"),
                             (5, "maximum"), (6, "required")]


def test_seconds_are_no_minute() -> None:
    """Portal FAQ page (public): rows are whole minutes."""
    drafts = full_week(MINUTE)
    drafts[7]["local_time"] = time(0, 7, 30)
    assert codes(drafts, MINUTE) == [(7, "not_on_minute")]


def test_what_could_not_be_read_is_not_judged_again() -> None:
    """Ours: one fault, one message."""
    drafts = full_week()
    drafts[0]["power_kw"] = drafts[1]["local_time"] = object()
    drafts[2]["day_of_week"] = object()
    assert judge_template(drafts, HALF_HOUR) == (None, [])


def test_words_of_a_template() -> None:
    """Ours: what is in force, for people."""
    assert template(MINUTE).words == "template of 10,080 rows, minute by minute"
    assert row_words(335, HALF_HOUR) == "SUNDAY 23:30"
    assert NO_BASELINE.words == "no baseline was in force, so 0 kW"
