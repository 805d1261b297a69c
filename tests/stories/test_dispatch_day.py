"""A day with the reference participant: the platform dispatches, it obeys, and its readings show it.

Ours; wire format, assumed.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator import Simulator
from tests.dispatching import comes_to, messages_of, plan, state_of, stop, take_messages_at
from tests.servers import NOW, WorldClient, eventually, fresh_world, running
from tests.stories.participants import UNIT, Participant, participating, reported

IDLE_KW, EVENT_KW = -20.0, 130.0


@pytest.fixture(scope="module")
def wordy_server() -> Iterator[Simulator]:
    """A simulator whose journal keeps whole bodies."""
    with running(journal_body_characters=5_000_000) as simulator:
        yield simulator


@pytest.fixture
def world(wordy_server: Simulator) -> Iterator[WorldClient]:
    """A world that stands at 17:00 UTC."""
    with fresh_world(wordy_server.url) as client:
        client.freeze(NOW)
        yield client


def dispatched(world: WorldClient) -> str:
    """150 kW of the battery from 17:20 to 18:00; the start message goes out at 17:05."""
    return plan(world, meterableUnitIds=[UNIT], startTime="2026-11-02T17:20:00Z", endTime="2026-11-02T18:00:00Z")


def heard(participant: Participant) -> list[tuple[str, str]]:
    """(dispatch, instruction) of all messages that the participant obeyed."""
    return [(each["dispatchId"], each["instruction"]) for each in participant.health()["latestDispatches"]]


def powers(world: WorldClient, until: str) -> dict[str, float]:
    """The power of each minute that differs from idle, by the minute's end."""
    return {clock: kw for clock, kw in reported(world, until).items() if kw != IDLE_KW}


def minutes(first: int, last: int, hour: int = 17) -> list[str]:
    return [f"{hour}:{minute:02}" for minute in range(first, last + 1)]


def test_from_the_notice_to_the_stop_its_readings_follow(world: WorldClient) -> None:
    """Ours: dispatch, acknowledgement, readings as instructed, stop, readings as before; in virtual time."""
    with participating(world.url) as participant:
        take_messages_at(world, participant.url)
        dispatch = dispatched(world)
        world.advance(to="2026-11-02T17:06:00Z")
        assert (state_of(world, dispatch), heard(participant)) == ("acknowledged", [(dispatch, "START")])
        world.advance(to="2026-11-02T17:40:00Z")
        assert state_of(world, dispatch) == "running"
        assert powers(world, "17:40") == dict.fromkeys(minutes(21, 40), EVENT_KW)
        world.advance(to="2026-11-02T18:30:00Z")
        assert state_of(world, dispatch) == "stopped"
        assert powers(world, "18:30") == dict.fromkeys([*minutes(21, 59), "18:00"], EVENT_KW)
        assert sorted(heard(participant)) == [(dispatch, "START"), (dispatch, "STOP")]
    answers = [entry["data"]["answer_body"] for entry in world.journal("http.out")]
    assert ['"repeat":false' in answer.replace(" ", "") for answer in answers] == [True, True]


@pytest.mark.parametrize("emergency", [False, True], ids=["stop", "emergency"])
def test_when_the_control_room_stops_it_the_readings_return(world: WorldClient, emergency: bool) -> None:
    """Domain: stop and emergency stop mean now."""
    with participating(world.url) as participant:
        take_messages_at(world, participant.url)
        dispatch = dispatched(world)
        world.advance(to="2026-11-02T17:30:00Z")
        stop(world, dispatch, emergency)
        comes_to(world, dispatch, "stopped")
        world.advance(to="2026-11-02T18:30:00Z")
        assert powers(world, "18:30") == dict.fromkeys(minutes(21, 30), EVENT_KW)
        word = "EMERGENCY_STOP" if emergency else "STOP"
        assert sorted(heard(participant)) == sorted([(dispatch, "START"), (dispatch, word)])


def test_a_participant_that_refuses_at_first_is_told_again(world: WorldClient) -> None:
    """Wire format, assumed: 5xx is retried after 5 and 15 s; the event is the same, for there was notice enough."""
    with participating(world.url, "--rude", "2") as participant:
        take_messages_at(world, participant.url)
        dispatch = dispatched(world)
        world.advance(to="2026-11-02T18:30:00Z")
        assert messages_of(world, dispatch) == [("start", "delivered"), ("stop", "delivered")]
        assert [(entry["at"][11:19], entry["data"]["status"]) for entry in world.journal("http.out")] == [
            ("17:05:00", 500), ("17:05:05", 500), ("17:05:20", 200), ("18:00:00", 200)]
        assert powers(world, "18:30") == dict.fromkeys([*minutes(21, 59), "18:00"], EVENT_KW)


@pytest.mark.parametrize(("option", "auth"), [("--bearer", "bearer"), ("--hmac", "hmac")])
def test_a_participant_that_wants_proof_gets_it(world: WorldClient, option: str, auth: str) -> None:
    """Wire format, assumed: optional outbound auth; with the wrong secret the dispatch fails, as 401 is final."""
    with participating(world.url, option, "our-secret") as participant:
        take_messages_at(world, participant.url, auth=auth, secret="not-that-one")
        wrong = dispatched(world)
        world.advance(to="2026-11-02T17:06:00Z")
        assert (state_of(world, wrong), heard(participant)) == ("failed", [])
        take_messages_at(world, participant.url, auth=auth, secret="our-secret")
        right = dispatched(world)
        comes_to(world, right, "acknowledged")
        assert heard(participant) == [(right, "START")]


def test_a_participant_that_is_killed_is_told_again_when_it_is_back(world: WorldClient) -> None:
    """Wire format, assumed: network errors are retried; here somebody else takes over at another address."""
    with participating(world.url) as participant:
        take_messages_at(world, participant.url)
        participant.process.kill()
        participant.process.wait()
    dispatch = dispatched(world)
    world.advance(to="2026-11-02T17:05:06Z")
    assert state_of(world, dispatch) == "sent"
    with participating(world.url) as participant:
        take_messages_at(world, participant.url)
        world.advance(to="2026-11-02T17:30:00Z")
        assert (state_of(world, dispatch), heard(participant)) == ("running", [(dispatch, "START")])
        eventually(lambda: powers(world, "17:30") == dict.fromkeys(minutes(21, 30), EVENT_KW), "readings follow")
