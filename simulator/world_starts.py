"""What worlds begin with: the fixtures, and database files filled from them.

Filling a world takes a tenth of a second or more, copying one that is full a few milliseconds. So what was filled last
is kept, and the next world of the same fixture and the same start is a copy of it: with secrets and a clock of its own.
"""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from simulator import assets
from simulator.ids import new_signing_key
from simulator.market.facts import WorldStarted
from simulator.operations.fixtures import Fixture, read_fixture, start_world
from simulator.operations.renewing import renew_secrets
from simulator.settings import Settings
from simulator.store import meta
from simulator.store.database_files import altering, copy_database
from simulator.store.timetable import load_clock, save_clock
from simulator.store.work import JournalIds, View, Work
from simulator.timekeeping.clock import Clock, wall_now
from simulator.world import keeping

START = "start.sqlite"
WORLD = "world.sqlite"
_MOST_TEMPLATES = 8


class WorldRefused(Exception):
    """A world that cannot be made or removed; the message says why."""


@dataclass(frozen=True)
class _Template:
    """A filled database. `minute`: the wall minute it was filled in, for worlds that start at wall time."""

    file: Path
    minute: datetime | None


class Starts:
    """Fills the files of new worlds. `folder` is for the filled ones that are kept; it may be removed at any time
    when no server runs.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._fixtures: dict[str, Fixture] = {}
        self._templates: OrderedDict[tuple[str, datetime | None], _Template] = OrderedDict()
        self._turn = threading.Lock()
        self._kept = 0

    def fixture(self, name: str) -> Fixture:
        """A shipped fixture, or the one that the server was started with. Raises WorldRefused, FixtureUnusable."""
        if name not in self._fixtures:
            shipped = assets.world_fixtures()
            if name not in shipped and name != self._settings.fixture:
                known = ", ".join(sorted({*shipped, self._settings.fixture}))
                raise WorldRefused(f"There is no fixture {name[:80]!r}; there are {known}. A file of yours is sent "
                                   "with `flexsim fixture load FILE`, or as `fixtureText`.")
            self._fixtures[name] = read_fixture(shipped.get(name, Path(name)))
        return self._fixtures[name]

    def fill(self, folder: Path, fixture: str, now: datetime | None, content: Fixture | None = None,
             session_key: str | None = None) -> None:
        """Make the two databases of a world in an empty folder, starting at `now` (or at wall time).

        A fixture that is not known by its name needs its `content`; with it, the world is filled anew in any case.
        Without a `session_key` the world gets a new one.
        Raises WorldRefused, FixtureUnusable.
        """
        known = content if content is not None else self.fixture(fixture)
        now = _start_of(known, now)
        key = session_key or new_signing_key()
        start = folder / START
        if content is not None:
            self._fill(start, fixture, content, now, key)
        elif not self._copy(start, fixture, known, now, key):
            began = _minute()
            self._fill(start, fixture, known, now, key)
            # What was filled while a minute ended is of neither.
            if now is not None or began == _minute():
                self._keep(start, fixture, now, began)
        copy_database(start, folder / WORLD)

    def _fill(self, file: Path, fixture: str, content: Fixture, now: datetime | None, key: str) -> None:
        clock = _clock(content, now)
        with altering(file) as connection:
            work = Work(connection, clock.market, JournalIds(0), keeping(self._settings))
            meta.create_schema(work, fixture=fixture, session_key=key,
                               starts_at="wall" if now is None else now.isoformat())
            save_clock(work, clock, content.jobs_ran_until(clock.market))
            work.cause = work.record(WorldStarted(fixture, "created"))
            start_world(work, content, self._settings.market)
            work.flush()

    def _copy(self, file: Path, fixture: str, content: Fixture, now: datetime | None, key: str) -> bool:
        """Make a start of what was filled before; False when there is no such thing, or it is too old."""
        with self._turn:
            template = self._templates.get((fixture, now))
            if template is None or template.minute not in (None, _minute()):
                return False
            try:
                copy_database(template.file, file)
            except FileNotFoundError:
                # Somebody cleared the folder: it costs time, and nothing else.
                del self._templates[fixture, now]
                return False
            self._templates.move_to_end((fixture, now))
        clock = _clock(content, now)
        with altering(file) as connection:
            # It was filled within this minute: what is due in between, if anything is, will be done.
            _, jobs_through = load_clock(View(connection))
            work = Work(connection, clock.market, JournalIds(0), keeping(self._settings))
            meta.change_meta(work, session_key=key)
            save_clock(work, clock, jobs_through)
            renew_secrets(work, content)
        return True

    def _keep(self, start: Path, fixture: str, now: datetime | None, minute: datetime) -> None:
        """Keep what was just filled, for the next world like it; the one unused for longest goes."""
        with self._turn:
            self._folder.mkdir(exist_ok=True)
            self._kept += 1
            file = self._folder / f"{self._kept}.sqlite"
            copy_database(start, file)
            old = self._templates.pop((fixture, now), None)
            self._templates[fixture, now] = _Template(file, minute if now is None else None)
            if old is None and len(self._templates) > _MOST_TEMPLATES:
                _, old = self._templates.popitem(last=False)
            if old is not None:
                old.file.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove all that was kept."""
        with self._turn:
            self._templates.clear()
            shutil.rmtree(self._folder, ignore_errors=True)


def _start_of(content: Fixture, now: datetime | None) -> datetime | None:
    """When a world is to start; None for wall time. Raises WorldRefused."""
    if content.is_saved and now is not None and now != content.starts_at:
        raise WorldRefused(f"This fixture is a saved world, which goes on at {content.starts_at}: leave out the start, "
                           "and move its clock afterwards.")
    return now or content.starts_at


def _clock(content: Fixture, now: datetime | None) -> Clock:
    wall = wall_now()
    return content.clock(wall if now is None else now.astimezone(UTC), wall)


def _minute() -> datetime:
    return wall_now().replace(second=0, microsecond=0)
