"""Whole database files: copied, altered while nobody uses them, and looked at without trusting them.

Together with `store/engine.py` this is all that is particular to SQLite.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Table

from simulator.store.engine import create_tables, opened

_AT_ONCE = 1 << 30
_MOST_FAULTS_NAMED = 3

Schema = frozenset[tuple[str, str, str, str | None]]
"""What a database consists of: type, name, table and statement of each part."""


def copy_database(source: Path, target: Path) -> None:
    """Copy a database that has no open connection to `target`, which nobody uses; the system does it, not we."""
    with source.open("rb") as reader, target.open("wb") as writer:
        left = os.fstat(reader.fileno()).st_size
        try:
            while left > 0 and (copied := os.copy_file_range(reader.fileno(), writer.fileno(), min(left, _AT_ONCE))):
                left -= copied
        except (OSError, AttributeError):
            # Not every file system and not every system can do that.
            reader.seek(0)
            writer.seek(0)
            writer.truncate()
            shutil.copyfileobj(reader, writer, 1 << 20)


def copy_in_use(source: Path, target: Path) -> None:
    """Copy a database as it is at one instant, while others read and write it; nobody waits for this."""
    with closing(sqlite3.connect(source, timeout=30)) as reader, closing(sqlite3.connect(target)) as writer:
        # Nobody needs the copy before it is whole: it is thrown away if this is interrupted.
        writer.execute("PRAGMA synchronous=OFF")
        writer.execute("PRAGMA journal_mode=OFF")
        # All pages in one step: that is one read transaction, so no write can force it to begin again.
        reader.backup(writer)


@contextmanager
def altering(file: Path) -> Iterator[Connection]:
    """A transaction on a database that nobody else uses and that is not in its place yet; committed at the end.

    What is replaced or removed in it is overwritten, so that no secret stays in the file. Nothing
    waits for the disk: who is interrupted throws the file away.
    """
    with closing(opened(file)) as connection:
        # Said here, for it is not every SQLite's default.
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
        yield connection
        connection.exec_driver_sql("COMMIT")


@contextmanager
def looking_at(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection for queries on a file that nobody changes; it leaves no file beside it.

    Nothing that the file holds is run: neither triggers nor views. Raises sqlite3.Error.
    """
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        yield connection


def schema_of(connection: sqlite3.Connection) -> Schema:
    """The parts of a database."""
    return frozenset(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))


def schema_made_of(tables: Sequence[Table]) -> Schema:
    """The parts that a database with these tables has when it is new."""
    with closing(opened(Path(":memory:"))) as connection:
        create_tables(connection, tables)
        return frozenset(tuple(row) for row in connection.exec_driver_sql(
            "SELECT type, name, tbl_name, sql FROM sqlite_master"))


def damages_of(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with a file, some of it; nothing for a sound one. Raises sqlite3.Error."""
    found = [line for line, in connection.execute(f"PRAGMA quick_check({_MOST_FAULTS_NAMED})")]
    if found != ["ok"]:
        return found
    return [f"a row of {table} refers to one of {other} that is not there"
            for table, _, other, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST_FAULTS_NAMED)]


def put_in_place_of(file: Path, fresh: Path) -> None:
    """Let `fresh` stand where `file` stood, which the server has closed; whoever is killed meanwhile has either."""
    log = file.with_name(f"{file.name}-wal")
    if log.exists():
        # Somebody else looks into the file. What is in its log belongs into it, and must not get into the fresh one.
        with closing(sqlite3.connect(file, timeout=1)) as connection, suppress(sqlite3.Error):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        for beside in (log, file.with_name(f"{file.name}-shm")):
            beside.unlink(missing_ok=True)
    fresh.replace(file)


def remove_database(file: Path) -> None:
    """Remove a database and what SQLite left beside it."""
    for each in (file, *(file.with_name(file.name + ending) for ending in ("-wal", "-shm", "-journal"))):
        with suppress(FileNotFoundError):
            each.unlink()
