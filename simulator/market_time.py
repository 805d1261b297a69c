"""Market time of a world: its clock, its timetable, and what else comes due, each at its own instant and in order.

As time passes by itself, what is due is begun and nobody waits for it. When the clock is moved, it stands still at each
instant at which something is due until all of it is done, messages to participants answered or given up included.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from simulator.market.facts import ClockChanged, JobRan
from simulator.operations.timetable import Chore, next_event
from simulator.settings import LAST_YEAR
from simulator.store import timetable
from simulator.store.work import View, Work
from simulator.timekeeping.clock import REAL, Clock, stopwatch, wall_now
from simulator.timekeeping.london import to_london
from simulator.timekeeping.moves import TimeMove
from simulator.timekeeping.scheduler import Job, JobRun, next_due

LONGEST_ADVANCE = timedelta(days=3_660)
_SOONEST_WAKE = timedelta(seconds=0.2)
"""Messages that wait for a free place at a busy participant are looked at again so often."""
_LONGEST_CHORE_SECONDS = 0.5
"""As time passes, one world's chores keep the others waiting no longer than this, and go on with the next look."""

_log = logging.getLogger("flexsim")


class TimeRefused(Exception):
    """A change of the clock that cannot be made; the message says why."""


class TimeStopped(TimeRefused):
    """A move that ended on the way. Market time stands at `reached` (UTC); `runs` are the jobs that ran until then.

    `because` says why, in a clause. What happened on the way stays.
    """

    def __init__(self, reached: datetime, runs: list[JobRun], because: str) -> None:
        local = to_london(reached)
        super().__init__(f"Market time was stopped on the way, at {local:%a} {local.day} {local:%b %Y %H:%M:%S} "
                         f"{local.tzname()}: {because}.")
        self.reached, self.runs, self.because = reached, runs, because


class Deliveries(Protocol):
    """What sends the world's messages."""

    def begin(self) -> None:
        """Begin to send what is due now."""
        ...

    def finish(self) -> bool:
        """Send what is due now, and wait for every outcome; False when nothing more will be sent."""
        ...

    def finish_lane(self, lane: str) -> None:
        """Send what is due now in one lane of the outbox, and wait for its outcome."""
        ...


class NoDeliveries:
    """Of a world that nobody delivers for: its messages wait."""

    def begin(self) -> None:
        """Nothing is sent."""

    def finish(self) -> bool:
        """Nothing is sent."""
        return True

    def finish_lane(self, lane: str) -> None:
        """Nothing is sent."""


