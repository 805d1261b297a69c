"""The battery of the reference participant: pure arithmetic (the sign is public: positive is generation)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from examples.participant.battery import Battery
from tests.builders import instant

IDLE_KW = -20.0
EARLY = instant("2026-11-02 16:00")


def at(clock: str) -> datetime:
    return instant(f"2026-11-02 {clock}")


def started(dispatch_id: str = "D-1", begin: str = "17:00", end: str = "18:00", change_kw: float = 150.0,
            received: datetime = EARLY, battery: Battery | None = None, **knobs) -> Battery:
    """A battery that has received a START."""
    battery = battery or Battery(IDLE_KW, 500.0, **knobs)
    battery.start(dispatch_id, at(begin), at(end), change_kw, received)
    return battery


@pytest.mark.parametrize(("clock", "power_kw"), [
    ("16:59:59.999999", -20), ("17:00", 130), ("17:30", 130), ("17:59:59.999999", 130), ("18:00", -20), ("19:00", -20)])
def test_power_changes_from_the_start_to_the_end(clock: str, power_kw: float) -> None:
    """Wire format, assumed: startTime, endTime, powerChangeKw, a change against the baseline."""
    assert started().power_at(at(clock)) == power_kw


@pytest.mark.parametrize(("period_end", "average_kw"), [
    ("17:00", -20), ("17:01", 130), ("18:00", 130), ("18:01", -20)])
def test_the_minute_that_ends_with_the_start_is_idle_and_the_one_that_ends_with_the_end_is_not(
        period_end: str, average_kw: float) -> None:
    """Portal FAQ page (public): timestamps mark the end of the minute."""
    assert started().average_of_minute(at(period_end)) == average_kw


def test_a_minute_that_is_dispatched_in_part_has_the_average_power() -> None:
    """domain: a reading is the average power of its period."""
    battery = started(begin="17:00:15", end="17:01:30")
    assert battery.average_of_minute(at("17:01")) == 45 / 60 * 150 + IDLE_KW
    assert battery.average_of_minute(at("17:02")) == 30 / 60 * 150 + IDLE_KW


def test_a_ramp_is_a_straight_line_up_and_down() -> None:
    """Ours: `ramp` is the time it takes to reach a change and to leave it."""
    battery = started(ramp=timedelta(minutes=10))
    powers = [battery.power_at(at(clock)) for clock in ("17:00", "17:05", "17:10", "18:00", "18:05", "18:10")]
    assert powers == pytest.approx([-20, 55, 130, 130, 55, -20])
    assert battery.average_of_minute(at("17:01")) == pytest.approx(-12.5)
    assert battery.average_of_minute(at("18:01")) == pytest.approx(122.5)
    assert battery.average_of_minute(at("18:11")) == IDLE_KW


def test_a_stop_on_the_ramp_goes_down_from_where_it_was() -> None:
    """Ours: no jump."""
    battery = started(ramp=timedelta(minutes=10))
    battery.stop("D-1", at("17:04"))
    powers = [battery.power_at(at(clock)) for clock in ("17:04", "17:06", "17:08", "17:30")]
    assert powers == pytest.approx([40, 10, -20, -20])


def test_an_emergency_stop_knows_no_ramp_even_after_a_stop() -> None:
    """Ours: the network is in danger."""
    battery = started(ramp=timedelta(minutes=10))
    battery.stop("D-1", at("17:30"))
    battery.emergency_stop("D-1", at("17:32"))
    assert [battery.power_at(at(clock)) for clock in ("17:31:59.999999", "17:32")] == pytest.approx([100, -20])


def test_part_of_the_instruction_late() -> None:
    """Ours: the faults that can be set."""
    battery = started(share=0.8, late=timedelta(minutes=10))
    assert [battery.power_at(at(clock)) for clock in ("17:09", "17:10", "17:59", "18:00")] == [-20, 100, 100, -20]


def test_a_start_that_arrives_late_begins_when_it_arrives() -> None:
    """Ours: nobody acts in the past, and no minute that was reported changes."""
    battery = started(received=at("17:20"))
    assert [battery.power_at(at(clock)) for clock in ("17:19", "17:20")] == [-20, 130]


def test_a_start_after_its_end_comes_to_nothing() -> None:
    """Ours: nobody acts in the past."""
    battery = started(received=at("18:20"), ramp=timedelta(minutes=10))
    assert {battery.average_of_minute(at(f"18:{minute}")) for minute in range(10, 40)} == {IDLE_KW}


def test_overlapping_dispatches_add_up_and_end_one_by_one() -> None:
    """Ours: each was sold as a change of its own."""
    battery = started("D-2", "17:30", "18:30", 70, battery=started("D-1"))
    assert [battery.power_at(at(clock)) for clock in ("17:15", "17:45", "18:15", "18:45")] == [130, 200, 50, -20]
    battery.stop("D-1", at("17:40"))
    assert [battery.power_at(at(clock)) for clock in ("17:39", "17:40")] == [200, 50]


@pytest.mark.parametrize(("change_kw", "limit_kw"), [(400, 500), (-400, -500)])
def test_the_sum_is_capped_at_the_capacity_in_both_directions(change_kw: float, limit_kw: float) -> None:
    """Ours: a battery cannot do more."""
    battery = started("D-2", change_kw=change_kw, battery=started("D-1", change_kw=change_kw))
    assert battery.average_of_minute(at("17:30")) == limit_kw
    assert battery.average_of_minute(at("18:30")) == IDLE_KW


MESSAGES = {
    "start": lambda battery: started(battery=battery),
    "stop": lambda battery: battery.stop("D-1", at("17:30")),
    "emergency": lambda battery: battery.emergency_stop("D-1", at("17:45")),
}


@pytest.mark.parametrize("order", list(permutations(MESSAGES)), ids="-".join)
@pytest.mark.parametrize("repeats", [1, 3])
def test_repeats_and_the_order_of_messages_change_nothing(order: tuple[str, ...], repeats: int) -> None:
    """Wire format, assumed: delivered at least once; ours: may come out of order."""
    battery = Battery(IDLE_KW)
    for message in order:
        for _ in range(repeats):
            MESSAGES[message](battery)
    assert [battery.power_at(at(clock)) for clock in ("17:29", "17:30", "17:50")] == [130, -20, -20]


def test_a_repeat_with_later_times_changes_nothing() -> None:
    """Ours: the first message of a kind counts."""
    battery = started()
    started(end="20:00", change_kw=10, battery=battery)
    battery.stop("D-1", at("17:30"))
    battery.stop("D-1", at("17:50"))
    assert [battery.power_at(at(clock)) for clock in ("17:29", "17:40", "19:00")] == [130, -20, -20]


def test_a_dispatch_that_was_stopped_before_its_start_never_starts() -> None:
    """Ours: STOP before START."""
    battery = Battery(IDLE_KW)
    battery.stop("D-1", at("16:30"))
    started(battery=battery)
    assert battery.power_at(at("17:30")) == IDLE_KW
    assert not battery.is_dispatched(at("17:30"))


@pytest.mark.parametrize(("period_end", "expected"), [("17:00", False), ("17:01", True), ("17:30", True),
                                                      ("17:31", False), ("18:00", False)])
def test_minutes_of_an_event_are_known(period_end: str, expected: bool) -> None:
    """Ours: `--silent` leaves them out."""
    battery = started()
    battery.stop("D-1", at("17:30"))
    assert battery.is_dispatched(at(period_end)) is expected
