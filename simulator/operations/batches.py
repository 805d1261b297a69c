"""Batches of the SMP: accepted at once, worked through later, their outcome pushed and told to status calls.

Each move is a fact, and the request is its cause; the last move brings about what is created, and that the batch
return. What was accepted is worked through after any restart, for what was sent is kept until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from simulator.faults.rules import Seam
from simulator.market.batches import (
    BATCHES_TOPIC,
    BatchError,
    Progress,
    ProgressMode,
    Transaction,
    TransactionStatus,
    TransactionType,
    transaction_values,
)
from simulator.market.connections import Flow
from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.market.outbox import OUTBOX_TOPIC, Attempt, Message, MessageKind
from simulator.market.registration_facts import BatchMoved, BatchReceived, BatchReturnQueued
from simulator.market.registrations import RegisteredAsset, RegisteredUnit
from simulator.operations.connections import connection_of, note_flow
from simulator.operations.faulting import strike
from simulator.operations.ports import BatchReader, CannotRead, ReadBatch
from simulator.operations.registering import Registered, register
from simulator.store import outbox, smp_assets, smp_transactions, smp_units
from simulator.store.smp_transactions import Sent
from simulator.store.work import View, Work
from simulator.timekeeping.london import to_london

_SUBMITTED = {TransactionType.ASSET_CREATE: Flow.ASSETS_SUBMITTED, TransactionType.UNIT_CREATE: Flow.UNIT_SUBMITTED}


@dataclass(frozen=True)
class BatchRules:
    """How batches are read, how they progress, and what one bad asset or a name that is taken means (settings)."""

    reader: BatchReader
    progress: Progress
    per_item: bool
    names_are_unique_on_platform: bool


# The calls

def submit_batch(work: Work, rules: BatchRules, organisation_id: str, type: TransactionType, items: int,
                 batch: ReadBatch, path: str, media_type: str, body: bytes) -> Transaction:
    """Accept a batch whose shape is right: `items` assets, or a unit with so many. The transaction as it was received.

    Where progress is immediate, it is worked through in this same unit of work: `batch` is what was read of it. What
    is worked through later is read again then. `path`, `media_type` and `body` are what was sent; `body` is what the
    reader reads.
    """
    number = smp_transactions.next_number(work)
    transaction = Transaction(
        f"TX-{to_london(work.now):%Y%m%d}-{number:06}", organisation_id, type, TransactionStatus.RECEIVED, work.now,
        None, rules.progress.due_at(work.now), 0, None, (), work.cause)
    sent = Sent(path, media_type, body)
    at_once = rules.progress.mode is ProgressMode.IMMEDIATE
    smp_transactions.add_transaction(work, number, transaction, replace(sent, body=None) if at_once else sent)
    note_flow(work, organisation_id, _SUBMITTED[type])
    work.record(BatchReceived(transaction.id, organisation_id, type.value, items))
    work.announce(BATCHES_TOPIC)
    if at_once:
        with _caused_by(work, transaction.cause):
            ended = _go_on(work, rules, _begin(work, transaction), sent, batch)
        if not ended.has_ended:
            smp_transactions.keep_body(work, transaction, body)
    return transaction


def poll_transaction(work: Work, rules: BatchRules, organisation_id: str, transaction_id: str) -> Transaction:
    """A participant's transaction as it stands after this status call, which may be the one that ends it.

    Where polls move batches, the first of them begins one, and the Nth ends it. Raises NotFound for an unknown one, and
    for another participant's.
    """
    found = smp_transactions.transaction_by_id(work, transaction_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFound("transaction", transaction_id[:80])
    note_flow(work, organisation_id, Flow.STATUS_READ)
    found = smp_transactions.count_poll(work, found)
    if found.has_ended or found.stuck or found.due_at is not None:
        return found
    with _caused_by(work, found.cause):
        found = _begin(work, found)
        # Polls moved batches when this one was accepted; if the settings have changed since, the next one will do.
        return _go_on(work, rules, found) if found.polls >= rules.progress.polls else found


# What moves them

def batches_due(view: View, now: datetime) -> bool:
    """Whether a batch goes on by itself by now."""
    due = smp_transactions.next_due(view)
    return due is not None and due <= now


def next_batch_event(view: View, after: datetime | None = None) -> datetime | None:
    """When the next batch goes on by itself, later than `after` if given."""
    return smp_transactions.next_due(view, after)


def advance_due_batch(work: Work, rules: BatchRules) -> None:
    """Let the oldest batch that is due go on: to PROCESSING at once, and to its end when its time has come.

    One at a time, so that a hundred of them do not keep everybody else waiting.
    """
    found = smp_transactions.first_due(work, work.now)
    if found is None or found.due_at is None:
        return
    with _caused_by(work, found.cause):
        found = _begin(work, found)
        if found.due_at <= work.now:
            _go_on(work, rules, found)


def end_batch(work: Work, rules: BatchRules, transaction_id: str) -> Transaction:
    """Work a batch through now, whatever its progress and its faults; one that has ended stays as it is.

    Raises NotFound.
    """
    found = transaction(work, transaction_id)
    if found.has_ended:
        return found
    with _caused_by(work, found.cause):
        return _end(work, rules, _begin(work, found), smp_transactions.sent_as(work, found.id))


def release_batch(work: Work, rules: BatchRules, transaction_id: str) -> Transaction:
    """Let a batch go on that a fault keeps in PROCESSING: it ends now. Raises NotFound, and Refused for any other."""
    found = transaction(work, transaction_id)
    if not found.stuck:
        raise Refused([RuleBreach(None, None, "not_stuck",
                                  f"The transaction {found.id} is not stuck; it is {found.status.value}.")])
    return end_batch(work, rules, transaction_id)


# What there is

def transaction(view: View, transaction_id: str) -> Transaction:
    """One transaction, whoever's it is. Raises NotFound."""
    found = smp_transactions.transaction_by_id(view, transaction_id)
    if found is None:
        raise NotFound("transaction", transaction_id[:80])
    return found


