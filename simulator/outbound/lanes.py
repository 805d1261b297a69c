"""Work side by side, so many at once for each group, with threads that end when there is nothing to do.

A participant whose endpoint hangs fills its own group only: it delays no other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable

SIDE_BY_SIDE = 16
"""Messages under way to one participant at once."""
_IDLE_SECONDS = 0.5
"""So long a thread waits for more before it ends."""


class _Crew:
    """The threads of a group, how many of them are idle, and the pieces of work that wait for one."""

    def __init__(self, lock: threading.RLock) -> None:
        self.waiting: deque[Hashable] = deque()
        self.threads = 0
        self.idle = 0
        self.more = threading.Condition(lock)


class Lanes:
    """Runs pieces of work in threads: at most `SIDE_BY_SIDE` of a group at once, and each piece once at a time."""

    def __init__(self, run: Callable[[Hashable, Hashable], None]) -> None:
        self._run = run
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._crews: dict[Hashable, _Crew] = {}
        self._known: set[tuple[Hashable, Hashable]] = set()
        self._stopping = False

    def add(self, group: Hashable, piece: Hashable) -> None:
        """Do a piece of work soon; nothing happens if it waits or is under way already."""
        with self._lock:
            if self._stopping or (group, piece) in self._known:
                return
            self._known.add((group, piece))
            crew = self._crews.setdefault(group, _Crew(self._lock))
            crew.waiting.append(piece)
            if len(crew.waiting) > crew.idle and crew.threads < SIDE_BY_SIDE:
                crew.threads += 1
                threading.Thread(
                    target=self._work, args=(group, crew), name=f"flexsim-send-{group}", daemon=True).start()
            else:
                crew.more.notify()

    def _work(self, group: Hashable, crew: _Crew) -> None:
        while (piece := self._next(group, crew)) is not None:
            try:
                self._run(group, piece)
            finally:
                with self._lock:
                    self._known.discard((group, piece))
                    self._changed.notify_all()

    def _next(self, group: Hashable, crew: _Crew) -> Hashable | None:
        with self._lock:
            if not crew.waiting and not self._stopping:
                # When a clock is moved, one message comes after the other: a new thread for each would take longer.
                crew.idle += 1
                crew.more.wait(_IDLE_SECONDS)
                crew.idle -= 1
            if crew.waiting:
                return crew.waiting.popleft()
            crew.threads -= 1
            if not crew.threads:
                del self._crews[group]
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
        with self._lock:
            self._stopping = True
            for crew in self._crews.values():
                crew.waiting.clear()
                crew.more.notify_all()
            self._known.clear()
            self._changed.notify_all()
