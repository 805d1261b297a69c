"""Dispatches, and where each organisation takes its messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Row, delete, func, select, update

from simulator.market.dispatches import Dispatch, State
from simulator.market.outbox import Endpoint
from simulator.store import tables
from simulator.store.engine import insert
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


def dispatch_by_id(view: View, dispatch_id: str) -> Dispatch | None:
    """One dispatch."""
    row = view.connection.execute(select(tables.dispatches).where(tables.dispatches.c.id == dispatch_id)).first()
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
    values = {"state": state.value, **({} if stopped_at is None else {"stopped_at": to_micros(stopped_at)})}
    work.connection.execute(update(tables.dispatches).where(tables.dispatches.c.id == dispatch.id).values(values))
    return replace(dispatch, state=state, stopped_at=stopped_at or dispatch.stopped_at)


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
    columns = tables.dispatch_settings.c
    row = view.connection.execute(
        select(tables.dispatch_settings).where(columns.organisation_id == organisation_id)).first()
    return None if row is None else Endpoint(row.organisation_id, row.base_url, row.auth, row.secret)


def _dispatch(row: Row) -> Dispatch:
    return Dispatch(
        row.id, row.organisation_id, row.programme, tuple(orjson.loads(row.unit_ids)), from_micros(row.start_at),
        from_micros(row.end_at), row.milliwatts, timedelta(seconds=row.notice_seconds), State(row.state),
        from_micros(row.created_at), None if row.stopped_at is None else from_micros(row.stopped_at))
