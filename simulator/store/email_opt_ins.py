"""Who opted in to which of the three batch e-mails."""

from __future__ import annotations

from sqlalchemy import delete, select

from simulator.market.letters import BatchEmail
from simulator.market.organisations import Account
from simulator.store import tables
from simulator.store.accounts import accounts_where
from simulator.store.engine import insert
from simulator.store.instants import to_micros
from simulator.store.work import View, Work


def opt_in(work: Work, account_id: int, email: BatchEmail) -> bool:
    """Opt in; False when the account had done so before."""
    statement = insert(tables.email_opt_ins).values(account_id=account_id, email=email.value, since=to_micros(work.now))
    return work.connection.execute(statement.on_conflict_do_nothing()).rowcount == 1


def opt_out(work: Work, account_id: int, email: BatchEmail) -> bool:
    """Opt out; False when the account had not opted in."""
    columns = tables.email_opt_ins.c
    statement = delete(tables.email_opt_ins).where(columns.account_id == account_id, columns.email == email.value)
    return work.connection.execute(statement).rowcount == 1


def opted_in(view: View, account_id: int) -> frozenset[BatchEmail]:
    """The e-mails an account gets."""
    query = select(tables.email_opt_ins.c.email).where(tables.email_opt_ins.c.account_id == account_id)
    return frozenset(BatchEmail(row.email) for row in view.connection.execute(query))


def accounts_that_get(view: View, email: BatchEmail) -> list[Account]:
    """Active accounts that opted in to an e-mail, in order of organisation."""
    chosen = select(tables.email_opt_ins.c.account_id).where(tables.email_opt_ins.c.email == email.value)
    return accounts_where(view, tables.accounts.c.id.in_(chosen), tables.accounts.c.password_hash.is_not(None))
