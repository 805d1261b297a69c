"""A server that is killed and started again finishes every batch that it accepted, once (ours)."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from tests.dispatching import another_client
from tests.registering import Registrar, asset, moves_of
from tests.servers import ROOT, eventually, side_by_side, subprocess_server

NOON = "2026-11-02T12:00:00Z"


def options(folder: Path) -> list[str]:
    """Options of a server that keeps its worlds."""
    return ["--data", str(folder), "--now", NOON]


def test_an_accepted_batch_outlives_a_kill_and_ends_at_its_time(tmp_path: Path) -> None:
    """Ours: killed in PROCESSING; the market time at which it ends is the one that it had."""
    with subprocess_server(options(tmp_path)) as server:
        server.client().freeze(NOON)
        brindle = Registrar(server.client())
        transaction = brindle.send_assets(asset(1), asset(2))
        server.kill()
    with subprocess_server(options(tmp_path)) as server:
        world = server.client()
        brindle = Registrar(world)
        eventually(lambda: brindle.status(transaction) == "PROCESSING", "it is in PROCESSING")
        world.advance(by="PT1H")
        assert moves_of(world, transaction) == [("12:00:00", "processing"), ("12:00:02", "succeeded")]
        assert len(brindle.read(transaction)["result"]["assets"]) == 2


def test_a_batch_whose_time_came_while_the_server_was_down_ends_at_the_next_start(tmp_path: Path) -> None:
    """Ours: late is better than never."""
    with subprocess_server(options(tmp_path), env={"FLEXSIM_SMP_PROGRESS": "after:0.5"}) as server:
        transaction = Registrar(server.client()).send_assets(asset(1))
        server.kill()
    with subprocess_server(options(tmp_path)) as server:
        assert Registrar(server.client()).ended(transaction)["status"] == "SUCCEEDED"


def test_polls_are_counted_over_a_kill(tmp_path: Path) -> None:
    """Assumed: polls:3; two before the kill, one after it."""
    polls = {"FLEXSIM_SMP_PROGRESS": "polls:3"}
    with subprocess_server(options(tmp_path), env=polls) as server:
        brindle = Registrar(server.client())
        transaction = brindle.send_assets(asset(1))
        assert [brindle.status(transaction) for _ in range(2)] == ["PROCESSING"] * 2
        server.kill()
    with subprocess_server(options(tmp_path), env=polls) as server:
        assert Registrar(server.client()).status(transaction) == "SUCCEEDED"


def test_what_an_immediate_batch_created_outlives_a_kill(tmp_path: Path) -> None:
    """Ours: what was answered is stored."""
    with subprocess_server(options(tmp_path), env={"FLEXSIM_SMP_PROGRESS": "immediate"}) as server:
        transaction = Registrar(server.client()).send_assets(*(asset(number) for number in range(100)))
        server.kill()
    with subprocess_server(options(tmp_path)) as server:
        found = Registrar(server.client()).read(transaction)
        assert (found["status"], len(found["result"]["assets"])) == ("SUCCEEDED", 100)


@pytest.mark.proves("smp/code/not_readable")
def test_a_batch_that_another_contract_cannot_read_fails_and_says_so(tmp_path: Path) -> None:
    """Ours: the contract was changed between the two starts; no batch hangs for ever."""
    narrow = tmp_path / "narrow.yaml"
    shipped = (ROOT / "simulator" / "contracts" / "smp.yaml").read_text()
    narrow.write_text(shipped.replace("maxItems: 1000", "maxItems: 1"))
    folder = tmp_path / "data"
    with subprocess_server(options(folder)) as server:
        server.client().freeze(NOON)
        transaction = Registrar(server.client()).send_assets(asset(1), asset(2))
        server.kill()
    with subprocess_server([*options(folder), "--contract", f"smp={narrow}"]) as server:
        server.client().advance(by="PT2S")
        assert Registrar(server.client()).outcome(transaction) == ("FAILED", [(None, "", "not_readable")])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_kill_at_any_moment_loses_nothing_and_stores_nothing_by_halves(tmp_path: Path, seed: int) -> None:
    """Ours: ten batches of 300 assets, killed while they are worked through; each ends once, whole."""
    chance = random.Random(seed)
    with subprocess_server(options(tmp_path)) as server:
        world = server.client()
        world.freeze(NOON)
        brindle = Registrar(world)
        transactions = [brindle.send_assets(*(asset(batch * 300 + number) for number in range(300)))
                        for batch in range(10)]
        begun = threading.Event()

        def advance() -> None:
            with another_client(world) as other, pytest.raises(OSError):
                begun.set()
                other.advance(by="PT1H")
                # It was faster than the kill: so is the next one, in the end.
                while True:
                    other.advance(by="PT1H")

        enough = chance.randrange(1, 10)

        def kill() -> None:
            begun.wait()
            eventually(lambda: len(world.journal("assets.created")) >= enough, f"{enough} batches ended")
            server.kill()

        side_by_side([advance, kill])
    with subprocess_server(options(tmp_path)) as server:
        world = server.client()
        brindle = Registrar(world)
        world.advance(by="PT2H")
        found = [brindle.read(transaction) for transaction in transactions]
        assert [each["status"] for each in found] == ["SUCCEEDED"] * 10
        ids = [each["assetId"] for transaction in found for each in transaction["result"]["assets"]]
        assert len(set(ids)) == len(ids) == 3_000
        for transaction in transactions:
            assert [state for _, state in moves_of(world, transaction)] == ["processing", "succeeded"]
        assert len(world.journal("assets.created")) == 10
