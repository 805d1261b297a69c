"""Snapshots: copies of a world that are kept under a name, in its folder, and to which it can go back.

A snapshot is a database file like a world's. It says itself when it was taken and which version wrote it, and it knows
the world's data, but not the key that signs the world's cookies and tokens: so it can be carried into another world,
and nobody who was signed in here is signed in there.

The functions take a world by its name. Their callers must not be inside its gate: the world is to be left first.
"""

from __future__ import annotations

import math
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from simulator import __version__
from simulator.market.errors import NotFound
from simulator.market.facts import SnapshotRestored, SnapshotTaken
from simulator.store import journal, meta
from simulator.store.database_files import (
    Schema,
    altering,
    copy_database,
    copy_in_use,
    damages_of,
    looking_at,
    remove_database,
    schema_made_of,
    schema_of,
)
from simulator.store.instants import from_micros
from simulator.store.tables import SCHEMA_VERSION, metadata
from simulator.store.timetable import load_clock, save_clock
from simulator.store.work import JournalIds, View, Work
from simulator.timekeeping.clock import FROZEN, REAL, SCALED, Clock, real_clock, wall_now
from simulator.world import NAME, World, keeping

if TYPE_CHECKING:
    # For checkers only: what is beside this module and what is not above it stays so.
    from simulator.worlds import Worlds

ENDING = ".sqlite"

Working = Callable[[], AbstractContextManager[Work]]
"""Opens a write transaction of a world."""

_TAKEN_AT, _MADE_WITH = "snapshot_taken_at", "snapshot_made_with"
_ALMOST_REAL_SECONDS = 1.0
_AT_ONCE = 1 << 18
_HEADER = b"SQLite format 3\x00"
_NO_SNAPSHOT = ("This is the database of a world, or a part of one, and no snapshot. Take one with PUT "
                "/_sim/snapshots/NAME, and download it.")
_NO_DATABASE = "This is no SQLite database, or a damaged one"


class SnapshotRefused(Exception):
    """A snapshot that cannot be kept or restored; the message says where, what, and how to mend it."""


