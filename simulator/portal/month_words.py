"""What the pages of the market month have in common: how sure their numbers are, and files to keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, request

from simulator.documents import figures
from simulator.market.policy import MARKET_RULES, MarketPolicy, numbers_of
from simulator.operations.policy import policy_of
from simulator.web import current_world

_RULES = {rule.name: rule for rule in MARKET_RULES}


@dataclass(frozen=True, slots=True)
class Sureness:
    """A rule or number that a page shows: what it says, one of the four labels, and where it comes from."""

    words: str
    label: str
    source: str


def policy_in_force() -> MarketPolicy:
    """The numbers of the market month in this world."""
    return policy_of(current_world.settings)


def sureness_of(policy: MarketPolicy, numbers: Iterable[str], rules: Iterable[str] = ()) -> list[Sureness]:
    """How sure the named numbers of the policy and the named rules are, in that order."""
    known = {number.name: number for number in numbers_of(policy)}
    told = [Sureness(f"{known[name].help} Here: {_value_words(known[name].value)}.", known[name].label,
                     known[name].source) for name in numbers]
    return told + [Sureness(_RULES[name].words, _RULES[name].label, _RULES[name].source) for name in rules]


def surroundings(policy: MarketPolicy, numbers: Iterable[str], rules: Iterable[str] = ()) -> dict[str, Any]:
    """What every template of the month is given: the policy, words for figures, and how sure all of it is."""
    return {"policy": policy, "words": figures, "sureness": sureness_of(policy, numbers, rules)}


def page_number() -> int:
    """The page that the request asks for, from 1; what is no number is the first."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def chosen_of(name: str, known: Iterable[str], what: str) -> str | None:
    """What a filter of the request says, None where it says nothing; an unknown value ends with 404 in words."""
    wanted = request.args.get(name) or None
    if wanted is not None and wanted not in set(known):
        abort(404, f"There are no {what} for {wanted[:80]!r}.")
    return wanted


def file_to_keep(content: bytes | Iterator[bytes], media_type: str, name: str) -> Response:
    """A file that the browser stores; a large one may come in pieces."""
    answer = Response(content, content_type=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _value_words(value: Any) -> str:
    if hasattr(value, "items"):
        return ", ".join(f"{name} {_value_words(found)}" for name, found in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return f"{value:f}" if hasattr(value, "as_tuple") else str(value).replace("_", " ")
