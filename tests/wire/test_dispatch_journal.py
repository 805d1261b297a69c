"""Dispatches in the journal: what led to what, bodies, and no secrets (wire format, assumed: Simulator surface)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator import Simulator
from tests.builders import kinds_of
from tests.dispatching import (
    BEGIN,
    END,
    START_DUE,
    Taker,
    another_client,
    comes_to,
    plan,
    read,
    stop,
    take_messages_at,
    taking,
)
from tests.servers import WorldClient, side_by_side

# What the journal keeps


def facts_of(world: WorldClient) -> list[dict[str, Any]]:
    """The journal's entries about dispatches and their messages."""
    return [entry for entry in world.journal() if entry["kind"].split(".")[0] in ("dispatch", "message")
            or entry["kind"] == "http.out"]


def test_the_journal_tells_what_led_to_what(eve: WorldClient) -> None:
    """Wire format, assumed: causedBy; a message is caused by the plan, and what follows from an answer by the
    exchange.
    """
    with taking(503) as taker:
        take_messages_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(to=END)
        entries = facts_of(eve)
        kind_of = {entry["id"]: entry["kind"] for entry in eve.journal()}
        found = [(entry["at"][11:19], entry["kind"], entry["data"].get("after"), kind_of.get(entry["causedBy"]))
                 for entry in entries]
        assert sorted(found, key=str) == sorted([
            ("15:00:00", "dispatch.planned", None, "http.in"),
            ("15:45:00", "dispatch.moved", "sent", "dispatch.planned"),
            ("15:45:00", "http.out", None, "dispatch.planned"),
            ("15:45:00", "message.waits", None, "http.out"),
            ("15:45:05", "http.out", None, "dispatch.planned"),
            ("15:45:05", "message.delivered", None, "http.out"),
            ("15:45:05", "dispatch.moved", "acknowledged", "http.out"),
            ("16:00:00", "dispatch.moved", "running", None),
            ("18:00:00", "http.out", None, "dispatch.planned"),
            ("18:00:00", "message.delivered", None, "http.out"),
            ("18:00:00", "dispatch.moved", "stopped", "http.out")], key=str)
        assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
        waits = next(entry for entry in entries if entry["kind"] == "message.waits")
        assert waits["data"]["next_at"] == "2026-11-02T15:45:05+00:00"
        attempts = [attempt["journalEntry"] for message in read(eve, dispatch)["messages"]
                    for attempt in message["attempts"]]
        assert attempts == [entry["id"] for entry in entries if entry["kind"] == "http.out"]


def test_an_early_stop_is_caused_by_who_asked_for_it(eve: WorldClient, taker: Taker) -> None:
    """Wire format, assumed: causedBy."""
    dispatch = plan(eve)
    eve.advance(to=BEGIN)
    stop(eve, dispatch)
    comes_to(eve, dispatch, "stopped")
    asked, = eve.journal("dispatch.stop_asked")
    sent = eve.journal("http.out")[-1]
    assert sent["causedBy"] == asked["id"]
    assert asked["data"] == {"dispatch": dispatch, "emergency": False}


def test_an_exchange_is_kept_with_both_bodies_and_how_long_it_took(eve: WorldClient, taker: Taker) -> None:
    """Wire format, assumed: in- and outbound HTTP."""
    dispatch = plan(eve)
    eve.advance(to=START_DUE)
    entry, = eve.journal("http.out")
    data = entry["data"]
    assert (data["surface"], data["participant"], data["dispatch"], data["attempt"]) == (
        "dispatch", "brindle", dispatch, 1)
    assert (data["method"], data["url"]) == ("POST", f"{taker.url}/dispatch")
    assert (data["status"], data["failure"]) == (200, None)
    assert json.loads(data["request_body"]) == taker.messages[0].content
    assert data["ms"] > 0
    assert [step for step, _ in data["steps"]] == ["dns", "tcp", "sent", "first_byte", "total"]


def test_an_exchange_is_in_the_journal_while_it_is_under_way(eve: WorldClient, taker: Taker) -> None:
    """Ours: who looks at a server that hangs sees what it waits for."""
    eve.advance(to="2026-11-02T15:50:00Z")
    taker.hold()
    dispatch = plan(eve)
    taker.has(1)
    entry, = eve.journal("http.out")
    assert "status" not in entry["data"]
    taker.let_go()
    comes_to(eve, dispatch, "acknowledged")
    assert eve.journal("http.out")[0]["data"]["status"] == 200


@pytest.mark.parametrize(("auth", "header", "kept"), [
    ("bearer", "Authorization", "Bearer ***"), ("hmac", "X-Signature", "***")])
def test_secrets_are_masked(eve: WorldClient, taker: Taker, auth: str, header: str, kept: str) -> None:
    """Wire format, assumed: secrets masked."""
    take_messages_at(eve, taker.url, auth=auth, secret="not-for-the-journal")
    plan(eve)
    eve.advance(to=START_DUE)
    entry, = eve.journal("http.out")
    assert entry["data"]["request_headers"][header] == kept
    assert "not-for-the-journal" not in eve.get("/_sim/journal").text
    proof = taker.messages[0].headers[header.lower()]
    assert proof.removeprefix("sha256=").removeprefix("Bearer ") not in eve.get("/_sim/journal").text


def test_many_who_plan_at_once_get_ids_of_their_own(server: Simulator, eve: WorldClient, taker: Taker) -> None:
    """Ours: ids count without gaps or twins, and each message is sent once."""
    def some() -> list[str]:
        with another_client(eve) as client:
            return [plan(client) for _ in range(5)]

    made = sum(side_by_side([some] * 4), [])
    assert sorted(made) == [f"D-20261102-{number:04}" for number in range(1, 21)]
    eve.advance(to=END)
    assert sorted(taker.words()) == ["START"] * 20 + ["STOP"] * 20
    assert kinds_of(eve.journal("message.")) == ["message.delivered"] * 40
