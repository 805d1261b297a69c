"""Dispatch messages that are not acknowledged: tried again, superseded, given up (wire format, assumed: Dispatch)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from simulator import Simulator
from tests.dispatching import (
    BEGIN,
    END,
    EVE,
    HANG,
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
from tests.servers import WorldClient, fresh_world, running


@pytest.fixture(scope="module")
def hasty_server() -> Iterator[Simulator]:
    """A simulator that waits one second for an answer."""
    with running(dispatch_timeout_seconds=1) as simulator:
        yield simulator


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


# What is tried again


@pytest.mark.proves("rule/messages.tried_again", "setting/retry_seconds")
def test_a_failed_attempt_is_made_again_on_market_time(eve: WorldClient) -> None:
    """Wire format, assumed: after 5, 15, 60, 300 s of market time; here the last attempt is taken."""
    with taking(503, 500, 502, 599) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(to="2026-11-02T15:45:04Z")
        assert (len(taker.messages), state_of(eve, dispatch)) == (1, "sent")
        eve.advance(to=BEGIN)
        assert attempts_of(eve, dispatch) == [
            ("start", "15:45:00", 503), ("start", "15:45:05", 500), ("start", "15:45:20", 502),
            ("start", "15:46:20", 599), ("start", "15:51:20", 200)]
        assert state_of(eve, dispatch) == "running"


def test_after_the_fifth_failure_the_dispatch_has_failed(eve: WorldClient) -> None:
    """Wire format, assumed: four waits; ours: what did not start need not be stopped at its end."""
    with taking(*[503] * 5) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(by="P1D")
        assert (len(taker.messages), state_of(eve, dispatch)) == (5, "failed")
        assert messages_of(eve, dispatch) == [("start", "failed"), ("stop", "superseded")]


def test_the_waits_are_a_setting() -> None:
    """Ours: retry_seconds."""
    with (running(retry_seconds=(1, 2)) as simulator, fresh_world(simulator.url) as world,
          taking(503, 503, 503) as taker):
        world.freeze(EVE)
        take_messages_at(world, taker.url)
        dispatch = plan(world)
        world.advance(to=END)
        assert attempts_of(world, dispatch) == [
            ("start", "15:45:00", 503), ("start", "15:45:01", 503), ("start", "15:45:03", 503)]
        assert state_of(world, dispatch) == "failed"


@pytest.mark.parametrize(("fields", "again"), [
    ({"Retry-After": "120"}, "15:47:00"), ({"Retry-After": "1"}, "15:45:05"),
    ({"Retry-After": "Mon, 02 Nov 2026 15:50:00 GMT"}, "15:50:00"),
    ({"Retry-After": "Sun, 01 Jan 2023 00:02:00 GMT", "Date": "Sun, 01 Jan 2023 00:00:00 GMT"}, "15:47:00"),
    ({"Retry-After": "soon"}, "15:45:05"),
], ids=str)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_on_market_time(
        eve: WorldClient, status: int, fields: dict[str, str], again: str) -> None:
    """Wire format, assumed: Retry-After honoured, seconds or a date; it never makes a wait shorter."""
    with taking((status, fields)) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(to=BEGIN)
        assert attempts_of(eve, dispatch) == [("start", "15:45:00", status), ("start", again, 200)]
        assert len(taker.messages) == 2


@pytest.mark.parametrize("answer", [400, 401, 404, 410, 422, (302, {"Location": "/elsewhere"}),
                                    (307, {"Location": "/fsp/dispatch"}), (308, {"Location": "/"})], ids=str)
def test_other_4xx_and_redirects_are_final(eve: WorldClient, answer: Any) -> None:
    """Wire format, assumed: other 4xx and redirects are final failures; redirects are not followed."""
    with taking(answer) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(by="P1D")
        assert (len(taker.messages), state_of(eve, dispatch)) == (1, "failed")
        assert messages_of(eve, dispatch) == [("start", "failed"), ("stop", "superseded")]


def test_what_failed_can_still_be_stopped_by_hand(eve: WorldClient) -> None:
    """Ours: a start that seemed to fail may have arrived all the same."""
    with taking(404) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(to=BEGIN)
        assert state_of(eve, dispatch) == "failed"
        stop(eve, dispatch, emergency=True)
        comes_to(eve, dispatch, "stopped")
        assert taker.words() == ["START", "EMERGENCY_STOP"]


def test_a_stop_that_was_asked_for_during_the_last_attempt_still_goes_out(eve: WorldClient) -> None:
    """Ours: the control room was told that it will; that the start fails for good must not take it back."""
    with taking(404) as taker:
        take_messages_at(eve, taker.url)
        eve.freeze("2026-11-02T15:50:00Z")
        taker.hold()
        dispatch = plan(eve)
        taker.has(1)
        stop(eve, dispatch, emergency=True)
        taker.let_go()
        comes_to(eve, dispatch, "stopped")
        assert taker.words() == ["START", "EMERGENCY_STOP"]


def test_a_stop_is_tried_again_like_a_start(eve: WorldClient) -> None:
    """Wire format, assumed: each message; and a stop that fails for good is a failed dispatch, which can be stopped by
    hand.
    """
    with taking(200, *[503] * 5) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(to="2026-11-02T18:01:00Z")
        assert state_of(eve, dispatch) == "running"
        eve.advance(to="2026-11-02T19:00:00Z")
        assert state_of(eve, dispatch) == "failed"
        assert [at for _, at, _ in attempts_of(eve, dispatch)] == [
            "15:45:00", "18:00:00", "18:00:05", "18:00:20", "18:01:20", "18:06:20"]
        stop(eve, dispatch)
        comes_to(eve, dispatch, "stopped")
        assert taker.words() == ["START"] + ["STOP"] * 6


def test_a_stop_by_hand_while_a_stop_is_retried_begins_anew(eve: WorldClient) -> None:
    """Ours: an emergency does not wait for the next step of an ordinary stop."""
    with taking(200, 503, 503) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(to="2026-11-02T18:00:06Z")
        stop(eve, dispatch, emergency=True)
        comes_to(eve, dispatch, "stopped")
        eve.advance(by="PT1H")
        assert taker.words() == ["START", "STOP", "STOP", "EMERGENCY_STOP"]
        assert messages_of(eve, dispatch) == [
            ("start", "delivered"), ("stop", "superseded"), ("emergency_stop", "delivered")]


@pytest.mark.parametrize("emergency", [False, True], ids=["stop", "emergency"])
def test_a_stop_while_the_start_is_retried_takes_its_place(eve: WorldClient, emergency: bool) -> None:
    """Ours: the start is not sent again, the stop is, for the start may have arrived."""
    with taking(503) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(to="2026-11-02T15:45:01Z")
        stop(eve, dispatch, emergency)
        comes_to(eve, dispatch, "stopped")
        eve.advance(by="PT5H")
        word = "EMERGENCY_STOP" if emergency else "STOP"
        assert taker.words() == ["START", word]
        assert messages_of(eve, dispatch) == [("start", "superseded"), (word.lower(), "delivered")]


def test_a_start_that_is_still_retried_at_the_end_is_superseded_by_the_stop(eve: WorldClient) -> None:
    """Ours: a start makes no sense any more when the end has come."""
    with taking((503, {"Retry-After": "86400"})) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(by="P3D")
        assert (taker.words(), state_of(eve, dispatch)) == (["START", "STOP"], "stopped")
        assert messages_of(eve, dispatch) == [("start", "superseded"), ("stop", "delivered")]


@pytest.mark.proves("setting/dispatch_timeout_seconds")
def test_an_endpoint_that_does_not_answer_in_time_has_failed(hasty_server: Simulator) -> None:
    """Wire format, assumed: within 10 s (here 1 s); a timeout is retried."""
    with fresh_world(hasty_server.url) as world, taking(HANG, HANG) as taker:
        world.freeze(EVE)
        take_messages_at(world, taker.url)
        dispatch = plan(world)
        world.advance(to=BEGIN)
        assert attempts_of(world, dispatch) == [
            ("start", "15:45:00", "timeout"), ("start", "15:45:05", "timeout"), ("start", "15:45:20", 200)]
        assert "within 1 s" in read(world, dispatch)["messages"][0]["attempts"][0]["reason"]


def test_nobody_listens(eve: WorldClient) -> None:
    """Wire format, assumed: network errors are retried."""
    take_messages_at(eve, f"http://127.0.0.1:{closed_port()}")
    dispatch = plan(eve)
    eve.advance(to=END)
    assert [(at, failure) for _, at, failure in attempts_of(eve, dispatch)] == [
        (at, "connection_refused") for at in ("15:45:00", "15:45:05", "15:45:20", "15:46:20", "15:51:20")]
    assert state_of(eve, dispatch) == "failed"


def test_without_an_endpoint_the_reason_says_what_to_do(eve: WorldClient) -> None:
    """Ours: and it is tried again, so that there is time to set one."""
    dispatch = plan(eve)
    eve.advance(to="2026-11-02T15:45:06Z")
    assert [(at, failure) for _, at, failure in attempts_of(eve, dispatch)] == [
        ("15:45:00", "no_endpoint"), ("15:45:05", "no_endpoint")]
    assert "Participant endpoint base url" in read(eve, dispatch)["messages"][0]["attempts"][0]["reason"]
    with taking() as taker:
        take_messages_at(eve, taker.url)
        eve.advance(to=BEGIN)
        assert (taker.words(), state_of(eve, dispatch)) == (["START"], "running")
