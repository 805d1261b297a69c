"""Email preferences (portal guide §3.6): opting in to each of the three e-mails, and out of it; saved at once."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm

from simulator.market.letters import BatchEmail
from simulator.operations.email_preferences import preferences_of, set_preference
from simulator.operations.timetable import next_sending
from simulator.web import current_world, work_of_request

_CHOICES = {"yes": True, "no": False}


def add_routes(blueprint: Blueprint) -> None:
    """The page and its buttons."""
    blueprint.add_url_rule("/email-preferences", "email_preferences_page", email_preferences_page)
    blueprint.add_url_rule("/email-preferences/<email>", "change_email_preference", change_email_preference,
                           methods=["POST"])


def email_preferences_page() -> Any:
    """The three e-mails, with the present choice and when each is sent next."""
    with current_world.view() as view:
        chosen = preferences_of(view, current_user.account)
    now = current_world.now()
    rows = [(email, email in chosen, next_sending(email, now)) for email in BatchEmail]
    return render_template("portal/email_preferences.html", rows=rows, form=FlaskForm())


def change_email_preference(email: str) -> Any:
    """Opt in to an e-mail or out of it, by the field `opted_in`: yes or no."""
    try:
        wanted = BatchEmail(email)
    except ValueError:
        abort(404, f"There is no email {email[:80]!r} to opt in to.")
    opted_in = _CHOICES.get(request.form.get("opted_in", ""))
    if opted_in is None:
        abort(400, "Say opted_in=yes or opted_in=no.")
    with work_of_request() as work:
        set_preference(work, current_user.account, wanted, opted_in)
    if opted_in:
        flash(f"You opted in to the {wanted.title}. It goes to {current_user.account.email}, {wanted.when}.", "success")
    else:
        flash(f"You opted out of the {wanted.title}. It no longer goes to {current_user.account.email}.", "success")
    return redirect(url_for("portal.email_preferences_page"), 303)
