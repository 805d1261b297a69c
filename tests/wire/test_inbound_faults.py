"""Faults of calls and pages (ours: /_sim/faults for the surfaces participant and portal; effects are facts)."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from simulator import Simulator
from tests.builders import reading, refusal
from tests.servers import WorldClient, fresh_world, running, side_by_side

FRESH = "2026-11-02T17:01:00Z"
"""A minute that the fixture has no reading of yet."""


def switch_on(world: WorldClient, effect: dict[str, Any], surface: str = "participant", **rest: Any) -> int:
    match = {"surface": surface, **rest.pop("match", {})}
    answer = world.post("/_sim/faults", {"match": match, "effect": effect, **rest})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def send(world: WorldClient, **options: Any) -> requests.Response:
    return world.send(reading(timestamp=FRESH), **options)


def facts(world: WorldClient, kind: str) -> list[dict[str, Any]]:
    return [entry["data"] for entry in world.journal(kind)]


def test_a_call_is_answered_with_the_faults_status_and_does_nothing(world: WorldClient) -> None:
    """Ours: `status`; nothing of the message is stored."""
    fault = switch_on(world, {"status": 503}, when={"times": 1})
    body = refusal(send(world), 503)
    assert "fault" in body["detail"]
    assert world.journal("readings.accepted") == []
    assert send(world).json()["created"] == 1, "only once"
    assert world.get("/_sim/faults").json()["faults"][0] | {"effect": 0, "match": 0, "when": 0} == {
        "id": fault, "match": 0, "effect": 0, "when": 0, "seed": 0, "seen": 2, "applied": 1}


def test_the_effect_is_a_fact_on_the_exchange_it_touched(world: WorldClient) -> None:
    """Ours: each effect is a journal fact on the exchange it touched."""
    fault = switch_on(world, {"status": 503}, when={"times": 1})
    answer = send(world)
    applied, = world.journal("fault.applied")
    exchange, = [entry for entry in world.journal("http.in") if entry["data"]["surface"] == "participant"]
    assert applied["causedBy"] == exchange["id"] == int(answer.headers["X-Request-Id"])
    assert applied["data"] == {"fault": fault, "surface": "participant", "effect": {"status": 503}}
    assert (exchange["data"]["status"], exchange["data"]["path"]) == (503, f"/w/{world.name}/api/v2/readings")
    assert world.token not in str(world.journal())


def test_a_delayed_call_is_answered_later_and_stored(world: WorldClient) -> None:
    """Ours: `delay`, of the wall clock."""
    switch_on(world, {"delayMs": 400})
    before = time.monotonic()
    assert send(world).json()["created"] == 1
    assert time.monotonic() - before >= 0.4
    applied, = world.journal("fault.applied")
    accepted, = world.journal("readings.accepted")
    assert applied["causedBy"] == accepted["causedBy"]


def test_many_delayed_calls_keep_nobody_from_working(server: Simulator, world: WorldClient) -> None:
    """Ours: a delay holds no thread; twenty of them side by side take little longer than one."""
    switch_on(world, {"delayMs": 1_000})
    before = time.monotonic()
    answers = side_by_side([lambda: send(world).status_code] * 20 + [lambda: world.get("/_sim/clock").status_code])
    assert set(answers) == {200}
    assert time.monotonic() - before < 10


def test_a_lost_request_is_not_stored_and_never_answered(world: WorldClient) -> None:
    """Ours: `drop`, on the way there: the client's own patience ends it."""
    switch_on(world, {"drop": "request"}, when={"times": 1})
    with pytest.raises(requests.ReadTimeout):
        world.session.post(world.url + "/api/v2/readings", json=reading(timestamp=FRESH), timeout=0.5,
                           headers={"Authorization": f"Bearer {world.token}"})
    assert world.journal("readings.accepted") == []
    exchange, = [entry for entry in world.journal("http.in") if entry["data"]["surface"] == "participant"]
    assert exchange["data"]["status"] is None
    assert send(world).json()["created"] == 1


def test_a_lost_answer_leaves_the_reading_stored_so_that_a_retry_replaces_it(world: WorldClient) -> None:
    """Ours: `drop`, on the way back: what a client that repeats safely must survive."""
    switch_on(world, {"drop": "answer"}, when={"times": 1})
    with pytest.raises(requests.ReadTimeout):
        world.session.post(world.url + "/api/v2/readings", json=reading(timestamp=FRESH), timeout=1,
                           headers={"Authorization": f"Bearer {world.token}"})
    assert facts(world, "readings.accepted")[0]["created"] == 1
    assert send(world).json()["updated"] == 1


