"""Parts that reports, statements and invoices have in common: who issues them, colours of statuses, rules in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from simulator.documents.figures import day_time_words, kw_words, ordinal_words, span_words
from simulator.documents.pdf_ink import About, Colour
from simulator.documents.pdf_layout import ASSUMED_TOO, DEEP, Fact, Paper
from simulator.market.dispatches import PROGRAMMES
from simulator.market.events import Event
from simulator.market.performance import Rag, ReportState
from simulator.market.policy import MARKET_RULES, MarketPolicy

ISSUER = "Flexible Power Portal simulator"

RAG_COLOURS: dict[Rag, Colour] = {
    Rag.GREEN: (0.06, 0.42, 0.2), Rag.AMBER: (0.6, 0.36, 0), Rag.RED: (0.65, 0.07, 0.13),
}
"""Dark enough for white words on them; the word stands on each, for grey print."""

STATEMENT_COLOUR = DEEP

_RULES = {rule.name: rule for rule in MARKET_RULES}


def about(title: str, subject: str, made_at: datetime) -> About:
    """What a document says of itself; it carries the mark there too."""
    return About(title, f"{subject}. SIMULATOR: not a document of any operator", ISSUER, made_at)


def event_facts(event: Event, organisation: str, as_of: datetime) -> list[Fact]:
    """Facts that every document of an event begins with."""
    sign = "+" if event.power_milliwatts > 0 else ""
    units = ", ".join(f"{unit.id} ({unit.granularity.words})" for unit in event.units)
    return [
        Fact("Organisation", organisation),
        Fact("Zone", f"{event.zone} {event.zone_name}"),
        Fact("Programme", programme_words(event.programme)),
        Fact("Meterable Units", units),
        Fact("Event, London time", span_words(event.start_at, event.end_at)),
        Fact("Instructed change", f"{sign}{kw_words(event.power_milliwatts)} kW: {event.direction.words}"),
        Fact("Dispatch", event.dispatch_id),
        Fact("Drawn up", day_time_words(as_of)),
    ]


def programme_words(code: str) -> str:
    """A programme by its public name and code."""
    name = PROGRAMMES.get(code, code)
    return name if name.startswith(code) else f"{name} ({code})"


def state_words(state: ReportState, what: str, policy: MarketPolicy) -> str:
    """What provisional or final means for a document."""
    if state is ReportState.FINAL:
        return f"Final: readings that come now are stored and flagged late, and do not change this {what}."
    return (f"Provisional: this {what} is worked out again as readings come, until the month is final on the "
            f"{ordinal_words(policy.finalising_day)}.")


def add_rules(paper: Paper, names: Iterable[str]) -> None:
    """How it was worked out: the rules by name, each with how far it can be trusted."""
    paper.heading("How this was worked out", 30)
    for name in names:
        rule = _RULES[name]
        paper.paragraph(f"{rule.words}{ASSUMED_TOO if rule.label == 'assumed' else f' ({rule.label})'}", small=True)
