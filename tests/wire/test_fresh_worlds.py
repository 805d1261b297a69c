"""Worlds are made by copying one that was filled before: as good as filled, and with secrets of their own (ours)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator import Simulator
from tests.builders import reading, refusal
from tests.registering import BASE, Registrar
from tests.servers import NOW, WorldClient, fresh_name, fresh_world, running

RANDOM_TOKEN = """
like: empty
organisations:
  - id: dart
    name: Dart Storage Ltd
    portal: {email: desk@dart.example, password: Dart-demo-2026-x, authenticator_secret: JBSWY3DPEHPK3PXP}
    units: []
"""


def rows_of(server: Simulator, world: WorldClient) -> dict[str, list[tuple[Any, ...]]]:
    """All that a world holds, but its own secrets and the wall time it was made at."""
    file = server.worlds.folder / "worlds" / world.name / "start.sqlite"
    with closing(sqlite3.connect(f"{file.as_uri()}?immutable=1", uri=True)) as connection:
        tables = [name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
        rows["clock"] = connection.execute("SELECT mode, market, rate, jobs_through FROM clock").fetchall()
        rows["meta"] = connection.execute("SELECT * FROM meta WHERE name != 'session_key' ORDER BY name").fetchall()
    return {table: [tuple(_without_links(value) for value in row) for row in found] for table, found in rows.items()}


def _without_links(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return "secret" if re.fullmatch(r"[0-9a-f]{64}", value) else re.sub(r"token=[\w-]{43}", "token=", value)


def link_of(world: WorldClient) -> str:
    """Where the invitation of Tamar leads, below the world."""
    mail, = [each for each in world.mails() if each["links"]]
    return mail["links"][0].removeprefix(world.url)


@pytest.fixture
def pair(server: Simulator) -> Iterator[tuple[WorldClient, WorldClient]]:
    """Two worlds of one fixture and one start, of which at least the second one is a copy."""
    with fresh_world(server.url) as first, fresh_world(server.url) as second:
        yield first, second


@pytest.mark.parametrize("fixture", ["quiet", "demo", "empty"])
def test_a_copied_world_is_like_one_that_was_filled(server: Simulator, fixture: str) -> None:
    """Every row of every table is the same, but for what has to be its own; the first of a start is always filled."""
    now = "2026-11-03T09:07:00Z"
    with (fresh_world(server.url, fixture, now) as filled, fresh_world(server.url, fixture, now) as copied,
          fresh_world(server.url, fixture, now) as copied_again):
        assert rows_of(server, copied) == rows_of(server, filled)
        assert rows_of(server, copied_again) == rows_of(server, filled)


def test_what_happens_in_one_is_not_in_the_next(server: Simulator) -> None:
    """Wire format, assumed: many isolated worlds."""
    with fresh_world(server.url) as first:
        first.send(reading(timestamp="2026-11-02T17:01:00Z"))
        with fresh_world(server.url) as second:
            assert second.send(reading(timestamp="2026-11-02T17:01:00Z")).json()["created"] == 1


def test_each_world_has_links_of_its_own(pair: tuple[WorldClient, WorldClient]) -> None:
    """Domain: a link that sets a password is a secret; it opens one account of one world."""
    first, second = pair
    assert link_of(first) != link_of(second)
    for world, other in (pair, (second, first)):
        assert world.get(link_of(world)).status_code == 200
        assert world.get(link_of(other)).status_code != 200


def test_each_world_signs_with_a_key_of_its_own(server: Simulator, pair: tuple[WorldClient, WorldClient]) -> None:
    """Wire format, assumed: cookies never cross worlds, nor do tokens."""
    keys = {server.worlds.find(world.name).session_key for world in pair}
    assert len(keys) == 2
    first, second = pair
    for asked, asker in ((first, first), (second, second), (first, second), (second, first)):
        answer = asked.post(f"{BASE}/transactions/status", {"transactionId": "x"}, headers=Registrar(asker).headers)
        assert answer.status_code == (404 if asked is asker else 401)


def test_a_reset_leaves_a_copied_world_its_secrets(pair: tuple[WorldClient, WorldClient]) -> None:
    """README: a token of the SMP outlives a reset; and so does the link of the invitation."""
    _, copied = pair
    link, registrar = link_of(copied), Registrar(copied)
    assert copied.post("/_sim/reset").ok
    assert link_of(copied) == link
    assert copied.get(link).status_code == 200
    assert copied.post(f"{BASE}/transactions/status", {"transactionId": "x"}, headers=registrar.headers
                       ).status_code == 404


def test_api_tokens_that_a_fixture_does_not_name_are_each_worlds_own(tmp_path: Path) -> None:
    """Design: secrets that protect something are truly random."""
    file = tmp_path / "mine.yaml"
    file.write_text(RANDOM_TOKEN, "utf-8")
    with running(fixture=str(file)) as server:
        tokens = []
        for _ in range(3):
            with fresh_world(server.url, str(file)) as world, server.worlds.using(world.name) as used:
                with used.view() as view:
                    tokens.append(view.connection.exec_driver_sql("SELECT token FROM api_tokens").scalar_one())
                assert world.send([], token=tokens[-1]).status_code != 401
        assert len(set(tokens)) == 3


def test_a_world_that_starts_at_wall_time_starts_now(server: Simulator) -> None:
    """Wire format, assumed: without `now`, wall time: of the call, not of the world that was copied."""
    for _ in range(3):
        began = datetime.now(UTC)
        with fresh_world(server.url, now=None) as world:
            assert began <= datetime.fromisoformat(world.now()) <= datetime.now(UTC)
            newest = max(entry["at"] for entry in world.journal())
            assert datetime.fromisoformat(newest) > began - timedelta(minutes=1)
            now = datetime.fromisoformat(world.now()).replace(second=0, microsecond=0)
            if now == began.replace(second=0, microsecond=0):
                sent = world.send(reading(timestamp=now.isoformat())).json()
                assert sent["updated"] == 1, "its readings reach up to this minute"


def test_a_fixtures_clock_that_stands_stands_at_the_start_that_was_asked_for(tmp_path: Path) -> None:
    """Fixtures: `clock: frozen`."""
    file = tmp_path / "still.yaml"
    file.write_text("like: empty\nclock: frozen\n", "utf-8")
    with running(fixture=str(file)) as server:
        for now in (NOW, NOW, "2026-12-01T00:00:00Z"):
            with fresh_world(server.url, str(file), now) as world:
                clock = world.get("/_sim/clock").json()
                assert (clock["mode"], datetime.fromisoformat(clock["now"])) == ("frozen", datetime.fromisoformat(now))


def test_what_is_kept_for_copying_is_bounded_and_goes_with_the_server(tmp_path: Path) -> None:
    """Ours: a few starts, not every start there ever was."""
    kept = tmp_path / "worlds" / ".filled"
    with running(data=tmp_path, fixture="empty") as server:
        for day in range(1, 13):
            with fresh_world(server.url, "empty", f"2026-11-{day:02}T00:00:00Z"):
                pass
        assert 0 < len(list(kept.iterdir())) <= 8
    assert not kept.exists()


def test_a_world_that_was_to_be_replaced_when_the_server_was_killed_is_put_back(tmp_path: Path) -> None:
    """Ours: PUT /_sim/worlds/{name} leaves the old world or the new one, whenever the server is killed."""
    name = fresh_name()
    with running(data=tmp_path, fixture="empty") as server:
        world = WorldClient(server.url, "default")
        for each in (name, "gone", "half", "kept"):
            assert world.put(f"/_sim/worlds/{each}", {"fixture": "empty", "now": NOW}).status_code == 201
        world.close()
    worlds = tmp_path / "worlds"
    (worlds / name).rename(worlds / f".replaced~{name}")
    (worlds / "gone").rename(worlds / ".deleted~gone")
    (worlds / "half").rename(worlds / ".made~half")
    (worlds / "kept" / "snapshots").mkdir()
    for leftover in (".next.sqlite", ".next.sqlite-wal", "snapshots/.one.sqlite"):
        (worlds / "kept" / leftover).write_bytes(b"half")
    with running(data=tmp_path) as server:
        assert server.worlds.names() == sorted(["default", "kept", name])
        world = WorldClient(f"{server.url}/w/{name}", name)
        assert world.now().startswith(NOW[:10])
        refusal(world.get("/_sim/snapshots/one"), 404)
        world.close()
        assert sorted(path.name for path in (worlds / "kept").glob("**/.*")) == []
