"""The worlds of a server: made from fixtures, found by name, closed when idle, ticking as time passes."""

from __future__ import annotations

import fcntl
import logging
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from simulator import assets
from simulator.announcements import Announcements
from simulator.documents.mail_attachments import MailAttachments
from simulator.ids import new_signing_key
from simulator.market.batches import BATCHES_TOPIC
from simulator.market.errors import NotFound
from simulator.market.events import EVENTS_TOPIC
from simulator.market.facts import WorldStarted
from simulator.market.outbox import OUTBOX_TOPIC
from simulator.market_time import NoDeliveries
from simulator.operations.batches import BatchRules
from simulator.operations.fixtures import (
    DemoSignIn,
    DemoSmpUser,
    Fixture,
    FixtureUnusable,
    read_fixture,
    start_world,
)
from simulator.operations.history import journal_entries
from simulator.operations.mails import MAIL_TOPIC
from simulator.operations.password_links import REQUESTS_TOPIC
from simulator.operations.timetable import chores, timetable
from simulator.private_files import put_in_place
from simulator.server_keys import ServerKeys
from simulator.settings import DEFAULT_WORLD, Settings, SettingsUnusable
from simulator.store import meta
from simulator.store.engine import Database, copy_database
from simulator.store.journal import Entry
from simulator.store.timetable import save_clock
from simulator.store.work import JournalIds, Work
from simulator.timekeeping.clock import Clock, frozen_clock, real_clock, stopwatch, wall_now
from simulator.timekeeping.scheduler import Ticker
from simulator.world import DeliveriesOf, World, keeping

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")

_START_GROWS_OLD = timedelta(minutes=10)
_RETRY_DUE_JOBS = timedelta(seconds=30)

_log = logging.getLogger("flexsim")


class WorldRefused(Exception):
    """A world that cannot be made or removed; the message says why."""


