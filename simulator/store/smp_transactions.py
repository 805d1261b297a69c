"""Batches of the SMP: what was sent, where it stands, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import orjson
from sqlalchemy import Row, and_, bindparam, func, or_, select, update

from simulator.market.batches import BatchError, Transaction, TransactionStatus, TransactionType
from simulator.store.engine import Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.smp_tables import transactions
from simulator.store.work import View, Work

_RECEIVED, _PROCESSING = TransactionStatus.RECEIVED.value, TransactionStatus.PROCESSING.value
_TOLD = [column for column in transactions.c if column.name != "body"]
"""Bodies are large, and seldom asked for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a batch was sent as: the path it came to, its media type and its body, None once that was worked through."""

    path: str
    media_type: str
    body: bytes | None


def next_number(view: View) -> int:
    """The number that the next transaction of the world gets."""
    return (view.connection.execute(select(func.max(transactions.c.number))).scalar() or 0) + 1


def add_transaction(work: Work, number: int, transaction: Transaction, sent: Sent) -> None:
    """Store a new transaction."""
    work.connection.execute(insert(transactions), {
        "number": number, "id": transaction.id, "organisation_id": transaction.organisation_id,
        "type": transaction.type.value, "status": transaction.status.value,
        "submitted_at": to_micros(transaction.submitted_at), "completed_at": None,
        "due_at": None if transaction.due_at is None else to_micros(transaction.due_at), "polls": transaction.polls,
        "stuck": transaction.stuck, "path": sent.path, "media_type": sent.media_type, "body": sent.body,
        "result": None, "errors": "[]", "cause": transaction.cause})


def transaction_by_id(view: View, transaction_id: str) -> Transaction | None:
    """One transaction."""
    row = view.connection.execute(select(*_TOLD).where(transactions.c.id == transaction_id)).first()
    return None if row is None else _transaction(row)


def transaction_caused_by(view: View, journal_entry: int) -> Transaction | None:
    """The transaction whose request has this journal entry."""
    row = view.connection.execute(select(*_TOLD).where(transactions.c.cause == journal_entry)).first()
    return None if row is None else _transaction(row)


def sent_as(view: View, transaction_id: str) -> Sent:
    """What a transaction was sent as."""
    columns = transactions.c
    row = view.connection.execute(
        select(columns.path, columns.media_type, columns.body).where(columns.id == transaction_id)).one()
    return Sent(row.path, row.media_type, row.body)


def find_transactions(view: View, organisation_id: str | None, limit: int, offset: int) -> list[Transaction]:
    """Transactions, the newest first."""
    query = select(*_TOLD).order_by(transactions.c.number.desc()).limit(limit).offset(offset)
    if organisation_id is not None:
        query = query.where(transactions.c.organisation_id == organisation_id)
    return [_transaction(row) for row in view.connection.execute(query)]


def count_transactions(view: View, organisation_id: str | None) -> int:
    """How many transactions there are."""
    query = select(func.count()).select_from(transactions)
    if organisation_id is not None:
        query = query.where(transactions.c.organisation_id == organisation_id)
    return view.connection.execute(query).scalar_one()


def count_poll(work: Work, transaction: Transaction) -> Transaction:
    """Count a status call; the transaction as it is now."""
    polls = transaction.polls + 1
    work.connection.execute(update(transactions).where(transactions.c.id == transaction.id).values(polls=polls))
    return replace(transaction, polls=polls)


def set_processing(work: Work, transaction: Transaction, stuck: bool = False) -> Transaction:
    """It is being worked through, or stuck there; the transaction as it is now."""
    work.connection.execute(update(transactions).where(transactions.c.id == transaction.id).values(
        status=_PROCESSING, stuck=stuck))
    return replace(transaction, status=TransactionStatus.PROCESSING, stuck=stuck)


def keep_body(work: Work, transaction: Transaction, body: bytes) -> None:
    """Keep what was sent, for it will be worked through later than was thought."""
    work.connection.execute(update(transactions).where(transactions.c.id == transaction.id).values(body=body))


def end_transaction(work: Work, ended: Transaction) -> None:
    """Note how a transaction ended; its body is not needed any more."""
    work.connection.execute(update(transactions).where(transactions.c.id == ended.id).values(
        status=ended.status.value, completed_at=to_micros(work.now), stuck=False, body=None,
        result=None if ended.result is None else orjson.dumps(ended.result).decode(),
        errors=orjson.dumps([(each.index, each.pointer, each.code, each.message) for each in ended.errors]).decode()))


def first_due(view: View, now: datetime) -> Transaction | None:
    """The oldest transaction that goes on by itself now: to be begun, or to be ended."""
    micros = to_micros(now)
    columns = transactions.c
    query = select(*_TOLD).where(or_(
        and_(columns.status == _RECEIVED, columns.due_at.is_not(None), columns.submitted_at <= micros),
        and_(columns.status == _PROCESSING, columns.due_at <= micros, columns.stuck.is_(False)),
    )).order_by(columns.number).limit(1)
    row = view.connection.execute(query).first()
    return None if row is None else _transaction(row)


_NEXT_BEGIN = Query(select(func.min(transactions.c.submitted_at)).where(
    transactions.c.status == bindparam("status"), transactions.c.due_at.is_not(None),
    transactions.c.submitted_at > bindparam("after")))
_NEXT_END = Query(select(func.min(transactions.c.due_at)).where(
    transactions.c.status == bindparam("status"), transactions.c.stuck.is_(False),
    transactions.c.due_at > bindparam("after")))


def next_due(view: View, after: datetime | None = None) -> datetime | None:
    """When a transaction goes on by itself next: begins at its submission, ends when due; later than `after` if given.
    """
    micros = -1 if after is None else to_micros(after)
    rows = (_NEXT_BEGIN.first(view.connection, _RECEIVED, micros),
            _NEXT_END.first(view.connection, _PROCESSING, micros))
    instants = [row[0] for row in rows if row is not None and row[0] is not None]
    return from_micros(min(instants)) if instants else None


def _transaction(row: Row) -> Transaction:
    return Transaction(
        row.id, row.organisation_id, TransactionType(row.type), TransactionStatus(row.status),
        from_micros(row.submitted_at), None if row.completed_at is None else from_micros(row.completed_at),
        None if row.due_at is None else from_micros(row.due_at), row.polls,
        None if row.result is None else orjson.loads(row.result),
        tuple(BatchError(*error) for error in orjson.loads(row.errors)), row.cause, row.stuck)
