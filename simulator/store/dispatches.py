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
    _ADD.run(work.connection, [(
        dispatch.id, dispatch.organisation_id, dispatch.programme, orjson.dumps(dispatch.unit_ids).decode(),
        to_micros(dispatch.start_at), to_micros(dispatch.end_at), dispatch.power_milliwatts,
        dispatch.notice // timedelta(seconds=1), dispatch.state.value, to_micros(dispatch.created_at), None)])


# What happens with every dispatch or message is compiled once.
_ADD = BulkStatement(insert(tables.dispatches), [
    "id", "organisation_id", "programme", "unit_ids", "start_at", "end_at", "milliwatts", "notice_seconds", "state",
    "created_at", "stopped_at"])
_COUNT_BETWEEN = Query(select(func.count()).select_from(tables.dispatches).where(
    tables.dispatches.c.id >= bindparam("first"), tables.dispatches.c.id <= bindparam("last")))
_NEXT_BEGINNING = Query(select(func.min(tables.dispatches.c.start_at)).where(
    tables.dispatches.c.state == bindparam("acknowledged"), tables.dispatches.c.start_at > bindparam("after")))
_dispatches, _settings = tables.dispatches.c, tables.dispatch_settings.c
_BY_ID = Query(select(tables.dispatches).where(_dispatches.id == bindparam("dispatch_id")))
_TO_BEGIN = Query(select(tables.dispatches).where(
    _dispatches.state == bindparam("acknowledged"), _dispatches.start_at <= bindparam("until")).order_by(
    _dispatches.number))
_BETWEEN = Query(select(tables.dispatches).where(
    _dispatches.organisation_id == bindparam("of_organisation"), _dispatches.start_at < bindparam("end"),
    _dispatches.end_at > bindparam("start"), _dispatches.state != bindparam("stopped"),
    _dispatches.state != bindparam("cancelled")).order_by(_dispatches.start_at, _dispatches.id))
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
    found = _COUNT_BETWEEN.first(view.connection, prefix, f"{prefix}\U0010ffff")
    return 0 if found is None else found[0]


def set_state(work: Work, dispatch: Dispatch, state: State, stopped_at: datetime | None = None) -> Dispatch:
    """Change the state; the dispatch as it is now."""
    stopped_at = stopped_at or dispatch.stopped_at
    _SET_STATE.run(work.connection, [(state.value, None if stopped_at is None else to_micros(stopped_at), dispatch.id)])
    return replace(dispatch, state=state, stopped_at=stopped_at)


def next_beginning(view: View, after: datetime | None = None) -> datetime | None:
    """When the next acknowledged dispatch begins to run; later than `after` if given."""
    row = _NEXT_BEGINNING.first(view.connection, State.ACKNOWLEDGED.value, -1 if after is None else to_micros(after))
    return None if row is None or row[0] is None else from_micros(row[0])


def dispatches_to_begin(view: View, until: datetime) -> list[Dispatch]:
    """Acknowledged dispatches whose start time has come."""
    return [_dispatch(row) for row in _TO_BEGIN.all(view.connection, State.ACKNOWLEDGED.value, to_micros(until))]


def dispatches_between(view: View, organisation_id: str, start: datetime, end: datetime) -> list[Dispatch]:
    """Dispatches of an organisation that overlap [start, end) and are neither stopped nor cancelled, by start."""
    return [_dispatch(row) for row in _BETWEEN.all(
        view.connection, organisation_id, to_micros(end), to_micros(start), State.STOPPED.value,
        State.CANCELLED.value)]


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
