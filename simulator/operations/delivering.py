"""The outbox at work: claiming messages that are due, and noting what came of each attempt.

Dispatch messages and batch returns are tried again until they are acknowledged or given up, on one ladder (assumed).

Whoever delivers claims a message in one transaction, sends it with none open, and notes the outcome in another. A
server that is killed in between sends the message again: at least once, never lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from simulator.faults.rules import Seam
from simulator.market.batches import TransactionStatus, TransactionType
from simulator.market.connections import Flow
from simulator.market.facts import MessageDelivered, MessageFailed, MessageHeld, MessageSuperseded, MessageWaits
from simulator.market.outbox import (
    OUTBOX_TOPIC,
    RETRIED,
    DueMessage,
    Endpoint,
    Message,
    MessageKind,
    MessageState,
    Outcome,
    Rendered,
)
from simulator.market.retries import is_acknowledged, next_attempt
from simulator.operations.connections import note_flow
from simulator.operations.dispatching import is_pointless, note_attempt_on_dispatch, note_end_on_dispatch
from simulator.operations.faulting import strike
from simulator.operations.ports import CannotSay, MessageWriter
from simulator.store import connections, dispatches, outbox
from simulator.store.work import View, Work

WITHHELD = "A fault that is switched on in the simulator withholds the message: it is never sent."

_SPOILT = frozenset({"badSignature", "unknownKid", "truncate"})
"""Effects under which nobody can tell by an acknowledgement that a flow works."""

_RETURNED = {
    TransactionType.ASSET_CREATE: (Flow.ASSETS_SUCCESS_RETURNED, Flow.ASSETS_ERRORS_RETURNED),
    TransactionType.UNIT_CREATE: (Flow.UNIT_SUCCESS_RETURNED, Flow.UNIT_ERRORS_RETURNED),
}
"""The flows that a batch return shows: with a success notification, and with a list of errors."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message to be sent now: attempt `number`, to `endpoint` (None: the participant has not set one).

    `effects` are those of the faults that touch it; `rendered` is what is sent but for them.
    """

    message: Message
    number: int
    rendered: Rendered
    endpoint: Endpoint | None
    journal_entry: int
    effects: dict[str, object]


def due_messages(view: View, until: datetime, lane: str | None = None) -> list[DueMessage]:
    """Messages whose attempt is due by an instant, one for each dispatch or batch; of one lane, if given."""
    return outbox.due_messages(view, until, lane)


def prepare(view: View, message_id: int, writer: MessageWriter) -> Rendered | None:
    """A message as it will go over the wire, written and signed before the transaction that claims it.

    Nobody has to wait for a long one then. None when there is nothing to send, or no way to say it.
    """
    message = outbox.message_by_id(view, message_id)
    if message is None or message.state is not MessageState.WAITING:
        return None
    try:
        return writer.renew(view, message, message.rendered) if message.rendered else writer.write(view, message)
    except CannotSay:
        return None


def claim(work: Work, message_id: int, writer: MessageWriter, prepared: Rendered | None = None) -> Claimed | None:
    """Begin an attempt at a message; None when it is not waiting any more. What it makes pointless is ended.

    `prepared` is what `prepare` gave.
    """
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
        written = prepared or message.rendered or writer.write(work, message)
    except CannotSay as error:
        outbox.set_message_state(work, message, MessageState.FAILED)
        work.record(MessageFailed(message.id, message.lane, 0, str(error)))
        _end(work, message, acknowledged=False)
        return None
    # A key may have been retired since it was prepared.
    rendered = writer.renew(work, message, written)
    entry = work.reserve_entry()
    endpoint = _endpoint_of(work, message)
    effects = _strike(work, message, rendered, endpoint, entry)
    if "outOfOrder" in effects and _hold_back(work, message, entry):
        return None
    if "withhold" in effects:
        _withhold(work, message, entry)
        return None
    number = outbox.begin_attempt(work, message, rendered, entry)
    return Claimed(message, number, rendered, endpoint, entry, effects)


def _endpoint_of(view: View, message: Message) -> Endpoint | None:
    """Where a message goes: a batch return to the callback URL, all others to the participant's dispatch endpoint."""
    if message.kind is not MessageKind.BATCH_RETURN:
        return dispatches.endpoint_of(view, message.organisation_id)
    connection = connections.connection_of(view, message.organisation_id)
    url = None if connection is None else connection.callback_url
    return Endpoint(message.organisation_id, url) if url else None


def _strike(work: Work, message: Message, rendered: Rendered, endpoint: Endpoint | None, entry: int
            ) -> dict[str, object]:
    """The effects of the faults that touch an attempt. The route is the message's path below the base url; a batch
    return's is the path of the whole callback URL.
    """
    if message.kind is MessageKind.BATCH_RETURN:
        route = (urlsplit(endpoint.base_url).path if endpoint else "").rstrip("/") + rendered.path
        return strike(work, "callback", route or "/", message.organisation_id, entry, seam=Seam.MESSAGE)
    if is_dispatching(message):
        return strike(work, "dispatch", rendered.path, message.organisation_id, entry, seam=Seam.MESSAGE)
    return {}


def is_dispatching(message: Message) -> bool:
    """Whether a message is about a dispatch, a test one included."""
    return message.kind in (MessageKind.DISPATCH, MessageKind.TEST)


def _withhold(work: Work, message: Message, entry: int) -> None:
    """Never send a message: it has failed without being tried."""
    outbox.set_message_state(work, message, MessageState.FAILED)
    fact = MessageFailed(message.id, message.lane, message.attempts, WITHHELD)
    work.add_entry(entry, fact.kind, fact, message.cause)
    _end(work, message, acknowledged=False)


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
        if message.kind is MessageKind.BATCH_RETURN and not claimed.effects.keys() & _SPOILT:
            _note_flows(work, message)
        return None
    status = None if outcome.failure is not None else outcome.status
    again_at = next_attempt(claimed.number, status, work.now, outcome.retry_after, ladder)
    if message.kind in RETRIED and again_at is not None:
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


def _note_flows(work: Work, message: Message) -> None:
    """A batch return arrived and was acknowledged, as it should be: that flow works."""
    told = message.content["transaction"]
    succeeded, failed = _RETURNED[TransactionType(told["type"])]
    if told["status"] == TransactionStatus.SUCCEEDED.value:
        note_flow(work, message.organisation_id, succeeded)
    if told["errors"]:
        note_flow(work, message.organisation_id, failed)


def words_of(outcome: Outcome) -> str:
    """Why an attempt was not acknowledged, in words."""
    if outcome.reason is not None:
        return outcome.reason
    return f"The endpoint answered with status {outcome.status}; 200 to 299 acknowledges."

