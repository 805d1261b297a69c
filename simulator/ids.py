"""Every random value of the product is made here; no other file uses `secrets`, `random` or `uuid`.

Identifiers that appear in messages are counted per world, so that the same inputs give the same ids. Values that
protect something (tokens, keys, sessions) are truly random.
"""

from __future__ import annotations

import hashlib
import secrets

import pyotp


def new_api_token() -> str:
    """An API access token: 43 URL-safe characters, 256 bits."""
    return secrets.token_urlsafe(32)


def new_session_token() -> str:
    """The value of a sign-in session, known only to the browser."""
    return secrets.token_urlsafe(32)


def new_link_token() -> str:
    """The secret of a link that lets a user set a password."""
    return secrets.token_urlsafe(32)


def new_smp_password() -> str:
    """A password for an SMP user: 24 URL-safe characters, 144 bits."""
    return secrets.token_urlsafe(18)


def new_signing_key() -> str:
    """A key for signing cookies."""
    return secrets.token_hex(32)


def new_token_id() -> str:
    """The id (`jti`) of a token: names it in the journal, where the token itself must not stand."""
    return secrets.token_hex(16)


def new_unique_part() -> str:
    """16 hex digits for a name that nothing else shall have, such as a delivery's: counters begin anew with a reset."""
    return secrets.token_hex(8)


def new_authenticator_secret() -> str:
    """A base32 secret for an authenticator app, 160 bits as RFC 4226 recommends."""
    return pyotp.random_base32(32)


def digest(secret: str) -> str:
    """SHA-256 of a secret in hex: what may be stored or compared where the secret itself may not."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same_secret(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return secrets.compare_digest(left.encode(), right.encode())
