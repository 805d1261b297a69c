"""Whose call it is: the API access token, where the contract says it stands."""

from __future__ import annotations

from simulator.contracts import BEARER, BoundOperation, WireAnswer, WireRequest
from simulator.operations.tokens import organisation_of_token
from simulator.wire import refuse
from simulator.world import View, World


def token_of(operation: BoundOperation, request: WireRequest) -> str | None:
    """The token that was sent, or None."""
    return (operation.credential or BEARER).read(request)


def whose(world: World, view: View, operation: BoundOperation, request: WireRequest) -> str | None:
    """The organisation that the token of a call speaks for."""
    token = token_of(operation, request)
    organisation = None if token is None else organisation_of_token(view, token)
    return None if organisation is None else organisation.id


def refuse_token(operation: BoundOperation, token: str | None) -> WireAnswer:
    """The answer without a token, or to one that is not in force."""
    place = operation.credential or BEARER
    if token is None:
        detail = (f"Send your API access token in the {place.where} '{place.name}: {place.prefix}…'. It is on the "
                  "portal's page API Testing, My API Access Tokens.")
    else:
        detail = ("This API access token is not in force: it is mistyped, or a newer one has replaced it. The present "
                  "one is on the portal's page API Testing, My API Access Tokens.")
    answer = refuse(operation, "unauthorised", detail)
    challenge = 'Bearer realm="participant-api"'
    answer.headers["WWW-Authenticate"] = challenge if token is None else f'{challenge}, error="invalid_token"'
    return answer