def batch_of_request(view: View, journal_entry: int) -> Transaction | None:
    """The transaction that a request submitted, by the request's journal entry; None when it submitted none."""
    return smp_transactions.transaction_caused_by(view, journal_entry)


def transactions(view: View, organisation_id: str | None = None, limit: int = 100, offset: int = 0
                 ) -> list[Transaction]:
    """Transactions of a participant, or of all; the newest first."""
    return smp_transactions.find_transactions(view, organisation_id, limit, offset)


def count_transactions(view: View, organisation_id: str | None = None) -> int:
    """How many transactions a participant has, or all."""
    return smp_transactions.count_transactions(view, organisation_id)


def assets_of(view: View, organisation_id: str | None = None, unit_id: str | None = None, limit: int = 100,
              offset: int = 0) -> list[RegisteredAsset]:
    """Registered assets of a participant, or of all, or those of a unit; the oldest first."""
    return smp_assets.find_assets(view, organisation_id, unit_id, limit, offset)


def count_assets(view: View, organisation_id: str | None = None, unit_id: str | None = None) -> int:
    """How many assets are registered: a participant's, or all; or those of a unit."""
    return smp_assets.count_assets(view, organisation_id, unit_id)


def units_of(view: View, organisation_id: str | None = None, limit: int = 100, offset: int = 0) -> list[RegisteredUnit]:
    """Registered units of a participant, or of all; the oldest first."""
    return smp_units.find_units(view, organisation_id, limit, offset)


def count_units(view: View, organisation_id: str | None = None) -> int:
    """How many units are registered: a participant's, or all."""
    return smp_units.count_units(view, organisation_id)


def returns_of(view: View, transaction_id: str) -> list[tuple[Message, list[Attempt]]]:
    """The batch returns of a transaction with their attempts, in order; none when there was nowhere to send one."""
    return outbox.messages_with_attempts(view, transaction_id)


# One move at a time

@contextmanager
def _caused_by(work: Work, entry: int | None) -> Iterator[None]:
    """What is noted in the block was brought about by an entry; afterwards the work's own cause is back."""
    own, work.cause = work.cause, entry
    try:
        yield
    finally:
        work.cause = own


def _moved(work: Work, before: Transaction, after: TransactionStatus, errors: int = 0) -> int:
    """Note a move; its entry."""
    work.announce(BATCHES_TOPIC)
    return work.record(BatchMoved(before.id, before.organisation_id, before.status.value, after.value, errors))


def _begin(work: Work, found: Transaction) -> Transaction:
    if found.status is not TransactionStatus.RECEIVED:
        return found
    _moved(work, found, TransactionStatus.PROCESSING)
    return smp_transactions.set_processing(work, found)


def _go_on(work: Work, rules: BatchRules, found: Transaction, sent: Sent | None = None,
           batch: ReadBatch | None = None) -> Transaction:
    """End a batch whose time has come, unless a fault keeps it where it is."""
    if sent is None:
        sent = smp_transactions.sent_as(work, found.id)
    if "stuck" in strike(work, "smp", sent.path, found.organisation_id, found.cause, seam=Seam.BATCH):
        work.announce(BATCHES_TOPIC)
        return smp_transactions.set_processing(work, found, stuck=True)
    return _end(work, rules, found, sent, batch)


def _end(work: Work, rules: BatchRules, found: Transaction, sent: Sent, batch: ReadBatch | None = None) -> Transaction:
    registered = _register(work, rules, found, sent, batch)
    status = TransactionStatus.FAILED if registered.result is None else TransactionStatus.SUCCEEDED
    ended = replace(found, status=status, completed_at=work.now, result=registered.result, errors=registered.errors,
                    stuck=False)
    smp_transactions.end_transaction(work, ended)
    work.cause = _moved(work, found, status, len(registered.errors))
    if registered.fact is not None:
        work.cause = work.record(registered.fact)
    _queue_return(work, ended)
    return ended


def _register(work: Work, rules: BatchRules, found: Transaction, sent: Sent, batch: ReadBatch | None
              ) -> Registered:
    try:
        # A batch that is worked through at once was read for its answer just now.
        batch = batch or rules.reader.read(found.type, sent.media_type, sent.body or b"")
    except CannotRead as error:
        return Registered(None, (BatchError(None, "", "not_readable", str(error)),), None)
    return register(work, found, batch, rules.per_item, rules.names_are_unique_on_platform)


def _queue_return(work: Work, ended: Transaction) -> None:
    """The batch return goes into the outbox, if the participant has said where to."""
    callback_url = connection_of(work, ended.organisation_id).callback_url
    work.cause = work.record(BatchReturnQueued(ended.id, ended.organisation_id, callback_url))
    if callback_url is None:
        return
    outbox.add_message(work, MessageKind.BATCH_RETURN, ended.organisation_id, ended.id, return_content(ended), work.now)
    work.announce(OUTBOX_TOPIC)


def return_content(ended: Transaction) -> dict[str, Any]:
    """What a batch return says, in canonical names; times are RFC 3339."""
    values = transaction_values(ended)
    return {"transaction": {name: value.isoformat() if isinstance(value, datetime) else value
                            for name, value in values.items()}}
