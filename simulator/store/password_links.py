"""Links that let a user set a password, stored under the digest of their secret. Old ones stay, and say why they fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from simulator.store import tables
from simulator.store.engine import insert
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
    columns = tables.password_links.c
    work.connection.execute(update(tables.password_links).where(
        columns.account_id == account_id, columns.state == OPEN).values(state=SUPERSEDED))
    work.connection.execute(insert(tables.password_links), {
        "token_digest": token_digest, "account_id": account_id, "purpose": purpose,
        "created_at": to_micros(work.now), "state": OPEN})


def link(view: View, token_digest: str) -> PasswordLink | None:
    """The link with this secret, whatever became of it."""
    columns = tables.password_links.c
    row = view.connection.execute(select(tables.password_links).where(columns.token_digest == token_digest)).first()
    return None if row is None else PasswordLink(row.account_id, row.purpose, from_micros(row.created_at), row.state)


def use_link(work: Work, token_digest: str) -> bool:
    """Use an open link up; False when it was not open any more."""
    columns = tables.password_links.c
    statement = update(tables.password_links).where(
        columns.token_digest == token_digest, columns.state == OPEN).values(state=USED)
    return work.connection.execute(statement).rowcount == 1
