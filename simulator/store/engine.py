"""Connections to a world's database. What is particular to SQLite is here and in `store/database_files.py`.

Writes of a world take turns on one in-process lock: SQLite's own busy back-off makes the slowest writes fifteen times
slower. `synchronous=NORMAL` with a write-ahead log loses nothing when the process is killed.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import namedtuple
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine
from sqlalchemy.dialects import sqlite as dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

_CACHE_KIB = 2_048
_LOG_PAGES_BEFORE_CHECKPOINT = 1_000

insert = dialect.insert
"""INSERT with ON CONFLICT, as SQLAlchemy spells it for this database."""

DATABASE_FAULTS = (DBAPIError, sqlite3.Error)
"""What is raised for a file that is no database, or not one of ours."""


_wanted = threading.local()
"""`path`: the file that this thread is opening, only while it does."""


def _open_file() -> sqlite3.Connection:
    raw = sqlite3.connect(_wanted.path, check_same_thread=False, isolation_level=None, timeout=30)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=NORMAL")
    raw.execute("PRAGMA foreign_keys=ON")
    raw.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    raw.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES_BEFORE_CHECKPOINT}")
    raw.execute("PRAGMA temp_store=FILE")
    return raw


# One engine for all files: what one world has compiled need not be compiled again for another.
_ENGINE = create_engine("sqlite://", creator=_open_file, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def _open(path: Path) -> Connection:
    _wanted.path = path
    try:
        return _ENGINE.connect()
    finally:
        # Without a path nothing can be opened: not by mistake another world's file either.
        del _wanted.path


def opened(file: Path) -> Connection:
    """A connection in a transaction of its own, for a file that nobody else uses; nothing waits for the disk."""
    connection = _open(file)
    _raw(connection).execute("PRAGMA synchronous=OFF")
    _raw(connection).execute("BEGIN IMMEDIATE")
    return connection


class Database:
    """One database file: one connection that writes, and as many that read as are needed at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.RLock()
        self._writer: Connection | None = None
        self._idle_readers: list[Connection] = []
        self._has_log = False

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The write connection inside a transaction: committed at the end, rolled back on any error."""
        with self._turn:
            if self._writer is None:
                self._writer = _open(self._path)
            with _transaction(self._writer) if self._has_log else self._beginning_log(self._writer):
                yield self._writer

    @contextmanager
    def _beginning_log(self, connection: Connection) -> Iterator[None]:
        """A transaction that begins a new log without waiting for the disk, which can take a tenth of a second.

        SQLite waits there because a log that is begun again may hold old entries; a new one holds none.
        """
        log = self._path.with_name(f"{self._path.name}-wal")
        is_new = not _size_of(log)
        if is_new:
            _raw(connection).execute("PRAGMA synchronous=OFF")
        try:
            with _transaction(connection):
                yield
        finally:
            if is_new:
                _raw(connection).execute("PRAGMA synchronous=NORMAL")
            self._has_log = _size_of(log) > 0

    @contextmanager
    def turn_if_free(self) -> Iterator[bool]:
        """The writers' turn, if it can be had without waiting."""
        is_mine = self._turn.acquire(blocking=False)
        try:
            yield is_mine
        finally:
            if is_mine:
                self._turn.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries, on one consistent state of the data; never waits for writers."""
        try:
            connection = self._idle_readers.pop()
        except IndexError:
            connection = _open(self._path)
        raw = _raw(connection)
        try:
            raw.execute("BEGIN")
            yield connection
        finally:
            raw.execute("ROLLBACK")
            self._idle_readers.append(connection)

    @contextmanager
    def staging(self) -> Iterator[Staging]:
        """A connection of its own, for loading much data aside before one short write."""
        connection = _open(self._path)
        try:
            yield Staging(connection, self._turn)
        finally:
            connection.close()

    def close(self, for_good: bool = False) -> None:
        """Close all connections; the next use opens them again. No transaction may be under way.

        With `for_good` the file is to be replaced or removed: nothing waits for the disk.
        """
        with self._turn:
            connections = [*self._idle_readers, *([self._writer] if self._writer else [])]
            self._idle_readers, self._writer, self._has_log = [], None, False
            for connection in connections:
                if for_good:
                    connection.exec_driver_sql("PRAGMA synchronous=OFF")
                connection.close()


def _size_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


class Staging:
    """Work on temporary tables, outside the writers' turn, and then one transaction that takes over the result."""

    def __init__(self, connection: Connection, turn: threading.RLock) -> None:
        self.connection = connection
        self._turn = turn

    @contextmanager
    def filling(self) -> Iterator[Connection]:
        """A transaction that touches temporary tables only, and so keeps nobody waiting."""
        raw = _raw(self.connection)
        raw.execute("BEGIN")
        try:
            yield self.connection
        finally:
            raw.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction of the world in which the temporary tables can be read."""
        with self._turn, _transaction(self.connection):
            yield self.connection


def _raw(connection: Connection) -> sqlite3.Connection:
    return connection.connection.driver_connection  # type: ignore[return-value]


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    """A write transaction: committed at the end of the block, rolled back on any error."""
    raw = _raw(connection)
    raw.execute("BEGIN IMMEDIATE")
    try:
        yield
        raw.execute("COMMIT")
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise


class BulkStatement:
    """A statement compiled once, for many rows given as tuples: half the time of a dictionary for each row.

    It is compiled at its first use, so that a start does not wait for what it does not need.
    """

    def __init__(self, statement: Any, columns: Sequence[str]) -> None:
        self._statement = statement
        self._columns = list(columns)

    @cached_property
    def _sql(self) -> str:
        # At the first use: compiling all of them would be felt when the server starts.
        compiled = self._statement.compile(dialect=dialect.dialect(), column_keys=self._columns)
        if list(compiled.positiontup or ()) != self._columns:
            raise ValueError(f"the statement takes {compiled.positiontup}, not {self._columns}")
        return str(compiled)

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Run for every row; how many rows it changed."""
        return _raw(connection).executemany(self._sql, rows).rowcount


