"""One call of the participant API: read through the contract, do it, answer through the contract.

Token check, operation and journal entry are one transaction; the message is read before it begins, so that nobody
waits for a large message to be parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, g, request

from simulator.contracts import BoundOperation, Credential, Message, NotReadable, WireAnswer, WireRequest
from simulator.exchanges import mask_body
from simulator.market.errors import Refused
from simulator.market.organisations import Organisation
from simulator.operations.tokens import organisation_of_token
from simulator.participant_api.errors import describe_refusal
from simulator.web import current_world
from simulator.world import Work

Perform = Callable[[Work, Organisation, Message], Mapping[str, Any]]

# A contract that asks for no token is served like one that asks for a bearer token: without one we could not tell
# whose readings these are.
_BEARER = Credential("header", "Authorization", "Bearer ")


def bind(blueprint: Blueprint, operation: BoundOperation, perform: Perform) -> None:
    """Add the contract's route for an operation."""

    def view(**path_params: str) -> Response:
        return _call(operation, perform, path_params)

    rule = re.sub(r"\{([^}]+)\}", r"<\1>", operation.path)
    blueprint.add_url_rule(rule, operation.operation_id, view, methods=[operation.method],
                           provide_automatic_options=False)


def _call(operation: BoundOperation, perform: Perform, path_params: Mapping[str, str]) -> Response:
    body = request.get_data(cache=False)
    kept = current_world.settings.journal_body_characters
    g.exchange.note(request_body=mask_body(body, kept), request_bytes=len(body))
    sent = WireRequest(request.method, path_params, request.args, request.headers, request.content_type or "", body)
    try:
        message: Message | NotReadable = operation.read(sent)
    except NotReadable as error:
        message = error
    token = (operation.credential or _BEARER).read(sent)
    with g.exchange.work() as work:
        answer = _answer(work, operation, perform, token, message)
        g.exchange.finish(work, answer.status, answer.headers, mask_body(answer.body, kept))
    response = Response(answer.body, answer.status, answer.headers)
    if answer.media_type:
        response.headers["Content-Type"] = answer.media_type
    return response


def _answer(work: Work, operation: BoundOperation, perform: Perform, token: str | None,
            message: Message | NotReadable) -> WireAnswer:
    organisation = None if token is None else organisation_of_token(work, token)
    if organisation is None:
        return _unauthorised(operation, token)
    g.exchange.note(participant=organisation.id)
    if isinstance(message, NotReadable):
        return _refuse(operation, message.outcome, message.detail)
    try:
        return operation.answer("accepted", perform(work, organisation, message))
    except Refused as refusal:
        count = len(refusal.breaches)
        detail = f"{count} error{'s' if count != 1 else ''}; nothing of this message was stored."
        return _refuse(operation, "invalid", detail, describe_refusal(refusal, message))


def _unauthorised(operation: BoundOperation, token: str | None) -> WireAnswer:
    place = operation.credential or _BEARER
    if token is None:
        detail = (f"Send your API access token in the {place.where} '{place.name}: {place.prefix}…'. It is on the "
                  "portal's page API Testing, My API Access Tokens.")
    else:
        detail = ("This API access token is not in force: it is mistyped, or a newer one has replaced it. The present "
                  "one is on the portal's page API Testing, My API Access Tokens.")
    answer = _refuse(operation, "unauthorised", detail)
    challenge = 'Bearer realm="participant-api"'
    answer.headers["WWW-Authenticate"] = challenge if token is None else f'{challenge}, error="invalid_token"'
    return answer


def _refuse(operation: BoundOperation, outcome: str, detail: str, errors: list[dict[str, Any]] | None = None
            ) -> WireAnswer:
    status = operation.outcomes[outcome]
    return operation.answer(outcome, {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
        "errors": errors or []})
