"""Dispatch messages side by side, in order, and as time passes by itself (wire format, assumed: Dispatch; ours)."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from simulator import Settings, Simulator
from tests.builders import instant
from tests.dispatching import (
    EVE,
    START_DUE,
    Taker,
    another_client,
    attempts_of,
    comes_to,
    plan,
    read,
    state_of,
    stop,
    take_messages_at,
    taking,
)
from tests.servers import WorldClient, eventually, fresh_world

# Order, and side by side


def test_a_stop_waits_until_the_start_is_answered(eve: WorldClient, taker: Taker) -> None:
    """Ours: messages of one dispatch go one after the other."""
    eve.advance(to="2026-11-02T15:50:00Z")
    taker.hold()
    dispatch = plan(eve)
    taker.has(1)
    stop(eve, dispatch)
    other = plan(eve)
    taker.has(2)
    assert taker.words(dispatch) == ["START"]
    assert read(eve, dispatch)["messages"][0]["state"] == "under_way"
    taker.let_go()
    comes_to(eve, dispatch, "stopped")
    assert taker.words(dispatch) == ["START", "STOP"]
    comes_to(eve, other, "acknowledged")


def test_two_dispatches_of_one_participant_go_side_by_side(eve: WorldClient, taker: Taker) -> None:
    """Ours: a message that is held up holds up its own dispatch only."""
    taker.hold()
    dispatches = [plan(eve) for _ in range(5)]
    moving = threading.Thread(target=eve.advance, kwargs={"to": START_DUE})
    moving.start()
    try:
        assert {message.dispatch for message in taker.has(5)} == set(dispatches)
    finally:
        taker.let_go()
        moving.join()
    assert {state_of(eve, each) for each in dispatches} == {"acknowledged"}


def test_a_participant_that_hangs_delays_no_other(eve: WorldClient, taker: Taker) -> None:
    """Ours: twenty messages hang, more than go side by side, and those of another participant are answered."""
    with taking() as tamar:
        take_messages_at(eve, tamar.url, "tamar")
        eve.advance(to="2026-11-02T15:50:00Z")
        taker.hold()
        held = [plan(eve) for _ in range(20)]
        taker.has(16)
        free = [plan(eve, participantId="tamar", meterableUnitIds=["MU-2001"]) for _ in range(20)]
        for dispatch in free:
            comes_to(eve, dispatch, "acknowledged")
        assert {state_of(eve, each) for each in held} <= {"sent", "planned"}
        assert taker.holding
        taker.let_go()
        for dispatch in held:
            comes_to(eve, dispatch, "acknowledged")
    assert sorted(message.dispatch for message in taker.messages) == sorted(held)


def test_an_advance_goes_through_all_messages_in_the_order_of_their_instants(eve: WorldClient, taker: Taker) -> None:
    """Wire format, assumed: advance; the clock stands at each instant until all that is due there is done."""
    dispatches = [plan(eve, startTime=f"2026-11-02T{start}:00Z", endTime=f"2026-11-02T{end}:00Z")
                  for start, end in (("18:00", "21:00"), ("16:00", "19:00"), ("17:00", "17:30"), ("17:50", "20:00"))]
    eve.advance(to="2026-11-02T22:00:00Z")
    late, early, short, middle = dispatches
    assert [(message.dispatch, message.word) for message in taker.messages] == [
        (early, "START"), (short, "START"), (short, "STOP"), (middle, "START"), (late, "START"), (early, "STOP"),
        (middle, "STOP"), (late, "STOP")]
    assert [entry["at"][11:16] for entry in eve.journal("http.out")] == [
        "15:45", "16:45", "17:30", "17:35", "17:45", "19:00", "20:00", "21:00"]
    entries = [entry for entry in eve.journal() if entry["kind"] in ("http.out", "dispatch.moved", "message.delivered")]
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)


def test_messages_and_jobs_interleave_on_market_time(eve: WorldClient, taker: Taker) -> None:
    """Wire format, assumed: advance runs every due job in order at its own instant; jobs first where both are due at
    once.
    """
    for start in ("2026-11-03T08:14:00Z", "2026-11-03T08:15:00Z", "2026-11-03T08:16:00Z"):
        plan(eve, startTime=start, endTime="2026-11-03T09:00:00Z")
    jobs = eve.advance(to="2026-11-03T12:00:00Z")
    assert [(job["job"], job["dueAt"]) for job in jobs] == [("send_daily_schedules", "2026-11-03T08:00:00+00:00")]
    done = [(entry["kind"], entry["at"][11:16]) for entry in eve.journal() if entry["kind"] in ("job", "http.out")]
    assert done == [("http.out", "07:59"), ("job", "08:00"), ("http.out", "08:00"), ("http.out", "08:01"),
                    *[("http.out", "09:00")] * 3]


def test_moving_the_clock_forward_by_setting_it_sends_what_was_due_on_the_way(eve: WorldClient, taker: Taker) -> None:
    """Wire format, assumed: PUT /_sim/clock; as when it is advanced."""
    dispatch = plan(eve)
    eve.freeze("2026-11-02T20:00:00Z")
    assert attempts_of(eve, dispatch) == [("start", "15:45:00", 200), ("stop", "18:00:00", 200)]


def test_moving_the_clock_back_sends_nothing_again(eve: WorldClient, taker: Taker) -> None:
    """Ours: what was sent was sent."""
    dispatch = plan(eve)
    eve.advance(to="2026-11-02T17:00:00Z")
    eve.freeze(EVE)
    eve.advance(to="2026-11-02T19:00:00Z")
    assert (taker.words(), state_of(eve, dispatch)) == (["START", "STOP"], "stopped")


# As time passes


def soon(seconds: float) -> str:
    """An instant so many seconds from now, by the real clock."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_on_a_real_clock_messages_go_out_by_themselves(server: Simulator) -> None:
    """Wire format, assumed: the mode real; nobody moves the clock."""
    with fresh_world(server.url, now=None) as world, taking() as taker:
        world.put("/_sim/clock", {"mode": "real"})
        take_messages_at(world, taker.url)
        dispatch = plan(world, startTime=soon(902), endTime=soon(3600))
        told = comes_to(world, dispatch, "acknowledged")
        attempt, = told["messages"][0]["attempts"]
        assert instant(attempt["at"]) >= instant(told["startMessageAt"])
        stop(world, dispatch)
        comes_to(world, dispatch, "stopped")
        assert taker.words() == ["START", "STOP"]


