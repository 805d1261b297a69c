"""Waiting for what happens in its own time: looking again and again, never sleeping for a guessed while."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import TypeVar

from simulator.timekeeping.clock import stopwatch

Found = TypeVar("Found")

_PAUSE_SECONDS = 0.02


class NotSeen(AssertionError):
    """What was waited for did not come in time; the text says what came instead."""


def wait_until(look: Callable[[], Found | None], seconds: float) -> Found | None:
    """What `look` finds, as soon as it finds something; None when the time is over. It looks once at least."""
    deadline = stopwatch() + seconds
    while True:
        found = look()
        if found is not None or stopwatch() >= deadline:
            return found
        sleep(_PAUSE_SECONDS)


def seconds_left(deadline: float) -> float:
    """Seconds until a deadline of the stopwatch; 0 when it is over."""
    return max(0.0, deadline - stopwatch())