def test_a_truncated_answer_breaks_off(world: WorldClient) -> None:
    """Ours: `truncate`: fewer bytes come than were announced."""
    switch_on(world, {"truncate": 10})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        send(world)
    assert facts(world, "readings.accepted")[0]["created"] == 1


def test_effects_go_together(world: WorldClient) -> None:
    """Ours: late, and then refused."""
    switch_on(world, {"delayMs": 300, "status": 429})
    before = time.monotonic()
    refusal(send(world), 429)
    assert time.monotonic() - before >= 0.3


def test_a_fault_can_be_for_one_participant(server: Simulator) -> None:
    """Wire format, assumed: match.participant: whose token it is."""
    with fresh_world(server.url) as world:
        switch_on(world, {"status": 503}, match={"participant": "tamar"})
        assert send(world).status_code == 200
        switch_on(world, {"status": 500}, match={"participant": "brindle"})
        assert send(world).status_code == 500
        assert send(world, token=None).status_code == 401


def test_a_fault_can_be_for_one_route(world: WorldClient) -> None:
    """Wire format, assumed: match.route."""
    switch_on(world, {"status": 503}, surface="portal", match={"route": "/meterable-*"})
    assert world.get("/sign-in").status_code == 200
    answer = world.get("/meterable-units")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith("text/html") and "simulator" in answer.text


def test_pages_of_the_simulator_itself_are_never_touched(world: WorldClient) -> None:
    """Ours: or a fault could not be switched off any more."""
    switch_on(world, {"status": 503}, surface="portal")
    for path in ("/_sim/clock", "/console", "/static/portal.css", "/_sim/health"):
        assert world.get(path).status_code == 200, path
    assert world.get("/sign-in").status_code == 503
    assert world.delete("/_sim/faults").status_code == 204
    assert world.get("/sign-in").status_code == 200


def test_faults_can_be_switched_off_one_by_one(world: WorldClient) -> None:
    """Wire format, assumed: DELETE /_sim/faults/{id}."""
    one, two = switch_on(world, {"status": 503}), switch_on(world, {"status": 500})
    assert send(world).status_code == 500, "the later one wins where both say the same"
    assert world.delete(f"/_sim/faults/{two}").status_code == 204
    assert send(world).status_code == 503
    assert world.delete(f"/_sim/faults/{one}").status_code == 204
    assert send(world).status_code == 200
    refusal(world.delete(f"/_sim/faults/{one}"), 404)
    assert [fact["switched"] for fact in facts(world, "faults.changed")] == ["on", "on", "off", "off"]


def test_faults_stay_in_their_world_and_go_with_a_reset(server: Simulator, world: WorldClient) -> None:
    """Wire format, assumed: each world has its own faults."""
    switch_on(world, {"status": 503})
    with fresh_world(server.url) as other:
        assert send(other).status_code == 200
    assert send(world).status_code == 503
    assert world.post("/_sim/reset").ok
    assert send(world).status_code == 200


def test_the_same_seed_gives_the_same_run(server: Simulator) -> None:
    """Ours: `probability` with seed."""
    runs = []
    for _ in range(2):
        with fresh_world(server.url) as world:
            switch_on(world, {"status": 503}, when={"probability": 0.5}, seed=11)
            runs.append([send(world).status_code for _ in range(16)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 503}


@pytest.mark.parametrize(("body", "places"), [
    ({}, {""}), ({"match": {"surface": "moon"}, "effect": {"status": 503}}, {"/match/surface"}),
    ({"match": {"surface": "portal"}, "effect": {"status": 7, "duplicate": True}},
     {"/effect/status", "/effect/duplicate"}),
    ({"match": {"surface": "portal"}, "effect": {"status": 503}, "when": {"nth": 0, "probability": 2}},
     {"/when/nth", "/when/probability"}),
    ({"match": {"surface": "portal", "participant": "brindle"}, "effect": {"status": 503}}, {"/match/participant"})])
def test_a_fault_that_cannot_be_meant_is_refused_with_all_errors(world: WorldClient, body: Any, places: set[str]
                                                                 ) -> None:
    """Ours: a misspelt fault that is quietly on would prove nothing."""
    errors = refusal(world.post("/_sim/faults", body), 422)["errors"]
    assert {error["pointer"] for error in errors} == places
    assert world.get("/_sim/faults").json() == {"faults": []}


def test_lost_answers_do_not_hold_up_the_end() -> None:
    """Ours: SIGTERM ends in 2 s; a client that still waits for a lost answer is no reason to wait."""
    with running() as simulator:
        world = WorldClient(simulator.url, "default")
        switch_on(world, {"drop": "request"})
        with pytest.raises(requests.ReadTimeout):
            world.session.post(world.url + "/api/v2/readings", json={}, timeout=0.3)
        before = time.monotonic()
    assert time.monotonic() - before < 2
