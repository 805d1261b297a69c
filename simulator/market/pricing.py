"""Which price an event is paid, and what accepted availability earns.

That bid and awarded prices exist is documented (portal guide §3.2); how they enter a payment is assumed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from simulator.market.acceptance import Decision
from simulator.market.events import Direction, Price
from simulator.market.invoices import AvailabilityPayment
from simulator.market.policy import MarketPolicy
from simulator.market.quantities import kw_text
from simulator.market.settlement import availability_line, price_text
from simulator.timekeeping.london import month_of, to_london


def utilisation_price(programme: str, unit_ids: Collection[str], start_at: datetime, end_at: datetime,
                      decisions: Iterable[Decision], policy: MarketPolicy, *, direction: Direction) -> Price:
    """Pounds per MWh for an event of these units: the awarded price of the acceptance it was called under.

    That is one of the same programme and direction, whose time the event meets.
    Where several acceptances meet the event, the dearest; where none does, the programme's price in the policy.
    """
    awarded = [
        (decision.utilisation_awarded_price, decision) for decision in decisions
        if decision.utilisation_awarded_price is not None and decision.acceptance_start is not None
        and decision.acceptance_end is not None and decision.offer.declaration.programme == programme
        and decision.offer.declaration.unit_id in unit_ids and decision.offer.declaration.direction is direction
        and decision.acceptance_start < end_at and start_at < decision.acceptance_end]
    if awarded:
        pounds, decision = max(awarded, key=lambda found: found[0])
        bid = decision.utilisation_bid_price
        return Price(pounds, "assumed", f"{price_text(pounds)} a MWh was awarded to declaration "
                     f"{decision.offer.declaration.id}, which bid {'nothing' if bid is None else price_text(bid)}.")
    pounds = policy.utilisation_prices.get(programme, Decimal(0))
    label = policy.label_of("utilisation_prices")
    return Price(pounds, label, f"{price_text(pounds)} a MWh is the price of {programme} without an auction ({label}).")


def availability_payments(decisions: Iterable[Decision], zone_names: Mapping[str, str], policy: MarketPolicy,
                          ) -> list[AvailabilityPayment]:
    """What accepted availability earns, one payment for each acceptance of a programme that pays for it.

    A payment belongs to the London month in which its window starts. `zone_names` are by code.
    """
    return [_payment(decision, start, end, zone_names, policy) for decision in decisions
            if decision.offer.declaration.programme in policy.availability_programmes
            and (start := decision.acceptance_start) is not None and (end := decision.acceptance_end) is not None]


def _payment(decision: Decision, start: datetime, end: datetime, zone_names: Mapping[str, str],
             policy: MarketPolicy) -> AvailabilityPayment:
    declaration = decision.offer.declaration
    declared = declaration.availability_price
    pounds = policy.availability_prices.get(declaration.programme, Decimal(0)) if declared is None else declared
    whence = f"is the price of {declaration.programme}" if declared is None else "was declared"
    price = Price(pounds, "assumed", f"{price_text(pounds)} a MW and hour {whence} (assumed).")
    power = decision.accepted_milliwatts
    line = availability_line(
        f"Availability, {declaration.programme}, {declaration.unit_id}, {kw_text(power)} kW, {_window(start, end)}",
        power, int((end - start).total_seconds()), price)
    return AvailabilityPayment(declaration.organisation_id, month_of(start), declaration.zone,
                               zone_names.get(declaration.zone, declaration.zone), declaration.unit_id,
                               declaration.programme, start, end, line)


def _window(start: datetime, end: datetime) -> str:
    return f"{to_london(start):%-d %B %Y %H:%M}–{to_london(end):%H:%M}"
