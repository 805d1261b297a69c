"""Acceptance: what becomes of a week's declarations, window by window.

That decisions exist, and what they carry (start, end, bid and awarded price), is documented (portal guide §3.2);
Restore is accepted automatically (public, the brand's older pages); how the others are chosen is assumed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum

from simulator.market.declarations import Declaration, Window
from simulator.market.dispatch_requests import WantedDispatch
from simulator.market.errors import RuleBreach
from simulator.market.events import Direction
from simulator.market.policy import MarketPolicy
from simulator.market.programmes import programme_of
from simulator.market.provenance import Rule
from simulator.market.quantities import kw_text
from simulator.timekeeping.london import london_text

RULES = (
    Rule("acceptance.decided",
         "Each declaration of a week is decided: accepted, accepted in part, or not.",
         "documented", "Portal guide §3.2, Acceptance Decisions. Acceptance in part is ours."),
    Rule("acceptance.ways",
         "A week is decided by one of five rules: accept all, reject all, accept in part, merit order, or by "
         "hand.",
         "assumed", "Nobody outside the platform can know it."),
    Rule("acceptance.prices",
         "Bid and awarded price are there for what was accepted in an auction programme only.",
         "documented", "Portal guide §3.2."),
    Rule("acceptance.anew",
         "A week can be decided anew until one of its dispatches was told to the FSP.",
         "assumed", "Nobody outside the platform can know it."),
)


class Verdict(Enum):
    """What became of an offer. Values stand in the Acceptance CSV."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    ACCEPTED_IN_PART = "accepted_in_part"
    REJECTED = "rejected"


class RuleKind(Enum):
    """Ways of deciding a week by rule; by hand is `decide_by_hand`."""

    ALL = "accept_all"
    NONE = "reject_all"
    IN_PART = "accept_in_part"
    MERIT_ORDER = "merit_order"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Power wanted in a zone during a window of the week, by merit order of price; positive milliwatts.

    Without a programme, offers of every programme compete.
    """

    zone: str
    window: Window
    power_milliwatts: int
    programme: str | None = None
    direction: Direction = Direction.UP

    @property
    def words(self) -> str:
        """What is wanted, for people."""
        return f"{kw_text(self.power_milliwatts)} kW in {self.zone}, {self.window.words}"


@dataclass(frozen=True, slots=True)
class AcceptanceRule:
    """How a week is decided. In part: so many per cent of the power, so many minutes off either end of each window."""

    kind: RuleKind = RuleKind.ALL
    power_percent: Decimal = Decimal(100)
    starts_later_minutes: int = 0
    ends_earlier_minutes: int = 0
    requirements: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """One window of a declaration: what is decided. Start and end are UTC, half-open; `index` is the window's place."""

    declaration: Declaration
    index: int
    start_at: datetime
    end_at: datetime

    @property
    def key(self) -> tuple[str, int]:
        """Id of the declaration and place of the window."""
        return self.declaration.id, self.index


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of an offer, or of a part of it: merit order may accept one in several pieces.

    Acceptance start and end are UTC; `accepted_milliwatts` is positive. Bid and awarded price, pounds per MWh, are
    there for what was accepted in an auction programme only, as documented. `because` says why, for people.
    """

    offer: Offer
    verdict: Verdict
    because: str
    acceptance_start: datetime | None = None
    acceptance_end: datetime | None = None
    accepted_milliwatts: int = 0
    utilisation_bid_price: Decimal | None = None
    utilisation_awarded_price: Decimal | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether anything of the offer was accepted."""
        return self.verdict in (Verdict.ACCEPTED, Verdict.ACCEPTED_IN_PART)


@dataclass(frozen=True, slots=True)
class HandChoice:
    """What the control room accepts of an offer by hand; None means as declared."""

    declaration_id: str
    index: int
    start_at: datetime | None = None
    end_at: datetime | None = None
    power_milliwatts: int | None = None


def offers_of(declarations: Iterable[Declaration]) -> list[Offer]:
    """All offers of a week's declarations, by start, programme, zone and unit."""
    offers = [Offer(found, index, *window.interval(found.week))
              for found in declarations for index, window in enumerate(found.windows)]
    return sorted(offers, key=lambda offer: (offer.start_at, offer.declaration.programme, offer.declaration.zone,
                                             offer.declaration.unit_id, offer.key))


def undecided(declarations: Iterable[Declaration]) -> list[Decision]:
    """What stands in the list before Thursday 12:00."""
    return [Decision(offer, Verdict.UNDECIDED, "Not decided yet.") for offer in offers_of(declarations)]


