"""Stops of a dispatch: nothing weakens an emergency stop, and every contract can say when (ours: at any time)."""

from __future__ import annotations

from datetime import datetime

from simulator import Simulator
from tests.builders import refusal
from tests.dispatching import BEGIN, Taker, messages_of, plan, read, stop, take_messages_at, taking
from tests.servers import WorldClient, fresh_world


def test_an_ordinary_stop_does_not_replace_an_emergency_stop_that_waits(eve: WorldClient) -> None:
    """Regression: a stop asked for after an emergency stop took its place, and the emergency was never told."""
    with taking(200, 503, 200) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(to=BEGIN)
        stop(eve, dispatch, emergency=True)
        eve.advance(by="PT1S")
        body = refusal(eve.post(f"/_sim/dispatches/{dispatch}/stop"), 409)
        assert body["errors"][0]["code"] == "emergency_pending"
        eve.advance(by="PT5M")
        assert taker.words() == ["START", "EMERGENCY_STOP", "EMERGENCY_STOP"]
        assert messages_of(eve, dispatch) == [("start", "delivered"), ("emergency_stop", "delivered")]


def test_an_emergency_stop_replaces_an_ordinary_one_that_waits(eve: WorldClient) -> None:
    """Ours: EMERGENCY STOP at any time."""
    with taking(200, 503, 200) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(to=BEGIN)
        stop(eve, dispatch)
        eve.advance(by="PT1S")
        stop(eve, dispatch, emergency=True)
        eve.advance(by="PT5M")
        assert taker.words() == ["START", "STOP", "EMERGENCY_STOP"]


def test_an_early_stop_says_a_whole_second(server: Simulator) -> None:
    """Regression: on a running clock the end had microseconds, which contracts with whole seconds cannot say."""
    with fresh_world(server.url) as world, taking() as taker:
        take_messages_at(world, taker.url)
        now = datetime.fromisoformat(world.now()).replace(microsecond=0)
        dispatch = plan(world, startTime=now.isoformat(), endTime=now.replace(hour=now.hour + 2).isoformat())
        taker.has(1)
        stop(world, dispatch)
        assert len(taker.has(2)[1].content["endTime"]) == len("2026-11-02T17:00:00Z")


def test_parts_of_a_second_are_cut_off(eve: WorldClient, taker: Taker) -> None:
    """Ours: not every contract can say them, and what a running clock gives has them."""
    dispatch = plan(eve, startTime="2026-11-02T16:00:00.5Z", endTime="2026-11-02T17:00:00.25Z")
    told = read(eve, dispatch)
    assert (told["startTime"], told["endTime"]) == ("2026-11-02T16:00:00+00:00", "2026-11-02T17:00:00+00:00")
