"""Signatures of requests and of immediate answers; that both directions are signed JSON is documented (SMP overview,
The SMP APIs), how is assumed. A signature stands beside the body, in a header, or is the body itself (a setting).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from simulator.contracts import BoundOperation, WireAnswer, WireRequest
from simulator.contracts.bodies import name_media_type
from simulator.exchanges import MASK
from simulator.market.connections import SmpConnection
from simulator.market.signing_keys import SigningKey
from simulator.operations.signing_keys import signing_key
from simulator.signing import (
    JOSE,
    SignatureBad,
    open_compact,
    sign_compact,
    sign_detached,
    verify_compact,
    verify_detached,
)
from simulator.world import World

SIGNATURE_HEADER = "X-JWS-Signature"
"""Where a detached signature stands when the contract in force names no header for it."""
_COMPACT = "compact"
_JSON = "application/json"


@dataclass(frozen=True)
class SignedRequest(WireRequest):
    """A request whose body was a signed message; `body` is what that holds, `jws` the message itself."""

    jws: bytes = b""


def open_signed(world: World, request: WireRequest) -> WireRequest:
    """The request with its message taken out of its signature, if signatures are bodies; nothing is verified yet."""
    if world.settings.smp_signing != _COMPACT or name_media_type(request.media_type) != JOSE:
        return request
    try:
        body = open_compact(request.body)
    except SignatureBad:
        # Whoever verifies it says what is wrong.
        body = b""
    kept = {field.name: getattr(request, field.name) for field in fields(WireRequest)}
    return SignedRequest(**{**kept, "media_type": _JSON, "body": body}, jws=request.body)


def signature_place(world: World, operation: BoundOperation, request: WireRequest) -> str:
    """Where the signature of a request stands, or would have to: a header, or "" for the body."""
    name = _header_of(operation)
    wants_body = world.settings.smp_signing == _COMPACT and request.header(name) is None
    return "" if wants_body or isinstance(request, SignedRequest) else f"header {name}"


def verify_signature(world: World, operation: BoundOperation, request: WireRequest, connection: SmpConnection,
                     may_be_required: bool) -> bool:
    """Whether a request is signed, and well. Raises SignatureBad when it is not well, or had to be and is not."""
    signature = request.header(_header_of(operation))
    is_compact = isinstance(request, SignedRequest)
    if not is_compact and signature is None:
        if connection.signatures != "required" or not may_be_required:
            return False
        raise SignatureBad(_ask_for(world, operation))
    if connection.jwks is None:
        raise SignatureBad("The request is signed, and no public key is registered for this connection: give it in the "
                           "pro-forma.")
    if is_compact:
        verify_compact(connection.jwks, request.jws)
    if signature is not None:
        verify_detached(connection.jwks, request.jws if is_compact else request.body, signature)
    return True


def _ask_for(world: World, operation: BoundOperation) -> str:
    if world.settings.smp_signing == _COMPACT:
        return (f"This connection requires signed requests: send the message as a JWS (RFC 7515, 7.1, RS256) with the "
                f"Content-Type {JOSE}.")
    return ("This connection requires signed requests: sign the bytes of the body (detached JWS, RFC 7515 appendix F, "
            f"RS256) and send the signature in the header {_header_of(operation)}.")


def sign_answer(world: World, answer: WireAnswer) -> WireAnswer:
    """An immediate answer, signed if the settings want that."""
    if not world.settings.smp_sign_answers:
        return answer
    if world.settings.smp_signing != _COMPACT:
        return sign_answer_beside(world, answer)
    return replace(answer, media_type=JOSE, body=sign_compact(_key_of(world), answer.body))


def sign_answer_beside(world: World, answer: WireAnswer) -> WireAnswer:
    """The same for answers that must stay what they are: OAuth 2 clients want a token as JSON. The header is signed."""
    if not world.settings.smp_sign_answers:
        return answer
    return replace(answer, headers={**answer.headers, _header_of(answer): sign_detached(_key_of(world), answer.body)})


def _key_of(world: World) -> SigningKey:
    # Made with its first use, which takes a while: before there is a view.
    server_key = world.server_key()
    with world.view() as view:
        return signing_key(view, server_key)


def _header_of(signed: BoundOperation | WireAnswer) -> str:
    return signed.signature_header or SIGNATURE_HEADER


def told_of_signed(world: World, answer: WireAnswer) -> dict[str, str]:
    """The headers that `sign_answer` will add, for the journal: a signature's value is masked there."""
    if world.settings.smp_sign_answers and world.settings.smp_signing == _COMPACT:
        return {"Content-Type": JOSE}
    return told_of_signed_beside(world, answer)


def told_of_signed_beside(world: World, answer: WireAnswer) -> dict[str, str]:
    """The same for `sign_answer_beside`."""
    return {_header_of(answer): MASK} if world.settings.smp_sign_answers else {}
