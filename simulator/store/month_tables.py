"""The tables of the market month; conventions as in `tables`. Prices are decimal text, in pounds; weeks are Mondays.

What is final cannot change: the database refuses it, whoever asks.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from simulator.store.engine import Unchangeable
from simulator.store.tables import metadata

baselines = Table(
    "baselines", metadata,
    Column("number", Integer, primary_key=True),
    Column("unit", Integer, ForeignKey("units.number"), nullable=False),
    Column("in_force_from", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("granularity", Text, nullable=False),
    Column("milliwatts", LargeBinary, nullable=False),
    Index("baselines_of_unit", "unit", "in_force_from"),
)


def _declared() -> list[Column]:
    """What own and static declarations have in common."""
    return [
        Column("number", Integer, primary_key=True),
        Column("id", Text, nullable=False, unique=True),
        Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False),
        Column("programme", Text, nullable=False),
        Column("unit_id", Text, ForeignKey("units.id"), nullable=False),
        Column("zone", Text, nullable=False),
        Column("windows", Text, nullable=False),
        Column("milliwatts", BigInteger, nullable=False),
        Column("direction", Text, nullable=False),
        Column("bid_price", Text),
        Column("availability_price", Text),
        Column("made_at", BigInteger, nullable=False),
    ]


declarations = Table(
    "declarations", metadata,
    *_declared(),
    Column("week", Text, nullable=False),
    Column("static_id", Text),
    Column("withdrawn_at", BigInteger),
    Index("declarations_of_week", "week", "organisation_id"),
)

static_declarations = Table(
    "static_declarations", metadata,
    *_declared(),
    Column("first_week", Text, nullable=False),
    Column("last_week", Text),
    Index("static_declarations_of", "organisation_id"),
)

acceptance_rule = Table(
    "acceptance_rule", metadata,
    Column("id", Integer, primary_key=True),
    Column("rule", Text, nullable=False),
)

_OF_A_FINAL_MONTH = "substr({row}.week, 1, 7) <= (SELECT max(month) FROM finalised_months)"
"""A week is of the month of its Monday: when that is final, all of the week is over."""

decided_weeks = Table(
    "decided_weeks", metadata,
    Column("week", Text, primary_key=True),
    Column("decided_at", BigInteger, nullable=False),
    Column("rule_words", Text, nullable=False),
    Column("journal_entry", Integer, nullable=False),
    info={"unchangeable": Unchangeable(_OF_A_FINAL_MONTH)},
)

decisions = Table(
    "decisions", metadata,
    Column("number", Integer, primary_key=True),
    Column("week", Text, ForeignKey("decided_weeks.week"), nullable=False),
    Column("declaration_id", Text, ForeignKey("declarations.id"), nullable=False, index=True),
    Column("window", Integer, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("acceptance_start", BigInteger),
    Column("acceptance_end", BigInteger),
    Column("milliwatts", BigInteger, nullable=False),
    Column("bid_price", Text),
    Column("awarded_price", Text),
    Column("dispatch_id", Text),
    Index("decisions_of_week", "week"),
    Index("decisions_by_time", "acceptance_start", "acceptance_end"),
    info={"unchangeable": Unchangeable(_OF_A_FINAL_MONTH)},
)

to_settle = Table(
    "to_settle", metadata,
    Column("dispatch_id", Text, ForeignKey("dispatches.id"), primary_key=True),
    Column("due_at", BigInteger, nullable=False, index=True),
    Column("cause", Integer),
)
"""Dispatches whose events are to be worked out: at their end, and again as soon as readings of their time come in."""

watched = Table(
    "watched", metadata,
    Column("unit", Integer, primary_key=True, autoincrement=False),
    Column("last_end", Integer, primary_key=True, autoincrement=False),
    Column("dispatch_id", Text, primary_key=True),
    Column("first_end", Integer, nullable=False),
    Index("watched_dispatch", "dispatch_id"),
    sqlite_with_rowid=False,
)
"""Units and period ends (whole seconds) whose readings change an event that is not final yet."""

events = Table(
    "events", metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("dispatch_id", Text, ForeignKey("dispatches.id"), nullable=False, index=True),
    Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False),
    Column("month", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("zone_name", Text, nullable=False),
    Column("programme", Text, nullable=False),
    Column("unit_ids", Text, nullable=False),
    Column("start_at", BigInteger, nullable=False),
    Column("end_at", BigInteger, nullable=False),
    Column("milliwatts", BigInteger, nullable=False),
    Column("price", Text, nullable=False),
    Column("price_label", Text, nullable=False),
    Column("price_because", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("policy", Text, nullable=False),
    # Milliwatt-seconds are texts: an event of the largest power and length has more than 64 bits of them.
    Column("instructed_energy", Text, nullable=False),
    Column("delivered_energy", Text, nullable=False),
    Column("counted_energy", Text, nullable=False),
    Column("rag", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("missing_periods", Integer, nullable=False),
    Column("pence", BigInteger, nullable=False),
    Column("lines", Text, nullable=False),
    Column("invoice", Text),
    Index("events_of_organisation", "organisation_id", "month", "zone", "start_at"),
    Index("events_of_month", "month", "start_at"),
    Index("events_by_start", "start_at"),
    Index("events_of_invoice", "invoice"),
    info={"unchangeable": Unchangeable("{row}.state = 'final'")},
)

event_periods = Table(
    "event_periods", metadata,
    Column("event", Integer, ForeignKey("events.number"), primary_key=True, autoincrement=False),
    Column("periods", LargeBinary, nullable=False),
    info={"unchangeable": Unchangeable("(SELECT state FROM events WHERE number = {row}.event) = 'final'")},
)
"""The periods of an event's report, apart from the events, whose list they would slow down."""

invoices = Table(
    "invoices", metadata,
    Column("number", Text, primary_key=True),
    Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False, index=True),
    Column("organisation_name", Text, nullable=False),
    Column("month", Text, nullable=False, index=True),
    Column("zone", Text, nullable=False),
    Column("zone_name", Text, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("event_count", Integer, nullable=False),
    Column("utilisation_pence", BigInteger, nullable=False),
    Column("availability_pence", BigInteger, nullable=False),
    info={"unchangeable": Unchangeable()},
)

availability_payments = Table(
    "availability_payments", metadata,
    Column("number", Integer, primary_key=True),
    Column("invoice", Text, ForeignKey("invoices.number"), nullable=False, index=True),
    Column("zone", Text, nullable=False),
    Column("zone_name", Text, nullable=False),
    Column("unit_id", Text, nullable=False),
    Column("programme", Text, nullable=False),
    Column("start_at", BigInteger, nullable=False),
    Column("end_at", BigInteger, nullable=False),
    Column("line", Text, nullable=False),
    info={"unchangeable": Unchangeable()},
)
"""Of final invoices; of drafts they are worked out as long as nothing is final."""
