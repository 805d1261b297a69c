"""Tokens of the SMP: issued against username and password, and judged when a call carries one.

That Authenticate returns a JWT is documented (SMP overview, The SMP APIs). Its claims are assumed; issuer and audience
name the world, so that a token of one is refused in every other. A token is in force as long as the user that it was
issued to has that name, and is that participant's: a user who gets another name authenticates again. It outlives a
reset, so that a client that runs need not notice, but not its world: one that is made anew knows none of its tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from simulator.ids import digest, new_token_id
from simulator.market.connections import Flow, SmpConnection
from simulator.market.provenance import SMP, Rule
from simulator.market.registration_facts import AuthenticationRefused, TokenIssued
from simulator.market.signing_keys import SigningKey, TokenRefused
from simulator.operations.connections import connection_by_username, note_flow
from simulator.operations.signing_keys import platform_keys, signing_key
from simulator.signing import check_token, issue_token
from simulator.store.work import View, Work

RULES = (
    Rule("smp_tokens.jwt",
         "Authenticate gives a JWT, which the headers of the calls carry.",
         "documented", "SMP overview, The SMP APIs.", SMP),
    Rule("smp_tokens.claims",
         "The token is RS256 with iss, sub, aud, iat, exp and jti.",
         "assumed", "Nobody outside the platform can know it.", SMP),
)


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a world's tokens say (`iss`, `aud`, and `world`, which of the worlds of this name), and how many seconds
    they work.
    """

    issuer: str
    audience: str
    origin: str
    seconds: int


def token_rules(world: str, made_with: str, seconds: int) -> TokenRules:
    """The rules of a world. `made_with` is a secret that it was made with, and that a reset leaves as it is."""
    return TokenRules(f"urn:flexsim:{world}:smp", f"urn:flexsim:{world}:smp:api", digest(f"smp {made_with}")[:16],
                      seconds)


def issue_access_token(work: Work, rules: TokenRules, server_key: SigningKey, connection: SmpConnection, at: datetime
                       ) -> str:
    """A token for the user of a connection, in force from `at` on (the time that credentials go by).

    `server_key` is the key that every world of the server begins with.
    """
    key = signing_key(work, server_key)
    begins = int(at.timestamp())
    expires = begins + rules.seconds
    token_id = new_token_id()
    work.record(TokenIssued(connection.organisation_id, token_id, key.kid,
                            datetime.fromtimestamp(expires, at.tzinfo).isoformat()))
    note_flow(work, connection.organisation_id, Flow.AUTHENTICATE)
    return issue_token(key, {"iss": rules.issuer, "sub": connection.username, "aud": rules.audience, "iat": begins,
                             "exp": expires, "jti": token_id, "participant": connection.organisation_id,
                             "world": rules.origin})


def note_refused_authentication(work: Work, connection: SmpConnection | None, reason: str) -> None:
    """Note an attempt to get a token that failed; None for an unknown user."""
    work.record(AuthenticationRefused(None if connection is None else connection.organisation_id, reason))


def connection_of_token(view: View, rules: TokenRules, server_key: SigningKey | None, token: str, at: datetime
                        ) -> SmpConnection:
    """The connection that a token in force speaks for. Raises TokenRefused, with code and reason.

    `server_key` is None when the server never had need of one: then no token of its own can be about.
    """
    claims = check_token(token, _keys(view, server_key), rules.audience, rules.issuer, at)
    if claims.get("world") != rules.origin:
        raise TokenRefused("token_issuer", "The token was issued before this world was made anew: authenticate again.")
    connection = connection_by_username(view, str(claims["sub"]))
    if connection is None or connection.organisation_id != claims.get("participant"):
        # The name may be another participant's by now.
        raise TokenRefused("token_subject", "The token was issued to a user that this platform does not have (any "
                           "more): authenticate again.")
    return connection


def expired_copy(view: View, rules: TokenRules, server_key: SigningKey | None, token: str, at: datetime) -> str | None:
    """The same token as if it had been issued earlier and expired a second ago; None for one that is not in force.

    For the fault that lets tokens run out in the middle of their time.
    """
    keys = _keys(view, server_key)
    try:
        claims = check_token(token, keys, rules.audience, rules.issuer, at)
    except TokenRefused:
        return None
    expired = int(at.timestamp()) - 1
    lasted = claims["exp"] - claims["iat"]
    return issue_token(keys[-1], {**claims, "iat": expired - lasted, "exp": expired})


def _keys(view: View, server_key: SigningKey | None) -> list[SigningKey]:
    return [each.key for each in platform_keys(view, server_key)]
