"""Faults of the SMP: of its calls, of the batches they submit, and of batch returns (ours: surfaces smp, callback)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from joserfc.errors import BadSignatureError, InvalidKeyIdError

from simulator import Simulator
from tests.dispatching import Taker, another_client
from tests.registering import Registrar, asset
from tests.returning import ENDED, NOON, attempts_at, facts, flows_seen, is_signed, problem_of, returns_of
from tests.servers import WorldClient, fresh_world, running, side_by_side
from tests.signing import judge_compact, published


@pytest.fixture
def noon(server: Simulator) -> Iterator[WorldClient]:
    """A world that stands at noon."""
    with fresh_world(server.url) as client:
        client.freeze(NOON)
        yield client


@pytest.fixture
def brindle(noon: WorldClient) -> Registrar:
    """Brindle, with a token."""
    return Registrar(noon)


@pytest.fixture
def taker(noon: WorldClient) -> Iterator[Taker]:
    """Brindle's endpoint for batch returns, which is content with everything."""
    with returns_of(noon) as found:
        yield found


def switch_on(world: WorldClient, surface: str, effect: dict[str, Any], **rest: Any) -> int:
    match = {"surface": surface, **rest.pop("match", {})}
    answer = world.post("/_sim/faults", {"match": match, "effect": effect, **rest})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def counts(world: WorldClient) -> list[tuple[int, int]]:
    """(seen, applied) of each fault that is on."""
    return [(fault["seen"], fault["applied"]) for fault in world.get("/_sim/faults").json()["faults"]]


# Calls

