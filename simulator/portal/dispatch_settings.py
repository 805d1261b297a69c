"""API Testing, Dispatch Settings (portal guide §3.1): where the platform sends dispatch messages, and a check of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectChoice, StringField

from simulator.contracts import Contract, OutboundMessage
from simulator.market.errors import NotFound, Refused
from simulator.market.outbox import OUTBOX_TOPIC, Attempt, Endpoint, Message, MessageKind
from simulator.operations import dispatch_testing
from simulator.outbound.endpoint_rules import judge_endpoint, merge_endpoint
from simulator.portal.delivery_words import is_under_way, milliseconds, stages_of, status_words
from simulator.portal.guard import my_organisation
from simulator.web import ask_again, current_world, json_answer, work_of_request

_PLACE = "/api-testing/dispatch-settings"
_MOST = 2**53
HOLD_SECONDS = 1
"""How long a page waits for the answer of a quick endpoint before it shows that the message is under way."""
PROGRESS_SECONDS = 5
"""How long a question for the outcome is held back."""


def _typed(text: str | None) -> str:
    return (text or "").strip(" ")


class SettingsForm(FlaskForm):
    """Where to send, and how to prove who sends; the rules are `endpoint_rules`."""

    base_url = StringField("Participant endpoint base url", filters=[_typed])
    auth = RadioField("How the platform proves who it is", default="none", validate_choice=False, choices=[
        SelectChoice("none", "Not at all"),
        SelectChoice("bearer", "Bearer token: the secret stands in the header Authorization: Bearer …"),
        SelectChoice("hmac", "HMAC signature: the header X-Signature: sha256=… is made of the body with the secret")])
    secret = PasswordField("Secret", filters=[_typed])


def add_routes(blueprint: Blueprint, contract: Contract) -> None:
    """The page, its buttons, and what a check of the connection found."""
    message = contract.outbound["sendDispatch"]

    def dispatch_settings_page() -> Any:
        return _show(_filled_in(), message)

    def save_dispatch_settings() -> Any:
        return save(message)

    def check_page(message_id: int) -> Any:
        return show_check(message_id, message)

    add = blueprint.add_url_rule
    add(_PLACE, "dispatch_settings_page", dispatch_settings_page)
    add(_PLACE, "save_dispatch_settings", save_dispatch_settings, methods=["POST"])
    add(f"{_PLACE}/remove", "remove_dispatch_settings", remove, methods=["POST"])
    add(f"{_PLACE}/checks", "check_connection", check, methods=["POST"])
    add(f"{_PLACE}/checks/<int(max={_MOST}):message_id>", "check_page", check_page)
    add(f"{_PLACE}/checks/<int(max={_MOST}):message_id>/progress", "check_progress", check_progress)
    for name in ("remove", "checks"):
        # A refused form stands at this address, and a browser may ask for it again.
        add(f"{_PLACE}/{name}", f"no_{name}", lambda: redirect(url_for("portal.dispatch_settings_page")))


def _present() -> Endpoint | None:
    with current_world.view() as view:
        return dispatch_testing.endpoint_of(view, my_organisation().id)


def _filled_in() -> SettingsForm:
    endpoint = _present()
    return SettingsForm() if endpoint is None else SettingsForm(base_url=endpoint.base_url, auth=endpoint.auth)


def _show(form: SettingsForm, message: OutboundMessage, check: tuple[Message, Attempt | None] | None = None,
          check_id: int | None = None) -> str:
    organisation_id = my_organisation().id
    with current_world.view() as view:
        endpoint = dispatch_testing.endpoint_of(view, organisation_id)
        check = check or dispatch_testing.latest_check(view, organisation_id)
    if check is not None and (endpoint is None or check[0].content["base_url"] != endpoint.base_url):
        # What was found at another address says nothing about this one.
        check = check if check_id is not None else None
    return render_template(
        "portal/dispatch_settings.html", form=form, endpoint=endpoint, message=message, check=check,
        check_id=check_id, outcome=check[1].outcome if check and check[1] else None,
        is_under_way=is_under_way, stages_of=stages_of, status_words=status_words, milliseconds=milliseconds,
        timeout_seconds=current_world.settings.dispatch_timeout_seconds)


def save(message: OutboundMessage) -> Any:
    """Save what was typed, or say at each field what is wrong with it."""
    form = SettingsForm()
    wanted = merge_endpoint(_present(), my_organisation().id, form.base_url.data, form.auth.data or "",
                            form.secret.data)
    judgement = judge_endpoint(wanted, frozenset(current_world.settings.allow_targets))
    for breach in judgement.breaches:
        field = form[breach.field or "base_url"]
        field.errors = [*field.errors, breach.message]
    if judgement.breaches:
        return _show(form, message), 422
    with work_of_request() as work:
        dispatch_testing.set_endpoint(work, wanted)
    flash("Saved. Dispatch messages are sent to this url from now on.", "success")
    if judgement.warning is not None:
        flash(f"But there is no such machine now. {judgement.warning}", "warning")
    return redirect(url_for("portal.dispatch_settings_page"), 303)


def remove() -> Any:
    """Forget the url and the secret."""
    with work_of_request() as work:
        dispatch_testing.remove_endpoint(work, my_organisation().id)
    flash("Removed. Dispatch messages to you fail until you enter a url again.", "success")
    return redirect(url_for("portal.dispatch_settings_page"), 303)


def check() -> Any:
    """Ask the endpoint once; the next page shows what was found."""
    try:
        with work_of_request() as work:
            message_id = dispatch_testing.check_connection(work, my_organisation().id)
    except Refused as refusal:
        flash(refusal.breaches[0].message, "danger")
        return redirect(url_for("portal.dispatch_settings_page"), 303)
    return redirect(url_for("portal.check_page", message_id=message_id, _anchor="check"), 303)


def message_or_404(message_id: int, kind: MessageKind) -> tuple[Message, Attempt | None]:
    """The organisation's own message; a page that says there is none, for others' too."""
    try:
        with current_world.view() as view:
            return dispatch_testing.message_of(view, my_organisation().id, message_id, kind)
    except NotFound:
        abort(404)


def show_check(message_id: int, message: OutboundMessage) -> Response:
    """What a check found; waits a moment for it."""
    seen = current_world.announced(OUTBOX_TOPIC)
    found = message_or_404(message_id, MessageKind.CHECK)
    page = Response(_show(_filled_in(), message, found, message_id))
    if is_under_way(found[0]):
        ask_again(page, OUTBOX_TOPIC, seen, HOLD_SECONDS)
    return page


def check_progress(message_id: int) -> Response:
    """`{"underWay"}`, held back for a while in the hope of the outcome."""
    return tell_progress(message_id, MessageKind.CHECK)


def tell_progress(message_id: int, kind: MessageKind) -> Response:
    """`{"underWay"}` of a message, held back for a while in the hope of the outcome."""
    seen = current_world.announced(OUTBOX_TOPIC)
    found, _ = message_or_404(message_id, kind)
    answer = json_answer({"underWay": is_under_way(found)})
    if is_under_way(found):
        ask_again(answer, OUTBOX_TOPIC, seen, PROGRESS_SECONDS)
    return answer
