"""The page of one participant: its account, its current code, what Collar Support does, and its Meterable Units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, SelectField, StringField

from simulator.console.connection import STEP_WORDS
from simulator.console.forms import show_breaches, typed
from simulator.console.participants import tell_of_invitation
from simulator.market.connections import SmpConnection
from simulator.market.errors import NotFound, Refused
from simulator.market.intervals import Granularity
from simulator.market.invitations import UnitDraft
from simulator.market.letters import BatchEmail
from simulator.operations import participants
from simulator.operations.connections import connection_of
from simulator.operations.participants import Participant
from simulator.operations.sign_in import STEP_SECONDS, current_code, reset_authenticator
from simulator.timekeeping.clock import FROZEN
from simulator.web import current_world, work_of_request

TECHNOLOGIES = ("Batteries", "Solar", "Wind", "Hydro", "Pumped Storage", "Gas", "CHP", "Diesel", "Demand",
                "Electric Vehicles", "Heat Pumps", "Other")
"""`Batteries` is public, the others are assumed."""

_NOT_THERE = 0
_LONGEST_NUMBER = 12


class UnitForm(FlaskForm):
    """A Meterable Unit to add. The rules judge the fields, all at once."""

    id = StringField("ID")
    description = StringField("Description")
    technology = SelectField("Technology", choices=TECHNOLOGIES)
    capacity_kw = StringField("Capacity in kW")
    granularity = RadioField("Metered", default=Granularity.HALF_HOUR.value, choices=[
        SelectChoice(value=each.value, label=each.words.capitalize()) for each in Granularity])
    zone = SelectField("Zone")


class ChangeForm(FlaskForm):
    """Another name or address for an organisation."""

    name = StringField("Organisation’s name")
    email = StringField("Email address")


@dataclass(frozen=True)
class ShownCode:
    """A six-digit code, and in how many seconds the next one comes; None while the clock of codes stands still."""

    code: str
    seconds: int | None


def add_routes(blueprint: Blueprint) -> None:
    """Look at a participant and change it."""
    place = "/participants/<organisation_id>"
    blueprint.add_url_rule(place, "participant_page", participant_page)
    blueprint.add_url_rule(place, "change_participant", change, methods=["POST"])
    blueprint.add_url_rule(f"{place}/units", "add_unit", add_unit, methods=["POST"])
    blueprint.add_url_rule(f"{place}/invitation", "invite_again", invite_again, methods=["POST"])
    blueprint.add_url_rule(f"{place}/authenticator", "reset_authenticator", reset, methods=["POST"])


def participant_page(organisation_id: str) -> Any:
    """One participant."""
    return _show(organisation_id)


def _show(organisation_id: str, status: int = 200, unit_form: UnitForm | None = None,
          change_form: ChangeForm | None = None) -> Any:
    found = _find(organisation_id)
    return render_template(
        "console/participant.html", participant=found, smp=_connection_of(organisation_id), step_words=STEP_WORDS,
        code=_code_of(found), emails=list(BatchEmail),
        unit_form=unit_form or _unit_form(formdata=None),
        change_form=change_form or ChangeForm(formdata=None, name=found.organisation.name, email=found.account.email),
    ), status


def _find(organisation_id: str) -> Participant:
    try:
        with current_world.view() as view:
            return participants.participant(view, organisation_id)
    except NotFound as error:
        abort(404, str(error))


def _connection_of(organisation_id: str) -> SmpConnection:
    with current_world.view() as view:
        return connection_of(view, organisation_id)


def _code_of(found: Participant) -> ShownCode | None:
    now = current_world.credential_now()
    code = current_code(found.account, now)
    if code is None:
        return None
    seconds = STEP_SECONDS - now.timestamp() % STEP_SECONDS
    if current_world.settings.credentials == "market":
        clock = current_world.clock
        seconds = None if clock.mode == FROZEN else seconds / clock.rate
    return ShownCode(code, None if seconds is None else max(1, round(seconds)))


def _unit_form(**options: Any) -> UnitForm:
    form = UnitForm(**options)
    with current_world.view() as view:
        form.zone.choices = [
            SelectChoice(value=zone.code, label=f"{zone.name}, {zone.licence_area} ({zone.code})")
            for zone in participants.zones(view)]
    return form


def _go_to(organisation_id: str) -> Any:
    return redirect(url_for("console.participant_page", organisation_id=organisation_id), 303)


def add_unit(organisation_id: str) -> Any:
    """Give the participant one more Meterable Unit."""
    _find(organisation_id)
    form = _unit_form()
    if not form.validate_on_submit():
        return _show(organisation_id, 422, unit_form=form)
    unit = UnitDraft(typed(form.id.data), typed(form.description.data), form.technology.data,
                     _whole_number(typed(form.capacity_kw.data)), form.granularity.data, form.zone.data)
    try:
        with work_of_request() as work:
            participants.change_participant(work, organisation_id, new_units=(unit,))
    except Refused as refusal:
        show_breaches(form, refusal.breaches)
        return _show(organisation_id, 422, unit_form=form)
    flash(f"The Meterable Unit {unit.id} is added.", "success")
    return _go_to(organisation_id)


def _whole_number(text: str) -> int:
    """The number, or one that the rules refuse."""
    digits = text.replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER else _NOT_THERE


def change(organisation_id: str) -> Any:
    """Give the participant another name or address."""
    found = _find(organisation_id)
    form = ChangeForm()
    name, email = typed(form.name.data), typed(form.email.data)
    new_name = None if name == found.organisation.name else name
    new_email = None if email == found.account.email else email
    if new_name is None and new_email is None:
        flash("Name and address are as they were.", "info")
        return _go_to(organisation_id)
    try:
        with work_of_request() as work:
            participants.change_participant(work, organisation_id, new_name, new_email)
    except Refused as refusal:
        show_breaches(form, refusal.breaches)
        return _show(organisation_id, 422, change_form=form)
    flash("Name and address are saved.", "success")
    return _go_to(organisation_id)


def invite_again(organisation_id: str) -> Any:
    """Send the invitation once more, with a new link."""
    _find(organisation_id)
    try:
        with work_of_request() as work:
            tell_of_invitation(work, participants.invite_again(work, organisation_id))
    except Refused as refusal:
        flash(" ".join(breach.message for breach in refusal.breaches), "danger")
    return _go_to(organisation_id)


def reset(organisation_id: str) -> Any:
    """Forget the authenticator, as Collar Support does for a user who lost it."""
    found = _find(organisation_id)
    with work_of_request() as work:
        reset_authenticator(work, found.account)
    flash(f"The authenticator of {found.organisation.name} is reset. The next sign-in sets up a new one.", "success")
    return _go_to(organisation_id)