def accept(offer: Offer, because: str, start_at: datetime | None = None, end_at: datetime | None = None,
           milliwatts: int | None = None) -> Decision:
    """An acceptance of the offer, or of a part of it, not priced yet."""
    start, end = start_at or offer.start_at, end_at or offer.end_at
    power = offer.declaration.power_milliwatts if milliwatts is None else milliwatts
    whole = (start, end, power) == (offer.start_at, offer.end_at, offer.declaration.power_milliwatts)
    return Decision(offer, Verdict.ACCEPTED if whole else Verdict.ACCEPTED_IN_PART, because, start, end, power)


def reject(offer: Offer, because: str) -> Decision:
    """A rejection of the whole offer."""
    return Decision(offer, Verdict.REJECTED, because)


def decide_by_rule(declarations: Iterable[Declaration], rule: AcceptanceRule, policy: MarketPolicy) -> list[Decision]:
    """Decisions on all offers of a week, by one of the simple rules; for merit order see `merit_order.decide_week`."""
    decisions = [_always(offer) if _is_always_accepted(offer, policy) else _by_rule(offer, rule)
                 for offer in offers_of(declarations)]
    return award(decisions, policy)


def split_always_accepted(offers: Iterable[Offer], policy: MarketPolicy) -> tuple[list[Decision], list[Offer]]:
    """Decisions on offers of programmes that are always accepted, and the offers that are left to decide."""
    left: list[Offer] = []
    decided: list[Decision] = []
    for offer in offers:
        if _is_always_accepted(offer, policy):
            decided.append(_always(offer))
        else:
            left.append(offer)
    return decided, left


def decide_by_hand(declarations: Iterable[Declaration], choices: Iterable[HandChoice], policy: MarketPolicy,
                   ) -> list[Decision]:
    """Decisions on all offers of a week: accepted as chosen, the others rejected. Choices are judged before."""
    chosen = {(choice.declaration_id, choice.index): choice for choice in choices}
    return award([_always(offer) if _is_always_accepted(offer, policy) else _by_hand(offer, chosen.get(offer.key))
                  for offer in offers_of(declarations)], policy)


def breaches_of_choices(declarations: Iterable[Declaration], choices: Sequence[HandChoice], policy: MarketPolicy,
                        ) -> Iterator[RuleBreach]:
    """Everything wrong with what the control room chose; `index` counts the choices."""
    offers = {offer.key: offer for offer in offers_of(declarations)}
    seen: set[tuple[str, int]] = set()
    for index, choice in enumerate(choices):
        key = (choice.declaration_id, choice.index)
        offer = offers.get(key)
        if offer is None:
            yield RuleBreach(index, "declaration_id", "unknown_declaration", "There is no window "
                             f"{choice.index + 1} of a declaration {choice.declaration_id[:64]!r} in this week.")
            continue
        if key in seen:
            yield RuleBreach(index, "declaration_id", "duplicate_in_request", "This window is chosen twice.")
        seen.add(key)
        yield from _choice_breaches(index, choice, offer, policy)


def award(decisions: Iterable[Decision], policy: MarketPolicy,
          auctions: Sequence[Hashable] | None = None) -> list[Decision]:
    """The decisions with bid and awarded price where something was accepted in an auction programme.

    Pay as cleared: all winners of one auction get its dearest accepted bid (assumed). `auctions` names the auction of
    each decision; without it, what competes in a programme, zone, direction and week is one.
    """
    found = list(decisions)
    names = [_usual_auction(decision) for decision in found] if auctions is None else auctions
    bids = [_bid(decision, policy) for decision in found]
    cleared: dict[Hashable, Decimal] = {}
    for name, bid in zip(names, bids, strict=True):
        if bid is not None:
            cleared[name] = max(bid, cleared.get(name, bid))
    as_cleared = policy.awarded_price == "pay_as_cleared"
    return [decision if bid is None else replace(decision, utilisation_bid_price=bid,
                                                 utilisation_awarded_price=cleared[name] if as_cleared else bid)
            for decision, name, bid in zip(found, names, bids, strict=True)]


def acceptance_rows(decisions: Iterable[Decision]) -> list[list[str]]:
    """Rows of the Acceptance CSV under ACCEPTANCE_COLUMNS: instants in London time with offset, power in kW."""
    return [_row(decision) for decision in decisions]


def together_key(decision: Decision) -> Hashable:
    """What acceptances that become one dispatch together have in common: the window, and the time."""
    return decision.offer.key, decision.acceptance_start, decision.acceptance_end


