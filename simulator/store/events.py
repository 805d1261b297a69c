"""Events with their performance and earnings, as they were worked out."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, Select, bindparam, delete, func, literal_column, select

from simulator.market.dispatches import LONGEST_DISPATCH
from simulator.market.events import Event, Price
from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit
from simulator.market.performance import (
    EventPerformance,
    Gap,
    Period,
    Rag,
    ReportState,
    UnitPerformance,
    UnitPeriod,
)
from simulator.market.saved_reports import EventOutcome, EventReport
from simulator.market.settlement import EarningsLine, EventStatement, LineKind
from simulator.store import month_tables, organisations
from simulator.store.engine import BulkStatement, NamedQuery, Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work

_EVENTS, _PERIODS = month_tables.events, month_tables.event_periods
_NAMES = tuple(column.name for column in _EVENTS.columns if column.name != "number")
_insert = insert(_EVENTS)
_SAVE = BulkStatement(_insert.on_conflict_do_update(
    index_elements=[_EVENTS.c.id], set_={name: _insert.excluded[name] for name in _NAMES}), _NAMES)
_insert_periods = insert(_PERIODS)
_SAVE_PERIODS = BulkStatement(_insert_periods.from_select(
    ["event", "periods"], select(_EVENTS.c.number, bindparam("packed")).where(_EVENTS.c.id == bindparam("event_id")))
    .on_conflict_do_update(index_elements=[_PERIODS.c.event], set_={"periods": _insert_periods.excluded.periods}),
    ("packed", "event_id"))
_FINALISE = BulkStatement(
    _EVENTS.update().where(_EVENTS.c.id == bindparam("event_id")).values(
        state=literal_column("'final'"), as_of=bindparam("at"), invoice=bindparam("on_invoice")),
    ("at", "on_invoice", "event_id"))
_OF_DISPATCH = NamedQuery(select(_EVENTS).where(_EVENTS.c.dispatch_id == bindparam("dispatch_id")).order_by(
    _EVENTS.c.zone))


_OF_MONTH = NamedQuery(select(_EVENTS).where(
    _EVENTS.c.organisation_id == bindparam("of_organisation"), _EVENTS.c.month == bindparam("of_month")).order_by(
    _EVENTS.c.start_at, _EVENTS.c.id))
_TO_FINALISE = Query(select(_EVENTS.c.id, _EVENTS.c.dispatch_id, _EVENTS.c.policy).where(
    _EVENTS.c.month == bindparam("of_month"), _EVENTS.c.state != bindparam("final")).order_by(_EVENTS.c.start_at))


_OVERLAPPING = Query(select(_EVENTS.c.id, _EVENTS.c.unit_ids).where(
    _EVENTS.c.start_at >= bindparam("since"), _EVENTS.c.start_at < bindparam("until"),
    _EVENTS.c.end_at > bindparam("start"), _EVENTS.c.organisation_id == bindparam("of_organisation"),
    _EVENTS.c.id != bindparam("own_id")).order_by(_EVENTS.c.start_at, _EVENTS.c.id))


def save(work: Work, report: EventReport, policy: str) -> None:
    """Store an event, or what is new of it. `policy` names the numbers that it was worked out with.

    The database refuses to change one that is final.
    """
    outcome, event = report.outcome, report.outcome.event
    price = event.utilisation_price
    values = {
        "id": event.id, "dispatch_id": event.dispatch_id, "organisation_id": event.organisation_id,
        "month": event.month, "zone": event.zone, "zone_name": event.zone_name, "programme": event.programme,
        "unit_ids": orjson.dumps([unit.id for unit in event.units]).decode(), "start_at": to_micros(event.start_at),
        "end_at": to_micros(event.end_at), "milliwatts": event.power_milliwatts, "price": str(price.pounds),
        "price_label": price.label, "price_because": price.because, "state": outcome.state.value,
        "as_of": to_micros(outcome.as_of), "policy": policy, "instructed_energy": str(outcome.instructed_energy),
        "delivered_energy": str(outcome.delivered_energy), "counted_energy": str(outcome.counted_energy),
        "rag": outcome.rag.value, "rule": outcome.rule, "missing_periods": outcome.missing_periods,
        "pence": outcome.pence, "lines": orjson.dumps([line_values(line) for line in outcome.statement.lines]).decode(),
        "invoice": outcome.invoice}
    # Periods first: their own guard looks at the state that the event has before.
    known = _SAVE_PERIODS.run(work.connection, [(packed := _packed(report.performance), event.id)])
    _SAVE.run(work.connection, [tuple(values[name] for name in _NAMES)])
    if not known:
        _SAVE_PERIODS.run(work.connection, [(packed, event.id)])


def remove(work: Work, event_ids: Collection[str]) -> None:
    """Remove events with their periods; none may be final."""
    if event_ids:
        numbers = select(_EVENTS.c.number).where(_EVENTS.c.id.in_(event_ids))
        work.connection.execute(delete(_PERIODS).where(_PERIODS.c.event.in_(numbers)))
        work.connection.execute(delete(_EVENTS).where(_EVENTS.c.id.in_(event_ids)))


def finalise(work: Work, invoice_of: Mapping[str, str | None]) -> None:
    """Make events final as they stand, by id; the value is the number of the invoice that they are on."""
    at = to_micros(work.now)
    _FINALISE.run(work.connection, [(at, invoice, event_id) for event_id, invoice in invoice_of.items()])


def to_finalise(view: View, month: str) -> list[tuple[str, str, str]]:
    """Events of a month that are not final: id, dispatch, and the policy that they were worked out with."""
    return _TO_FINALISE.all(view.connection, month, ReportState.FINAL.value)


def find(view: View, organisation_id: str | None = None, month: str | None = None, zone: str | None = None,
         start: int = 0, count: int = 1_000) -> list[EventOutcome]:
    """Outcomes of some events, the newest first."""
    query = select(_EVENTS).where(*_conditions(organisation_id, month, zone)).order_by(
        _EVENTS.c.start_at.desc(), _EVENTS.c.id.desc())
    return list(_outcomes(view, query.offset(start).limit(count)))


def of_month(view: View, organisation_id: str, month: str) -> list[EventOutcome]:
    """Outcomes of all events of an organisation and month, by start."""
    units = _Units(view)
    return [_outcome(row, units) for row in _OF_MONTH.all(view.connection, organisation_id, month)]


def of_invoice(view: View, number: str) -> list[EventOutcome]:
    """Outcomes of the events that are on a final invoice, by start."""
    return list(_outcomes(view, select(_EVENTS).where(_EVENTS.c.invoice == number).order_by(
        _EVENTS.c.start_at, _EVENTS.c.id)))


def of_dispatch(view: View, dispatch_id: str) -> list[EventOutcome]:
    """Outcomes of the events of a dispatch, by zone."""
    units = _Units(view)
    return [_outcome(row, units) for row in _OF_DISPATCH.all(view.connection, dispatch_id)]


def count(view: View, organisation_id: str | None, month: str | None, zone: str | None) -> int:
    """How many events there are."""
    query = select(func.count()).select_from(_EVENTS).where(*_conditions(organisation_id, month, zone))
    return view.connection.execute(query).scalar_one()


def outcome_by_id(view: View, event_id: str) -> EventOutcome | None:
    """The outcome of one event."""
    return next(iter(_outcomes(view, select(_EVENTS).where(_EVENTS.c.id == event_id))), None)


def report_by_id(view: View, event_id: str) -> EventReport | None:
    """The whole report of one event."""
    return next(iter(_reports(view, select(_EVENTS).where(_EVENTS.c.id == event_id))), None)


def overlapping(view: View, event: Event) -> list[str]:
    """Ids of other events of the organisation that share a unit and an instant with this one, by start."""
    own = {unit.id for unit in event.units}
    # None is longer, so those that began earlier have ended before.
    since = to_micros(event.start_at - LONGEST_DISPATCH)
    rows = _OVERLAPPING.all(view.connection, since, to_micros(event.end_at), to_micros(event.start_at),
                            event.organisation_id, event.id)
    return [event_id for event_id, unit_ids in rows if own.intersection(orjson.loads(unit_ids))]


def reports(view: View, organisation_id: str | None, month: str | None, zone: str | None) -> Iterator[EventReport]:
    """Whole reports, by start, read one after the other."""
    query = select(_EVENTS).where(*_conditions(organisation_id, month, zone)).order_by(
        _EVENTS.c.start_at, _EVENTS.c.id)
    return _reports(view, query)


def policies(view: View) -> dict[str, str]:
    """The name of the policy that each event was worked out with, by event."""
    return {row.id: row.policy for row in view.connection.execute(select(_EVENTS.c.id, _EVENTS.c.policy))}


def months(view: View, organisation_id: str | None) -> list[str]:
    """Months with events, the newest first."""
    query = select(_EVENTS.c.month).distinct().where(*_conditions(organisation_id)).order_by(_EVENTS.c.month.desc())
    return list(view.connection.execute(query).scalars())


def zones(view: View, organisation_id: str | None) -> list[tuple[str, str]]:
    """Zones with events, code and name, by code."""
    query = select(_EVENTS.c.zone, func.max(_EVENTS.c.zone_name)).where(*_conditions(organisation_id)).group_by(
        _EVENTS.c.zone).order_by(_EVENTS.c.zone)
    return [tuple(row) for row in view.connection.execute(query)]


def sums(view: View, organisation_id: str | None, month: str | None) -> list[tuple[str, str, str, str, int, int]]:
    """Of events that are on no invoice: organisation, month, zone, its name, how many events, and their pence."""
    columns = (_EVENTS.c.organisation_id, _EVENTS.c.month, _EVENTS.c.zone)
    query = select(*columns, func.max(_EVENTS.c.zone_name), func.count(), func.sum(_EVENTS.c.pence)).where(
        *_conditions(organisation_id, month), _EVENTS.c.invoice.is_(None),
        _EVENTS.c.state != ReportState.FINAL.value).group_by(*columns)
    return [tuple(row) for row in view.connection.execute(query)]


def line_values(line: EarningsLine) -> list[Any]:
    """An earnings line as the store keeps it."""
    return [line.kind.value, line.description, line.watt_hours, str(line.rate), str(line.factor), line.pence,
            line.because, line.label]


def line_from(values: Sequence[Any]) -> EarningsLine:
    """An earnings line from the store."""
    kind, description, energy, rate, factor, pence, because, label = values
    return EarningsLine(LineKind(kind), description, energy, Decimal(rate), Decimal(factor), pence, because, label)


def _conditions(organisation_id: str | None, month: str | None = None, zone: str | None = None,
                ) -> list[ColumnElement[bool]]:
    given = {"organisation_id": organisation_id, "month": month, "zone": zone}
    return [_EVENTS.c[name] == value for name, value in given.items() if value is not None]


class _Units:
    """Units of any organisation, each organisation's read once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[str, dict[str, MeterableUnit]] = {}

    def of(self, organisation_id: str, unit_ids: Sequence[str]) -> tuple[MeterableUnit, ...]:
        if organisation_id not in self._known:
            self._known[organisation_id] = organisations.units_of(self._view, organisation_id)
        return tuple(self._known[organisation_id][unit_id] for unit_id in unit_ids)


