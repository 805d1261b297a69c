"""A server that is killed at any moment loses nothing that it acknowledged, whatever was being written (ours).

Readings one by one, dispatch messages and batches of assets have tests of their own; here all kinds of writes come at
once, the world's files are replaced in the middle of them, and the moments are random, from a seed.
"""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import requests

from tests.builders import readings_by_minute
from tests.dispatching import wanted
from tests.registering import USERS, Registrar, asset
from tests.servers import NOW, ServerProcess, WorldClient, eventually, subprocess_server

ROUNDS = 3
MEDIA_TYPE = "application/vnd.sqlite3"
DECLARATION = {"participantId": "brindle", "weekCommencing": "2026-11-16", "programme": "OU",
               "meterableUnitId": "MU-1001", "powerKw": 50}
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


class Writer:
    """Does one thing after another until the server is gone; `done` is what it was told is done.

    `under_way` is what it had asked for when the server went, of which nobody knows.
    """

    def __init__(self, client: WorldClient, write: Callable[[WorldClient, str], Any], about: str) -> None:
        self.done: dict[str, Any] = {}
        self.under_way = ""
        self.failure: AssertionError | None = None
        self._client = client
        self._write = write
        self._about = about
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while True:
            number += 1
            self.under_way = f"{self._about}-{number}"
            try:
                self.done[self.under_way] = self._write(self._client, self.under_way)
            except requests.RequestException:
                return
            except AssertionError as failure:
                self.failure = failure
                return

    def has_done_something(self) -> bool:
        """Whether anything was acknowledged; raises what went wrong."""
        if self.failure is not None:
            raise self.failure
        return bool(self.done)

    def finish(self) -> None:
        """Wait until it has noticed that the server is gone."""
        self._thread.join()
        self._client.close()
        self.has_done_something()


def good(answer: requests.Response) -> Any:
    if answer.status_code == 503:
        raise requests.ConnectionError("the server is ending")
    assert answer.ok, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def post_batch(world: WorldClient, name: str) -> int:
    """Twenty readings of twenty minutes that nobody else writes; the id of the request."""
    number = int(name.rpartition("-")[2]) + 1_000 * int(name.split("-")[1])
    last = f"2026-{1 + number // 560 % 9:02}-{1 + number // 20 % 28:02}T{number % 20:02}:59:00Z"
    answer = world.send(readings_by_minute(20, last))
    good(answer)
    return int(answer.headers["X-Request-Id"])


def invite(world: WorldClient, name: str) -> str:
    return good(world.post("/_sim/participants", {
        "name": name, "portal": {"email": f"{name}@dart.example"}, "units": []}))["id"]


def plan(world: WorldClient, name: str) -> str:
    return good(world.post("/_sim/dispatches", wanted(
        startTime="2026-12-02T16:00:00Z", endTime="2026-12-02T18:00:00Z")))["dispatchId"]


def declare(world: WorldClient, name: str) -> str:
    _, round_number, number = name.split("-")
    day, hour = divmod(50 * int(round_number) + int(number), 23)
    window = {"dayOfWeek": DAYS[day % 7], "start": f"{hour:02}:00", "end": f"{hour + 1:02}:00"}
    return good(world.post("/_sim/declarations", {**DECLARATION, "windows": [window]}))["declarationId"]


def register(world: WorldClient, name: str) -> str:
    username, password = USERS["brindle"]
    good(world.post("/smp/api/v1/authenticate", {"username": username, "password": password}))
    return Registrar(world).send_assets(asset(externalReference=name))


def keep(world: WorldClient, name: str) -> str:
    """A snapshot under a new name, and one under an old name, from a file."""
    good(world.put(f"/_sim/snapshots/{name}"))
    content = world.get(f"/_sim/snapshots/{name}/file").content
    good(world.request("PUT", "/_sim/snapshots/again", data=content, headers={"Content-Type": MEDIA_TYPE}))
    return name


def make_worlds(world: WorldClient, name: str) -> str:
    """A world that stays, and one that is made anew and deleted."""
    good(world.put(f"/_sim/worlds/{name}", {"fixture": "quiet", "now": NOW}))
    good(world.put("/_sim/worlds/passing", {"fixture": "quiet", "now": NOW}))
    good(world.put("/_sim/worlds/passing", {"fixture": "empty", "now": NOW}))
    good(world.delete("/_sim/worlds/passing"))
    return name


