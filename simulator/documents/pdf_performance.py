"""The performance report of an event as PDF: provisional after the event, final from the 15th (portal guide §3.3).

What it looks like is ours. It explains itself: every period with what was read, expected, delivered and asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.documents.event_charts import event_chart
from simulator.documents.figures import MINUS, kwh_words, period_words, share_words, short_span_words, watts_words
from simulator.documents.pdf_layout import ASSUMED, ASSUMED_TOO, Column, Fact, Paper
from simulator.documents.pdf_parts import RAG_COLOURS, about, add_rules, event_facts, state_words
from simulator.market.performance import EventPerformance, Period, watt_hours
from simulator.market.policy import MarketPolicy

_PERIOD_COLUMNS = (
    Column("Period, London time", 1.75, is_number=False), Column("Reading kW", 1.1), Column("Baseline kW", 1.1),
    Column("Delivered kW", 1.1), Column("Instructed kW", 1.1), Column(f"Counted kWh {ASSUMED}", 1.1),
    Column(f"Share {ASSUMED}", 1),
)
_UNIT_COLUMNS = (
    Column("Meterable Unit", 1.2, is_number=False), Column("Metered", 1.2, is_number=False),
    Column("Baseline in force", 2.4, is_number=False), Column("Periods", 0.8), Column("Without reading", 0.9),
    Column("Delivered kWh", 1.1),
)


def performance_report_pdf(performance: EventPerformance, organisation: str, policy: MarketPolicy) -> bytes:
    """The report. `organisation` is the name of the FSP.

    The same performance gives the same bytes.
    """
    event, state = performance.event, performance.state
    title = f"Performance report {event.id}"
    paper = Paper(about(title, f"Performance of {organisation} in event {event.id}, {state.value}", performance.as_of),
                  "Performance report", f"Event {event.id}", state.value.capitalize())
    mark = ASSUMED_TOO if policy.label_of("green_from_percent") == "assumed" else ""
    paper.facts(event_facts(event, organisation, performance.as_of))
    paper.gap(4)
    paper.result(f"{performance.share_percent:f} %", performance.rag.value, RAG_COLOURS[performance.rag],
                 [f"{performance.rule}{mark}", state_words(state, "report", policy)])
    paper.facts([
        Fact("Instructed energy", f"{kwh_words(watt_hours(performance.instructed_energy))} kWh"),
        Fact("Delivered energy, as metered", f"{kwh_words(watt_hours(performance.delivered_energy))} kWh"),
        Fact("Energy that counts", f"{kwh_words(watt_hours(performance.counted_energy))} kWh", is_assumed=True),
        Fact("Metering periods", f"{len(performance.periods):,}, {event.granularity.words}"),
    ])
    paper.chart(event_chart(performance))
    _add_gaps(paper, performance)
    _add_units(paper, performance)
    _add_periods(paper, performance)
    add_rules(paper, _rules_that_apply(performance))
    return paper.finished()


def _add_gaps(paper: Paper, performance: EventPerformance) -> None:
    paper.heading("Missing readings", 20)
    if not performance.gaps:
        paper.paragraph("There is a reading for every period of the event.")
    for gap in performance.gaps:
        periods = "1 period" if gap.period_count == 1 else f"{gap.period_count:,} periods"
        paper.paragraph(f"{gap.unit_id}: {periods} without a reading, {short_span_words(gap.start_at, gap.end_at)} "
                        f"London time. A period without a reading delivers nothing.{ASSUMED_TOO}")


def _add_units(paper: Paper, performance: EventPerformance) -> None:
    paper.heading("Meterable Units")
    rows = []
    for unit in performance.units:
        delivered = sum(period.delivered_milliwatts * (period.end - period.start) for period in unit.periods)
        missing = sum(period.reading_milliwatts is None for period in unit.periods)
        rows.append((unit.unit_id, unit.granularity.words, unit.baseline_words.replace(" -", f" {MINUS}"),
                     f"{len(unit.periods):,}", f"{missing:,}", kwh_words(watt_hours(delivered))))
    paper.table(_UNIT_COLUMNS, rows)


def _add_periods(paper: Paper, performance: EventPerformance) -> None:
    paper.heading("Period by period")
    if len(performance.units) > 1:
        paper.paragraph("The units together. A reading in part is that of the units which have one.", small=True)
    names = period_words(performance.periods, "to")
    rows = [_row(period, name) for period, name in zip(performance.periods, names, strict=True)]
    total = ("Event", "", "", "", "", kwh_words(watt_hours(performance.counted_energy)),
             f"{performance.share_percent:f} %")
    paper.table(_PERIOD_COLUMNS, rows, total)


def _row(period: Period, name: str) -> Sequence[str]:
    if period.reading_milliwatts is None:
        reading = "no reading"
    else:
        reading = f"{'in part ' if period.missing else ''}{watts_words(period.reading_milliwatts)}"
    return (name, reading, watts_words(period.baseline_milliwatts), watts_words(period.delivered_milliwatts),
            watts_words(period.instructed_milliwatts), kwh_words(watt_hours(period.counted_energy)),
            share_words(period.counted_energy, period.instructed_energy))


def _rules_that_apply(performance: EventPerformance) -> list[str]:
    """Names of the rules that had a part in it."""
    rules = ["delivered_power", "delivered_share"]
    if performance.gaps:
        rules.append("missing_reading")
    if len(performance.units) > 1:
        rules += ["together", "coarsest_meter"]
    first, last = performance.periods[0], performance.periods[-1]
    if first.start_at < performance.event.start_at or last.end_at > performance.event.end_at:
        rules.append("part_of_a_period")
    return [*rules, "event_end", "baseline_in_force"]
