"""A world's clock as a pure value: real, frozen and scaled (wire format, assumed: /_sim/clock)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from simulator.timekeeping.clock import FROZEN, REAL, SCALED, frozen_clock, real_clock, scaled_clock
from tests.builders import instant

WALL, MARKET = instant("2026-06-01 10:00"), instant("2026-11-02 17:00")
HOUR = timedelta(hours=1)


def test_a_real_clock_shows_the_wall_clock() -> None:
    """Wire format, assumed: mode real."""
    clock = real_clock(WALL)
    assert (clock.mode, clock.at(WALL), clock.at(WALL + HOUR)) == (REAL, WALL, WALL + HOUR)


def test_a_real_clock_may_start_elsewhere_and_runs_as_fast() -> None:
    """Wire format, assumed: --now."""
    assert real_clock(WALL, MARKET).at(WALL + HOUR) == MARKET + HOUR


def test_a_frozen_clock_stands() -> None:
    """Wire format, assumed: mode frozen."""
    clock = frozen_clock(MARKET, WALL)
    assert (clock.mode, clock.at(WALL + HOUR)) == (FROZEN, MARKET)


def test_a_frozen_clock_never_reaches_a_later_instant() -> None:
    """Ours: nothing to wake up for."""
    assert frozen_clock(MARKET, WALL).wall_at(MARKET + HOUR) is None


def test_a_scaled_clock_runs_at_its_rate() -> None:
    """Wire format, assumed: mode scaled; a rate of 60 is a minute a second."""
    clock = scaled_clock(MARKET, WALL, 60)
    assert (clock.mode, clock.at(WALL + timedelta(seconds=1))) == (SCALED, MARKET + timedelta(minutes=1))


def test_moving_a_clock_keeps_its_mode_and_rate() -> None:
    """Wire format, assumed: advance moves the time, nothing else."""
    moved = scaled_clock(MARKET, WALL, 60).moved_to(MARKET + HOUR, WALL + HOUR)
    assert moved == scaled_clock(MARKET + HOUR, WALL + HOUR, 60)


@given(st.floats(1e-3, 1e5), st.timedeltas(timedelta(0), timedelta(days=30)))
def test_a_running_clock_shows_an_instant_when_it_said_it_would(rate: float, ahead: timedelta) -> None:
    """Ours: the ticking thread wakes up at `wall_at`; early or late by the rounding of microseconds only."""
    clock = scaled_clock(MARKET, WALL, rate)
    wake = clock.wall_at(MARKET + ahead)
    assert wake is not None
    assert abs(clock.at(wake) - (MARKET + ahead)) <= timedelta(microseconds=1 + rate)


def test_a_clock_stays_within_the_years_that_dates_express() -> None:
    """Ours: a fast clock left alone must not fail."""
    clock = scaled_clock(MARKET, WALL, 1e6)
    assert clock.at(WALL + timedelta(days=36_500)) == datetime.max.replace(tzinfo=UTC)
    assert scaled_clock(MARKET, WALL, 1e-9).wall_at(MARKET + timedelta(days=36_500)) is None
