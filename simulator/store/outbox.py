"""The outbox: messages that wait for their attempts, and what came of each attempt.

A message is a row of the transaction that intended it. Who delivers claims it in one transaction, sends with none open,
and notes the outcome in another; what was under way when the server ended waits again at the next start.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, bindparam, exists, func, select, update

from simulator.market.outbox import (
    RETRIED,
    Attempt,
    DueMessage,
    Message,
    MessageKind,
    MessageState,
    Outcome,
    Rendered,
)
from simulator.store import tables
from simulator.store.engine import BulkStatement, Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work


def add_message(work: Work, kind: MessageKind, organisation_id: str, lane: str, content: dict[str, Any],
                due_at: datetime) -> int:
    """Put a message into the outbox; its id."""
    result = work.connection.execute(insert(tables.messages), {
        "kind": kind.value, "organisation_id": organisation_id, "lane": lane,
        "content": orjson.dumps(content).decode(), "made_at": to_micros(work.now), "due_at": to_micros(due_at),
        "state": MessageState.WAITING.value, "attempts": 0, "rendered": None, "cause": work.cause})
    return result.inserted_primary_key[0]


# What happens with every message is compiled once.
_messages = tables.messages.c
_BY_ID = Query(select(tables.messages).where(_messages.id == bindparam("message_id")))
_IN_LANE = Query(select(tables.messages).where(_messages.lane == bindparam("of_lane")).order_by(_messages.id))
_EARLIER = Query(select(_messages.id).where(
    _messages.lane == bindparam("of_lane"), _messages.id < bindparam("before"),
    _messages.state == bindparam("standing")))
_BEGIN = BulkStatement(
    update(tables.messages).where(_messages.id == bindparam("message_id")).values(
        state=bindparam("to_state"), attempts=bindparam("to_attempts"), rendered=bindparam("to_rendered")),
    ["to_state", "to_attempts", "to_rendered", "message_id"])
_MOVE = BulkStatement(
    update(tables.messages).where(_messages.id == bindparam("message_id")).values(
        due_at=bindparam("to_due_at"), state=bindparam("to_state")), ["to_due_at", "to_state", "message_id"])
_ATTEMPT_COLUMNS = [column.name for column in tables.attempts.c]
_ADD_ATTEMPT = BulkStatement(insert(tables.attempts), _ATTEMPT_COLUMNS)
_END_ATTEMPT = BulkStatement(
    update(tables.attempts).where(
        tables.attempts.c.message_id == bindparam("of_message"), tables.attempts.c.number == bindparam("of_number"))
    .values(outcome=bindparam("to_outcome")), ["to_outcome", "of_message", "of_number"])


def message_by_id(view: View, message_id: int) -> Message | None:
    """One message."""
    row = _BY_ID.first(view.connection, message_id)
    return None if row is None else _message(row)


def messages_in_lane(view: View, lane: str) -> list[Message]:
    """All messages of a lane, in their order."""
    return [_message(row) for row in _IN_LANE.all(view.connection, lane)]


def messages_with_attempts(view: View, lane: str) -> list[tuple[Message, list[Attempt]]]:
    """All messages of a lane with their attempts, in order."""
    messages = messages_in_lane(view, lane)
    attempts = attempts_of(view, [message.id for message in messages])
    return [(message, attempts[message.id]) for message in messages]


def messages_of(view: View, organisation_id: str, kind: MessageKind, limit: int) -> list[Message]:
    """An organisation's messages of a kind, the newest first."""
    columns = tables.messages.c
    query = select(tables.messages).where(columns.organisation_id == organisation_id, columns.kind == kind.value)
    return [_message(row) for row in view.connection.execute(query.order_by(columns.id.desc()).limit(limit))]


# Waiting messages of lanes in which nothing is under way.
_other = tables.messages.alias()
_FREE = (_messages.state == bindparam("waiting"),
         ~exists().where(_other.c.lane == _messages.lane, _other.c.state == bindparam("under_way")))
_NEXT_DUE = Query(select(func.min(_messages.due_at)).where(*_FREE, _messages.due_at > bindparam("after")))
_due = select(_messages.id, _messages.organisation_id, _messages.lane, _messages.due_at, _messages.kind).where(
    *_FREE, _messages.due_at <= bindparam("until")).order_by(_messages.id)
_DUE = Query(_due)
_DUE_IN_LANE = Query(_due.where(_messages.lane == bindparam("of_lane")))


def next_due(view: View, after: datetime | None = None) -> datetime | None:
    """When the next attempt is due, of those that nothing holds up; later than `after` if given."""
    row = _NEXT_DUE.first(view.connection, MessageState.WAITING.value, MessageState.UNDER_WAY.value,
                          -1 if after is None else to_micros(after))
    return None if row is None or row[0] is None else from_micros(row[0])


def due_messages(view: View, until: datetime, lane: str | None = None) -> list[DueMessage]:
    """Messages whose attempt is due, one a lane: the last, for a stop makes a start pointless that is still waiting.

    Those of one lane, if given.
    """
    asked = (MessageState.WAITING.value, MessageState.UNDER_WAY.value, to_micros(until))
    rows = _DUE.all(view.connection, *asked) if lane is None else _DUE_IN_LANE.all(view.connection, *asked, lane)
    # No more than that is read: this is asked after each answer, and there may be hundreds of them.
    last = {lane: (due_at, message_id, organisation_id, kind)
            for message_id, organisation_id, lane, due_at, kind in rows}
    return [DueMessage(message_id, organisation_id, MessageKind(kind))
            for _, message_id, organisation_id, kind in sorted(last.values())]


