"""Links that let a user set a password, stored under the digest of their secret. Old ones stay, and say why they fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from simulator.store import tables
from simulator.store.engine import BulkStatement, Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work

OPEN, USED, SUPERSEDED = "open", "used", "superseded"


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """A link that was sent. `purpose` is `activation` or `reset`, `state` one of the words above."""

    account_id: int
    purpose: str
    created_at: datetime
    state: str


def add_link(work: Work, token_digest: str, account_id: int, purpose: str) -> None:
    """Store a link; earlier ones of the account that were still open are superseded."""
    supersede_links(work, account_id)
    work.connection.execute(insert(tables.password_links), {
        "token_digest": token_digest, "account_id": account_id, "purpose": purpose,
        "created_at": to_micros(work.now), "state": OPEN})


def supersede_links(work: Work, account_id: int) -> None:
    """Let no link of an account work any more."""
    columns = tables.password_links.c
    work.connection.execute(update(tables.password_links).where(
        columns.account_id == account_id, columns.state == OPEN).values(state=SUPERSEDED))


def link(view: View, token_digest: str) -> PasswordLink | None:
    """The link with this secret, whatever became of it."""
    columns = tables.password_links.c
    row = view.connection.execute(select(tables.password_links).where(columns.token_digest == token_digest)).first()
    return None if row is None else PasswordLink(row.account_id, row.purpose, from_micros(row.created_at), row.state)


_REPLACE = BulkStatement(update(tables.password_links).where(
    tables.password_links.c.token_digest == bindparam("old")).values(token_digest=bindparam("fresh")),
    ("fresh", "old"))


def replace_secret(work: Work, token_digest: str, fresh_digest: str) -> bool:
    """Give a link another secret, as if it had been that from the start; False when there is no such link."""
    return _REPLACE.run(work.connection, [(fresh_digest, token_digest)]) == 1


def add_reset_request(work: Work, email: str) -> None:
    """Note that somebody asked for a link."""
    work.connection.execute(insert(tables.reset_requests), {"email": email, "cause": work.cause})


# Asked at every instant at which anything is due.
_ANY_REQUEST = Query(select(tables.reset_requests.c.id))


def reset_requests_wait(view: View) -> bool:
    """Whether anybody waits for a link."""
    return _ANY_REQUEST.first(view.connection) is not None


def take_reset_requests(work: Work) -> list[tuple[str, int | None]]:
    """All requests, oldest first, as (address, journal entry that caused it); they are forgotten by this."""
    query = select(tables.reset_requests).order_by(tables.reset_requests.c.id)
    rows = [(row.email, row.cause) for row in work.connection.execute(query)]
    work.connection.execute(delete(tables.reset_requests))
    return rows


def use_link(work: Work, token_digest: str) -> bool:
    """Use an open link up; False when it was not open any more."""
    columns = tables.password_links.c
    statement = update(tables.password_links).where(
        columns.token_digest == token_digest, columns.state == OPEN).values(state=USED)
    return work.connection.execute(statement).rowcount == 1
