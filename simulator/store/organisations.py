"""Organisations, their zones and their Meterable Units."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit, Organisation
from simulator.store import tables
from simulator.store.engine import insert
from simulator.store.work import View, Work


def add_organisation(work: Work, organisation: Organisation) -> None:
    """Store a new organisation."""
    work.connection.execute(insert(tables.organisations), {"id": organisation.id, "name": organisation.name})


def all_organisations(view: View) -> list[Organisation]:
    """Every organisation, by id."""
    rows = view.connection.execute(select(tables.organisations).order_by(tables.organisations.c.id))
    return [Organisation(row.id, row.name) for row in rows]


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


_UNITS = (
    select(tables.units, tables.zones.c.name.label("zone_name"), tables.zones.c.licence_area)
    .join(tables.zones, tables.zones.c.code == tables.units.c.zone)
    .where(tables.units.c.organisation_id == bindparam("organisation_id"))
    .order_by(tables.units.c.id)
)


def units_of(view: View, organisation_id: str) -> dict[str, MeterableUnit]:
    """The organisation's Meterable Units by id, in order of id."""
    return {
        row.id: MeterableUnit(row.number, row.id, row.organisation_id, row.description, row.technology,
                              row.capacity_kw, Granularity(row.granularity), row.zone, row.zone_name,
                              row.licence_area)
        for row in view.connection.execute(_UNITS, {"organisation_id": organisation_id})
    }
