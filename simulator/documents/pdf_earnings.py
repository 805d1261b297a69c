"""The earnings statement of an event as PDF (portal guide §3.3). Its numbers are assumed, and it says so at each."""

from __future__ import annotations

from simulator.documents.figures import kwh_words, number_words, pounds, price_words
from simulator.documents.pdf_layout import ASSUMED, ASSUMED_TOO, Column, Fact, Paper
from simulator.documents.pdf_parts import RAG_COLOURS, about, add_rules, event_facts, state_words
from simulator.market.performance import percent
from simulator.market.policy import MarketPolicy
from simulator.market.settlement import EventStatement

_COLUMNS = (
    Column("For", 3.2, is_number=False), Column("Energy kWh", 1.2), Column("£ per MWh", 1.1),
    Column(f"Factor {ASSUMED}", 1), Column(f"Amount {ASSUMED}", 1.2),
)
ARITHMETIC = (f"Amount = energy in kWh / 1,000 × price × factor, rounded once, to the penny, halves up.{ASSUMED_TOO} "
              "All figures are printed as they are counted with. There is no VAT.")


def earnings_statement_pdf(statement: EventStatement, organisation: str, policy: MarketPolicy) -> bytes:
    """The statement. `organisation` is the name of the FSP. The same statement gives the same bytes."""
    event, state = statement.event, statement.state
    title = f"Earnings statement {event.id}"
    paper = Paper(about(title, f"Earnings of {organisation} in event {event.id}, {state.value}", statement.as_of),
                  "Earnings statement", f"Event {event.id}", state.value.capitalize())
    paper.facts(event_facts(event, organisation, statement.as_of))
    paper.gap(4)
    paper.result(pounds(statement.pence), statement.rag.value, RAG_COLOURS[statement.rag],
                 [f"{percent(statement.share):f} % of the instructed energy was delivered.{ASSUMED_TOO}",
                  state_words(state, "statement", policy)])
    price = event.utilisation_price
    paper.facts([
        Fact("Utilisation price", f"£{price_words(price.pounds)} per MWh ({price.label})", price.label == "assumed"),
        Fact("Payment", "made outside the portal; see the invoice of the month"),
    ])
    paper.heading("Lines")
    rows = [(line.description, kwh_words(line.watt_hours), price_words(line.rate), number_words(line.factor, 12),
             pounds(line.pence)) for line in statement.lines]
    paper.table(_COLUMNS, rows, ("Total", "", "", "", pounds(statement.pence)))
    paper.paragraph(ARITHMETIC, small=True)
    paper.heading("Why", 30)
    for line in statement.lines:
        paper.paragraph(f"{line.description}: {line.because}"
                        + (ASSUMED_TOO if line.label == "assumed" else f" ({line.label})"))
    add_rules(paper, ("utilisation", "event_month", "rounding"))
    return paper.finished()
