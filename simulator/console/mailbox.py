"""The Mailbox page: every e-mail that the simulated platforms sent, newest first."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm

from simulator.market.letters import RELAY_FAILED, RELAY_WAITING, RELAYED
from simulator.operations.mails import count_mails, empty_mailbox, find_mails
from simulator.paging import asked_page
from simulator.web import current_world, work_of_request

PAGE_LENGTH = 50
_LONGEST_SEARCH = 200

RELAY_WORDS = {RELAY_WAITING: "waiting to be sent on", RELAYED: "sent on", RELAY_FAILED: "sending on failed"}
"""What a page says of a mail that a mail server was to get as well; nothing where there is none."""


def add_routes(blueprint: Blueprint) -> None:
    """Look into the mailbox, search it, empty it."""
    blueprint.add_url_rule("/mailbox", "mailbox_page", mailbox_page)
    blueprint.add_url_rule("/mailbox/delete", "empty_mailbox", delete_all, methods=["POST"])


def mailbox_page() -> Any:
    """Mails with the words of `q`, 50 a page."""
    words = re.sub(r"[\x00-\x1f]", " ", request.args.get("q", "")[:_LONGEST_SEARCH]).strip()
    with current_world.view() as view:
        total = count_mails(view)
        count = count_mails(view, words) if words else total
        page = asked_page(count, PAGE_LENGTH)
        mails = find_mails(view, words=words, limit=PAGE_LENGTH, newest_first=True, offset=page.offset)
    return render_template("console/mailbox.html", mails=mails, words=words, total=total, count=count, page=page,
                           relay_words=RELAY_WORDS, form=FlaskForm())


def delete_all() -> Any:
    """Delete all mails."""
    with work_of_request() as work:
        count = empty_mailbox(work)
    flash(f"{count:,} mail{'' if count == 1 else 's'} deleted.", "success")
    return redirect(url_for("console.mailbox_page"), 303)
