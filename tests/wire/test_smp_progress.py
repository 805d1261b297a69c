"""A batch goes from RECEIVED through PROCESSING to its end: at once, with polls, or after market time (assumed)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulator import Simulator
from tests.registering import Registrar, asset, give_access, moves_of
from tests.servers import WorldClient, eventually, fresh_world, running

NOON = "2026-11-02T12:00:00Z"


@pytest.fixture
def brindle(world: WorldClient) -> Registrar:
    """Brindle's client in a world whose clock stands at noon; batches end after two seconds."""
    world.freeze(NOON)
    return Registrar(world)


@pytest.fixture(scope="module")
def patient() -> Iterator[Simulator]:
    """A server whose batches end with the third poll."""
    with running(smp_progress="polls:3") as found:
        yield found


@pytest.fixture(scope="module")
def prompt() -> Iterator[Simulator]:
    """A server whose batches end at once."""
    with running(smp_progress="immediate") as found:
        yield found


def is_begun(registrar: Registrar, transaction: str) -> None:
    """Wait until a batch is in PROCESSING."""
    eventually(lambda: registrar.status(transaction) == "PROCESSING", f"{transaction} is in PROCESSING")


@pytest.mark.proves("setting/smp_progress", "rule/batches.states", "smp/Transaction/status=PROCESSING")
def test_a_batch_is_in_processing_at_once_and_ends_after_its_time(brindle: Registrar) -> None:
    """Assumed: after:2, of market time."""
    transaction = brindle.send_assets(asset(1))
    is_begun(brindle, transaction)
    brindle.world.advance(by="PT1.999S")
    assert brindle.status(transaction) == "PROCESSING"
    brindle.world.advance(by="PT0.001S")
    found = brindle.read(transaction)
    assert found["status"] == "SUCCEEDED"
    assert (found["submittedAt"][11:19], found["completedAt"][11:19]) == ("12:00:00", "12:00:02")


def test_a_batch_under_way_has_neither_end_nor_result_nor_errors(brindle: Registrar) -> None:
    """Wire format, assumed."""
    transaction = brindle.send_assets(asset(1))
    found = brindle.read(transaction)
    assert sorted(found) == ["errors", "status", "submittedAt", "transactionId", "type"]
    assert (found["transactionId"], found["errors"]) == (transaction, [])


def test_a_batch_ends_at_its_own_instant_when_the_clock_is_advanced(brindle: Registrar) -> None:
    """Ours: an hour's advance passes through every instant at which something is due."""
    transactions = [brindle.send_assets(asset(number)) for number in range(3)]
    brindle.world.advance(by="PT1H")
    assert [moves_of(brindle.world, transaction) for transaction in transactions] == [
        [("12:00:00", "processing"), ("12:00:02", "succeeded")]] * 3


def test_a_batch_ends_by_itself_as_time_passes(world: WorldClient) -> None:
    """Assumed: after:2; here a hundred times as fast."""
    world.put("/_sim/clock", {"mode": "scaled", "rate": 100})
    brindle = Registrar(world)
    assert brindle.ended(brindle.send_assets(asset(1)))["status"] == "SUCCEEDED"


def test_batches_end_in_the_order_in_which_they_came(brindle: Registrar) -> None:
    """Ours: the first of two batches with the same reference is the one that gets it."""
    first, second = brindle.send_assets(asset(1)), brindle.send_assets(asset(1))
    brindle.world.advance(by="PT2S")
    assert [brindle.status(each) for each in (first, second)] == ["SUCCEEDED", "FAILED"]


def test_a_transactions_id_carries_the_london_day(brindle: Registrar) -> None:
    """Assumed: TX, the London day of the submission, and the world's count."""
    brindle.world.freeze("2026-07-01T23:30:00Z")
    assert brindle.send_assets(asset(1)) == "TX-20260702-000001"


def test_every_move_is_told_in_the_journal_with_its_cause(brindle: Registrar) -> None:
    """Ours: the request brings about the batch and its moves; the last move what is created, and that the return."""
    transaction = brindle.send_assets(asset(1), asset(2))
    brindle.world.advance(by="PT2S")
    entries = {entry["id"]: entry for entry in brindle.world.journal()}
    told = [(entry["kind"], entry["data"]) for entry in entries.values()
            if entry["kind"] not in ("batch.moved", "http.in") and entry["data"].get("transaction") == transaction]
    owner: dict[str, Any] = {"transaction": transaction, "organisation": "brindle"}
    assert told == [
        ("batch.received", {**owner, "type": "asset_create", "items": 2}),
        ("assets.created", {**owner, "assets": 2, "first": "AST-000001", "last": "AST-000002"}),
        ("batch.return_queued", {**owner, "sent_to": None})]
    assert [causes(entries, each) for each in entries.values() if each["data"].get("transaction") == transaction] == [
        ["http.in"], ["http.in"], ["http.in"], ["batch.moved", "http.in"],
        ["assets.created", "batch.moved", "http.in"]]


