"""The worlds of a server: made from fixtures, found by name, closed when idle, ticking as time passes."""

from __future__ import annotations

import fcntl
import logging
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
from simulator.market.outbox import OUTBOX_TOPIC
from simulator.market_time import NoDeliveries
from simulator.operations.batches import BatchRules
from simulator.operations.fixtures import DemoSignIn, DemoSmpUser, Fixture, FixtureUnusable, read_fixture
from simulator.operations.history import journal_entries
from simulator.operations.mails import MAIL_TOPIC
from simulator.operations.password_links import REQUESTS_TOPIC
from simulator.operations.timetable import chores, timetable
from simulator.private_files import put_in_place
from simulator.server_keys import ServerKeys
from simulator.settings import DEFAULT_WORLD, Settings, SettingsUnusable
from simulator.spare_memory import SpareMemory
from simulator.store.journal import Entry
from simulator.timekeeping.clock import stopwatch, wall_now
from simulator.timekeeping.scheduler import Ticker
from simulator.world import NAME, DeliveriesOf, World
from simulator.world_addresses import path_of_world
from simulator.world_folders import DELETED, FILLED, GIVEN, MADE, REPLACED, clear_up, worlds_in
from simulator.world_starts import START, Starts, WorldRefused

_START_GROWS_OLD = timedelta(minutes=10)
_RETRY_DUE_JOBS = timedelta(seconds=30)

_log = logging.getLogger("flexsim")


