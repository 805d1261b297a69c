"""Messages that the platforms send to participants, until they are acknowledged or given up: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

OUTBOX_TOPIC = "outbox"
"""What is announced when a message was added, or is to be tried again."""


class MessageKind(Enum):
    """What a message is for."""

    DISPATCH = "dispatch"
    TEST = "test"
    CHECK = "check"
    BATCH_RETURN = "batch_return"


RETRIED = frozenset({MessageKind.DISPATCH, MessageKind.BATCH_RETURN})
"""Messages that are tried again until they are acknowledged or given up; the others are sent once."""


class MessageState(Enum):
    """Where a message stands. `superseded`: a later message of its lane made it pointless while it still waited.

    `held`: a fault lets the next message of its lane overtake it.
    """

    WAITING = "waiting"
    UNDER_WAY = "under_way"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as it goes over the wire, the same on each attempt: `path` is below the participant's base url.

    Only a signature changes, when its key is not published any more.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the outbox. Messages of one lane go out one after the other; `content` is in our own names.

    `due_at` is the market time of the next attempt, `attempts` how many were begun.
    """

    id: int
    kind: MessageKind
    organisation_id: str
    lane: str
    content: dict[str, Any]
    made_at: datetime
    due_at: datetime
    state: MessageState
    attempts: int
    rendered: Rendered | None
    cause: int | None


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A message whose attempt is due: what is needed to claim it."""

    id: int
    organisation_id: str
    kind: MessageKind


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver a message. `outcome` is None while it is under way; see `Outcome`."""

    message_id: int
    number: int
    at: datetime
    journal_entry: int
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: a status, or the reason why there is none. Times in milliseconds; bodies cut short.

    `steps` are (step, ms) as far as it came: dns, tcp, tls, sent, first_byte, total.
    """

    url: str
    status: int | None
    failure: str | None
    reason: str | None
    ms: float
    steps: tuple[tuple[str, float], ...] = ()
    address: str | None = None
    answer_headers: tuple[tuple[str, str], ...] = ()
    answer_body: str = ""
    retry_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a participant takes messages, and how the platform proves who it is: `none`, `bearer` or `hmac`."""

    organisation_id: str
    base_url: str
    auth: str = "none"
    secret: str | None = None
