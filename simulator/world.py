"""A world: its own database, clock, journal and timetable, apart from all other worlds of the server."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from simulator.announcements import Announcements
from simulator.market.errors import NotFound
from simulator.market.facts import WorldStarted
from simulator.market.signing_keys import SigningKey
from simulator.market_time import Deliveries, MarketTime
from simulator.operations.batches import BatchRules
from simulator.operations.faulting import FAULTS_TOPIC, faults_on
from simulator.operations.mails import MAIL_TOPIC
from simulator.operations.smp_tokens import TokenRules, token_rules
from simulator.operations.timetable import Chore
from simulator.server_keys import ServerKeys
from simulator.settings import Settings
from simulator.store import journal, meta, outbox, timetable, uploads
from simulator.store.database_files import altering, copy_database, put_in_place_of, remove_database
from simulator.store.engine import DATABASE_FAULTS, Database, Staging
from simulator.store.tables import SCHEMA_VERSION
from simulator.store.work import JournalIds, Keeping, View, Work
from simulator.timekeeping.clock import FROZEN, Clock, stopwatch, wall_now
from simulator.timekeeping.scheduler import Job

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
"""Names of worlds, and of their snapshots: nothing that leads out of a folder, and the same on every disk."""


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


DeliveriesOf = Callable[["World"], Deliveries]
"""Gives a world what sends its messages."""


class World:
    """One world. `database` opens its files on first use; `close_files` gives them back.

    This is the world itself; `simulator.testing.World` is a client, which knows it by HTTP.

    Whoever makes, restores or removes its snapshots takes the `snapshots_turn`, before entering the gate.
    """

    def __init__(self, name: str, folder: Path, settings: Settings, jobs: tuple[Job, ...], chores: tuple[Chore, ...],
                 announcements: Announcements, deliveries_of: DeliveriesOf, server_keys: ServerKeys,
                 batch_rules: BatchRules | None) -> None:
        self.name = name
        self._server_keys = server_keys
        self._batch_rules = batch_rules
        self.folder = folder
        self.settings = settings
        self.gate = Gate()
        self.snapshots_turn = threading.Lock()
        self.last_used = stopwatch()
        self.deleted = False
        self.generation = 0
        self.faulty_surfaces: frozenset[str] = frozenset()
        self._announcements = announcements
        self._keeping = keeping(settings)
        self.time = MarketTime(name, jobs, chores, deliveries_of(self), self.work, self.view)
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
            self.time.load(*timetable.load_clock(view))
            self._journal_ids = JournalIds(journal.last_id(connection))
        self.generation += 1
        with self.work() as work:
            uploads.interrupt_running_uploads(work)
            outbox.resume(work)
        self._load_faults()

    def close_files(self, for_good: bool = False) -> None:
        """Close the database's files; the next use opens them again. `for_good`: they are to be removed."""
        self._database.close(for_good)

    def close_files_if_idle(self, seconds: float) -> None:
        """Close the files unless someone uses the world or did so within `seconds`."""
        with self.gate.if_unused() as unused:
            if unused and stopwatch() - self.last_used > seconds:
                self._database.close()

    def reset(self) -> None:
        """Back to the fixture, by copying files. The caller must not be inside the gate. Raises NotFound."""
        def start(aside: Path) -> None:
            copy_database(self.fixture_file, aside)
            with altering(aside) as connection:
                clock, jobs_through = timetable.load_clock(View(connection))
                if clock.mode != FROZEN:
                    wall = wall_now()
                    clock = clock.moved_to(wall if self.starts_at_wall_time else clock.market, wall)
                    jobs_through = max(jobs_through, clock.market)
                work = Work(connection, clock.market, JournalIds(journal.last_id(connection)), self._keeping)
                timetable.save_clock(work, clock, jobs_through)
                work.record(WorldStarted(self.fixture, "reset"))
                work.flush()

        self.replace_database(start)

    def replace_database(self, make: Callable[[Path], None]) -> None:
        """Go on with another database, which `make` puts at the path that it is given, while nobody uses the world.

        The caller must not be inside the gate. Whenever the server is killed the one is there or the other, and so it
        is when `make` fails. Raises NotFound when the world was deleted meanwhile.
        """
        aside = self.folder / ".next.sqlite"
        with self.gate.alone(), self.time.turn:
            if self.deleted:
                raise NotFound("world", self.name)
            try:
                make(aside)
                self._database.close(for_good=True)
                put_in_place_of(self.file, aside)
            finally:
                remove_database(aside)
            self._load()
            self.announce([MAIL_TOPIC])

    # Time

    @property
    def clock(self) -> Clock:
        """The clock as it is."""
        return self.time.clock

    def now(self) -> datetime:
        """Market time, UTC."""
        return self.time.now()

    def credential_now(self) -> datetime:
        """The time that codes, sessions and lock-outs go by: the wall clock's, unless the settings say otherwise."""
        return self.now() if self.settings.credentials == "market" else wall_now()

    # The SMP

    @property
    def batch_rules(self) -> BatchRules:
        """How the SMP reads batches, and how they progress. Raises RuntimeError in a world without an SMP."""
        if self._batch_rules is None:
            raise RuntimeError(f"the world {self.name} was opened without the rules of the SMP")
        return self._batch_rules

    @property
    def token_rules(self) -> TokenRules:
        """What the tokens of the SMP say in this world."""
        return token_rules(self.name, self.session_key, self.settings.smp_token_seconds)

    def server_key(self) -> SigningKey:
        """The key that the SMP of every world of this server begins with.

        Takes up to half a second at its first use: never call it in a write transaction.
        """
        return self._server_keys.make()

    def server_key_if_made(self) -> SigningKey | None:
        """The same key, at once; None when nothing has been signed yet."""
        return self._server_keys.find()

    # Work

    @contextmanager
    def work(self, cause: int | None = None, now: datetime | None = None) -> Iterator[Work]:
        """A write transaction at market time (or `now`), committed at the end of the block."""
        with self._database.writing() as connection, self._journaled(connection, cause, now) as work:
            yield work
        if FAULTS_TOPIC in work.announced:
            self._load_faults()
        self.announce(work.announced)

    def _load_faults(self) -> None:
        with self.view() as view:
            self.faulty_surfaces = frozenset(fault.surface for fault in faults_on(view))

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
