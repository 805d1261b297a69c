"""The Participants page: everybody in the world, and the form that invites an organisation."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import StringField

from simulator.console.forms import show_breaches, typed
from simulator.market.errors import Refused
from simulator.market.invitations import Invitation, id_from_name
from simulator.operations import participants
from simulator.operations.mails import find_mails
from simulator.web import current_world, work_of_request


class InvitationForm(FlaskForm):
    """An organisation to invite. The rules judge the fields, all at once."""

    name = StringField("Organisation’s name")
    email = StringField("Email address")
    id = StringField("Participant id")


def add_routes(blueprint: Blueprint) -> None:
    """Look at everybody, invite one more."""
    blueprint.add_url_rule("/participants", "participants_page", participants_page)
    blueprint.add_url_rule("/participants", "invite", invite, methods=["POST"])


def participants_page() -> Any:
    """The table of all participants."""
    return _show(InvitationForm())


def _show(form: InvitationForm, status: int = 200) -> Any:
    with current_world.view() as view:
        everybody = participants.participants(view)
    return render_template("console/participants.html", everybody=everybody, form=form), status


def invite() -> Any:
    """Give an organisation its one account; its page comes next, and the invitation is in the mailbox."""
    form = InvitationForm()
    name, given_id = typed(form.name.data), typed(form.id.data)
    invitation = Invitation(given_id or id_from_name(name), name, typed(form.email.data))
    try:
        with work_of_request() as work:
            made = participants.invite_organisation(work, invitation)
            tell_of_invitation(work, made)
    except Refused as refusal:
        # An id that would have been made of a wrong name is not to blame.
        name_is_wrong = any(breach.field == "name" for breach in refusal.breaches)
        show_breaches(form, [breach for breach in refusal.breaches
                             if given_id or not (breach.field == "id" and name_is_wrong)])
        return _show(form, 422)
    return redirect(url_for("console.participant_page", organisation_id=made.organisation.id), 303)


def tell_of_invitation(view: Any, invited: participants.Participant) -> None:
    """Say on the next page that the invitation is sent, with the way to it."""
    mail = find_mails(view, to=invited.account.email, limit=1, newest_first=True)[0]
    flash(Markup('The invitation of {} is sent: <a href="{}">look at it in the mailbox</a>.').format(
        invited.organisation.name, url_for("console.mail_page", mail_id=mail.id)), "success")