class SnapshotNameRefused(SnapshotRefused):
    """A name that no snapshot can have."""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as it lies there. `taken_at` is wall time, `market_now` the world's at that instant, both UTC.

    Whether it can be restored is `is_usable`; if not, `what_helps` says why, and what to do.
    """

    name: str
    taken_at: datetime
    market_now: datetime
    bytes: int
    fixture: str
    schema_version: int
    is_usable: bool
    what_helps: str


def snapshots_of(worlds: Worlds, name: str) -> list[Snapshot]:
    """All snapshots of a world, newest first. Raises NotFound."""
    found = []
    for file in _files(_world(worlds, name)):
        with suppress(FileNotFoundError):  # it has just been deleted
            found.append(_described(file))
    return sorted(found, key=lambda snapshot: (snapshot.taken_at, snapshot.name), reverse=True)


def count_of(world: World) -> int:
    """How many snapshots a world has."""
    return len(list(_files(world)))


def snapshot_of(worlds: Worlds, name: str, snapshot: str) -> Snapshot:
    """One snapshot. Raises NotFound."""
    return _described(file_of(worlds, name, snapshot))


def file_of(worlds: Worlds, name: str, snapshot: str) -> Path:
    """The file of a snapshot, to be read. Raises NotFound."""
    world = _world(worlds, name)
    file = _place(world, snapshot) if NAME.match(snapshot) else None
    if file is None or not file.is_file():
        raise NotFound("snapshot", snapshot[:80])
    return file


def take(worlds: Worlds, name: str, snapshot: str, working: Working | None = None) -> tuple[Snapshot, bool]:
    """Keep a copy of a world as it is now; an older one of the name is replaced. True when the name is new.

    `working` opens the transaction in which the fact is recorded, with its cause. Nobody who reads or writes waits
    for the copy. Raises NotFound, SnapshotRefused for a name that is none.
    """
    with _held(worlds, name) as world, _made_aside(world, snapshot) as aside:
        taken_at = wall_now()
        copy_in_use(world.file, aside)
        with _altering(aside, world) as work:
            meta.change_meta(work, session_key="", **{_TAKEN_AT: taken_at.isoformat(), _MADE_WITH: __version__})
        is_new = _keep(world, snapshot, aside)
        with (working or world.work)() as work:
            work.record(SnapshotTaken(snapshot))
        return _described(_place(world, snapshot)), is_new


def add(worlds: Worlds, name: str, snapshot: str, source: IO[bytes]) -> tuple[Snapshot, bool]:
    """Keep what a file holds as a snapshot. It is checked from end to end first. True when the name is new.

    Raises NotFound, SnapshotRefused for anything that a restored world could not live with.
    """
    with _held(worlds, name) as world, _made_aside(world, snapshot) as aside:
        with aside.open("wb") as target:
            shutil.copyfileobj(source, target, _AT_ONCE)
        _check(aside)
        with _altering(aside, world) as work:
            meta.change_meta(work, session_key="")
        is_new = _keep(world, snapshot, aside)
        return _described(_place(world, snapshot)), is_new


def remove(worlds: Worlds, name: str, snapshot: str) -> None:
    """Forget a snapshot. Raises NotFound."""
    with _world(worlds, name).snapshots_turn:
        file_of(worlds, name, snapshot).unlink()


def restore(worlds: Worlds, name: str, snapshot: str) -> World:
    """Let a world go back to a snapshot. Raises NotFound, SnapshotRefused for one that cannot be used.

    A clock that ran with real time goes on with it. Every other clock stands at the instant of the snapshot again and
    goes on from there in its mode. What has become due in between runs as after a restart.
    """
    world = _world(worlds, name)
    with world.snapshots_turn:
        found = snapshot_of(worlds, name, snapshot)
        if not found.is_usable:
            raise SnapshotRefused(found.what_helps)

        def go_back(aside: Path) -> None:
            copy_database(_place(world, snapshot), aside)
            with altering(aside) as connection:
                stamp = meta.read_meta(View(connection))
                clock, jobs_through = load_clock(View(connection))
                clock = _resumed(clock, datetime.fromisoformat(stamp[_TAKEN_AT]), wall_now())
                ids = JournalIds(journal.last_id(connection))
                work = Work(connection, clock.market, ids, keeping(world.settings))
                # The key is the world's, whosever the snapshot is: tokens and cookies of no other world are good in it.
                meta.change_meta(work, session_key=world.session_key, **{_TAKEN_AT: None, _MADE_WITH: None})
                save_clock(work, clock, jobs_through)
                work.record(SnapshotRestored(snapshot))
                work.flush()

        world.replace_database(go_back)
    worlds.world_replaced(name)
    return world


def _resumed(clock: Clock, taken_at: datetime, wall: datetime) -> Clock:
    """The clock of a world that goes on at wall time `wall` from where it was at `taken_at`."""
    if clock.mode == REAL and abs((clock.market - clock.wall).total_seconds()) < _ALMOST_REAL_SECONDS:
        return real_clock(wall)
    return clock.moved_to(clock.at(taken_at), wall)


# Files

def _world(worlds: Worlds, name: str) -> World:
    world = worlds.find(name)
    if world is None:
        raise NotFound("world", name[:80])
    return world


@contextmanager
def _held(worlds: Worlds, name: str) -> Iterator[World]:
    """A world that is in use until the end of the block, and whose snapshots nobody else changes. Raises NotFound."""
    world = _world(worlds, name)
    with world.snapshots_turn, worlds.using(name) as used:
        if used is not world:
            # It was made anew while we waited.
            raise NotFound("world", name)
        yield world


def _folder(world: World) -> Path:
    return world.folder / "snapshots"


def _place(world: World, snapshot: str) -> Path:
    return _folder(world) / f"{snapshot}{ENDING}"


def _files(world: World) -> Iterator[Path]:
    return (file for file in _folder(world).glob(f"*{ENDING}") if NAME.match(file.stem))


@contextmanager
def _made_aside(world: World, snapshot: str) -> Iterator[Path]:
    """Where a snapshot is made before it is put in its place; what is left there at the end is removed."""
    if not NAME.match(snapshot):
        raise SnapshotNameRefused("A snapshot's name is 1 to 63 small letters, digits and hyphens, and begins with a "
                                  f"letter or digit; {snapshot[:80]!r} is not.")
    _folder(world).mkdir(exist_ok=True)
    aside = _folder(world) / f".{snapshot}{ENDING}"
    try:
        yield aside
    finally:
        remove_database(aside)


@contextmanager
def _altering(file: Path, world: World) -> Iterator[Work]:
    with altering(file) as connection:
        yield Work(connection, world.now(), JournalIds(0), keeping(world.settings))


def _keep(world: World, snapshot: str, aside: Path) -> bool:
    place = _place(world, snapshot)
    is_new = not place.exists()
    aside.replace(place)
    return is_new


# Looking at them

def _described(file: Path) -> Snapshot:
    stat = file.stat()
    changed = datetime.fromtimestamp(stat.st_mtime, UTC)
    try:
        with looking_at(file) as connection:
            return _read(file.stem, connection, stat.st_size, changed)
    except (sqlite3.Error, ValueError, TypeError) as error:
        return Snapshot(file.stem, changed, changed, stat.st_size, "", 0, False,
                        f"{_NO_DATABASE} ({error}). Delete it, and take the snapshot again.")


def _read(name: str, connection: sqlite3.Connection, size: int, changed: datetime) -> Snapshot:
    stamp = dict(connection.execute("SELECT name, value FROM meta"))
    version = int(stamp.get("schema_version", ""))
    what_helps = _what_helps(version, stamp)
    taken_at = datetime.fromisoformat(stamp[_TAKEN_AT]) if _TAKEN_AT in stamp else changed
    market_now = changed if what_helps else _clock(connection).at(taken_at)
    return Snapshot(name, taken_at.astimezone(UTC), market_now, size, str(stamp.get("fixture", "")), version,
                    not what_helps, what_helps)


def _what_helps(version: int, stamp: dict[str, str]) -> str:
    if version == SCHEMA_VERSION:
        return "" if stamp.keys() >= {_TAKEN_AT, "starts_at", "fixture"} else _NO_SNAPSHOT
    wrote = f"flexsim {str(stamp.get(_MADE_WITH, ''))[:20]} wrote it" if _MADE_WITH in stamp else "another one wrote it"
    return (f"This version of the simulator cannot read it: {wrote}, with schema {version}, and flexsim {__version__} "
            f"reads schema {SCHEMA_VERSION}. Start that version, restore it there, save its world with `flexsim "
            "fixture save FILE`, and load the file here with `flexsim fixture load FILE`; or delete it.")


def _clock(connection: sqlite3.Connection) -> Clock:
    rows = connection.execute("SELECT mode, market, wall, rate, jobs_through FROM clock").fetchall()
    if len(rows) != 1:
        raise ValueError("it has no clock")
    (mode, market, wall, rate, through), = rows
    if mode not in (FROZEN, REAL, SCALED) or not math.isfinite(rate):
        raise ValueError(f"its clock has the mode {str(mode)[:20]!r} and the rate {rate!r}")
    from_micros(through)
    return Clock(mode, from_micros(market), from_micros(wall), rate)


# Checking what others made

@cache
def _our_schema() -> Schema:
    return schema_made_of(metadata.sorted_tables)


def _check(file: Path) -> None:
    """Refuse a file that a restored world could not live with."""
    try:
        with file.open("rb") as opened:
            if opened.read(len(_HEADER)) != _HEADER:
                raise ValueError("it does not begin like one")
        with looking_at(file) as connection:
            _check_content(connection)
    except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
        raise SnapshotRefused(f"{_NO_DATABASE}: {error}. Send the file of a snapshot as GET "
                              "/_sim/snapshots/NAME/file gives it.") from error


def _check_content(connection: sqlite3.Connection) -> None:
    tables = {name for kind, name, _, _ in schema_of(connection) if kind == "table"}
    stamp = dict(connection.execute("SELECT name, value FROM meta")) if "meta" in tables else {}
    if not stamp.get("schema_version", "").isdigit():
        raise SnapshotRefused("This is a SQLite database, but none of the simulator's. Send the file of a snapshot as "
                              "GET /_sim/snapshots/NAME/file gives it.")
    what_helps = _what_helps(int(stamp["schema_version"]), stamp)
    if what_helps:
        raise SnapshotRefused(what_helps)
    differing = sorted({name for _, name, _, _ in schema_of(connection) ^ _our_schema()})
    if differing:
        raise SnapshotRefused(f"Its tables are not the simulator's: {', '.join(differing[:5])[:200]} was added, "
                              "changed or removed. Nothing but the simulator may change a snapshot; take it again.")
    damages = damages_of(connection)
    if damages:
        raise SnapshotRefused(f"The file is damaged: {'; '.join(damages)[:300]}. Download or take the snapshot again.")
    _clock(connection).at(datetime.fromisoformat(stamp[_TAKEN_AT]))
