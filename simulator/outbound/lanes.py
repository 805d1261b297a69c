"""Work side by side, so many at once for each group, with threads that end when there is nothing to do.

A participant whose endpoint hangs fills its own group only: it delays no other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable

SIDE_BY_SIDE = 16
"""Messages under way to one participant at once."""


class Lanes:
    """Runs pieces of work in threads: at most `SIDE_BY_SIDE` of a group at once, and each piece once at a time."""

    def __init__(self, run: Callable[[Hashable, Hashable], None]) -> None:
        self._run = run
        self._changed = threading.Condition()
        self._waiting: dict[Hashable, deque[Hashable]] = {}
        self._threads: dict[Hashable, int] = {}
        self._known: set[tuple[Hashable, Hashable]] = set()
        self._stopping = False

    def add(self, group: Hashable, piece: Hashable) -> None:
        """Do a piece of work soon; nothing happens if it waits or is under way already."""
        with self._changed:
            if self._stopping or (group, piece) in self._known:
                return
            self._known.add((group, piece))
            self._waiting.setdefault(group, deque()).append(piece)
            if self._threads.get(group, 0) < SIDE_BY_SIDE:
                self._threads[group] = self._threads.get(group, 0) + 1
                threading.Thread(target=self._work, args=(group,), name=f"flexsim-send-{group}", daemon=True).start()

    def _work(self, group: Hashable) -> None:
        while (piece := self._next(group)) is not None:
            try:
                self._run(group, piece)
            finally:
                with self._changed:
                    self._known.discard((group, piece))
                    self._changed.notify_all()

    def _next(self, group: Hashable) -> Hashable | None:
        with self._changed:
            waiting = self._waiting.get(group)
            if waiting:
                return waiting.popleft()
            self._waiting.pop(group, None)
            self._threads[group] -= 1
            if not self._threads[group]:
                del self._threads[group]
            return None

    def wait_until_done(self, is_mine: Callable[[Hashable, Hashable], bool]) -> None:
        """Wait until no piece that is mine, told by its group and itself, waits or is under way."""
        with self._changed:
            self._changed.wait_for(lambda: not any(is_mine(group, piece) for group, piece in self._known))

    @property
    def stopped(self) -> bool:
        """Whether nothing more is begun."""
        return self._stopping

    def stop(self) -> None:
        """Begin nothing more; what is under way goes on."""
        with self._changed:
            self._stopping = True
            for waiting in self._waiting.values():
                waiting.clear()
            self._known.clear()
            self._changed.notify_all()
