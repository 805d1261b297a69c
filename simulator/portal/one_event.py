"""One event of Reports, Event Reports: its chart, and an explanation of its status and of its earnings."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template

from simulator.documents import pdf_files
from simulator.documents.chart_svg import chart_svg, legend
from simulator.documents.event_charts import event_chart
from simulator.documents.figures import period_words
from simulator.downloads import file_to_keep
from simulator.market.errors import NotFound
from simulator.market.events import Event
from simulator.market.performance import EventPerformance, UnitPerformance, watt_hours
from simulator.market.saved_reports import EventReport
from simulator.operations import events
from simulator.operations.event_surroundings import surroundings_of
from simulator.paging import asked_page
from simulator.portal.guard import my_organisation
from simulator.portal.month_words import surroundings
from simulator.web import current_world

_PLACE = "/reports/event-reports/<event_id>"
_PERIODS_A_PAGE = 240
_NUMBERS = ("green_from_percent", "amber_from_percent", "full_payment_from_percent", "payment_slope",
            "no_payment_up_to_percent", "finalising_day")


def add_routes(blueprint: Blueprint) -> None:
    """The page, and the two documents."""
    blueprint.add_url_rule(_PLACE, "event_page", event_page)
    blueprint.add_url_rule(f"{_PLACE}/performance-report.pdf", "performance_report", performance_report)
    blueprint.add_url_rule(f"{_PLACE}/earnings-statement.pdf", "earnings_statement", earnings_statement)


def event_page(event_id: str) -> Any:
    """The event with the time around it, period by period."""
    report = _report_or_404(event_id)
    performance = report.performance
    with current_world.view() as view:
        chart = event_chart(performance, surroundings_of(view, performance.event))
    page = asked_page(len(performance.periods), _PERIODS_A_PAGE)
    named = list(zip(period_words(performance.periods), performance.periods, strict=True))
    return render_template(
        "portal/event.html", outcome=report.outcome, event=performance.event, performance=performance,
        periods=page.part_of(named), page=page,
        drawing=chart_svg(chart), samples=legend(chart),
        watt_hours=watt_hours, unit_rows=[_unit_row(unit) for unit in performance.units],
        **surroundings(current_world.settings.market, _NUMBERS, _rules_of(performance)))


def performance_report(event_id: str) -> Response:
    """The performance report, provisional or final."""
    performance = _report_or_404(event_id).performance
    return _pdf(pdf_files.performance_report(performance, my_organisation().name, current_world.settings.market),
                pdf_files.performance_report_name(performance))


def earnings_statement(event_id: str) -> Response:
    """The earnings statement, provisional or final."""
    try:
        with current_world.view() as view:
            statement = events.event_outcome(view, my_organisation().id, event_id).statement
    except NotFound as error:
        abort(404, str(error))
    return _pdf(pdf_files.earnings_statement(statement, my_organisation().name, current_world.settings.market),
                pdf_files.earnings_statement_name(statement))


def _report_or_404(event_id: str) -> EventReport:
    try:
        with current_world.view() as view:
            return events.event_report(view, my_organisation().id, event_id)
    except NotFound as error:
        abort(404, str(error))


def _pdf(content: bytes, name: str) -> Response:
    return file_to_keep(content, "application/pdf", name)


def _unit_row(unit: UnitPerformance) -> dict[str, Any]:
    energy = sum(period.delivered_milliwatts * (period.end - period.start) for period in unit.periods)
    return {"id": unit.unit_id, "metered": unit.granularity.words, "baseline": unit.baseline_words,
            "periods": len(unit.periods), "delivered": watt_hours(energy),
            "missing": sum(period.reading_milliwatts is None for period in unit.periods)}


def _rules_of(performance: EventPerformance) -> list[str]:
    """Names of the rules that had a part in it."""
    event: Event = performance.event
    found = ["delivered_power", "delivered_share"]
    found += ["missing_reading"] if performance.gaps else []
    found += ["together", "coarsest_meter"] if len(event.units) > 1 else []
    covered = sum(period.end - period.start for period in performance.periods)
    found += ["part_of_a_period"] if covered > (event.end_at - event.start_at).total_seconds() else []
    return [*found, "event_end", "baseline_in_force", "utilisation", "rounding"]
