"""When dispatch messages go out on market time, and what they are (wire format, assumed: Dispatch)."""

from __future__ import annotations

import hashlib
import hmac
from itertools import pairwise

import pytest

from simulator import Simulator
from tests.dispatching import (
    BEGIN,
    DAWN,
    END,
    EVE,
    START_DUE,
    Taker,
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

# When messages go out


@pytest.mark.proves("rule/dispatches.sent", "setting/notice_minutes")
def test_the_start_goes_out_fifteen_minutes_before_the_start_time(eve: WorldClient, taker: Taker) -> None:
    """Domain: 15 minutes' notice, public. To the instant: not a millisecond before."""
    dispatch = plan(eve)
    eve.advance(to=DAWN)
    assert (taker.words(), state_of(eve, dispatch)) == ([], "planned")
    eve.advance(to=START_DUE)
    assert (taker.words(), state_of(eve, dispatch)) == (["START"], "acknowledged")
    assert attempts_of(eve, dispatch) == [("start", "15:45:00", 200)]


@pytest.mark.proves("setting/notice_minutes")
def test_the_notice_is_a_setting_and_can_be_said_for_one_dispatch() -> None:
    """Wire format, assumed: noticeMinutes; ours: notice_minutes for all others."""
    with running(notice_minutes=40) as simulator, fresh_world(simulator.url) as world, taking() as taker:
        world.freeze(EVE)
        take_messages_at(world, taker.url)
        usual, short = plan(world), plan(world, noticeMinutes=5)
        world.advance(to=BEGIN)
        assert attempts_of(world, usual) == [("start", "15:20:00", 200)]
        assert attempts_of(world, short) == [("start", "15:55:00", 200)]


def test_a_dispatch_that_is_planned_late_goes_out_at_once(eve: WorldClient, taker: Taker) -> None:
    """Domain, assumed: when the notice cannot be kept any more; also when it should have begun already."""
    eve.advance(to="2026-11-02T15:50:00Z")
    late = plan(eve)
    taker.has(1)
    comes_to(eve, late, "acknowledged")
    eve.advance(to="2026-11-02T16:30:00Z")
    later = plan(eve)
    taker.has(2)
    comes_to(eve, later, "running")
    assert [attempts_of(eve, each)[0][1] for each in (late, later)] == ["15:50:00", "16:30:00"]


def test_an_acknowledged_dispatch_runs_from_its_start_time(eve: WorldClient, taker: Taker) -> None:
    """Domain, states assumed: acknowledged, then running, on market time."""
    dispatch = plan(eve)
    eve.advance(to="2026-11-02T15:59:59Z")
    assert state_of(eve, dispatch) == "acknowledged"
    eve.advance(to=BEGIN)
    assert state_of(eve, dispatch) == "running"
    moved = [entry for entry in eve.journal("dispatch.moved") if entry["data"]["after"] == "running"]
    assert [entry["at"] for entry in moved] == ["2026-11-02T16:00:00+00:00"]


@pytest.mark.proves("rule/dispatches.sent")
def test_the_stop_goes_out_at_the_end(eve: WorldClient, taker: Taker) -> None:
    """Portal guide §3.1: start and stop messages; ours: the stop at the instant of the end."""
    dispatch = plan(eve)
    eve.advance(to="2026-11-02T17:59:59.999Z")
    assert taker.words() == ["START"]
    eve.advance(to=END)
    assert (taker.words(), state_of(eve, dispatch)) == (["START", "STOP"], "stopped")
    assert read(eve, dispatch)["stoppedAt"] == "2026-11-02T18:00:00+00:00"
    eve.advance(by="P2D")
    assert taker.words() == ["START", "STOP"]


def test_an_early_stop_goes_out_at_once_and_only_once(eve: WorldClient, taker: Taker) -> None:
    """Wire format, assumed: POST …/stop; the message carries the end as it is now."""
    dispatch = plan(eve)
    eve.advance(to="2026-11-02T17:00:00Z")
    stop(eve, dispatch)
    told = comes_to(eve, dispatch, "stopped")
    assert told["stoppedAt"] == "2026-11-02T17:00:00+00:00"
    eve.advance(to="2026-11-02T19:00:00Z")
    assert taker.words() == ["START", "STOP"]
    assert taker.messages[1].content["endTime"] == "2026-11-02T17:00:00Z"


@pytest.mark.proves("rule/dispatches.emergency_stop")
def test_an_emergency_stop_goes_out_at_once_while_it_runs(eve: WorldClient, taker: Taker) -> None:
    """Domain: emergency stop exists, public."""
    dispatch = plan(eve)
    eve.advance(to="2026-11-02T16:30:00Z")
    stop(eve, dispatch, emergency=True)
    comes_to(eve, dispatch, "stopped")
    eve.advance(to="2026-11-02T19:00:00Z")
    assert taker.words() == ["START", "EMERGENCY_STOP"]
    assert attempts_of(eve, dispatch)[1] == ("emergency_stop", "16:30:00", 200)


def test_a_stop_between_acknowledgement_and_start_time_goes_out_too(eve: WorldClient, taker: Taker) -> None:
    """Ours: the participant is about to begin."""
    dispatch = plan(eve)
    eve.advance(to=START_DUE)
    stop(eve, dispatch)
    comes_to(eve, dispatch, "stopped")
    eve.advance(to="2026-11-02T19:00:00Z")
    assert (taker.words(), state_of(eve, dispatch)) == (["START", "STOP"], "stopped")


@pytest.mark.parametrize("emergency", [False, True], ids=["stop", "emergency"])
def test_what_is_called_off_before_its_start_was_sent_is_never_sent(
        eve: WorldClient, taker: Taker, emergency: bool) -> None:
    """Domain, assumed: cancelled, and nothing is sent ever."""
    dispatch = plan(eve)
    eve.advance(to=DAWN)
    assert stop(eve, dispatch, emergency)["state"] == "cancelled"
    eve.advance(by="P2D")
    assert (taker.messages, state_of(eve, dispatch)) == ([], "cancelled")
    assert messages_of(eve, dispatch) == [("start", "superseded"), ("stop", "superseded")]


def test_clock_changes_move_no_message(eve: WorldClient, taker: Taker) -> None:
    """Ours: clock change days; 15 minutes are 15 minutes, and the day of an id is London's."""
    autumn = [plan(eve, startTime=f"2027-10-{start}:00Z", endTime="2027-10-31T02:00:00Z")
              for start in ("30T23:15", "31T00:30", "31T01:05")]
    spring = [plan(eve, startTime=f"2027-03-28T{start}:00Z", endTime="2027-03-28T03:00:00Z")
              for start in ("00:30", "01:00", "01:10")]
    assert autumn == ["D-20271031-0001", "D-20271031-0002", "D-20271031-0003"]
    assert spring == ["D-20270328-0001", "D-20270328-0002", "D-20270328-0003"]
    eve.advance(to="2027-11-01T00:00:00Z")
    assert [attempts_of(eve, each)[0][1] for each in spring] == ["00:15:00", "00:45:00", "00:55:00"]
    assert [attempts_of(eve, each)[0][1] for each in autumn] == ["23:00:00", "00:15:00", "00:50:00"]
    assert {state_of(eve, each) for each in autumn + spring} == {"stopped"}


def test_the_day_of_the_autumn_clock_change_of_2026(server: Simulator) -> None:
    """Ours: 2026-10-25 has 25 hours; half past one comes twice, and a dispatch at each is half an hour's notice away
    from nothing but its own start.
    """
    with fresh_world(server.url, now="2026-10-24T22:00:00Z") as world, taking() as taker:
        world.freeze("2026-10-24T22:00:00Z")
        take_messages_at(world, taker.url)
        both = [plan(world, startTime=f"2026-10-25T01:30:00{offset}", endTime="2026-10-25T02:00:00Z")
                for offset in ("+01:00", "+00:00")]
        assert both == ["D-20261025-0001", "D-20261025-0002"]
        world.advance(to="2026-10-25T03:00:00Z")
        assert [attempts_of(world, each) for each in both] == [
            [("start", "00:15:00", 200), ("stop", "02:00:00", 200)],
            [("start", "01:15:00", 200), ("stop", "02:00:00", 200)]]


# What a message is


@pytest.mark.proves("rule/dispatches.headers")
def test_a_message_is_as_the_contract_says(eve: WorldClient, taker: Taker) -> None:
    """Wire format, assumed: POST {base url}/dispatch, JSON, X-Dispatch-Id, X-Attempt; X-Test on tests only."""
    dispatch = plan(eve, powerChangeKw=150.5)
    eve.advance(to=END)
    start, end = taker.messages
    assert start.line == "POST /fsp/dispatch HTTP/1.1"
    assert start.headers["content-type"] == "application/json"
    assert (start.headers["x-dispatch-id"], start.headers["x-attempt"]) == (dispatch, "1")
    assert {"x-test", "authorization", "x-signature"}.isdisjoint(start.headers)
    assert start.content == {
        "dispatchId": dispatch, "instruction": "START", "startTime": "2026-11-02T16:00:00Z",
        "endTime": "2026-11-02T18:00:00Z", "powerChangeKw": 150.5, "meterableUnitIds": ["MU-1001", "MU-1002"]}
    assert end.content == {**start.content, "instruction": "STOP"}


@pytest.mark.proves("rule/dispatches.headers")
def test_each_attempt_is_the_same_but_for_its_number(eve: WorldClient) -> None:
    """Wire format, assumed: the same message again; X-Attempt counts."""
    with taking(503, 500, 429, 599) as taker:
        take_messages_at(eve, taker.url, auth="hmac", secret="our-secret")
        plan(eve)
        eve.advance(to=BEGIN)
        assert [message.attempt for message in taker.messages] == [1, 2, 3, 4, 5]
        assert len({message.body for message in taker.messages}) == 1
        for message in taker.messages:
            del message.headers["x-attempt"]
        assert all(one.headers == other.headers for one, other in pairwise(taker.messages))


@pytest.mark.proves("rule/dispatches.proof_of_sender")
def test_bearer_and_signature_prove_who_sends(eve: WorldClient, taker: Taker) -> None:
    """Wire format, assumed: bearer, or X-Signature: sha256=<hex HMAC of the body>."""
    eve.freeze("2026-11-02T15:50:00Z")
    take_messages_at(eve, taker.url, auth="bearer", secret="s3cret")
    plan(eve)
    bearer = taker.has(1)[0]
    take_messages_at(eve, taker.url, auth="hmac", secret="s3cret")
    plan(eve)
    signed = taker.has(2)[1]
    assert bearer.headers["authorization"] == "Bearer s3cret"
    assert signed.headers["x-signature"] == f"sha256={hmac.new(b's3cret', signed.body, hashlib.sha256).hexdigest()}"
    assert "x-signature" not in bearer.headers
    assert "authorization" not in signed.headers
