"""Connections to the SMP: how far each organisation has come, its SMP user and pro-forma, the flows seen from it."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import orjson
from sqlalchemy import Row, bindparam, select

from simulator.market.connections import Contact, Flow, ProForma, SeenFlow, SmpConnection, Step
from simulator.store import smp_tables, tables
from simulator.store.engine import Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work

_COLUMNS = ("step", "username", "password_hash", "callback_url", "jwks", "signatures", "pro_forma")
_FOUND = select(tables.organisations.c.id, *(smp_tables.connections.c[name] for name in _COLUMNS)).join(
    smp_tables.connections, smp_tables.connections.c.organisation_id == tables.organisations.c.id, isouter=True)
_OF = Query(_FOUND.where(tables.organisations.c.id == bindparam("organisation_id")))
_BY_USERNAME = Query(_FOUND.where(smp_tables.connections.c.username == bindparam("username")))


def connection_of(view: View, organisation_id: str) -> SmpConnection | None:
    """An organisation's connection, not started if nothing was done about it; None for an unknown organisation."""
    return next(map(_connection, _OF.all(view.connection, organisation_id)), None)


def connection_by_username(view: View, username: str) -> SmpConnection | None:
    """The connection whose SMP user has this name."""
    return next(map(_connection, _BY_USERNAME.all(view.connection, username)), None)


def all_connections(view: View) -> list[SmpConnection]:
    """Every organisation's connection, by organisation id."""
    return [_connection(row) for row in view.connection.execute(_FOUND.order_by(tables.organisations.c.id))]


def save_connection(work: Work, connection: SmpConnection) -> None:
    """Store a connection as it is now."""
    values = {
        "step": connection.step.value, "username": connection.username, "password_hash": connection.password_hash,
        "callback_url": connection.callback_url, "jwks": connection.jwks, "signatures": connection.signatures,
        "pro_forma": orjson.dumps(dataclasses.asdict(connection.pro_forma)).decode()}
    statement = insert(smp_tables.connections).values(organisation_id=connection.organisation_id, **values)
    work.connection.execute(statement.on_conflict_do_update(
        index_elements=[smp_tables.connections.c.organisation_id], set_=values))


_ADD_FLOW = insert(smp_tables.flows).on_conflict_do_nothing()


def add_flow(work: Work, organisation_id: str, flow: Flow, at: datetime, journal_entry: int) -> None:
    """Note that a flow was seen; it must not have been noted before."""
    work.connection.execute(_ADD_FLOW, {
        "organisation_id": organisation_id, "flow": flow.value, "at": to_micros(at), "journal_entry": journal_entry})


_FLOWS = Query(select(smp_tables.flows.c.flow, smp_tables.flows.c.at, smp_tables.flows.c.journal_entry)
               .where(smp_tables.flows.c.organisation_id == bindparam("organisation_id")))
_FLOW_NAMES = {flow.value: flow for flow in Flow}


def flows_of(view: View, organisation_id: str) -> dict[Flow, SeenFlow]:
    """The flows seen from an organisation, in the order of the overview."""
    found = {_FLOW_NAMES[flow]: SeenFlow(_FLOW_NAMES[flow], from_micros(at), entry)
             for flow, at, entry in _FLOWS.all(view.connection, organisation_id)}
    return {flow: found[flow] for flow in Flow if flow in found}


def _connection(row: Row | tuple) -> SmpConnection:
    organisation_id, step, username, password_hash, callback_url, jwks, signatures, pro_forma = row
    if step is None:
        return SmpConnection(organisation_id, Step.NOT_STARTED, None, None, None, None, "optional", ProForma())
    return SmpConnection(organisation_id, Step(step), username, password_hash, callback_url, jwks, signatures,
                         _pro_forma(orjson.loads(pro_forma)))


def _pro_forma(stored: dict) -> ProForma:
    return ProForma(**{**stored, "contacts": tuple(Contact(**contact) for contact in stored["contacts"]),
                       "api_endpoints": tuple(stored["api_endpoints"])})
