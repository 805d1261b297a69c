"""The simulator's own surface, `/_sim`: never part of a simulated platform."""

from __future__ import annotations

from flask import Blueprint

from simulator.contracts import Contract
from simulator.control import clock, contracts, health, journal, participants, worlds
from simulator.control.guard import guard
from simulator.web import Surface


def surface(contracts_in_force: dict[str, Contract]) -> Surface:
    """All of `/_sim`. Watching leaves no journal entries, changing does."""
    blueprint = Blueprint("control", __name__)
    for part in (health, clock, worlds, journal, participants):
        part.add_routes(blueprint)
    contracts.add_routes(blueprint, contracts_in_force)
    watching = frozenset(f"control.{name}" for name in (
        "health", "read_clock", "read_journal", "list_worlds", "read_contract", "read_code"))
    return Surface("control", blueprint, guard, open_to_all=frozenset({"control.health"}),
                   unrecorded=watching, prefix="/_sim")
