"""No batch return is lost in a power cut, and none that is known to be acknowledged is sent again (ours).

Where a batch itself was not worked through yet, see test_smp_durability.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.dispatching import another_client, taking
from tests.registering import Registrar, asset, connect
from tests.returning import ENDED, NOON, attempts_at, is_signed
from tests.servers import WorldClient, eventually, side_by_side, subprocess_server
from tests.signing import published


def folder(path: Path) -> list[str]:
    """Options of a server that keeps its worlds; the clock of its world stands at noon when `begin` was called."""
    return ["--data", str(path), "--now", NOON]


def begin(world: WorldClient, url: str) -> Registrar:
    """Brindle, with a token, in a world that stands at noon; its returns go to an endpoint."""
    world.freeze(NOON)
    connect(world, "brindle", callbackUrl=url)
    return Registrar(world)


def test_a_return_under_way_is_sent_again_after_a_kill(tmp_path: Path) -> None:
    """Ours: at least once; the same delivery id, body and signature, as the second attempt."""
    with taking() as taker:
        with subprocess_server(folder(tmp_path), env={"FLEXSIM_SMP_PROGRESS": "immediate"}) as server:
            world = server.client()
            brindle = begin(world, taker.url)
            taker.hold()
            transaction = brindle.send_assets(asset())
            taker.has(1)
            server.kill()
        taker.let_go()
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            first, second = taker.has(2)
            assert (first.attempt, second.attempt) == (1, 2)
            assert first.body == second.body
            for name in ("x-delivery-id", "x-jws-signature"):
                assert first.headers[name] == second.headers[name], name
            assert is_signed(published(world), second), "by the key of before, which the server has kept"
            eventually(lambda: world.journal("message.delivered"), "it is acknowledged")
            assert attempts_at(world, transaction) == [("12:00:00", None), ("12:00:00", 200)]


def test_the_ladder_goes_on_after_a_kill_where_it_was(tmp_path: Path) -> None:
    """Assumed: 5, 15, 60, 300 s; a restart begins no new ladder."""
    with taking(503, 503, 503, 503, 503) as taker:
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            transaction = begin(world, taker.url).send_assets(asset())
            world.advance(by="PT8S")
            server.kill()
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            world.advance(by="PT1H")
            assert [at for at, _ in attempts_at(world, transaction)] == [
                "12:00:02", "12:00:07", "12:00:22", "12:01:22", "12:06:22"]
            assert [message.attempt for message in taker.messages] == [1, 2, 3, 4, 5]
            assert len({message.headers["x-delivery-id"] for message in taker.messages}) == 1


def test_a_kill_while_returns_go_out_loses_none_and_repeats_none_that_was_acknowledged(tmp_path: Path) -> None:
    """Ours: twenty batches, killed after some of their returns have arrived."""
    with taking() as taker:
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            brindle = begin(world, taker.url)
            transactions = [brindle.send_assets(asset(number)) for number in range(20)]

            def advance() -> None:
                with another_client(world) as other, pytest.raises(OSError):
                    other.advance(by="PT1H")

            side_by_side([advance, lambda: (taker.has(7), server.kill())])
        with subprocess_server(folder(tmp_path)) as server:
            world = server.client()
            recorded = {entry["data"]["lane"] for entry in world.journal("message.delivered")}
            world.advance(to=ENDED)
            came = Counter(message.content["transactionId"] for message in taker.messages)
            assert set(came) == set(transactions)
            assert {each: came[each] for each in recorded} == dict.fromkeys(recorded, 1)
            assert max(came.values()) <= 2
            assert {message.content["status"] for message in taker.messages} == {"SUCCEEDED"}
