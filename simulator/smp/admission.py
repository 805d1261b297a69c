"""Who may call: a token in force, a connection that has come far enough, and a good signature, in this order."""

from __future__ import annotations

from simulator.contracts import BEARER, BoundOperation, WireAnswer, WireRequest
from simulator.market.connections import Flow, SmpConnection, has_access
from simulator.market.registration_facts import SignatureRefused
from simulator.operations.connections import note_flow, open_step_words
from simulator.operations.smp_tokens import connection_of_token
from simulator.signing import SignatureBad, TokenRefused
from simulator.smp.errors import one_error
from simulator.smp.signatures import signature_place, verify_signature
from simulator.wire import refuse
from simulator.world import View, Work, World

CHALLENGE = 'Bearer realm="smp"'


class NotAdmitted(Exception):
    """A call that goes no further; `answer` says why."""

    def __init__(self, answer: WireAnswer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def whose(world: World, view: View, operation: BoundOperation, request: WireRequest) -> str | None:
    """The organisation that the token of a call speaks for."""
    token = (operation.credential or BEARER).read(request)
    if token is None:
        return None
    try:
        return _connection_of(world, view, token).organisation_id
    except TokenRefused:
        return None


def admit(world: World, work: Work, operation: BoundOperation, request: WireRequest) -> SmpConnection:
    """The connection that a call speaks for. Raises NotAdmitted."""
    place = operation.credential or BEARER
    token = place.read(request)
    where = f"{place.where} {place.name}"
    if token is None:
        raise NotAdmitted(_unauthorised(
            operation, where, "token_missing", f"Send the token that Authenticate gives in the {place.where} "
            f"'{place.name}: {place.prefix}...'.", CHALLENGE))
    try:
        connection = _connection_of(world, work, token)
    except TokenRefused as refusal:
        raise NotAdmitted(_unauthorised(
            operation, where, refusal.code, refusal.detail, f'{CHALLENGE}, error="invalid_token", '
            f'error_description="{refusal.detail}"')) from None
    check_access(operation, connection)
    check_signature(world, work, operation, request, connection)
    return connection


def _connection_of(world: World, view: View, token: str) -> SmpConnection:
    return connection_of_token(view, world.token_rules, world.server_key_if_made(), token, world.credential_now())


def check_access(operation: BoundOperation, connection: SmpConnection) -> None:
    """Raises NotAdmitted until the operator has provided access; says which of the overview's steps is open."""
    if has_access(connection.step):
        return
    detail = (f"The connection of {connection.organisation_id} to the SMP has no access yet. "
              f"{open_step_words(connection.step)}. In the simulator, its page in the console takes each step, and so "
              f"does PATCH /_sim/participants/{connection.organisation_id}.")
    raise NotAdmitted(refuse(operation, "forbidden", detail, one_error("", "no_access", detail)))


def check_signature(world: World, work: Work, operation: BoundOperation, request: WireRequest,
                    connection: SmpConnection, may_be_required: bool = True) -> None:
    """Verify a signature if there is one, or has to be. Raises NotAdmitted."""
    try:
        is_signed = verify_signature(world, operation, request, connection, may_be_required)
    except SignatureBad as error:
        work.record(SignatureRefused(connection.organisation_id, error.detail))
        raise NotAdmitted(_unauthorised(operation, signature_place(world, operation, request), "invalid_signature",
                                        error.detail, CHALLENGE)) from None
    if is_signed:
        note_flow(work, connection.organisation_id, Flow.SIGNED_REQUEST)


def _unauthorised(operation: BoundOperation, pointer: str, code: str, detail: str, challenge: str) -> WireAnswer:
    answer = refuse(operation, "unauthorised", detail, one_error(pointer, code, detail))
    answer.headers["WWW-Authenticate"] = challenge
    return answer