def test_on_a_fast_clock_a_whole_dispatch_goes_by_itself(server: Simulator) -> None:
    """Wire format, assumed: the mode scaled; ten minutes a second."""
    with fresh_world(server.url) as world, taking(503) as taker:
        take_messages_at(world, taker.url)
        world.freeze(EVE)
        dispatch = plan(world, startTime="2026-11-02T15:16:00Z", endTime="2026-11-02T15:20:00Z")
        world.put("/_sim/clock", {"mode": "scaled", "rate": 600})
        comes_to(world, dispatch, "stopped")
        assert taker.words() == ["START", "START", "STOP"]
        states = [entry["data"]["after"] for entry in world.journal("dispatch.moved")]
        assert states == ["sent", "acknowledged", "running", "stopped"]
        (_, first, _), (_, second, _), (_, last, _) = attempts_of(world, dispatch)
        assert "15:01:00" <= first < second
        assert last >= "15:20:00"


# Worlds that are replaced or left while a message is under way


def test_a_reset_while_a_message_is_under_way_begins_anew(eve: WorldClient, taker: Taker) -> None:
    """Ours: what the endpoint says to the old world's message counts for nothing in the new one, and delays nothing."""
    eve.advance(to="2026-11-02T15:50:00Z")
    taker.hold()
    old = plan(eve)
    taker.has(1)
    assert eve.post("/_sim/reset").status_code == 200
    assert eve.get("/_sim/dispatches").json() == {"dispatches": []}
    with taking() as fresh:
        take_messages_at(eve, fresh.url)
        eve.freeze("2026-11-02T17:00:00Z")
        new = plan(eve, startTime="2026-11-02T17:00:00Z")
        assert (new, fresh.has(1)[0].dispatch) == (old, new)
        comes_to(eve, new, "running")
        taker.let_go()
        stop(eve, new)
        comes_to(eve, new, "stopped")
        assert (taker.words(), fresh.words()) == (["START"], ["START", "STOP"])
        assert [entry["data"]["status"] for entry in eve.journal("http.out")] == [200, 200]