class MarketTime:
    """The time of one world. `work` and `view` open transactions of it; `load` must come first.

    `is_moving` while somebody moves the clock, and does what becomes due on the way. `last_move` is the last move
    forward since the server began, under way or over, whoever began it.
    """

    def __init__(self, world: str, jobs: tuple[Job, ...], chores: tuple[Chore, ...], deliveries: Deliveries,
                 work: Callable[..., AbstractContextManager[Work]], view: Callable[[], AbstractContextManager[View]]
                 ) -> None:
        self._world = world
        self._jobs = jobs
        self._chores = chores
        self._deliveries = deliveries
        self._work = work
        self._view = view
        self._turn = threading.RLock()
        self.is_moving = False
        self._stops: set[threading.Event] = set()
        self.last_move: TimeMove | None = None
        self._job_due: tuple[datetime, datetime | None] | None = None

    def load(self, clock: Clock, jobs_through: datetime) -> None:
        """Begin with a clock and the instant through which all jobs have run; what was before is over."""
        self.last_move = None
        self.clock = clock
        self._jobs_through = jobs_through

    @property
    def turn(self) -> AbstractContextManager[bool]:
        """For those who replace the world's files: nobody else changes its time meanwhile."""
        return self._turn

    def now(self) -> datetime:
        """Market time, UTC."""
        return self.clock.at(wall_now())

    # As time passes

    def next_wake(self) -> datetime | None:
        """Wall time at which something is due next; None when the clock stands or nothing is."""
        if self.is_moving:
            # Whoever moves the clock does what is due; looking for it here as well would only slow that down.
            return wall_now() + _SOONEST_WAKE
        with self._view() as view:
            event = next_event(view)
        due = min(filter(None, (self._next_jobs_due(), event)), default=None)
        if due is None:
            return None
        soonest = wall_now() + _SOONEST_WAKE
        return soonest if due <= self.now() else self.clock.wall_at(due)

    def _next_jobs_due(self) -> datetime | None:
        """When jobs are due next. Worked out once for all instants until then."""
        through = self._jobs_through
        if self._job_due is None or self._job_due[0] != through:
            self._job_due = through, next_due(self._jobs, through)
        return self._job_due[1]

    def coming_jobs(self, now: datetime) -> list[tuple[datetime, str]]:
        """Every job of the timetable with the market instant at which it is due next, the soonest first.

        `now` is market time as the asker has read it; while the clock is moved, the time meanwhile is another.
        """
        through = now if self.is_moving else self._jobs_through
        return sorted((job.trigger.next_after(through), job.name) for job in self._jobs)

    def run_due(self) -> list[JobRun]:
        """Run what has become due as time passed; nothing while the clock is being moved, which does that itself."""
        if not self._turn.acquire(blocking=False):
            return []
        try:
            runs = []
            until = self.now()
            while (instant := self._next_jobs_due()) is not None and instant <= until:
                runs += self._run_jobs(instant, None, self.clock)
            self._do_chores(_LONGEST_CHORE_SECONDS)
            self._deliveries.begin()
            return runs
        finally:
            self._turn.release()

    def finish_lane(self, lane: str) -> None:
        """Send what is due now in one lane of the outbox, and wait until it was answered or not."""
        self._deliveries.finish_lane(lane)

    def _do_chores(self, longest: float | None = None) -> None:
        """Do what is there to be done; what is done bit by bit may be left unfinished after `longest` seconds."""
        now, began = self.now(), stopwatch()
        with self._view() as view:
            waiting = [chore for chore in self._chores if chore.is_due(view, now)]
        for chore in waiting:
            with self._work() as work:
                chore.operation(work)
            while chore.bit_by_bit and (longest is None or stopwatch() - began < longest) and self._is_due(chore, now):
                with self._work() as work:
                    chore.operation(work)

    def _is_due(self, chore: Chore, now: datetime) -> bool:
        with self._view() as view:
            return chore.is_due(view, now)

    def _run_jobs(self, instant: datetime, cause: int | None, clock: Clock) -> list[JobRun]:
        """Run the jobs of the next instant at which any are due; `clock` is to be kept with that."""
        due = [job for job in self._jobs if job.trigger.next_after(self._jobs_through) == instant]
        runs = [self._run_job(job, instant, cause) for job in due]
        self._jobs_through = instant
        with self._work(now=instant) as work:
            timetable.save_clock(work, clock, instant)
        return runs

    def _run_job(self, job: Job, due_at: datetime, cause: int | None) -> JobRun:
        try:
            with self._work(cause, due_at) as work:
                if timetable.job_has_run(work, job.name, due_at):
                    return JobRun(job.name, due_at, "already run")
                work.cause = work.reserve_entry()
                job.operation(work, due_at)
                timetable.add_job_run(work, job.name, due_at, "done")
                work.add_entry(work.cause, JobRan.kind, JobRan(job.name, due_at.isoformat(), "done"), cause)
            return JobRun(job.name, due_at, "done")
        except Exception as error:
            # A job that fails must not stop the next one, and must not go unseen.
            _log.exception("world %s: the job %s due at %s failed", self._world, job.name, due_at)
            with self._work(cause, due_at) as work:
                timetable.add_job_run(work, job.name, due_at, "failed")
                work.record(JobRan(job.name, due_at.isoformat(), "failed", f"{type(error).__name__}: {error}"))
            return JobRun(job.name, due_at, "failed")

    # When the clock is moved

    def set_clock(self, clock: Clock, cause: int | None) -> list[JobRun]:
        """Set the clock. Moving it forward runs what became due on the way; moving it back runs nothing again.

        Raises TimeRefused for a time too far ahead.
        """
        with self._stoppable() as stop, self._turn:
            runs: list[JobRun] = []
            if clock.market - self.now() > LONGEST_ADVANCE:
                raise TimeRefused(f"That is more than {LONGEST_ADVANCE.days} days ahead; go there in smaller steps.")
            if clock.market > self.now():
                runs = self._move(clock.market, cause, stop)
            self.put(clock.moved_to(clock.market, wall_now()), cause)
            return runs

    def stop_moving(self) -> bool:
        """Let whoever moves the clock, or waits for a turn to, stop at the instant that it has reached.

        False when there is nobody.
        """
        stops = list(self._stops)
        for stop in stops:
            stop.set()
        return bool(stops)

    @contextmanager
    def _stoppable(self) -> Iterator[threading.Event]:
        """One move, from when it is wanted: what is set when it shall stop."""
        stop = threading.Event()
        self._stops.add(stop)
        try:
            yield stop
        finally:
            self._stops.discard(stop)

    def advance(self, target: datetime, cause: int | None) -> list[JobRun]:
        """Move market time forward to `target`, running each due job at its own instant, in order.

        Raises TimeRefused for a target in the past or too far off.
        """
        with self._stoppable() as stop, self._turn:
            return self._advance(self.now(), target.astimezone(UTC), cause, stop)

    def advance_by(self, duration: timedelta, cause: int | None) -> list[JobRun]:
        """Move market time forward by a duration, as `advance` does."""
        with self._stoppable() as stop, self._turn:
            try:
                now = self.now()
                return self._advance(now, now + duration, cause, stop)
            except OverflowError:
                raise TimeRefused("That is further ahead than dates go.") from None

    def _advance(self, now: datetime, target: datetime, cause: int | None, stop: threading.Event) -> list[JobRun]:
        if target < now:
            raise TimeRefused(f"Market time is {now.isoformat()} and does not run backwards. To set it back, "
                              "use PUT /_sim/clock.")
        if target - now > LONGEST_ADVANCE:
            raise TimeRefused(f"That is more than {LONGEST_ADVANCE.days} days ahead; advance in smaller steps.")
        if target.year > LAST_YEAR:
            raise TimeRefused(f"Market time ends with the year {LAST_YEAR}.")
        runs = self._move(target, cause, stop)
        self.put(self.clock.moved_to(target, wall_now()), cause)
        return runs

    def _move(self, until: datetime, cause: int | None, stop: threading.Event) -> list[JobRun]:
        """Go through every instant up to `until` at which something is due; the clock stands at each of them.

        Raises TimeStopped when it is interrupted: what is due there must not be left behind unsent.
        """
        resting = self.clock
        runs: list[JobRun] = []
        reached = self.now()
        move = self.last_move = TimeMove(reached, until, cause)
        arrived, because = False, None
        self.is_moving = True
        try:
            while True:
                if stop.is_set():
                    self.put(resting.moved_to(reached, wall_now()), cause)
                    because = "somebody stopped it"
                    raise TimeStopped(reached, runs, because)
                self.clock = replace(resting, market=reached, wall=wall_now(), rate=0.0)
                self._do_chores()
                if not self._deliveries.finish():
                    because = "the server is ending, or the world is to be replaced"
                    raise TimeStopped(reached, runs, because)
                job_due, event = self._next_jobs_due(), self._next_event_after(reached)
                instant = min(filter(None, (job_due, event)), default=None)
                if instant is None or instant > until:
                    arrived = True
                    return runs
                reached = max(instant, reached)
                self.clock = replace(self.clock, market=reached, wall=wall_now())
                if instant == job_due:
                    ran = self._run_jobs(instant, cause, resting.moved_to(reached, wall_now()))
                    runs += ran
                    move.add(ran)
        finally:
            self.clock = resting.moved_to(reached, wall_now())
            move.end(until if arrived else reached, arrived, because)
            self.is_moving = False

    def _next_event_after(self, instant: datetime) -> datetime | None:
        with self._view() as view:
            return next_event(view, instant)

    def put(self, clock: Clock, cause: int | None, record: bool = True) -> None:
        """Replace the clock as it is; nothing runs. `record` it in the journal."""
        self.clock = clock
        self._jobs_through = max(self._jobs_through, clock.market)
        with self._work(cause) as work:
            timetable.save_clock(work, clock, self._jobs_through)
            if record:
                work.record(ClockChanged(clock.mode, clock.market.isoformat(), clock.rate))


def describe_clock(clock: Clock, now: datetime) -> dict[str, object]:
    """The clock as `/_sim/clock` shows it."""
    return {"mode": clock.mode, "now": now, "rate": clock.rate if clock.mode != REAL else 1.0}
