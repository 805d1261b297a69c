"""Files that are kept as snapshots: what is no snapshot, or none of this version, is refused and leaves no trace."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from simulator import Simulator
from simulator.store.tables import SCHEMA_VERSION
from tests.builders import faults, refusal
from tests.servers import NOW, WorldClient, fresh_world, running
from tests.snapshots import MEDIA_TYPE, upload


@pytest.fixture(scope="module")
def good(server: Simulator) -> bytes:
    """The file of a snapshot."""
    with fresh_world(server.url) as world:
        assert world.put("/_sim/snapshots/one").status_code == 201
        return world.get("/_sim/snapshots/one/file").content


@pytest.fixture
def kept(world: WorldClient) -> Iterator[WorldClient]:
    """A world with the snapshot `one`, which must be as it was at the end of the test, and be the only one."""
    told = world.put("/_sim/snapshots/one").json()
    yield world
    assert world.get("/_sim/snapshots").json() == {"snapshots": [told]}


def changed(good: bytes, folder: Path, *statements: str) -> bytes:
    """The file after somebody else's SQL."""
    file = folder / "changed.sqlite"
    file.write_bytes(good)
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.execute("PRAGMA journal_mode=DELETE")
    return file.read_bytes()


def refused(world: WorldClient, content: bytes) -> str:
    """The sentence with which a file is refused."""
    body = refusal(upload(world, content), 422)
    assert faults(body) == [("", "snapshot")]
    return body["errors"][0]["message"]


@pytest.mark.parametrize("spoil", [
    lambda good: b"x", lambda good: b"PK\x03\x04" + bytes(5_000), lambda good: good[:100], lambda good: good[:-4_096],
    lambda good: good[:50_000], lambda good: good[:16] + bytes(len(good) - 16),
    lambda good: good[:8_192] + b"\xff" * 8_192 + good[16_384:],
], ids=["a letter", "a zip", "its header", "a page short", "a part", "zeros", "damaged pages"])
def test_what_is_no_database_is_refused(kept: WorldClient, good: bytes, spoil: Callable[[bytes], bytes]) -> None:
    """Ours: the whole file is checked before any of it is kept."""
    message = refused(kept, spoil(good))
    assert "damaged" in message
    assert "/_sim/snapshots/NAME" in message or "again" in message


def test_a_database_of_somebody_else_is_refused(kept: WorldClient, tmp_path: Path) -> None:
    """Ours."""
    file = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE meta (name, value)")
        connection.commit()
    assert "none of the simulator's" in refused(kept, file.read_bytes())


@pytest.mark.parametrize("statement", [
    "CREATE TRIGGER evil AFTER INSERT ON journal BEGIN DELETE FROM readings; END",
    "CREATE VIEW evil AS SELECT * FROM readings", "CREATE TABLE evil (x)", "CREATE INDEX evil ON journal (at)",
    "DROP INDEX journal_kind", "DROP TRIGGER finalised_months_delete", "ALTER TABLE journal ADD COLUMN evil",
    "DROP TABLE faults",
])
def test_a_file_with_other_tables_triggers_or_views_is_refused(kept: WorldClient, good: bytes, tmp_path: Path,
                                                               statement: str) -> None:
    """Ours: what a file brings along must not run in the server."""
    assert "Its tables are not the simulator's" in refused(kept, changed(good, tmp_path, statement))


@pytest.mark.parametrize("statement", [
    "DELETE FROM clock", "UPDATE clock SET mode = 'backwards'", "UPDATE clock SET rate = 9e999",
    "UPDATE clock SET market = 9000000000000000000", "DELETE FROM meta WHERE name = 'schema_version'",
    "UPDATE meta SET value = 'yesterday' WHERE name = 'snapshot_taken_at'",
    "DELETE FROM meta WHERE name = 'snapshot_taken_at'", "UPDATE meta SET value = '6x' WHERE name = 'schema_version'",
    "UPDATE units SET organisation_id = 'nobody'",
])
def test_a_file_that_a_world_could_not_live_with_is_refused(kept: WorldClient, good: bytes, tmp_path: Path,
                                                            statement: str) -> None:
    """Ours: it is found out now, not when somebody restores it."""
    assert refused(kept, changed(good, tmp_path, statement))


@pytest.mark.parametrize("version", [SCHEMA_VERSION - 1, SCHEMA_VERSION + 1])
def test_a_file_of_another_version_is_refused_with_a_way_out(kept: WorldClient, good: bytes, tmp_path: Path,
                                                             version: int) -> None:
    """Ours: a snapshot of another schema version is refused with the command that helps."""
    statement = f"UPDATE meta SET value = '{version}' WHERE name = 'schema_version'"
    message = refused(kept, changed(good, tmp_path, statement))
    assert f"schema {version}" in message
    assert f"reads schema {SCHEMA_VERSION}" in message
    assert "`flexsim fixture save FILE`" in message
    assert "`flexsim fixture load FILE`" in message


