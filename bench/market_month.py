"""Measures the market month: `python -m bench.market_month` prints its figures as JSON.

The worlds are made here through the simulator's own operations, without a server, and are then served by the real
command. Every dispatch is of one unit, metered minute by minute, for two hours; its readings are there already, so that
the time counted is the simulator's and not that of a client that sends them. An endpoint in this process acknowledges
at once.
"""

from __future__ import annotations

import http.client
import json
import re
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import pyotp
import yaml

from bench.endpoints import acknowledging
from bench.exchanges import LOOPBACK, exchange
from bench.problems import BenchProblem
from bench.processes import serving
from simulator.market.dispatch_requests import WantedDispatch
from simulator.market.readings import Reading
from simulator.operations import dispatching
from simulator.settings import Settings
from simulator.store import organisations, readings
from simulator.worlds import Worlds

UNITS = 50
EVENTS = 200
MANY_EVENTS = 1_000
DAYS = 31
_MINUTES = 120
_PAGES = 20
_START = datetime(2026, 10, 1, 6, tzinfo=UTC)
_OWNER = "bench"
_EMAIL, _PASSWORD, _SECRET = "desk@bench.example", "Bench-only-2026", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_ZONES = ("CMZ_T7B_SWA_0012", "CMZ_T4A_EM_0012")


@dataclass(frozen=True)
class MonthFigures:
    """Seconds for moving the clock; milliseconds to the first byte of a page of the portal, the median."""

    advance_s: float
    finalise_s: float
    page_ms: float


def measure_month(command: list[str], ready_path: str, log: Path) -> MonthFigures:
    """All figures, each on a fresh server. Raises BenchProblem."""
    with _world(EVENTS) as folder, serving(_on(command, folder), ready_path, log) as running, acknowledging() as url:
        _call(running.port, "PATCH", f"/_sim/participants/{_OWNER}", {"dispatch": {"baseUrl": url}})
        advance_s = _advance(running.port, {"by": f"P{DAYS}D"})
        _check(running.port, EVENTS, "provisional")
    with _world(MANY_EVENTS) as folder, serving(_on(command, folder), ready_path, log) as running:
        with acknowledging() as url:
            _call(running.port, "PATCH", f"/_sim/participants/{_OWNER}", {"dispatch": {"baseUrl": url}})
            _advance(running.port, {"to": "2026-11-14T23:59:00Z"})
        finalise_s = _advance(running.port, {"by": "PT1M"})
        _check(running.port, MANY_EVENTS, "final")
        page_ms = _first_bytes(running.port, "/reports/event-reports?month=2026-10")
    return MonthFigures(advance_s, finalise_s, page_ms)


def _on(command: list[str], folder: str) -> list[str]:
    return [*command, "--data", folder]


@contextmanager
def _world(events: int) -> Iterator[str]:
    """A folder with a world whose clock stands at the begin of a month in which so many events will be."""
    with TemporaryDirectory(prefix="flexsim-bench-") as folder:
        fixture = Path(folder) / "bench.yaml"
        fixture.write_text(yaml.safe_dump(_fixture()))
        worlds = Worlds(Settings(data=Path(folder), port=0, fixture=str(fixture), now=_START - timedelta(hours=1)))
        worlds.open()
        try:
            world = worlds.find("default")
            assert world is not None  # every server has it
            with world.work() as work:
                units = list(organisations.units_of(work, _OWNER).values())
                for number in range(events):
                    unit, start = units[number % UNITS], _start_of(number, events)
                    dispatching.plan_dispatch(work, WantedDispatch(
                        _OWNER, "OU", (unit.id,), start, start + timedelta(minutes=_MINUTES), 100_000_000,
                        timedelta(minutes=15)))
                    first = int(start.timestamp())
                    readings.store_readings(work, [
                        Reading(unit.number, first + 60 * minute, (40 + (number + minute) % 80) * 1_000_000)
                        for minute in range(1, _MINUTES + 1)])
        finally:
            worlds.close()
        yield folder


