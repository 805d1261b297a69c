"""The numbers of the market month: performance, payment, acceptance and finalising, in one object.

Nobody outside the platform can know most of them. Each carries a sentence for people, one of the four labels
(documented, public, inferred, assumed) and its source, and whatever shows a number shows its label with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from simulator.market.programmes import LEGACY_SOURCE
from simulator.market.provenance import Rule

_OURS = "Nobody outside the platform can know it."
_NEIGHBOUR = "Nobody outside the platform can know it; a neighbouring network operator is reported to use this shape."
_OLDER_PAGES = f"{LEGACY_SOURCE}: locked at midnight on Wednesday, decided by midday on Thursday."
_RANGE = "Ours, within the range of published results (utilisation £7.02 to £1,812 a MWh, availability to about £22)."


def _number(default: Any, help: str, label: str, source: str) -> Any:
    metadata = {"help": help, "label": label, "source": source}
    if isinstance(default, dict):
        return field(default_factory=lambda: MappingProxyType(dict(default)), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class MarketPolicy:
    """Every number of the market month that can be set. Percentages are per cent; prices are pounds."""

    green_from_percent: Decimal = _number(
        Decimal(95), "An event is green from this delivered share on.", "assumed",
        "That the RAG calculation is configurable is documented (portal guide §3.3); its numbers are not.")
    amber_from_percent: Decimal = _number(
        Decimal(63), "An event is amber from this delivered share on, and red below it.", "assumed",
        "That the RAG calculation is configurable is documented (portal guide §3.3); its numbers are not.")
    full_payment_from_percent: Decimal = _number(
        Decimal(95), "The payment factor is 1 from this delivered share on.", "assumed", _NEIGHBOUR)
    payment_slope: Decimal = _number(
        Decimal(3), "Below full payment the factor falls by this much for each unit of share that is short.", "assumed",
        _NEIGHBOUR)
    no_payment_up_to_percent: Decimal = _number(
        Decimal(63), "The payment factor is 0 at this delivered share and below it.", "assumed", _NEIGHBOUR)
    factor_decimals: int = _number(
        6, "The payment factor is rounded to this many decimals, halves up, so that a printed line can be checked.",
        "assumed", _OURS)

    auction_programmes: tuple[str, ...] = _number(
        ("SU", "SAOU"), "Programmes that take a bid price, and whose acceptances carry bid and awarded price.",
        "assumed", "That there are auction programmes is documented (portal guide §3.2); which they are is not.")
    scheduled_programmes: tuple[str, ...] = _number(
        ("SU", "Secure"), "Programmes whose acceptances become dispatches by themselves.", "inferred",
        f"Scheduled Utilisation says so in its name; for Secure: {LEGACY_SOURCE}, dispatch notice a week ahead.")
    always_accepted_programmes: tuple[str, ...] = _number(
        ("Restore",), "Programmes whose declarations are accepted whole, without a decision.", "public", LEGACY_SOURCE)
    availability_programmes: tuple[str, ...] = _number(
        ("SAOU", "Secure", "Dynamic"), "Programmes that are paid for accepted availability.", "assumed",
        "Scheduled Availability says so in its name; for the legacy programmes it is ours.")
    notice_minutes: Mapping[str, int] = _number(
        {"SU": 15, "SAOU": 1_440, "OU": 15, "Secure": 15, "Dynamic": 15, "Restore": 15},
        "How long before its start a dispatch's start message goes out, by programme.", "assumed",
        f"Public for OU: 15 minutes, SAOU: day ahead (names of the products); Dynamic, Restore: 15 minutes "
        f"({LEGACY_SOURCE}). For SU and Secure, whose schedule is known from Thursday on, the message itself is "
        "assumed to come as for OU.")
    utilisation_prices: Mapping[str, Decimal] = _number(
        {"SU": Decimal(300), "SAOU": Decimal(240), "OU": Decimal(360), "Secure": Decimal(175), "Dynamic": Decimal(300),
         "Restore": Decimal(600)},
        "Pounds per MWh of events that no auction has priced, by programme.", "assumed", _RANGE)
    availability_prices: Mapping[str, Decimal] = _number(
        {"SAOU": Decimal(12), "Secure": Decimal("7.50"), "Dynamic": Decimal(5)},
        "Pounds per MW and hour of accepted availability where the declaration asks for none, by programme.",
        "assumed", _RANGE)
    awarded_price: str = _number(
        "pay_as_cleared", "What a winner gets: pay_as_cleared, the dearest accepted bid; or pay_as_bid, its own.",
        "assumed", "Published results show a bid of 1263 and an award of 1329.5, so it is not always pay as bid.")

    lock_days_before_week: int = _number(
        4, "A week's declarations lock so many days before its Monday, at midnight: 4 is the end of Wednesday.",
        "public", _OLDER_PAGES)
    decision_days_before_week: int = _number(
        4, "A week is decided so many days before its Monday: 4 is Thursday.", "public", _OLDER_PAGES)
    decision_hour: int = _number(
        12, "London hour of the decisions.", "public",
        f"{_OLDER_PAGES} The email of Thursday 12:05 (portal guide §3.6) agrees.")

    draft_day: int = _number(
        1, "Day of the month from which the previous month's invoices stand as drafts.", "inferred",
        "The email of the 1st (portal guide §3.6) tells of invoices to review and dispute.")
    finalising_day: int = _number(
        15, "Day of the month on which the previous month becomes final.", "documented", "Portal guide §3.3 and §3.4.")
    finalising_hour: int = _number(0, "London hour of that.", "assumed", _OURS)
    invoice_for_each: str = _number(
        "zone", "There is one invoice for each organisation, month and: zone; or nothing more: organisation.",
        "assumed", _OURS)

    def label_of(self, name: str) -> str:
        """How far a number can be trusted: documented, public, inferred or assumed."""
        return _FIELDS[name].metadata["label"]

    def source_of(self, name: str) -> str:
        """Where a number comes from, in words."""
        return _FIELDS[name].metadata["source"]


_FIELDS = {found.name: found for found in dataclasses.fields(MarketPolicy)}

DEFAULT_POLICY = MarketPolicy()
"""The policy of a world that sets nothing else."""


@dataclass(frozen=True, slots=True)
class PolicyNumber:
    """One number of a policy as a page or the fidelity ledger shows it."""

    name: str
    value: Any
    help: str
    label: str
    source: str

    @property
    def words(self) -> str:
        """Its value for people: a number, a choice, a list, or numbers by programme."""
        return _value_words(self.value)


def _value_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value_words(found)}" for name, found in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return f"{value:f}" if isinstance(value, Decimal) else str(value).replace("_", " ")


def numbers_of(policy: MarketPolicy) -> list[PolicyNumber]:
    """All numbers of a policy in the order they are defined."""
    return [PolicyNumber(name, getattr(policy, name), found.metadata["help"], found.metadata["label"],
                         found.metadata["source"]) for name, found in _FIELDS.items()]


MARKET_RULES = (
    Rule("delivered_power", "The delivered power of a period is reading minus baseline when more export or less "
         "demand is asked for (GTU, DTD), and baseline minus reading for the opposite (GTD, DTU).", "inferred",
         "Generation counts positive and demand negative (portal FAQ page, public)."),
    Rule("direction", "A positive power change asks for more export or less demand (GTU, DTD), a negative one "
         "for the opposite (GTD, DTU).", "inferred", "The sign of readings (portal FAQ page, public)."),
    Rule("delivered_share", "The delivered share is the sum over the event's periods of the smaller of delivered "
         "and instructed energy, divided by the instructed energy; never below 0.", "assumed", _OURS),
    Rule("missing_reading", "A period without a reading delivers nothing and is named in the report.", "assumed",
         _OURS),
    Rule("together", "The units of a dispatch in one zone answer for its power together, as one event; a "
         "dispatch over several zones is shared between them by capacity.", "assumed", _OURS),
    Rule("coarsest_meter", "An event is judged minute by minute if all its units are metered so, else half-hour "
         "by half-hour; minute readings are then averaged.", "assumed", _OURS),
    Rule("part_of_a_period", "A period that an event covers in part is instructed for that part only; what its "
         "meter shows for the whole period counts towards it.", "assumed",
         "A meter cannot show what happened within its period."),
    Rule("event_end", "An event ends at the end of its dispatch, or when a stop came before that.", "inferred",
         "Stop and emergency stop exist (portal guide §3.1; the brand's older pages)."),
    Rule("event_month", "An event belongs to the London month in which it starts.", "assumed", _OURS),
    Rule("overlap", "Events of one unit that overlap in time are each judged by its whole reading: the same "
         "energy counts in each. What one window is accepted for at the same time becomes one dispatch with the "
         "sum of the powers, so that a decision by itself makes no such events.", "assumed", _OURS),
    Rule("baseline_in_force", "An event is compared with the baseline that was in force when it started; without "
         "one, with 0 kW.", "assumed", _OURS),
    Rule("utilisation", "Utilisation is paid for the energy that counts, times the price, times the factor.",
         "assumed", _NEIGHBOUR),
    Rule("availability", "Availability is paid for accepted MW times hours times price, whatever was delivered.",
         "assumed", _OURS),
    Rule("rounding", "Energy is rounded to whole Wh, then each line to whole pence, halves up; statements and "
         "invoices add up lines and round nothing. There is no VAT.", "assumed", _OURS),
)
"""The rules of the month for the fidelity ledger and the small print of reports."""