class WorldIsThere(WorldRefused):
    """A world that was to be new, under a name that is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a world {name} already. Choose another name, or delete that one first.")


class Worlds:
    """All worlds of one server. Start with `open`, end with `close`.

    Without a data folder they are in a temporary `folder`, which `close` removes.
    """

    def __init__(self, settings: Settings, address: str = "",
                 deliveries_of: DeliveriesOf = lambda world: NoDeliveries(), batch_rules: BatchRules | None = None,
                 folder: Path | None = None) -> None:
        self.settings = settings
        self._batch_rules = batch_rules
        self._deliveries_of = deliveries_of
        self._address = settings.public_url or address
        self._temporary = settings.data is None
        self.folder = settings.data or folder or Path(tempfile.mkdtemp(prefix="flexsim-"))
        self._worlds: dict[str, World] = {}
        self._wakes: dict[str, datetime] = {}
        self._making = threading.RLock()
        self._starts = Starts(settings, self.folder / "worlds" / FILLED)
        self._claim: IO[str] | None = None
        self.server_keys = ServerKeys(self.folder)
        self.found_default = False
        self.announcements = Announcements()
        self.announcements.listen(self._hear)
        self._spare_memory = SpareMemory()
        self._ticker = Ticker(self)

    def open(self) -> None:
        """Find the worlds that are there, make the world `default` if it is not, and let time pass."""
        folder = self.folder / "worlds"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with suppress(PermissionError):  # it is another user's, who has let us in
                # The files in it hold sessions, keys and mails.
                folder.chmod(0o700)
            self._claim_folder()
            clear_up(folder)
            found = worlds_in(folder)
            self.server_key()
            damaged = self.server_keys.damaged_file
        except OSError as error:
            raise SettingsUnusable([f"data: the folder {self.folder} cannot be used: {error}"]) from error
        if damaged is not None:
            raise SettingsUnusable([f"data: {damaged} holds no key. Remove it: the SMP signs with a new one then, and "
                                    "tokens from before are refused."])
        for known in found:
            self._adopt(known)
        self.found_default = DEFAULT_WORLD in self._worlds
        if not self.found_default:
            self.create(DEFAULT_WORLD, self.settings.fixture, self.settings.now)
        self._ticker.start()

    def _claim_folder(self) -> None:
        """Keep other servers out of the folder: two would give the same journal ids to different things.

        The system gives the claim back when the process ends, however it ends.
        """
        claim = (self.folder / "server.lock").open("w")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            claim.close()
            raise SettingsUnusable([f"data: another server uses the folder {self.folder}. Stop that one, or choose "
                                    "another folder."]) from None
        self._claim = claim

    def close(self) -> None:
        """Stop time and close all files; worlds without a data folder are gone then."""
        self._ticker.stop()
        with self._making:
            for world in self._worlds.values():
                with world.gate.alone():
                    world.deleted = True
                    world.close_files()
        if self._claim is not None:
            # Without the claim the folder is another server's, and so is what was filled there.
            self._starts.forget()
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
        return self._address + path_of_world(name)

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

    def create(self, name: str, fixture: str, now: datetime | None = None, content: Fixture | None = None,
               replace: bool = True) -> bool:
        """Make a world from a fixture, starting at `now` (or at wall time); an old one of the name is replaced.

        `content` is a fixture that is not known by its name. True when the world's name is new. Raises WorldRefused,
        WorldIsThere for one that is not to be replaced, or FixtureUnusable from the fixture.
        """
        if not NAME.match(name):
            raise WorldRefused(f"A world's name is 1 to 63 small letters, digits and hyphens, and begins with a "
                               f"letter or digit; {name[:80]!r} is not.")
        with self._making:
            if not replace and name in self._worlds:
                raise WorldIsThere(name)
            aside = self.folder / "worlds" / f"{MADE}{name}"
            aside.mkdir()
            try:
                self._starts.fill(aside, fixture, now, content)
                if content is not None:
                    put_in_place(aside / GIVEN, content.text.encode())
                replaced = self._take_away(name, REPLACED) if name in self._worlds else None
                aside.rename(self.folder / "worlds" / name)
            except BaseException:
                shutil.rmtree(aside, ignore_errors=True)
                raise
            self._adopt(name)
            if replaced is not None:
                shutil.rmtree(replaced)
        return replaced is None

    def reset(self, name: str) -> World:
        """Put a world back to its fixture. The caller must not be using it. Raises NotFound."""
        world = self.find(name)
        if world is None:
            raise NotFound("world", name)
        self._renew_start(world)
        world.reset()
        self.world_replaced(name)
        return world

    def _renew_start(self, world: World) -> None:
        """Fill the start of a world anew when it is old: its readings and its invitations are relative to the start.

        A world that starts at a time of its own keeps its start, and so does one whose fixture is not at hand any more.
        """
        made = datetime.fromtimestamp(world.fixture_file.stat().st_mtime, UTC)
        if not world.starts_at_wall_time or wall_now() - made < _START_GROWS_OLD:
            return
        with self._making:
            aside = self.folder / "worlds" / f"{MADE}{world.name}"
            aside.mkdir()
            try:
                given = world.folder / GIVEN
                content = read_fixture(given) if given.exists() else self._starts.fixture(world.fixture)
                self._starts.fill(aside, world.fixture, None, content, session_key=world.session_key)
                (aside / START).replace(world.fixture_file)
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
            shutil.rmtree(self._take_away(name, DELETED))
            self._spare_memory.note()

    def demo_sign_in(self, fixture: str) -> DemoSignIn | None:
        """How to sign in to a world of a shipped fixture, whose passwords are public; None for other worlds."""
        if fixture not in assets.world_fixtures():
            return None
        return self._starts.fixture(fixture).demo_sign_in

    def demo_smp_user(self, fixture: str) -> DemoSmpUser | None:
        """An SMP user of a shipped fixture, whose password is public and whose calls are answered; else None."""
        return self._starts.fixture(fixture).demo_smp_user if fixture in assets.world_fixtures() else None

    def _adopt(self, name: str) -> None:
        settings, policy = self.settings, self.settings.market
        self._worlds[name] = World(name, self.folder / "worlds" / name, settings, timetable(policy, MailAttachments()),
                                   chores(settings.reset_link_hours, policy, self._batch_rules), self.announcements,
                                   self._deliveries_of, self.server_keys, self._batch_rules)
        self.world_replaced(name)
        self._worlds[name].announce([MAIL_TOPIC])

    def _take_away(self, name: str, prefix: str) -> Path:
        """End a world when nobody uses it any more; where its folder is now, to be removed."""
        world = self._worlds[name]
        gone = world.folder.with_name(f"{prefix}{name}")
        # There is one only if an earlier removal failed.
        shutil.rmtree(gone, ignore_errors=True)
        with world.gate.alone():
            world.deleted = True
            world.close_files(for_good=True)
            del self._worlds[name]
            self._wakes.pop(name, None)
            world.folder.rename(gone)
        world.announce([MAIL_TOPIC])
        return gone

    # Time

    def clock_changed(self, name: str) -> None:
        """A world's clock was set or moved: look again at when its next job is due. The caller must be using it."""
        world = self._worlds.get(name)
        if world is None:
            return
        # What is announced from here on must not be forgotten.
        self._wakes.pop(name, None)
        wake = world.time.next_wake()
        if wake is not None:
            self._wakes[name] = min(wake, self._wakes.get(name, wake))
        self._ticker.nudge()

    def world_replaced(self, name: str) -> None:
        """A world is new, or went back: look at when its next job is due. The caller must not be using it."""
        with suppress(NotFound), self.using(name):
            self.clock_changed(name)

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
        self._spare_memory.give_back_when_quiet()

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
