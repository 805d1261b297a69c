"""Real servers for the tests: one in this process, or the real command in a process of its own."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from simulator import Settings, Simulator
from tests.ledger_recording import RECORDING

ROOT = Path(__file__).parents[1]
TOKEN = "demo-token-brindle"
NOW = "2026-11-02T17:00:00Z"
"""A Monday in winter: London time is UTC."""

PATIENCE_SECONDS = 30.0
"""How long a test waits for something before it calls it missing; generous, for slow machines."""

_numbers = itertools.count(1)


def fresh_name(about: str = "w") -> str:
    """A world name that no other test uses."""
    return f"{about}-{next(_numbers)}-{os.getpid()}"


def eventually(look: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """What `look` finds, as soon as it finds something true; fails after a deadline, naming what was awaited."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {seconds:g} s: {what}")
        time.sleep(0.02)
    return found


@contextmanager
def running(**settings: Any) -> Iterator[Simulator]:
    """A simulator in this process on a free port: `running(fixture="empty")`."""
    with (Simulator(Settings(**{"port": 0, **settings})) as simulator,
          RECORDING.foreign(simulator.url, bool(settings.get("contracts")))):
        yield simulator


class WorldClient:
    """An HTTP client of one world. Paths are below the world: `.get("/_sim/clock")`.

    `url` is where the world is served, `token` is Brindle's API access token. It sends no credentials by itself.
    """

    token = TOKEN

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.name = name
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.hooks["response"].append(RECORDING.note_exchange)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request to the world."""
        return self.session.request(method, self.url + path, timeout=60, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> requests.Response:
        """POST, of JSON or of what `data` and `files` say."""
        return self.request("POST", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> requests.Response:
        """PUT of JSON."""
        return self.request("PUT", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        """DELETE."""
        return self.request("DELETE", path, **options)

    def send(self, readings: Any, token: str | None = TOKEN, **options: Any) -> requests.Response:
        """POST readings to the participant API with a bearer token (None: without)."""
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **options.pop("headers", {})}
        return self.post("/api/v2/readings", readings, headers=headers, **options)

    def freeze(self, now: str) -> None:
        """Set the world's clock to an instant, and stop it there."""
        _good(self.put("/_sim/clock", {"mode": "frozen", "now": now}))

    def advance(self, by: str | None = None, to: str | None = None) -> list[dict[str, Any]]:
        """Move the world's time by a duration (PT24H) or to an instant; the jobs that ran."""
        return _good(self.post("/_sim/clock/advance", {"by": by} if to is None else {"to": to}))["jobs"]

    def now(self) -> str:
        """The world's market time."""
        return _good(self.get("/_sim/clock"))["now"]

    def journal(self, kind: str | None = None, since: int = 0, limit: int = 10_000, newest: int | None = None
                ) -> list[dict[str, Any]]:
        """Journal entries, oldest first; `kind` is exact, or a prefix when it ends with a dot; `newest` not `limit`."""
        query = {"since": since, **({"kind": kind} if kind else {}),
                 **({"limit": limit} if newest is None else {"newest": newest})}
        return _good(self.get("/_sim/journal", params=query))["entries"]

    def mails(self, **query: Any) -> list[dict[str, Any]]:
        """Mails in the world's mailbox, oldest first; `to`, `subject`, `since`, `limit`, `wait` as in the call."""
        return _good(self.get("/_sim/mailbox", params=query))["messages"]

    def code(self, participant: str = "brindle") -> str:
        """The six digits that a participant's authenticator shows now."""
        return _good(self.get(f"/_sim/participants/{participant}/totp"))["code"]

    def close(self) -> None:
        """Close the client's connections."""
        self.session.close()


def _good(answer: requests.Response) -> Any:
    assert answer.ok, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


@contextmanager
def fresh_world(server_url: str, fixture: str = "quiet", now: str | None = NOW, name: str | None = None
                ) -> Iterator[WorldClient]:
    """A new world of a running server, deleted afterwards. `now=None` starts it at the real time."""
    name = name or fresh_name()
    place = f"{server_url}/_sim/worlds/{name}"
    body = {"fixture": fixture, **({"now": now} if now else {})}
    _good(requests.put(place, json=body, timeout=60))
    client = WorldClient(f"{server_url}/w/{name}", name)
    try:
        yield client
    finally:
        client.close()
        requests.delete(place, timeout=60)


@dataclass
class ServerProcess:
    """The real command in a process of its own. `output()` is all it has written, standard error included."""

    process: subprocess.Popen[bytes]
    url: str
    written: Path

    def output(self) -> str:
        """Everything it has printed so far."""
        return self.written.read_text("utf-8", "replace")

    def client(self, world: str = "default") -> WorldClient:
        """A client of one of its worlds."""
        return WorldClient(self.url if world == "default" else f"{self.url}/w/{world}", world)

    def kill(self) -> None:
        """End it at once, as a power cut would (SIGKILL)."""
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and wait; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without settings of the simulator, plus `extra`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSIM_")}
    return {**kept, "PYTHONUNBUFFERED": "1", **(extra or {})}


@contextmanager
def subprocess_server(args: Sequence[str] = (), env: Mapping[str, str] | None = None, cwd: Path = ROOT,
                      command: Sequence[str] = (sys.executable, "-m", "simulator")) -> Iterator[ServerProcess]:
    """`flexsim serve --port 0 …` until the end of the block; its port is read from its greeting."""
    with tempfile.TemporaryDirectory(prefix="flexsim-test-") as folder:
        written = Path(folder) / "output.txt"
        with written.open("wb") as sink:
            process = subprocess.Popen([*command, "serve", "--port", "0", *args], stdout=sink,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=cwd,
                                       env=clean_environment(env))
        server = ServerProcess(process, "", written)
        try:
            server.url = eventually(lambda: _greeted_url(server), "the server's greeting")
            with RECORDING.foreign(server.url, "--contract" in args or "FLEXSIM_CONTRACTS" in (env or {})):
                yield server
        finally:
            if process.poll() is None:
                _end(process)


def _greeted_url(server: ServerProcess) -> str | None:
    match = re.search(r" at (https?://\S+)\s*\n", server.output())
    if match is None and server.process.poll() is not None:
        raise AssertionError(f"the server ended with {server.process.returncode}: {server.output()}")
    return match and match[1].replace("//0.0.0.0:", "//127.0.0.1:")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(PATIENCE_SECONDS)


def run_flexsim(*args: str, env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """`flexsim` with arguments that make it end by itself; what it printed and its exit code."""
    return subprocess.run([sys.executable, "-m", "simulator", *args], capture_output=True, text=True, cwd=cwd,
                          env=clean_environment(env), timeout=PATIENCE_SECONDS * 2, check=False)


def side_by_side(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run functions in a thread each and give their results; the first error of any of them is raised."""
    results: list[Any] = [None] * len(jobs)
    errors: list[BaseException] = []

    def run(index: int) -> None:
        try:
            results[index] = jobs[index]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
