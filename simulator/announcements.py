"""Tells those who wait that something new was committed in a world, such as a mail. What it is, they look up."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable

Listener = Callable[[str, str], None]
"""Called with the world's name and the topic, in the thread that committed; it must be quick."""


class Announcements:
    """Counts what was announced, by world and topic, and calls listeners."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._listeners: tuple[Listener, ...] = ()

    def announce(self, world: str, topics: Iterable[str]) -> None:
        """Something new was committed in a world."""
        for topic in topics:
            with self._changing:
                self._counts[world, topic] += 1
            for listener in self._listeners:
                listener(world, topic)

    def count(self, world: str, topic: str) -> int:
        """How often a topic was announced. Read it before looking, and a later one tells that there is more to see."""
        return self._counts[world, topic]

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` from now on; the function that ends it."""
        with self._changing:
            self._listeners = (*self._listeners, listener)

        def stop() -> None:
            with self._changing:
                self._listeners = tuple(each for each in self._listeners if each is not listener)

        return stop
