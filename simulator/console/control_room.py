"""The Control room page: all dispatches, and the form with which the DSO dispatches Meterable Units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from simulator.console.forms import show_breaches, typed
from simulator.market.dispatch_requests import WantedDispatch, breaches_of_dispatch
from simulator.market.dispatches import PROGRAMMES, TABLE, State
from simulator.market.errors import Refused, RuleBreach
from simulator.market.quantities import MILLIWATTS_PER_KW
from simulator.operations import dispatching
from simulator.operations.participants import Participant, participants
from simulator.paging import asked_page
from simulator.settings import FIRST_YEAR, LAST_YEAR
from simulator.timekeeping.london import from_london, to_london
from simulator.web import current_world, work_of_request

PAGE_LENGTH = 25
_QUARTER = timedelta(minutes=15)
_LEAD = timedelta(minutes=5)
_USUAL_LENGTH = timedelta(hours=1)
_USUAL_KW = "100"
_USUAL_PROGRAMME = "OU"
_FORM_TIME = "%Y-%m-%dT%H:%M"
_LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?")
_POWER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,6})?")

STATE_CLASSES = {
    State.PLANNED: "state-waiting", State.SENT: "state-waiting", State.ACKNOWLEDGED: "state-good",
    State.RUNNING: "state-running", State.STOPPED: "state-over", State.FAILED: "state-bad",
    State.CANCELLED: "state-over",
}
"""How the badge of each state looks."""

_MEANINGS = {
    State.PLANNED: "nothing was sent yet",
    State.SENT: "the start message is on its way, or is tried again",
    State.ACKNOWLEDGED: "the FSP has acknowledged the start, and its time is still to come",
    State.RUNNING: "the FSP has acknowledged the start, and its time has come",
    State.STOPPED: "the FSP has acknowledged a stop; it is over",
    State.FAILED: "a message was not acknowledged in any of its attempts; a stop can still be sent",
    State.CANCELLED: "it was called off before anything was sent; it is over",
}


class DispatchForm(FlaskForm):
    """A dispatch to plan. The rules judge the fields, all at once."""

    participant = HiddenField()
    meterable_unit_ids = SelectMultipleField("Meterable Units", validate_choice=False, option_widget=CheckboxInput(),
                                             widget=ListWidget(prefix_label=False))
    programme = SelectField("Programme", validate_choice=False, choices=[
        SelectChoice(value=code, label=f"{code}: {words}" if "legacy" not in words else words)
        for code, words in PROGRAMMES.items()])
    start_time = StringField("Start, London time")
    end_time = StringField("End, London time")
    power_change_kw = StringField("Power change in kW")
    notice_minutes = StringField("Notice in minutes")


@dataclass(frozen=True, slots=True)
class StateMeaning:
    """What a state means, and where it can lead: (why, next state)."""

    state: State
    words: str
    moves: tuple[tuple[str, State], ...]


def add_routes(blueprint: Blueprint) -> None:
    """Look at the dispatches, plan one more."""
    blueprint.add_url_rule("/control-room", "control_room_page", control_room_page)
    blueprint.add_url_rule("/control-room", "plan_dispatch", plan, methods=["POST"])


def state_meanings() -> list[StateMeaning]:
    """The table of states in words."""
    return [StateMeaning(state, _MEANINGS[state], tuple(
        (move.value, after) for (before, move), after in TABLE.items() if before is state)) for state in State]


def control_room_page() -> Any:
    """The dispatches, and the form for the chosen participant."""
    with current_world.view() as view:
        everybody = participants(view)
    chosen = _chosen(everybody, request.args.get("participant"))
    return _show(everybody, chosen, _filled_form(chosen))


def _chosen(everybody: list[Participant], wanted: str | None) -> Participant | None:
    """The participant that was asked for, or else the first that has units."""
    if wanted is not None:
        found = next((each for each in everybody if each.organisation.id == wanted), None)
        return found or abort(404, f"There is no participant {wanted[:80]!r} in this world.")
    return next((each for each in everybody if each.units), everybody[0] if everybody else None)


def _filled_form(chosen: Participant | None) -> DispatchForm:
    """The form as it is offered: the next quarter of an hour that leaves time for the notice, for one hour."""
    settings = current_world.settings
    earliest = current_world.now() + timedelta(minutes=settings.notice_minutes) + _LEAD
    start = earliest + (datetime.min.replace(tzinfo=earliest.tzinfo) - earliest) % _QUARTER
    form = DispatchForm(
        formdata=None, participant=chosen.organisation.id if chosen else "", programme=_USUAL_PROGRAMME,
        start_time=f"{to_london(start):{_FORM_TIME}}", end_time=f"{to_london(start + _USUAL_LENGTH):{_FORM_TIME}}",
        power_change_kw=_USUAL_KW, notice_minutes=str(settings.notice_minutes))
    _offer_units(form, chosen)
    if chosen is not None and len(chosen.units) == 1:
        form.meterable_unit_ids.data = [chosen.units[0].id]
    return form


def _offer_units(form: DispatchForm, chosen: Participant | None) -> None:
    form.meterable_unit_ids.choices = [] if chosen is None else [
        SelectChoice(value=unit.id, label=f"{unit.id}: {unit.description} ({unit.capacity_kw:,} kW, {unit.zone_name})")
        for unit in chosen.units]


def _show(everybody: list[Participant], chosen: Participant | None, form: DispatchForm, status: int = 200) -> Any:
    with current_world.view() as view:
        found = dispatching.dispatches_of(view)
    page = asked_page(len(found), PAGE_LENGTH)
    return render_template(
        "console/control_room.html", dispatches=page.part_of(found), page=page,
        names={each.organisation.id: each.organisation.name for each in everybody},
        everybody=everybody, chosen=chosen, form=form, state_classes=STATE_CLASSES, meanings=state_meanings()), status


def plan() -> Any:
    """Plan a dispatch; its page comes next."""
    form = DispatchForm()
    with current_world.view() as view:
        everybody = participants(view)
    wanted_participant = form.participant.data or ""
    chosen = next((each for each in everybody if each.organisation.id == wanted_participant), None)
    _offer_units(form, chosen)
    now = current_world.now()
    wanted, breaches = _read(form, wanted_participant, now)
    try:
        if breaches:
            # The rules have their say about the rest as well, so that all that is wrong is told at once.
            own = {unit.id for unit in chosen.units} if chosen else set()
            unread = {breach.field for breach in breaches}
            raise Refused([*breaches, *(breach for breach in breaches_of_dispatch(wanted, own, now)
                                        if not _is_about(breach, unread))])
        with work_of_request() as work:
            made = dispatching.plan_dispatch(work, wanted)
    except Refused as refusal:
        show_breaches(form, refusal.breaches)
        return _show(everybody, chosen, form, 422)
    flash(f"The dispatch {made.id} is planned.", "success")
    return redirect(url_for("console.dispatch_page", dispatch_id=made.id), 303)


def _is_about(breach: RuleBreach, unread: set[str | None]) -> bool:
    """Whether a breach is about something that could not be read. How long a dispatch lasts takes both of its times."""
    takes_both = breach.field == "end_time" and breach.code != "in_the_past"
    return breach.field in unread or (takes_both and "start_time" in unread)


def _read(form: DispatchForm, organisation_id: str, now: datetime) -> tuple[WantedDispatch, list[RuleBreach]]:
    """What was typed; a breach for each field that cannot be read, and anything of the right type in its place."""
    breaches: list[RuleBreach] = []

    def read(field: str, value: Any, message: str, instead: Any) -> Any:
        if value is None:
            breaches.append(RuleBreach(None, field, "type", message))
        return instead if value is None else value

    time_words = "Enter a date and a time, such as 2026-11-02T16:30."
    start_at = read("start_time", _instant(form.start_time.data), time_words, now)
    end_at = read("end_time", _instant(form.end_time.data), time_words, now)
    power = read("power_change_kw", _milliwatts(form.power_change_kw.data),
                 "Enter a number with at most six decimals, such as 150 or -12.5.", 0)
    notice = read("notice_minutes", _minutes(form.notice_minutes.data), "Enter a whole number of minutes.",
                  timedelta(0))
    return WantedDispatch(organisation_id, form.programme.data or "", tuple(form.meterable_unit_ids.data or ()),
                          start_at, end_at, power, notice), breaches


def _instant(text: str | None) -> datetime | None:
    """The instant of a London time as browsers write it, if it is one."""
    if not _LOCAL_TIME.fullmatch(typed(text)):
        return None
    try:
        local = datetime.fromisoformat(typed(text))
    except ValueError:
        return None
    return from_london(local.date(), local.time()) if FIRST_YEAR <= local.year <= LAST_YEAR else None


def _milliwatts(text: str | None) -> int | None:
    plain = typed(text).replace(",", "").replace("−", "-")
    return int(Decimal(plain) * MILLIWATTS_PER_KW) if _POWER.fullmatch(plain) else None


def _minutes(text: str | None) -> timedelta | None:
    plain = typed(text).replace(",", "")
    return timedelta(minutes=int(plain)) if plain.isascii() and plain.isdigit() and len(plain) < 9 else None
