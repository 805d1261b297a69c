"""Dispatches, and where each organisation takes its messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Row, bindparam, delete, func, select, update

from simulator.market.dispatches import Dispatch, State
from simulator.market.outbox import Endpoint
from simulator.store import tables
from simulator.store.engine import BulkStatement, Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work


def add_dispatch(work: Work, dispatch: Dispatch) -> None:
    """Store a new dispatch."""
    work.connection.execute(insert(tables.dispatches), {
        "id": dispatch.id, "organisation_id": dispatch.organisation_id, "programme": dispatch.programme,
        "unit_ids": orjson.dumps(dispatch.unit_ids).decode(), "start_at": to_micros(dispatch.start_at),
        "end_at": to_micros(dispatch.end_at), "milliwatts": dispatch.power_milliwatts,
        "notice_seconds": dispatch.notice // timedelta(seconds=1), "state": dispatch.state.value,
        "created_at": to_micros(dispatch.created_at), "stopped_at": None})


# What happens with every message is compiled once.
_dispatches, _settings = tables.dispatches.c, tables.dispatch_settings.c
_BY_ID = Query(select(tables.dispatches).where(_dispatches.id == bindparam("dispatch_id")))
_SET_STATE = BulkStatement(
    update(tables.dispatches).where(_dispatches.id == bindparam("dispatch_id")).values(
        state=bindparam("to_state"), stopped_at=bindparam("to_stopped_at")),
    ["to_state", "to_stopped_at", "dispatch_id"])
_ENDPOINT_OF = Query(select(_settings.organisation_id, _settings.base_url, _settings.auth, _settings.secret).where(
    _settings.organisation_id == bindparam("of_organisation")))


def dispatch_by_id(view: View, dispatch_id: str) -> Dispatch | None:
    """One dispatch."""
    row = _BY_ID.first(view.connection, dispatch_id)
    return None if row is None else _dispatch(row)


def find_dispatches(view: View, organisation_id: str | None = None, limit: int = 1_000) -> list[Dispatch]:
    """Dispatches, the newest first."""
    query = select(tables.dispatches).order_by(tables.dispatches.c.number.desc()).limit(limit)
    if organisation_id is not None:
        query = query.where(tables.dispatches.c.organisation_id == organisation_id)
    return [_dispatch(row) for row in view.connection.execute(query)]


def count_with_prefix(view: View, prefix: str) -> int:
    """How many dispatches have an id that begins like this."""
    query = select(func.count()).select_from(tables.dispatches).where(
        tables.dispatches.c.id.startswith(prefix, autoescape=True))
    return view.connection.execute(query).scalar_one()


def set_state(work: Work, dispatch: Dispatch, state: State, stopped_at: datetime | None = None) -> Dispatch:
    """Change the state; the dispatch as it is now."""
    stopped_at = stopped_at or dispatch.stopped_at
    _SET_STATE.run(work.connection, [(state.value, None if stopped_at is None else to_micros(stopped_at), dispatch.id)])
    return replace(dispatch, state=state, stopped_at=stopped_at)


def next_beginning(view: View, after: datetime | None = None) -> datetime | None:
    """When the next acknowledged dispatch begins to run; later than `after` if given."""
    columns = tables.dispatches.c
    query = select(func.min(columns.start_at)).where(columns.state == State.ACKNOWLEDGED.value)
    if after is not None:
        query = query.where(columns.start_at > to_micros(after))
    micros = view.connection.execute(query).scalar()
    return None if micros is None else from_micros(micros)


def dispatches_to_begin(view: View, until: datetime) -> list[Dispatch]:
    """Acknowledged dispatches whose start time has come."""
    columns = tables.dispatches.c
    query = select(tables.dispatches).where(
        columns.state == State.ACKNOWLEDGED.value, columns.start_at <= to_micros(until)).order_by(columns.number)
    return [_dispatch(row) for row in view.connection.execute(query)]


def set_endpoint(work: Work, endpoint: Endpoint) -> None:
    """Set where an organisation takes messages."""
    values = {"base_url": endpoint.base_url, "auth": endpoint.auth, "secret": endpoint.secret}
    statement = insert(tables.dispatch_settings).values(organisation_id=endpoint.organisation_id, **values)
    work.connection.execute(statement.on_conflict_do_update(
        index_elements=[tables.dispatch_settings.c.organisation_id], set_=values))


def remove_endpoint(work: Work, organisation_id: str) -> bool:
    """Forget where an organisation takes messages; whether there was anything to forget."""
    columns = tables.dispatch_settings.c
    return bool(work.connection.execute(
        delete(tables.dispatch_settings).where(columns.organisation_id == organisation_id)).rowcount)


def endpoint_of(view: View, organisation_id: str) -> Endpoint | None:
    """Where an organisation takes messages; None until it has said so."""
    row = _ENDPOINT_OF.first(view.connection, organisation_id)
    return None if row is None else Endpoint(*row)


def _dispatch(row: Row | tuple[Any, ...]) -> Dispatch:
    """A dispatch from its row, whose columns are in the table's order."""
    (_, dispatch_id, organisation_id, programme, unit_ids, start_at, end_at, milliwatts, notice_seconds, state,
     created_at, stopped_at) = row
    return Dispatch(
        dispatch_id, organisation_id, programme, tuple(orjson.loads(unit_ids)), from_micros(start_at),
        from_micros(end_at), milliwatts, timedelta(seconds=notice_seconds), State(state), from_micros(created_at),
        None if stopped_at is None else from_micros(stopped_at))