def _outcomes(view: View, query: Select) -> Iterator[EventOutcome]:
    units = _Units(view)
    for row in view.connection.execute(query).all():
        yield _outcome(row, units)


def _reports(view: View, query: Select) -> Iterator[EventReport]:
    units = _Units(view)
    # Not all at once: a report is some hundred times as large as its row.
    for row in view.connection.execute(query).all():
        packed = view.connection.execute(select(_PERIODS.c.periods).where(_PERIODS.c.event == row.number)).scalar_one()
        outcome = _outcome(row, units)
        yield EventReport(outcome, _performance(outcome, packed))


def _outcome(row: Row, units: _Units) -> EventOutcome:
    event = Event(
        row.id, row.dispatch_id, row.organisation_id, row.programme, row.zone, row.zone_name,
        units.of(row.organisation_id, orjson.loads(row.unit_ids)), from_micros(row.start_at), from_micros(row.end_at),
        row.milliwatts, Price(Decimal(row.price), row.price_label, row.price_because))
    instructed, counted = int(row.instructed_energy), int(row.counted_energy)
    statement = EventStatement(
        event, ReportState(row.state), from_micros(row.as_of), Fraction(counted, instructed), Rag(row.rag),
        tuple(map(line_from, orjson.loads(row.lines))))
    return EventOutcome(statement, instructed, int(row.delivered_energy), counted, row.rule, row.missing_periods,
                        row.invoice)


