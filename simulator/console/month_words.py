"""Journal entries of the market month in words: baselines, declarations, decisions, events, invoices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from simulator.market.settlement import pounds_text, price_text
from simulator.timekeeping.london import london_time

GROUPS: dict[str, tuple[str, ...]] = {
    "Market": ("baseline.", "declaration.", "acceptance_rule.", "week.", "schedule.", "event.", "invoice."),
}

_Data = Mapping[str, Any]


def _week(text: str) -> str:
    day = date.fromisoformat(text)
    return f"the week of {day.day} {day:%b %Y}"


def _at(text: str) -> str:
    return london_time(datetime.fromisoformat(text), "%a %d %b %H:%M")


def counted(number: int, word: str) -> str:
    """So many of something: 1 reading, 1,440 readings."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _made(data: _Data) -> str:
    weeks = f"every week from {_week(data['week'])} on" if data["repeats"] else _week(data["week"])
    instead = f", in place of {data['replaces']}" if data.get("replaces") else ""
    return (f"{data['organisation']} declared {data['power_kw']} kW of {data['unit']} for {data['programme']} in "
            f"{weeks}: {', '.join(data['windows'])}{instead}")


def _withdrawn(data: _Data) -> str:
    if data.get("last_week"):
        return (f"{data['organisation']}'s declaration {data['declaration']} repeats no longer: its last is "
                f"{_week(data['last_week'])}")
    return f"{data['organisation']} withdrew the declaration {data['declaration']}"


def _week_decided(data: _Data) -> str:
    return (f"{_week(data['week'])} decided{' again' if data['again'] else ''}, {data['rule']}: {data['accepted']:,} "
            f"of {counted(data['windows'], 'window')} accepted")


def _decided(data: _Data) -> str:
    told = f"declaration {data['declaration']}, {data['window']}: {data['verdict'].replace('_', ' ')}"
    if data.get("accepted_kw"):
        told += f", {data['accepted_kw']} kW {_at(data['acceptance_start'])} to {_at(data['acceptance_end'])}"
    if data.get("awarded_price"):
        told += f" at {price_text(Decimal(data['awarded_price']))} a MWh"
    return f"{told}. {data['because']}"


def _settled(data: _Data) -> str:
    gaps = data["periods_without_reading"]
    missing = f", {counted(gaps, 'period')} without reading" if gaps else ""
    return (f"event {data['event']} of {data['organisation']}, {data['state']}: {data['rag']}, "
            f"{data['delivered_percent']} % delivered{missing}, {pounds_text(data['pence'])}")


LINES: dict[str, Callable[[_Data], str]] = {
    "baseline.set": lambda data: f"baseline of {data['unit']} of {data['organisation']} set: {data['baseline']}",
    "declaration.made": _made,
    "declaration.withdrawn": _withdrawn,
    "declaration.decided": _decided,
    "acceptance_rule.set": lambda data: f"weeks are decided by another rule: {data['rule']}",
    "week.decided": _week_decided,
    "schedule.refused": lambda data: f"acceptance of {data['declaration']} of {data['organisation']} became no "
                                     f"dispatch: {' '.join(data['reasons'])}",
    "event.settled": _settled,
    "invoice.final": lambda data: f"invoice {data['invoice']} is final: {pounds_text(data['pence'])} for "
                                  f"{counted(data['events'], 'event')} in {data['zone']}",
}
"""A line for each kind, from what the entry says."""
