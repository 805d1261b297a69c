"""CSV files of a month: acceptance decisions (portal guide §3.2), and RAG details in a zip (portal guide §3.3).

That the files exist is documented, as are four columns of the Acceptance CSV; all other columns are assumed. Times are
London times with their offset, power is in kW, energy in kWh.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from simulator.documents.bundles import Content, bundle, file_name
from simulator.documents.csv_files import write_rows
from simulator.market.acceptance import Decision, acceptance_rows
from simulator.market.declarations import ACCEPTANCE_COLUMNS
from simulator.market.event_reports import RAG_COLUMNS, rag_rows
from simulator.market.performance import EventPerformance, Period, kwh
from simulator.market.quantities import kw_text
from simulator.timekeeping.london import london_text, to_london

PERIOD_COLUMNS = (
    "event_id", "period_start", "period_end", "reading_kw", "baseline_kw", "delivered_kw", "instructed_kw",
    "counted_kwh", "share_percent", "units_without_reading",
)
"""Of the file of each event's periods, which explains its RAG status; assumed."""

_NEGATIVE = re.compile(r"-\d+(?:\.\d+)?\Z", re.ASCII)


def acceptance_csv(decisions: Iterable[Decision]) -> bytes:
    """Every declaration of a week with what was decided; what was not accepted has empty cells."""
    return _csv(ACCEPTANCE_COLUMNS, acceptance_rows(decisions))


def rag_details_csv(performances: Iterable[EventPerformance]) -> bytes:
    """One row for each event, in order of its start: the status, what it was made of, and the rule that made it."""
    return _csv(RAG_COLUMNS, rag_rows(performances))


def event_periods_csv(performance: EventPerformance) -> bytes:
    """One row for each period of an event."""
    return _csv(PERIOD_COLUMNS, [_period_row(performance.event.id, period) for period in performance.periods])


def rag_details_zip(month: str, performances: Iterable[EventPerformance]) -> bytes:
    """What "Download CSV" gives for a month such as `2026-10`: a table of all events, and the periods of each.

    The same events give the same bytes.
    """
    files: dict[str, Content] = {}
    files[file_name((month, "rag-details"), ".csv")] = rag_details_csv(_with_periods(performances, files))
    return bundle(files)


def _with_periods(performances: Iterable[EventPerformance], files: dict[str, Content]) -> Iterator[EventPerformance]:
    """The same performances; the file of each one's periods is added on the way, so that none is kept."""
    for performance in performances:
        day = to_london(performance.event.start_at).date().isoformat()
        files[f"periods/{file_name((day, performance.event.id), '.csv')}"] = event_periods_csv(performance)
        yield performance


def _period_row(event_id: str, period: Period) -> list[str]:
    percent = Decimal(int(period.share * 10_000)) / 100
    return [
        event_id, london_text(period.start_at), london_text(period.end_at),
        "" if period.reading_milliwatts is None else kw_text(period.reading_milliwatts),
        kw_text(period.baseline_milliwatts), kw_text(period.delivered_milliwatts),
        kw_text(period.instructed_milliwatts), f"{kwh(period.counted_energy):.3f}",
        f"{percent:.2f}", " ".join(period.missing),
    ]


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    # As text a negative number would be defused like a formula.
    return write_rows(columns, [[Decimal(cell) if _NEGATIVE.match(cell) else cell for cell in row] for row in rows])