def _packed(performance: EventPerformance) -> bytes:
    content = {
        "periods": [list(period) for period in performance.periods],
        "units": [[unit.unit_id, unit.granularity.value, unit.baseline_words, [list(period) for period in unit.periods]]
                  for unit in performance.units],
        "gaps": [[gap.unit_id, int(gap.start_at.timestamp()), int(gap.end_at.timestamp()), gap.period_count]
                 for gap in performance.gaps]}
    return zlib.compress(orjson.dumps(content), 1)


def _performance(outcome: EventOutcome, packed: bytes) -> EventPerformance:
    content = orjson.loads(zlib.decompress(packed))
    periods = tuple(Period(*values[:-1], tuple(values[-1])) for values in content["periods"])
    units = tuple(UnitPerformance(unit_id, Granularity(granularity), words, tuple(UnitPeriod(*found) for found in own))
                  for unit_id, granularity, words, own in content["units"])
    gaps = tuple(Gap(unit_id, _instant(start), _instant(end), number)
                 for unit_id, start, end, number in content["gaps"])
    return EventPerformance(
        outcome.event, outcome.state, outcome.as_of, periods, units, gaps, outcome.instructed_energy,
        outcome.delivered_energy, outcome.counted_energy, outcome.rag, outcome.rule)


def _instant(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
