"""Dispatching in the tests: planning, endpoints that note what they get and answer as told, and what became of it."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.endpoints import Endpoint, endpoint, read_request
from tests.ledger_recording import RECORDING
from tests.servers import PATIENCE_SECONDS, WorldClient, eventually

EVE = "2026-11-02T15:00:00Z"
"""An hour before the dispatch that `plan` plans."""

DAWN = "2026-11-02T15:44:59.999Z"
"""A millisecond before its start message."""

START_DUE, BEGIN, END = "2026-11-02T15:45:00Z", "2026-11-02T16:00:00Z", "2026-11-02T18:00:00Z"

HANG = "hang"
"""In place of a status: keep the connection open, and answer nothing before the test lets go of it."""


@dataclass(frozen=True)
class Taken:
    """A message as an endpoint got it; header names in small letters."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The body, read as JSON."""
        return json.loads(self.body)

    @property
    def word(self) -> str:
        """START, STOP or EMERGENCY_STOP."""
        return self.content["instruction"]

    @property
    def dispatch(self) -> str:
        """Id of the dispatch that it is about."""
        return self.content["dispatchId"]

    @property
    def attempt(self) -> int:
        """Number of the attempt, as its header says."""
        return int(self.headers["x-attempt"])


class Taker:
    """A participant's endpoint: `messages` are what it got; it answers by `answers`, and with 200 when there are none.

    While it holds, every message is noted, and answered when it lets go.
    """

    def __init__(self, answers: tuple[Any, ...]) -> None:
        self.url = ""
        self.messages: list[Taken] = []
        self.answers = deque(answers)
        self.holding = False
        self._free = threading.Event()
        self._free.set()
        self._lock = threading.Lock()

    def hold(self) -> None:
        """Answer nothing until `let_go`."""
        self.holding = True
        self._free.clear()

    def let_go(self) -> None:
        """Answer what waits for it, and go on as usual."""
        self.holding = False
        self._free.set()

    def words(self, dispatch: str | None = None) -> list[str]:
        """The instructions it got, in order; those of one dispatch if one is named."""
        return [message.word for message in list(self.messages) if dispatch in (None, message.dispatch)]

    def has(self, count: int) -> list[Taken]:
        """Its messages, when there are so many."""
        return eventually(lambda: list(self.messages) if len(self.messages) >= count else None, f"{count} messages")

    def behave(self, connection: socket.socket, running: Endpoint) -> None:
        """What it does with a connection."""
        raw = read_request(connection, running)
        if not raw:
            return
        head, _, body = raw.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        with self._lock:
            self.messages.append(Taken(line, headers, body))
            answer = self.answers.popleft() if self.answers else 200
        if answer == HANG:
            running.over.wait(PATIENCE_SECONDS)
            return
        self._free.wait(PATIENCE_SECONDS)
        status, fields = answer if isinstance(answer, tuple) else (answer, {})
        lines = [f"{name}: {value}" for name, value in {**fields, "Content-Length": "0"}.items()]
        connection.sendall("\r\n".join([f"HTTP/1.1 {status} Told", *lines, "", ""]).encode())
        RECORDING.note_answer(raw, int(status), running.test)


@contextmanager
def taking(*answers: Any) -> Iterator[Taker]:
    """An endpoint of a participant. `answers`: a status, (status, headers) or HANG for each message in turn."""
    taker = Taker(answers)
    with endpoint(taker.behave) as running:
        taker.url = f"{running.url}/fsp"
        try:
            yield taker
        finally:
            taker.let_go()


def take_messages_at(world: WorldClient, url: str, participant: str = "brindle", auth: str = "none",
                     secret: str | None = None) -> None:
    """Say where a participant takes messages."""
    settings = {"baseUrl": url, "auth": auth, **({"secret": secret} if secret else {})}
    answer = world.request("PATCH", f"/_sim/participants/{participant}", json={"dispatch": settings})
    assert answer.status_code == 200, answer.text


@contextmanager
def another_client(world: WorldClient) -> Iterator[WorldClient]:
    """A second client of a world, with connections of its own: for another thread."""
    client = WorldClient(world.url, world.name)
    try:
        yield client
    finally:
        client.close()


def wanted(**changes: Any) -> dict[str, Any]:
    """A dispatch as the control room asks for it: 150 kW from 16:00 to 18:00; None leaves a field out."""
    fields = {"participantId": "brindle", "programme": "OU", "meterableUnitIds": ["MU-1001", "MU-1002"],
              "startTime": "2026-11-02T16:00:00Z", "endTime": "2026-11-02T18:00:00Z", "powerChangeKw": 150, **changes}
    return {name: value for name, value in fields.items() if value is not None}


def plan(world: WorldClient, **changes: Any) -> str:
    """Plan a dispatch; its id."""
    answer = world.post("/_sim/dispatches", wanted(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()["dispatchId"]


def stop(world: WorldClient, dispatch: str, emergency: bool = False) -> dict[str, Any]:
    """End a dispatch early."""
    answer = world.post(f"/_sim/dispatches/{dispatch}/{'emergency-stop' if emergency else 'stop'}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def read(world: WorldClient, dispatch: str) -> dict[str, Any]:
    """A dispatch with its messages, as the control room sees it."""
    answer = world.get(f"/_sim/dispatches/{dispatch}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def state_of(world: WorldClient, dispatch: str) -> str:
    """Where a dispatch stands."""
    return read(world, dispatch)["state"]


def comes_to(world: WorldClient, dispatch: str, state: str) -> dict[str, Any]:
    """The dispatch, when it has come to a state."""
    return eventually(lambda: (found := read(world, dispatch))["state"] == state and found, f"{dispatch} is {state}")


def messages_of(world: WorldClient, dispatch: str) -> list[tuple[str, str]]:
    """(instruction, state) of each message of a dispatch."""
    return [(message["instruction"], message["state"]) for message in read(world, dispatch)["messages"]]


def attempts_of(world: WorldClient, dispatch: str) -> list[tuple[str, str, Any]]:
    """(instruction, market time, status or failure) of each attempt, in the order in which they were begun."""
    found = [(attempt["journalEntry"], message["instruction"], attempt["at"][11:19],
              attempt.get("status") or attempt.get("failure"))
             for message in read(world, dispatch)["messages"] for attempt in message["attempts"]]
    return [attempt[1:] for attempt in sorted(found)]
