"""Decisions on the declarations of a week, and the rule that makes them on Thursdays."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Row, Select, bindparam, delete, select

from simulator.market.acceptance import AcceptanceRule, Decision, Offer, Requirement, RuleKind, Verdict
from simulator.market.declarations import LONGEST_WINDOW, Declaration
from simulator.market.events import Direction
from simulator.store import month_tables
from simulator.store.declarations import declaration_from, price_from, price_text, windows_from
from simulator.store.engine import BulkStatement, NamedQuery, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work

_TABLE, _WEEKS, _RULE = month_tables.decisions, month_tables.decided_weeks, month_tables.acceptance_rule
_ADD = BulkStatement(insert(_TABLE), (
    "week", "declaration_id", "window", "verdict", "because", "acceptance_start", "acceptance_end", "milliwatts",
    "bid_price", "awarded_price", "dispatch_id"))


@dataclass(frozen=True, slots=True)
class DecidedWeek:
    """A week that was decided: when, by which rule, and the entry of the journal that says so."""

    week: date
    decided_at: datetime
    rule_words: str
    journal_entry: int


def add_week(work: Work, week: DecidedWeek, decisions: Sequence[Decision], dispatch_ids: Mapping[int, str]) -> None:
    """Store the decisions on a week; `dispatch_ids` are by place in `decisions`."""
    work.connection.execute(insert(_WEEKS), {
        "week": week.week.isoformat(), "decided_at": to_micros(week.decided_at), "rule_words": week.rule_words,
        "journal_entry": week.journal_entry})
    _ADD.run(work.connection, [(
        week.week.isoformat(), decision.offer.declaration.id, decision.offer.index, decision.verdict.value,
        decision.because, _micros(decision.acceptance_start), _micros(decision.acceptance_end),
        decision.accepted_milliwatts, price_text(decision.utilisation_bid_price),
        price_text(decision.utilisation_awarded_price), dispatch_ids.get(place))
        for place, decision in enumerate(decisions)])


def remove_week(work: Work, week: date) -> None:
    """Forget the decisions on a week, which are made anew."""
    work.connection.execute(delete(_TABLE).where(_TABLE.c.week == week.isoformat()))
    work.connection.execute(delete(_WEEKS).where(_WEEKS.c.week == week.isoformat()))


def decided_week(view: View, week: date) -> DecidedWeek | None:
    """When and how a week was decided; None before that."""
    row = _DECIDED.first(view.connection, week.isoformat())
    return None if row is None else DecidedWeek(
        date.fromisoformat(row.week), from_micros(row.decided_at), row.rule_words, row.journal_entry)


def decisions_of_week(view: View, organisation_id: str | None, week: date) -> list[tuple[Decision, str | None]]:
    """Decisions on a week with the ids of the dispatches they became, in the order in which they were made."""
    return [_decision(row) for row in _OF_WEEK.all(view.connection, week.isoformat())
            if organisation_id in (None, row.organisation_id)]


def acceptances_between(view: View, organisation_id: str, start: datetime, end: datetime,
                        programmes: Collection[str] | None = None) -> list[Decision]:
    """Acceptances of an organisation that overlap [start, end), by start."""
    # None is longer, so those that began earlier have ended before.
    since = to_micros(start - LONGEST_WINDOW)
    rows = _OVERLAPPING.all(view.connection, organisation_id, since, to_micros(end), to_micros(start))
    found = [_decision(row)[0] for row in rows if programmes is None or row.programme in programmes]
    return sorted(found, key=lambda decision: (decision.acceptance_start or start, decision.offer.key))


_OF_DECISION = ("window", "verdict", "because", "acceptance_start", "acceptance_end", "milliwatts", "bid_price",
                "awarded_price", "dispatch_id")


def _joined() -> Select:
    made = [_TABLE.c[name].label(f"decided_{name}") for name in _OF_DECISION]
    return select(month_tables.declarations, *made).join(
        month_tables.declarations, month_tables.declarations.c.id == _TABLE.c.declaration_id).order_by(_TABLE.c.number)


# What happens with every event, or week, is compiled once.
_OF_WEEK = NamedQuery(_joined().where(_TABLE.c.week == bindparam("of_week")))
_OVERLAPPING = NamedQuery(_joined().where(
    month_tables.declarations.c.organisation_id == bindparam("of_organisation"),
    _TABLE.c.acceptance_start > bindparam("since"), _TABLE.c.acceptance_start < bindparam("until"),
    _TABLE.c.acceptance_end > bindparam("start")))
_DECIDED = NamedQuery(select(_WEEKS).where(_WEEKS.c.week == bindparam("of_week")))


def load_rule(view: View) -> AcceptanceRule | None:
    """The rule by which weeks are decided, if one was ever set."""
    text = view.connection.execute(select(_RULE.c.rule)).scalar()
    return None if text is None else _rule(orjson.loads(text))


def save_rule(work: Work, rule: AcceptanceRule) -> None:
    """Set the rule by which weeks are decided."""
    content = {
        "kind": rule.kind.value, "power_percent": str(rule.power_percent),
        "starts_later_minutes": rule.starts_later_minutes, "ends_earlier_minutes": rule.ends_earlier_minutes,
        "requirements": [{
            "zone": found.zone, "milliwatts": found.power_milliwatts, "programme": found.programme,
            "direction": found.direction.value,
            "window": [found.window.day_of_week, found.window.start.isoformat(), found.window.end.isoformat()],
        } for found in rule.requirements]}
    text = orjson.dumps(content).decode()
    statement = insert(_RULE).values(id=1, rule=text)
    work.connection.execute(statement.on_conflict_do_update(index_elements=[_RULE.c.id], set_={"rule": text}))


def _rule(content: Mapping[str, Any]) -> AcceptanceRule:
    return AcceptanceRule(
        RuleKind(content["kind"]), Decimal(content["power_percent"]), content["starts_later_minutes"],
        content["ends_earlier_minutes"],
        tuple(Requirement(found["zone"], windows_from([found["window"]])[0], found["milliwatts"], found["programme"],
                          Direction(found["direction"])) for found in content["requirements"]))


def _decision(row: Row) -> tuple[Decision, str | None]:
    declaration: Declaration = declaration_from(row)
    index = row.decided_window
    offer = Offer(declaration, index, *declaration.windows[index].interval(declaration.week))
    return Decision(
        offer, Verdict(row.decided_verdict), row.decided_because, _instant(row.decided_acceptance_start),
        _instant(row.decided_acceptance_end), row.decided_milliwatts, price_from(row.decided_bid_price),
        price_from(row.decided_awarded_price)), row.decided_dispatch_id


def _micros(instant: datetime | None) -> int | None:
    return None if instant is None else to_micros(instant)


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