def go_back(world: WorldClient, name: str) -> str:
    """Something new, and back to the time before it; by a snapshot, or by a reset."""
    good(world.post("/_sim/participants", {"name": name, "portal": {"email": f"{name}@dart.example"}, "units": []}))
    good(world.post("/_sim/snapshots/start/restore"))
    good(world.post("/_sim/participants", {"name": name, "portal": {"email": f"{name}@dart.example"}, "units": []}))
    good(world.post("/_sim/reset"))
    return name


def begin(server: ServerProcess, round_number: int) -> dict[str, Writer]:
    """All writers; those that replace a world's files have a world of their own."""
    wanted_writers = {"readings": post_batch, "participants": invite, "dispatches": plan, "declarations": declare,
                      "batches": register, "snapshots": keep, "worlds": make_worlds}
    writers = {kind: Writer(server.client(), write, f"{kind[0]}-{round_number}")
               for kind, write in wanted_writers.items()}
    writers["back"] = Writer(server.client("back"), go_back, f"b-{round_number}")
    return writers


def missing(world: WorldClient, done: dict[str, dict[str, Any]]) -> dict[str, set[Any]]:
    """What was acknowledged and is not there."""
    entries, since = [], 0
    while portion := world.journal("readings.accepted", since=since):
        entries += portion
        since = portion[-1]["id"]
    snapshots = good(world.get("/_sim/snapshots"))["snapshots"]
    assert all(each["usable"] for each in snapshots)
    there = {
        "readings": {entry["causedBy"] for entry in entries},
        "participants": {each["id"] for each in good(world.get("/_sim/participants"))["participants"]},
        "dispatches": {each["dispatchId"] for each in good(world.get("/_sim/dispatches"))["dispatches"]},
        "declarations": {each["declarationId"] for each in good(
            world.get("/_sim/declarations?week=2026-11-16"))["declarations"]},
        "batches": {each["transactionId"] for each in good(world.get("/_sim/transactions"))["transactions"]},
        "snapshots": {each["name"] for each in snapshots}, "worlds": set(good(world.get("/_sim/worlds"))["worlds"])}
    return {kind: set(done[kind].values()) - found for kind, found in there.items()
            if set(done[kind].values()) - found}


def test_nothing_that_was_acknowledged_is_lost_in_a_kill(tmp_path: Path) -> None:
    """Ours: kill -9 at any moment loses nothing acknowledged; what was under way is there whole, or not at all."""
    moments = random.Random(20261102)
    done: dict[str, dict[str, Any]] = {}
    options = ["--data", str(tmp_path), "--fixture", "quiet", "--now", NOW]
    for round_number in range(ROUNDS):
        with subprocess_server(options) as server:
            default = server.client()
            if round_number == 0:
                default.freeze(NOW)
                good(default.put("/_sim/worlds/back", {"fixture": "quiet", "now": NOW}))
                good(server.client("back").put("/_sim/snapshots/start"))
            else:
                assert missing(default, done) == {}
            writers = begin(server, round_number)
            enough = moments.randrange(10, 60)
            eventually(lambda enough=enough, writers=writers: _have_done(writers, enough), "enough is acknowledged")
            server.kill()
            for kind, writer in writers.items():
                writer.finish()
                done.setdefault(kind, {}).update(writer.done)
            default.close()
        _check_files(tmp_path, writers)
    with subprocess_server(options) as server:
        default, back = server.client(), server.client("back")
        assert missing(default, done) == {}
        assert all(done.values()), {kind: len(each) for kind, each in done.items()}
        people = {each["id"] for each in good(back.get("/_sim/participants"))["participants"]}
        assert people - {"brindle", "tamar"} <= {writers["back"].under_way}
        assert [each["name"] for each in good(back.get("/_sim/snapshots"))["snapshots"]] == ["start"]
        assert not list(tmp_path.glob("worlds/.[!f]*")), "leftovers are cleared away"
        assert not list(tmp_path.glob("worlds/*/.*"))
        assert not list(tmp_path.glob("worlds/*/snapshots/.*"))


def _have_done(writers: dict[str, Writer], enough: int) -> bool:
    each_has = [writer.has_done_something() for writer in writers.values()]
    return all(each_has) and sum(len(writer.done) for writer in writers.values()) >= enough


def _check_files(folder: Path, writers: dict[str, Writer]) -> None:
    """Every database that is in its place is sound, as the kill left it."""
    files = [*folder.glob("worlds/[a-z]*/*.sqlite"), *folder.glob("worlds/[a-z]*/snapshots/[a-z]*.sqlite")]
    assert files
    for file in files:
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)], file
