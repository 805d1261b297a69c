"""Merit order: the cheapest offers first, up to what is required in a zone and window.

Assumed as a whole: how the DSO really chooses is not public.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from simulator.market.acceptance import (
    AcceptanceRule,
    Decision,
    Offer,
    Requirement,
    RuleKind,
    accept,
    award,
    decide_by_rule,
    offers_of,
    reject,
    split_always_accepted,
)
from simulator.market.declarations import Declaration
from simulator.market.policy import MarketPolicy
from simulator.market.provenance import Rule
from simulator.market.settlement import price_text

RULES = (
    Rule("acceptance.merit_order",
         "Merit order takes the cheapest offers first, up to what a zone and window require.",
         "assumed", "Nobody outside the platform can know it."),
)


class _Piece(NamedTuple):
    """What is taken of an offer for a requirement, by its place in the rule."""

    start: datetime
    end: datetime
    milliwatts: int
    requirement: int


_Taken = dict[tuple[str, int], list[_Piece]]


def decide_week(declarations: Iterable[Declaration], rule: AcceptanceRule, policy: MarketPolicy) -> list[Decision]:
    """Decisions on every offer of a week's declarations, by any rule, by time, programme, zone and unit."""
    if rule.kind is RuleKind.MERIT_ORDER:
        return by_merit(declarations, rule.requirements, policy)
    return decide_by_rule(declarations, rule, policy)


def by_merit(declarations: Iterable[Declaration], requirements: Sequence[Requirement], policy: MarketPolicy,
             ) -> list[Decision]:
    """Each requirement is met from the cheapest offers on, at every instant exactly as far as there are offers.

    The last offer needed may be accepted with less power, for a part of its window, or in several pieces. All winners
    of a requirement in one programme form one auction. What is always accepted does not count towards a requirement.
    """
    offers = offers_of(declarations)
    decided, left = split_always_accepted(offers, policy)
    taken: _Taken = defaultdict(list)
    for number, requirement in enumerate(requirements):
        _meet(number, requirement, left, taken, policy)
    found: list[tuple[Decision, int | None]] = [(decision, None) for decision in decided]
    for offer in left:
        pieces = _cut_where_they_overlap(_merged(taken[offer.key]))
        if not pieces:
            found.append((reject(offer, _why_not(offer, requirements, policy)), None))
        for piece in pieces:
            words = requirements[piece.requirement].words
            found.append((accept(offer, f"{price_text(price_of(offer, policy))} a MWh is in merit for {words}.",
                                 piece.start, piece.end, piece.milliwatts), piece.requirement))
    places = {offer.key: place for place, offer in enumerate(offers)}
    found.sort(key=lambda pair: (places[pair[0].offer.key], pair[0].acceptance_start or pair[0].offer.start_at))
    auctions = [(number, decision.offer.declaration.programme, decision.offer.declaration.week)
                for decision, number in found]
    return award([decision for decision, _ in found], policy, auctions)


def price_of(offer: Offer, policy: MarketPolicy) -> Decimal:
    """Pounds per MWh that an offer competes with: its bid, or its programme's own price."""
    declaration = offer.declaration
    if declaration.utilisation_bid_price is not None:
        return declaration.utilisation_bid_price
    return policy.utilisation_prices.get(declaration.programme, Decimal(0))


def _meet(number: int, requirement: Requirement, offers: Sequence[Offer], taken: _Taken, policy: MarketPolicy) -> None:
    """Take of the offers what one requirement needs, stretch by stretch between the instants of a change.

    A requirement is that of each week for which there are offers.
    """
    rivals = sorted((offer for offer in offers if _suits(offer, requirement)), key=lambda offer: (
        price_of(offer, policy), offer.declaration.unit_id, offer.key))
    for week in sorted({offer.declaration.week for offer in rivals}):
        start, end = requirement.window.interval(week)
        for begin, finish in _stretches(start, end, rivals, taken):
            wanted = requirement.power_milliwatts
            for offer in rivals:
                if wanted and offer.start_at <= begin and finish <= offer.end_at:
                    used = sum(piece.milliwatts for piece in taken[offer.key]
                               if piece.start <= begin and finish <= piece.end)
                    power = min(wanted, offer.declaration.power_milliwatts - used)
                    if power > 0:
                        taken[offer.key].append(_Piece(begin, finish, power, number))
                        wanted -= power


def _stretches(start: datetime, end: datetime, rivals: Sequence[Offer], taken: _Taken,
               ) -> list[tuple[datetime, datetime]]:
    edges = {start, end}
    for offer in rivals:
        edges.update((offer.start_at, offer.end_at))
        edges.update(instant for piece in taken[offer.key] for instant in piece[:2])
    within = sorted(edge for edge in edges if start <= edge <= end)
    return list(zip(within, within[1:], strict=False))


def _suits(offer: Offer, requirement: Requirement) -> bool:
    declaration = offer.declaration
    start, end = requirement.window.interval(declaration.week)
    return (declaration.zone == requirement.zone and declaration.direction is requirement.direction
            and requirement.programme in (None, declaration.programme)
            and offer.start_at < end and start < offer.end_at)


def _merged(pieces: Iterable[_Piece]) -> list[_Piece]:
    """Pieces that follow each other with the same power for the same requirement, made one."""
    merged: list[_Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.requirement, piece.start)):
        last = merged[-1] if merged else None
        if last and (last.end, last.milliwatts, last.requirement) == (piece.start, piece.milliwatts, piece.requirement):
            merged[-1] = last._replace(end=piece.end)
        else:
            merged.append(piece)
    return merged


def _cut_where_they_overlap(pieces: Sequence[_Piece]) -> list[_Piece]:
    """The pieces of one offer, cut so that two of them have the same time or no instant in common.

    Those of the same time can then become one dispatch.
    """
    cut: list[_Piece] = []
    for piece in pieces:
        edges = {edge for other in pieces if other.start < piece.end and piece.start < other.end for edge in other[:2]}
        within = sorted(edge for edge in edges if piece.start <= edge <= piece.end)
        cut += [piece._replace(start=start, end=end) for start, end in zip(within, within[1:], strict=False)]
    return cut


def _why_not(offer: Offer, requirements: Sequence[Requirement], policy: MarketPolicy) -> str:
    met = [requirement.words for requirement in requirements if _suits(offer, requirement)]
    if not met:
        return "Nothing was required in its zone and window."
    return f"{price_text(price_of(offer, policy))} a MWh was not in merit: cheaper offers met {'; '.join(met)}."

