"""Which dispatches have events to be worked out, and which readings would change an event.

The second question is asked with every message of readings, so it is one statement that ends at once when nothing is
affected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Integer, bindparam, delete, func, literal_column, select

from simulator.store import month_tables
from simulator.store.engine import BulkStatement, Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work

_QUEUE, _WATCHED = month_tables.to_settle, month_tables.watched

_insert = insert(_QUEUE)
_EXPECT = BulkStatement(_insert.on_conflict_do_update(
    index_elements=[_QUEUE.c.dispatch_id], set_={"due_at": _insert.excluded.due_at}),
    ("dispatch_id", "due_at", "cause"))
_FORGET = BulkStatement(delete(_QUEUE).where(_QUEUE.c.dispatch_id == bindparam("of_dispatch")), ("of_dispatch",))
_NEXT = Query(select(func.min(_QUEUE.c.due_at)))
_NEXT_AFTER = Query(select(func.min(_QUEUE.c.due_at)).where(_QUEUE.c.due_at > bindparam("after")))
_DUE = Query(select(_QUEUE.c.dispatch_id, _QUEUE.c.cause).where(_QUEUE.c.due_at <= bindparam("now")).order_by(
    _QUEUE.c.due_at, _QUEUE.c.dispatch_id).limit(bindparam("most")).offset(literal_column("0")))
_WATCH = BulkStatement(
    insert(_WATCHED).on_conflict_do_nothing(), ("unit", "last_end", "dispatch_id", "first_end"))
_UNWATCH = BulkStatement(delete(_WATCHED).where(_WATCHED.c.dispatch_id == bindparam("of_dispatch")), ("of_dispatch",))
_affected = insert(_QUEUE).from_select(
    ["dispatch_id", "due_at", "cause"],
    select(_WATCHED.c.dispatch_id, bindparam("due_at", type_=Integer), bindparam("cause", type_=Integer)).distinct()
    .where(_WATCHED.c.unit == bindparam("of_unit"), _WATCHED.c.last_end >= bindparam("from_end"),
           _WATCHED.c.first_end <= bindparam("to_end")))
_MARK = BulkStatement(
    _affected.on_conflict_do_nothing(), ("due_at", "cause", "of_unit", "from_end", "to_end"))


def expect(work: Work, dispatch_id: str, due_at: datetime, cause: int | None) -> None:
    """A dispatch's events are to be worked out at an instant, instead of another that was expected before."""
    _EXPECT.run(work.connection, [(dispatch_id, to_micros(due_at), cause)])


def forget(work: Work, dispatch_ids: Iterable[str]) -> None:
    """These dispatches have nothing to be worked out any more."""
    _FORGET.run(work.connection, [(dispatch_id,) for dispatch_id in dispatch_ids])


def next_due(view: View, after: datetime | None = None) -> datetime | None:
    """When the next events are to be worked out; later than `after` if given."""
    row = (_NEXT.first(view.connection) if after is None
           else _NEXT_AFTER.first(view.connection, to_micros(after)))
    return None if row is None or row[0] is None else from_micros(row[0])


def due(view: View, now: datetime, most: int) -> list[tuple[str, int | None]]:
    """Dispatches whose events are to be worked out by now: id, and the entry that caused it. The longest due first."""
    return [(dispatch_id, cause) for dispatch_id, cause in _DUE.all(view.connection, to_micros(now), most)]


def watch(work: Work, dispatch_id: str, units: Iterable[tuple[int, int, int]]) -> None:
    """Readings of these units change an event: (number, first and last period end in epoch seconds)."""
    _WATCH.run(work.connection, [(unit, last_end, dispatch_id, first_end) for unit, first_end, last_end in units])


def unwatch(work: Work, dispatch_ids: Sequence[str]) -> None:
    """Readings change nothing of these dispatches any more."""
    _UNWATCH.run(work.connection, [(dispatch_id,) for dispatch_id in dispatch_ids])


def mark(work: Work, units: Iterable[int], first_end: int, last_end: int, cause: int | None) -> bool:
    """Readings of these units came in, with period ends in [first_end, last_end]; whether that affects any event."""
    now = to_micros(work.now)
    return _MARK.run(work.connection, [(now, cause, unit, first_end, last_end) for unit in units]) > 0
