"""The simulator's own surface, `/_sim`: never part of a simulated platform."""

from __future__ import annotations

from flask import Blueprint

from simulator.contracts import Contract
from simulator.control import (
    clock,
    connections,
    contracts,
    decisions,
    declarations,
    dispatches,
    events,
    faults,
    fidelity,
    fixtures,
    invoices,
    journal,
    mailbox,
    participants,
    policy,
    registrations,
    signing_keys,
    snapshots,
    worlds,
)
from simulator.control.guard import guard
from simulator.web import Surface


def surface(contracts_in_force: dict[str, Contract]) -> Surface:
    """All of `/_sim` but its health, which the gateway answers. Watching leaves no journal entries, changing does."""
    blueprint = Blueprint("control", __name__)
    for part in (clock, worlds, snapshots, journal, participants, connections, registrations, mailbox, dispatches,
                 faults, fixtures, signing_keys, declarations, decisions, events, invoices, policy):
        part.add_routes(blueprint)
    contracts.add_routes(blueprint, contracts_in_force)
    fidelity.add_routes(blueprint, contracts_in_force)
    watching = frozenset(f"control.{name}" for name in (
        "read_clock", "read_journal", "read_archive", "list_worlds", "list_snapshots", "read_snapshot",
        "download_snapshot", "read_contract", "list_participants", "read_participant", "read_code",
        "read_commissioning", "read_certificate", "list_mails", "read_mail", "read_mail_source", "read_attachment",
        "list_dispatches", "read_dispatch", "list_faults", "list_signing_keys", "list_transactions",
        "read_transaction", "list_assets", "list_units", "list_declarations", "read_week", "read_acceptance_rule",
        "read_fixture", "list_events", "read_event", "list_invoices", "read_invoice", "read_policy", "read_fidelity"))
    return Surface("control", blueprint, guard, unrecorded=watching, prefix="/_sim",
                   large_bodies=frozenset({"control.make_world"}),
                   snapshot_files=frozenset({"control.take_snapshot"}))