class Worlds:
    """All worlds of one server. Start with `open`, end with `close`."""

    def __init__(self, settings: Settings, address: str = "",
                 deliveries_of: DeliveriesOf = lambda world: NoDeliveries(), batch_rules: BatchRules | None = None
                 ) -> None:
        self.settings = settings
        self._batch_rules = batch_rules
        self._deliveries_of = deliveries_of
        self._address = settings.public_url or address
        self._temporary = settings.data is None
        self.folder = Path(tempfile.mkdtemp(prefix="flexsim-")) if settings.data is None else settings.data
        self._worlds: dict[str, World] = {}
        self._wakes: dict[str, datetime] = {}
        self._making = threading.RLock()
        self._fixtures: dict[str, Fixture] = {}
        self._claim: IO[str] | None = None
        self.server_keys = ServerKeys(self.folder)
        self.found_default = False
        self.announcements = Announcements()
        self.announcements.listen(self._hear)
        self._ticker = Ticker(self)

    def open(self) -> None:
        """Find the worlds that are there, make the world `default` if it is not, and let time pass."""
        folder = self.folder / "worlds"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._claim_folder()
            # Other files are not ours: desktops leave theirs in every folder they show.
            found = sorted(path for path in folder.iterdir() if path.is_dir())
            for leftover in found:
                if leftover.name.startswith("."):
                    shutil.rmtree(leftover)
            self.server_key()
            damaged = self.server_keys.damaged_file
        except OSError as error:
            raise SettingsUnusable([f"data: the folder {self.folder} cannot be used: {error}"]) from error
        if damaged is not None:
            raise SettingsUnusable([f"data: {damaged} holds no key. Remove it: the SMP signs with a new one then, and "
                                    "tokens from before are refused."])
        for known in found:
            if NAME.match(known.name):
                self._adopt(known.name)
        self.found_default = DEFAULT_WORLD in self._worlds
        if not self.found_default:
            self.create(DEFAULT_WORLD, self.settings.fixture, self.settings.now)
        self._ticker.start()

    def _claim_folder(self) -> None:
        """Keep other servers out of the folder: two would give the same journal ids to different things.

        The system gives the claim back when the process ends, however it ends.
        """
        self._claim = (self.folder / "server.lock").open("w")
        try:
            fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsUnusable([f"data: another server uses the folder {self.folder}. Stop that one, or choose "
                                    "another folder."]) from None

    def close(self) -> None:
        """Stop time and close all files; worlds without a data folder are gone then."""
        self._ticker.stop()
        for world in self._worlds.values():
            with world.gate.alone():
                world.deleted = True
                world.close_files()
        if self._claim is not None:
            self._claim.close()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def server_key(self) -> str:
        """The key that signs form tokens; kept in the data folder, so that open forms outlive a restart."""
        file = self.folder / "server.key"
        # Empty: a server of an earlier version was killed while it made the key.
        kept = file.read_text() if file.exists() else ""
        if not kept:
            kept = new_signing_key()
            put_in_place(file, kept.encode())
        return kept

    # Finding

    def names(self) -> list[str]:
        """Names of all worlds, sorted."""
        return sorted(self._worlds)

    def find(self, name: str) -> World | None:
        """A world by its name, without beginning to use it."""
        return self._worlds.get(name)

    def address_of(self, name: str) -> str:
        """Where people reach a world, such as http://127.0.0.1:8000/w/one: the start of links in mails sent on."""
        return self._address if name == DEFAULT_WORLD else f"{self._address}/w/{name}"

    def enter(self, name: str, wait: bool = True) -> World | None:
        """Begin to use a world; the caller must `leave` it. Raises NotFound.

        While the world's files are being replaced this waits, or answers None if it shall not.
        """
        world = self._worlds.get(name)
        if world is None:
            raise NotFound("world", name)
        if not world.gate.enter(wait):
            return None
        if world.deleted:
            self.leave(world)
            raise NotFound("world", name)
        return world

    def leave(self, world: World) -> None:
        """End the use of a world."""
        world.last_used = stopwatch()
        world.gate.leave()

    @contextmanager
    def using(self, name: str) -> Iterator[World]:
        """Use a world for the length of a block. Raises NotFound."""
        world = self.enter(name)
        assert world is not None  # it waited
        try:
            yield world
        finally:
            self.leave(world)

    @contextmanager
    def stepped_out(self, world: World) -> Iterator[None]:
        """For code that uses a world and must replace it: leaves it for the length of the block."""
        world.gate.leave()
        try:
            yield
        finally:
            world.gate.enter()

    def journal(self, name: str, **filters: Any) -> list[Entry]:
        """Journal entries of a world; `kind`, `since` and `limit` as `journal_entries` takes them."""
        with self.using(name) as world, world.view() as view:
            return journal_entries(view, **filters)

    # Making and removing

    def create(self, name: str, fixture: str, now: datetime | None = None) -> bool:
        """Make a world from a fixture, starting at `now` (or at wall time); an old one of the name is replaced.

        True when the name is new. Raises WorldRefused, or FixtureUnusable from the fixture.
        """
        if not NAME.match(name):
            raise WorldRefused(f"A world's name is 1 to 63 small letters, digits and hyphens, and begins with a "
                               f"letter or digit; {name[:80]!r} is not.")
        content = self._fixture(fixture)
        with self._making:
            aside = self.folder / "worlds" / f".{name}"
            aside.mkdir()
            try:
                self._build(aside, fixture, content, now)
                is_new = name not in self._worlds
                if not is_new:
                    self._remove(name)
                aside.rename(self.folder / "worlds" / name)
            except BaseException:
                shutil.rmtree(aside, ignore_errors=True)
                raise
            self._adopt(name)
        return is_new

    def reset(self, name: str) -> World:
        """Put a world back to its fixture. The caller must not be using it. Raises NotFound."""
        world = self.find(name)
        if world is None:
            raise NotFound("world", name)
        self._renew_start(world)
        world.reset()
        self.clock_changed(name)
        return world

    def _renew_start(self, world: World) -> None:
        """Fill the start of a world anew when it is old: its readings and its invitations are relative to the start.

        A world that starts at a time of its own keeps its start, and so does one whose fixture is not at hand any more.
        """
        made = datetime.fromtimestamp(world.fixture_file.stat().st_mtime, UTC)
        if not world.starts_at_wall_time or wall_now() - made < _START_GROWS_OLD:
            return
        with self._making:
            aside = self.folder / "worlds" / f".{world.name}"
            aside.mkdir()
            try:
                self._build(aside, world.fixture, self._fixture(world.fixture), None)
                (aside / world.fixture_file.name).replace(world.fixture_file)
            except (WorldRefused, FixtureUnusable) as error:
                _log.warning("world %s: it goes back to its start of %s: %s", world.name, made, error)
            finally:
                shutil.rmtree(aside)

    def delete(self, name: str) -> None:
        """Remove a world and all its data. Raises NotFound, WorldRefused for the world `default`."""
        if name == DEFAULT_WORLD:
            raise WorldRefused("The world 'default' cannot be deleted; reset it instead.")
        with self._making:
            if name not in self._worlds:
                raise NotFound("world", name)
            self._remove(name)

    def demo_sign_in(self, fixture: str) -> DemoSignIn | None:
        """How to sign in to a world of a shipped fixture, whose passwords are public; None for other worlds."""
        if fixture not in assets.world_fixtures():
            return None
        return self._fixture(fixture).demo_sign_in

    def demo_smp_user(self, fixture: str) -> DemoSmpUser | None:
        """An SMP user of a shipped fixture, whose password is public and whose calls are answered; else None."""
        return self._fixture(fixture).demo_smp_user if fixture in assets.world_fixtures() else None

    def _fixture(self, name: str) -> Fixture:
        if name not in self._fixtures:
            shipped = assets.world_fixtures()
            if name not in shipped and name != self.settings.fixture:
                raise WorldRefused(f"There is no fixture {name[:80]!r}; there are {', '.join(sorted(shipped))}.")
            self._fixtures[name] = read_fixture(shipped.get(name, Path(name)))
        return self._fixtures[name]

    def _build(self, folder: Path, fixture: str, content: Fixture, now: datetime | None) -> None:
        wall = wall_now()
        start = wall if now is None else now.astimezone(UTC)
        clock = frozen_clock(start, wall) if content.frozen else real_clock(wall, start)
        database = Database(folder / "world.sqlite")
        with database.writing() as connection:
            work = Work(connection, start, JournalIds(0), keeping(self.settings))
            self._fill(work, fixture, content, clock, now)
            work.flush()
        database.close()
        copy_database(folder / "world.sqlite", folder / "start.sqlite")

    def _fill(self, work: Work, fixture: str, content: Fixture, clock: Clock, now: datetime | None) -> None:
        meta.create_schema(work, fixture=fixture, session_key=new_signing_key(),
                           starts_at="wall" if now is None else now.isoformat())
        save_clock(work, clock, clock.market)
        work.cause = work.record(WorldStarted(fixture, "created"))
        start_world(work, content, self.settings.market)

    def _adopt(self, name: str) -> None:
        settings, policy = self.settings, self.settings.market
        self._worlds[name] = World(name, self.folder / "worlds" / name, settings, timetable(policy, MailAttachments()),
                                   chores(settings.reset_link_hours, policy, self._batch_rules), self.announcements,
                                   self._deliveries_of, self.server_keys, self._batch_rules)
        self.clock_changed(name)
        self._worlds[name].announce([MAIL_TOPIC])

    def _remove(self, name: str) -> None:
        world = self._worlds[name]
        with world.gate.alone():
            world.deleted = True
            world.close_files()
            del self._worlds[name]
            self._wakes.pop(name, None)
            gone = world.folder.with_name(f".gone-{name}")
            world.folder.rename(gone)
        shutil.rmtree(gone)
        world.announce([MAIL_TOPIC])

    # Time

    def clock_changed(self, name: str) -> None:
        """A world's clock was set or moved, or the world is new: look again at when its next job is due."""
        world = self._worlds.get(name)
        if world is None:
            return
        # What is announced from here on must not be forgotten.
        self._wakes.pop(name, None)
        wake = world.time.next_wake()
        if wake is not None:
            self._wakes[name] = min(wake, self._wakes.get(name, wake))
        self._ticker.nudge()

    def next_wake(self) -> datetime | None:
        """Wall time at which a job of any world is due next."""
        return min(list(self._wakes.values()), default=None)

    def tick(self) -> None:
        """Run the jobs that are due in any world, and close the files of idle worlds. Never raises."""
        now = wall_now()
        for name, wake in list(self._wakes.items()):
            if wake <= now:
                self._run_due_jobs(name)
        for world in list(self._worlds.values()):
            world.close_files_if_idle(self.settings.idle_world_seconds)

    def _hear(self, name: str, topic: str) -> None:
        """Something is to be done at once: the ticker does it, unless somebody is at it who moves the clock."""
        world = self._worlds.get(name)
        if topic == OUTBOX_TOPIC and world is not None and world.time.is_moving:
            return
        if topic in (OUTBOX_TOPIC, REQUESTS_TOPIC, EVENTS_TOPIC, BATCHES_TOPIC):
            self._wakes[name] = wall_now()
            self._ticker.nudge()

    def _run_due_jobs(self, name: str) -> None:
        # What is announced from here on wakes the ticker once more.
        self._wakes.pop(name, None)
        try:
            with self.using(name) as world:
                world.time.run_due()
                wake = world.time.next_wake()
        except NotFound:
            return
        except Exception:
            # The thread that lets time pass must outlive a world whose disk is full; it tries again in a while.
            _log.exception("world %s: its due jobs could not be run", name)
            wake = wall_now() + _RETRY_DUE_JOBS
        if wake is not None:
            self._wakes[name] = min(wake, self._wakes.get(name, wake))
