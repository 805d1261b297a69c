"""The journal's words of the market month: baselines, declarations, decisions, events and invoices. See `facts`."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.market.facts import Fact


@dataclass(frozen=True, slots=True)
class BaselineSet(Fact):
    """A unit has another baseline from now on; `baseline` says in words which."""

    kind = "baseline.set"
    organisation: str
    unit: str
    baseline: str


@dataclass(frozen=True, slots=True)
class DeclarationMade(Fact):
    """Availability was declared for a week; `repeats` when it does so for every week from then on."""

    kind = "declaration.made"
    organisation: str
    declaration: str
    week: str
    programme: str
    unit: str
    windows: tuple[str, ...]
    power_kw: str
    direction: str
    repeats: bool
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class DeclarationWithdrawn(Fact):
    """A declaration was withdrawn, or a static one repeats no longer; `last_week` is the last one that still has it."""

    kind = "declaration.withdrawn"
    organisation: str
    declaration: str
    last_week: str | None = None


@dataclass(frozen=True, slots=True)
class AcceptanceRuleSet(Fact):
    """Weeks are decided by another rule from now on."""

    kind = "acceptance_rule.set"
    rule: str


@dataclass(frozen=True, slots=True)
class WeekDecided(Fact):
    """A week's declarations were decided; `again` when that replaces earlier decisions."""

    kind = "week.decided"
    week: str
    rule: str
    windows: int
    accepted: int
    again: bool


@dataclass(frozen=True, slots=True)
class DeclarationDecided(Fact):
    """What became of one window of a declaration, and why; prices are pounds per MWh."""

    kind = "declaration.decided"
    organisation: str
    declaration: str
    window: str
    verdict: str
    because: str
    accepted_kw: str | None = None
    acceptance_start: str | None = None
    acceptance_end: str | None = None
    bid_price: str | None = None
    awarded_price: str | None = None


@dataclass(frozen=True, slots=True)
class ScheduleRefused(Fact):
    """An acceptance could not become a dispatch, for these reasons."""

    kind = "schedule.refused"
    organisation: str
    declaration: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventSettled(Fact):
    """Performance and earnings of an event were worked out: provisional, again when readings came, at last final."""

    kind = "event.settled"
    event: str
    dispatch: str
    organisation: str
    month: str
    state: str
    rag: str
    delivered_percent: str
    pence: int
    rule: str
    because: str
    periods_without_reading: int


@dataclass(frozen=True, slots=True)
class InvoiceFinal(Fact):
    """An invoice became final: nothing of it can change any more."""

    kind = "invoice.final"
    invoice: str
    organisation: str
    month: str
    zone: str
    events: int
    utilisation_pence: int
    availability_pence: int
    pence: int
