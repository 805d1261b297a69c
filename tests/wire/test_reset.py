"""POST /_sim/reset: back to the world's fixture, while it is being used (wire format, assumed)."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulator import Simulator
from tests.builders import kinds_of, reading, refusal
from tests.portal import sign_in
from tests.servers import NOW, WorldClient, fresh_world, running, side_by_side


def test_reset_puts_back_data_clock_and_journal(world: WorldClient) -> None:
    """Wire format, assumed: back to the world's fixture."""
    world.send(reading(timestamp="2026-11-02T17:01:00Z"))
    world.freeze("2026-11-20T00:00:00Z")
    assert world.post("/_sim/reset").status_code == 200
    assert kinds_of(world.journal())[0] == "world.started"
    assert "readings.accepted" not in kinds_of(world.journal())
    assert world.journal("world.started")[-1]["data"] == {"fixture": "quiet", "reason": "reset"}
    clock = world.get("/_sim/clock").json()
    assert clock["mode"] == "real"
    passed = datetime.fromisoformat(clock["now"]) - datetime.fromisoformat(NOW)
    assert timedelta(0) <= passed < timedelta(minutes=5)
    assert world.send(reading(timestamp="2026-11-02T17:01:00Z")).json()["created"] == 1


def test_a_world_that_started_at_the_real_time_is_reset_to_the_real_time(server: Simulator) -> None:
    """Ours: the demo of today stays the demo of today."""
    with fresh_world(server.url, now=None) as world:
        world.freeze("2026-11-20T00:00:00Z")
        now = world.post("/_sim/reset").json()["now"]
        assert abs(datetime.fromisoformat(now) - datetime.now(UTC)) < timedelta(minutes=1)


def test_jobs_run_again_after_a_reset(world: WorldClient) -> None:
    """Wire format, assumed: back to the fixture, the record of jobs included."""
    for _ in range(2):
        world.freeze("2026-11-14T00:00:00Z")
        jobs = [run["job"] for run in world.advance(to="2026-11-16T00:00:00Z")]
        assert jobs == ["send_daily_schedules", "finalise_previous_month", "send_daily_schedules"]
        world.post("/_sim/reset")


def test_sessions_end_with_a_reset(world: WorldClient) -> None:
    """Wire format, assumed: back to the fixture, in which nobody is signed in."""
    sign_in(world)
    assert world.get("/meterable-units", allow_redirects=False).status_code == 200
    world.post("/_sim/reset")
    assert world.get("/meterable-units", allow_redirects=False).status_code == 302


def test_a_reset_takes_no_options(world: WorldClient) -> None:
    """Ours: an option that does nothing must not be taken in silence."""
    refusal(world.post("/_sim/reset", {"fixture": "empty"}), 422)


def test_only_the_world_that_is_reset_loses_its_data(server: Simulator) -> None:
    """Wire format, assumed: worlds are isolated."""
    with fresh_world(server.url) as one, fresh_world(server.url) as other:
        other.send(reading())
        one.post("/_sim/reset")
        assert "readings.accepted" in kinds_of(other.journal())


def test_a_world_can_be_reset_while_it_is_written_to(server: Simulator) -> None:
    """Reset keeps serving; after resets among writers the database is whole and every answer was right."""
    with fresh_world(server.url) as world:
        enough = threading.Event()
        side_by_side([lambda: _reset_often(world, enough)] + [lambda: _write(server, world, enough)] * 4)
        ids = [entry["id"] for entry in world.journal()]
        assert ids == sorted(set(ids))
        answer = world.send(reading())
        assert answer.json()["accepted"] == 1
        assert int(answer.headers["X-Request-Id"]) > ids[-1]
        with server.worlds.using(world.name) as found:
            connection = sqlite3.connect(found.file)
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            connection.close()


def _reset_often(world: WorldClient, enough: threading.Event) -> None:
    client = WorldClient(world.url, world.name)
    try:
        for _ in range(15):
            assert client.post("/_sim/reset").status_code == 200
    finally:
        enough.set()
        client.close()


def _write(server: Simulator, world: WorldClient, enough: threading.Event) -> None:
    client = WorldClient(world.url, world.name)
    while not enough.is_set():
        answer = client.send([reading(timestamp=f"2026-11-02T16:{minute:02}:00Z") for minute in range(60)])
        assert answer.status_code == 200, answer.text
        assert answer.headers["X-Request-Id"].isdigit()
    client.close()


def test_a_start_that_has_grown_old_is_filled_anew(tmp_path: Path) -> None:
    """Ours: a fixture is relative to the start; a day later its invitation would have expired, its readings be old."""
    with running(data=tmp_path) as simulator:
        world = WorldClient(simulator.url, "default")
        old = world.mails()[0]
        yesterday = time.time() - 86_400
        os.utime(tmp_path / "worlds" / "default" / "start.sqlite", (yesterday, yesterday))
        world.advance("PT25H")
        link = old["links"][0].removeprefix(world.url)
        assert world.get(link).status_code == 410, "the invitation has expired"
        assert world.post("/_sim/reset").ok
        new, = world.mails()
        assert new["at"] > old["at"]
        assert world.get(new["links"][0].removeprefix(world.url)).status_code == 200
        assert world.get(link).status_code == 404, "the old world is gone"
        world.close()


def test_a_start_at_a_time_of_its_own_stays(tmp_path: Path) -> None:
    """Wire format, assumed: PUT /_sim/worlds/{name} with `now`: back to the fixture means to that time."""
    with running(data=tmp_path, now=datetime(2026, 11, 2, 17, tzinfo=UTC)) as simulator:
        world = WorldClient(simulator.url, "default")
        os.utime(tmp_path / "worlds" / "default" / "start.sqlite", (0, 0))
        links = world.mails()[0]["links"]
        assert world.post("/_sim/reset").ok
        assert world.mails()[0]["links"] == links
        world.close()
