"""The invoice of an organisation, a London month and a zone as PDF (portal guide §3.3): a draft, or final."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.documents.figures import (
    day_time_words,
    kwh_words,
    month_words,
    number_words,
    ordinal_words,
    pounds,
    price_words,
    short_span_words,
)
from simulator.documents.pdf_earnings import ARITHMETIC
from simulator.documents.pdf_layout import ASSUMED, ASSUMED_TOO, Column, Fact, Paper
from simulator.documents.pdf_parts import STATEMENT_COLOUR, about, add_rules
from simulator.market.invoices import ALL_ZONES, Invoice, InvoiceState
from simulator.market.performance import percent
from simulator.market.policy import MarketPolicy
from simulator.market.settlement import EarningsLine

_EVENT_COLUMNS = (
    Column("Event", 91, is_number=False), Column("London time", 93, is_number=False),
    Column("Programme", 50, is_number=False), Column(f"Delivered {ASSUMED}", 51), Column("Status", 38, is_number=False),
    Column("Energy kWh", 48), Column("£ per MWh", 42), Column(f"Factor {ASSUMED}", 48),
    Column(f"Amount {ASSUMED}", 54),
)
_AVAILABILITY_COLUMNS = (
    Column("Meterable Unit", 1.3, is_number=False), Column("Accepted window, London time", 2.4, is_number=False),
    Column("Programme", 1.0, is_number=False), Column("kW × hours", 1.2), Column("£ per MW and hour", 1.1),
    Column(f"Amount {ASSUMED}", 1.2),
)


def invoice_pdf(invoice: Invoice, policy: MarketPolicy) -> bytes:
    """The invoice. The same invoice gives the same bytes."""
    month = month_words(invoice.month)
    title = f"Invoice {invoice.number}"
    is_final = invoice.state is InvoiceState.FINAL
    subject = f"Earnings of {invoice.organisation_name}, {month}, {invoice.zone}, {invoice.state.value}"
    paper = Paper(about(title, subject, invoice.as_of), "Invoice", f"{invoice.number}, {month}",
                  invoice.state.value.capitalize())
    paper.facts([
        Fact("Organisation", invoice.organisation_name),
        Fact("Zone", invoice.zone_name if invoice.zone == ALL_ZONES else f"{invoice.zone} {invoice.zone_name}"),
        Fact("Month", month),
        Fact("Drawn up", day_time_words(invoice.as_of)),
    ])
    paper.gap(4)
    utilisation, availability = pounds(invoice.utilisation_pence), pounds(invoice.availability_pence)
    paper.result(pounds(invoice.pence), "total", STATEMENT_COLOUR, [
        f"Utilisation {utilisation}, availability {availability}.{ASSUMED_TOO}",
        "Final: it does not change any more." if is_final else
        f"Draft, to be reviewed and disputed: it becomes final on the {ordinal_words(policy.finalising_day)}.",
        "For verification: payment is made outside the portal, and here no money moves at all.",
    ])
    _add_utilisation(paper, invoice)
    _add_availability(paper, invoice)
    paper.paragraph(ARITHMETIC, small=True)
    add_rules(paper, ("event_month", "utilisation", "availability", "rounding"))
    return paper.finished()


def _add_utilisation(paper: Paper, invoice: Invoice) -> None:
    paper.heading("Utilisation")
    if not invoice.statements:
        paper.paragraph("There was no event.")
        return
    rows: list[Sequence[str]] = []
    for statement in invoice.statements:
        event = statement.event
        for line in statement.lines:
            rows.append((event.id, short_span_words(event.start_at, event.end_at, year=False),
                         event.programme, f"{percent(statement.share):f} %", statement.rag.value,
                         kwh_words(line.watt_hours), price_words(line.rate), number_words(line.factor, 12),
                         pounds(line.pence)))
    paper.table(_EVENT_COLUMNS, rows, ("Total", "", "", "", "", "", "", "", pounds(invoice.utilisation_pence)))


def _add_availability(paper: Paper, invoice: Invoice) -> None:
    paper.heading("Availability")
    if not invoice.availability:
        paper.paragraph("No paid availability was accepted.")
        return
    rows = [(payment.unit_id, short_span_words(payment.start_at, payment.end_at, year=False),
             payment.programme, *_amounts(payment.line)) for payment in invoice.availability]
    paper.table(_AVAILABILITY_COLUMNS, rows, ("Total", "", "", "", "", pounds(invoice.availability_pence)))


def _amounts(line: EarningsLine) -> tuple[str, str, str]:
    return kwh_words(line.watt_hours), price_words(line.rate), pounds(line.pence)
