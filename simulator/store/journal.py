"""The journal: what happened in a world, oldest first, each entry with what caused it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, delete, func, select, update

from simulator.store import tables
from simulator.store.engine import BulkStatement, insert
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


def last_id(connection: Connection) -> int:
    """Id of the newest entry; 0 when there is none."""
    return connection.execute(select(func.max(tables.journal.c.id))).scalar() or 0


def append(connection: Connection, entries: Iterable[Entry]) -> None:
    """Add entries; `data` may be a dataclass or plain values."""
    _APPEND.run(connection, [
        (entry.id, to_micros(entry.at), entry.kind, entry.caused_by, orjson.dumps(entry.data).decode())
        for entry in entries
    ])


_COMPLETE = update(tables.journal).where(tables.journal.c.id == bindparam("entry_id")).values(data=bindparam("new"))


def complete(connection: Connection, entry_id: int, data: Any) -> None:
    """Replace the data of an entry that was added before its outcome was known."""
    connection.execute(_COMPLETE, {"entry_id": entry_id, "new": orjson.dumps(data).decode()})


def prune(connection: Connection, newest: int, limit: int) -> None:
    """Forget the oldest entries beyond `limit`; does its work once in every 500 entries."""
    if newest % _PRUNE_EVERY == 0 and newest > limit:
        connection.execute(delete(tables.journal).where(tables.journal.c.id <= newest - limit))


def entries(
    connection: Connection, kind: str | None = None, since: int = 0, limit: int = 1_000
) -> list[Entry]:
    """Entries after the id `since`, oldest first. `kind` is exact, or a prefix when it ends with a dot."""
    columns = tables.journal.c
    query = select(tables.journal).where(columns.id > since).order_by(columns.id).limit(limit)
    if kind:
        query = query.where(columns.kind.startswith(kind, autoescape=True) if kind.endswith(".")
                            else columns.kind == kind)
    return [
        Entry(row.id, from_micros(row.at), row.kind, row.caused_by, orjson.loads(row.data))
        for row in connection.execute(query)
    ]
