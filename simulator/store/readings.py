"""Readings: bulk writes, and the latest ones for a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    and_,
    bindparam,
    exists,
    func,
    literal,
    select,
)

from simulator.market.readings import Reading
from simulator.store import tables
from simulator.store.engine import BulkStatement, Query, create_tables, insert
from simulator.store.work import View, Work

_COLUMNS = ("unit", "period_end", "milliwatts")
_insert = insert(tables.readings)
_KEY = [tables.readings.c.unit, tables.readings.c.period_end]
_NEW = BulkStatement(_insert.on_conflict_do_nothing(index_elements=_KEY), _COLUMNS)
_NEW_OR_CHANGED = BulkStatement(
    _insert.on_conflict_do_update(index_elements=_KEY, set_={"milliwatts": _insert.excluded.milliwatts}), _COLUMNS)


def store_readings(work: Work, readings: Sequence[Reading]) -> int:
    """Store readings, replacing those of the same unit and period; how many periods are new.

    No two readings may have the same unit and period.
    """
    created = _NEW.run(work.connection, readings)
    if created < len(readings):
        _NEW_OR_CHANGED.run(work.connection, readings)
    return created


_LATEST = (
    select(tables.readings.c.unit, tables.readings.c.period_end, tables.readings.c.milliwatts)
    .where(tables.readings.c.unit == bindparam("unit"))
    .order_by(tables.readings.c.period_end.desc())
    .limit(bindparam("count"))
)


def latest_readings(view: View, unit: int, count: int) -> list[tuple[datetime, int]]:
    """The newest readings of a unit, newest first: (period end UTC, milliwatts)."""
    rows = view.connection.execute(_LATEST, {"unit": unit, "count": count})
    return [(datetime.fromtimestamp(row.period_end, UTC), row.milliwatts) for row in rows]


_BETWEEN = Query(
    select(tables.readings.c.period_end, tables.readings.c.milliwatts)
    .where(tables.readings.c.unit == bindparam("unit"), tables.readings.c.period_end > bindparam("start"),
           tables.readings.c.period_end <= bindparam("end")))


def readings_between(view: View, unit: int, start: int, end: int) -> dict[int, int]:
    """Readings of a unit whose periods lie in [start, end), epoch seconds: milliwatts by period end."""
    return dict(_BETWEEN.all(view.connection, unit, start, end))  # type: ignore[arg-type]


_ALL = Query(
    select(tables.readings.c.period_end, tables.readings.c.milliwatts)
    .where(tables.readings.c.unit == bindparam("unit")).order_by(tables.readings.c.period_end))


def all_of(view: View, unit: int) -> list[tuple[int, int]]:
    """All readings of a unit by period end: (epoch seconds, milliwatts)."""
    return _ALL.all(view.connection, unit)  # type: ignore[return-value]


# Rows of an upload wait in a temporary table, so that a million of them need little memory and keep nobody waiting.

_staged = Table(
    "staged_readings", MetaData(),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("unit", Integer, nullable=False),
    Column("period_end", Integer, nullable=False),
    Column("milliwatts", BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
)
_STAGE = BulkStatement(insert(_staged), ("line", "unit", "period_end", "milliwatts"))


def create_staging(connection: Connection) -> None:
    """An empty temporary table for the rows of one upload."""
    create_tables(connection, [_staged])


def stage(connection: Connection, rows: Sequence[tuple[int, int, int, int]]) -> None:
    """Put aside rows of (line, unit, period end, milliwatts)."""
    _STAGE.run(connection, rows)


def staged_duplicates(connection: Connection, limit: int) -> tuple[int, list[tuple[int, int, int]]]:
    """How many lines repeat a unit and period of an earlier line, and the first of them: (line, unit, end)."""
    place = func.row_number().over(
        partition_by=(_staged.c.unit, _staged.c.period_end), order_by=_staged.c.line).label("place")
    ranked = select(_staged.c.line, _staged.c.unit, _staged.c.period_end, place).subquery()
    again = ranked.c.place > 1
    count = connection.execute(select(func.count()).select_from(ranked).where(again)).scalar_one()
    if not count:
        return 0, []
    rows = connection.execute(
        select(ranked.c.line, ranked.c.unit, ranked.c.period_end).where(again).order_by(ranked.c.line).limit(limit))
    return count, [tuple(row) for row in rows]


def take_over_staged(work: Work) -> int:
    """Move the staged rows, which hold no duplicates, into the readings; how many periods are new."""
    known = select(func.count()).select_from(_staged).where(
        exists().where(and_(tables.readings.c.unit == _staged.c.unit,
                            tables.readings.c.period_end == _staged.c.period_end)))
    updated = work.connection.execute(known).scalar_one()
    total = work.connection.execute(select(func.count()).select_from(_staged)).scalar_one()
    rows = select(_staged.c.unit, _staged.c.period_end, _staged.c.milliwatts).where(literal(True)).order_by(
        _staged.c.unit, _staged.c.period_end)
    statement = insert(tables.readings).from_select(list(_COLUMNS), rows)
    work.connection.execute(statement.on_conflict_do_update(
        index_elements=_KEY, set_={"milliwatts": statement.excluded.milliwatts}))
    return total - updated


def staged_summary(connection: Connection, before: int) -> tuple[int, int, list[int], int | None, int | None]:
    """Of the staged rows: how many, how many whose period ends at or before `before`, units, first and last end."""
    columns = _staged.c
    total, first, last = connection.execute(
        select(func.count(), func.min(columns.period_end), func.max(columns.period_end))).one()
    late = connection.execute(select(func.count()).where(columns.period_end <= before)).scalar_one()
    units = connection.execute(select(columns.unit).distinct().order_by(columns.unit)).scalars().all()
    return total, late, list(units), first, last
