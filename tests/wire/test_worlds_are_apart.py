"""100 worlds side by side do not see each other, and an unused world costs no thread and no open file (ours)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from simulator import Simulator
from tests.builders import kinds_of, reading
from tests.portal import EMAIL, PASSWORD, sign_in, submit
from tests.servers import WorldClient, eventually, fresh_world, running, side_by_side

COUNT = 100


@pytest.fixture(scope="module")
def many() -> Iterator[list[WorldClient]]:
    """100 worlds, each frozen at a minute of its own, with a number of readings of its own, written side by side."""
    with running() as server, ExitStack() as worlds:
        clients = [worlds.enter_context(fresh_world(server.url, name=f"many-{number}")) for number in range(COUNT)]
        side_by_side([lambda part=part: [_live_in(number, clients[number]) for number in part]
                      for part in (range(start, COUNT, 8) for start in range(8))])
        yield clients


def _live_in(number: int, world: WorldClient) -> None:
    world.freeze(f"2026-11-03T{number // 60:02}:{number % 60:02}:00Z")
    for minute in range(1 + number % 3):
        answer = world.send(reading(timestamp=f"2026-11-02T23:0{minute}:00Z", powerKw=number))
        assert answer.json()["created"] == 1


def test_each_world_has_its_own_clock(many: list[WorldClient]) -> None:
    """Wire format, assumed: worlds have their own clock."""
    assert [world.now() for world in many] == [
        f"2026-11-03T{number // 60:02}:{number % 60:02}:00+00:00" for number in range(COUNT)]


def test_each_world_has_its_own_readings_and_journal(many: list[WorldClient]) -> None:
    """Wire format, assumed: worlds have their own database and journal."""
    for number, world in enumerate(many):
        entries = world.journal()
        assert {entry["world"] for entry in entries} == {world.name}
        assert kinds_of(entries).count("readings.accepted") == 1 + number % 3
        bodies = [entry["data"].get("request_body", "") for entry in entries]
        assert {match for body in bodies for match in re.findall(r'"powerKw": (\d+)', body)} == {str(number)}


def test_journal_ids_begin_anew_in_each_world(many: list[WorldClient]) -> None:
    """Wire format, assumed: worlds have their own ids."""
    assert {world.journal(limit=1)[0]["id"] for world in many} == {1}


def test_a_token_of_one_world_is_unknown_in_the_others(server: Simulator) -> None:
    """Wire format, assumed: worlds are isolated; the demo token is the fixture's, a new one is its world's."""
    with fresh_world(server.url) as one, fresh_world(server.url) as other:
        sign_in(one)
        submit(one, "/api-testing/tokens")
        page = one.get("/api-testing/tokens").text
        token = re.search(r'value="([A-Za-z0-9_-]{43})"', page)[1]
        assert one.send(reading(), token=token).status_code == 200
        assert one.send(reading()).status_code == 401
        assert other.send(reading(), token=token).status_code == 401
        assert other.send(reading()).status_code == 200


def test_a_cookie_of_one_world_is_worth_nothing_in_another(server: Simulator) -> None:
    """Wire format, assumed: cookies never cross worlds, neither sent by the browser nor copied by hand."""
    with fresh_world(server.url) as one, fresh_world(server.url) as other:
        sign_in(one)
        cookie = next(cookie for cookie in one.session.cookies if cookie.name == f"flexsim-{one.name}")
        assert cookie.path == f"/w/{one.name}/"
        assert one.get("/meterable-units", allow_redirects=False).status_code == 200
        copied = {"Cookie": f"flexsim-{other.name}={cookie.value}; flexsim-{one.name}={cookie.value}"}
        assert other.get("/meterable-units", headers=copied, allow_redirects=False).status_code == 302


def test_attempts_to_sign_in_are_counted_in_each_world(server: Simulator) -> None:
    """Wire format, assumed: worlds are isolated: a lock in one is none in another."""
    with fresh_world(server.url) as one, fresh_world(server.url) as other:
        for _ in range(6):
            submit(one, "/sign-in", email=EMAIL, password="wrong-password-1")
        assert submit(one, "/sign-in", email=EMAIL, password=PASSWORD).status_code == 422
        assert submit(other, "/sign-in", email=EMAIL, password=PASSWORD).status_code == 302


def open_world_files(server: Simulator) -> list[str]:
    """The files of worlds that this process has open."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if str(server.worlds.folder / "worlds") in target:
            found.append(target)
    return found


def test_an_unused_world_costs_no_thread_and_no_open_file() -> None:
    """An unused world costs no thread and no open file; here it counts as unused after a second."""
    with running(idle_world_seconds=1) as server, ExitStack() as worlds:
        clients = [worlds.enter_context(fresh_world(server.url)) for _ in range(10)]
        threads = threading.active_count()
        for client in clients:
            assert client.send(reading()).status_code == 200
        assert open_world_files(server)
        eventually(lambda: not open_world_files(server), "idle worlds close their files")
        assert threading.active_count() <= threads + server.settings.threads
        assert not [thread.name for thread in threading.enumerate() if "w-" in thread.name]
        assert [client.send(reading()).json()["updated"] for client in clients] == [1] * 10
