"""The Fidelity page: how far each part of the simulation can be trusted, and which tests exercise it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request

from simulator.contracts import Contract
from simulator.fidelity import KINDS, KeptLedger
from simulator.fidelity.entries import PLATFORMS, summary_of
from simulator.market.provenance import LABELS
from simulator.paging import asked_page
from simulator.web import current_world

_LENGTH = 50
_LONGEST_QUERY = 100
_MEANINGS = {
    "documented": "the platform’s own document says so",
    "public": "a public page of the operator says so",
    "inferred": "it follows from these, with a reason",
    "assumed": "nobody outside can know: it is ours",
}
PLATFORM_WORDS = {"portal": "Flexible Power Portal", "smp": "SMP"}
"""What the platforms of the ledger are called."""

_SHORT_WORDS = {"portal": "portal", "smp": "SMP", "both": "both"}
"""In a column of the table."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the chart: where it begins and how long it is, in thousandths of the whole."""

    label: str
    meaning: str
    count: int
    start: int
    length: int

    @property
    def percent(self) -> int:
        """Its share, in whole per cent."""
        return round(self.length / 10)


def add_routes(blueprint: Blueprint, contracts: dict[str, Contract]) -> None:
    """Look at the ledger of the contracts in force."""
    kept = KeptLedger(contracts)

    def fidelity_page() -> Any:
        """Summary and chart of what was asked for, and its entries, fifty on a page."""
        given = {name: value if (value := request.args.get(name, "")) in choices else ""
                 for name, choices in (("label", LABELS), ("kind", KINDS), ("platform", PLATFORMS))}
        q = request.args.get("q", "").strip()[:_LONGEST_QUERY]
        everything = kept.of(current_world.settings)
        # The chart keeps all labels, so that one that is chosen stays in proportion.
        charted = everything.select(**{**given, "label": ""}, q=q)
        found = [entry for entry in charted if not given["label"] or entry.label == given["label"]]
        page = asked_page(len(found), _LENGTH)
        return render_template(
            "console/fidelity.html", given=given, q=q, page=page, entries=page.part_of(found), bars=_bars(charted),
            charted=len(charted), summary=summary_of(found), labels=LABELS, kinds=KINDS,
            platforms=[(platform, PLATFORM_WORDS[platform]) for platform in PLATFORMS], words=_SHORT_WORDS)

    blueprint.add_url_rule("/fidelity", "fidelity_page", fidelity_page)


def _bars(entries: list[Any]) -> list[Bar]:
    counts = summary_of(entries)["labels"]
    bars, before = [], 0
    for label in LABELS:
        start = _thousandths(before, len(entries))
        before += counts[label]
        bars.append(Bar(label, _MEANINGS[label], counts[label], start, _thousandths(before, len(entries)) - start))
    return bars


def _thousandths(count: int, of: int) -> int:
    return round(1_000 * count / of) if of else 0
