"""What a month's events say in a table: the rows of the RAG details file (portal guide §3.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from simulator.market.performance import EventPerformance, watt_hours
from simulator.market.quantities import kw_text
from simulator.timekeeping.london import to_london

RAG_COLUMNS = (
    "event_id", "programme", "zone", "meterable_unit_ids", "event_start", "event_end", "direction", "power_change_kw",
    "instructed_kwh", "delivered_kwh", "counted_kwh", "delivered_percent", "rag_status", "rule",
    "periods_without_reading", "report",
)
"""Of the RAG details CSV. That there is one is documented (portal guide §3.3); its columns are assumed."""


def rag_rows(performances: Iterable[EventPerformance]) -> list[list[str]]:
    """Rows under RAG_COLUMNS, by start and id; instants in London time with offset, energy in kWh."""
    found = sorted(performances, key=lambda performance: (performance.event.start_at, performance.event.id))
    return [_row(performance) for performance in found]


def _row(performance: EventPerformance) -> list[str]:
    event = performance.event
    return [
        event.id, event.programme, event.zone, " ".join(unit.id for unit in event.units), _london(event.start_at),
        _london(event.end_at), event.direction.value, kw_text(event.power_milliwatts),
        _kwh(performance.instructed_energy), _kwh(performance.delivered_energy), _kwh(performance.counted_energy),
        f"{performance.share_percent:f}", performance.rag.value, performance.rule,
        str(sum(gap.period_count for gap in performance.gaps)), performance.state.value,
    ]


def _london(instant: datetime) -> str:
    return to_london(instant).isoformat(timespec="minutes")


def _kwh(milliwatt_seconds: int) -> str:
    return f"{Decimal(watt_hours(milliwatt_seconds)) / 1000:.3f}"
