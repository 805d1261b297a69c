"""API access tokens. They are kept readable, because the portal shows an organisation its token (guide §3.1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, update

from simulator.market.organisations import ApiToken, Organisation
from simulator.store import tables
from simulator.store.engine import BulkStatement, Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work

_TOKENS = select(
    tables.api_tokens.c.token, tables.api_tokens.c.created_at, tables.organisations.c.id, tables.organisations.c.name
).join(
    tables.organisations, tables.organisations.c.id == tables.api_tokens.c.organisation_id
).where(tables.api_tokens.c.revoked_at.is_(None))
_BY_VALUE = Query(_TOKENS.where(tables.api_tokens.c.token == bindparam("token")))
_BY_ORGANISATION = Query(_TOKENS.where(tables.api_tokens.c.organisation_id == bindparam("organisation_id")))

_REPLACE = BulkStatement(update(tables.api_tokens).where(
    tables.api_tokens.c.organisation_id == bindparam("whose"), tables.api_tokens.c.revoked_at.is_(None)).values(
    token=bindparam("fresh")), ("fresh", "whose"))


def add_token(work: Work, token: str, organisation_id: str, made_at: datetime | None = None) -> None:
    """Store a token in force, made now or at another instant."""
    work.connection.execute(insert(tables.api_tokens), {
        "token": token, "organisation_id": organisation_id, "created_at": to_micros(made_at or work.now),
        "revoked_at": None})


def revoke_tokens_of(work: Work, organisation_id: str) -> None:
    """Revoke the organisation's token, at once."""
    work.connection.execute(
        update(tables.api_tokens)
        .where(tables.api_tokens.c.organisation_id == organisation_id, tables.api_tokens.c.revoked_at.is_(None))
        .values(revoked_at=to_micros(work.now)))


def replace_token(work: Work, organisation_id: str, token: str) -> None:
    """Give the organisation's token in force another value, as if it had been that from the start."""
    _REPLACE.run(work.connection, [(token, organisation_id)])


def token_in_force(view: View, token: str) -> ApiToken | None:
    """The token, unless it is unknown or revoked."""
    return _token(_BY_VALUE.first(view.connection, token))


def token_of(view: View, organisation_id: str) -> ApiToken | None:
    """The organisation's token in force."""
    return _token(_BY_ORGANISATION.first(view.connection, organisation_id))


def _token(row: tuple[str, int, str, str] | None) -> ApiToken | None:
    if row is None:
        return None
    token, created_at, organisation_id, name = row
    return ApiToken(Organisation(organisation_id, name), token, from_micros(created_at))
