"""Worlds that are driven side by side, each with marks of its own in everything that is written to it.

World number 7 is `soak-07`: its readings end in 7 thousandths of a kW, its mail goes to `world-07.example`, its assets
are `W07-…`, its dispatches have 7 kW after the thousands, its endpoint is `/m07`. Whatever bears a mark in a world must
bear that world's, and what a world holds must be what was acknowledged to have been written to it.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

START = datetime(2026, 11, 2, 12, tzinfo=UTC)
_FIRST_READING = datetime(2026, 7, 1, tzinfo=UTC)
"""A month in which no fixture has readings."""

_MARKS = re.compile(r"(?<!urn:flexsim:)soak-(\d\d)\b|\bW(\d\d)-|world-(\d\d)\.example|/m(\d\d)\b")
"""The refusal of a foreign token names the world that the token says it is of: `urn:flexsim:soak-07:smp`."""

_USER = {"username": "brindle-smp", "password": "Brindle-smp-2026"}
_BEARER = {"Authorization": "Bearer demo-token-brindle"}
_FAULTS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"match": {"surface": "participant"}, "effect": {"delayMs": 20}, "when": {"probability": 0.2}},
    {"match": {"surface": "participant"}, "effect": {"status": 503}, "when": {"probability": 0.3}},
    {"match": {"surface": "dispatch"}, "effect": {"duplicate": True}},
    {"match": {"surface": "callback"}, "effect": {"duplicate": True}},
)
_CLOCKS = ("frozen", "moved", "scaled", "real")
_LONGEST_CALL = 60  # seconds


@dataclass(eq=False)
class MarkedWorld:
    """A world, and what was acknowledged to have been written to it."""

    number: int
    server: str
    readings: dict[int, int] = field(default_factory=dict)
    """Milliwatts by end of period (seconds since 1970)."""
    invited: set[str] = field(default_factory=set)
    dispatches: dict[str, float] = field(default_factory=dict)
    assets: set[str] = field(default_factory=set)
    transactions: set[str] = field(default_factory=set)
    moved: timedelta = timedelta(0)
    token: str = ""
    writing: threading.Lock = field(default_factory=threading.Lock)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    @property
    def mark(self) -> str:
        """`07`."""
        return f"{self.number:02}"

    @property
    def name(self) -> str:
        """`soak-07`."""
        return f"soak-{self.mark}"

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"{self.server}/w/{self.name}"

    @property
    def fixture(self) -> str:
        """Every tenth has the whole demo month."""
        return "demo" if self.number % 10 == 0 else "quiet"

    @property
    def clock(self) -> str:
        """How its time passes: frozen, moved, scaled or real."""
        return _CLOCKS[self.number % len(_CLOCKS)]

    @property
    def starts_at(self) -> datetime:
        """An instant of its own."""
        return START + timedelta(minutes=7 * self.number)

    @property
    def fault(self) -> dict[str, Any] | None:
        """What goes wrong in it on purpose."""
        return _FAULTS[self.number % len(_FAULTS)]

    def foreign_marks(self, text: str) -> set[str]:
        """The marks in a text that are not this world's."""
        return {match[0] for match in _MARKS.finditer(text) if self.mark not in match.groups()}


