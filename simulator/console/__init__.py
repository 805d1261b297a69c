"""The console: the pages of the simulator itself, never part of a simulated platform. One file for each page."""

from __future__ import annotations

from flask import Blueprint

from simulator.console import (
    control_room,
    entering,
    faults,
    journal,
    mailbox,
    menu,
    one_dispatch,
    one_entry,
    one_mail,
    one_participant,
    overview,
    participants,
)
from simulator.console.entering import guard
from simulator.web import Surface


def surface() -> Surface:
    """All pages of the console. Looking at them leaves no journal entries, sending a form does."""
    blueprint = Blueprint("console", __name__)
    for page in (entering, overview, participants, one_participant, control_room, one_dispatch, mailbox, one_mail,
                 journal, one_entry, faults):
        page.add_routes(blueprint)
    menu.add_words(blueprint)
    watching = frozenset(f"console.{name}" for name in (
        "enter_page", "overview_page", "participants_page", "participant_page", "control_room_page", "dispatch_page",
        "mailbox_page", "mail_page", "mail_html", "mail_source", "mail_attachment", "journal_page", "journal_archive",
        "entry_page", "faults_page"))
    return Surface("console", blueprint, guard, unrecorded=watching, prefix="/console")