def scheduled_dispatches(decisions: Iterable[Decision], policy: MarketPolicy) -> list[WantedDispatch]:
    """The dispatches that acceptances of scheduled programmes become, by start: one each, but one together for pieces
    of one window at the same time, with the sum of their powers. Otherwise the same energy would be paid twice.
    """
    wanted: dict[Hashable, WantedDispatch] = {}
    for decision in decisions:
        declaration = decision.offer.declaration
        programme = programme_of(declaration.programme, policy)
        if decision.acceptance_start is None or decision.acceptance_end is None or not programme.is_scheduled:
            continue
        before = wanted.get(key := together_key(decision))
        power = declaration.direction.sign * decision.accepted_milliwatts
        wanted[key] = WantedDispatch(
            declaration.organisation_id, declaration.programme, (declaration.unit_id,), decision.acceptance_start,
            decision.acceptance_end, power + (before.power_milliwatts if before else 0), programme.notice)
    return sorted(wanted.values(), key=lambda found: (found.start_at, found.unit_ids))


def _is_always_accepted(offer: Offer, policy: MarketPolicy) -> bool:
    return offer.declaration.programme in policy.always_accepted_programmes


def _always(offer: Offer) -> Decision:
    return accept(offer, f"{offer.declaration.programme} is accepted automatically.")


def _by_rule(offer: Offer, rule: AcceptanceRule) -> Decision:
    if rule.kind is RuleKind.NONE:
        return reject(offer, "By rule, nothing is accepted this week.")
    if rule.kind is RuleKind.ALL:
        return accept(offer, "By rule, everything is accepted this week.")
    power = int(offer.declaration.power_milliwatts * rule.power_percent / 100)
    start = offer.start_at + timedelta(minutes=rule.starts_later_minutes)
    end = offer.end_at - timedelta(minutes=rule.ends_earlier_minutes)
    words = (f"By rule, {rule.power_percent:f} % of the power is accepted, from {rule.starts_later_minutes} minutes "
             f"after the start until {rule.ends_earlier_minutes} minutes before the end.")
    if end <= start or power <= 0:
        return reject(offer, f"{words} Nothing is left of this window.")
    return accept(offer, words, start, end, power)


def _by_hand(offer: Offer, choice: HandChoice | None) -> Decision:
    if choice is None:
        return reject(offer, "The control room did not choose it.")
    return accept(offer, "The control room chose it.", choice.start_at, choice.end_at, choice.power_milliwatts)


def _choice_breaches(index: int, choice: HandChoice, offer: Offer, policy: MarketPolicy) -> Iterator[RuleBreach]:
    start, end = choice.start_at or offer.start_at, choice.end_at or offer.end_at
    declared = f"{london_text(offer.start_at)} to {london_text(offer.end_at)}"
    for field, chosen in (("acceptance_start", choice.start_at), ("acceptance_end", choice.end_at)):
        if chosen is not None and (chosen.second or chosen.microsecond):
            yield RuleBreach(index, field, "not_on_minute", "Start and end are whole minutes, such as 16:30.")
    if end <= start:
        yield RuleBreach(index, "acceptance_end", "end_before_start", "The end must be later than the start.")
    if start < offer.start_at:
        yield RuleBreach(index, "acceptance_start", "outside_the_window", f"The window is {declared}.")
    if end > offer.end_at:
        yield RuleBreach(index, "acceptance_end", "outside_the_window", f"The window is {declared}.")
    power, most = choice.power_milliwatts, offer.declaration.power_milliwatts
    if power is not None and not 0 < power <= most:
        yield RuleBreach(index, "accepted_power_kw", "range", f"Accept more than 0 and at most {kw_text(most)} kW.")
    whole = (start, end) == (offer.start_at, offer.end_at) and power in (None, most)
    if _is_always_accepted(offer, policy) and not whole:
        yield RuleBreach(index, "declaration_id", "always_accepted",
                         f"{offer.declaration.programme} is accepted automatically, whole.")


def _usual_auction(decision: Decision) -> tuple[str, str, Direction, date]:
    declaration = decision.offer.declaration
    return declaration.programme, declaration.zone, declaration.direction, declaration.week


def _bid(decision: Decision, policy: MarketPolicy) -> Decimal | None:
    declaration = decision.offer.declaration
    in_auction = decision.is_accepted and declaration.programme in policy.auction_programmes
    return declaration.utilisation_bid_price if in_auction else None


def _row(decision: Decision) -> list[str]:
    declaration = decision.offer.declaration
    return [
        declaration.week.isoformat(), declaration.programme, declaration.zone, declaration.unit_id,
        london_text(decision.offer.start_at), london_text(decision.offer.end_at), kw_text(declaration.power_milliwatts),
        decision.verdict.value, kw_text(decision.accepted_milliwatts) if decision.is_accepted else "",
        london_text(decision.acceptance_start), london_text(decision.acceptance_end),
        _price(decision.utilisation_bid_price), _price(decision.utilisation_awarded_price),
    ]


def _price(pounds: Decimal | None) -> str:
    return "" if pounds is None else f"{pounds.normalize():f}"
