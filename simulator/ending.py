"""The end of a server that a command started: in good order when asked once, and within two seconds, come what may.

Containers and CI jobs send SIGTERM and mean it. What is under way gets a moment to finish; what does not is cut off as
a power cut would do it, and for the same reason nothing that was acknowledged is lost: it was committed before the
answer. A second signal does not wait for the moment. As the first process of a container (PID 1) this is the only way
to end but SIGKILL, for the system gives that process no handlers of its own.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Protocol, TypeVar

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST_END_SECONDS = 1.6


class Server(Protocol):
    """What is served, from `start` to `stop`: a `Simulator`. No client."""

    def start(self) -> object:
        """Begin to serve."""
        ...

    def stop(self) -> None:
        """End in good order, however long that takes."""
        ...

    def abandon(self) -> None:
        """Remove temporary files at once, with work under way."""
        ...


AnyServer = TypeVar("AnyServer", bound=Server)


def serve_until_signal(server: AnyServer, greet: Callable[[AnyServer], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP comes; `greet` when all is served. SIGHUP stays ignored under `nohup`.

    When the end takes longer than it may, or is asked for a second time, this process ends here, with exit code 0.
    Call it from the main thread. Raises what `start` raises.
    """
    ending = _Ending(server)
    for number in SIGNALS:
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, ending.ask)
    try:
        server.start()
        greet(server)
        ending.asked.wait()
    finally:
        server.stop()
        ending.is_over()


class _Ending:
    """Signals only leave a note, without a lock: the thread they interrupt may hold any. A thread of its own reads."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._notes: SimpleQueue[int | None] = SimpleQueue()
        self.asked = threading.Event()
        threading.Thread(target=self._watch, name="flexsim-ending", daemon=True).start()

    def ask(self, number: int, frame: FrameType | None) -> None:
        self._notes.put(number)

    def is_over(self) -> None:
        self._notes.put(None)

    def _watch(self) -> None:
        if self._notes.get() is None:
            return
        self.asked.set()
        try:
            if self._notes.get(timeout=_LONGEST_END_SECONDS) is not None:
                self._cut("Asked to end a second time")
        except Empty:
            self._cut(f"Not at the end after {_LONGEST_END_SECONDS:g} s")

    def _cut(self, why: str) -> None:
        sys.stderr.write(f"{why}: what is under way is cut off. Everything that was answered is kept.\n")
        sys.stderr.flush()
        self._server.abandon()
        os._exit(0)