def supersede_before(work: Work, message: Message) -> list[Message]:
    """End the messages of the lane that still wait before this one; those messages."""
    columns = tables.messages.c
    if _EARLIER.first(work.connection, message.lane, message.id, MessageState.WAITING.value) is None:
        return []
    earlier = [each for each in messages_in_lane(work, message.lane)
               if each.id < message.id and each.state is MessageState.WAITING]
    work.connection.execute(update(tables.messages).where(columns.id.in_([each.id for each in earlier])).values(
        state=MessageState.SUPERSEDED.value))
    return earlier


def begin_attempt(work: Work, message: Message, rendered: Rendered, journal_entry: int) -> int:
    """Note that a waiting message is being sent; the number of the attempt."""
    number = message.attempts + 1
    _BEGIN.run(work.connection, [(MessageState.UNDER_WAY.value, number, orjson.dumps(rendered).decode(), message.id)])
    _ADD_ATTEMPT.run(work.connection, [(message.id, number, to_micros(work.now), journal_entry, None)])
    return number


def end_attempt(work: Work, message: Message, number: int, outcome: Outcome, state: MessageState,
                due_at: datetime | None = None) -> None:
    """Note what came of an attempt, and where the message stands now; `due_at` when there is to be another."""
    _END_ATTEMPT.run(work.connection, [(orjson.dumps(outcome).decode(), message.id, number)])
    _MOVE.run(work.connection, [(to_micros(due_at or message.due_at), state.value, message.id)])


def change_waiting(work: Work, message: Message, content: dict[str, Any], due_at: datetime) -> None:
    """Change what a message that was not tried yet will say, and when it goes out; who changes it is its cause."""
    work.connection.execute(update(tables.messages).where(tables.messages.c.id == message.id).values(
        content=orjson.dumps(content).decode(), due_at=to_micros(due_at), cause=work.cause))


def release(work: Work, message: Message, due_at: datetime) -> None:
    """Let a message that was held back wait for its attempt again."""
    work.connection.execute(update(tables.messages).where(tables.messages.c.id == message.id).values(
        state=MessageState.WAITING.value, due_at=to_micros(due_at)))


def set_message_state(work: Work, message: Message, state: MessageState) -> None:
    """End a message that is not to be sent any more."""
    work.connection.execute(
        update(tables.messages).where(tables.messages.c.id == message.id).values(state=state.value))


def attempts_of(view: View, message_ids: Sequence[int]) -> dict[int, list[Attempt]]:
    """The attempts of messages, in order, by message."""
    columns = tables.attempts.c
    query = select(tables.attempts).where(columns.message_id.in_(message_ids)).order_by(
        columns.message_id, columns.number)
    found: dict[int, list[Attempt]] = {message_id: [] for message_id in message_ids}
    for row in view.connection.execute(query):
        found[row.message_id].append(Attempt(
            row.message_id, row.number, from_micros(row.at), row.journal_entry, _outcome(row.outcome)))
    return found


# Asked whenever a world is opened, which has to be quick.
_IN_STATE = Query(select(tables.messages.c.id).where(tables.messages.c.state == bindparam("state")))


def resume(work: Work) -> None:
    """What was under way when the server ended waits again; a message that is sent once has failed instead."""
    if _IN_STATE.first(work.connection, MessageState.UNDER_WAY.value) is None:
        return
    columns = tables.messages.c
    under_way = columns.state == MessageState.UNDER_WAY.value
    retried = columns.kind.in_([kind.value for kind in RETRIED])
    for condition, state in ((~retried, MessageState.FAILED), (retried, MessageState.WAITING)):
        work.connection.execute(update(tables.messages).where(under_way, condition).values(state=state.value))


def _message(row: Row | tuple[Any, ...]) -> Message:
    """A message from its row, whose columns are in the table's order."""
    message_id, kind, organisation_id, lane, content, made_at, due_at, state, attempts, rendered_text, cause = row
    rendered = None if rendered_text is None else orjson.loads(rendered_text)
    return Message(
        message_id, MessageKind(kind), organisation_id, lane, orjson.loads(content), from_micros(made_at),
        from_micros(due_at), MessageState(state), attempts,
        None if rendered is None else Rendered(
            rendered["method"], rendered["path"], _pairs(rendered["headers"]), rendered["body"]),
        cause)


def _outcome(text: str | None) -> Outcome | None:
    if text is None:
        return None
    told = orjson.loads(text)
    retry_after = told["retry_after"]
    return Outcome(**{
        **told, "steps": _pairs(told["steps"]), "answer_headers": _pairs(told["answer_headers"]),
        "retry_after": None if retry_after is None else datetime.fromisoformat(retry_after)})


def _pairs(values: list[list[Any]]) -> tuple[tuple[Any, Any], ...]:
    return tuple((first, second) for first, second in values)
