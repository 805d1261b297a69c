"""Answers that are held back until there is news: a call may wait for a mail without a thread waiting with it.

A page that would rather wait says so in a header that never leaves the server; the gateway asks it again after the next
announcement, until the time it named is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from simulator.announcements import Announcements
from simulator.arrivals import FileBody
from simulator.timekeeping.clock import stopwatch

ASK_AGAIN = "X-Flexsim-Ask-Again"
"""`TOPIC SEEN SECONDS`: ask again when more than SEEN announcements of TOPIC were made, for at most so many seconds."""

Answer = tuple[int, list[tuple[str, str]], bytes | FileBody]
"""Status, headers, body."""


class Holding:
    """The answers of a server that are being held back. All but `release` runs on the server's event loop."""

    def __init__(self) -> None:
        self._released = False
        self._wakers: set[Callable[[], None]] = set()

    def release(self) -> None:
        """Let all go as they are; the server ends. May be called from any thread."""
        self._released = True
        for wake in tuple(self._wakers):
            wake()

    async def answer(self, ask: Callable[[], Awaitable[Answer]], world: str, announcements: Announcements) -> Answer:
        """What `ask` answers, asked again after each announcement for as long as the answer wishes."""
        deadline: float | None = None
        while True:
            status, headers, body = await ask()
            wish = next((value for name, value in headers if name == ASK_AGAIN), None)
            if wish is None:
                return status, headers, body
            topic, seen, seconds = wish.split()
            deadline = stopwatch() + int(seconds) if deadline is None else deadline
            if not await self._news(announcements, world, topic, int(seen), deadline):
                return status, [header for header in headers if header[0] != ASK_AGAIN], body

    async def _news(self, announcements: Announcements, world: str, topic: str, seen: int, deadline: float) -> bool:
        """Wait for an announcement beyond the first `seen`; False when the time is over, or the server ends."""
        news = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(news.set)

        def hear(where: str, what: str) -> None:
            if (where, what) == (world, topic):
                wake()

        self._wakers.add(wake)
        stop = announcements.listen(hear)
        try:
            if announcements.count(world, topic) <= seen and not self._released:
                await asyncio.wait_for(news.wait(), max(deadline - stopwatch(), 0))
        except TimeoutError:
            return False
        finally:
            stop()
            self._wakers.discard(wake)
        return not self._released
