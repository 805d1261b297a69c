"""The page of one transaction of the SMP: where it stands, its errors, what it created, and its batch return."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm

from simulator.console.message_words import shown_message
from simulator.console.registrations import STATUS_CLASSES, TYPE_WORDS
from simulator.market.errors import NotFound, Refused
from simulator.operations import batches
from simulator.operations.connections import connection_of
from simulator.operations.participants import participant
from simulator.timekeeping.clock import FROZEN
from simulator.web import current_world, work_of_request

MOST_SHOWN = 200
"""Errors and created assets that the page lists; `/_sim` tells all."""


def add_routes(blueprint: Blueprint) -> None:
    """Look at a transaction, let it go on."""
    place = "/smp/transactions/<transaction_id>"
    blueprint.add_url_rule(place, "transaction_page", transaction_page)
    blueprint.add_url_rule(f"{place}/release", "release_transaction", release, methods=["POST"])


def transaction_page(transaction_id: str) -> Any:
    """One transaction."""
    try:
        with current_world.view() as view:
            found = batches.transaction(view, transaction_id)
            returns = batches.returns_of(view, transaction_id)
            owner = participant(view, found.organisation_id).organisation
            callback_url = connection_of(view, found.organisation_id).callback_url
    except NotFound as error:
        abort(404, str(error))
    result = found.result or {}
    shown = [shown_message("Batch return", *each) for each in returns]
    return render_template(
        "console/transaction.html", transaction=found, owner=owner, callback_url=callback_url, messages=shown,
        errors=found.errors[:MOST_SHOWN], created=result.get("assets", ())[:MOST_SHOWN],
        created_count=len(result.get("assets", ())), unit=result.get("unit"), most=MOST_SHOWN,
        is_over=found.has_ended and not any(message.state_class == "state-waiting" for message in shown),
        type_words=TYPE_WORDS, status_classes=STATUS_CLASSES, is_frozen=current_world.clock.mode == FROZEN,
        form=FlaskForm())


def release(transaction_id: str) -> Any:
    """Let it go on although a fault keeps it."""
    try:
        with work_of_request() as work:
            ended = batches.release_batch(work, current_world.batch_rules, transaction_id)
    except NotFound as error:
        abort(404, str(error))
    except Refused as refusal:
        flash(" ".join(breach.message for breach in refusal.breaches), "danger")
    else:
        flash(f"The transaction {ended.id} went on, and {ended.status.value}.", "success")
    return redirect(url_for("console.transaction_page", transaction_id=transaction_id), 303)
