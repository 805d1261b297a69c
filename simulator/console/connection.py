"""The page of one participant's connection to the SMP: its four steps, the pro-forma, and the SMP user."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectChoice, SelectField, StringField, TextAreaField

from simulator.console.forms import show_breaches, typed
from simulator.market.connections import (
    SIGNATURES,
    STEPS,
    Contact,
    Flow,
    ProForma,
    SmpConnection,
    Step,
    has_access,
    has_come_to,
)
from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.market.organisations import Organisation
from simulator.market.pro_forma import MOST_CONTACTS
from simulator.operations import connections, participants
from simulator.operations.connections import ConnectionChange
from simulator.outbound.callback_rules import judge_pro_forma
from simulator.password_rules import PasswordRules
from simulator.web import current_world, work_of_request

FEWEST_CONTACT_ROWS = 2
_YES, _NO = "yes", "no"
_MAKE = "make"

STEP_WORDS = {
    Step.NOT_STARTED: "not started",
    Step.PRO_FORMA_SENT: "pro-forma sent",
    Step.PRO_FORMA_RETURNED: "pro-forma returned",
    Step.ACCESS_PROVIDED: "access provided",
    Step.COMMISSIONED: "commissioned",
}
"""How far a connection has come."""

_STEPS = (
    (Step.PRO_FORMA_SENT, "The operator sends the technical pro-forma",
     "It asks for the developers, the API endpoints, and so on."),
    (Step.PRO_FORMA_RETURNED, "The participant returns the pro-forma", "Saving the form below, complete, returns it."),
    (Step.ACCESS_PROVIDED, "The operator provides access", "To documentation and a test environment, with an SMP user. "
     "Until then the API answers 403."),
    (Step.COMMISSIONED, "Commissioning test", "All message flows are tested; then the test is confirmed."),
)
_MENDED = {"contacts": "contact_1_name", "contact_name": "contact_{}_name", "contact_email": "contact_{}_email",
           "contact_phone": "contact_{}_phone"}


class AccessForm(FlaskForm):
    """The SMP user that the operator gives out, and whether the participant's requests must be signed."""

    username = StringField("Username")
    password = PasswordField("Password")
    signatures = RadioField("Signatures of requests", validate_choice=False, choices=[
        SelectChoice(value="optional", label="Optional: verified if there is one"),
        SelectChoice(value="required", label="Required: a request without one is refused")])


