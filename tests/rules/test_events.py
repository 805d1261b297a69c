"""Dispatches become events: their end, their zones, their periods."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.dispatches import State
from simulator.market.events import Direction, events_of, has_ended, periods_of, share_out
from simulator.market.intervals import Granularity
from tests.builders import instant
from tests.markets import MILLIWATTS, START, dispatch, event, meter, minute_meter, price

PRICES = {"CMZ_A": price(), "CMZ_B": price("200")}
HALF_HOUR, MINUTE = Granularity.HALF_HOUR, Granularity.MINUTE


def clocks(start: str, end: str, granularity: Granularity = HALF_HOUR) -> list[tuple[str, int]]:
    """(end of period, instructed seconds) of an event's periods."""
    return [((instant("1970-01-01") + timedelta(seconds=period.end)).strftime("%H:%M"), period.instructed_seconds)
            for period in periods_of(instant(start), instant(end), granularity)]


def test_a_dispatch_that_ran_is_one_event() -> None:
    """Portal guide §3.3 (documented): there is a report after the end of each event."""
    unit = meter()
    found, = events_of(dispatch(unit), [unit], PRICES)
    assert (found.id, found.start_at, found.end_at) == ("D-1", START, START + timedelta(hours=2))
    assert (found.zone, found.power_milliwatts, found.utilisation_price) == ("CMZ_A", 100 * MILLIWATTS, PRICES["CMZ_A"])


@pytest.mark.proves("rule/month.event_end")
def test_a_stop_ends_the_event() -> None:
    """Inferred: stop and emergency stop exist (portal guide §3.1)."""
    unit, stop = meter(), START + timedelta(minutes=7, seconds=30)
    assert events_of(dispatch(unit, stopped_at=stop), [unit], PRICES)[0].end_at == stop


def test_a_stop_that_was_acknowledged_later_does_not_prolong_it() -> None:
    """Inferred: what was asked for ends at the end that was asked for."""
    unit = meter()
    later = dispatch(unit, stopped_at=START + timedelta(hours=2, seconds=5))
    assert events_of(later, [unit], PRICES)[0].end_at == START + timedelta(hours=2)


@pytest.mark.parametrize("found", [
    dispatch(meter(), state=State.CANCELLED), dispatch(meter(), stopped_at=START),
    dispatch(meter(), stopped_at=START - timedelta(minutes=3))])
def test_what_was_called_off_before_it_began_is_no_event(found: object) -> None:
    """Inferred: there is nothing to judge."""
    assert events_of(found, [meter()], PRICES) == []


def test_start_and_end_are_whole_seconds() -> None:
    """Assumed: a stop comes at any instant; what is left of a second is not judged."""
    unit = meter()
    stopped = dispatch(unit, stopped_at=START + timedelta(minutes=5, microseconds=999_999))
    assert events_of(stopped, [unit], PRICES)[0].end_at == START + timedelta(minutes=5)
    assert events_of(dispatch(unit, stopped_at=START + timedelta(microseconds=999_999)), [unit], PRICES) == []


@pytest.mark.proves("rule/events.failed_messages")
def test_a_dispatch_whose_messages_failed_is_an_event_all_the_same() -> None:
    """Assumed: what the meter shows decides."""
    unit = meter()
    assert len(events_of(dispatch(unit, state=State.FAILED), [unit], PRICES)) == 1


def test_a_dispatch_has_ended_at_its_end_or_its_stop() -> None:
    """Inferred: from then on nothing more is asked for."""
    end = START + timedelta(hours=2)
    assert not has_ended(dispatch(meter()), end - timedelta(seconds=1))
    assert has_ended(dispatch(meter()), end)
    assert has_ended(dispatch(meter(), stopped_at=START), START)
    assert not has_ended(dispatch(meter(), state=State.CANCELLED), end)


@pytest.mark.proves("rule/month.together")
def test_units_of_several_zones_are_several_events() -> None:
    """Assumed: an invoice is for one zone, so an event is too; power is shared by capacity."""
    units = [meter("MU-2", zone="CMZ_B", capacity_kw=1_200), meter("MU-1", capacity_kw=300)]
    first, second = events_of(dispatch(*units, kw=300), units, PRICES)
    assert [(found.id, found.zone, found.power_milliwatts) for found in (first, second)] == [
        ("D-1-CMZ_A", "CMZ_A", 60 * MILLIWATTS), ("D-1-CMZ_B", "CMZ_B", 240 * MILLIWATTS)]
    assert second.utilisation_price == PRICES["CMZ_B"]


