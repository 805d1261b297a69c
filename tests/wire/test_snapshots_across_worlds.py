"""Snapshots and the worlds around them: carried into another one, apart from others, over a restart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import requests
from sqlalchemy import event
from sqlalchemy.pool import Pool

from simulator import Simulator
from tests.builders import reading, refusal
from tests.registering import BASE, Registrar
from tests.servers import WorldClient, fresh_name, fresh_world, running
from tests.snapshots import MEDIA_TYPE, downloaded, file_of, names, restore, take, upload


def test_a_snapshot_carried_into_another_world_is_that_world_there(server: Simulator, world: WorldClient) -> None:
    """Ours: download as a file, upload."""
    world.send(reading(timestamp="2026-11-02T17:01:00Z"))
    world.freeze("2026-11-05T12:00:00Z")
    take(world)
    with fresh_world(server.url, fixture="empty") as other:
        assert upload(other, downloaded(world), "carried").status_code == 201
        restore(other, "carried")
        assert other.now() == "2026-11-05T12:00:00+00:00"
        assert other.send(reading(timestamp="2026-11-02T17:01:00Z")).json()["updated"] == 1
        assert world.send(reading(timestamp="2026-11-02T17:01:00Z")).json()["updated"] == 1


def test_tokens_of_neither_world_work_in_the_other(server: Simulator, world: WorldClient) -> None:
    """Wire format, assumed: nothing crosses worlds; not even when one holds a copy of the other's data."""
    take(world)
    here = Registrar(world)
    with fresh_world(server.url) as other:
        there = Registrar(other)
        assert upload(other, downloaded(world)).status_code == 201
        restore(other)
        restore(world)
        for asked, asker, status in ((world, here, 404), (other, there, 404), (world, there, 401), (other, here, 401)):
            answer = asked.post(f"{BASE}/transactions/status", {"transactionId": "none"}, headers=asker.headers)
            assert answer.status_code == status, answer.text


def _keeps_what_is_removed(connection: sqlite3.Connection, record: object) -> None:
    connection.execute("PRAGMA secure_delete=OFF")


def test_a_snapshot_holds_no_key_of_cookies(server: Simulator, world: WorldClient) -> None:
    """Ours: who gets the file cannot forge what the world signs; not a part of the key is left, with any SQLite."""
    event.listen(Pool, "connect", _keeps_what_is_removed)
    try:
        take(world)
        upload(world, downloaded(world), "two")
    finally:
        event.remove(Pool, "connect", _keeps_what_is_removed)
    key = server.worlds.find(world.name).session_key
    for name in ("one", "two"):
        with closing(sqlite3.connect(f"{file_of(server, world, name).as_uri()}?immutable=1", uri=True)) as connection:
            assert connection.execute("SELECT value FROM meta WHERE name = 'session_key'").fetchone() == ("",)
        content = file_of(server, world, name).read_bytes()
        assert not [key[place:place + 8] for place in range(len(key) - 7) if key[place:place + 8].encode() in content]


def test_worlds_have_snapshots_of_their_own(server: Simulator, world: WorldClient) -> None:
    """Wire format, assumed: many isolated worlds."""
    take(world)
    with fresh_world(server.url) as other:
        assert names(other) == []
        refusal(other.post("/_sim/snapshots/one/restore"), 404)


def test_the_list_of_worlds_counts_snapshots(server: Simulator) -> None:
    """Ours: details of every world."""
    with fresh_world(server.url, name=fresh_name("counted")) as world:
        world.freeze("2026-11-05T12:00:00Z")
        take(world)
        take(world, "two")
        listed = requests.get(f"{server.url}/_sim/worlds", timeout=60).json()
        assert {"name": world.name, "fixture": "quiet", "now": "2026-11-05T12:00:00+00:00", "mode": "frozen",
                "rate": 0, "snapshots": 2} in listed["details"]
        assert [each["name"] for each in listed["details"]] == listed["worlds"]


def test_a_name_deleted_under_a_download_is_no_failure(world: WorldClient) -> None:
    """Ours: what was begun to be sent is sent."""
    take(world)
    with world.get("/_sim/snapshots/one/file", stream=True) as answer:
        world.delete("/_sim/snapshots/one")
        content = answer.content
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.headers["Content-Disposition"] == f"attachment; filename={world.name}-one.sqlite"
    assert len(content) == int(answer.headers["Content-Length"])
    assert content.startswith(b"SQLite format 3\x00")


def test_snapshots_outlive_a_restart(tmp_path: Path) -> None:
    """Wire format, assumed: --data keeps the worlds, and with them their snapshots."""
    with running(data=tmp_path, fixture="quiet") as server:
        world = WorldClient(server.url, "default")
        world.freeze("2026-11-05T12:00:00Z")
        before = take(world)
        world.close()
    with running(data=tmp_path) as server:
        world = WorldClient(server.url, "default")
        assert world.get("/_sim/snapshots").json() == {"snapshots": [before]}
        assert restore(world)["now"] == "2026-11-05T12:00:00+00:00"
        world.close()
