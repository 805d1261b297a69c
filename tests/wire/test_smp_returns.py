"""Batch returns (SMP overview, The SMP APIs: a success notification or a list of errors, signed JSON, documented).

Where they are sent, how often and how they are signed is assumed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.errors import InvalidKeyIdError

from simulator import Simulator
from tests.dispatching import HANG, plan, take_messages_at, taking
from tests.registering import Registrar, asset, connect
from tests.returning import ENDED, NOON, attempts_at, facts, flows_seen, is_signed, returns_of
from tests.servers import WorldClient, fresh_world, running
from tests.signing import judge_detached, published


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


@pytest.mark.proves("rule/batches.returns")
def test_a_batch_return_says_what_the_status_call_says(noon: WorldClient, brindle: Registrar) -> None:
    """Assumed: the body is the transaction."""
    with returns_of(noon) as taker:
        transaction = brindle.send_assets(asset(1), asset(2))
        assert taker.messages == []
        noon.advance(to=ENDED)
        message, = taker.messages
    assert message.line == "POST /fsp HTTP/1.1"
    assert message.headers["content-type"] == "application/json"
    assert message.content == brindle.read(transaction)
    assert (message.content["status"], message.content["errors"]) == ("SUCCEEDED", [])
    assert [each["externalReference"] for each in message.content["result"]["assets"]] == ["B-1", "B-2"]
    assert message.content["completedAt"].startswith("2026-11-02T12:00:02")


@pytest.mark.proves("rule/batches.returns")
def test_a_batch_that_failed_returns_its_errors(noon: WorldClient, brindle: Registrar) -> None:
    """SMP overview: a list of errors."""
    with returns_of(noon) as taker:
        transaction = brindle.send_assets(asset(1, mpan="1800021679847"), asset(2))
        noon.advance(to=ENDED)
        message, = taker.messages
    assert message.content == brindle.read(transaction)
    assert message.content["status"] == "FAILED" and "result" not in message.content
    assert [error["code"] for error in message.content["errors"]] == ["mpan_check_digit"]


def test_a_unit_is_returned_likewise(noon: WorldClient, brindle: Registrar) -> None:
    """SMP overview, Manage Unit: the same returns."""
    with returns_of(noon) as taker:
        brindle.send_assets(asset())
        noon.advance(to=ENDED)
        brindle.send_unit("B-1")
        noon.advance(by="PT2S")
        assert [message.content["type"] for message in taker.messages] == ["ASSET_CREATE", "UNIT_CREATE"]
        assert taker.messages[1].content["result"]["unit"]["name"] == "Ashgrove"


@pytest.mark.proves("rule/signatures.both_ways", "setting/smp_signing")
def test_a_return_is_signed_over_its_very_bytes(noon: WorldClient, brindle: Registrar) -> None:
    """Assumed: a detached JWS, RS256, by a published key; judged by joserfc. One changed byte, and it fails."""
    with returns_of(noon) as taker:
        brindle.send_assets(asset())
        noon.advance(to=ENDED)
        message, = taker.messages
    keys = published(noon)
    assert is_signed(keys, message)
    for place in (0, len(message.body) // 2, len(message.body) - 1):
        changed = bytearray(message.body)
        changed[place] ^= 1
        assert not is_signed(keys, message, bytes(changed)), f"byte {place}"
    assert not is_signed(keys, message, json.dumps(message.content).encode()), "the same JSON in other bytes"


def test_a_return_is_signed_with_the_newest_key(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: keys rotate; the key set shows old and new."""
    old = published(noon)
    assert noon.post("/_sim/signing-keys").status_code == 201
    with returns_of(noon) as taker:
        brindle.send_assets(asset())
        noon.advance(to=ENDED)
        message, = taker.messages
    assert is_signed(published(noon), message)
    with pytest.raises((InvalidKeyIdError, ValueError)):
        is_signed(old, message)


def test_a_compact_return_is_the_signed_message_itself() -> None:
    """Assumed: by setting, the body is the JWS, application/jose; judged by joserfc."""
    with running(smp_signing="compact", smp_progress="immediate") as simulator:
        world = WorldClient(simulator.url, "default")
        with taking() as taker:
            connect(world, "brindle", callbackUrl=taker.url)
            brindle = Registrar(world)
            brindle.send_assets(asset())
            message, = taker.has(1)
        assert message.headers["content-type"] == "application/jose"
        assert "x-jws-signature" not in message.headers
        keys = published(world)
        opened = jws.deserialize_compact(message.body, keys, ["RS256"])
        assert json.loads(opened.payload)["status"] == "SUCCEEDED"
        world.close()


def test_a_return_that_is_not_acknowledged_is_sent_again_on_the_ladder_of_dispatches(
        noon: WorldClient, brindle: Registrar) -> None:
    """Assumed: after 5, 15, 60 and 300 s; the same delivery id, body and signature, and another number of attempt."""
    with returns_of(noon, 503, 500, 429) as taker:
        transaction = brindle.send_assets(asset())
        noon.advance(by="PT2M")
        assert attempts_at(noon, transaction) == [
            ("12:00:02", 503), ("12:00:07", 500), ("12:00:22", 429), ("12:01:22", 200)]
        assert [message.attempt for message in taker.messages] == [1, 2, 3, 4]
        assert len({message.body for message in taker.messages}) == 1
        for name in ("x-delivery-id", "x-jws-signature", "content-type"):
            assert len({message.headers[name] for message in taker.messages}) == 1, name


