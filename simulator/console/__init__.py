"""The console: the pages of the simulator itself, never part of a simulated platform. One file for each page."""

from __future__ import annotations

from flask import Blueprint

from simulator.console import entering, mailbox, menu, one_mail, one_participant, overview, participants
from simulator.console.entering import guard
from simulator.web import Surface


def surface() -> Surface:
    """All pages of the console. Looking at them leaves no journal entries, sending a form does."""
    blueprint = Blueprint("console", __name__)
    for page in (entering, overview, participants, one_participant, mailbox, one_mail):
        page.add_routes(blueprint)
    menu.add_words(blueprint)
    watching = frozenset(f"console.{name}" for name in (
        "enter_page", "overview_page", "participants_page", "participant_page", "mailbox_page", "mail_page",
        "mail_html", "mail_source", "mail_attachment"))
    return Surface("console", blueprint, guard, unrecorded=watching, prefix="/console")