def _start_of(number: int, events: int) -> datetime:
    """Spread over thirty days; the dispatches of one unit never overlap."""
    turns = -(-events // UNITS)
    turn, place = divmod(number, UNITS)
    return _START + timedelta(minutes=30 * 1_440 * turn // turns // 30 * 30 + place * 7)


def _fixture() -> dict[str, Any]:
    return {
        "clock": "frozen",
        "zones": [{"code": code, "name": code, "licence_area": "South Wales"} for code in _ZONES],
        "organisations": [{
            "id": _OWNER, "name": "Bench Ltd", "portal": {
                "email": _EMAIL, "password": _PASSWORD, "authenticator_secret": _SECRET,
                "email_preferences": ["monthly_invoices", "weekly_accepted_declarations", "daily_schedules"]},
            "units": [{
                "id": f"MU-B{number:02}", "description": "Battery", "technology": "Batteries", "capacity_kw": 500,
                "granularity": "minute", "zone": _ZONES[number % len(_ZONES)]} for number in range(UNITS)]}]}


def _advance(port: int, how: dict[str, str]) -> float:
    began = time.perf_counter()
    answer = _call(port, "POST", "/_sim/clock/advance", how)
    spent = time.perf_counter() - began
    failed = [job for job in answer["jobs"] if job["outcome"] != "done"]
    if failed:
        raise BenchProblem(f"jobs failed: {failed}")
    return spent


def _check(port: int, events: int, state: str) -> None:
    """What was timed must have happened."""
    found = _call(port, "GET", "/_sim/events?size=1000")
    if found["total"] != events or {each["state"] for each in found["events"]} != {state}:
        raise BenchProblem(f"{found['total']} events instead of {events}, or not all {state}")


def _call(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    answer = exchange(port, method, path, body=None if body is None else json.dumps(body).encode(),
                      headers={"Content-Type": "application/json"}, timeout=300.0)
    if answer.status not in (200, 201):
        raise BenchProblem(f"{method} {path} answered {answer.status}: {answer.body[:300]!r}")
    return answer.as_json()


def _first_bytes(port: int, path: str) -> float:
    """Median milliseconds until the first byte of a page for a signed-in user."""
    visitor = _Visitor(port)
    visitor.send("/sign-in", {"email": _EMAIL, "password": _PASSWORD})
    visitor.send("/sign-in/code", {"code": pyotp.TOTP(_SECRET).now()})
    taken = []
    for _ in range(_PAGES):
        began = time.perf_counter()
        status, body = visitor.ask("GET", path)
        taken.append(visitor.first_byte - began)
        if status != 200 or b"Event Reports" not in body:
            raise BenchProblem(f"{path} answered {status}: {body[:200]!r}")
    return statistics.median(taken) * 1_000


class _Visitor:
    """A browser in a few lines: one connection, the cookie, the token of a form."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
        self._cookie = ""
        self.first_byte = 0.0

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        """Status and body; when the first byte came is kept."""
        headers = {"Cookie": self._cookie, **({"Content-Type": "application/x-www-form-urlencoded"} if body else {})}
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        self.first_byte = time.perf_counter()
        cookie = response.getheader("Set-Cookie")
        if cookie:
            self._cookie = cookie.partition(";")[0]
        return response.status, response.read()

    def send(self, path: str, fields: dict[str, str]) -> None:
        """Fill in the form of a page and send it. Raises BenchProblem when that leads nowhere."""
        _, page = self.ask("GET", path)
        token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page)
        status, body = self.ask("POST", path, urlencode({**fields, "csrf_token": token[1].decode() if token else ""}))
        if status not in (302, 303):
            raise BenchProblem(f"POST {path} answered {status}: {body[:200]!r}")


if __name__ == "__main__":
    print(json.dumps(asdict(measure_month(
        [sys.executable, "-m", "simulator", "serve", "--port", "{port}"], "/_sim/health", Path("/dev/null")))))