@pytest.mark.proves("rule/batches.at_least_once")
def test_every_return_has_a_delivery_id_of_its_own(noon: WorldClient, brindle: Registrar) -> None:
    """Assumed: receivers tell by it what they have had before."""
    with returns_of(noon) as taker:
        for number in range(3):
            brindle.send_assets(asset(number))
        noon.advance(to=ENDED)
        assert len({message.headers["x-delivery-id"] for message in taker.messages}) == 3


def retire_the_oldest_key(world: WorldClient) -> None:
    """Sign with a new key, and stop publishing the one before."""
    old = world.get("/_sim/signing-keys").json()["keys"][0]["kid"]
    assert world.post("/_sim/signing-keys").status_code == 201
    assert world.delete(f"/_sim/signing-keys/{old}").status_code == 204


def test_a_return_that_waits_is_signed_anew_when_its_key_was_retired(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: nobody could verify what a retired key has signed. All else stays as it was."""
    with returns_of(noon, 503, 503) as taker:
        brindle.send_assets(asset())
        noon.advance(to=ENDED)
        retire_the_oldest_key(noon)
        noon.advance(by="PT1M")
        first, second, third = taker.messages
    assert [is_signed(published(noon), message) for message in (second, third)] == [True, True]
    assert first.headers["x-jws-signature"] != second.headers["x-jws-signature"] == third.headers["x-jws-signature"]
    assert first.body == second.body
    assert first.headers["x-delivery-id"] == second.headers["x-delivery-id"]


def test_a_compact_return_that_waits_is_signed_anew_likewise() -> None:
    """Ours: nobody could verify what a retired key has signed."""
    with running(smp_signing="compact") as simulator:
        world = WorldClient(simulator.url, "default")
        world.freeze(NOON)
        with returns_of(world, 503) as taker:
            Registrar(world).send_assets(asset())
            world.advance(to=ENDED)
            retire_the_oldest_key(world)
            world.advance(by="PT5S")
            first, second = taker.messages
        opened = jws.deserialize_compact(second.body, published(world), ["RS256"])
        assert opened.payload == jws.extract_compact(first.body).payload
        world.close()


def test_a_delivery_id_is_never_used_again(noon: WorldClient, server: Simulator) -> None:
    """Ours: a receiver that remembers them takes nothing of another world, or of after a reset, for a repetition."""
    found = []
    with fresh_world(server.url) as other:
        for world in (noon, other, noon):
            world.post("/_sim/reset")
            world.freeze(NOON)
            with returns_of(world) as taker:
                Registrar(world).send_assets(asset())
                world.advance(to=ENDED)
                found.append(taker.messages[0].headers["x-delivery-id"])
        assert [noon.name in found[0], other.name in found[1], noon.name in found[2]] == [True] * 3
    assert len(set(found)) == 3


@pytest.mark.proves("rule/batches.at_least_once")
def test_a_return_is_given_up_after_the_ladder_and_the_status_call_still_tells(
        noon: WorldClient, brindle: Registrar) -> None:
    """Assumed: the status call works even if every push fails."""
    with returns_of(noon, *[503] * 9) as taker:
        transaction = brindle.send_assets(asset())
        noon.advance(by="PT1H")
        assert len(taker.messages) == 5
    assert facts(noon, "message.failed")[0]["lane"] == transaction
    assert brindle.status(transaction) == "SUCCEEDED"
    noon.advance(by="PT24H")
    assert len(attempts_at(noon, transaction)) == 5


@pytest.mark.parametrize("status", [301, 400, 404])
def test_other_refusals_are_final(noon: WorldClient, brindle: Registrar, status: int) -> None:
    """Assumed: other 4xx and redirects, which are not followed."""
    with returns_of(noon, (status, {"Location": "/elsewhere"})) as taker:
        transaction = brindle.send_assets(asset())
        noon.advance(by="PT1H")
        assert len(taker.messages) == 1
    assert attempts_at(noon, transaction) == [("12:00:02", status)]


def test_retry_after_puts_the_next_attempt_off(noon: WorldClient, brindle: Registrar) -> None:
    """Assumed: as for dispatches."""
    with returns_of(noon, (503, {"Retry-After": "90"})):
        transaction = brindle.send_assets(asset())
        noon.advance(by="PT10M")
    assert attempts_at(noon, transaction) == [("12:00:02", 503), ("12:01:32", 200)]


def test_without_a_callback_url_nothing_is_sent(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: the journal says so, and the status call works."""
    transaction = brindle.send_assets(asset())
    noon.advance(by="PT1H")
    assert facts(noon, "batch.return_queued") == [
        {"transaction": transaction, "organisation": "brindle", "sent_to": None}]
    assert (attempts_at(noon, transaction), brindle.status(transaction)) == ([], "SUCCEEDED")


def test_a_callback_url_that_was_taken_away_is_told(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: what waits for its next attempt goes to where the connection says then."""
    with returns_of(noon, 503) as taker:
        transaction = brindle.send_assets(asset())
        noon.advance(to=ENDED)
        connect(noon, "brindle", callbackUrl=None)
        noon.advance(by="PT5S")
        assert len(taker.messages) == 1
    assert attempts_at(noon, transaction)[1] == ("12:00:07", "no_endpoint")
    assert "no callback URL" in facts(noon, "message.waits")[1]["reason"]


def test_an_address_outside_is_never_sent_to(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: only safe targets; judged when it is set."""
    answer = noon.request("PATCH", "/_sim/participants/brindle", json={"smp": {"callbackUrl": "http://192.0.2.7/back"}})
    assert answer.status_code == 422 and "unsafe_target" in answer.text


def test_the_journal_tells_the_whole_chain(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: request, end of the batch, what it created, return, attempt, acknowledgement; each caused by the last."""
    with returns_of(noon) as taker:
        transaction = brindle.send_assets(asset())
        noon.advance(to=ENDED)
    entries = {entry["id"]: entry for entry in noon.journal()}
    place = next(entry for entry in entries.values() if entry["kind"] == "message.delivered")
    chain = []
    while place is not None:
        chain.append(place["kind"])
        place = entries.get(place["causedBy"])
    assert chain == ["message.delivered", "http.out", "batch.return_queued", "assets.created", "batch.moved",
                     "http.in"]
    exchange, = facts(noon, "http.out")
    assert (exchange["surface"], exchange["transaction"], exchange["participant"], exchange["attempt"]) == (
        "callback", transaction, "brindle", 1)
    assert exchange["url"] == taker.url and exchange["status"] == 200
    assert transaction in exchange["request_body"]


def test_a_flow_is_seen_when_the_return_is_acknowledged(noon: WorldClient, brindle: Registrar) -> None:
    """SMP overview, commissioning: all flows. The attempt that was acknowledged proves it."""
    with returns_of(noon, 503) as taker:
        brindle.send_assets(asset())
        noon.advance(to=ENDED)
        assert "assets_success_returned" not in flows_seen(noon)
        noon.advance(by="PT5S")
        brindle.send_assets(asset())
        noon.advance(by="PT2S")
        assert len(taker.messages) == 3
    seen = {entry["data"]["flow"]: entry for entry in noon.journal("flow.seen")}
    attempts = [entry["id"] for entry in noon.journal("http.out")]
    assert seen["assets_success_returned"]["causedBy"] == attempts[1]
    assert seen["assets_errors_returned"]["causedBy"] == attempts[2], "the same batch again: duplicate_reference"


def test_an_endpoint_that_hangs_holds_up_no_other_batch(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: a participant's returns go side by side, as its dispatches do."""
    with returns_of(noon, HANG) as taker:
        noon.put("/_sim/clock", {"mode": "real", "now": NOON})
        brindle.send_assets(asset(1))
        taker.has(1)
        brindle.send_assets(asset(2))
        assert [message.content["status"] for message in taker.has(2)] == ["SUCCEEDED"] * 2


def test_returns_and_dispatches_go_to_their_own_endpoints(noon: WorldClient, brindle: Registrar) -> None:
    """Ours: the callback URL is for batch returns, the Registrar endpoint base url for dispatches."""
    with returns_of(noon) as returns, taking() as dispatches:
        take_messages_at(noon, dispatches.url, auth="bearer", secret="a-shared-secret")
        plan(noon, startTime="2026-11-02T12:16:00Z", endTime="2026-11-02T13:00:00Z")
        brindle.send_assets(asset())
        noon.advance(by="PT10M")
        assert [message.word for message in dispatches.messages] == ["START"]
        message, = returns.messages
    assert "authorization" not in message.headers


def test_headers_have_the_names_that_the_contract_in_force_gives_them(tmp_path: Path) -> None:
    """Ours: contracts are data; who knows the real names writes them into a copy, and leaves out what there is not."""
    contract = (resources.files("simulator.contracts") / "smp.yaml").read_text("utf-8")
    for ours, theirs in (("X-JWS-Signature", "Proof"), ("X-Delivery-Id", "Delivery"), ("X-Attempt", "Try")):
        contract = contract.replace(ours, theirs)
    copy = tmp_path / "mine.yaml"
    copy.write_text(contract, "utf-8")
    with running(smp_progress="immediate", contracts={"smp": copy}) as simulator:
        world = WorldClient(simulator.url, "default")
        with returns_of(world) as taker:
            Registrar(world).send_assets(asset())
            message, = taker.has(1)
        assert message.headers["try"] == "1" and message.headers["delivery"]
        assert judge_detached(world, message.headers["proof"], message.body)["alg"] == "RS256"
        assert not any(name.startswith("x-") for name in message.headers)
        world.close()
