"""Units that are registered on the SMP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Row, func, select

from simulator.market.registrations import RegisteredUnit
from simulator.store.engine import insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.smp_tables import assets, units
from simulator.store.work import View, Work


def add_unit(work: Work, unit_id: str, organisation_id: str, record: Mapping[str, Any]) -> int:
    """Store a unit, given by its fields in canonical names; its number. Which assets it has is kept with those."""
    details = {name: value for name, value in record.items() if name not in ("name", "unit_type", "assets")}
    result = work.connection.execute(insert(units), {
        "id": unit_id, "organisation_id": organisation_id, "name": record["name"], "unit_type": record["unit_type"],
        "details": orjson.dumps(details, default=str).decode(), "created_at": to_micros(work.now)})
    return result.inserted_primary_key[0]


def name_is_taken(view: View, name: str, organisation_id: str | None = None) -> bool:
    """Whether there is a unit of this name, on the platform or among one organisation's."""
    query = select(units.c.number).where(units.c.name == name).limit(1)
    if organisation_id is not None:
        query = query.where(units.c.organisation_id == organisation_id)
    return view.connection.execute(query).first() is not None


def count_with_stem(view: View, stem: str) -> int:
    """How many units have an id that begins like this."""
    query = select(func.count()).select_from(units).where(units.c.id.startswith(stem, autoescape=True))
    return view.connection.execute(query).scalar_one()


def find_units(view: View, organisation_id: str | None, limit: int, offset: int) -> list[RegisteredUnit]:
    """Units, the oldest first."""
    query = _query().order_by(units.c.number).limit(limit).offset(offset)
    if organisation_id is not None:
        query = query.where(units.c.organisation_id == organisation_id)
    return [_unit(row) for row in view.connection.execute(query)]


def numbers(view: View) -> dict[str, int]:
    """The numbers of all units by id."""
    return {row.id: row.number for row in view.connection.execute(select(units.c.id, units.c.number))}


def count_units(view: View, organisation_id: str | None) -> int:
    """How many units there are."""
    query = select(func.count()).select_from(units)
    if organisation_id is not None:
        query = query.where(units.c.organisation_id == organisation_id)
    return view.connection.execute(query).scalar_one()


def _query() -> Any:
    aligned = select(func.count()).where(assets.c.unit_number == units.c.number).scalar_subquery()
    return select(units, aligned.label("assets"))


def _unit(row: Row) -> RegisteredUnit:
    return RegisteredUnit(row.number, row.id, row.organisation_id, row.name, row.unit_type, row.assets,
                          orjson.loads(row.details), from_micros(row.created_at))