class Receiver(ThreadingHTTPServer):
    """The endpoints of all worlds, each below its mark: what came there."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def at_work(self) -> Iterator[Receiver]:
        """Answer with 200 until the block ends."""
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join()
            self.server_close()


class _Taking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, json.loads(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Problem(AssertionError):
    """Something crossed, was lost, or was answered as it should not be."""


class Driver:
    """One client: does random things in random worlds. Give each thread one of its own."""

    def __init__(self, worlds: list[MarkedWorld], receiver: Receiver, seed: int) -> None:
        self._worlds = worlds
        self._receiver = receiver
        self._chance = random.Random(seed)
        self._session = requests.Session()
        self._session.trust_env = False
        self.done: Counter[str] = Counter()

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    def call(self, world: MarkedWorld, method: str, path: str, body: Any = None, *,
             headers: dict[str, str] | None = None, allowed: tuple[int, ...] = (200, 201, 202)) -> requests.Response:
        """A request to a world. Raises Problem for another status than those allowed."""
        answer = self._session.request(method, world.url + path, json=body, headers=headers, timeout=_LONGEST_CALL)
        if answer.status_code not in allowed:
            raise Problem(f"{world.name}: {method} {path} was answered {answer.status_code} {answer.text[:300]}")
        return answer

    def make(self, world: MarkedWorld) -> None:
        """Make a world with its clock, its fault and its endpoints."""
        body = {"fixture": world.fixture, "now": world.starts_at.isoformat()}
        made = self._session.put(f"{world.server}/_sim/worlds/{world.name}", json=body, timeout=_LONGEST_CALL)
        if made.status_code not in (200, 201):
            raise Problem(f"{world.name} could not be made: {made.status_code} {made.text[:300]}")
        mode = {"frozen": {"mode": "frozen"}, "moved": {"mode": "frozen"}, "scaled": {"mode": "scaled", "rate": 60},
                "real": {"mode": "real"}}[world.clock]
        self.call(world, "PUT", "/_sim/clock", {**mode, "now": world.starts_at.isoformat()})
        place = f"{self._receiver.url}/m{world.mark}"
        self.call(world, "PATCH", "/_sim/participants/brindle", {
            "dispatch": {"baseUrl": place}, "smp": {"callbackUrl": f"{place}/returns"}})
        if world.fault is not None:
            self.call(world, "POST", "/_sim/faults", {**world.fault, "seed": world.number})
        answer = self.call(world, "POST", "/smp/api/v1/authenticate", _USER)
        world.token = answer.json()["access_token"]

    def remove(self, world: MarkedWorld) -> None:
        """Delete a world."""
        gone = self._session.delete(f"{world.server}/_sim/worlds/{world.name}", timeout=_LONGEST_CALL)
        if gone.status_code != 204:
            raise Problem(f"{world.name} could not be deleted: {gone.status_code} {gone.text[:300]}")

    def act(self) -> None:
        """Do one thing in one world."""
        actions: list[Callable[[MarkedWorld], None]] = [
            self.send_readings, self.invite, self.plan_dispatch, self.register_assets, self.move_clock,
            self.try_foreign_token, self.look]
        world = self._chance.choice(self._worlds)
        action, = self._chance.choices(actions, (40, 8, 8, 14, 6, 10, 14))
        action(world)
        self.done[action.__name__] += 1

    def send_readings(self, world: MarkedWorld) -> None:
        """Post some readings, each of a minute of its own, with the world's mark in their power."""
        with world.writing:
            places = [next(world.numbers) for _ in range(self._chance.randint(1, 40))]
        ends = [_FIRST_READING + timedelta(minutes=place) for place in places]
        body = [{"meterableUnitId": "MU-1001", "timestamp": end.isoformat(),
                 "powerKw": place % 400 + world.number / 1_000} for place, end in zip(places, ends, strict=True)]
        answer = self.call(world, "POST", "/api/v2/readings", body, headers=_BEARER, allowed=(200, 503))
        if answer.status_code == 503:
            return
        if answer.json()["created"] != len(places):
            raise Problem(f"{world.name}: {len(places)} new readings were answered {answer.text}")
        with world.writing:
            world.readings |= {int(end.timestamp()): place % 400 * 1_000_000 + world.number * 1_000
                               for place, end in zip(places, ends, strict=True)}

    def invite(self, world: MarkedWorld) -> None:
        """Invite an organisation: there is a mail to it."""
        with world.writing:
            number = next(world.numbers)
        address = f"desk-{number}@world-{world.mark}.example"
        self.call(world, "POST", "/_sim/participants", {"name": f"Newcomer {number}", "portal": {"email": address},
                                                        "units": []})
        with world.writing:
            world.invited.add(address)

    def plan_dispatch(self, world: MarkedWorld) -> None:
        """Dispatch Brindle in the next hours; with little notice, so that some go out at once."""
        now = datetime.fromisoformat(self.call(world, "GET", "/_sim/clock").json()["now"])
        with world.writing:
            number = next(world.numbers)
        start = now.replace(second=0, microsecond=0) + timedelta(minutes=self._chance.randint(30, 300))
        power = number % 3 * 100 + world.number
        answer = self.call(world, "POST", "/_sim/dispatches", {
            "participantId": "brindle", "programme": "OU", "meterableUnitIds": ["MU-1001"], "powerChangeKw": power,
            "startTime": start.isoformat(), "endTime": (start + timedelta(minutes=30)).isoformat(),
            "noticeMinutes": self._chance.choice((0, 15, 600))})
        with world.writing:
            world.dispatches[answer.json()["dispatchId"]] = power

    def register_assets(self, world: MarkedWorld) -> None:
        """Submit a batch of assets with the world's mark in their references."""
        with world.writing:
            references = [f"W{world.mark}-{next(world.numbers)}" for _ in range(self._chance.randint(1, 3))]
        answer = self.call(world, "POST", "/smp/api/v1/assets", {"assets": [{
            "externalReference": reference, "name": f"Battery {reference}", "mpan": "1800021679848",
            "postcode": "EH1 1AA", "technologyType": "Batteries", "connectionType": "DISTRIBUTION",
            "gspGroupId": "_N", "maxImportMw": 0.5, "maxExportMw": 0.5, "startDate": "2026-11-02"}
            for reference in references]}, headers={"Authorization": f"Bearer {world.token}"})
        with world.writing:
            world.assets |= set(references)
            world.transactions.add(answer.json()["transactionId"])

    def move_clock(self, world: MarkedWorld) -> None:
        """Move time, in the worlds that are for it."""
        if world.clock != "moved":
            return
        step = timedelta(minutes=self._chance.randint(1, 60))
        with world.writing:
            world.moved += step
        self.call(world, "POST", "/_sim/clock/advance", {"by": f"PT{step.seconds // 60}M"})

    def try_foreign_token(self, world: MarkedWorld) -> None:
        """Another world's token must be refused."""
        other = self._chance.choice([each for each in self._worlds if each is not world])
        self.call(world, "POST", "/smp/api/v1/transactions/status", {"transactionId": "T-1"},
                  headers={"Authorization": f"Bearer {other.token}"}, allowed=(401,))

    def look(self, world: MarkedWorld) -> None:
        """Read what the world shows of itself while others write to it."""
        path = self._chance.choice(("/_sim/journal?limit=200", "/_sim/mailbox?limit=50", "/_sim/dispatches",
                                    "/_sim/assets", "/_sim/participants", "/_sim/faults"))
        marks = world.foreign_marks(self.call(world, "GET", path).text)
        if marks:
            raise Problem(f"{world.name}: {path} shows {sorted(marks)[:5]}")
