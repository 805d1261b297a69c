"""Organisations, their zones and their Meterable Units."""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit, Organisation, Zone
from simulator.store import tables
from simulator.store.engine import Query, insert
from simulator.store.work import View, Work

_BY_ID = Query(select(tables.organisations.c.id, tables.organisations.c.name).where(
    tables.organisations.c.id == bindparam("organisation_id")))


def add_organisation(work: Work, organisation: Organisation) -> None:
    """Store a new organisation."""
    work.connection.execute(insert(tables.organisations), {"id": organisation.id, "name": organisation.name})


def rename_organisation(work: Work, organisation_id: str, name: str) -> None:
    """Give an organisation another name."""
    work.connection.execute(
        update(tables.organisations).where(tables.organisations.c.id == organisation_id).values(name=name))


def organisation_by_id(view: View, organisation_id: str) -> Organisation | None:
    """One organisation."""
    row = _BY_ID.first(view.connection, organisation_id)
    return None if row is None else Organisation(*row)


def all_organisations(view: View) -> list[Organisation]:
    """All organisations, by id."""
    rows = view.connection.execute(select(tables.organisations).order_by(tables.organisations.c.id))
    return [Organisation(row.id, row.name) for row in rows]


def add_zone(work: Work, zone: Zone) -> None:
    """Store a Constraint Managed Zone."""
    work.connection.execute(insert(tables.zones), {
        "code": zone.code, "name": zone.name, "licence_area": zone.licence_area})


def zones(view: View) -> list[Zone]:
    """All zones, by code."""
    rows = view.connection.execute(select(tables.zones).order_by(tables.zones.c.code))
    return [Zone(row.code, row.name, row.licence_area) for row in rows]


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
