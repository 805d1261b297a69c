"""What was acknowledged is there after a power cut (design: a world is a file; ours)."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from simulator.store.tables import SCHEMA_VERSION
from tests.builders import kinds_of, reading
from tests.servers import NOW, ServerProcess, WorldClient, eventually, run_flexsim, running, subprocess_server

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
ENOUGH_ACKNOWLEDGED = 40


class Writer:
    """Posts one new reading after another until the server is gone; `acknowledged` are those it said 200 to."""

    def __init__(self, server: ServerProcess, first_minute: int) -> None:
        self.acknowledged: list[str] = []
        self.request_ids: list[int] = []
        self._client = server.client()
        self._next = BEGIN + timedelta(minutes=first_minute)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            self._next += timedelta(minutes=1)
            stamp = self._next.strftime("%Y-%m-%dT%H:%M:%SZ")
            try:
                answer = self._client.send(reading(timestamp=stamp, powerKw=1))
            except requests.RequestException:
                return
            if answer.status_code == 200:
                self.acknowledged.append(stamp)
                self.request_ids.append(int(answer.headers["X-Request-Id"]))

    def finish(self) -> None:
        self._thread.join()
        self._client.close()


def stored_minutes(data: Path) -> set[str]:
    """Period ends of all readings of MU-1001, read from the database file."""
    connection = sqlite3.connect(f"file:{data}/worlds/default/world.sqlite?mode=ro", uri=True)
    rows = connection.execute("SELECT period_end FROM readings JOIN units ON unit = number WHERE id = 'MU-1001'")
    found = {datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for end, in rows}
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    return found


def test_every_acknowledged_reading_outlives_a_kill(tmp_path: Path) -> None:
    """Design: nothing that was answered with 200 is lost when the process is killed, and its journal entry is there."""
    acknowledged: list[str] = []
    request_ids: list[int] = []
    for round_number in range(4):
        with subprocess_server(["--data", str(tmp_path), "--now", NOW]) as server:
            writers = [Writer(server, 10_000 * round_number + 2_000 * number) for number in range(4)]
            eventually(lambda writers=writers: all(len(writer.acknowledged) >= ENOUGH_ACKNOWLEDGED
                                                   for writer in writers), "readings are acknowledged")
            server.kill()
            for writer in writers:
                writer.finish()
                acknowledged += writer.acknowledged
                request_ids += writer.request_ids
        assert set(acknowledged) <= stored_minutes(tmp_path)
    with subprocess_server(["--data", str(tmp_path)]) as server:
        world = server.client()
        entries, since = [], 0
        while portion := world.journal(since=since):
            entries += portion
            since = portion[-1]["id"]
        world.close()
    assert set(acknowledged) <= stored_minutes(tmp_path)
    assert len(set(request_ids)) == len(request_ids) == len(acknowledged)
    answered = {entry["id"]: entry["data"]["status"] for entry in entries if entry["kind"] == "http.in"}
    assert {answered[request_id] for request_id in request_ids} == {200}
    stored_by = {entry["causedBy"] for entry in entries if entry["kind"] == "readings.accepted"}
    assert set(request_ids) <= stored_by


def test_worlds_and_their_clocks_outlive_a_kill(tmp_path: Path) -> None:
    """Wire format, assumed: --data DIR keeps the worlds; a frozen clock stands where it stood, and no job runs
    twice.
    """
    with subprocess_server(["--data", str(tmp_path), "--now", NOW, "--fixture", "quiet"]) as server:
        default, other = server.client(), server.client("other")
        assert default.put("/_sim/worlds/other", {"fixture": "quiet", "now": NOW}).status_code == 201
        default.freeze("2026-11-20T12:00:00Z")
        other.put("/_sim/clock", {"mode": "scaled", "rate": 0.001, "now": "2026-11-03T00:00:00Z"})
        assert other.send(reading()).status_code == 200
        server.kill()
    with subprocess_server(["--data", str(tmp_path)]) as server:
        default, other = server.client(), server.client("other")
        assert default.get("/_sim/worlds").json()["worlds"] == ["default", "other"]
        assert default.get("/_sim/clock").json() == {"mode": "frozen", "now": "2026-11-20T12:00:00+00:00", "rate": 0}
        clock = other.get("/_sim/clock").json()
        assert (clock["mode"], clock["rate"]) == ("scaled", 0.001)
        assert clock["now"].startswith("2026-11-03T00:00:0")
        assert kinds_of(default.journal("month.")) == ["month.finalised"]
        assert kinds_of(other.journal("readings.")) == ["readings.accepted"]
        assert other.send(reading()).json()["updated"] == 1
        later = default.advance(to="2026-12-16T00:00:00Z")
        finalised = [job["dueAt"] for job in later if job["job"] == "finalise_previous_month"]
        assert finalised == ["2026-12-15T00:00:00+00:00"]


def test_a_job_that_became_due_while_the_server_was_down_runs_at_the_next_start(tmp_path: Path) -> None:
    """Ours: a clock that runs has passed the job's instant by the next start; it must not be left out."""
    quiet = ["--data", str(tmp_path), "--now", "2026-11-14T23:59:59Z", "--fixture", "quiet"]
    with subprocess_server(quiet) as server:
        client = server.client()
        client.put("/_sim/clock", {"mode": "scaled", "rate": 3, "now": "2026-11-14T23:59:50Z"})
        server.kill()
    killed_at = datetime.now(UTC)
    eventually(lambda: datetime.now(UTC) > killed_at + timedelta(seconds=4), "the instant passes while nobody serves")
    with subprocess_server(["--data", str(tmp_path)]) as server:
        client = server.client()
        entry, = eventually(lambda: client.journal("month.finalised"), "the month is finalised")
        assert (entry["data"]["month"], entry["at"]) == ("2026-10", "2026-11-15T00:00:00+00:00")


