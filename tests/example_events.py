"""Events with readings and baselines for the tests of documents: a test names only what matters to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from simulator.market.baselines import flat_baseline
from simulator.market.events import Event, Price
from simulator.market.intervals import Granularity
from simulator.market.invoices import AvailabilityPayment, Invoice, InvoiceState, invoices_of
from simulator.market.organisations import MeterableUnit
from simulator.market.performance import EventPerformance, Evidence, ReportState, assess_event
from simulator.market.policy import DEFAULT_POLICY
from simulator.market.settlement import EventStatement, availability_line, settle_event
from tests.builders import instant

BRINDLE = "Brindle Aggregation Ltd"
KW = 1_000_000
ZONE = "CMZ_T7B_SWA_0012"


def example_unit(unit_id: str = "MU-1001", granularity: Granularity = Granularity.HALF_HOUR) -> MeterableUnit:
    """A Meterable Unit at Ashgrove."""
    return MeterableUnit(int(unit_id[-4:]), unit_id, "brindle", "Battery", "Batteries", 500, granularity, ZONE,
                         "Ashgrove", "South Wales")


def example_performance(readings: Sequence[int | None], *, start: str = "2026-11-02 16:00", baseline: int = -180,
                        power: int = 150, state: ReportState = ReportState.PROVISIONAL,
                        event_id: str = "D-20261102-0007", granularity: Granularity = Granularity.HALF_HOUR,
                        ) -> EventPerformance:
    """The performance of one unit with these readings, one for each period of the event; all in kW, None is missing."""
    first, step, unit = instant(start), granularity.seconds, example_unit(granularity=granularity)
    end = first + timedelta(seconds=step * len(readings))
    event = Event(event_id, event_id, "brindle", "SAOU", ZONE, "Ashgrove", (unit,), first, end, power * KW,
                  Price(Decimal(240), "assumed", "Price of the policy for SAOU (assumed)."))
    metered = {int(first.timestamp()) + (place + 1) * step: power * KW for place, power in enumerate(readings)
               if power is not None}
    evidence = {unit.id: Evidence(metered, flat_baseline(baseline * KW, granularity))}
    return assess_event(event, evidence, DEFAULT_POLICY, end, state)


def example_statement(performance: EventPerformance) -> EventStatement:
    """Its earnings statement."""
    return settle_event(performance, DEFAULT_POLICY)


def example_invoice(events: int = 3, windows: int = 2, state: InvoiceState = InvoiceState.FINAL) -> Invoice:
    """An invoice of November 2026 with so many events and windows of availability."""
    statements = [example_statement(example_performance(
        [-30, -40], start=f"2026-11-{1 + place % 28:02} {place % 20:02}:00", event_id=f"D-202611-{place:04}",
        state=ReportState.FINAL)) for place in range(events)]
    price = Price(Decimal("7.5"), "assumed", "Asked for in the declaration.")
    payments = []
    for place in range(windows):
        start = instant(f"2026-11-{1 + place:02} 16:00")
        payments.append(AvailabilityPayment(
            "brindle", "2026-11", ZONE, "Ashgrove", "MU-1001", "SAOU", start, start + timedelta(hours=4),
            availability_line("Availability", 150 * KW, 4 * 3600, price)))
    return invoices_of("brindle", BRINDLE, "2026-11", statements, payments, DEFAULT_POLICY,
                       instant("2026-12-15 00:00"), state)[0]
