"""Invoices: the statements and availability of an organisation, a London month and a zone, added up.

That the 15th makes invoices final is documented (portal guide §3.3); one for each zone is assumed. There is no VAT.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from simulator.market.policy import MarketPolicy
from simulator.market.provenance import Rule
from simulator.market.settlement import EarningsLine, EventStatement, sum_of

RULES = (
    Rule("invoices.pdfs",
         "Download PDFs on Invoices/Statements gives a zip of the month's invoices. Their layout is ours.",
         "documented", "Portal guide §3.4."),
    Rule("invoices.final",
         "Invoices are final from the 15th on; payment is made outside the portal.",
         "documented", "Portal guide §3.3 and §3.4."),
    Rule("invoices.cannot_change",
         "What is final is never changed again.",
         "inferred", "Portal FAQ page: invoices of a finalised month do not change."),
)

ALL_ZONES = "all"
"""Zone of an invoice where the policy makes one for the whole organisation."""


class InvoiceState(Enum):
    """Draft from the 1st, final from the 15th."""

    DRAFT = "draft"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class AvailabilityPayment:
    """Availability accepted in one window, and its line. `start_at` and `end_at` are UTC, half-open."""

    organisation_id: str
    month: str
    zone: str
    zone_name: str
    unit_id: str
    programme: str
    start_at: datetime
    end_at: datetime
    line: EarningsLine


@dataclass(frozen=True, slots=True)
class Invoice:
    """What an organisation earned in a zone in a London month (`2026-10`).

    `statements` are in order of the events' start; `as_of` is when it was drawn up. Payment is made
    elsewhere (portal guide §3.3).
    """

    number: str
    organisation_id: str
    organisation_name: str
    month: str
    zone: str
    zone_name: str
    state: InvoiceState
    as_of: datetime
    statements: tuple[EventStatement, ...]
    availability: tuple[AvailabilityPayment, ...]

    @property
    def utilisation_pence(self) -> int:
        """Sum of the statements."""
        return sum(statement.pence for statement in self.statements)

    @property
    def availability_pence(self) -> int:
        """Sum of the availability lines."""
        return sum_of(payment.line for payment in self.availability)

    @property
    def pence(self) -> int:
        """The total: statements and availability."""
        return self.utilisation_pence + self.availability_pence

    @property
    def lines(self) -> tuple[EarningsLine, ...]:
        """Every line, those of events first."""
        return (*(line for statement in self.statements for line in statement.lines),
                *(payment.line for payment in self.availability))


def invoices_of(organisation_id: str, organisation_name: str, month: str, statements: Iterable[EventStatement],
                availability: Iterable[AvailabilityPayment], policy: MarketPolicy, as_of: datetime,
                state: InvoiceState) -> list[Invoice]:
    """The invoices of an organisation and a London month, in order of zone.

    Statements and availability of other organisations or months are left out. A zone with neither has no invoice.
    """
    by_zone = policy.invoice_for_each == "zone"
    own = [found for found in statements
           if found.event.organisation_id == organisation_id and found.event.month == month]
    paid = [found for found in availability if found.organisation_id == organisation_id and found.month == month]
    names = {found.event.zone: found.event.zone_name for found in own} | {found.zone: found.zone_name for found in paid}
    if not names:
        return []
    zones = [(zone, names[zone]) for zone in sorted(names)] if by_zone else [(ALL_ZONES, "All zones")]
    invoices = []
    for zone, zone_name in zones:
        events = [found for found in own if not by_zone or found.event.zone == zone]
        windows = [found for found in paid if not by_zone or found.zone == zone]
        invoices.append(Invoice(
            invoice_number(organisation_id, month, zone), organisation_id, organisation_name, month, zone, zone_name,
            state, as_of,
            tuple(sorted(events, key=lambda found: (found.event.start_at, found.event.id))),
            tuple(sorted(windows, key=lambda found: (found.start_at, found.unit_id, found.programme, found.end_at)))))
    return invoices


def invoice_number(organisation_id: str, month: str, zone: str) -> str:
    """The same for the same organisation, month and zone, draft or final: `INV-2026-10-brindle-CMZ_T7B_SWA_0012`."""
    return f"INV-{month}-{organisation_id}-{zone}"
