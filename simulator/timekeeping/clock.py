"""The clocks. This is the only file of the product that reads the time.

*Market time* belongs to a world, and can stand still or run at any rate. *Wall time* is this machine's. A world's clock
is a pure value: where market time stood at an instant of wall time, and how fast it runs since.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

FASTEST = 1_000_000
"""A clock may run at most so many times as fast as real time."""

REAL, FROZEN, SCALED = "real", "frozen", "scaled"


def wall_now() -> datetime:
    """This machine's time, UTC."""
    return datetime.now(UTC)


def stopwatch() -> float:
    """Seconds of a steady clock, for durations only."""
    return time.perf_counter()


@dataclass(frozen=True)
class Clock:
    """Market time of a world: `market` at wall time `wall`, then running at `rate` (0 when frozen)."""

    mode: str
    market: datetime
    wall: datetime
    rate: float

    def at(self, wall: datetime) -> datetime:
        """Market time when the wall clock shows `wall`. Stays within the years that dates can express."""
        try:
            return self.market + (wall - self.wall) * self.rate
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)

    def wall_at(self, market: datetime) -> datetime | None:
        """Wall time at which market time reaches `market`; None when it never does (frozen, or too far off)."""
        if self.rate == 0:
            return None
        try:
            return self.wall + timedelta(seconds=(market - self.market).total_seconds() / self.rate)
        except OverflowError:
            return None

    def moved_to(self, market: datetime, wall: datetime) -> Clock:
        """The same clock, showing `market` at wall time `wall`."""
        return replace(self, market=market, wall=wall)


def real_clock(wall: datetime, start: datetime | None = None) -> Clock:
    """A clock that runs like the wall clock, from `start` if given."""
    return Clock(REAL, start or wall, wall, 1.0)


def frozen_clock(market: datetime, wall: datetime) -> Clock:
    """A clock that stands at `market`."""
    return Clock(FROZEN, market, wall, 0.0)


def scaled_clock(market: datetime, wall: datetime, rate: float) -> Clock:
    """A clock that runs `rate` times as fast as the wall clock, from `market`."""
    return Clock(SCALED, market, wall, rate)
