"""SIGTERM ends the server within two seconds, whatever is under way, and loses nothing that it has acknowledged."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.builders import readings_by_minute
from tests.dispatching import EVE, HANG, plan, take_messages_at, taking
from tests.servers import ServerProcess, WorldClient, clean_environment, eventually, subprocess_server

LONGEST_SECONDS = 4.0
"""Promised are two; here the machine may be busy with other tests. What hangs would hang for much longer."""


@contextmanager
def under_way(server: ServerProcess, method: str, path: str, **options: object) -> Iterator[None]:
    """A request that nobody answers soon, sent in a thread of its own; that it fails is all right."""

    def ask() -> None:
        try:
            requests.request(method, server.url + path, timeout=30, **options)
        except requests.RequestException:
            return

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        server.process.kill()  # should the test fail before the server has ended
        thread.join()


@contextmanager
def half_sent(server: ServerProcess, path: str) -> Iterator[socket.socket]:
    """A connection on which a request began to come, and does not go on."""
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port), 30) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           "Authorization: Bearer demo-token-brindle\r\nContent-Length: 1000000\r\n\r\n[".encode())
        yield connection


def seconds_to_end(server: ServerProcess, *numbers: signal.Signals) -> float:
    """How long the server takes to end after these signals; it does so with exit code 0."""
    began = time.monotonic()
    for number in numbers or (signal.SIGTERM,):
        server.process.send_signal(number)
        eventually(lambda: server.process.poll() is not None or _is_asleep(server), "it took the signal")
    assert server.process.wait(30) == 0, server.output()
    took = time.monotonic() - began
    assert "Traceback" not in server.output(), server.output()
    return took


def _is_asleep(server: ServerProcess) -> bool:
    """Whether no signal waits to be taken by the process."""
    try:
        status = Path(f"/proc/{server.process.pid}/status").read_text()
    except OSError:
        return True
    return all(int(line.split()[1], 16) == 0 for line in status.splitlines() if line.startswith("ShdPnd"))


def hold_up(server: ServerProcess, client: WorldClient, stack: ExitStack) -> None:
    """Everything at once that can keep a server busy: each of these would last longer than ten seconds."""
    client.freeze(EVE)
    taker = stack.enter_context(taking(*[HANG] * 9))
    take_messages_at(client, taker.url)
    plan(client)
    client.post("/_sim/faults", {"match": {"surface": "participant"}, "effect": {"delayMs": 30_000}})
    client.get("/_sim/mailbox")  # a connection that is kept open
    stack.enter_context(under_way(server, "GET", "/_sim/mailbox?to=nobody@x.example&wait=60"))
    stack.enter_context(under_way(server, "POST", "/api/v2/readings", json=[]))
    stack.enter_context(under_way(server, "POST", "/_sim/clock/advance", json={"by": "P30D"}))
    for path in ("/api/v2/readings", "/smp/api/v1/assets", "/api-testing/readings/uploads", "/_sim/reset"):
        stack.enter_context(half_sent(server, path))
    taker.has(1)


def test_nothing_that_is_under_way_holds_up_the_end(tmp_path: Path) -> None:
    """Ours: SIGTERM ends it in time: a hanging endpoint, `?wait=`, half an upload, an advance, a fault that delays."""
    with ExitStack() as stack:
        server = stack.enter_context(subprocess_server(["--data", str(tmp_path), "--fixture", "quiet"]))
        hold_up(server, server.client(), stack)
        assert seconds_to_end(server) <= LONGEST_SECONDS
        again = stack.enter_context(subprocess_server(["--data", str(tmp_path)]))
        assert again.client().get("/_sim/dispatches").json()["dispatches"][0]["state"] in ("sent", "planned")


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Ours: who presses Ctrl+C twice means it; nothing that was answered is lost by it."""
    with ExitStack() as stack:
        server = stack.enter_context(subprocess_server(["--data", str(tmp_path), "--fixture", "quiet"]))
        hold_up(server, server.client(), stack)
        assert seconds_to_end(server, signal.SIGTERM, signal.SIGINT) <= LONGEST_SECONDS
        assert "second time" in server.output()


