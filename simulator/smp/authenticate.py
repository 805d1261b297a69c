"""Authenticate: username and password against a token (SMP overview, The SMP APIs, documented), as JSON or as the form
that standard OAuth 2 clients send (RFC 6749, 4.3 and 5.2; assumed).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from urllib.parse import parse_qsl

from simulator.contracts import BoundOperation, Message, NotReadable, WireAnswer, WireRequest
from simulator.contracts.bodies import FORM, name_media_type
from simulator.market.connections import SmpConnection
from simulator.market.signing_keys import SigningKey
from simulator.operations.connections import connection_by_username
from simulator.operations.smp_tokens import issue_access_token, note_refused_authentication
from simulator.passwords import password_matches
from simulator.smp.admission import CHALLENGE, NotAdmitted, check_access, check_signature
from simulator.smp.errors import one_error, refuse_message
from simulator.wire import refuse
from simulator.world import View, Work, World

_WRONG = "Username and password do not belong together. Check both; capitals matter."
_GRANT = "password"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was sent; the connection of the user it names, and whether the password is that user's."""

    message: Message | NotReadable
    connection: SmpConnection | None = None
    matches: bool = False
    server_key: SigningKey | None = None


def whose_user(world: World, view: View, operation: BoundOperation, request: WireRequest) -> str | None:
    """The organisation whose user a request for a token names: there is no token yet that could tell."""
    try:
        records = operation.read(request).records
    except NotReadable:
        return None
    username = records[0].get("username") if records else None
    connection = connection_by_username(view, username) if isinstance(username, str) else None
    return None if connection is None else connection.organisation_id


def compare_password(world: World, operation: BoundOperation, request: WireRequest, message: Message | NotReadable
                     ) -> Attempt:
    """Compare the password outside any transaction: that takes long on purpose, for unknown users as well."""
    if isinstance(message, NotReadable) or message.problems:
        return Attempt(message)
    record = message.records[0]
    with world.view() as view:
        connection = connection_by_username(view, record["username"])
    matches = password_matches(None if connection is None else connection.password_hash, record["password"])
    return Attempt(message, connection, matches, world.server_key() if matches else None)


def authenticate(world: World, work: Work, operation: BoundOperation, request: WireRequest, attempt: Attempt
                 ) -> WireAnswer:
    """A token, or why there is none."""
    is_form = name_media_type(request.media_type) == FORM
    refusal = (_refuse_form(operation, attempt.message, request.body) if is_form
               else refuse_message(operation, attempt.message))
    if refusal is not None:
        return refusal
    if attempt.connection is None or attempt.server_key is None:
        note_refused_authentication(work, attempt.connection, "username or password")
        return _refuse_credentials(operation, is_form)
    reason = "connection without access"
    try:
        check_access(operation, attempt.connection)
        reason = "signature"
        check_signature(world, work, operation, request, attempt.connection, may_be_required=False)
    except NotAdmitted as refused:
        note_refused_authentication(work, attempt.connection, reason)
        return refused.answer
    token = issue_access_token(work, world.token_rules, attempt.server_key, attempt.connection, world.credential_now())
    return operation.answer("accepted", {"access_token": token, "token_type": "Bearer",
                                         "expires_in": world.settings.smp_token_seconds})


def _refuse_credentials(operation: BoundOperation, is_form: bool) -> WireAnswer:
    if is_form:
        return _oauth_error(operation, "invalid_grant", _WRONG)
    answer = refuse(operation, "unauthorised", _WRONG, one_error("", "invalid_credentials", _WRONG))
    answer.headers["WWW-Authenticate"] = CHALLENGE
    return answer


def _refuse_form(operation: BoundOperation, message: Message | NotReadable, body: bytes) -> WireAnswer | None:
    if isinstance(message, NotReadable):
        return _oauth_error(operation, "invalid_request", message.detail)
    names = Counter(name for name, _ in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    repeated = [name for name, times in names.items() if times > 1]
    if repeated:
        return _oauth_error(operation, "invalid_request", f"The form says {', '.join(repeated)[:80]} more than once. "
                            "Send each field once.")
    place = message.pointer(0, "grant_type") if message.records else ""
    grant = message.records[0].get("grant_type") if message.records else None
    asks_for_another = any(place and problem.pointer == place and problem.code in ("enum", "const")
                           for problem in message.problems)
    if asks_for_another or (isinstance(grant, str) and grant != _GRANT):
        return _oauth_error(operation, "unsupported_grant_type", f"Only grant_type={_GRANT} is known here.")
    if message.problems:
        return _oauth_error(operation, "invalid_request", " ".join(problem.message for problem in message.problems))
    return None


def _oauth_error(operation: BoundOperation, error: str, description: str) -> WireAnswer:
    return operation.answer("invalid_grant", {"error": error, "error_description": _plain(description)})


def _plain(text: str) -> str:
    """RFC 6749, 5.2: error_description is ASCII without quotes and backslashes."""
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "'" if letter == '"' else "?"
                   for letter in text)
