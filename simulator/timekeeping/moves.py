"""A move of market time as it goes on: from where to where, how far it is, and what ran on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from simulator.timekeeping.scheduler import JobRun

MOST_RUNS_KEPT = 500
"""Of a long move that is over so many jobs are remembered, the last ones; the journal has them all."""

_FAILED = "the simulator failed to go on, and its output says why"


@dataclass(slots=True)
class TimeMove:
    """One move forward, whoever began it; all instants are UTC market time.

    `runs` are the jobs that ran so far, `run_count` says how many did. `ended_at` is None while it is under way.
    `stopped_because` tells in a clause why it ended before its target; None when it arrived.
    """

    began_at: datetime
    target: datetime
    cause: int | None
    runs: list[JobRun] = field(default_factory=list)
    run_count: int = 0
    ended_at: datetime | None = None
    stopped_because: str | None = None

    def add(self, runs: list[JobRun]) -> None:
        """Note that jobs ran."""
        self.runs += runs
        self.run_count += len(runs)

    def end(self, reached: datetime, arrived: bool, because: str | None) -> None:
        """Note where it ended, and whether that is where it led; `because` says why not, as far as that is known."""
        self.runs = self.runs[-MOST_RUNS_KEPT:]
        self.ended_at, self.stopped_because = reached, None if arrived else because or _FAILED

    def share(self, now: datetime) -> float:
        """How much of the way is behind at market time `now`, 0 to 1."""
        if self.ended_at is not None or self.target <= self.began_at:
            return 1.0
        return min(max((now - self.began_at) / (self.target - self.began_at), 0.0), 1.0)