class Query:
    """A SELECT compiled once, at its first use, for calls that happen with every message: a quarter of the time of a
    full execution.

    Parameters are given in the statement's order; rows are plain tuples.
    """

    def __init__(self, statement: Any) -> None:
        self._statement = statement

    @cached_property
    def _sql(self) -> str:
        return str(self._statement.compile(dialect=dialect.dialect()))

    def first(self, connection: Connection, *parameters: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        return _raw(connection).execute(self._sql, parameters).fetchone()

    def all(self, connection: Connection, *parameters: Any) -> list[tuple[Any, ...]]:
        """All rows."""
        return _raw(connection).execute(self._sql, parameters).fetchall()


class NamedQuery(Query):
    """A SELECT compiled once whose rows have their columns as attributes; values are as the database has them."""

    def __init__(self, statement: Any) -> None:
        super().__init__(statement)
        self._row = namedtuple("Row", [column.key for column in statement.selected_columns])

    def first(self, connection: Connection, *parameters: Any) -> Any:
        """The first row, or None."""
        row = super().first(connection, *parameters)
        return None if row is None else self._row._make(row)

    def all(self, connection: Connection, *parameters: Any) -> list[Any]:
        """All rows."""
        return list(map(self._row._make, super().all(connection, *parameters)))


@dataclass(frozen=True)
class Unchangeable:
    """Rows that the database itself refuses to change, delete or replace: those for which `condition` holds.

    It is SQL in which `{row}` stands for the row.
    """

    condition: str = "1"


def create_tables(connection: Connection, tables: Sequence[Table]) -> None:
    """Create tables that are not there yet; a table's `info["unchangeable"]` says what of it cannot be changed."""
    raw = _raw(connection)
    for table in tables:
        for statement in _statements_that_create(table):
            raw.execute(statement)
        rule = table.info.get("unchangeable")
        if rule is not None:
            refusal = f"SELECT RAISE(ABORT, '{table.name}: what is final cannot change')"
            kept = _is_there(table, rule.condition)
            for change, condition in (
                    ("UPDATE", f"{rule.condition.format(row='OLD')} OR ({_moves(table)} AND {kept})"),
                    ("DELETE", rule.condition.format(row="OLD")), ("INSERT", kept)):
                raw.execute(
                    f"CREATE TRIGGER {table.name}_{change.lower()} BEFORE {change} ON {table.name} "
                    f"WHEN {condition} BEGIN {refusal}; END")


def _is_there(table: Table, condition: str) -> str:
    """SQL: whether a row of that condition has a key of the new one, which REPLACE would delete without a trigger."""
    held = condition.format(row="kept")
    return "(" + " OR ".join(f"EXISTS (SELECT 1 FROM {table.name} AS kept WHERE kept.{key} = NEW.{key} AND {held})"
                             for key in _keys(table)) + ")"


def _moves(table: Table) -> str:
    """SQL: whether an update gives a row another key."""
    return "(" + " OR ".join(f"NEW.{key} IS NOT OLD.{key}" for key in _keys(table)) + ")"


def _keys(table: Table) -> list[str]:
    """Columns of which each alone tells a row from all others."""
    return [column.name for column in table.columns if column.primary_key or column.unique]


@cache
def _statements_that_create(table: Table) -> tuple[str, ...]:
    """The table and its indexes; compiled once, for many a world is made."""
    language = dialect.dialect()
    return tuple(str(element.compile(dialect=language)) for element in (
        CreateTable(table), *map(CreateIndex, sorted(table.indexes, key=lambda index: str(index.name)))))
