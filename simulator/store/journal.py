"""The journal: what happened in a world, oldest first, each entry with what caused it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, func, or_, select, update

from simulator.store import tables
from simulator.store.engine import BulkStatement, Query, insert
from simulator.store.instants import from_micros, to_micros

_COLUMNS = ("id", "at", "kind", "caused_by", "data")
_APPEND = BulkStatement(insert(tables.journal), _COLUMNS)
_PRUNE_EVERY = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal entry. `caused_by` is the id of another entry, or None."""

    id: int
    at: datetime
    kind: str
    caused_by: int | None
    data: Any


_LAST_ID = Query(select(func.max(tables.journal.c.id)))


def last_id(connection: Connection) -> int:
    """Id of the newest entry; 0 when there is none."""
    found = _LAST_ID.first(connection)
    return found[0] or 0 if found else 0


def append(connection: Connection, entries: Iterable[Entry]) -> None:
    """Add entries; `data` may be a dataclass or plain values."""
    _APPEND.run(connection, [
        (entry.id, to_micros(entry.at), entry.kind, entry.caused_by, orjson.dumps(entry.data).decode())
        for entry in entries
    ])


_COMPLETE = BulkStatement(
    update(tables.journal).where(tables.journal.c.id == bindparam("entry_id")).values(data=bindparam("new")),
    ("new", "entry_id"))


def complete(connection: Connection, entry_id: int, data: Any) -> None:
    """Replace the data of an entry that was added before its outcome was known."""
    _COMPLETE.run(connection, [(orjson.dumps(data).decode(), entry_id)])


def prune(connection: Connection, newest: int, limit: int) -> None:
    """Forget the oldest entries beyond `limit`; does its work once in every 500 entries."""
    if newest % _PRUNE_EVERY == 0 and newest > limit:
        connection.execute(delete(tables.journal).where(tables.journal.c.id <= newest - limit))


def entries(
    connection: Connection, kind: str | None = None, since: int = 0, limit: int = 1_000, newest: bool = False
) -> list[Entry]:
    """The first `limit` entries after the id `since`, or the `newest` of them; oldest first in both cases.

    `kind` is exact, or a prefix when it ends with a dot.
    """
    columns = tables.journal.c
    query = select(tables.journal).where(columns.id > since).limit(limit)
    if kind:
        query = query.where(_is_of_kind(kind))
    found = connection.execute(query.order_by(columns.id.desc() if newest else columns.id))
    return [_entry(row) for row in (reversed(found.all()) if newest else found)]


def _entry(row: Row) -> Entry:
    return Entry(row.id, from_micros(row.at), row.kind, row.caused_by, orjson.loads(row.data))


def _is_of_kind(kind: str) -> ColumnElement[bool]:
    column = tables.journal.c.kind
    return column.startswith(kind, autoescape=True) if kind.endswith(".") else column == kind


def entry_by_id(connection: Connection, entry_id: int) -> Entry | None:
    """One entry; None when there is none, or it is forgotten."""
    row = connection.execute(select(tables.journal).where(tables.journal.c.id == entry_id)).first()
    return None if row is None else _entry(row)


def effects(connection: Connection, entry_ids: Sequence[int], limit: int) -> list[Entry]:
    """Entries that any of these caused, oldest first."""
    columns = tables.journal.c
    query = select(tables.journal).where(columns.caused_by.in_(entry_ids)).order_by(columns.id).limit(limit)
    return [_entry(row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Search:
    """What entries are looked for; everything given must hold.

    `kinds` are exact, or prefixes that end with a dot; any of them will do. Of each of `names`, such as ids of units,
    one stands in the data as it is and whole (MU-1 is not MU-10); `words` stand in the kind or the data, in capitals
    or not.
    """

    kinds: tuple[str, ...] = ()
    names: tuple[tuple[str, ...], ...] = ()
    words: tuple[str, ...] = ()


def find(connection: Connection, search: Search, before: int | None = None, after: int | None = None,
         limit: int = 100, newest_first: bool = True) -> list[Entry]:
    """Entries that a search finds, of those older than the id `before` and newer than the id `after`."""
    columns = tables.journal.c
    query = select(tables.journal).where(*_conditions(search)).limit(limit)
    if before is not None:
        query = query.where(columns.id < before)
    if after is not None:
        query = query.where(columns.id > after)
    query = query.order_by(columns.id.desc() if newest_first else columns.id)
    return [_entry(row) for row in connection.execute(query)]


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    columns = tables.journal.c
    found: list[ColumnElement[bool]] = []
    if search.kinds:
        found.append(or_(*map(_is_of_kind, search.kinds)))
    for names in search.names:
        texts = [_as_stored(name) for name in names]
        # Looking for the text first spares the slower pattern most of its work.
        found.append(or_(*(and_(func.instr(columns.data, text) > 0, columns.data.op("GLOB")(_whole_word(text)))
                           for text in texts)))
    for word in search.words:
        found.append(or_(columns.kind.contains(word, autoescape=True),
                         columns.data.contains(_as_stored(word), autoescape=True)))
    return found


def _as_stored(text: str) -> str:
    """Text as it stands inside the JSON of an entry."""
    return orjson.dumps(text).decode()[1:-1]


def _whole_word(text: str) -> str:
    escaped = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)
    return f"*[^A-Za-z0-9_-]{escaped}[^A-Za-z0-9_-]*"
