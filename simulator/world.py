"""A world: its own database, clock, journal and timetable, apart from all other worlds of the server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulator.announcements import Announcements
from simulator.market.facts import ClockChanged, JobRan, WorldStarted
from simulator.operations.mails import MAIL_TOPIC
from simulator.settings import LAST_YEAR, Settings
from simulator.store import journal, meta, timetable, uploads
from simulator.store.engine import DATABASE_FAULTS, Database, Staging, copy_database
from simulator.store.tables import SCHEMA_VERSION
from simulator.store.work import JournalIds, Keeping, View, Work
from simulator.timekeeping.clock import FROZEN, REAL, Clock, stopwatch, wall_now
from simulator.timekeeping.scheduler import Job, JobRun, due_between, next_due

LONGEST_ADVANCE = timedelta(days=3_660)

_log = logging.getLogger("flexsim")


class TimeRefused(Exception):
    """A change of the clock that cannot be made; the message says why."""


class WorldUnusable(Exception):
    """A world's files cannot be used by this version; the message says what to do."""


class Gate:
    """Lets many use a world at once, and one replace its files while nobody does."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._users = 0
        self._closed = False

    def enter(self, wait: bool = True) -> bool:
        """Begin to use the world; waits while its files are being replaced, or answers False then."""
        with self._changed:
            if self._closed and not wait:
                return False
            self._changed.wait_for(lambda: not self._closed)
            self._users += 1
            return True

    def leave(self) -> None:
        """End of use."""
        with self._changed:
            self._users -= 1
            self._changed.notify_all()

    @property
    def wanted_alone(self) -> bool:
        """Whether someone waits for the users to leave; long work looks here and gives up."""
        return self._closed

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Alone with the world: waits for the users to leave, and keeps new ones waiting."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: self._users == 0)
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()

    @contextmanager
    def if_unused(self) -> Iterator[bool]:
        """Whether nobody uses the world now; if so, nobody begins to before the end of the block."""
        with self._changed:
            yield self._users == 0 and not self._closed


class World:
    """One world. `database` opens its files on first use; `close_files` gives them back."""

    def __init__(self, name: str, folder: Path, settings: Settings, jobs: tuple[Job, ...],
                 announcements: Announcements) -> None:
        self.name = name
        self.folder = folder
        self.settings = settings
        self.gate = Gate()
        self.last_used = stopwatch()
        self.deleted = False
        self._jobs = jobs
        self._announcements = announcements
        self._keeping = keeping(settings)
        self._time = threading.RLock()
        self._load()

    # Files

    @property
    def file(self) -> Path:
        """The database."""
        return self.folder / "world.sqlite"

    @property
    def fixture_file(self) -> Path:
        """A copy of the database as it was at the start, for `reset`."""
        return self.folder / "start.sqlite"

    def _load(self) -> None:
        self._database = Database(self.file)
        try:
            with self._database.reading() as connection:
                stamp = meta.read_meta(View(connection))
        except DATABASE_FAULTS as error:
            raise WorldUnusable(
                f"The world {self.name!r} in {self.folder} cannot be read ({getattr(error, 'orig', error)}). Remove "
                "that folder, or start with another --data folder.") from error
        with self._database.reading() as connection:
            view = View(connection)
            if stamp.get("schema_version") != str(SCHEMA_VERSION):
                raise WorldUnusable(
                    f"The world {self.name!r} in {self.folder} was written by another version of the simulator "
                    f"(schema {stamp.get('schema_version')}, this one reads {SCHEMA_VERSION}). Remove that folder, or "
                    "start with another --data folder.")
            self.session_key = stamp["session_key"]
            self.fixture = stamp["fixture"]
            self.starts_at_wall_time = stamp["starts_at"] == "wall"
            self.clock, self._jobs_through = timetable.load_clock(view)
            self._journal_ids = JournalIds(journal.last_id(connection))
        with self.work() as work:
            uploads.interrupt_running_uploads(work)

    def close_files(self) -> None:
        """Close the database's files; the next use opens them again."""
        self._database.close()

    def close_files_if_idle(self, seconds: float) -> None:
        """Close the files unless someone uses the world or did so within `seconds`."""
        with self.gate.if_unused() as unused:
            if unused and stopwatch() - self.last_used > seconds:
                self._database.close()

    def reset(self) -> None:
        """Back to the fixture, by copying files. The caller must not be inside the gate."""
        with self.gate.alone(), self._time:
            self._database.close()
            copy_database(self.fixture_file, self.file)
            self._load()
            if self.clock.mode != FROZEN:
                wall = wall_now()
                market = wall if self.starts_at_wall_time else self.clock.market
                self._set_clock(self.clock.moved_to(market, wall), None, record=False)
            with self.work() as work:
                work.record(WorldStarted(self.fixture, "reset"))
                work.announce(MAIL_TOPIC)

    # Time

    def now(self) -> datetime:
        """Market time, UTC."""
        return self.clock.at(wall_now())

    def credential_now(self) -> datetime:
        """The time that codes, sessions and lock-outs go by: the wall clock's, unless the settings say otherwise."""
        return self.now() if self.settings.credentials == "market" else wall_now()

    def next_wake(self) -> datetime | None:
        """Wall time at which the next job is due; None when the clock stands or there are no jobs."""
        due = next_due(self._jobs, self._jobs_through)
        return None if due is None else self.clock.wall_at(due)

    def next_jobs(self) -> tuple[datetime, tuple[str, ...]] | None:
        """The next market instant at which jobs are due, with their names; None without a timetable."""
        through = self._jobs_through
        due = next_due(self._jobs, through)
        return None if due is None else (due, tuple(
            job.name for job in self._jobs if job.trigger.next_after(through) == due))

    def set_clock(self, clock: Clock, cause: int | None) -> list[JobRun]:
        """Set the clock. Moving it forward runs what became due on the way; moving it back runs nothing again.

        Raises TimeRefused for a time too far ahead.
        """
        with self._time:
            runs: list[JobRun] = []
            if clock.market - self.now() > LONGEST_ADVANCE:
                raise TimeRefused(f"That is more than {LONGEST_ADVANCE.days} days ahead; go there in smaller steps.")
            if clock.market > self.now():
                runs = self._run_due(clock.market, cause, moving=True)
            self._set_clock(clock.moved_to(clock.market, wall_now()), cause)
            return runs

    def advance(self, target: datetime, cause: int | None) -> list[JobRun]:
        """Move market time forward to `target`, running each due job at its own instant, in order.

        Raises TimeRefused for a target in the past or too far off.
        """
        with self._time:
            return self._advance(self.now(), target.astimezone(UTC), cause)

    def advance_by(self, duration: timedelta, cause: int | None) -> list[JobRun]:
        """Move market time forward by a duration, as `advance` does."""
        with self._time:
            try:
                now = self.now()
                return self._advance(now, now + duration, cause)
            except OverflowError:
                raise TimeRefused("That is further ahead than dates go.") from None

    def _advance(self, now: datetime, target: datetime, cause: int | None) -> list[JobRun]:
        if target < now:
            raise TimeRefused(f"Market time is {now.isoformat()} and does not run backwards. To set it back, "
                              "use PUT /_sim/clock.")
        if target - now > LONGEST_ADVANCE:
            raise TimeRefused(f"That is more than {LONGEST_ADVANCE.days} days ahead; advance in smaller steps.")
        if target.year > LAST_YEAR:
            raise TimeRefused(f"Market time ends with the year {LAST_YEAR}.")
        runs = self._run_due(target, cause, moving=True)
        self._set_clock(self.clock.moved_to(target, wall_now()), cause)
        return runs

    def run_due_jobs(self) -> list[JobRun]:
        """Run what has become due as time passed."""
        with self._time:
            return self._run_due(self.now(), None, moving=False)

    def _run_due(self, until: datetime, cause: int | None, moving: bool) -> list[JobRun]:
        runs = []
        for instant, jobs in due_between(self._jobs, self._jobs_through, until):
            if moving:
                self.clock = self.clock.moved_to(instant, wall_now())
            runs += [self._run_job(job, instant, cause) for job in jobs]
            self._jobs_through = instant
            with self.work(now=instant) as work:
                timetable.save_clock(work, self.clock, instant)
        return runs

    def _run_job(self, job: Job, due_at: datetime, cause: int | None) -> JobRun:
        try:
            with self.work(cause, due_at) as work:
                if timetable.job_has_run(work, job.name, due_at):
                    return JobRun(job.name, due_at, "already run")
                work.cause = work.reserve_entry()
                job.operation(work, due_at)
                timetable.add_job_run(work, job.name, due_at, "done")
                work.add_entry(work.cause, JobRan.kind, JobRan(job.name, due_at.isoformat(), "done"), cause)
            return JobRun(job.name, due_at, "done")
        except Exception as error:
            # A job that fails must not stop the next one, and must not go unseen.
            _log.exception("world %s: the job %s due at %s failed", self.name, job.name, due_at)
            with self.work(cause, due_at) as work:
                timetable.add_job_run(work, job.name, due_at, "failed")
                work.record(JobRan(job.name, due_at.isoformat(), "failed", f"{type(error).__name__}: {error}"))
            return JobRun(job.name, due_at, "failed")

    def _set_clock(self, clock: Clock, cause: int | None, record: bool = True) -> None:
        self.clock = clock
        self._jobs_through = max(self._jobs_through, clock.market)
        with self.work(cause) as work:
            timetable.save_clock(work, clock, self._jobs_through)
            if record:
                work.record(ClockChanged(clock.mode, clock.market.isoformat(), clock.rate))

    # Work

    @contextmanager
    def work(self, cause: int | None = None, now: datetime | None = None) -> Iterator[Work]:
        """A write transaction at market time (or `now`), committed at the end of the block."""
        with self._database.writing() as connection, self._journaled(connection, cause, now) as work:
            yield work
        self.announce(work.announced)

    def announce(self, topics: Iterable[str]) -> None:
        """Tell those who wait that there is something new in this world."""
        self._announcements.announce(self.name, topics)

    def announced(self, topic: str) -> int:
        """How often a topic was announced in this world."""
        return self._announcements.count(self.name, topic)

    @contextmanager
    def turn_if_free(self) -> Iterator[bool]:
        """Whether nobody is writing; if so, nobody else does until the end of the block."""
        with self._database.turn_if_free() as is_mine:
            yield is_mine

    @contextmanager
    def view(self) -> Iterator[View]:
        """Queries on one consistent state."""
        with self._database.reading() as connection:
            yield View(connection)

    @contextmanager
    def staging(self) -> Iterator[tuple[Staging, StagedWork]]:
        """Temporary tables, and a function that opens the one write transaction that takes them over."""
        with self._database.staging() as staging:
            yield staging, StagedWork(self, staging)

    @contextmanager
    def _journaled(self, connection, cause: int | None, now: datetime | None) -> Iterator[Work]:
        before = self._journal_ids.last
        work = Work(connection, now or self.now(), self._journal_ids, self._keeping, cause)
        try:
            yield work
            work.flush()
        except BaseException:
            self._journal_ids.last = before
            raise


class StagedWork:
    """Opens a write transaction in which the temporary tables of a staging connection can be read."""

    def __init__(self, world: World, staging: Staging) -> None:
        self._world = world
        self._staging = staging

    @contextmanager
    def __call__(self, cause: int | None) -> Iterator[Work]:
        with self._staging.writing() as connection, self._world._journaled(connection, cause, None) as work:
            yield work
        self._world.announce(work.announced)


def keeping(settings: Settings) -> Keeping:
    """How much the settings say that a world keeps."""
    return Keeping(settings.journal_limit, settings.mailbox_limit, settings.smtp is not None)


def describe_clock(clock: Clock, now: datetime) -> dict[str, object]:
    """The clock as `/_sim/clock` shows it."""
    return {"mode": clock.mode, "now": now, "rate": clock.rate if clock.mode != REAL else 1.0}
