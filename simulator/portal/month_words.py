"""What the pages of the market month have in common: how sure their numbers are, and what filters say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import abort, request

from simulator.documents import figures
from simulator.market.policy import MARKET_RULES, MarketPolicy, numbers_of

_RULES = {rule.name: rule for rule in MARKET_RULES}


@dataclass(frozen=True, slots=True)
class Sureness:
    """A rule or number that a page shows: what it says, one of the four labels, and where it comes from."""

    words: str
    label: str
    source: str


def sureness_of(policy: MarketPolicy, numbers: Iterable[str], rules: Iterable[str] = ()) -> list[Sureness]:
    """How sure the named numbers of the policy and the named rules are, in that order."""
    known = {number.name: number for number in numbers_of(policy)}
    told = [Sureness(f"{known[name].help} Here: {known[name].words}.", known[name].label,
                     known[name].source) for name in numbers]
    return told + [Sureness(_RULES[name].words, _RULES[name].label, _RULES[name].source) for name in rules]


def surroundings(policy: MarketPolicy, numbers: Iterable[str], rules: Iterable[str] = ()) -> dict[str, Any]:
    """What every template of the month is given: the policy, words for figures, and how sure all of it is."""
    return {"policy": policy, "words": figures, "sureness": sureness_of(policy, numbers, rules)}


def chosen_of(name: str, known: Iterable[str], what: str) -> str | None:
    """What a filter of the request says, None where it says nothing; an unknown value ends with 404 in words."""
    wanted = request.args.get(name) or None
    if wanted is not None and wanted not in set(known):
        abort(404, f"There are no {what} for {wanted[:80]!r}.")
    return wanted