def test_signed_forms_and_sessions_outlive_a_restart(tmp_path: Path) -> None:
    """Ours: the keys of cookies and forms are in the data folder, readable by its owner only."""
    with subprocess_server(["--data", str(tmp_path)]) as server:
        assert server.stop() == 0
    keys = [(path, path.read_text()) for path in tmp_path.glob("*.key")]
    assert [oct(path.stat().st_mode & 0o777) for path, _ in keys] == ["0o600"]
    with subprocess_server(["--data", str(tmp_path)]):
        assert [(path, path.read_text()) for path in tmp_path.glob("*.key")] == keys


def test_files_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    """Ours: desktops leave files in every folder they show."""
    (tmp_path / "worlds").mkdir()
    for name in (".DS_Store", "notes.txt"):
        (tmp_path / "worlds" / name).write_text("mine")
    with subprocess_server(["--data", str(tmp_path)]) as server:
        assert server.client().get("/_sim/worlds").json()["worlds"] == ["default"]
    assert (tmp_path / "worlds" / "notes.txt").read_text() == "mine"


def test_folders_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    """Ours: version control, disks and desktops keep folders of their own beside the worlds, and inside them."""
    worlds = tmp_path / "worlds"
    with running(data=tmp_path, fixture="empty") as server:
        WorldClient(server.url, "default").put("/_sim/snapshots/one")
    mine = [worlds / place / "mine" for place in (
        ".git", ".Trash-1000", ".made~", "default/.git", "default/.idea", "default/snapshots/.cache",
        "default/.next.sqlite")]
    for file in mine:
        file.parent.mkdir(parents=True)
        file.write_text("mine")
    (worlds / "default" / "snapshots" / ".DS_Store").write_text("mine")
    leftovers = [worlds / "default" / name for name in (
        ".next.sqlite-wal", ".fixture.yaml.123", "snapshots/.one.sqlite", "snapshots/.two.sqlite-journal")]
    for file in leftovers:
        file.write_text("half")
    with running(data=tmp_path):
        assert not [file for file in leftovers if file.exists()]
    assert {file.read_text() for file in [*mine, worlds / "default" / "snapshots" / ".DS_Store"]} == {"mine"}


@pytest.mark.parametrize("rights", [None, 0o755])
def test_nobody_else_can_look_into_worlds(tmp_path: Path, rights: int | None) -> None:
    """Ours: their files hold sessions, keys and mails."""
    if rights is not None:
        (tmp_path / "worlds").mkdir(mode=rights)
    with running(data=tmp_path, fixture="empty"):
        assert oct((tmp_path / "worlds").stat().st_mode & 0o777) == "0o700"


def test_what_a_kill_left_half_made_is_cleared_away(tmp_path: Path) -> None:
    """Ours: a world is made aside and renamed, so a half-made one is never served."""
    for name in (".made~half", ".deleted~half", ".filled"):
        (tmp_path / "worlds" / name).mkdir(parents=True)
        (tmp_path / "worlds" / name / "world.sqlite").write_bytes(b"half")
    with subprocess_server(["--data", str(tmp_path)]) as server:
        assert server.client().get("/_sim/worlds").json()["worlds"] == ["default"]
        assert server.stop() == 0
    assert [path.name for path in (tmp_path / "worlds").iterdir()] == ["default"]


def _stamp_version(data: Path, version: str) -> None:
    connection = sqlite3.connect(data / "worlds" / "default" / "world.sqlite")
    with connection:
        connection.execute("UPDATE meta SET value = ? WHERE name = 'schema_version'", (version,))
    connection.close()


def test_a_world_of_another_version_is_refused_with_a_way_out(tmp_path: Path) -> None:
    """Style: stamp the schema version, refuse an older file and say what mends it."""
    with subprocess_server(["--data", str(tmp_path), "--fixture", "empty"]) as server:
        assert server.stop() == 0
    _stamp_version(tmp_path, "0")
    result = run_flexsim("serve", "--port", "0", "--data", str(tmp_path))
    assert result.returncode == 2
    assert "'default'" in result.stderr
    assert f"schema 0, this one reads {SCHEMA_VERSION}" in result.stderr
    assert "Remove that folder, or start with another --data folder" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("content", [None, b"", b"no database" * 1_000])
def test_a_world_that_cannot_be_read_is_refused_with_a_way_out(tmp_path: Path, content: bytes | None) -> None:
    """Ours: a damaged or empty folder gets a sentence, not a traceback."""
    folder = tmp_path / "worlds" / "default"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "world.sqlite").write_bytes(content)
    result = run_flexsim("serve", "--port", "0", "--data", str(tmp_path))
    assert result.returncode == 2
    assert "cannot be read" in result.stderr
    assert str(folder) in result.stderr
    assert "Traceback" not in result.stderr


def test_a_client_of_a_restarted_server_needs_to_do_nothing(tmp_path: Path) -> None:
    """Ours: tokens of the fixture stay in force over restarts."""
    client: WorldClient
    for expected in ("created", "updated"):
        with subprocess_server(["--data", str(tmp_path), "--now", NOW]) as server:
            client = server.client()
            assert client.send(reading(timestamp="2026-10-01T00:00:00Z")).json()[expected] == 1
            client.close()
            assert server.stop() == 0
