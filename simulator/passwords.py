"""Password hashes: argon2id with the parameters OWASP advises (19 MiB, 2 passes, 1 lane)."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# A password that stands in a fixture file is public, and worlds should start quickly.
_PUBLIC_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def hash_password(password: str) -> str:
    """A hash to store, with its salt and parameters."""
    return _HASHER.hash(one_spelling(password))


def hash_public_password(password: str) -> str:
    """A light hash, for passwords that anybody can read in a fixture."""
    return _PUBLIC_HASHER.hash(one_spelling(password))


def password_matches(stored: str | None, password: str) -> bool:
    """Whether a password belongs to a stored hash. Without one the answer is no, and takes as long."""
    try:
        return _HASHER.verify(stored or _nobodys_hash(), one_spelling(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_password_hash(stored: str) -> bool:
    """Whether a text is a hash that passwords can be compared with, at no more cost than our own."""
    try:
        found = extract_parameters(stored)
    except InvalidHashError:
        return False
    limits = _HASHER
    return (found.type is limits.type and found.memory_cost <= limits.memory_cost
            and found.time_cost <= limits.time_cost and found.parallelism == limits.parallelism)


def one_spelling(password: str) -> str:
    """One spelling of letters that devices write in several ways, such as é (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys_hash() -> str:
    return hash_password("the password of nobody")
