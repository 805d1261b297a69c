"""Tokens, signatures and their keys, for everybody who needs them: a light front before `simulator.jose`.

The libraries behind it (PyJWT and cryptography) take 40 ms and 9 MB: they load with the first token or signature, so
that who only uses the portal does not pay for them. All signatures are RS256 (assumed).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from simulator.market.signing_keys import KeysUnusable, SignatureBad, SigningKey, TokenRefused

__all__ = [
    "JOSE", "KeysUnusable", "SignatureBad", "SigningKey", "TokenRefused", "check_token", "issue_token", "kid_of",
    "make_key", "open_compact", "public_jwks", "read_public_keys", "sign_compact", "sign_detached", "verify_compact",
    "verify_detached",
]

JOSE = "application/jose"
"""Content type of a body that is a signed message itself (RFC 7515, 9.2.1)."""


def _jose() -> Any:
    return import_module("simulator.jose")


def make_key() -> SigningKey:
    """A fresh RSA key pair of 2,048 bits. Takes 50 to 500 ms: never call it in a write transaction."""
    return _jose().make_key()


def issue_token(key: SigningKey, claims: Mapping[str, Any]) -> str:
    """A JWT with these claims, signed with the key and naming it (`kid`). Times are whole seconds since 1970."""
    return _jose().issue_token(key, claims)


def check_token(token: str, keys: Sequence[SigningKey], audience: str, issuer: str, now: datetime) -> dict[str, Any]:
    """The claims of a token that one of `keys` signed, and that is in force at `now`. Raises TokenRefused."""
    return _jose().check_token(token, keys, audience, issuer, now)


def sign_detached(key: SigningKey, body: bytes) -> str:
    """The signature over exactly these bytes, as it stands in a header: `HEADER..SIGNATURE` (RFC 7515, appendix F)."""
    return _jose().sign_detached(key, body)


def sign_compact(key: SigningKey, body: bytes) -> bytes:
    """The signed message that holds these bytes (RFC 7515, 7.1), to be sent as `JOSE` in place of the body."""
    return _jose().sign_compact(key, body)


def verify_detached(jwks_text: str, body: bytes, signature: str) -> None:
    """Whether a key of a key set (as `read_public_keys` gives it) signed exactly these bytes. Raises SignatureBad."""
    _jose().verify_detached(jwks_text, body, signature)


def verify_compact(jwks_text: str, jws: bytes) -> bytes:
    """What a signed message holds, if a key of a key set (as `read_public_keys` gives it) signed it.

    Raises SignatureBad.
    """
    return _jose().verify_compact(jwks_text, jws)


def open_compact(jws: bytes) -> bytes:
    """What a signed message says it holds; nobody has looked at its signature yet. Raises SignatureBad."""
    return _jose().open_compact(jws)


def kid_of(jws: str) -> str | None:
    """The name of the key that a signature or signed message of ours says it is made with."""
    return _jose().kid_of(jws)


def public_jwks(keys: Sequence[SigningKey]) -> dict[str, Any]:
    """The public halves of keys as a JWK Set: `{"keys": [{"kty", "use", "alg", "kid", "n", "e"}]}` (RFC 7517)."""
    return _jose().public_jwks(keys)


def read_public_keys(text: str) -> str:
    """A participant's public RSA keys as a JWK Set (JSON text), from a JWK Set, a JWK, or PEM (keys, certificates).

    Keys from PEM have no `kid`: they are tried whatever `kid` a signature names. Raises KeysUnusable with everything
    wrong; a private key is refused, and nothing of it is repeated.
    """
    return _jose().read_public_keys(text)