class StepForm(FlaskForm):
    """An earlier step to go back to."""

    step = SelectField("Back to", validate_choice=False)


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One of the overview's four steps; `state` is done, open or later."""

    number: int
    step: Step
    title: str
    words: str
    state: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose connection a page is about."""

    organisation: Organisation
    connection: SmpConnection
    flows_seen: int


def add_routes(blueprint: Blueprint) -> None:
    """Look at a connection, and take it from step to step."""
    place = "/participants/<organisation_id>/smp"
    blueprint.add_url_rule(place, "connection_page", connection_page)
    blueprint.add_url_rule(f"{place}/send", "send_pro_forma", send, methods=["POST"])
    blueprint.add_url_rule(f"{place}/pro-forma", "return_pro_forma", return_pro_forma, methods=["POST"])
    blueprint.add_url_rule(f"{place}/access", "provide_access", provide_access, methods=["POST"])
    blueprint.add_url_rule(f"{place}/step", "move_connection", go_back, methods=["POST"])


def find_subject(organisation_id: str) -> Subject:
    """Whose connection it is; ends the request with 404 when there is no such participant."""
    try:
        with current_world.view() as view:
            return Subject(participants.participant(view, organisation_id).organisation,
                           connections.connection_of(view, organisation_id),
                           len(connections.flows_seen(view, organisation_id)))
    except NotFound as error:
        abort(404, str(error))


def connection_page(organisation_id: str) -> Any:
    """One connection."""
    return _show(find_subject(organisation_id))


def _show(subject: Subject, status: int = 200, form: FlaskForm | None = None, access: AccessForm | None = None,
          made_password: str | None = None) -> Any:
    connection = subject.connection
    rows = _rows_for(len(connection.pro_forma.contacts) + 1)
    form = form or _pro_forma_form(rows)(formdata=None, **_values_of(connection.pro_forma))
    # A password is never shown again, and never filled in for anybody.
    access = access or AccessForm(formdata=None, signatures=connection.signatures, username=connection.username
                                  or connections.username_for(subject.organisation.id))
    back = StepForm(formdata=None)
    back.step.choices = [SelectChoice(value=step.value, label=STEP_WORDS[step])
                         for step in STEPS[:STEPS.index(connection.step)]]
    return render_template(
        "console/connection.html", subject=subject, connection=connection, steps=_steps(connection.step),
        has_access=has_access(connection.step), is_returned=has_come_to(connection.step, Step.PRO_FORMA_RETURNED),
        is_sent=has_come_to(connection.step, Step.PRO_FORMA_SENT), form=form, access=access, back=back,
        contact_rows=_contact_rows(form), all_flows=len(Flow), made_password=made_password, make=_MAKE,
        open_words=connections.open_step_words(connection.step)), status


def _steps(reached: Step) -> list[ShownStep]:
    next_one = STEPS.index(reached) + 1
    return [ShownStep(number, step, title, words,
                      "done" if number < next_one else "open" if number == next_one else "later")
            for number, (step, title, words) in enumerate(_STEPS, 1)]


def _go_to(organisation_id: str) -> Any:
    return redirect(url_for("console.connection_page", organisation_id=organisation_id), 303)


# Step 1

def send(organisation_id: str) -> Any:
    """Send the pro-forma."""
    find_subject(organisation_id)
    try:
        with work_of_request() as work:
            connections.send_pro_forma(work, organisation_id)
    except Refused as refusal:
        flash(_in_words(refusal), "danger")
    else:
        flash("The pro-forma is sent. The participant returns it next.", "success")
    return _go_to(organisation_id)


def _in_words(refusal: Refused) -> str:
    return " ".join(breach.message for breach in refusal.breaches)


# Step 2

def _rows_for(contacts: int) -> int:
    return max(FEWEST_CONTACT_ROWS, min(contacts, MOST_CONTACTS))


def _pro_forma_form(rows: int) -> type[FlaskForm]:
    """The pro-forma with this many rows for contacts, in the order of the page. The rules judge the fields."""
    fields: dict[str, Any] = {}
    for row in range(1, rows + 1):
        fields |= {f"contact_{row}_name": StringField("Name"), f"contact_{row}_email": StringField("Email address"),
                   f"contact_{row}_phone": StringField("Telephone")}
    fields |= {
        "api_endpoints": TextAreaField("API endpoints"), "callback_url": StringField("Callback URL"),
        "public_keys": TextAreaField("Public keys"),
        "intermediate_host": RadioField("Is an intermediate host used?", validate_choice=False, choices=[
            SelectChoice(value=_NO, label="No, the participant connects directly"),
            SelectChoice(value=_YES, label="Yes, a commercial vendor stands between")]),
        "intermediate_host_name": StringField("Name of the intermediate host")}
    return type("ProFormaForm", (FlaskForm,), fields)


def _contact_rows(form: FlaskForm) -> list[tuple[int, Any, Any, Any]]:
    rows = []
    while f"contact_{len(rows) + 1}_name" in form:
        row = len(rows) + 1
        rows.append((row, *(form[f"contact_{row}_{part}"] for part in ("name", "email", "phone"))))
    return rows


def _values_of(pro_forma: ProForma) -> dict[str, Any]:
    values: dict[str, Any] = {
        "api_endpoints": "\n".join(pro_forma.api_endpoints), "callback_url": pro_forma.callback_url,
        "public_keys": pro_forma.public_keys, "intermediate_host": _YES if pro_forma.intermediate_host else _NO,
        "intermediate_host_name": pro_forma.intermediate_host_name}
    for row, contact in enumerate(pro_forma.contacts, 1):
        values |= {f"contact_{row}_name": contact.name, f"contact_{row}_email": contact.email,
                   f"contact_{row}_phone": contact.phone}
    return values


def return_pro_forma(organisation_id: str) -> Any:
    """Return the pro-forma, or correct it."""
    subject = find_subject(organisation_id)
    sent_rows = sum(name.startswith("contact_") and name.endswith("_name") for name in request.form)
    form = _pro_forma_form(_rows_for(sent_rows))()
    pro_forma, rows = _read(form)
    # Names are looked up here, where no transaction waits for it.
    judged = judge_pro_forma(pro_forma, subject.connection, current_world.settings.allow_targets)
    try:
        with work_of_request() as work:
            connections.set_pro_forma(work, organisation_id, pro_forma, judged.jwks, judged.breaches)
    except Refused as refusal:
        show_breaches(form, [_at_its_field(breach, rows) for breach in refusal.breaches])
        return _show(subject, 422, form=form)
    was_returned = has_come_to(subject.connection.step, Step.PRO_FORMA_RETURNED)
    flash("The pro-forma is saved." if was_returned else
          "The pro-forma is returned. The operator provides access next.", "success")
    if judged.warning:
        flash(judged.warning, "warning")
    return _go_to(organisation_id)


def _read(form: FlaskForm) -> tuple[ProForma, list[int]]:
    """What the form says, and the rows that its contacts stand in: empty rows are none."""
    contacts, rows = [], []
    for row, *fields in _contact_rows(form):
        name, email, phone = (typed(field.data) for field in fields)
        if name or email or phone:
            contacts.append(Contact(name, email, phone))
            rows.append(row)
    lines = (typed(line) for line in (form.api_endpoints.data or "").splitlines())
    return ProForma(
        tuple(contacts), tuple(line for line in lines if line), typed(form.callback_url.data),
        (form.public_keys.data or "").strip(), form.intermediate_host.data == _YES,
        typed(form.intermediate_host_name.data)), rows


def _at_its_field(breach: RuleBreach, rows: list[int]) -> RuleBreach:
    """The breach with the name of the form's field that it is about."""
    name = _MENDED.get(breach.field or "", breach.field)
    row = rows[breach.index] if name and "{}" in name and breach.index is not None else 1
    return replace(breach, field=name and name.format(row))


