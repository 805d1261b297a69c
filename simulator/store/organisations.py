"""Organisations, their zones and their Meterable Units."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit, Organisation
from simulator.store import tables
from simulator.store.engine import Query, insert
from simulator.store.work import View, Work


def add_organisation(work: Work, organisation: Organisation) -> None:
    """Store a new organisation."""
    work.connection.execute(insert(tables.organisations), {"id": organisation.id, "name": organisation.name})


def add_zone(work: Work, code: str, name: str, licence_area: str) -> None:
    """Store a Constraint Managed Zone."""
    work.connection.execute(insert(tables.zones), {"code": code, "name": name, "licence_area": licence_area})


def add_unit(work: Work, unit: MeterableUnit) -> None:
    """Store a Meterable Unit; its number is given by the store."""
    work.connection.execute(insert(tables.units), {
        "id": unit.id, "organisation_id": unit.organisation_id, "description": unit.description,
        "technology": unit.technology, "capacity_kw": unit.capacity_kw, "granularity": unit.granularity.value,
        "zone": unit.zone,
    })


_GRANULARITIES = {granularity.value: granularity for granularity in Granularity}

_UNITS = Query(
    select(*(tables.units.c[name] for name in (
        "number", "id", "organisation_id", "description", "technology", "capacity_kw", "granularity", "zone")),
        tables.zones.c.name, tables.zones.c.licence_area)
    .join(tables.zones, tables.zones.c.code == tables.units.c.zone)
    .where(tables.units.c.organisation_id == bindparam("organisation_id"))
    .order_by(tables.units.c.id)
)


def units_of(view: View, organisation_id: str) -> dict[str, MeterableUnit]:
    """The organisation's Meterable Units by id, in order of id."""
    return {
        row[1]: MeterableUnit(*row[:6], _GRANULARITIES[row[6]], *row[7:])
        for row in _UNITS.all(view.connection, organisation_id)
    }
