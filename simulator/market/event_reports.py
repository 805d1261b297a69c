"""What a month's events say in a table: the rows of the RAG details file (portal guide §3.3)."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.market.performance import EventPerformance, kwh
from simulator.market.provenance import Rule
from simulator.market.quantities import kw_text
from simulator.timekeeping.london import london_text

RULES = (
    Rule("reports.rag_csv",
         "Download CSV gives a zip with the RAG details of all events of the month. Its columns are ours.",
         "documented", "Portal guide §3.3."),
    Rule("reports.pdfs",
         "Download PDFs gives a zip of all reports of the month. Their layout and file names are ours.",
         "documented", "Portal guide §3.3."),
)

RAG_COLUMNS = (
    "event_id", "programme", "zone", "meterable_unit_ids", "event_start", "event_end", "direction", "power_change_kw",
    "instructed_kwh", "delivered_kwh", "counted_kwh", "delivered_percent", "rag_status", "rule",
    "periods_without_reading", "report",
)
"""Of the RAG details CSV. That there is one is documented (portal guide §3.3); its columns are assumed."""


def rag_rows(performances: Iterable[EventPerformance]) -> list[list[str]]:
    """Rows under RAG_COLUMNS, by start and id; instants in London time with offset, energy in kWh.

    Each performance is needed until its row is made only, for it is some hundred times as large.
    """
    found = [(performance.event.start_at, performance.event.id, _row(performance)) for performance in performances]
    return [row for *_, row in sorted(found)]


def _row(performance: EventPerformance) -> list[str]:
    event = performance.event
    return [
        event.id, event.programme, event.zone, " ".join(unit.id for unit in event.units), london_text(event.start_at),
        london_text(event.end_at), event.direction.value, kw_text(event.power_milliwatts),
        f"{kwh(performance.instructed_energy):.3f}", f"{kwh(performance.delivered_energy):.3f}",
        f"{kwh(performance.counted_energy):.3f}",
        f"{performance.share_percent:f}", performance.rag.value, performance.rule,
        str(sum(gap.period_count for gap in performance.gaps)), performance.state.value,
    ]
