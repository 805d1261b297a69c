"""The Faults page: what goes wrong on purpose, and the form that lets something go wrong."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, RadioField, SelectChoice, SelectField, StringField

from simulator.console.forms import typed
from simulator.faults.rules import EFFECTS, SURFACES, Fault, fault_problems
from simulator.operations import faulting
from simulator.operations.participants import participants
from simulator.web import current_world, work_of_request

_EFFECT_LABELS = {
    "delayMs": "Delay, in milliseconds", "status": "Status instead", "drop": "Lose it", "truncate": "Cut, after bytes",
    "duplicate": "Send it twice", "outOfOrder": "Out of order", "badSignature": "Wrong signature",
    "unknownKid": "Unknown key id", "withhold": "Never send it", "expiredToken": "Expired token",
    "callbackFirst": "Batch return first", "stuck": "Stuck in PROCESSING",
}
_WORDS_OF = {"drop": ("request", "answer")}
_LONGEST_ROUTE = 200
_LARGEST = 10**9
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_SHARE = re.compile(r"[0-9]{0,3}(\.[0-9]{1,9})?")


def _effect_field(name: str) -> Field:
    kind = EFFECTS[name].kind
    label = _EFFECT_LABELS.get(name, name)
    if kind is bool:
        return BooleanField(label)
    if name in _WORDS_OF:
        return SelectField(label, validate_choice=False, choices=[
            SelectChoice(value="", label="No"), *(SelectChoice(value=word, label=f"The {word}")
                                                  for word in _WORDS_OF[name])])
    return StringField(label)


class FaultForm(FlaskForm):
    """A fault to switch on; each effect that there is has a field of its own, by its name."""

    surface = RadioField("What goes wrong", validate_choice=False, choices=[
        SelectChoice(value=name, label=words[:1].upper() + words[1:]) for name, words in SURFACES.items()])
    route = StringField("Route")
    participant = SelectField("Participant", validate_choice=False)
    nth = StringField("From exchange number", default="1")
    times = StringField("How often at most")
    probability = StringField("Probability", default="1")
    seed = StringField("Seed", default="0")


for _name in EFFECTS:
    setattr(FaultForm, _name, _effect_field(_name))


def add_routes(blueprint: Blueprint) -> None:
    """Look at the faults, switch one on, switch them off."""
    blueprint.add_url_rule("/faults", "faults_page", faults_page)
    blueprint.add_url_rule("/faults", "switch_on_fault", switch_on, methods=["POST"])
    blueprint.add_url_rule("/faults/off", "switch_off_faults", switch_all_off, methods=["POST"])
    blueprint.add_url_rule("/faults/<int(max=9007199254740991):fault_id>/off", "switch_off_fault", switch_off,
                           methods=["POST"])


def faults_page() -> Any:
    """The faults that are on."""
    return _show(_form(formdata=None, surface=next(iter(SURFACES))))


def _form(**options: Any) -> FaultForm:
    form = FaultForm(**options)
    with current_world.view() as view:
        form.participant.choices = [SelectChoice(value="", label="Every participant"), *(
            SelectChoice(value=each.organisation.id, label=f"{each.organisation.name} ({each.organisation.id})")
            for each in participants(view))]
    return form


def _show(form: FaultForm, status: int = 200) -> Any:
    with current_world.view() as view:
        faults = faulting.faults_on(view)
    return render_template("console/faults.html", faults=[words_of(fault) for fault in faults], form=form,
                           effects=_effects_offered(), surfaces=SURFACES), status


def _effects_offered() -> list[tuple[str, str]]:
    """Every effect, and what it does and where."""
    return [(name, effect.words if len(effect.surfaces) == len(SURFACES)
             else f"{effect.words}; {' and '.join(SURFACES[surface] for surface in effect.surfaces)} only")
            for name, effect in EFFECTS.items()]


def words_of(fault: Fault) -> dict[str, Any]:
    """A fault for people."""
    where = SURFACES.get(fault.surface, fault.surface)
    details = [*([f"route {fault.route}"] if fault.route else []),
               *([f"of {fault.participant}"] if fault.participant else [])]
    when = "from the first one on" if fault.nth == 1 else f"from number {fault.nth:,} on"
    if fault.times is not None:
        when += f", {fault.times:,} time{'' if fault.times == 1 else 's'} at most"
    if fault.probability < 1:
        when += f", each with probability {fault.probability:g} (seed {fault.seed})"
    return {"id": fault.id, "what": [_effect_words(*effect) for effect in fault.effect.items()], "where": where,
            "details": ", ".join(details), "when": when, "seen": fault.seen, "applied": fault.applied,
            "is_used_up": fault.times is not None and fault.applied >= fault.times}


def _effect_words(name: str, value: object) -> str:
    known = {"delayMs": f"delayed by {value} ms", "status": f"answered with status {value}",
             "drop": f"{value} lost", "truncate": f"cut after {value} bytes", "duplicate": "sent twice",
             "outOfOrder": "out of order", "badSignature": "wrongly signed",
             "unknownKid": "signed under an unknown key id", "withhold": "never sent",
             "expiredToken": "with an expired token", "callbackFirst": "answered after the batch return",
             "stuck": "batch stuck in PROCESSING"}
    if name in known:
        return known[name]
    label = _EFFECT_LABELS.get(name, name)
    return label[:1].lower() + label[1:] if value is True else f"{label}: {value}"


def switch_on() -> Any:
    """Switch a fault on."""
    form = _form()
    with current_world.view() as view:
        known = {each.organisation.id for each in participants(view)}
    fault = _read(form, known)
    if fault is None:
        return _show(form, 422)
    with work_of_request() as work:
        made = faulting.switch_on(work, fault)
    flash(f"Fault {made.id} is on.", "success")
    return redirect(url_for("console.faults_page"), 303)


def _read(form: FaultForm, known: set[str]) -> Fault | None:
    """The fault that the form describes; None when anything is wrong, which stands at the fields then."""
    surface, route, participant = form.surface.data or "", typed(form.route.data), form.participant.data or ""
    if surface not in SURFACES:
        _complain(form.surface, "Choose what goes wrong.")
    if len(route) > _LONGEST_ROUTE or not route.isprintable():
        _complain(form.route, f"A route has at most {_LONGEST_ROUTE} characters, and no control characters.")
    if participant and participant not in known:
        _complain(form.participant, f"There is no participant {participant[:80]!r} in this world.")
    nth = _whole(form.nth, 1, "Enter a whole number from 1 on.")
    times = _whole(form.times, 1, "Enter a whole number from 1 on, or nothing for every time.") \
        if typed(form.times.data) else None
    seed = _whole(form.seed, 0, "Enter a whole number from 0 on.")
    share = _share(form.probability)
    fault = Fault(0, surface, route or None, participant or None, _effect(form), nth, times, share, seed)
    for pointer, problem in fault_problems(fault):
        name = pointer.rpartition("/")[2]
        if name not in form:
            # Nothing goes wrong yet; unless what was meant to stands at a field already.
            if not any(form[each].errors for each in EFFECTS):
                form.form_errors.append(problem)
        elif not form[name].errors:
            _complain(form[name], problem)
    return None if form.errors else fault


def _complain(field: Field, message: str) -> None:
    field.errors = [*field.errors, message]


def _whole(field: Field, least: int, message: str) -> int:
    text = typed(field.data).replace(",", "")
    number = int(text) if _WHOLE.fullmatch(text) else None
    if number is None or not least <= number <= _LARGEST:
        _complain(field, message)
        return least
    return number


def _share(field: Field) -> float:
    text = typed(field.data)
    share = float(text) if text not in ("", ".") and _SHARE.fullmatch(text) else 0.0
    if not 0 < share <= 1:
        _complain(field, "Enter a number above 0 and up to 1: 0.25 is one in four.")
    return share


def _effect(form: FaultForm) -> dict[str, object]:
    """The effects that were filled in; what should be a number and is none has an error at its field."""
    effect: dict[str, object] = {}
    for name, known in EFFECTS.items():
        value = form[name].data
        if known.kind is bool:
            if value:
                effect[name] = True
        elif typed(value):
            text = typed(value)
            if known.kind is int and not _WHOLE.fullmatch(text.replace(",", "")):
                _complain(form[name], "Enter a whole number.")
            else:
                effect[name] = int(text.replace(",", "")) if known.kind is int else text
    return effect


def switch_off(fault_id: int) -> Any:
    """Switch one fault off."""
    with work_of_request() as work:
        count = faulting.switch_off(work, fault_id)
    if not count:
        abort(404, f"There is no fault {fault_id}; perhaps it is off already.")
    flash(f"Fault {fault_id} is off.", "success")
    return redirect(url_for("console.faults_page"), 303)


def switch_all_off() -> Any:
    """Switch all faults off."""
    with work_of_request() as work:
        count = faulting.switch_off(work)
    flash(f"{count:,} fault{'' if count == 1 else 's'} switched off.", "success")
    return redirect(url_for("console.faults_page"), 303)
