"""Acme's battery does what the platform's dispatch messages say, once each, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from acme_flex.dispatches import Battery

from simulator.testing import Journal, MarketClock, Portal, World

MORNING = datetime(2026, 11, 2, 9, tzinfo=UTC)
START, END = MORNING + timedelta(hours=1), MORNING + timedelta(hours=3)

pytestmark = pytest.mark.flexsim(now=MORNING, frozen=True)


@pytest.fixture
def dispatch(world: World, battery: Battery) -> str:
    """150 kW from 10:00 to 12:00: the message comes 15 minutes before."""
    return world.control_room.dispatch(["MU-1001"], START, END, power_kw=150)


def test_the_battery_starts_and_stops(dispatch: str, battery: Battery, clock: MarketClock, world: World) -> None:
    """A whole day of a dispatch, in a moment."""
    clock.advance(to=START)
    assert battery.power_kw == 150
    assert world.control_room.state_of(dispatch) == "running"
    clock.advance(to=END)
    assert battery.power_kw == 0
    assert world.control_room.state_of(dispatch) == "stopped"


def test_nothing_happens_before_the_message(dispatch: str, battery: Battery, clock: MarketClock) -> None:
    """A planned dispatch is no instruction yet."""
    clock.advance(to=START - timedelta(minutes=16))
    assert battery.obeyed == []


def test_a_message_that_comes_twice_is_obeyed_once(dispatch: str, battery: Battery, clock: MarketClock, world: World,
                                                   journal: Journal) -> None:
    """The platform sends at least once."""
    world.faults.switch_on("dispatch", {"drop": "answer"}, times=1)
    clock.advance(to=START)
    journal.assert_sent("dispatch", to="brindle", instruction="START", headers={"X-Attempt": "2"}, status=204)
    assert battery.obeyed == [(dispatch, "START")]


def test_an_emergency_stop_is_obeyed_at_once(dispatch: str, battery: Battery, clock: MarketClock, world: World,
                                             journal: Journal) -> None:
    """The one message that must never wait."""
    clock.advance(to=START)
    world.control_room.emergency_stop(dispatch)
    journal.assert_sent("dispatch", instruction="EMERGENCY_STOP", status=204)
    assert battery.power_kw == 0


def test_a_message_of_somebody_else_is_refused(dispatch: str, battery: Battery, clock: MarketClock, world: World
                                               ) -> None:
    """A wrong signature moves no battery."""
    world.faults.switch_on("dispatch", {"badSignature": True})
    clock.advance(to=START)
    assert battery.obeyed == []
    assert world.control_room.state_of(dispatch) == "failed"


def test_a_test_message_moves_no_battery(battery: Battery, portal: Portal, journal: Journal) -> None:
    """What the page Dispatch V2 Testing sends is a test of the connection."""
    portal.get("/api-testing/dispatch-testing")
    page = portal.submit("Send V2 Message", dispatch_id="T-1", power_change_kw="150", meterable_unit_ids="MU-1001")
    assert page.errors == []
    journal.assert_sent("dispatch", dispatchId="T-1", headers={"X-Test": "true"}, status=204)
    assert battery.power_kw == 0
