"""The console: the pages of the simulator itself, never part of a simulated platform. One file for each page."""

from __future__ import annotations

from flask import Blueprint

from simulator.clock_moves import ClockMoves
from simulator.console import (
    availability,
    clock,
    commissioning,
    connection,
    control_room,
    documentation,
    entering,
    faults,
    fidelity,
    journal,
    mailbox,
    market_events,
    market_policy,
    menu,
    one_dispatch,
    one_entry,
    one_mail,
    one_participant,
    one_transaction,
    overview,
    participants,
    registrations,
    snapshots,
    worlds,
)
from simulator.console.entering import guard
from simulator.contracts import Contract
from simulator.web import Surface


def surface(contracts: dict[str, Contract]) -> Surface:
    """All pages of the console. Looking at them leaves no journal entries, sending a form does."""
    blueprint = Blueprint("console", __name__)
    for page in (entering, overview, participants, one_participant, connection, commissioning,
                 registrations, one_transaction, control_room, one_dispatch, mailbox, one_mail,
                 journal, one_entry, faults, availability, market_events, market_policy,
                 worlds, snapshots):
        page.add_routes(blueprint)
    documentation.add_routes(blueprint, contracts["smp"])
    fidelity.add_routes(blueprint, contracts)
    clock.add_routes(blueprint, ClockMoves())
    menu.add_words(blueprint)
    watching = frozenset(f"console.{name}" for name in (
        "enter_page", "overview_page", "participants_page", "participant_page", "control_room_page", "dispatch_page",
        "mailbox_page", "mail_page", "mail_html", "mail_source", "mail_attachment", "journal_page", "journal_archive",
        "entry_page", "faults_page", "connection_page", "commissioning_page", "commissioning_certificate", "smp_page",
        "assets_page", "units_page", "transaction_page", "smp_documentation_page",
        "clock_page", "worlds_page", "delete_world_page", "snapshots_page", "download_snapshot",
        "download_fixture", "availability_page", "week_page", "events_page", "event_page", "event_performance_report",
        "event_earnings_statement", "market_policy_page", "fidelity_page"))
    return Surface("console", blueprint, guard, unrecorded=watching, prefix="/console",
                   large_bodies=frozenset({"console.make_world"}),
                   snapshot_files=frozenset({"console.upload_snapshot"}))
