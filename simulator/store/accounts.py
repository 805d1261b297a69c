"""Portal accounts and their sign-in sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from simulator.market.organisations import Account, Organisation
from simulator.store import tables
from simulator.store.engine import insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be stored. `password_hash` is None while invited."""

    organisation_id: str
    email: str
    password_hash: str | None
    authenticator_secret: str | None
    authenticator_enrolled: bool


_ACCOUNTS = select(tables.accounts, tables.organisations.c.name.label("organisation_name")).join(
    tables.organisations, tables.organisations.c.id == tables.accounts.c.organisation_id)


def add_account(work: Work, account: NewAccount) -> None:
    """Store a new account."""
    work.connection.execute(insert(tables.accounts), {
        "organisation_id": account.organisation_id, "email": account.email.lower(),
        "password_hash": account.password_hash, "authenticator_secret": account.authenticator_secret,
        "authenticator_enrolled": account.authenticator_enrolled, "last_code_step": 0,
    })


def account_by_email(view: View, email: str) -> Account | None:
    """The account with this address, whatever its capitals."""
    return _account(view.connection.execute(_ACCOUNTS.where(tables.accounts.c.email == email.lower())).first())


def account_by_id(view: View, account_id: int) -> Account | None:
    """The account with this key."""
    return _account(view.connection.execute(_ACCOUNTS.where(tables.accounts.c.id == account_id)).first())


def account_of(view: View, organisation_id: str) -> Account | None:
    """The one account of an organisation."""
    query = _ACCOUNTS.where(tables.accounts.c.organisation_id == organisation_id)
    return _account(view.connection.execute(query).first())


def accounts_where(view: View, *conditions: Any) -> list[Account]:
    """The accounts that meet all conditions on the table `accounts`, in order of organisation."""
    query = _ACCOUNTS.where(*conditions).order_by(tables.accounts.c.organisation_id)
    return [_account(row) for row in view.connection.execute(query)]


def change_account(work: Work, account_id: int, **changes: Any) -> None:
    """Change columns of an account."""
    work.connection.execute(update(tables.accounts).where(tables.accounts.c.id == account_id).values(**changes))


def failed_attempts(view: View, email_digest: str, since: datetime) -> tuple[int, datetime | None]:
    """Sign-in attempts with an address that have not succeeded, and the last of them, unless older than `since`."""
    columns = tables.sign_in_attempts.c
    query = select(columns.failed, columns.last_at).where(
        columns.email_digest == email_digest, columns.last_at > to_micros(since))
    row = view.connection.execute(query).first()
    return (0, None) if row is None else (row.failed, from_micros(row.last_at))


def count_attempt(work: Work, email_digest: str, failed: int, at: datetime) -> None:
    """Set the number of attempts with an address that have not succeeded."""
    values = {"failed": failed, "last_at": to_micros(at)}
    statement = insert(tables.sign_in_attempts).values(email_digest=email_digest, **values)
    work.connection.execute(statement.on_conflict_do_update(
        index_elements=[tables.sign_in_attempts.c.email_digest], set_=values))


def forget_attempts(work: Work, email_digest: str | None = None, before: datetime | None = None) -> None:
    """Forget the attempts with an address, or all that are older than an instant."""
    columns = tables.sign_in_attempts.c
    condition = columns.email_digest == email_digest if before is None else columns.last_at <= to_micros(before)
    work.connection.execute(delete(tables.sign_in_attempts).where(condition))


def add_session(work: Work, token_digest: str, account_id: int, created_at: datetime) -> None:
    """Store a sign-in session under the digest of its secret."""
    work.connection.execute(insert(tables.sessions), {
        "token_digest": token_digest, "account_id": account_id, "created_at": to_micros(created_at)})


def account_of_session(view: View, token_digest: str, not_before: datetime) -> Account | None:
    """The account signed in by a session that began at `not_before` or later."""
    query = _ACCOUNTS.join(tables.sessions, tables.sessions.c.account_id == tables.accounts.c.id).where(
        tables.sessions.c.token_digest == token_digest, tables.sessions.c.created_at >= to_micros(not_before))
    return _account(view.connection.execute(query).first())


def end_session(work: Work, token_digest: str) -> None:
    """Forget one session."""
    work.connection.execute(delete(tables.sessions).where(tables.sessions.c.token_digest == token_digest))


def end_sessions_of(work: Work, account_id: int, but: str | None = None) -> int:
    """Forget all sessions of an account, but the one with this digest; how many."""
    columns = tables.sessions.c
    return work.connection.execute(delete(tables.sessions).where(
        columns.account_id == account_id, columns.token_digest != (but or ""))).rowcount


def end_sessions_before(work: Work, instant: datetime) -> None:
    """Forget sessions that began before an instant."""
    work.connection.execute(delete(tables.sessions).where(tables.sessions.c.created_at < to_micros(instant)))


def _account(row: Row | None) -> Account | None:
    if row is None:
        return None
    return Account(
        row.id, Organisation(row.organisation_id, row.organisation_name), row.email, row.password_hash,
        row.authenticator_secret, row.authenticator_enrolled, row.last_code_step,
    )
