"""/_sim/snapshots: copies of a world that it can go back to (wire format, assumed: snapshots; ours)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from simulator import Simulator
from simulator.store.tables import SCHEMA_VERSION
from tests.builders import kinds_of, reading, readings_by_minute, refusal
from tests.servers import NOW, WorldClient, eventually, fresh_world, side_by_side
from tests.snapshots import file_of, names, restore, take


def wall_time(text: str) -> timedelta:
    """How far an instant is from now."""
    return abs(datetime.now(UTC) - datetime.fromisoformat(text))


def test_a_snapshot_tells_what_it_is(world: WorldClient) -> None:
    """Wire format, assumed: snapshots; 201 the first time, then 200."""
    world.freeze("2026-11-05T12:00:00Z")
    answer = world.put("/_sim/snapshots/before-lunch")
    assert answer.status_code == 201
    told = answer.json()
    assert wall_time(told.pop("takenAt")) < timedelta(minutes=1)
    assert told.pop("bytes") > 100_000
    assert told == {"name": "before-lunch", "marketNow": "2026-11-05T12:00:00+00:00", "fixture": "quiet",
                    "schemaVersion": SCHEMA_VERSION, "usable": True, "whatHelps": ""}
    assert world.get("/_sim/snapshots/before-lunch").json() == answer.json()
    assert world.get("/_sim/snapshots").json() == {"snapshots": [answer.json()]}
    assert world.put("/_sim/snapshots/before-lunch").status_code == 200


def test_a_world_goes_back_to_what_it_was(world: WorldClient) -> None:
    """Ours: restore; what came after the snapshot is gone, what was there is there, as often as one likes."""
    world.send(reading(timestamp="2026-11-02T17:01:00Z"))
    take(world)
    for _ in range(2):
        assert world.send(reading(timestamp="2026-11-02T17:01:00Z")).json()["updated"] == 1
        assert world.send(reading(timestamp="2026-09-01T17:02:00Z")).json()["created"] == 1
        assert world.post("/_sim/participants", {
            "name": "Dart Storage Ltd", "portal": {"email": "desk@dart.example"}, "units": []}).status_code == 201
        assert restore(world)["world"] == world.name
        assert world.get("/_sim/participants/dart-storage").status_code == 404


def test_a_snapshot_taken_again_is_the_newer_one(world: WorldClient) -> None:
    """Wire format, assumed: PUT replaces."""
    take(world)
    world.send(reading(timestamp="2026-11-02T17:01:00Z"))
    take(world)
    restore(world)
    assert world.send(reading(timestamp="2026-11-02T17:01:00Z")).json()["updated"] == 1


def test_the_journal_tells_of_snapshots(world: WorldClient) -> None:
    """Ours: facts snapshot.taken and snapshot.restored; a snapshot does not hold its own taking."""
    before = kinds_of(world.journal())
    take(world)
    asked, taken = world.journal()[len(before):]
    assert (asked["kind"], taken["kind"], taken["causedBy"]) == ("http.in", "snapshot.taken", asked["id"])
    restore(world)
    entries = world.journal()
    assert kinds_of(entries)[len(before):] == ["snapshot.restored", "http.in"]
    assert [entry["id"] for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[len(before)]["data"] == {"name": "one"}


def test_looking_leaves_no_trace(world: WorldClient) -> None:
    """Wire format, assumed: calls that only watch are not recorded."""
    take(world)
    before = len(world.journal())
    for path in ("", "/one", "/one/file"):
        assert world.get(f"/_sim/snapshots{path}").headers["X-Request-Id"] == "not-recorded"
    assert len(world.journal()) == before


# The clock

def test_a_frozen_clock_stands_where_it_stood(world: WorldClient) -> None:
    """Ours: a clock goes back to the instant of the snapshot, and goes on in its mode."""
    world.freeze("2026-11-05T12:00:00Z")
    take(world)
    world.put("/_sim/clock", {"mode": "real", "now": "2026-12-24T12:00:00Z"})
    restore(world)
    assert world.get("/_sim/clock").json() == {"mode": "frozen", "now": "2026-11-05T12:00:00+00:00", "rate": 0}


@pytest.mark.parametrize("clock", [
    {"mode": "scaled", "rate": 60, "now": "2026-11-05T12:00:00Z"}, {"mode": "real", "now": "2026-11-05T12:00:00Z"}])
def test_a_clock_that_runs_apart_goes_on_from_the_instant_of_the_snapshot(world: WorldClient, clock: dict) -> None:
    """Ours: so that what was about to happen is about to happen again."""
    world.put("/_sim/clock", clock)
    taken = datetime.fromisoformat(take(world)["marketNow"])
    world.freeze("2027-03-01T00:00:00Z")
    now = datetime.fromisoformat(restore(world)["now"])
    assert timedelta(0) <= now - taken < timedelta(minutes=10)
    assert world.get("/_sim/clock").json()["mode"] == clock["mode"]
    assert world.get("/_sim/clock").json()["rate"] == clock.get("rate", 1)


def test_a_clock_that_runs_with_real_time_keeps_it(server: Simulator) -> None:
    """Ours: such a world is compared with real watches."""
    with fresh_world(server.url, now=None) as world:
        taken = take(world)
        world.freeze("2027-03-01T00:00:00Z")
        assert wall_time(restore(world)["now"]) < timedelta(seconds=30)
        assert world.get("/_sim/clock").json()["mode"] == "real"
        assert wall_time(taken["marketNow"]) < timedelta(minutes=1)


def test_what_was_about_to_happen_happens_again(world: WorldClient) -> None:
    """Ours: jobs that came after the snapshot run once more, each at its own instant."""
    world.put("/_sim/clock", {"mode": "scaled", "rate": 10, "now": "2026-11-14T23:59:50Z"})
    take(world)
    for _ in range(2):
        entry, = eventually(lambda: world.journal("month.finalised"), "the month is finalised")
        assert entry["at"] == "2026-11-15T00:00:00+00:00"
        restore(world)
    eventually(lambda: world.journal("month.finalised"), "the month is finalised")


# Other things that replace a world

def test_reset_keeps_snapshots(world: WorldClient) -> None:
    """Ours: also the one that was just gone back to."""
    world.send(reading(timestamp="2026-11-02T17:01:00Z"))
    take(world)
    assert world.post("/_sim/reset").status_code == 200
    assert names(world) == ["one"]
    restore(world)
    assert world.send(reading(timestamp="2026-11-02T17:01:00Z")).json()["updated"] == 1


def test_a_world_made_anew_has_no_snapshots(world: WorldClient) -> None:
    """Ours: PUT /_sim/worlds/{name} forgets what the world held."""
    take(world)
    assert world.put(f"/_sim/worlds/{world.name}", {"fixture": "quiet", "now": NOW}).status_code == 200
    assert names(world) == []


def test_a_deleted_snapshot_is_gone(world: WorldClient) -> None:
    """Wire format, assumed: DELETE /_sim/snapshots/{name}."""
    take(world)
    take(world, "two")
    assert world.delete("/_sim/snapshots/one").status_code == 204
    assert names(world) == ["two"]
    for answer in (world.delete("/_sim/snapshots/one"), world.get("/_sim/snapshots/one"),
                   world.get("/_sim/snapshots/one/file"), world.post("/_sim/snapshots/one/restore")):
        assert "'one'" in refusal(answer, 404)["detail"]


def test_the_newest_snapshot_comes_first(world: WorldClient) -> None:
    """Ours."""
    for name in ("b", "c", "a"):
        take(world, name)
    assert names(world) == ["a", "c", "b"]


def test_a_body_is_refused(world: WorldClient) -> None:
    """Wire format, assumed: errors of every call are problems; a snapshot is taken of the world as it is, and needs no
    telling.
    """
    refusal(world.put("/_sim/snapshots/one", {"name": "two"}), 422)
    assert names(world) == []


@pytest.mark.parametrize("name", [
    "Upper", "-hyphen", "under_score", "a.b", "a b", "é", "ｏｎｅ", "x" * 64, "%2e%2e", ".", "..", ".hidden", "a%00b",
    "a%0a", "~", "..%2f..%2fworlds%2fother", "%2e%2e%2fworld", "one%2ffile%2f..", "one/../../world", "con%20", "%",
])
def test_a_name_cannot_leave_the_folder(server: Simulator, world: WorldClient, name: str) -> None:
    """Ours: nothing but small letters, digits and hyphens; nothing is written or removed anywhere."""
    take(world)
    everything = sorted(path for path in server.worlds.folder.rglob("*.sqlite*") if world.name in str(path))
    for method, ending in (("PUT", ""), ("GET", ""), ("DELETE", ""), ("GET", "/file"), ("POST", "/restore")):
        prepared = requests.Request(method, world.url, headers={"Content-Type": "application/json"}).prepare()
        prepared.url = f"{world.url}/_sim/snapshots/{name}{ending}"
        assert world.session.send(prepared, timeout=60).status_code in (400, 404, 405, 422)
    found = sorted(path for path in server.worlds.folder.rglob("*.sqlite*") if world.name in str(path))
    assert found == everything


@pytest.mark.parametrize("name", ["0", "a", "x" * 63, "a-b-c", "7-"])
def test_a_good_name_is_taken(world: WorldClient, name: str) -> None:
    """Ours: names of snapshots are like those of worlds."""
    take(world, name)
    restore(world, name)
    assert names(world) == [name]


# While others work

def test_a_snapshot_taken_while_others_write_is_of_one_instant(server: Simulator, world: WorldClient) -> None:
    """Ours: every snapshot holds as many readings as its journal says, though batches come all the time."""
    ended = threading.Event()

    def write(unit: str) -> Callable[[], None]:
        def run() -> None:
            with requests.Session() as session:
                for place in range(1_000):
                    if ended.is_set():
                        return
                    last = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(minutes=50 * place)
                    answer = session.post(f"{world.url}/api/v2/readings", timeout=60, headers={
                        "Authorization": f"Bearer {world.token}"},
                        json=readings_by_minute(20, last.isoformat(), meterableUnitId=unit))
                    assert answer.status_code == 200, answer.text
        return run

    def watch() -> None:
        try:
            for number in range(8):
                take(world, f"s{number}")
        finally:
            ended.set()

    before = _readings_in(file_of(server, world, take(world, "before")["name"]))
    side_by_side([write("MU-1001"), write("MU-1001"), watch])
    told = []
    for number in range(8):
        file = file_of(server, world, f"s{number}")
        with closing(sqlite3.connect(f"{file.as_uri()}?immutable=1", uri=True)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            created, = connection.execute("SELECT coalesce(sum(json_extract(data, '$.created')), 0) FROM journal "
                                          "WHERE kind = 'readings.accepted'").fetchone()
        assert _readings_in(file) == before + created
        told.append(created)
    assert told == sorted(told)
    restore(world, "s3")
    assert sum(entry["data"]["created"] for entry in world.journal("readings.accepted")) == told[3]


def _readings_in(file: Path) -> int:
    with closing(sqlite3.connect(f"{file.as_uri()}?immutable=1", uri=True)) as connection:
        return connection.execute("SELECT count(*) FROM readings").fetchone()[0]


def test_calls_that_come_during_a_restore_are_answered(world: WorldClient) -> None:
    """Ours: they wait for it, and none fails."""
    take(world)

    def write() -> None:
        client = WorldClient(world.url, world.name)
        for place in range(40):
            assert client.send(reading(timestamp=f"2026-11-02T16:{place:02}:00Z")).status_code == 200
            assert client.get("/_sim/clock").status_code == 200
        client.close()

    def go_back() -> None:
        client = WorldClient(world.url, world.name)
        for _ in range(8):
            restore(client)
        client.close()

    side_by_side([write, write, go_back])
    assert kinds_of(world.journal("world.")) == ["world.started"]


def test_snapshots_of_one_world_are_taken_restored_and_removed_side_by_side(world: WorldClient) -> None:
    """Ours: whoever comes second finds it done or gone; nothing hangs, nothing breaks."""
    take(world)

    def work(number: int) -> Callable[[], None]:
        def run() -> None:
            client = WorldClient(world.url, world.name)
            for _ in range(4):
                for answer in (client.put("/_sim/snapshots/one"), client.post("/_sim/snapshots/one/restore"),
                               client.put(f"/_sim/snapshots/mine-{number}"), client.post("/_sim/reset"),
                               client.delete(f"/_sim/snapshots/mine-{number}"), client.get("/_sim/snapshots")):
                    assert answer.ok, answer.text
            client.close()
        return run

    side_by_side([work(number) for number in range(4)])
    assert names(world) == ["one"]
