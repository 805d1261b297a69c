"""The outbox at work: claiming messages that are due, and noting what came of each attempt (wire.md, Dispatch).

Whoever delivers claims a message in one transaction, sends it with none open, and notes the outcome in another. A
server that is killed in between sends the message again: at least once, never lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.market.facts import MessageDelivered, MessageFailed, MessageHeld, MessageSuperseded, MessageWaits
from simulator.market.outbox import (
    OUTBOX_TOPIC,
    DueMessage,
    Endpoint,
    Message,
    MessageKind,
    MessageState,
    Outcome,
    Rendered,
)
from simulator.market.retries import is_acknowledged, next_attempt
from simulator.operations.dispatching import is_pointless, note_attempt_on_dispatch, note_end_on_dispatch
from simulator.operations.faulting import strike
from simulator.operations.ports import CannotSay, MessageWriter
from simulator.store import dispatches, outbox
from simulator.store.work import View, Work


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message to be sent now: attempt `number`, to `endpoint` (None: the participant has not set one).

    `effects` are those of the faults that touch it.
    """

    message: Message
    number: int
    rendered: Rendered
    endpoint: Endpoint | None
    journal_entry: int
    effects: dict[str, object]


def due_messages(view: View, until: datetime) -> list[DueMessage]:
    """Messages whose attempt is due by an instant, one for each dispatch."""
    return outbox.due_messages(view, until)


def claim(work: Work, message_id: int, writer: MessageWriter) -> Claimed | None:
    """Begin an attempt at a message; None when it is not waiting any more. What it makes pointless is ended."""
    message = outbox.message_by_id(work, message_id)
    if message is None or message.state is not MessageState.WAITING or message.due_at > work.now:
        return None
    work.cause = message.cause
    for earlier in outbox.supersede_before(work, message):
        work.record(MessageSuperseded(earlier.id, earlier.lane, message.id))
    if message.kind is MessageKind.DISPATCH and is_pointless(work, message):
        outbox.set_message_state(work, message, MessageState.SUPERSEDED)
        return None
    if message.kind is MessageKind.DISPATCH:
        note_attempt_on_dispatch(work, message)
    try:
        rendered = message.rendered or writer.write(message)
    except CannotSay as error:
        outbox.set_message_state(work, message, MessageState.FAILED)
        work.record(MessageFailed(message.id, message.lane, 0, str(error)))
        _end(work, message, acknowledged=False)
        return None
    entry = work.reserve_entry()
    effects = strike(work, "dispatch", rendered.path, message.organisation_id, entry) if is_dispatching(message) else {}
    if "outOfOrder" in effects and _hold_back(work, message, entry):
        return None
    number = outbox.begin_attempt(work, message, rendered, entry)
    return Claimed(message, number, rendered, dispatches.endpoint_of(work, message.organisation_id), entry, effects)


def is_dispatching(message: Message) -> bool:
    """Whether a message is one of the platform's, a test one included, and not a check of the connection."""
    return message.kind is not MessageKind.CHECK


def _hold_back(work: Work, message: Message, entry: int) -> bool:
    """Let a message wait for the next one of its lane to be delivered; False when there is none."""
    if not any(each.id > message.id and each.state is MessageState.WAITING
               for each in outbox.messages_in_lane(work, message.lane)):
        return False
    outbox.set_message_state(work, message, MessageState.HELD)
    work.add_entry(entry, MessageHeld.kind, MessageHeld(message.id, message.lane), message.cause)
    return True


def _release(work: Work, delivered: Message) -> None:
    """What was held back goes out behind the message that was delivered."""
    for message in outbox.messages_in_lane(work, delivered.lane):
        if message.state is MessageState.HELD:
            outbox.release(work, message, work.now)


def conclude(work: Work, claimed: Claimed, outcome: Outcome, ladder: tuple[timedelta, ...]) -> datetime | None:
    """Note what came of an attempt. When there is to be another one, its market time."""
    message = claimed.message
    work.cause = claimed.journal_entry
    if is_acknowledged(outcome.status) and outcome.failure is None:
        outbox.end_attempt(work, message, claimed.number, outcome, MessageState.DELIVERED)
        work.record(MessageDelivered(message.id, message.lane, claimed.number))
        _release(work, message)
        _end(work, message, acknowledged=True)
        return None
    status = None if outcome.failure is not None else outcome.status
    again_at = next_attempt(claimed.number, status, work.now, outcome.retry_after, ladder)
    if message.kind is MessageKind.DISPATCH and again_at is not None:
        outbox.end_attempt(work, message, claimed.number, outcome, MessageState.WAITING, again_at)
        work.record(MessageWaits(message.id, message.lane, claimed.number, again_at.isoformat(), words_of(outcome)))
        work.announce(OUTBOX_TOPIC)
        return again_at
    outbox.end_attempt(work, message, claimed.number, outcome, MessageState.FAILED)
    work.record(MessageFailed(message.id, message.lane, claimed.number, words_of(outcome)))
    _end(work, message, acknowledged=False)
    return None


def _end(work: Work, message: Message, acknowledged: bool) -> None:
    if message.kind is MessageKind.DISPATCH:
        note_end_on_dispatch(work, message, acknowledged)
    work.announce(OUTBOX_TOPIC)


def words_of(outcome: Outcome) -> str:
    """Why an attempt was not acknowledged, in words."""
    if outcome.reason is not None:
        return outcome.reason
    return f"The endpoint answered with status {outcome.status}; 200 to 299 acknowledges."

