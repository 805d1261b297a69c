"""Faults of messages to a participant's endpoint (ours: /_sim/faults for the surface dispatch)."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any

import pytest

from tests.dispatching import BEGIN, END, START_DUE, Taker, attempts_of, plan, read, state_of, take_messages_at
from tests.servers import WorldClient


def switch_on(world: WorldClient, effect: dict[str, Any], **rest: Any) -> None:
    answer = world.post("/_sim/faults", {"match": {"surface": "dispatch", **rest.pop("match", {})}, "effect": effect,
                                         **rest})
    assert answer.status_code == 201, answer.text


def reasons(world: WorldClient, dispatch: str) -> list[str | None]:
    return [attempt["reason"] for message in read(world, dispatch)["messages"] for attempt in message["attempts"]]


def test_a_status_is_pretended_and_the_message_is_tried_again(eve: WorldClient, taker: Taker) -> None:
    """Ours: `status`: the platform sees a 503, the endpoint sees nothing of that attempt."""
    switch_on(eve, {"status": 503}, when={"times": 2})
    dispatch = plan(eve)
    eve.advance(to=BEGIN)
    assert attempts_of(eve, dispatch) == [("start", "15:45:00", 503), ("start", "15:45:05", 503),
                                          ("start", "15:45:20", 200)]
    assert [message.attempt for message in taker.messages] == [3]
    assert all("fault" in (reason or "") and "not sent" in (reason or "") for reason in reasons(eve, dispatch)[:2])


def test_a_lost_message_is_tried_again(eve: WorldClient, taker: Taker) -> None:
    """Ours: `drop`, on the way there."""
    switch_on(eve, {"drop": "request"}, when={"times": 1})
    dispatch = plan(eve)
    eve.advance(to=BEGIN)
    assert attempts_of(eve, dispatch) == [("start", "15:45:00", "fault"), ("start", "15:45:05", 200)]
    assert "lost the message" in (reasons(eve, dispatch)[0] or "")
    assert [message.attempt for message in taker.messages] == [2]


def test_a_lost_acknowledgement_makes_the_message_come_twice(eve: WorldClient, taker: Taker) -> None:
    """Ours: `drop`, on the way back: what an FSP must survive; at least once."""
    switch_on(eve, {"drop": "answer"}, when={"times": 1})
    dispatch = plan(eve)
    eve.advance(to=BEGIN)
    assert [message.attempt for message in taker.messages] == [1, 2]
    assert taker.messages[0].body == taker.messages[1].body
    assert state_of(eve, dispatch) == "running"


def test_a_duplicate_is_the_same_message_twice(eve: WorldClient, taker: Taker) -> None:
    """Ours: `duplicate`."""
    switch_on(eve, {"duplicate": True}, when={"times": 1})
    dispatch = plan(eve)
    eve.advance(to=END)
    assert taker.words() == ["START", "START", "STOP"]
    assert [message.attempt for message in taker.messages] == [1, 1, 1]
    assert attempts_of(eve, dispatch) == [("start", "15:45:00", 200), ("stop", "18:00:00", 200)]


def test_a_message_out_of_order_comes_behind_the_next_one(eve: WorldClient, taker: Taker) -> None:
    """Ours: `out of order`: STOP before START, as networks with two ways can do it."""
    switch_on(eve, {"outOfOrder": True}, when={"times": 1})
    dispatch = plan(eve)
    eve.advance(to=BEGIN)
    assert (taker.words(), state_of(eve, dispatch)) == ([], "sent")
    eve.advance(to=END)
    assert taker.words() == ["STOP", "START"]
    assert state_of(eve, dispatch) == "stopped"


def test_a_message_with_none_behind_it_is_not_held_back(eve: WorldClient, taker: Taker) -> None:
    """Ours: or it would never go out."""
    plan(eve)
    eve.advance(to=BEGIN)
    switch_on(eve, {"outOfOrder": True})
    eve.advance(to=END)
    assert taker.words() == ["START", "STOP"]


def test_a_truncated_body_is_no_longer_json(eve: WorldClient, taker: Taker) -> None:
    """Ours: `truncate`."""
    switch_on(eve, {"truncate": 20}, when={"times": 1})
    plan(eve)
    eve.advance(to=BEGIN)
    assert len(taker.messages[0].body) == 20
    with pytest.raises(ValueError):
        _ = taker.messages[0].content


def test_a_bad_signature_is_wrong_and_the_next_one_right(eve: WorldClient, taker: Taker) -> None:
    """Ours: `bad signature`."""
    secret = "a-shared-secret"
    take_messages_at(eve, taker.url, auth="hmac", secret=secret)
    switch_on(eve, {"badSignature": True}, when={"times": 1})
    plan(eve)
    eve.advance(to=END)
    right = [message.headers["x-signature"] == "sha256=" + hmac.new(
        secret.encode(), message.body, hashlib.sha256).hexdigest() for message in taker.messages]
    assert right == [False, True]


def test_a_delay_is_of_the_wall_clock(eve: WorldClient, taker: Taker) -> None:
    """Ours: `delay`; market time stands meanwhile."""
    switch_on(eve, {"delayMs": 300}, when={"times": 1})
    dispatch = plan(eve)
    before = time.monotonic()
    eve.advance(to=START_DUE)
    assert time.monotonic() - before >= 0.3
    assert attempts_of(eve, dispatch) == [("start", "15:45:00", 200)]


def test_the_effect_is_a_fact_on_the_exchange_it_touched(eve: WorldClient, taker: Taker) -> None:
    """Ours: each effect is a journal fact on the exchange it touched."""
    switch_on(eve, {"drop": "answer"}, when={"nth": 2})
    plan(eve)
    eve.advance(to=END)
    applied = eve.journal("fault.applied")[0]
    exchange = next(entry for entry in eve.journal("http.out") if entry["id"] == applied["causedBy"])
    assert exchange["data"]["request_body"].find('"STOP"') > 0
    assert applied["data"]["effect"] == {"drop": "answer"}


def test_a_fault_can_be_for_one_participant(eve: WorldClient, taker: Taker) -> None:
    """Wire format, assumed: match.participant: whom the message is for."""
    switch_on(eve, {"status": 500}, match={"participant": "tamar"})
    dispatch = plan(eve)
    eve.advance(to=BEGIN)
    assert attempts_of(eve, dispatch) == [("start", "15:45:00", 200)]
