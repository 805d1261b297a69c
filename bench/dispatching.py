"""Measures how fast dispatch messages go out: `python -m bench.dispatching` prints its figures as JSON.

The endpoints are in this process, a server for each organisation, and answer after a tenth of a second. All messages
become due at one instant: the clock of the world stands a second before it, and is then set running. The time runs from
that instant to the last acknowledgement, by this process's clock, which is the server's.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

from bench.endpoints import acknowledging
from bench.exchanges import exchange
from bench.problems import BenchProblem
from bench.processes import serving

ANSWER_SECONDS = 0.1
HANGING_SECONDS = 10.0
ORGANISATIONS = 10
MESSAGES = 200
OTHERS = 100
_LEAD = timedelta(seconds=1)
_DUE = datetime.fromisoformat("2026-11-02T15:45:00+00:00")
_PATIENCE = 30.0


@dataclass
class DispatchFigures:
    """Seconds from the instant at which messages are due to the last acknowledgement."""

    all_s: float
    without_hanging_s: float
    with_hanging_s: float


class _Endpoints:
    """The endpoints of all organisations, and when they acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: list[float] = []
        self.wanted = 0
        self.enough = threading.Event()
        self.over = threading.Event()
        self._lock = threading.Lock()

    def wait_a_little(self, headers: Message, body: bytes) -> bool:
        """Whether to answer a message, after the time that an endpoint takes."""
        return not self.over.wait(ANSWER_SECONDS)

    def hang(self, headers: Message, body: bytes) -> bool:
        """The same for the endpoint that hangs."""
        return not self.over.wait(HANGING_SECONDS)

    def note(self) -> None:
        """A message was acknowledged."""
        with self._lock:
            self.acknowledged.append(time.time())
            if len(self.acknowledged) == self.wanted:
                self.enough.set()


def _call(port: int, method: str, path: str, body: dict[str, Any], expected: tuple[int, ...] = (200, 201)) -> None:
    answer = exchange(port, method, path, body=json.dumps(body).encode(),
                      headers={"Content-Type": "application/json"})
    if answer.status not in expected:
        raise BenchProblem(f"{method} {path} answered {answer.status}: {answer.body[:300]!r}")


def _measure_one(port: int, world: str, counted: int, hanging: int) -> float:
    """Seconds until `counted` messages of ten organisations are acknowledged, with `hanging` of another one."""
    _call(port, "PUT", f"/_sim/worlds/{world}", {"fixture": "empty", "now": "2026-11-02T12:00:00Z"})
    place = f"/w/{world}/_sim"
    before = (_DUE - _LEAD).isoformat()
    _call(port, "PUT", f"{place}/clock", {"mode": "frozen", "now": before})
    endpoints = _Endpoints()
    endpoints.wanted = counted
    with ExitStack() as running:
        for number in range(ORGANISATIONS):
            url = running.enter_context(acknowledging(endpoints.wait_a_little, endpoints.note))
            _invite(port, place, number, url, counted // ORGANISATIONS)
        if hanging:
            url = running.enter_context(acknowledging(endpoints.hang))
            _invite(port, place, ORGANISATIONS, url, hanging)
        running.callback(endpoints.over.set)
        began = time.time()
        _call(port, "PUT", f"{place}/clock", {"mode": "scaled", "rate": 1, "now": before})
        due = began + _LEAD.total_seconds()
        if not endpoints.enough.wait(_PATIENCE):
            raise BenchProblem(f"only {len(endpoints.acknowledged)} of {counted} messages were acknowledged in "
                               f"{_PATIENCE:g} s")
    _call(port, "DELETE", f"/_sim/worlds/{world}", {}, (204,))
    return max(endpoints.acknowledged) - due


def _invite(port: int, place: str, number: int, url: str, dispatches: int) -> None:
    """An organisation with one unit, an endpoint, and dispatches that are due all at once."""
    unit = {"id": f"MU-B{number}", "capacityKw": 500, "granularity": "minute", "zone": "CMZ_T7B_SWA_0012"}
    _call(port, "POST", f"{place}/participants", {
        "id": f"org-{number}", "name": f"Organisation {number}", "portal": {"email": f"desk@org-{number}.example"},
        "units": [unit]})
    _call(port, "PATCH", f"{place}/participants/org-{number}", {"dispatch": {"baseUrl": url, "auth": "none"}})
    for _ in range(dispatches):
        _call(port, "POST", f"{place}/dispatches", {
            "participantId": f"org-{number}", "programme": "OU", "meterableUnitIds": [unit["id"]],
            "startTime": (_DUE + timedelta(minutes=15)).isoformat(), "endTime": "2026-11-02T18:00:00Z",
            "powerChangeKw": 100})


def measure_dispatching(command: list[str], ready_path: str, log: Path) -> DispatchFigures:
    """All figures, on a fresh server. Raises BenchProblem."""
    with serving(command, ready_path, log) as running:
        _measure_one(running.port, "warm-up", ORGANISATIONS, 0)
        return DispatchFigures(
            _measure_one(running.port, "all", MESSAGES, 0), _measure_one(running.port, "without", OTHERS, 0),
            _measure_one(running.port, "with", OTHERS, OTHERS // 5))


if __name__ == "__main__":
    found = measure_dispatching([sys.executable, "-m", "simulator", "serve", "--port", "{port}"], "/_sim/health",
                                Path("/dev/null"))
    print(json.dumps(asdict(found)))
