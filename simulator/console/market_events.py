"""The Events pages: what dispatches became, with the status of each, and one with everything that made it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from simulator.documents import pdf_files
from simulator.documents.chart_svg import chart_svg, legend
from simulator.documents.event_charts import event_chart
from simulator.documents.figures import period_words, price_words
from simulator.downloads import attachment_answer
from simulator.market.errors import NotFound
from simulator.market.events import Event
from simulator.market.letters import Attachment
from simulator.market.month_letters import window_words
from simulator.market.performance import Rag, kwh_text
from simulator.market.saved_reports import EventReport
from simulator.market.settlement import pounds_text
from simulator.operations import events
from simulator.operations.event_surroundings import surroundings_of
from simulator.operations.participants import names_of, participant
from simulator.paging import page_number
from simulator.web import current_world

RAG_CLASSES = {Rag.GREEN: "state-good", Rag.AMBER: "state-waiting", Rag.RED: "state-bad"}
"""How the badge of each status looks; it says the word as well."""


def add_routes(blueprint: Blueprint) -> None:
    """List events, look at one, get its documents."""
    place = "/events/<event_id>"
    blueprint.add_url_rule("/events", "events_page", events_page)
    blueprint.add_url_rule(place, "event_page", event_page)
    blueprint.add_url_rule(f"{place}/performance-report.pdf", "event_performance_report", performance_report)
    blueprint.add_url_rule(f"{place}/earnings-statement.pdf", "event_earnings_statement", earnings_statement)


def events_page() -> Any:
    """Events of everybody, the newest first; of a participant, a month, a zone where the request names one."""
    given = {name: request.args.get(name, "")[:100] for name in ("participant", "month", "zone")}
    with current_world.view() as view:
        names = names_of(view)
        months, zones = events.event_months(view, None), events.event_zones(view, None)
        page = events.events_of(view, given["participant"] or None, given["month"] or None, given["zone"] or None,
                                page_number())
    return render_template(
        "console/events.html", page=page, given=given, names=names, months=months, zones=zones, rags=RAG_CLASSES,
        pounds=pounds_text, window_words=window_words)


def event_page(event_id: str) -> Any:
    """One event: the chart, the rule that made its status, the lines that made its earnings, every period."""
    report = _report(event_id)
    event = report.outcome.event
    with current_world.view() as view:
        chart = event_chart(report.performance, surroundings_of(view, event))
        owner = participant(view, event.organisation_id)
    periods = report.performance.periods
    return render_template(
        "console/event.html", outcome=report.outcome, event=event, performance=report.performance, owner=owner,
        periods=list(zip(period_words(periods), periods, strict=True)), price=price_words,
        drawing=chart_svg(chart), samples=legend(chart), rags=RAG_CLASSES, pounds=pounds_text, kwh=kwh_text)


def performance_report(event_id: str) -> Response:
    """The performance report as the participant gets it."""
    report = _report(event_id)
    return _pdf(pdf_files.performance_report_name(report.performance), pdf_files.performance_report(
        report.performance, _owner_name(report.outcome.event), current_world.settings.market))


def earnings_statement(event_id: str) -> Response:
    """The earnings statement as the participant gets it."""
    try:
        with current_world.view() as view:
            statement = events.event_outcome(view, None, event_id).statement
    except NotFound as error:
        abort(404, str(error))
    return _pdf(pdf_files.earnings_statement_name(statement), pdf_files.earnings_statement(
        statement, _owner_name(statement.event), current_world.settings.market))


def _report(event_id: str) -> EventReport:
    try:
        with current_world.view() as view:
            return events.event_report(view, None, event_id)
    except NotFound as error:
        abort(404, str(error))


def _owner_name(event: Event) -> str:
    with current_world.view() as view:
        return participant(view, event.organisation_id).organisation.name


def _pdf(name: str, content: bytes) -> Response:
    return attachment_answer(Attachment(name, "application/pdf", content))
