"""The virtual-time loop, and the one thread that lets time pass in all worlds.

Jobs run in order of their due instants, each with the clock standing at its own instant. A job that fails is reported
and does not stop the next one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from simulator.timekeeping.clock import wall_now
from simulator.timekeeping.triggers import Trigger

LONGEST_WAIT_SECONDS = 5.0


@dataclass(frozen=True)
class Job:
    """A line of the timetable: what runs when. `operation` is called with a unit of work and its due instant."""

    name: str
    trigger: Trigger
    operation: Callable[..., object]


@dataclass(frozen=True)
class JobRun:
    """What became of one occurrence: `outcome` is `done`, `failed` or `already run`."""

    job: str
    due_at: datetime
    outcome: str


def next_due(timetable: tuple[Job, ...], after: datetime) -> datetime | None:
    """First instant after `after` at which anything is due; None for an empty timetable."""
    return min((job.trigger.next_after(after) for job in timetable), default=None)


def due_between(
    timetable: tuple[Job, ...], after: datetime, until: datetime
) -> Iterator[tuple[datetime, tuple[Job, ...]]]:
    """Every instant in (after, until] at which jobs are due, in order, with those jobs in the timetable's order."""
    while (instant := next_due(timetable, after)) is not None and instant <= until:
        yield instant, tuple(job for job in timetable if job.trigger.next_after(after) == instant)
        after = instant


class Timekeeper(Protocol):
    """What the ticking thread needs of the worlds."""

    def next_wake(self) -> datetime | None:
        """Wall instant at which a job of any world is due next."""
        ...

    def tick(self) -> None:
        """Run what is due and do the housekeeping; never raises."""
        ...


class Ticker:
    """One thread for all worlds: sleeps until the next job of any of them, or until it is told that clocks moved."""

    def __init__(self, keeper: Timekeeper) -> None:
        self._keeper = keeper
        self._changed = threading.Condition()
        self._nudged = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin ticking in the background."""
        self._thread = threading.Thread(target=self._run, name="flexsim-ticker", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """A clock or a world has changed: look again at what is due next."""
        with self._changed:
            self._nudged = True
            self._changed.notify()

    def stop(self) -> None:
        """End the thread and wait for the job that is running."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while True:
            self._keeper.tick()
            due = self._keeper.next_wake()
            with self._changed:
                if not self._nudged and not self._stopping:
                    self._changed.wait(_wait_seconds(due))
                self._nudged = False
                if self._stopping:
                    return


def _wait_seconds(due: datetime | None) -> float:
    if due is None:
        return LONGEST_WAIT_SECONDS
    return min(max((due - wall_now()) / timedelta(seconds=1), 0.0), LONGEST_WAIT_SECONDS)
