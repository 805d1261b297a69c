"""Switching faults on and off, and deciding which of them touch an exchange."""

from __future__ import annotations

from simulator.faults.rules import Fault, Seam, matches, seam_of, strikes
from simulator.market.facts import FaultApplied, FaultsChanged
from simulator.store import faults
from simulator.store.work import View, Work

FAULTS_TOPIC = "faults"
"""What is announced when faults are switched on or off."""


def faults_on(view: View, surface: str | None = None) -> list[Fault]:
    """The faults that are on, by id."""
    return faults.all_faults(view, surface)


def switch_on(work: Work, fault: Fault) -> Fault:
    """Switch a fault on; it with its id."""
    fault_id = faults.add_fault(work, fault)
    work.record(FaultsChanged("on", fault_id, fault.surface, fault.effect))
    work.announce(FAULTS_TOPIC)
    return next(found for found in faults.all_faults(work) if found.id == fault_id)


def switch_off(work: Work, fault_id: int | None = None) -> int:
    """Switch one fault off, or all; how many that were."""
    count = faults.remove_faults(work, fault_id)
    if count:
        work.record(FaultsChanged("off", fault_id, None, None))
        work.announce(FAULTS_TOPIC)
    return count


def strike(work: Work, surface: str, route: str, participant: str | None, exchange: int | None, *, seam: Seam
           ) -> dict[str, object]:
    """The effects that touch an exchange at a seam, all faults' together; each is a fact caused by entry `exchange`.

    Faults that take hold at another seam do not count the exchange.
    """
    effects: dict[str, object] = {}
    for fault in faults.all_faults(work, surface):
        if seam_of(surface, fault.effect) is not seam or not matches(fault, surface, route, participant):
            continue
        struck = strikes(fault)
        faults.count_exchange(work, fault, struck)
        if struck:
            effects |= fault.effect
            fact = FaultApplied(fault.id, surface, fault.effect)
            work.add_entry(work.reserve_entry(), fact.kind, fact, exchange)
    return effects