def test_events_of_a_dispatch_stand_in_order_of_zone() -> None:
    """Ours: same data, same reports."""
    units = [meter(f"MU-{place}", zone=f"CMZ_{letter}") for place, letter in enumerate("FBEADC")]
    found = events_of(dispatch(*units), units, {unit.zone: price() for unit in units})
    assert [made.zone[-1] for made in found] == list("ABCDEF")
    assert sum(made.power_milliwatts for made in found) == 100 * MILLIWATTS


@pytest.mark.proves("rule/month.direction")
def test_positive_power_asks_for_more_export_or_less_demand() -> None:
    """Inferred: generation is positive in readings (portal FAQ page, public)."""
    assert event(kw=5).direction is Direction.UP
    assert event(kw=-5).direction is Direction.DOWN
    assert (Direction.UP.value, Direction.DOWN.value) == ("DTD/GTU", "DTU/GTD")


@pytest.mark.proves("rule/month.event_month")
def test_an_event_belongs_to_the_london_month_of_its_start() -> None:
    """Assumed. 30 September 23:00Z is 1 October in London."""
    assert event(start=instant("2026-09-30 23:00")).month == "2026-10"
    assert event(start=instant("2026-09-30 22:59")).month == "2026-09"
    assert event(start=instant("2026-10-31 23:30")).month == "2026-10"


@pytest.mark.proves("rule/month.coarsest_meter")
def test_an_event_is_judged_by_its_coarsest_meter() -> None:
    """Assumed: half-hours as soon as one unit is half-hourly."""
    assert event(minute_meter(), minute_meter("MU-2")).granularity is MINUTE
    assert event(minute_meter(), meter("MU-2")).granularity is HALF_HOUR


def test_whole_half_hours() -> None:
    """Readings mark the end (portal FAQ page, public)."""
    assert clocks("2026-11-10 16:00", "2026-11-10 17:00") == [("16:30", 1_800), ("17:00", 1_800)]


@pytest.mark.proves("rule/month.part_of_a_period")
def test_half_hours_covered_in_part_are_instructed_in_part() -> None:
    """Assumed: 15:10 to 16:40 covers 20 minutes of the first half-hour and 10 of the last."""
    assert clocks("2026-10-19 15:10", "2026-10-19 16:40") == [
        ("15:30", 1_200), ("16:00", 1_800), ("16:30", 1_800), ("17:00", 600)]


def test_an_event_within_one_period() -> None:
    """Assumed: five minutes of a half-hour."""
    assert clocks("2026-11-10 16:05", "2026-11-10 16:10") == [("16:30", 300)]
    assert clocks("2026-11-10 16:05:10", "2026-11-10 16:05:40", MINUTE) == [("16:06", 30)]


def test_the_nights_on_which_clocks_change_have_their_real_length() -> None:
    """Domain: days of 46 and 50 half-hours exist."""
    assert len(clocks("2026-10-24 23:00", "2026-10-26 00:00")) == 50
    assert len(clocks("2026-03-29 00:00", "2026-03-29 23:00")) == 46


@given(st.integers(0, 4_000_000_000), st.integers(1, 200_000), st.sampled_from(Granularity))
def test_periods_tile_the_event(start: int, seconds: int, granularity: Granularity) -> None:
    """Ours: no second is lost, none counts twice."""
    begin = instant("1970-01-01") + timedelta(seconds=start)
    periods = periods_of(begin, begin + timedelta(seconds=seconds), granularity)
    assert sum(period.instructed_seconds for period in periods) == seconds
    assert all(0 < period.instructed_seconds <= granularity.seconds for period in periods)
    assert all(period.start % granularity.seconds == 0 for period in periods)
    assert all(one.end == other.start for one, other in zip(periods, periods[1:], strict=False))
    assert periods[0].start <= start < periods[0].end


@given(st.integers(-10**15, 10**15), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_shares_add_up(amount: int, weights: list[int]) -> None:
    """Ours: not a milliwatt is lost, and each share is within one of its exact part."""
    parts = share_out(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    if total:
        assert all(abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True))
