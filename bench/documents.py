"""The PDFs of a month against bare pages of reportlab with the same chart, in CPU seconds.

Run in a process of its own (`python -m bench.documents [EVENTS]`), prints JSON. Every event has 120 minutes and gives
two documents, a performance report and an earnings statement. For each of them one bare page is written: one chart,
drawn with reportlab's own canvas and settings, from a drawing that was worked out before. The two take turns, so that a
busy machine troubles both alike. `without_ascii85` is the bare page without reportlab's default of writing
pages in letters, which ours do without too; `with_chart` also works out each chart.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

from simulator.documents.bundles import bundle_pieces
from simulator.documents.charts import PowerChart
from simulator.documents.event_charts import event_chart
from simulator.documents.pdf_chart import PENS
from simulator.documents.pdf_files import event_files
from simulator.market.baselines import flat_baseline
from simulator.market.events import Event, Price
from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit
from simulator.market.performance import EventPerformance, Evidence, assess_event
from simulator.market.policy import DEFAULT_POLICY
from simulator.market.saved_reports import EventOutcome
from simulator.operations.settling import outcome_of

_EVENTS = 1_000
_MINUTES = 120
_KW = 1_000_000
_START = datetime(2026, 11, 2, 16, tzinfo=UTC)
_UNIT = MeterableUnit(1, "MU-1001", "brindle", "Battery", "Batteries", 500, Granularity.MINUTE, "CMZ_T7B_SWA_0012",
                      "Ashgrove", "South Wales")
_PRICE = Price(Decimal(240), "assumed", "Price of the policy.")


@dataclass(frozen=True)
class DocumentTimes:
    """CPU seconds for all documents together, and the bytes of their zips."""

    documents: int
    bare: float
    without_ascii85: float
    with_chart: float
    ours: float
    bytes: int


def measure(events: int = _EVENTS) -> DocumentTimes:
    """Both documents of each event in a zip, and two bare pages for each."""
    reports = [_report(number) for number in range(events)]
    chart = event_chart(reports[0][0])
    spent = dict.fromkeys(("bare", "without_ascii85", "with_chart", "ours"), 0.0)
    size = 0

    def add(name: str, work: Callable[[], bytes]) -> int:
        began = time.process_time()
        made = len(work())
        spent[name] += time.process_time() - began
        return made

    for report in reports:
        performance, outcome = report
        rl_config.useA85 = 1
        add("bare", lambda: _bare_page(chart) + _bare_page(chart))
        add("with_chart", lambda performance=performance: _bare_page(event_chart(performance))
            + _bare_page(event_chart(performance)))
        rl_config.useA85 = 0
        add("without_ascii85", lambda: _bare_page(chart) + _bare_page(chart))
        size += add("ours", lambda performance=performance, outcome=outcome: b"".join(bundle_pieces(
            event_files([outcome], lambda _: performance, "Brindle Aggregation Ltd", DEFAULT_POLICY))))
    return DocumentTimes(2 * events, spent["bare"], spent["without_ascii85"], spent["with_chart"], spent["ours"], size)


def _report(number: int) -> tuple[EventPerformance, EventOutcome]:
    end = _START + timedelta(minutes=_MINUTES)
    event = Event(f"D-20261102-{number:04}", f"D-20261102-{number:04}", "brindle", "SAOU", _UNIT.zone, _UNIT.zone_name,
                  (_UNIT,), _START, end, 150 * _KW, _PRICE)
    first = int(_START.timestamp())
    # No two readings alike, so that nothing of a table is known from the one before.
    readings = {first + 60 * minute: -40 * _KW + (number * 7_919 + minute * 104_729) % 20_000 * 1_000
                for minute in range(1, _MINUTES + 1)}
    performance = assess_event(event, {_UNIT.id: Evidence(readings, flat_baseline(-180 * _KW))}, DEFAULT_POLICY, end)
    return performance, outcome_of(performance, DEFAULT_POLICY)


def _bare_page(chart: PowerChart) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595.28, 841.89), invariant=1)
    canvas.setFont("Helvetica", 12)
    canvas.drawString(48, 580, chart.title)
    canvas.setFont("Helvetica", 7.5)
    if chart.window is not None:
        left, right = map(_x, chart.window)
        canvas.setFillGray(0.93)
        canvas.rect(left, 400, right - left, 160, stroke=0, fill=1)
    canvas.setFillGray(0)
    canvas.drawString(48, 568, "kW")
    for place, line in enumerate(chart.lines):
        canvas.line(80 + place * 90, 570, 100 + place * 90, 570)
        canvas.drawString(105 + place * 90, 568, line.curve.value)
    for level in chart.levels:
        canvas.line(60, _y(level.down), 540, _y(level.down))
        canvas.drawRightString(56, _y(level.down), level.label.replace("−", "-"))
    for tick in chart.ticks:
        canvas.line(_x(tick.across), 400, _x(tick.across), 397)
        canvas.drawCentredString(_x(tick.across), 386, tick.label)
    canvas.drawCentredString(300, 370, chart.axis)
    for line in chart.lines:
        canvas.setDash(list(PENS[line.curve].dashes))
        for piece in line.pieces:
            path = canvas.beginPath()
            path.moveTo(_x(piece[0][0]), _y(piece[0][1]))
            for across, down in piece[1:]:
                path.lineTo(_x(across), _y(down))
            canvas.drawPath(path)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _x(across: float) -> float:
    return 60 + across * 480


def _y(down: float) -> float:
    return 400 + (1 - down) * 160


if __name__ == "__main__":
    print(json.dumps(asdict(measure(int(sys.argv[1]) if len(sys.argv) > 1 else _EVENTS))))
