"""Batches that a participant submits to the SMP: their states, how they progress, and what becomes of them.

That a submission is answered with a transaction id, and later with a success notification or a list of errors, is
documented (SMP overview, The SMP APIs); states, progress and their words are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from simulator.market.provenance import SMP, Rule

RULES = (
    Rule("batches.returns",
         "A submission is answered with a Transaction ID at once, and later with a success notification or a list "
         "of errors.",
         "documented", "SMP overview, The SMP APIs.", SMP),
    Rule("batches.states",
         "A batch is received, in processing, succeeded or failed, and does not leave the last two.",
         "assumed", "Nobody outside the platform can know it.", SMP),
    Rule("batches.at_least_once",
         "A batch return is sent at least once, with the same X-Delivery-Id on every attempt; the status call "
         "works even if every push fails.",
         "assumed", "Nobody outside the platform can know it.", SMP),
)

BATCHES_TOPIC = "batches"
"""What is announced when a batch was accepted, or moved on."""


class TransactionType(Enum):
    """What a batch creates."""

    ASSET_CREATE = "asset_create"
    UNIT_CREATE = "unit_create"


class TransactionStatus(Enum):
    """Where a batch stands."""

    RECEIVED = "received"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


ENDED = frozenset({TransactionStatus.SUCCEEDED, TransactionStatus.FAILED})
"""The states that a batch does not leave any more."""


@dataclass(frozen=True, slots=True)
class BatchError:
    """One thing wrong with a batch. `index` counts assets from 0, None is the batch itself; `pointer` is a JSON Pointer
    into what was sent; `message` says what is wrong and what would be right.
    """

    index: int | None
    pointer: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """A batch that was accepted. `result` is in canonical names, `{"assets": [{"external_reference", "asset_id"}]}` or
    `{"unit": {"unit_id", "name"}}`, and None until something was created. `cause` is the request's journal entry.

    `due_at` is the market time at which it ends by itself, None when nothing but polls move it; `stuck` when a fault
    keeps it in PROCESSING until somebody lets it go on.
    """

    id: str
    organisation_id: str
    type: TransactionType
    status: TransactionStatus
    submitted_at: datetime
    completed_at: datetime | None
    due_at: datetime | None
    polls: int
    result: dict[str, Any] | None
    errors: tuple[BatchError, ...]
    cause: int | None
    stuck: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether it succeeded or failed."""
        return self.status in ENDED


class ProgressMode(Enum):
    """What makes a batch end."""

    IMMEDIATE = "immediate"
    POLLS = "polls"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Progress:
    """How a batch gets from RECEIVED to its end: at once, with its Nth status call, or after seconds of market time."""

    mode: ProgressMode
    polls: int = 0
    seconds: float = 0.0

    def due_at(self, submitted_at: datetime) -> datetime | None:
        """When a batch ends by itself; None when polls end it."""
        if self.mode is ProgressMode.POLLS:
            return None
        return submitted_at + timedelta(seconds=self.seconds)


def read_progress(text: str) -> Progress:
    """Progress from `immediate`, `polls:N` or `after:SECONDS`. Raises ValueError in plain words."""
    word, _, amount = text.partition(":")
    try:
        if word == "immediate" and not amount:
            return Progress(ProgressMode.IMMEDIATE)
        if word == "polls" and 1 <= int(amount) <= 1_000:
            return Progress(ProgressMode.POLLS, polls=int(amount))
        if word == "after" and 0 <= float(amount) <= 1_000_000:
            return Progress(ProgressMode.AFTER, seconds=float(amount))
    except ValueError:
        pass
    raise ValueError(f"must be immediate, polls:N (1 to 1,000) or after:SECONDS (0 to 1,000,000), not {text[:60]!r}")


def transaction_values(transaction: Transaction) -> dict[str, Any]:
    """A transaction in canonical names, as answers and batch returns say it through the contract."""
    return {
        "transaction_id": transaction.id, "type": transaction.type.value, "status": transaction.status.value,
        "submitted_at": transaction.submitted_at, "completed_at": transaction.completed_at,
        "result": transaction.result,
        "errors": [{"index": error.index, "pointer": error.pointer, "code": error.code, "message": error.message}
                   for error in transaction.errors]}
