"""The PDF documents of a month by name, one at a time or as bundles; the one way to them for the rest of the program.

The PDF writer is loaded with the first document that is made: it takes a quarter of a second and 12 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import Any

from simulator.documents.bundles import Content, file_name
from simulator.market.events import Event
from simulator.market.invoices import Invoice
from simulator.market.performance import EventPerformance
from simulator.market.policy import MarketPolicy
from simulator.market.saved_reports import EventOutcome
from simulator.market.settlement import EventStatement
from simulator.timekeeping.london import to_london


def performance_report(performance: EventPerformance, organisation: str, policy: MarketPolicy) -> bytes:
    """The performance report of an event; see `pdf_performance`."""
    return _writer("pdf_performance", "performance_report_pdf")(performance, organisation, policy)


def earnings_statement(statement: EventStatement, organisation: str, policy: MarketPolicy) -> bytes:
    """The earnings statement of an event; see `pdf_earnings`."""
    return _writer("pdf_earnings", "earnings_statement_pdf")(statement, organisation, policy)


def invoice_document(invoice: Invoice, policy: MarketPolicy) -> bytes:
    """The invoice of a month and a zone; see `pdf_invoices`."""
    return _writer("pdf_invoices", "invoice_pdf")(invoice, policy)


def performance_report_name(performance: EventPerformance | EventOutcome) -> str:
    """Its file name, such as `2026-10-03_D-20261003-0007_performance-report_final.pdf`; names sort by day."""
    return _event_name(performance.event, "performance-report", performance.state.value)


def earnings_statement_name(statement: EventStatement) -> str:
    """Its file name, such as `2026-10-03_D-20261003-0007_earnings-statement_final.pdf`."""
    return _event_name(statement.event, "earnings-statement", statement.state.value)


def invoice_name(invoice: Invoice) -> str:
    """Its file name, such as `INV-2026-10-brindle-CMZ_T7B_SWA_0012_final.pdf`."""
    return file_name((invoice.number, invoice.state.value), ".pdf")


def event_files(outcomes: Iterable[EventOutcome], performance_of: Callable[[str], EventPerformance], organisation: str,
                policy: MarketPolicy) -> dict[str, Content]:
    """Both documents of each event for `bundle_pieces`, made when their turn comes.

    `performance_of` reads an event's performance by its id then: those of a month are too much to hold.
    """
    files: dict[str, Content] = {}
    for outcome in outcomes:
        files[performance_report_name(outcome)] = partial(
            _performance_report, performance_of, outcome.event.id, organisation, policy)
        files[earnings_statement_name(outcome.statement)] = partial(
            earnings_statement, outcome.statement, organisation, policy)
    return files


def _performance_report(performance_of: Callable[[str], EventPerformance], event_id: str, organisation: str,
                        policy: MarketPolicy) -> bytes:
    return performance_report(performance_of(event_id), organisation, policy)


def invoice_files(invoices: Iterable[Invoice], policy: MarketPolicy) -> dict[str, Content]:
    """The invoices for `bundle_pieces`, made when their turn comes."""
    return {invoice_name(invoice): partial(invoice_document, invoice, policy) for invoice in invoices}


def _writer(module: str, function: str) -> Callable[..., Any]:
    return getattr(import_module(f"simulator.documents.{module}"), function)


def _event_name(event: Event, kind: str, state: str) -> str:
    return file_name((to_london(event.start_at).date().isoformat(), event.id, kind, state), ".pdf")
