"""`Simulator` as a library: the same object that the command line uses (design: one facade)."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import requests

from simulator import Settings, Simulator
from simulator.settings import CannotStart
from tests.builders import instant, reading
from tests.servers import TOKEN, fresh_world, running

BST = timezone(timedelta(hours=1))


def test_it_serves_between_start_and_stop() -> None:
    """Style: Simulator(settings).start(), port 0 finds a free port."""
    simulator = Simulator(Settings(port=0, fixture="empty"))
    simulator.start()
    url = simulator.url
    assert requests.get(f"{url}/_sim/health", timeout=60).json()["status"] == "ok"
    simulator.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/_sim/health", timeout=60)


def test_it_can_be_stopped_twice_and_started_again() -> None:
    """Ours: test frameworks clean up more than once."""
    simulator = Simulator(Settings(port=0, fixture="empty"))
    for _ in range(2):
        simulator.start()
        assert requests.get(f"{simulator.url}/_sim/health", timeout=60).ok
        simulator.stop()
        simulator.stop()


def test_it_says_so_when_it_does_not_run() -> None:
    """Ours: a forgotten start is a plain mistake."""
    with pytest.raises(RuntimeError, match="call start"):
        _ = Simulator().worlds


def test_it_can_be_stopped_as_soon_as_it_has_started() -> None:
    """Ours: what is still loading in the background must not outlive the world's folder."""
    for _ in range(5):
        with running(fixture="empty") as simulator:
            folder = simulator.worlds.folder
        assert not folder.exists()
    assert [thread.name for thread in threading.enumerate() if thread.name == "flexsim-load-pages"] == []


def test_many_can_run_side_by_side() -> None:
    """Style: no module-level globals."""
    with running(fixture="empty") as one, running(fixture="demo") as other:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        statuses = [requests.post(f"{server.url}/api/v2/readings", json=[], headers=headers, timeout=60).status_code
                    for server in (one, other)]
    assert statuses == [401, 422]


def test_time_can_be_moved_and_the_journal_read(server: Simulator) -> None:
    """Design: library = CLI = Docker = pytest."""
    with fresh_world(server.url) as world:
        world.freeze("2026-11-14T12:00:00Z")
        assert server.world_url(world.name) == world.url
        assert server.advance(timedelta(hours=1), world.name) == []
        job, = server.advance(datetime(2026, 11, 15, 1, tzinfo=BST), world.name)
        assert (job.job, job.due_at, job.outcome) == ("finalise_previous_month", instant("2026-11-15"), "done")
        assert world.now() == "2026-11-15T00:00:00+00:00"
        assert [entry.data["month"] for entry in server.journal(world.name, kind="month.finalised")] == ["2026-10"]
        server.reset(world.name)
        assert server.journal(world.name, kind="month.finalised") == []


def test_a_start_in_another_zone_is_the_same_instant() -> None:
    """Wire format, assumed: market time is shown in UTC."""
    with running(now=datetime(2026, 7, 6, 10, tzinfo=BST)) as server:
        with server.worlds.using("default") as world:
            assert world.clock.market == datetime(2026, 7, 6, 9, tzinfo=UTC)
            assert world.clock.market.utcoffset() == timedelta(0)
        assert requests.get(f"{server.url}/_sim/clock", timeout=60).json()["now"].startswith("2026-07-06T09:00:")


@pytest.mark.parametrize("settings", [
    {"fixture": "nope"}, {"host": "0.0.0.0"}, {"contracts": {"participant": Path("/nowhere.yaml")}},
    {"contracts": {"nobody": Path("x")}}, {"data": Path("/proc/nowhere")},
])
def test_what_cannot_start_leaves_nothing_behind(settings: dict) -> None:
    """Ours: an error at start is an exception with all problems, and the port is free again."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    simulator = Simulator(Settings(**{"port": port, **settings}))
    for _ in range(5):
        with pytest.raises(CannotStart) as caught:
            simulator.start()
        assert caught.value.problems
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_what_was_answered_before_it_stopped_is_there_when_it_starts_again(tmp_path: Path) -> None:
    """Design: stop finishes the requests under way."""
    settings = {"data": tmp_path, "now": instant("2026-11-02 17:00"), "fixture": "quiet"}
    with running(**settings) as server, requests.Session() as session:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = session.post(f"{server.url}/api/v2/readings", json=reading(), headers=headers, timeout=60)
    with running(data=tmp_path) as server:
        entry, = server.journal(kind="readings.accepted")
    assert (answer.status_code, entry.data["accepted"]) == (200, 1)
