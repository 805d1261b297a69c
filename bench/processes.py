"""Starts and ends one server, and reads the memory of its whole process tree."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.exchanges import LOOPBACK, exchange
from bench.problems import BenchProblem

_LONGEST_START = 60.0  # seconds
_BETWEEN_TRIES = 0.005  # seconds; also the resolution of the start time
_MEGABYTE = 1e6 / 1024  # in the kernel's kB, which are 1,024 bytes


@dataclass(frozen=True)
class Running:
    """A server that has answered its first 200, `seconds_to_answer` after its process was spawned."""

    pid: int
    port: int
    seconds_to_answer: float


@dataclass(frozen=True)
class Memory:
    """Sums over a process tree, in MB (1,000,000 bytes); PSS counts a shared page once, RSS each time."""

    pss: float
    rss: float
    processes: int


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], ready_path: str, log: Path) -> Iterator[Running]:
    """Run a server until the block ends. `{port}` in the command becomes a free port.

    The server leads a process group of its own, and that group is ended, by its id, whatever happens.
    Raises BenchProblem with the end of the log when it exits or does not answer in 60 s.
    """
    port = free_port()
    arguments = [part.replace("{port}", str(port)) for part in command]
    with log.open("ab") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_for_answer(process, port, ready_path, began, log)
        yield Running(process.pid, port, time.perf_counter() - began)
    finally:
        _end(process)


def _wait_for_answer(
    process: subprocess.Popen[bytes], port: int, ready_path: str, began: float, log: Path
) -> None:
    said = "nothing"
    while time.perf_counter() - began < _LONGEST_START:
        if process.poll() is not None:
            raise BenchProblem(f"{log.stem} exited with {process.returncode}:\n{_last_lines(log)}")
        try:
            answer = exchange(port, "GET", ready_path, timeout=_LONGEST_START)
        except OSError:
            pass
        else:
            if answer.status == 200:
                return
            said = str(answer.status)
        time.sleep(_BETWEEN_TRIES)
    raise BenchProblem(f"{log.stem} gave no 200 on {ready_path} in 60 s but {said}:\n{_last_lines(log)}")


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process group: politely, then by force, and collect the process.

    Other members of the group may outlive their leader, so the group gets the second signal in any case.
    """
    _signal_group(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


def _signal_group(group: int, which: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, which)


def process_tree(pid: int) -> set[int]:
    """The process and all its descendants, as they are now."""
    found = {pid}
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found |= process_tree(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass  # it ended while we looked
    return found


def memory_of(pid: int) -> Memory:
    """PSS and RSS of the process tree from the kernel's own sums."""
    pss = rss = 0
    tree = process_tree(pid)
    for member in tree:
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for line in lines:
            name, _, value = line.partition(":")
            if name == "Pss":
                pss += int(value.split()[0])
            elif name == "Rss":
                rss += int(value.split()[0])
    return Memory(pss / _MEGABYTE, rss / _MEGABYTE, len(tree))


class OtherWork:
    """The share of all cores that went, since this was made, to neither the server nor our children."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._busy, self._all = _ticks()
        self._ours = self._own_ticks()

    def share(self) -> float:
        """0 to 1; processes of the server that have ended meanwhile count as other work."""
        busy, everything = _ticks()
        others = (busy - self._busy) - (self._own_ticks() - self._ours)
        return max(0.0, others / max(1, everything - self._all))

    def _own_ticks(self) -> float:
        per_second = os.sysconf("SC_CLK_TCK")
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        ticks = (ended.ru_utime + ended.ru_stime) * per_second
        for member in process_tree(self._pid):
            with suppress(FileNotFoundError, ProcessLookupError):
                fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])  # in user and in kernel mode
        return ticks


def _ticks() -> tuple[int, int]:
    fields = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    waiting = fields[3] + fields[4]  # idle and waiting for disks
    return sum(fields) - waiting, sum(fields)
