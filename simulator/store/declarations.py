"""Declarations of availability, those of one week and those that repeat."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Row, bindparam, func, or_, select, update

from simulator.market.declarations import Declaration, StaticDeclaration, Window
from simulator.market.events import Direction
from simulator.store import month_tables
from simulator.store.engine import BulkStatement, NamedQuery, insert
from simulator.store.instants import to_micros
from simulator.store.work import View, Work

_TABLE, _STATIC = month_tables.declarations, month_tables.static_declarations

# What happens for every week is compiled once.
_ADD = BulkStatement(insert(_TABLE), (
    "id", "organisation_id", "programme", "unit_id", "zone", "windows", "milliwatts", "direction", "bid_price",
    "availability_price", "made_at", "week", "static_id"))
_OF_WEEK = NamedQuery(select(_TABLE).where(
    _TABLE.c.week == bindparam("of_week"), _TABLE.c.withdrawn_at.is_(None)).order_by(_TABLE.c.number))
_STATIC_IN_WEEK = NamedQuery(select(_STATIC).where(_STATIC.c.first_week <= bindparam("of_week"), or_(
    _STATIC.c.last_week.is_(None), _STATIC.c.last_week >= bindparam("same_week"))).order_by(_STATIC.c.number))
_STATICS = NamedQuery(select(_STATIC).order_by(_STATIC.c.number))


def add_declaration(work: Work, declaration: Declaration) -> None:
    """Store a declaration of one week."""
    _ADD.run(work.connection, [(
        *_values(declaration).values(), to_micros(work.now), declaration.week.isoformat(), declaration.static_id)])


def add_static(work: Work, static: StaticDeclaration) -> None:
    """Store a declaration that repeats."""
    work.connection.execute(insert(_STATIC), {
        **_values(static.pattern), "made_at": to_micros(work.now), "first_week": static.first_week.isoformat(),
        "last_week": None if static.last_week is None else static.last_week.isoformat()})


def count_made(view: View) -> int:
    """How many declarations were ever made by people, of one week or static: the next one's number is one more."""
    own = select(func.count()).select_from(_TABLE).where(_TABLE.c.static_id.is_(None))
    static = select(func.count()).select_from(_STATIC)
    return view.connection.execute(own).scalar_one() + view.connection.execute(static).scalar_one()


def declarations_of(view: View, organisation_id: str | None, week: date) -> list[Declaration]:
    """The declarations stored for a week, of one organisation or of all, in the order in which they were made."""
    return [declaration_from(row) for row in _OF_WEEK.all(view.connection, week.isoformat())
            if organisation_id in (None, row.organisation_id)]


def declaration_by_id(view: View, declaration_id: str) -> Declaration | None:
    """One stored declaration that was not withdrawn."""
    query = select(_TABLE).where(_TABLE.c.id == declaration_id, _TABLE.c.withdrawn_at.is_(None))
    row = view.connection.execute(query).first()
    return None if row is None else declaration_from(row)


def withdraw(work: Work, declaration_id: str) -> None:
    """Note that a declaration was withdrawn."""
    work.connection.execute(
        update(_TABLE).where(_TABLE.c.id == declaration_id).values(withdrawn_at=to_micros(work.now)))


def statics_of(view: View, organisation_id: str | None, week: date | None = None) -> list[StaticDeclaration]:
    """Static declarations, of one organisation or of all; those that have a week, or all."""
    rows = (_STATICS.all(view.connection) if week is None
            else _STATIC_IN_WEEK.all(view.connection, week.isoformat(), week.isoformat()))
    return [_static(row) for row in rows if organisation_id in (None, row.organisation_id)]


def static_by_id(view: View, static_id: str) -> StaticDeclaration | None:
    """One static declaration."""
    row = view.connection.execute(select(_STATIC).where(_STATIC.c.id == static_id)).first()
    return None if row is None else _static(row)


def end_static(work: Work, static_id: str, last_week: date) -> None:
    """Set the last week that a static declaration has."""
    work.connection.execute(
        update(_STATIC).where(_STATIC.c.id == static_id).values(last_week=last_week.isoformat()))


def _values(declaration: Declaration) -> dict[str, Any]:
    """What own and static declarations have in common, in the order of `_ADD`."""
    return {
        "id": declaration.id, "organisation_id": declaration.organisation_id, "programme": declaration.programme,
        "unit_id": declaration.unit_id, "zone": declaration.zone, "windows": windows_text(declaration.windows),
        "milliwatts": declaration.power_milliwatts, "direction": declaration.direction.value,
        "bid_price": price_text(declaration.utilisation_bid_price),
        "availability_price": price_text(declaration.availability_price)}


def declaration_from(row: Row) -> Declaration:
    """A declaration from a row that has all columns of its table."""
    return Declaration(
        row.id, row.organisation_id, date.fromisoformat(row.week), row.programme, row.unit_id, row.zone,
        _windows(row.windows), row.milliwatts, Direction(row.direction), price_from(row.bid_price),
        price_from(row.availability_price), row.static_id)


def _static(row: Row) -> StaticDeclaration:
    first = date.fromisoformat(row.first_week)
    pattern = Declaration(
        row.id, row.organisation_id, first, row.programme, row.unit_id, row.zone, _windows(row.windows),
        row.milliwatts, Direction(row.direction), price_from(row.bid_price), price_from(row.availability_price))
    return StaticDeclaration(pattern, first, None if row.last_week is None else date.fromisoformat(row.last_week))


def windows_text(windows: tuple[Window, ...]) -> str:
    """Windows as the store keeps them."""
    return orjson.dumps([[window.day_of_week, window.start.isoformat(), window.end.isoformat()]
                         for window in windows]).decode()


def _windows(text: str) -> tuple[Window, ...]:
    return windows_from(orjson.loads(text))


def windows_from(rows: list[list[str]]) -> tuple[Window, ...]:
    """Windows from day, start and end."""
    return tuple(Window(day, time.fromisoformat(start), time.fromisoformat(end)) for day, start, end in rows)


def price_text(pounds: Decimal | None) -> str | None:
    """A price as the store keeps it."""
    return None if pounds is None else str(pounds)


def price_from(text: str | None) -> Decimal | None:
    """A price from the store."""
    return None if text is None else Decimal(text)
