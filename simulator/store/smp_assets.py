"""Assets that are registered on the SMP."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Row, Select, bindparam, func, or_, select, update

from simulator.market.registrations import RegisteredAsset
from simulator.store.engine import BulkStatement, Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.smp_tables import assets, units
from simulator.store.work import View, Work

_AT_ONCE = 500
"""How many values one query compares with; databases take no more than so many."""

_COLUMNS = ("number", "id", "organisation_id", "external_reference", "name", "mpan", "gsp_group_id", "details",
            "created_at")
_ADD = BulkStatement(insert(assets), _COLUMNS)
_LAST = Query(select(func.max(assets.c.number)))
_BY_REFERENCE = Query(select(assets.c.id).where(
    assets.c.organisation_id == bindparam("organisation_id"), assets.c.external_reference == bindparam("reference")))


def add_assets(work: Work, organisation_id: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Store assets, given by their fields in canonical names; their ids, in the same order. No reference is taken."""
    first = (_LAST.first(work.connection) or (None,))[0] or 0
    created_at = to_micros(work.now)
    rows = [(number, f"AST-{number:06}", organisation_id, record["external_reference"], record.get("name", ""),
             record.get("mpan", ""), record.get("gsp_group_id", ""), orjson.dumps(record, default=str).decode(),
             created_at)
            for number, record in enumerate(records, first + 1)]
    _ADD.run(work.connection, rows)
    return [row[1] for row in rows]


def references_taken(view: View, organisation_id: str, references: Collection[str]) -> dict[str, str]:
    """Which of the references an organisation has used before -> the asset's id."""
    found = {reference: _BY_REFERENCE.first(view.connection, organisation_id, reference) for reference in references}
    return {reference: row[0] for reference, row in found.items() if row is not None}


def assets_named(view: View, organisation_id: str, names: Collection[str]) -> dict[str, RegisteredAsset]:
    """An organisation's assets by the text that names them: an id or a reference. Where one text is both, it is the id.
    """
    by_id: dict[str, RegisteredAsset] = {}
    by_reference: dict[str, RegisteredAsset] = {}
    for some in _portions(names):
        query = _query().where(assets.c.organisation_id == organisation_id, or_(
            assets.c.id.in_(some), assets.c.external_reference.in_(some)))
        for row in view.connection.execute(query):
            asset = _asset(row)
            by_id[asset.id] = by_reference[asset.external_reference] = asset
    found = by_reference | by_id
    return {name: found[name] for name in names if name in found}


def ids_of_others(view: View, organisation_id: str, names: Collection[str]) -> frozenset[str]:
    """Which of these texts are the ids of other organisations' assets."""
    found: set[str] = set()
    for some in _portions(names):
        found |= set(view.connection.execute(select(assets.c.id).where(
            assets.c.id.in_(some), assets.c.organisation_id != organisation_id)).scalars())
    return frozenset(found)


def align(work: Work, numbers: Sequence[int], unit_number: int) -> None:
    """Align assets, given by their numbers, to a unit."""
    for some in _portions(numbers):
        work.connection.execute(update(assets).where(assets.c.number.in_(some)).values(unit_number=unit_number))


def find_assets(view: View, organisation_id: str | None, unit_id: str | None, limit: int, offset: int
                ) -> list[RegisteredAsset]:
    """Assets, the oldest first."""
    query = _narrowed(_query(), organisation_id, unit_id).order_by(assets.c.number).limit(limit).offset(offset)
    return [_asset(row) for row in view.connection.execute(query)]


def count_assets(view: View, organisation_id: str | None, unit_id: str | None) -> int:
    """How many assets there are."""
    query = select(func.count(assets.c.number)).select_from(assets.outerjoin(units))
    return view.connection.execute(_narrowed(query, organisation_id, unit_id)).scalar_one()


def _query() -> Select[Any]:
    return select(assets, units.c.id.label("unit_id")).select_from(assets.outerjoin(units))


def _narrowed(query: Select[Any], organisation_id: str | None, unit_id: str | None) -> Select[Any]:
    if organisation_id is not None:
        query = query.where(assets.c.organisation_id == organisation_id)
    return query if unit_id is None else query.where(units.c.id == unit_id)


def _portions(values: Collection[Any]) -> Iterator[list[Any]]:
    waiting = iter(values)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some


def _asset(row: Row) -> RegisteredAsset:
    return RegisteredAsset(
        row.number, row.id, row.organisation_id, row.external_reference, row.name, row.mpan, row.gsp_group_id,
        row.unit_id, orjson.loads(row.details), from_micros(row.created_at))