def test_the_database_of_a_world_is_no_snapshot(server: Simulator, kept: WorldClient, tmp_path: Path) -> None:
    """Ours: it holds the key of the world's cookies, and may lack what its log still holds."""
    raw = (server.worlds.folder / "worlds" / kept.name / "start.sqlite").read_bytes()
    assert "no snapshot" in refused(kept, raw)


def test_a_kept_snapshot_of_another_version_is_shown_and_not_restored(server: Simulator, world: WorldClient) -> None:
    """Ours: it stays where it is, says what helps, and the world stays as it is."""
    world.put("/_sim/snapshots/one")
    file = server.worlds.folder / "worlds" / world.name / "snapshots" / "one.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE meta SET value = '2' WHERE name = 'schema_version'")
    shown = world.get("/_sim/snapshots/one").json()
    assert (shown["usable"], shown["schemaVersion"], shown["fixture"]) == (False, 2, "quiet")
    before = world.now(), len(world.journal("world."))
    assert refusal(world.post("/_sim/snapshots/one/restore"), 409)["detail"] == shown["whatHelps"]
    assert (world.now()[:10], len(world.journal("world."))) == (before[0][:10], before[1])
    assert file.exists()


@pytest.mark.parametrize("content", [b"", b"no database" * 1_000])
def test_a_damaged_file_in_the_folder_is_shown_and_not_restored(server: Simulator, world: WorldClient, content: bytes
                                                                ) -> None:
    """Ours: a full disk leaves such things."""
    world.put("/_sim/snapshots/one")
    folder = server.worlds.folder / "worlds" / world.name / "snapshots"
    (folder / "two.sqlite").write_bytes(content)
    (folder / "notes.txt").write_text("mine")
    shown = {each["name"]: each["usable"] for each in world.get("/_sim/snapshots").json()["snapshots"]}
    assert shown == {"one": True, "two": False}
    assert "Delete it" in refusal(world.post("/_sim/snapshots/two/restore"), 409)["detail"]
    assert world.delete("/_sim/snapshots/two").status_code == 204


def test_a_world_s_database_put_into_the_folder_by_hand_is_shown_and_not_restored(server: Simulator,
                                                                                  world: WorldClient) -> None:
    """Ours: it is no snapshot, for it does not say when it was taken."""
    world.put("/_sim/snapshots/one")
    folder = server.worlds.folder / "worlds" / world.name
    shutil.copy(folder / "start.sqlite", folder / "snapshots" / "two.sqlite")
    shown = world.get("/_sim/snapshots/two").json()
    assert not shown["usable"]
    assert "no snapshot" in shown["whatHelps"]
    assert refusal(world.post("/_sim/snapshots/two/restore"), 409)["detail"] == shown["whatHelps"]


def test_a_file_that_is_too_large_is_refused(good: bytes) -> None:
    """Ours: a setting, FLEXSIM_MAX_SNAPSHOT_BYTES; what is just small enough is taken."""
    with running(fixture="empty", max_snapshot_bytes=len(good)) as server:
        world = WorldClient(server.url, "default")
        assert upload(world, good).status_code == 201
        told = refusal(upload(world, good + b"x"), 413)
        assert "FLEXSIM_MAX_SNAPSHOT_BYTES" in told["detail"]
        world.close()


def test_a_file_may_be_larger_than_any_other_upload(good: bytes) -> None:
    """Ours: the limits of bodies and of CSV files are others."""
    with running(fixture="empty", max_body_bytes=1_000, max_upload_bytes=1_000) as server:
        world = WorldClient(server.url, "default")
        assert upload(world, good).status_code == 201
        assert world.post("/_sim/snapshots/one/restore").status_code == 200
        world.close()


def test_a_file_sent_in_chunks_is_taken(world: WorldClient, good: bytes) -> None:
    """Ours: clients that do not know the length beforehand."""
    answer = world.request("PUT", "/_sim/snapshots/one", headers={"Content-Type": MEDIA_TYPE},
                           data=(good[place:place + 50_000] for place in range(0, len(good), 50_000)))
    assert answer.status_code == 201
    assert world.get("/_sim/snapshots/one/file").content == good


@pytest.mark.parametrize("media_type", ["application/octet-stream", "text/plain", "multipart/form-data; boundary=x"])
def test_a_file_of_another_type_is_refused(kept: WorldClient, good: bytes, media_type: str) -> None:
    """Ours: what foreign pages can send unasked is none of the types that are taken."""
    assert MEDIA_TYPE in refusal(upload(kept, good, media_type=media_type), 415)["detail"]


def test_an_uploaded_snapshot_keeps_its_instant(world: WorldClient, good: bytes) -> None:
    """Ours: it is as old as it is, not as its upload."""
    first = upload(world, good).json()
    assert upload(world, good, "two").json() == {**first, "name": "two"}
    assert first["fixture"] == "quiet"
    assert first["marketNow"].startswith(NOW[:10])