def test_a_call_is_answered_with_the_faults_status_and_submits_nothing(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: `status`."""
    switch_on(noon, "smp", {"status": 503}, when={"times": 1})
    assert "fault" in problem_of(brindle.call("assets", {"assets": [asset()]}), 503)["detail"]
    assert facts(noon, "batch.received") == []
    brindle.send_assets(asset())


def test_a_delayed_call_is_answered_later(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: `delayMs`, of the wall clock."""
    switch_on(noon, "smp", {"delayMs": 300})
    before = time.monotonic()
    brindle.send_assets(asset())
    assert time.monotonic() - before >= 0.3


def test_a_lost_answer_leaves_a_batch_that_nobody_knows_the_id_of(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: `drop`: a client that sends the batch again learns of the first one by duplicate_reference."""
    switch_on(noon, "smp", {"drop": "answer"}, when={"times": 1})
    with pytest.raises(requests.ReadTimeout):
        noon.session.post(f"{noon.url}/smp/api/v1/assets", json={"assets": [asset()]}, headers=brindle.headers,
                          timeout=1)
    again = brindle.send_assets(asset())
    noon.advance(to=ENDED)
    assert [error["code"] for error in brindle.read(again)["errors"]] == ["duplicate_reference"]


def test_a_truncated_answer_breaks_off(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: `truncate`."""
    switch_on(noon, "smp", {"truncate": 10})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        brindle.send_assets(asset())


def test_a_token_expires_in_the_middle_of_its_time(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: expired token mid-run. It has really expired: the platform's own check refuses it."""
    switch_on(noon, "smp", {"expiredToken": True}, when={"nth": 2, "times": 1})
    brindle.send_assets(asset(1))
    answer = brindle.call("assets", {"assets": [asset(2)]})
    problem = problem_of(answer, 401)
    assert [error["code"] for error in problem["errors"]] == ["token_expired"]
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"] and "expired" in problem["detail"]
    assert len(facts(noon, "batch.received")) == 1
    brindle.send_assets(asset(2))


def test_a_new_token_does_not_help_as_long_as_the_fault_is_on(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: a client that authenticates again and again for ever is what this fault finds."""
    switch_on(noon, "smp", {"expiredToken": True}, match={"route": "/smp/api/v1/assets"})
    for client in (brindle, Registrar(noon)):
        problem_of(client.call("assets", {"assets": [asset()]}), 401)


def test_a_token_that_is_wrong_stays_wrong_in_its_own_way(noon: WorldClient) -> None:
    """Ours: only a token in force can run out."""
    switch_on(noon, "smp", {"expiredToken": True})
    answer = noon.post("/smp/api/v1/assets", {"assets": [asset()]}, headers={"Authorization": "Bearer x.y.z"})
    assert [error["code"] for error in problem_of(answer, 401)["errors"]] != ["token_expired"]


def test_a_fault_can_be_for_one_participant(noon: WorldClient, brindle: Registrar) -> None:
    """wire format, assumed: match.participant is whose token it is."""
    switch_on(noon, "smp", {"status": 503}, match={"participant": "tamar"})
    brindle.send_assets(asset())
    switch_on(noon, "smp", {"status": 500}, match={"participant": "brindle"})
    assert brindle.call("assets", {"assets": [asset()]}).status_code == 500


def test_the_effect_is_a_fact_on_the_exchange_it_touched(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: each effect is a journal fact, caused by the exchange."""
    switch_on(noon, "smp", {"status": 503})
    answer = brindle.call("assets", {"assets": [asset()]})
    applied, = noon.journal("fault.applied")
    assert applied["causedBy"] == int(answer.headers["X-Request-Id"])
    assert applied["data"]["surface"] == "smp"
    assert brindle.headers["Authorization"][7:] not in json.dumps(noon.journal())


# The return before the answer

def test_the_return_comes_before_the_call_is_answered(noon: WorldClient, brindle: Registrar, taker: Taker) -> None:
    """Ours: callback before the 202 has been read. The call does not end before the endpoint has answered."""
    switch_on(noon, "smp", {"callbackFirst": True}, when={"times": 1})
    taker.hold()
    seen: list[bool] = []
    answered: list[str] = []

    def look() -> None:
        message, = taker.has(1)
        seen.append(message.content["status"] == "SUCCEEDED" and not answered)
        taker.let_go()

    side_by_side([lambda: answered.append(brindle.send_assets(asset())), look])
    assert seen == [True]
    assert [message.content["transactionId"] for message in taker.messages] == answered
    assert brindle.status(answered[0]) == "SUCCEEDED"


def test_an_endpoint_that_refuses_does_not_keep_the_answer_for_ever(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: the first attempt is over before the answer; the others come by the ladder."""
    switch_on(noon, "smp", {"callbackFirst": True})
    with returns_of(noon, 503):
        transaction = brindle.send_assets(asset())
        assert attempts_at(noon, transaction) == [("12:00:00", 503)]
        noon.advance(by="PT5S")
    assert attempts_at(noon, transaction) == [("12:00:00", 503), ("12:00:05", 200)]


def test_a_call_that_submits_nothing_is_answered_as_ever(noon: WorldClient, brindle: Registrar, taker: Taker) -> None:
    """Ours: there is no batch to return."""
    switch_on(noon, "smp", {"callbackFirst": True})
    problem_of(brindle.call("assets", {"assets": []}), 422)
    assert taker.messages == []


def test_other_calls_are_answered_while_the_return_before_an_answer_is_under_way(
        noon: WorldClient, brindle: Registrar, taker: Taker) -> None:
    """Ours: the fault holds up the one call that it touches; the endpoint may ask what the return is about."""
    switch_on(noon, "smp", {"callbackFirst": True}, when={"times": 1})
    taker.hold()
    asked: list[str] = []

    def ask() -> None:
        message, = taker.has(1)
        with another_client(noon) as other:
            asked.append(Registrar(other).status(message.content["transactionId"]))
        taker.let_go()

    transaction, _ = side_by_side([lambda: brindle.send_assets(asset()), ask])
    assert asked == ["SUCCEEDED"] and taker.messages[0].content["transactionId"] == transaction


def test_a_return_that_is_under_way_already_is_waited_for() -> None:
    """Ours: where batches end at once, the return may be on its way before the fault looks for it."""
    with running(smp_progress="immediate") as simulator:
        world = WorldClient(simulator.url, "default")
        brindle = Registrar(world)
        with returns_of(world) as taker:
            switch_on(world, "smp", {"callbackFirst": True})
            taker.hold()
            answered: list[str] = []

            def look() -> None:
                taker.has(1)
                assert not answered
                taker.let_go()

            side_by_side([lambda: answered.append(brindle.send_assets(asset())), look])
            assert len(taker.messages) == 1
        assert attempts_at(world, answered[0])[0][1] == 200
        world.close()


# Batches

def test_a_stuck_batch_stays_in_processing_until_it_is_let_go(noon: WorldClient, brindle: Registrar, taker: Taker
                                                              ) -> None:
    """Ours: transaction stuck in PROCESSING."""
    switch_on(noon, "smp", {"stuck": True}, when={"times": 1})
    stuck, other = brindle.send_assets(asset(1)), brindle.send_assets(asset(2))
    noon.advance(by="PT24H")
    assert [brindle.status(each) for each in (stuck, other)] == ["PROCESSING", "SUCCEEDED"]
    assert noon.post(f"/_sim/transactions/{stuck}/release").status_code == 200
    assert brindle.status(stuck) == "SUCCEEDED"
    noon.advance(by="PT1S")
    assert {message.content["transactionId"] for message in taker.messages} == {stuck, other}


def test_calls_do_not_count_for_faults_of_batches_nor_batches_for_those_of_calls(
        noon: WorldClient, brindle: Registrar) -> None:
    """Ours: the second batch is the second batch, however many calls were made."""
    switch_on(noon, "smp", {"stuck": True}, when={"nth": 2})
    switch_on(noon, "smp", {"delayMs": 1})
    first = brindle.send_assets(asset(1))
    for _ in range(3):
        brindle.status(first)
    second = brindle.send_assets(asset(2))
    noon.advance(to=ENDED)
    assert [brindle.status(each) for each in (first, second)] == ["SUCCEEDED", "PROCESSING"]
    assert counts(noon) == [(2, 1), (7, 7)]


def test_a_fault_that_mixes_a_batch_with_its_call_is_refused(noon: WorldClient) -> None:
    """Ours: with the reason, and what to do instead."""
    answer = noon.post("/_sim/faults", {"match": {"surface": "smp"}, "effect": {"stuck": True, "status": 503}})
    error, = problem_of(answer, 422)["errors"]
    assert error["pointer"] == "/effect/stuck" and "a fault of its own" in error["message"]


# Batch returns

def returned(world: WorldClient, brindle: Registrar) -> str:
    """A batch that was worked through, and whose return was tried once."""
    transaction = brindle.send_assets(asset())
    world.advance(to=ENDED)
    return transaction


def test_a_withheld_return_never_comes(noon: WorldClient, brindle: Registrar, taker: Taker) -> None:
    """Ours: no callback ever; it is not tried again, and the status call tells."""
    switch_on(noon, "callback", {"withhold": True}, when={"times": 1})
    transaction = returned(noon, brindle)
    noon.advance(by="PT30M")
    assert taker.messages == [] and attempts_at(noon, transaction) == []
    assert brindle.status(transaction) == "SUCCEEDED"
    failed, = noon.journal("message.failed")
    applied, = noon.journal("fault.applied")
    assert "withholds" in failed["data"]["reason"] and applied["causedBy"] == failed["id"]


def test_a_duplicate_is_the_same_return_twice(noon: WorldClient, brindle: Registrar, taker: Taker) -> None:
    """Ours: duplicate: the delivery id tells."""
    switch_on(noon, "callback", {"duplicate": True})
    returned(noon, brindle)
    one, two = taker.messages
    assert (one.body, one.headers["x-delivery-id"]) == (two.body, two.headers["x-delivery-id"])


def test_a_wrong_signature_is_wrong_and_the_next_one_right(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: wrong signature, judged by joserfc; a receiver that refuses it with 5xx gets the message again."""
    with returns_of(noon, 503) as taker:
        switch_on(noon, "callback", {"badSignature": True}, when={"times": 1})
        returned(noon, brindle)
        noon.advance(by="PT5S")
    keys = published(noon)
    assert [is_signed(keys, message) for message in taker.messages] == [False, True]
    assert taker.messages[0].body == taker.messages[1].body
    assert all("x-signature" not in message.headers for message in taker.messages)


def test_a_kid_that_nobody_published(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: unknown `kid`; the next attempt has the right one."""
    with returns_of(noon, 503) as taker:
        switch_on(noon, "callback", {"unknownKid": True}, when={"times": 1})
        returned(noon, brindle)
        noon.advance(by="PT5S")
    keys = published(noon)
    with pytest.raises((InvalidKeyIdError, ValueError)):
        is_signed(keys, taker.messages[0])
    assert is_signed(keys, taker.messages[1])


def test_what_comes_wrongly_signed_proves_no_flow(noon: WorldClient, brindle: Registrar, taker: Taker) -> None:
    """Ours: who acknowledges a wrong signature has not shown that the flow works."""
    switch_on(noon, "callback", {"badSignature": True}, when={"times": 1})
    returned(noon, brindle)
    assert "assets_success_returned" not in flows_seen(noon)


@pytest.mark.parametrize(("effect", "outcome"), [({"status": 503}, 503), ({"drop": "request"}, "fault")])
def test_an_attempt_that_is_lost_is_made_again(noon: WorldClient, brindle: Registrar, taker: Taker,
                                               effect: dict[str, Any], outcome: Any) -> None:
    """Ours: as for dispatches; the endpoint sees nothing of the first attempt."""
    switch_on(noon, "callback", effect, when={"times": 1})
    transaction = returned(noon, brindle)
    noon.advance(by="PT5S")
    assert attempts_at(noon, transaction) == [("12:00:02", outcome), ("12:00:07", 200)]
    assert [message.attempt for message in taker.messages] == [2]


def test_a_lost_acknowledgement_makes_the_return_come_twice(noon: WorldClient, brindle: Registrar, taker: Taker
                                                            ) -> None:
    """Ours: at least once; what a participant must survive."""
    switch_on(noon, "callback", {"drop": "answer"}, when={"times": 1})
    returned(noon, brindle)
    noon.advance(by="PT5S")
    assert [message.attempt for message in taker.messages] == [1, 2]
    assert len({(message.body, message.headers["x-delivery-id"]) for message in taker.messages}) == 1


def test_a_truncated_return_is_no_longer_json_and_its_signature_fails(noon: WorldClient, brindle: Registrar,
                                                                      taker: Taker) -> None:
    """Ours: truncate."""
    switch_on(noon, "callback", {"truncate": 20})
    returned(noon, brindle)
    message, = taker.messages
    assert len(message.body) == 20 and not is_signed(published(noon), message)


def test_a_delayed_return_keeps_market_time_waiting(noon: WorldClient, brindle: Registrar, taker: Taker) -> None:
    """Ours: delay, of the wall clock."""
    switch_on(noon, "callback", {"delayMs": 300})
    brindle.send_assets(asset())
    before = time.monotonic()
    noon.advance(to=ENDED)
    assert time.monotonic() - before >= 0.3 and len(taker.messages) == 1


def test_the_route_of_a_return_is_the_path_of_the_callback_url(noon: WorldClient, brindle: Registrar, taker: Taker
                                                               ) -> None:
    """Ours: match.route."""
    switch_on(noon, "callback", {"withhold": True}, match={"route": "/elsewhere"})
    switch_on(noon, "callback", {"duplicate": True}, match={"route": "/fs*", "participant": "brindle"})
    returned(noon, brindle)
    assert len(taker.messages) == 2 and counts(noon) == [(0, 0), (1, 1)]


def test_faults_of_dispatches_touch_no_returns(noon: WorldClient, brindle: Registrar, taker: Taker) -> None:
    """wire format, assumed: dispatch and callback are two surfaces."""
    switch_on(noon, "dispatch", {"drop": "request"})
    returned(noon, brindle)
    assert len(taker.messages) == 1 and counts(noon) == [(0, 0)]


def test_signed_messages_are_spoilt_likewise() -> None:
    """Ours: where the body is the signed message itself, its last part is wrong, or its header names no known key."""
    with running(smp_signing="compact", smp_progress="immediate") as simulator:
        world = WorldClient(simulator.url, "default")
        brindle = Registrar(world)
        with returns_of(world) as taker:
            for number, effect in enumerate(("badSignature", "unknownKid"), 1):
                switch_on(world, "callback", {effect: True}, when={"times": 1})
                brindle.send_assets(asset(number))
                taker.has(number)
            brindle.send_assets(asset(3))
            wrong, unknown, right = taker.has(3)
        with pytest.raises(BadSignatureError):
            judge_compact(world, wrong.body)
        with pytest.raises((InvalidKeyIdError, ValueError)):
            judge_compact(world, unknown.body)
        assert json.loads(judge_compact(world, right.body))["status"] == "SUCCEEDED"
        world.close()
