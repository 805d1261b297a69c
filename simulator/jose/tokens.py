"""Access tokens: JWTs signed by the platform, and every reason for which one is refused.

Times are judged here and not by the library, which knows the machine's clock only: codes and tokens may be set to go
by market time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import jwt
import orjson

from simulator.jose.headers import printable, read_header
from simulator.jose.keys import ALGORITHM, private_key, public_key
from simulator.market.signing_keys import SigningKey, TokenRefused

_SIGNATURES = jwt.PyJWS(algorithms=[ALGORITHM])


def issue_token(key: SigningKey, claims: Mapping[str, Any]) -> str:
    """A JWT with these claims; its header names the key."""
    return _SIGNATURES.encode(orjson.dumps(dict(claims)), private_key(key), ALGORITHM, {"kid": key.kid})


def check_token(token: str, keys: Sequence[SigningKey], audience: str, issuer: str, now: datetime) -> dict[str, Any]:
    """The claims of a token in force. Raises TokenRefused for the first thing wrong, from its form to its times."""
    parts = token.split(".")
    if len(parts) != 3:
        raise _refuse("malformed", f"This is no token of this platform: a JWT has three parts with dots between them, "
                      f"and this has {len(parts)}.")
    header = read_header(parts[0], "the token", _refuse)
    kid = header.get("kid")
    key = next((key for key in keys if key.kid == kid), None)
    if key is None:
        raise _refuse("key", f"The token names the key {printable(kid)}, which this platform does not publish (any "
                      f"more). It publishes {', '.join(key.kid for key in keys) or 'none yet'}: authenticate again.")
    try:
        payload = _SIGNATURES.decode(token, public_key(key), [ALGORITHM])
    except jwt.InvalidTokenError:
        raise _refuse("signature", "The token's signature does not fit it: the token was changed after it was issued, "
                      "or cut short on its way.") from None
    claims = _read_claims(payload)
    _check_parties(claims, audience, issuer)
    _check_times(claims, int(now.timestamp()))
    return claims


def _refuse(kind: str, detail: str) -> TokenRefused:
    return TokenRefused(f"token_{kind}", detail)


def _read_claims(payload: bytes) -> dict[str, Any]:
    try:
        claims = orjson.loads(payload)
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise _refuse("claims", "The token holds no claims.")
    missing = [name for name in ("iss", "sub", "aud", "iat", "exp") if name not in claims]
    missing += [name for name in ("iat", "nbf", "exp") if name in claims and not isinstance(claims[name], int | float)]
    if missing:
        raise _refuse("claims", f"The token lacks a usable claim: {', '.join(missing)}.")
    return claims


def _check_parties(claims: Mapping[str, Any], audience: str, issuer: str) -> None:
    if claims["iss"] != issuer:
        raise _refuse("issuer", f"The token was issued by {printable(claims['iss'])}; here only tokens of '{issuer}' "
                      "are taken.")
    named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if audience not in named:
        raise _refuse("audience", f"The token is meant for {' and '.join(map(printable, named))}, not for "
                      f"'{audience}'.")


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    begins = max(claims["iat"], claims.get("nbf", claims["iat"]))
    if now < begins:
        raise _refuse("not_yet_valid", f"The token is not yet valid: it is from {_instant(begins)}, and it is "
                      f"{_instant(now)} now.")
    if now >= claims["exp"]:
        raise _refuse("expired", f"The token expired at {_instant(claims['exp'])}, {_span(now - claims['exp'])} ago; "
                      f"it is {_instant(now)} now. Authenticate again.")


def _instant(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return "a time beyond all calendars"


def _span(seconds: float) -> str:
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count:,} {word}{'s' if count != 1 else ''}"
    return f"{int(seconds)} second{'s' if int(seconds) != 1 else ''}"
