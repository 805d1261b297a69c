"""No dispatch message is lost in a power cut, and none that is known to be acknowledged is sent again (ours)."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.dispatching import (
    BEGIN,
    END,
    EVE,
    START_DUE,
    another_client,
    attempts_of,
    comes_to,
    messages_of,
    plan,
    read,
    state_of,
    stop,
    take_messages_at,
    taking,
)
from tests.servers import WorldClient, eventually, running, side_by_side, subprocess_server

LATE = "2026-11-02T15:50:00Z"
"""After the start message is due: what is planned now goes out at once."""


def folder(path: Path) -> list[str]:
    """Options of a server that keeps its worlds."""
    return ["--data", str(path), "--now", EVE]


def another_was_sent(world: WorldClient) -> None:
    """Something else that was planned now has been tried: what was due before has been looked at as well."""
    other = plan(world, participantId="tamar", meterableUnitIds=["MU-2001"])
    eventually(lambda: attempts_of(world, other), "another message is tried")


def test_a_planned_dispatch_outlives_a_kill(tmp_path: Path) -> None:
    """Ours: killed before the start; it goes out at its time, once."""
    with taking() as taker:
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            world.freeze(EVE)
            take_messages_at(world, taker.url)
            dispatch = plan(world)
            server.kill()
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            assert (state_of(world, dispatch), taker.messages) == ("planned", [])
            world.advance(to=END)
            assert attempts_of(world, dispatch) == [("start", "15:45:00", 200), ("stop", "18:00:00", 200)]
            assert taker.words() == ["START", "STOP"]


def test_a_message_under_way_is_sent_again_after_a_kill(tmp_path: Path) -> None:
    """Ours: at least once; the same ids and the same body, as the second attempt."""
    with taking() as taker:
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            world.freeze(LATE)
            take_messages_at(world, taker.url)
            taker.hold()
            dispatch = plan(world)
            taker.has(1)
            server.kill()
        taker.let_go()
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            comes_to(world, dispatch, "acknowledged")
            first, second = taker.messages
            assert (first.attempt, second.attempt) == (1, 2)
            assert first.body == second.body
            assert first.headers["x-dispatch-id"] == second.headers["x-dispatch-id"] == dispatch
            lost, made = read(world, dispatch)["messages"][0]["attempts"]
            assert ("status" in lost, made["number"], made["status"]) == (False, 2, 200)


def test_a_stop_under_way_is_sent_again_after_a_kill(tmp_path: Path) -> None:
    """Ours: the start is not, for it was acknowledged."""
    with taking() as taker:
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            world.freeze(LATE)
            take_messages_at(world, taker.url)
            dispatch = plan(world)
            comes_to(world, dispatch, "acknowledged")
            taker.hold()
            stop(world, dispatch, emergency=True)
            taker.has(2)
            server.kill()
        taker.let_go()
        with subprocess_server(folder(tmp_path)) as server:
            comes_to(server.client(), dispatch, "stopped")
            assert taker.words() == ["START", "EMERGENCY_STOP", "EMERGENCY_STOP"]
            assert [message.attempt for message in taker.messages] == [1, 1, 2]


def test_a_kill_during_an_advance_loses_no_message(tmp_path: Path) -> None:
    """Ours: the clock stands where it stood before, and going forward once more sends what was under way again."""
    with taking() as taker:
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            world.freeze(EVE)
            take_messages_at(world, taker.url)
            early, late = plan(world), plan(world, startTime="2026-11-02T17:00:00Z")
            taker.hold()

            def advance() -> None:
                with another_client(world) as other, pytest.raises(OSError):
                    other.advance(to=END)

            side_by_side([advance, lambda: (taker.has(1), server.kill())])
        taker.let_go()
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            assert world.now() == "2026-11-02T15:00:00+00:00"
            world.advance(to=END)
            assert taker.words(early) == ["START", "START", "STOP"]
            assert taker.words(late) == ["START", "STOP"]
            assert {state_of(world, each) for each in (early, late)} == {"stopped"}


def test_between_start_and_stop_a_kill_changes_nothing(tmp_path: Path) -> None:
    """Ours: what was acknowledged is not sent again, and the stop goes out at its time."""
    with taking() as taker:
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            world.freeze(EVE)
            take_messages_at(world, taker.url)
            dispatch = plan(world)
            world.advance(to=START_DUE)
            server.kill()
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            another_was_sent(world)
            assert (taker.words(), state_of(world, dispatch)) == (["START"], "acknowledged")
            world.advance(to=BEGIN)
            assert state_of(world, dispatch) == "running"
            server.kill()
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            world.advance(to=END)
            assert (taker.words(), state_of(world, dispatch)) == (["START", "STOP"], "stopped")


def test_retries_go_on_after_a_kill_where_they_were(tmp_path: Path) -> None:
    """Wire format, assumed: 5, 15, 60, 300 s; a restart begins no new ladder."""
    with taking(503, 503, 503, 503, 503) as taker:
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            world.freeze(EVE)
            take_messages_at(world, taker.url)
            dispatch = plan(world)
            world.advance(to="2026-11-02T15:45:06Z")
            server.kill()
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            assert messages_of(world, dispatch) == [("start", "waiting"), ("stop", "waiting")]
            world.advance(to=END)
            assert [at for _, at, _ in attempts_of(world, dispatch)] == [
                "15:45:00", "15:45:05", "15:45:20", "15:46:20", "15:51:20"]
            assert [message.attempt for message in taker.messages] == [1, 2, 3, 4, 5]
            assert state_of(world, dispatch) == "failed"


def test_a_message_that_became_due_while_the_server_was_down_goes_out_at_the_next_start(tmp_path: Path) -> None:
    """Ours: late is better than never; here the clock is twenty times as fast."""
    with taking() as taker:
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            world.freeze("2026-11-02T15:44:00Z")
            take_messages_at(world, taker.url)
            dispatch = plan(world, endTime="2026-11-03T16:00:00Z")
            world.put("/_sim/clock", {"mode": "scaled", "rate": 20})
            server.kill()
        with subprocess_server(folder(tmp_path)) as server:
            taker.has(1)
            eventually(lambda: state_of(server.client(), dispatch) in ("acknowledged", "running"), "it is acknowledged")
            assert taker.words() == ["START"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_kill_at_any_moment_loses_nothing_and_repeats_nothing_that_was_acknowledged(
        tmp_path: Path, seed: int) -> None:
    """Ours: twenty dispatches, killed after so many messages; at least once each, and once if it was recorded so."""
    chance = random.Random(seed)
    with taking() as taker:
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            world.freeze(EVE)
            take_messages_at(world, taker.url)
            dispatches = [plan(world) for _ in range(20)]

            def advance() -> None:
                with another_client(world) as other, pytest.raises(OSError):
                    other.advance(to=END)

            enough = chance.randrange(1, 20)
            side_by_side([advance, lambda: (taker.has(enough), server.kill())])
        before = Counter(message.dispatch for message in taker.messages)
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            recorded = {each for each in dispatches if messages_of(world, each)[0][1] == "delivered"}
            assert recorded <= set(before)
            world.advance(to=END)
            starts = Counter(message.dispatch for message in taker.messages if message.word == "START")
            stops = Counter(message.dispatch for message in taker.messages if message.word == "STOP")
            assert set(starts) == set(stops) == set(dispatches)
            assert {each: starts[each] for each in recorded} == dict.fromkeys(recorded, 1)
            assert max(starts.values()) <= 2
            assert set(stops.values()) == {1}
            assert {state_of(world, each) for each in dispatches} == {"stopped"}


def test_a_simulator_that_is_started_again_in_the_same_process_sends_what_was_under_way_again(
        tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Ours: the answer to the attempt of the one that ended comes too late, and counts for nothing."""
    with taking() as taker:
        with running(data=tmp_path) as simulator:
            world = WorldClient(simulator.url, "default")
            now = world.now()
            world.freeze(now)
            take_messages_at(world, taker.url)
            taker.hold()
            dispatch = plan(world, startTime=now,
                            endTime=(datetime.fromisoformat(now) + timedelta(hours=2)).isoformat())
            taker.has(1)
            world.close()
        with running(data=tmp_path) as simulator:
            world = WorldClient(simulator.url, "default")
            taker.has(2)
            taker.let_go()
            comes_to(world, dispatch, "running")
            assert [message.attempt for message in taker.messages] == [1, 2]
            assert [outcome for _, _, outcome in attempts_of(world, dispatch)] == [None, 200]
            world.close()
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("flexsim-send-")],
               "the threads that send end")
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
