"""Baselines of units: every version that was ever in force."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, select

from simulator.market.baselines import Baseline, BaselineKind, BaselineVersion
from simulator.market.intervals import Granularity
from simulator.store import month_tables
from simulator.store.engine import Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work

_columns = month_tables.baselines.c
_WHAT = (_columns.number, _columns.in_force_from, _columns.kind, _columns.granularity, _columns.milliwatts)
_VERSIONS = Query(select(*_WHAT).where(_columns.unit == bindparam("unit")).order_by(
    _columns.in_force_from.desc(), _columns.number.desc()))
_IN_FORCE = Query(select(*_WHAT).where(
    _columns.unit == bindparam("unit"), _columns.in_force_from <= bindparam("at")).order_by(
    _columns.in_force_from.desc(), _columns.number.desc()))


def add_version(work: Work, unit: int, version: BaselineVersion) -> None:
    """Store a unit's new baseline; `unit` is its number."""
    baseline = version.baseline
    work.connection.execute(insert(month_tables.baselines), {
        "unit": unit, "in_force_from": to_micros(version.in_force_from), "kind": baseline.kind.value,
        "granularity": baseline.granularity.value,
        "milliwatts": zlib.compress(orjson.dumps(baseline.milliwatts), 1)})


def versions_of(view: View, unit: int) -> list[BaselineVersion]:
    """All baselines of a unit, the newest first."""
    return [_version(row) for row in _VERSIONS.all(view.connection, unit)]


def version_in_force(view: View, unit: int, at: datetime) -> BaselineVersion | None:
    """The baseline of a unit that was in force at an instant, if any."""
    row = _IN_FORCE.first(view.connection, unit, to_micros(at))
    return None if row is None else _version(row)


def _version(row: Sequence[Any]) -> BaselineVersion:
    _, in_force_from, kind, granularity, packed = row
    powers = tuple(orjson.loads(zlib.decompress(packed)))
    return BaselineVersion(Baseline(BaselineKind(kind), Granularity(granularity), powers), from_micros(in_force_from))