def test_an_idle_server_ends_in_good_order_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Ours: without --data its folder goes with it, and it says nothing of cutting."""
    with subprocess_server(["--fixture", "empty"], env={"TMPDIR": str(tmp_path)}) as server:
        server.client().get("/_sim/clock")
        assert list(tmp_path.iterdir())
        assert seconds_to_end(server) <= LONGEST_SECONDS
        assert "cut off" not in server.output()
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_cut_off_leaves_no_temporary_folder(tmp_path: Path) -> None:
    """Ours: CI machines have small disks."""
    with ExitStack() as stack:
        server = stack.enter_context(subprocess_server(["--fixture", "quiet"], env={"TMPDIR": str(tmp_path)}))
        hold_up(server, server.client(), stack)
        assert seconds_to_end(server) <= LONGEST_SECONDS
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_the_start_is_not_lost(tmp_path: Path, number: signal.Signals) -> None:
    """Ours: `docker stop` may come before the worlds are open."""
    ended = _served_to_its_end(_that_asks_itself_to_end(tmp_path, number), "--data", str(tmp_path))
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False)


def test_two_signals_during_the_start_leave_no_temporary_folder(tmp_path: Path) -> None:
    """Ours: who is cut off before the worlds are open leaves as little as anybody."""
    command = _that_asks_itself_to_end(tmp_path, signal.SIGTERM, times=2)
    ended = _served_to_its_end(command, TMPDIR=str(tmp_path))
    assert (ended.returncode, "second time" in ended.stderr) == (0, True)
    assert not list(tmp_path.iterdir())


def test_a_server_under_nohup_outlives_its_terminal(tmp_path: Path) -> None:
    """POSIX, nohup: SIGHUP is ignored by what it starts. SIGTERM still ends it."""
    script = tmp_path / "under_nohup.py"
    script.write_text("""
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from simulator.cli import main
main(sys.argv[1:])
""")
    with subprocess_server(["--fixture", "empty"], command=[sys.executable, str(script)]) as server:
        server.process.send_signal(signal.SIGHUP)
        assert server.client().get("/_sim/clock").status_code == 200
        assert seconds_to_end(server) <= LONGEST_SECONDS


def _served_to_its_end(command: list[str], *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, "serve", "--port", "0", *options], env=clean_environment(environment),
                          capture_output=True, text=True, timeout=60, check=False)


def _that_asks_itself_to_end(folder: Path, number: signal.Signals, times: int = 1) -> list[str]:
    """A command that serves, and gets signals as soon as it listens, before anything is loaded."""
    script = folder.parent / f"{folder.name}-{number.name}.py"
    script.write_text(f"""
import os, sys, threading
from simulator import server
listen = server.HttpServer.start
def start(self):
    port = listen(self)
    for _ in range({times}):
        os.kill(os.getpid(), {number.value})
    if {times} > 1:
        threading.Event().wait(30)
    return port
server.HttpServer.start = start
from simulator.cli import main
main(sys.argv[1:])
""")
    return [sys.executable, str(script)]


def test_what_was_acknowledged_before_the_end_is_there_afterwards(tmp_path: Path) -> None:
    """Ours: nothing lost: eight writers go on until the server is gone; each reading that was accepted is kept."""
    acknowledged: list[str] = []
    answers: set[int] = set()

    def write(place: int) -> None:
        with requests.Session() as session:
            for number in range(100_000):
                body = readings_by_minute(20, f"2026-10-{1 + place:02}T{number // 60 % 24:02}:{number % 60:02}:00Z",
                                          powerKw=number)
                try:
                    answer = session.post(f"{server.url}/api/v2/readings", json=body, timeout=30,
                                          headers={"Authorization": "Bearer demo-token-brindle"})
                except requests.RequestException:
                    return
                answers.add(answer.status_code)
                if answer.status_code == 200:
                    acknowledged.append(answer.headers["X-Request-Id"])

    with subprocess_server(["--data", str(tmp_path), "--fixture", "quiet", "--now", EVE]) as server:
        writers = [threading.Thread(target=write, args=(place,)) for place in range(8)]
        for writer in writers:
            writer.start()
        eventually(lambda: len(acknowledged) > 100, "writers are at work")
        assert seconds_to_end(server) <= LONGEST_SECONDS
        for writer in writers:
            writer.join()
    with subprocess_server(["--data", str(tmp_path)]) as server:
        accepted = {entry["causedBy"] for entry in server.client().journal("readings.accepted", limit=100_000)}
    assert answers <= {200, 503}
    assert len(acknowledged) > 100
    assert {int(entry) for entry in acknowledged} <= accepted