def causes(entries: dict[int, dict[str, Any]], entry: dict[str, Any]) -> list[str]:
    """The kinds of what brought an entry about, the nearest first."""
    cause = entries.get(entry["causedBy"] or 0)
    return [] if cause is None else [cause["kind"], *causes(entries, cause)]


@pytest.mark.proves("setting/smp_progress", "rule/batches.states")
def test_polls_move_a_batch_and_time_does_not(patient: Simulator) -> None:
    """Assumed: with polls:3 the first poll begins a batch, and the third ends it."""
    with fresh_world(patient.url) as world:
        brindle = Registrar(world)
        transaction = brindle.send_assets(asset(1))
        world.advance(by="P1D")
        assert [brindle.status(transaction) for _ in range(4)] == ["PROCESSING", "PROCESSING", "SUCCEEDED", "SUCCEEDED"]


def test_each_batch_has_its_own_polls(patient: Simulator) -> None:
    """Assumed."""
    with fresh_world(patient.url) as world:
        brindle = Registrar(world)
        first, second = brindle.send_assets(asset(1)), brindle.send_assets(asset(2))
        assert [brindle.status(each) for each in (first, second, first, first, second)] == [
            "PROCESSING", "PROCESSING", "PROCESSING", "SUCCEEDED", "PROCESSING"]


def test_one_poll_can_be_enough() -> None:
    """Assumed: polls:1 says the outcome with the first poll."""
    with running(smp_progress="polls:1") as server, fresh_world(server.url) as world:
        brindle = Registrar(world)
        assert brindle.status(brindle.send_assets(asset(1))) == "SUCCEEDED"


def test_an_immediate_batch_has_ended_when_it_is_answered(prompt: Simulator) -> None:
    """Assumed: the answer says RECEIVED all the same, and every move is in the journal."""
    with fresh_world(prompt.url) as world:
        world.freeze(NOON)
        brindle = Registrar(world)
        transaction = brindle.send_assets(asset(1))
        assert moves_of(world, transaction) == [("12:00:00", "processing"), ("12:00:00", "succeeded")]
        assert brindle.status(transaction) == "SUCCEEDED"


@pytest.mark.parametrize("rate", ["polls:3", "after:2", "immediate"])
def test_nobody_reads_anothers_transaction(rate: str) -> None:
    """Wire format, assumed: 404, as for one that there is not; and its polls do not count."""
    with running(smp_progress=rate) as server, fresh_world(server.url) as world:
        brindle, tamar = Registrar(world), give_access(world)
        transaction = brindle.send_assets(asset(1))
        for _ in range(3):
            foreign = refusal_of(tamar, transaction)
            assert foreign.replace(transaction, "TX-1") == refusal_of(tamar, "TX-1")
        if rate == "polls:3":
            assert brindle.status(transaction) == "PROCESSING"


def refusal_of(registrar: Registrar, transaction: str) -> str:
    """What the status call says about a transaction that is not there."""
    answer = registrar.call("transactions/status", {"transactionId": transaction})
    assert answer.status_code == 404, answer.text
    return answer.text


@pytest.mark.parametrize("progress", ["after:0", "polls:1", "immediate"])
def test_a_stuck_batch_stays_in_processing_until_it_is_let_go(progress: str) -> None:
    """Ours: a transaction stuck in PROCESSING, by a fault; neither time nor polls end it."""
    with running(smp_progress=progress) as server, fresh_world(server.url) as world:
        brindle = Registrar(world)
        assert world.post("/_sim/faults", {"match": {"surface": "smp"}, "effect": {"stuck": True}}).ok
        transaction = brindle.send_assets(asset(1))
        is_begun(brindle, transaction)
        world.advance(by="P1D")
        assert [brindle.status(transaction) for _ in range(3)] == ["PROCESSING"] * 3
        assert world.post(f"/_sim/transactions/{transaction}/release").ok
        assert brindle.outcome(transaction) == ("SUCCEEDED", [])
        assert [state for _, state in moves_of(world, transaction)] == ["processing", "succeeded"]


def test_only_a_stuck_batch_can_be_let_go(brindle: Registrar) -> None:
    """Ours: any other goes on by itself."""
    transaction = brindle.send_assets(asset(1))
    answer = brindle.world.post(f"/_sim/transactions/{transaction}/release")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "not_stuck")
    assert brindle.world.post("/_sim/transactions/TX-1/release").status_code == 404


def test_a_fault_that_is_over_leaves_the_next_batch_alone(brindle: Registrar) -> None:
    """Ours: a batch meets the fault once, when its time has come; the next one is not kept by it."""
    fault = {"match": {"surface": "smp"}, "effect": {"stuck": True}, "when": {"times": 1}}
    assert brindle.world.post("/_sim/faults", fault).ok
    first, second = brindle.send_assets(asset(1)), brindle.send_assets(asset(2))
    brindle.world.advance(by="PT1H")
    assert [brindle.status(each) for each in (first, second)] == ["PROCESSING", "SUCCEEDED"]
