"""API Testing, Dispatch V2 Testing (portal guide §3.1): sending a test message, and the black box with its result."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for

from simulator.contracts import Contract, OutboundMessage
from simulator.market.errors import Refused
from simulator.market.outbox import OUTBOX_TOPIC, MessageKind
from simulator.operations import dispatch_testing
from simulator.operations.units import units_of
from simulator.portal import delivery_words
from simulator.portal.dispatch_settings import HOLD_SECONDS, message_or_404, tell_progress
from simulator.portal.guard import my_organisation
from simulator.portal.message_form import MessageForm, form_for, read_form
from simulator.web import ask_again, current_world, work_of_request

_PLACE = "/api-testing/dispatch-testing"
_MOST = 2**53
_LISTED = 20


def add_routes(blueprint: Blueprint, contract: Contract) -> None:
    """The form, sending, and the result of each test."""
    message = contract.outbound["sendDispatch"]

    def dispatch_testing_page() -> Any:
        return _show(form_for(message, current_world.now()), message)

    def send_test_message() -> Any:
        return send(message)

    def test_page(message_id: int) -> Any:
        return show_result(message_id, message)

    blueprint.add_url_rule(_PLACE, "dispatch_testing_page", dispatch_testing_page)
    blueprint.add_url_rule(_PLACE, "send_test_message", send_test_message, methods=["POST"])
    blueprint.add_url_rule(f"{_PLACE}/<int(max={_MOST}):message_id>", "test_page", test_page)
    blueprint.add_url_rule(f"{_PLACE}/<int(max={_MOST}):message_id>/progress", "test_progress", test_progress)


def _show(form: MessageForm, message: OutboundMessage, shown: dict[str, Any] | None = None) -> str:
    organisation_id = my_organisation().id
    with current_world.view() as view:
        endpoint = dispatch_testing.endpoint_of(view, organisation_id)
        tests = dispatch_testing.test_messages(view, organisation_id, _LISTED)
    words = {word.name: word.wire for word in message.words_of("instruction")}
    return render_template(
        "portal/dispatch_testing.html", form=form, endpoint=endpoint, tests=tests, words=words, shown=shown,
        told=delivery_words, timeout_seconds=current_world.settings.dispatch_timeout_seconds)


def send(message: OutboundMessage) -> Any:
    """Send the message once; the next page shows what came of it."""
    organisation_id = my_organisation().id
    form = form_for(message, current_world.now())
    with current_world.view() as view:
        own_units = {unit.id for unit in units_of(view, organisation_id)}
    content = read_form(form, message, own_units)
    if content is None:
        return _show(form, message), 422
    try:
        with work_of_request() as work:
            message_id = dispatch_testing.send_test(work, organisation_id, content)
    except Refused:
        # The page itself says that there is no url, and where to enter it.
        return _show(form, message), 422
    return redirect(url_for("portal.test_page", message_id=message_id, _anchor="result"), 303)


def show_result(message_id: int, message: OutboundMessage) -> Response:
    """The form as it was sent, and the black box below it; waits a moment for the outcome."""
    seen = current_world.announced(OUTBOX_TOPIC)
    sent, attempt = message_or_404(message_id, MessageKind.TEST)
    is_under_way = delivery_words.is_under_way(sent)
    outcome = attempt.outcome if attempt is not None else None
    with current_world.view() as view:
        journal_entry = None if attempt is None else dispatch_testing.exchange_of(view, attempt)
    page = Response(_show(form_for(message, current_world.now(), sent.content), message, {
        "message": sent, "attempt": attempt, "outcome": outcome, "is_under_way": is_under_way,
        "request": delivery_words.request_text(sent, journal_entry),
        "answer": outcome and delivery_words.answer_text(outcome)}))
    if is_under_way:
        ask_again(page, OUTBOX_TOPIC, seen, HOLD_SECONDS)
    return page


def test_progress(message_id: int) -> Response:
    """`{"underWay"}`, held back for a while in the hope of the outcome."""
    return tell_progress(message_id, MessageKind.TEST)
