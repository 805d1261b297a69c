"""Rows a second: bare `sqlite3.executemany` as the limit, and the store's own bulk write beside it.

Run in a process of its own (`python -m bench.store_rate`), prints JSON. Both write the same rows, in order of
time, to a file with the store's own table and the pragmas of the store's own connection. Every row is written
twice: first as a new period, then as one that replaces it.

Comparable is one transaction per 1,000 rows, because that is what the store does for one message of 1,000
readings; one big transaction is shown as well, and is what a bulk load by hand would reach. The promise is
judged on new periods, where the bare loop runs a plain INSERT; on the second pass it runs one upsert. The
store first tries to insert and runs an upsert only when some periods were known, so its second pass costs more.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from simulator.market.readings import Reading
from simulator.store import tables
from simulator.store.engine import Database, create_tables
from simulator.store.readings import store_readings
from simulator.store.work import JournalIds, Work

_ROWS = 200_000
_PER_MESSAGE = 1_000
_ROUNDS = 5
_FIRST_PERIOD_END = 1_760_000_000 // 60 * 60
_JOURNAL_LIMIT = 1_000_000
_PRAGMAS = ("synchronous", "cache_size", "wal_autocheckpoint", "temp_store", "foreign_keys")
_INSERT = "INSERT INTO readings (unit, period_end, milliwatts) VALUES (?, ?, ?)"
_UPSERT = f"{_INSERT} ON CONFLICT (unit, period_end) DO UPDATE SET milliwatts = excluded.milliwatts"

Write = Callable[[list[Reading]], None]


@dataclass(frozen=True)
class Rates:
    """Rows a second of one way to write, over periods that are new and over periods that are replaced."""

    new: float
    replaced: float


def store_rate(folder: Path) -> Rates:
    """The store: one unit of work per 1,000 readings, as one message makes it (without its journal entry)."""
    database = _database_with_table(folder / "store.db")
    ids = JournalIds(0)
    now = datetime.now(UTC)

    def write(rows: list[Reading]) -> None:
        with database.writing() as connection:
            store_readings(Work(connection, now, ids, _JOURNAL_LIMIT), rows)

    try:
        return _time_both_passes(write, write, _PER_MESSAGE)
    finally:
        database.close()


def raw_rate(folder: Path, per_transaction: int) -> Rates:
    """`sqlite3.executemany` and nothing else, with `per_transaction` rows in each transaction."""
    file = folder / f"raw-{per_transaction}.db"
    database = _database_with_table(file)
    with database.reading() as connection:
        values = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in _PRAGMAS}
    database.close()
    raw = sqlite3.connect(file, isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    for name, value in values.items():
        raw.execute(f"PRAGMA {name}={value}")

    def write_with(statement: str) -> Write:
        def write(rows: list[Reading]) -> None:
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(statement, rows)
            raw.execute("COMMIT")

        return write

    try:
        return _time_both_passes(write_with(_INSERT), write_with(_UPSERT), per_transaction)
    finally:
        raw.close()


def measure() -> dict[str, Rates]:
    """Medians of five rounds; the ways take turns, so that a busy machine troubles all of them alike."""
    ways: dict[str, Callable[[Path], Rates]] = {
        "raw_by_thousand": lambda folder: raw_rate(folder, _PER_MESSAGE),
        "raw_at_once": lambda folder: raw_rate(folder, _ROWS),
        "store": store_rate,
    }
    found: dict[str, list[Rates]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                found[name].append(way(Path(folder)))
    return {
        name: Rates(statistics.median(r.new for r in rates), statistics.median(r.replaced for r in rates))
        for name, rates in found.items()
    }


def _database_with_table(file: Path) -> Database:
    database = Database(file)
    with database.writing() as connection:
        create_tables(connection, [tables.readings])
    return database


def _time_both_passes(add: Write, replace: Write, size: int) -> Rates:
    return Rates(_time(add, size, milliwatts=-12_500_000), _time(replace, size, milliwatts=-13_000_000))


def _time(write: Write, size: int, milliwatts: int) -> float:
    rows = [Reading(1, _FIRST_PERIOD_END + 60 * number, milliwatts) for number in range(_ROWS)]
    messages = [rows[start : start + size] for start in range(0, _ROWS, size)]
    began = time.perf_counter()
    for message in messages:
        write(message)
    return _ROWS / (time.perf_counter() - began)


if __name__ == "__main__":
    print(json.dumps({name: asdict(rates) for name, rates in measure().items()}))
