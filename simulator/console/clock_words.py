"""The clock in words: how it runs, where it can go at a click, and what comes next. For the pages that show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from simulator.timekeeping.clock import FROZEN, REAL, SCALED, Clock
from simulator.timekeeping.moments import moment_from_words

STEPS = (("PT15M", "15 minutes"), ("PT1H", "1 hour"), ("P1D", "1 day"), ("P7D", "1 week"))
"""How far the clock goes at a click: ISO 8601, and in words."""

SPEEDS = ((60, "a minute a second"), (1_440, "a day a minute"))
"""How fast the clock runs at a click: so many times as fast as real time, and in words."""

_PLACES = (
    ("next Thursday 12:05", "the mail of accepted declarations"), ("next half-hour", "the next metering period"),
    ("midnight", "the next day"), ("1st 00:00", "the next month"), ("15th 00:05", "the month before is final"))


@dataclass(frozen=True, slots=True)
class Place:
    """A moment that the clock goes to at a click: in words, what for, and when that is."""

    words: str
    purpose: str
    at: datetime


def clock_words(clock: Clock) -> str:
    """How a clock runs: "is frozen"."""
    if clock.mode == REAL:
        return "runs with real time"
    return "is frozen" if clock.mode == FROZEN else f"runs {clock.rate:,g} times as fast as real time"


def mode_words(mode: str, rate: float) -> str:
    """The same in a word or two: "frozen", "× 60"."""
    return {REAL: "real time", FROZEN: "frozen"}.get(mode, "") if mode != SCALED else f"× {rate:,g}"


def places(now: datetime, most: int | None = None) -> list[Place]:
    """The moments that are offered at market time `now`; of them the first `most`."""
    return [Place(words, purpose, moment_from_words(words, now)) for words, purpose in _PLACES[:most]]


def job_words(name: str) -> str:
    """A job's name for people: "Finalise previous month"."""
    return name.replace("_", " ").capitalize()
