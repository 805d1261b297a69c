"""Earnings: lines of energy, price, factor and pence that explain themselves, and the statement of an event.

All of it is assumed and set by the policy. Each line is rounded once, to whole pence, from numbers that are printed as
they are used, so that anybody can check it; statements and invoices add up whole pence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from simulator.market.events import Event, Price
from simulator.market.performance import EventPerformance, Rag, ReportState, watt_hours
from simulator.market.policy import MarketPolicy

WATT_HOURS_PER_MWH = 1_000_000
_PENCE_PER_POUND = 100


class LineKind(Enum):
    """What a line pays for."""

    UTILISATION = "utilisation"
    AVAILABILITY = "availability"


@dataclass(frozen=True, slots=True)
class EarningsLine:
    """One payment: pence = watt_hours / 1,000,000 × rate × factor × 100, halves up.

    `watt_hours` is delivered energy (utilisation) or accepted power times hours (availability). `rate` is pounds per
    MWh, or per MW and hour, which has the same arithmetic. `label` is the weakest label of what went in.
    """

    kind: LineKind
    description: str
    watt_hours: int
    rate: Decimal
    factor: Decimal
    pence: int
    because: str
    label: str = "assumed"


@dataclass(frozen=True, slots=True)
class EventStatement:
    """The earnings statement of an event (portal guide §3.3): lines and their sum in pence."""

    event: Event
    state: ReportState
    as_of: datetime
    share: Fraction
    rag: Rag
    lines: tuple[EarningsLine, ...]

    @property
    def pence(self) -> int:
        """Sum of the lines."""
        return sum_of(self.lines)


def sum_of(lines: Iterable[EarningsLine]) -> int:
    """Pence of lines together."""
    return sum(line.pence for line in lines)


def pounds_text(pence: int) -> str:
    """Pence as pounds for people: £1,234.56."""
    sign = "−" if pence < 0 else ""
    return f"{sign}£{abs(pence) // _PENCE_PER_POUND:,}.{abs(pence) % _PENCE_PER_POUND:02}"


def price_text(pounds: Decimal) -> str:
    """A price as it is counted with, for people: £1,329.50, and with more decimals where it has more."""
    exponent = pounds.normalize().as_tuple().exponent
    return f"£{pounds:,.{max(2, -exponent if isinstance(exponent, int) else 2)}f}"


def pence_for(energy_watt_hours: int, rate: Decimal, factor: Decimal) -> int:
    """Whole pence, halves away from 0: Wh × pounds per MWh × factor."""
    exact = Fraction(energy_watt_hours) * Fraction(rate) * Fraction(factor) * _PENCE_PER_POUND / WATT_HOURS_PER_MWH
    return _half_up(exact)


def _half_up(amount: Fraction) -> int:
    size = (2 * abs(amount.numerator) + amount.denominator) // (2 * amount.denominator)
    return size if amount >= 0 else -size


def payment_factor(share: Fraction, policy: MarketPolicy) -> Decimal:
    """The factor for a delivered share, rounded to the policy's decimals, halves up."""
    full = Fraction(policy.full_payment_from_percent) / 100
    if share >= full:
        return Decimal(1)
    if share <= Fraction(policy.no_payment_up_to_percent) / 100:
        return Decimal(0)
    exact = max(Fraction(0), 1 - Fraction(policy.payment_slope) * (full - share))
    return Decimal(_plain(Decimal(_half_up(exact * 10**policy.factor_decimals)).scaleb(-policy.factor_decimals)))


def factor_words(share: Fraction, policy: MarketPolicy) -> str:
    """Why the factor is what it is."""
    # Enough decimals for the reader to find the same factor.
    shown = f"{_plain(Decimal(int(share * 10**7)).scaleb(-5))} %"
    full, none = policy.full_payment_from_percent, policy.no_payment_up_to_percent
    if share >= Fraction(full) / 100:
        return f"{shown} delivered, and from {full:f} % on the factor is 1"
    if share <= Fraction(none) / 100:
        return f"{shown} delivered, and up to {none:f} % the factor is 0"
    return (f"{shown} delivered, so the factor is 1 − {policy.payment_slope:f} × ({full:f} % − {shown}) = "
            f"{payment_factor(share, policy):f}")


def settle_event(performance: EventPerformance, policy: MarketPolicy) -> EventStatement:
    """The earnings statement of an event: one utilisation line for its units together."""
    event, share = performance.event, performance.share
    price = event.utilisation_price
    energy, factor = watt_hours(performance.counted_energy), payment_factor(share, policy)
    line = EarningsLine(
        LineKind.UTILISATION, f"Utilisation, {event.programme}, event {event.id}", energy, price.pounds, factor,
        pence_for(energy, price.pounds, factor), f"{_capital(factor_words(share, policy))}. {price.because}")
    return EventStatement(event, performance.state, performance.as_of, share, performance.rag, (line,))


def availability_line(description: str, accepted_milliwatts: int, seconds: int, price: Price) -> EarningsLine:
    """The line for accepted availability: MW times hours times price, whatever was delivered (assumed)."""
    energy = watt_hours(accepted_milliwatts * seconds)
    return EarningsLine(LineKind.AVAILABILITY, description, energy, price.pounds, Decimal(1),
                        pence_for(energy, price.pounds, Decimal(1)), price.because)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
