"""Faults that are on in a world, with how many exchanges each has seen and touched."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import bindparam, delete, select, update

from simulator.faults.rules import Fault
from simulator.store import tables
from simulator.store.engine import Query, insert
from simulator.store.work import View, Work

# Every message and every batch asks for the faults of its surface.
_ALL = Query(select(tables.faults).order_by(tables.faults.c.id))
_OF_SURFACE = Query(select(tables.faults).where(tables.faults.c.surface == bindparam("of_surface"))
                    .order_by(tables.faults.c.id))


def add_fault(work: Work, fault: Fault) -> int:
    """Switch a fault on; its id."""
    result = work.connection.execute(insert(tables.faults), {
        "surface": fault.surface, "route": fault.route, "participant": fault.participant,
        "effect": orjson.dumps(fault.effect).decode(), "nth": fault.nth, "times": fault.times,
        "probability": fault.probability, "seed": fault.seed, "seen": 0, "applied": 0})
    return result.inserted_primary_key[0]


def all_faults(view: View, surface: str | None = None) -> list[Fault]:
    """The faults that are on, by id."""
    rows = _ALL.all(view.connection) if surface is None else _OF_SURFACE.all(view.connection, surface)
    return [_fault(row) for row in rows]


def count_exchange(work: Work, fault: Fault, struck: bool) -> None:
    """One more matching exchange has passed, touched or not."""
    work.connection.execute(update(tables.faults).where(tables.faults.c.id == fault.id).values(
        seen=fault.seen + 1, applied=fault.applied + struck))


def remove_faults(work: Work, fault_id: int | None = None) -> int:
    """Switch one fault off, or all; how many there were."""
    statement = delete(tables.faults)
    if fault_id is not None:
        statement = statement.where(tables.faults.c.id == fault_id)
    return work.connection.execute(statement).rowcount


def _fault(row: tuple[Any, ...]) -> Fault:
    """A fault from its row, whose columns are in the table's order."""
    fault_id, surface, route, participant, effect, *rest = row
    return Fault(fault_id, surface, route, participant, orjson.loads(effect), *rest)
