"""`python -m bench soak`: many worlds side by side for a while. Nothing may cross, and the memory must come back.

What each world holds afterwards is read from its database and its pages, and compared with what was acknowledged.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from bench.parallel_worlds import Driver, MarkedWorld, Problem, Receiver
from bench.processes import memory_of, serving

WORLDS = 50
CLIENTS = 8
MOST_MEGABYTES_KEPT = 20.0
_IDLE_WORLD_SECONDS = 1
_SETTLING_SECONDS = 8.0  # the server gives memory back some seconds after it has become quiet
_COMMAND = [sys.executable, "-m", "simulator", "serve", "--port", "{port}"]


@dataclass
class Figures:
    """What came of a run. `problems` is empty when nothing crossed and nothing was lost; memory is PSS in MB."""

    worlds: int
    clients: int
    seconds: float
    done: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    before_mb: float = 0.0
    busy_mb: float = 0.0
    after_mb: float = 0.0

    @property
    def kept_mb(self) -> float:
        """Memory that did not come back."""
        return self.after_mb - self.before_mb

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"{self.worlds} worlds, {self.clients} clients, {self.seconds:.0f} s: {self.done.total():,} actions "
            f"({', '.join(f'{name} {count:,}' for name, count in self.done.most_common())})",
            f"found afterwards, each in its own world: {', '.join(f'{n:,} {what}' for what, n in self.held.items())}",
            f"memory (PSS): {self.before_mb:.1f} MB before, {self.busy_mb:.1f} MB at the end of the load, "
            f"{self.after_mb:.1f} MB after the worlds were deleted: {self.kept_mb:+.1f} MB (promise: "
            f"≤ {MOST_MEGABYTES_KEPT:g} MB)",
            *(f"PROBLEM {problem}" for problem in self.problems[:30]),
            f"{len(self.problems)} problems",
        ]


def run(folder: Path, seconds: float, worlds: int = WORLDS, clients: int = CLIENTS, seed: int = 7) -> Figures:
    """Start a server on `folder`, drive its worlds, compare, delete them, and look at its memory again."""
    figures = Figures(worlds, clients, seconds)
    command = [*_COMMAND, "--data", str(folder / "data"), "--fixture", "quiet"]
    configuration = folder / "soak.toml"
    configuration.write_text(f"idle_world_seconds = {_IDLE_WORLD_SECONDS}\n")
    with (Receiver().at_work() as receiver,
          serving([*command, "--config", str(configuration)], "/_sim/health", folder / "server.log") as running):
        url = f"http://127.0.0.1:{running.port}"
        _warm_up(url, receiver)
        receiver.taken.clear()
        figures.before_mb = _settled_memory(running.pid)
        marked = [MarkedWorld(number, url) for number in range(1, worlds + 1)]
        drivers = [Driver(marked, receiver, seed + place) for place in range(clients)]
        _side_by_side(figures, drivers, [
            lambda driver=driver, part=marked[place::clients]: [driver.make(world) for world in part]
            for place, driver in enumerate(drivers)])
        if not figures.problems:
            _drive(figures, drivers, seconds)
            figures.busy_mb = memory_of(running.pid).pss
            for world in marked:
                _compare(figures, drivers[0], world, folder / "data" / "worlds" / world.name, receiver)
        _side_by_side(figures, drivers, [
            lambda driver=driver, part=marked[place::clients]: [driver.remove(world) for world in part]
            for place, driver in enumerate(drivers)])
        for driver in drivers:
            figures.done += driver.done
            driver.close()
        figures.after_mb = _settled_memory(running.pid, enough=figures.before_mb + MOST_MEGABYTES_KEPT / 2)
        left = sorted(path.name for path in (folder / "data" / "worlds").iterdir() if path.name[0] != ".")
        if left != ["default"]:
            figures.problems.append(f"the data folder still holds {left}")
    log = (folder / "server.log").read_text()
    if "Traceback" in log:
        figures.problems.append(f"the server failed: {log[-2_000:]}")
    return figures


def _warm_up(url: str, receiver: Receiver) -> None:
    """Do everything once in a world that is deleted again: parts of the server load when they are first needed."""
    worlds = [MarkedWorld(number, url) for number in (98, 99)]
    driver = Driver(worlds, receiver, 1)
    for world in worlds:
        driver.make(world)
        for action in (driver.send_readings, driver.invite, driver.plan_dispatch, driver.register_assets,
                       driver.try_foreign_token, driver.look):
            action(world)
        driver.call(world, "POST", "/_sim/clock/advance", {"by": "PT12H"})
        driver.call(world, "GET", "/console")
    for world in worlds:
        driver.remove(world)
    driver.close()


def _settled_memory(pid: int, enough: float = 0.0) -> float:
    """PSS in MB, the lowest of some seconds in which nothing is asked of the server, or the first that is `enough`."""
    lowest = memory_of(pid).pss
    until = time.monotonic() + _SETTLING_SECONDS
    while lowest > enough and time.monotonic() < until:
        time.sleep(0.25)
        lowest = min(lowest, memory_of(pid).pss)
    return lowest


def _side_by_side(figures: Figures, drivers: list[Driver], jobs: list[Any]) -> None:
    def do(job: Any) -> None:
        try:
            job()
        except (Problem, requests.RequestException) as problem:
            figures.problems.append(str(problem))

    threads = [threading.Thread(target=do, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _drive(figures: Figures, drivers: list[Driver], seconds: float) -> None:
    until = time.monotonic() + seconds

    def drive(driver: Driver) -> None:
        while time.monotonic() < until and len(figures.problems) < 100:
            try:
                driver.act()
            except (Problem, requests.RequestException) as problem:
                figures.problems.append(str(problem))

    _side_by_side(figures, drivers, [lambda driver=driver: drive(driver) for driver in drivers])


def _compare(figures: Figures, driver: Driver, world: MarkedWorld, folder: Path, receiver: Receiver) -> None:
    """Hold what a world holds against what was acknowledged."""
    try:
        _come_to_rest(driver, world)
        journal = _since(driver, world, "/_sim/journal", "entries")
        mails = _since(driver, world, "/_sim/mailbox", "messages")
        dispatches = driver.call(world, "GET", "/_sim/dispatches").json()["dispatches"]
        assets = _by_offset(driver, world, "assets")
        transactions = _by_offset(driver, world, "transactions")
        now = driver.call(world, "GET", "/_sim/clock").json()
    except (Problem, requests.RequestException) as problem:
        figures.problems.append(str(problem))
        return
    taken = [(path, body) for path, body in receiver.taken if path.startswith(f"/m{world.mark}/")]
    stored = _readings_in(folder / "world.sqlite")
    told = [body["dispatchId"] for path, body in taken if "dispatchId" in body]
    references = {each["fields"]["external_reference"] for each in assets}
    returned = {body["transactionId"] for path, body in taken if "transactionId" in body}
    ids = [entry["id"] for entry in journal]
    calls = {entry["id"] for entry in journal if entry["kind"] == "http.in"}
    accepted = sum(entry["data"]["accepted"] for entry in journal
                   if entry["kind"] == "readings.accepted" and entry["causedBy"] in calls)
    shown = json.dumps([journal, mails, dispatches, assets, transactions, [body for _, body in taken]])
    crossed = world.foreign_marks(shown)
    for is_good, what in (
            (not crossed, f"holds marks of others: {sorted(crossed)[:5]}"),
            ({entry["world"] for entry in journal} == {world.name}, "has journal entries of another world"),
            (ids == sorted(set(ids)), "has journal ids twice, or out of order"),
            (stored == world.readings, f"{len(stored)} readings, acknowledged {len(world.readings)}, "
             f"different {len(set(stored.items()) ^ set(world.readings.items()))}"),
            (accepted == len(world.readings), f"its journal says {accepted} readings, {len(world.readings)} were sent"),
            ({mail["to"] for mail in mails if "@world-" in mail["to"]} == world.invited, "has other mails"),
            ({each["dispatchId"]: each["powerChangeKw"] for each in dispatches
              if each["dispatchId"] in world.dispatches} == world.dispatches, "has other dispatches than planned"),
            (world.fixture == "demo" or len(dispatches) == len(world.dispatches), "has dispatches that nobody planned"),
            (set(told) <= {each["dispatchId"] for each in dispatches}, "its endpoint got dispatches of others"),
            (all(body["powerChangeKw"] in (0, world.dispatches.get(body["dispatchId"])) for _, body in taken
                 if "powerChangeKw" in body), "its endpoint got another power than planned"),
            (references == world.assets, "has other assets than registered"),
            ({each["transactionId"] for each in transactions} == world.transactions, "has other batches than sent"),
            (returned == world.transactions, f"got {len(returned)} batch returns of {len(world.transactions)}"),
            (_is_right(world, now), f"its clock stands wrong: {now}, moved by {world.moved}")):
        if not is_good:
            figures.problems.append(f"{world.name} {what}")
    figures.held += Counter({"readings": len(stored), "journal entries": len(journal), "mails": len(mails),
                             "dispatches": len(dispatches), "assets": len(assets), "messages received": len(taken)})


def _since(driver: Driver, world: MarkedWorld, path: str, name: str) -> list[dict[str, Any]]:
    """All of a list that is read by number, oldest first."""
    found: list[dict[str, Any]] = []
    while part := driver.call(world, "GET", f"{path}?limit=10000&since={found[-1]['id'] if found else 0}").json()[name]:
        found += part
    return found


def _by_offset(driver: Driver, world: MarkedWorld, name: str) -> list[dict[str, Any]]:
    """All of a list that is read in pages."""
    found: list[dict[str, Any]] = []
    while part := driver.call(world, "GET", f"/_sim/{name}?limit=1000&offset={len(found)}").json()[name]:
        found += part
    return found


def _come_to_rest(driver: Driver, world: MarkedWorld) -> None:
    """Let all that was begun come to its end: move time by a minute, and stop it.

    Batches end two seconds after they came, and messages that are due are delivered when an advance ends.
    """
    now = datetime.fromisoformat(driver.call(world, "GET", "/_sim/clock").json()["now"])
    if world.clock in ("scaled", "real"):
        driver.call(world, "PUT", "/_sim/clock", {"mode": "frozen", "now": now.isoformat()})
    driver.call(world, "POST", "/_sim/clock/advance", {"by": "PT1M"})
    world.moved += timedelta(minutes=1)


def _readings_in(file: Path) -> dict[int, int]:
    """Milliwatts by end of period of July's readings, read past the server from the database."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return dict(connection.execute("select period_end, milliwatts from readings where period_end < ?",
                                       (int(datetime.fromisoformat("2026-08-20T00:00:00+00:00").timestamp()),)))
    finally:
        connection.close()


def _is_right(world: MarkedWorld, clock: dict[str, Any]) -> bool:
    now = datetime.fromisoformat(clock["now"])
    if world.clock in ("frozen", "moved"):
        return now == world.starts_at + world.moved
    # It ran for some minutes at the most, one of them a second for the scaled ones, before it was stopped.
    return world.starts_at < now < world.starts_at + timedelta(hours=12 if world.clock == "scaled" else 1)


def main(arguments: list[str]) -> int:
    """Run it and print; 1 when something crossed, was lost, or the memory did not come back."""
    parser = argparse.ArgumentParser(prog="python -m bench soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long (default 60)")
    parser.add_argument("--worlds", type=int, default=WORLDS, help=f"how many (default {WORLDS})")
    parser.add_argument("--clients", type=int, default=CLIENTS, help=f"threads at work (default {CLIENTS})")
    parser.add_argument("--seed", type=int, default=7, help="of what they do (default 7)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="flexsim-soak-") as folder:
        figures = run(Path(folder), options.seconds, options.worlds, options.clients, options.seed)
    print("\n".join(figures.lines()))
    return 1 if figures.problems or figures.kept_mb > MOST_MEGABYTES_KEPT else 0