# Step 3

def provide_access(organisation_id: str) -> Any:
    """Give out the SMP user, or change it. A password that is made here is shown once, on the page that answers."""
    subject = find_subject(organisation_id)
    form = AccessForm()
    given, made = form.password.data or "", None
    breaches: list[RuleBreach] = []
    password_hash = None
    if request.form.get("password_is") == _MAKE or (not given and subject.connection.password_hash is None):
        made, password_hash = connections.make_password()
    elif given:
        rules = PasswordRules(current_world.settings.password_characters, 0)
        breaches += [RuleBreach(None, "password", "password", words) for words in rules.problems(given)]
        password_hash = connections.hash_of(given)
    change = ConnectionChange(
        typed(form.username.data), password_hash,
        form.signatures.data if form.signatures.data in SIGNATURES else None,
        step=None if has_access(subject.connection.step) else Step.ACCESS_PROVIDED)
    try:
        if not has_come_to(subject.connection.step, Step.PRO_FORMA_RETURNED):
            raise Refused([RuleBreach(None, None, "not_yet", "Access is provided when the pro-forma is returned.")])
        with work_of_request() as work:
            connections.change_connection(work, organisation_id, change, tuple(breaches))
    except Refused as refusal:
        show_breaches(form, refusal.breaches)
        return _show(subject, 422, access=form)
    if made is not None:
        return _show(find_subject(organisation_id), made_password=made)
    flash("The SMP user is saved." if has_access(subject.connection.step) else
          "Access is provided: the API answers this participant now.", "success")
    return _go_to(organisation_id)


# Back

def go_back(organisation_id: str) -> Any:
    """Take the connection back to an earlier step: no operator does that, testers do."""
    subject = find_subject(organisation_id)
    wanted = next((step for step in STEPS[:STEPS.index(subject.connection.step)]
                   if step.value == request.form.get("step")), None)
    if wanted is None:
        flash("Choose a step that the connection has left behind.", "danger")
        return _go_to(organisation_id)
    with work_of_request() as work:
        connections.change_connection(work, organisation_id, ConnectionChange(step=wanted))
    flash(f"The connection is at “{STEP_WORDS[wanted]}” again.", "success")
    return _go_to(organisation_id)
