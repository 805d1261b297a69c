"""What is kept of an event and of an invoice: enough for a list, and with its periods the whole report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from simulator.market.events import Event
from simulator.market.invoices import InvoiceState
from simulator.market.performance import EventPerformance, Rag, ReportState, percent
from simulator.market.settlement import EventStatement


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What came of an event, without its periods. Energies are milliwatt-seconds; `rule` says what made the status.

    `missing_periods` counts periods of units without a reading; `invoice` is the number of the final one, if any.
    """

    statement: EventStatement
    instructed_energy: int
    delivered_energy: int
    counted_energy: int
    rule: str
    missing_periods: int
    invoice: str | None = None

    @property
    def event(self) -> Event:
        """The event."""
        return self.statement.event

    @property
    def state(self) -> ReportState:
        """Provisional or final."""
        return self.statement.state

    @property
    def as_of(self) -> datetime:
        """When it was worked out."""
        return self.statement.as_of

    @property
    def rag(self) -> Rag:
        """Its status."""
        return self.statement.rag

    @property
    def share(self) -> Fraction:
        """Delivered share, 0 to 1, exact."""
        return self.statement.share

    @property
    def share_percent(self) -> Decimal:
        """Delivered share in per cent, rounded down to two decimals."""
        return percent(self.share)

    @property
    def pence(self) -> int:
        """What it earned."""
        return self.statement.pence


@dataclass(frozen=True, slots=True)
class EventReport:
    """An event's outcome and its performance, period by period."""

    outcome: EventOutcome
    performance: EventPerformance


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events of a list. `page` counts from 1; `pages` is at least 1; `total` counts the events of all pages."""

    outcomes: tuple[EventOutcome, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """An invoice as a list shows it; see `invoices.Invoice`."""

    number: str
    organisation_id: str
    organisation_name: str
    month: str
    zone: str
    zone_name: str
    state: InvoiceState
    as_of: datetime
    event_count: int
    utilisation_pence: int
    availability_pence: int

    @property
    def pence(self) -> int:
        """The total."""
        return self.utilisation_pence + self.availability_pence
