"""The record of a saved world: what had happened in it, at absolute times, and stands as it stood.

What can be worked out is left to be worked out again: provisional events, and drafts of invoices.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from simulator.market.dispatches import Dispatch, Instruction, State
from simulator.market.outbox import MessageKind, MessageState
from simulator.market.policy import MarketPolicy
from simulator.market.quantities import power_from_kw
from simulator.operations import deciding
from simulator.operations.dispatching import content_of, lane_of
from simulator.operations.fixture_events import line_from_row, line_row, report_from
from simulator.operations.fixture_market import rule_from
from simulator.operations.fixture_rows import (
    DECISIONS,
    DECLARATIONS,
    DISPATCHES,
    FAULTS,
    FINAL_MONTHS,
    FLOWS,
    INVOICES,
    PAYMENTS,
    SMP_ASSETS,
    SMP_UNITS,
    STATIC_DECLARATIONS,
    WEEKS,
)
from simulator.operations.fixture_text import OneLine
from simulator.operations.settling import AT_A_TIME, settle_due_events
from simulator.store import events, organisations, outbox, settling, smp_units
from simulator.store.saved_rows import Saved, instant_text
from simulator.store.work import View, Work
from simulator.timekeeping.instants import read_instant

STILL_TO_SEND = (MessageState.WAITING, MessageState.UNDER_WAY, MessageState.HELD)
"""Where messages stand that go out some time."""

Rows = list[dict[str, Any]]


def start_record(work: Work, content: Mapping[str, Any], policy: MarketPolicy) -> None:
    """Put what a record says into a new world, whose organisations and units are there already."""
    record = content["record"]
    units = {entry["id"]: organisations.units_of(work, entry["id"]) for entry in content["organisations"]}
    _add(work, FINAL_MONTHS, record.get("final_months", ()))
    if "acceptance" in record:
        deciding.set_acceptance_rule(work, rule_from(record["acceptance"]))
    for saved, rows in ((STATIC_DECLARATIONS, record.get("static_declarations", ())), (DECLARATIONS, declared(record))):
        _add(work, saved, rows, lambda row: {"zone": units[row["organisation"]][row["unit"]].zone})
    called = {row["id"]: dispatch_from(row) for row in record.get("dispatches", ())}
    _add(work, DISPATCHES, record.get("dispatches", ()))
    _add_weeks(work, record.get("weeks", ()))
    _add_invoices(work, record.get("invoices", ()))
    for row in record.get("final_events", ()):
        dispatch = called[row["dispatch"]]
        events.save(work, report_from(row, dispatch, units[dispatch.organisation_id]), row["policy"])
    for row in record.get("dispatches", ()):
        _add_messages(work, called[row["id"]], row.get("messages", ()))
    _add(work, FAULTS, record.get("faults", ()))
    _add_registered(work, record, content)
    _settle(work, called, {row["dispatch"] for row in record.get("final_events", ())}, policy)


def dispatch_from(row: Mapping[str, Any]) -> Dispatch:
    """A dispatch as a record says it. Raises ValueError in plain words."""
    return Dispatch(
        row["id"], row["organisation"], row["programme"], tuple(row["units"]), read_instant(row["start"]),
        read_instant(row["end"]), power_from_kw(row["power_kw"]), timedelta(seconds=row["notice_seconds"]),
        State(row["state"]), read_instant(row["made_at"]),
        read_instant(row["stopped_at"]) if "stopped_at" in row else None)


def declared(record: Mapping[str, Any]) -> Rows:
    """The declarations of a record. Those that were written down from a repeating one say only what is different."""
    statics = {row["id"]: row for row in record.get("static_declarations", ())}
    return [{**_repeated(statics.get(row.get("static"), {}), row["week"]), **row}
            for row in record.get("declarations", ())]


def _repeated(static: Mapping[str, Any], week: str) -> dict[str, Any]:
    if not static:
        return {}
    same = {name: value for name, value in static.items() if name not in ("first_week", "last_week")}
    return {**same, "id": f"{static['id']}-{week}"}


def record_of(view: View) -> dict[str, Any]:
    """The record of a world but for its rule and its final events."""
    statics = {row["id"]: row for row in STATIC_DECLARATIONS.rows(view)}
    declarations = []
    for row in DECLARATIONS.rows(view):
        usual = _repeated(statics.get(row.get("static"), {}), row["week"])
        kept = {name: value for name, value in row.items() if usual.get(name) != value}
        # What the repeating one has and this one has not could not be told by leaving it out.
        declarations.append(OneLine(kept if usual.keys() <= row.keys() else row))
    return {
        "final_months": FINAL_MONTHS.rows(view),
        "static_declarations": list(map(OneLine, statics.values())),
        "declarations": declarations,
        "weeks": [{**week, "decisions": DECISIONS.rows(view, week=week["week"])} for week in WEEKS.rows(view)],
        "dispatches": [OneLine(_with_messages(view, row)) for row in DISPATCHES.rows(view)],
        "invoices": [{**row, "availability": _payments_of(view, row["number"])} for row in INVOICES.rows(view)],
        "faults": [OneLine({name: value for name, value in row.items() if value != _USUAL.get(name)})
                   for row in FAULTS.rows(view)],
        "smp_units": SMP_UNITS.rows(view),
        "smp_assets": _assets(view),
    }


def flows_of(view: View, organisation_id: str) -> Rows:
    """The flows that were seen from a participant."""
    return FLOWS.rows(view, organisation_id=organisation_id)


_USUAL = {"nth": 1, "probability": 1.0, "seed": 0, "seen": 0, "applied": 0}


def _add(work: Work, saved: Saved, rows: Any, more: Any = lambda row: {}) -> None:
    usual = {column: _USUAL[name] for name, (column, _) in saved.columns.items() if name in _USUAL}
    saved.add(work, [
        {**{column: usual.get(column) if value is None else value for column, value in saved.values(row).items()},
         **more(row)} for row in rows])


def _add_weeks(work: Work, weeks: Any) -> None:
    # The journal of the other world is not here; the entry that begins this one stands for what it said.
    _add(work, WEEKS, weeks, lambda row: {"journal_entry": work.cause})
    for week in weeks:
        _add(work, DECISIONS, week["decisions"], lambda row, week=week: {"week": week["week"]})


def _add_invoices(work: Work, invoices: Any) -> None:
    _add(work, INVOICES, invoices)
    for invoice in invoices:
        _add(work, PAYMENTS, invoice.get("availability", ()), lambda row, invoice=invoice: {
            "invoice": invoice["number"],
            "line": orjson.dumps(events.line_values(line_from_row(row["line"]))).decode()})


def _payments_of(view: View, number: str) -> Rows:
    rows = PAYMENTS.rows(view, invoice=number)
    lines = [line_row(events.line_from(values)) for values in PAYMENTS.plain(view, "line", invoice=number)]
    return [OneLine({**row, "line": line}) for row, line in zip(rows, lines, strict=True)]


def _with_messages(view: View, row: dict[str, Any]) -> dict[str, Any]:
    waiting = [message for message in outbox.messages_in_lane(view, lane_of(row["id"]))
               if message.state in STILL_TO_SEND]
    if not waiting:
        return row
    return {**row, "messages": [{
        "says": message.content["instruction"], "due_at": instant_text(message.due_at),
        **({} if (end := instant_text(read_instant(message.content["end_time"]))) == row["end"] else {"end": end}),
    } for message in waiting]}


def _add_messages(work: Work, dispatch: Dispatch, messages: Any) -> None:
    for row in messages:
        end_at = read_instant(row["end"]) if "end" in row else dispatch.end_at
        content = content_of(dispatch, Instruction(row["says"]), end_at)
        outbox.add_message(work, MessageKind.DISPATCH, dispatch.organisation_id, lane_of(dispatch.id), content,
                           read_instant(row["due_at"]))


def _add_registered(work: Work, record: Mapping[str, Any], content: Mapping[str, Any]) -> None:
    for entry in content["organisations"]:
        _add(work, FLOWS, entry.get("smp", {}).get("flows_seen", ()), lambda row, entry=entry: {
            "organisation_id": entry["id"], "journal_entry": work.cause})
    _add(work, SMP_UNITS, record.get("smp_units", ()))
    numbers = smp_units.numbers(work)
    _add(work, SMP_ASSETS, record.get("smp_assets", ()), lambda row: {
        "number": int(row["id"].partition("-")[2]), "unit_number": numbers.get(row.get("unit", "")),
        **{name: row["details"].get(name, "") for name in ("external_reference", "name", "mpan", "gsp_group_id")}})


def _assets(view: View) -> Rows:
    ids = {number: unit_id for unit_id, number in smp_units.numbers(view).items()}
    aligned = SMP_ASSETS.plain(view, "unit_number", is_json=False)
    return [{**row, **({} if number is None else {"unit": ids[number]})}
            for row, number in zip(SMP_ASSETS.rows(view), aligned, strict=True)]


def _settle(work: Work, dispatches: Mapping[str, Dispatch], final: set[str], policy: MarketPolicy) -> None:
    """Work out again what was provisional, and expect the ends that are still to come."""
    for dispatch in dispatches.values():
        if dispatch.id not in final and dispatch.state is not State.CANCELLED:
            settling.expect(work, dispatch.id, min(dispatch.end_at, dispatch.stopped_at or dispatch.end_at), None)
    while settle_due_events(work, policy) == AT_A_TIME:
        pass