def test_a_world_is_deleted_while_a_message_is_under_way(
        server: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    """Ours: nothing is written to a world of the same name that is made afterwards."""
    with taking() as taker, fresh_world(server.url) as world:
        world.freeze("2026-11-02T17:50:00Z")
        take_messages_at(world, taker.url)
        taker.hold()
        for _ in range(20):
            plan(world)
        taker.has(16)
        place = f"/_sim/worlds/{world.name}"
        assert world.delete(place).status_code == 204
        with fresh_world(server.url, name=world.name) as again:
            again.freeze(EVE)
            with taking() as fresh:
                take_messages_at(again, fresh.url)
                waiting = [plan(again) for _ in range(20)]
                taker.let_go()
                again.advance(to="2026-11-02T15:44:00Z")
                assert (fresh.messages, {state_of(again, each) for each in waiting}) == ([], {"planned"})
                again.advance(to=START_DUE)
                assert len(fresh.messages) == 20
                assert len(again.journal("http.out")) == 20
        assert len(taker.messages) == 16
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_reset_during_an_advance_ends_it(server: Simulator) -> None:
    """Ours: the reset waits for the message under way, for no other; the advance says why it went no further."""
    with fresh_world(server.url) as world, taking() as taker:
        world.freeze(EVE)
        take_messages_at(world, taker.url)
        plan(world)
        plan(world, startTime="2026-11-02T17:00:00Z")
        taker.hold()
        answers: list[Any] = []
        advancing = threading.Thread(
            target=lambda: answers.append(world.post("/_sim/clock/advance", {"to": "2026-11-03T00:00:00Z"})))
        advancing.start()
        taker.has(1)
        with another_client(world) as other:
            resetting = threading.Thread(target=lambda: answers.append(other.post("/_sim/reset")))
            resetting.start()
            gate = server.worlds.find(world.name).gate
            eventually(lambda: gate.wanted_alone, "the reset wants the world for itself")
            taker.let_go()
            advancing.join()
            resetting.join()
        assert [answer.status_code for answer in answers] == [200, 200]
        stopped = next(answer.json() for answer in answers if "jobs" in answer.json())
        assert stopped["stopped"] is True and stopped["now"].startswith("2026-11-02T15:45:00")
        assert world.get("/_sim/dispatches").json() == {"dispatches": []}
        assert taker.words() == ["START"]


def test_the_server_ends_in_time_while_messages_hang(caplog: pytest.LogCaptureFixture) -> None:
    """Ours: also when somebody waits for an advance, and more messages are due than go side by side."""
    ended = threading.Event()
    with taking() as taker:
        simulator = Simulator(Settings(port=0)).start()
        world = WorldClient(simulator.url, "default")
        world.freeze("2027-06-01T15:00:00Z")
        take_messages_at(world, taker.url)
        for hour in [16] * 20 + [17]:
            plan(world, startTime=f"2027-06-01T{hour}:00:00Z", endTime="2027-06-01T18:00:00Z")
        taker.hold()
        advancing = threading.Thread(target=_advance_in_vain, args=(world,))
        advancing.start()
        taker.has(16)

        def end() -> None:
            simulator.stop()
            ended.set()

        ending = threading.Thread(target=end, daemon=True)
        ending.start()
        # Well before the ten seconds after which each of the messages that hang would be given up.
        assert ended.wait(9), "the server does not end"
        taker.let_go()
        advancing.join()
        world.close()
    assert len(taker.messages) == 16
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("flexsim-send-")],
               "the threads that send end")
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def _advance_in_vain(world: WorldClient) -> None:
    with suppress(requests.RequestException):
        world.post("/_sim/clock/advance", {"to": "2027-06-02T00:00:00Z"})
