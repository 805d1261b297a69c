"""Public keys of participants, as they send them: a JWK Set, a JWK, or PEM with keys or certificates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from simulator.jose.headers import decode, printable
from simulator.jose.keys import ALGORITHM, members_of
from simulator.market.signing_keys import KeysUnusable

_FEWEST_BITS, _MOST_BITS = 2_048, 8_192
_MOST_KEYS = 20
_MOST_CHARACTERS = 100_000
_PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.S)
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

_PRIVATE = ("holds a private key, which nobody but you may ever have. Send its public half (openssl pkey -in key.pem "
            "-pubout), and make a new key pair if this one protects anything.")


class _KeyUnusable(Exception):
    """What is wrong with one key, as the end of a sentence."""


def read_public_keys(text: str) -> str:
    """The RSA keys as a JWK Set (JSON text) with the members kty, use, alg, n, e and, if it was given, kid.

    Raises KeysUnusable with everything wrong.
    """
    given = text.strip().removeprefix("\ufeff")
    if not given:
        raise KeysUnusable(["There is no key: send a JWK Set (JSON), or PEM."])
    if len(given) > _MOST_CHARACTERS:
        raise KeysUnusable([f"These are {len(given):,} characters; {_MOST_CHARACTERS:,} are enough for any keys."])
    problems: list[str] = []
    keys = _read_json(given, problems) if given.startswith(("{", "[")) else _read_pem(given, problems)
    if len(keys) > _MOST_KEYS:
        problems.append(f"These are {len(keys)} keys; at most {_MOST_KEYS} can be registered.")
    if problems:
        raise KeysUnusable(problems)
    return orjson.dumps({"keys": keys}).decode()


def _read_pem(text: str, problems: list[str]) -> list[dict[str, str]]:
    if "PRIVATE KEY-----" in text:
        problems.append(f"The text {_PRIVATE}")
        return []
    keys = []
    blocks = list(_PEM_BLOCK.finditer(text))
    if not blocks:
        problems.append("This is neither a JWK Set (JSON that begins with {) nor PEM (text between "
                        "-----BEGIN PUBLIC KEY----- and -----END PUBLIC KEY-----).")
    for number, block in enumerate(blocks, 1):
        try:
            key = _load_pem(block[1], block[0].encode())
            keys.append(_member(key, None))
        except _KeyUnusable as error:
            problems.append(f"PEM block {number} ({block[1]}) {error}")
    return keys


def _load_pem(kind: str, block: bytes) -> rsa.RSAPublicKey:
    try:
        key = (x509.load_pem_x509_certificate(block).public_key() if kind == "CERTIFICATE"
               else load_pem_public_key(block))
    except (ValueError, UnsupportedAlgorithm):
        raise _KeyUnusable("cannot be read: send a public key or a certificate, whole and unchanged.") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise _KeyUnusable(f"is no RSA key; signatures are {ALGORITHM}, which takes RSA keys.")
    return key


def _read_json(text: str, problems: list[str]) -> list[dict[str, str]]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        problems.append(f"This is not JSON at line {error.lineno}, column {error.colno}: a JWK Set looks like "
                        '{"keys": [{"kty": "RSA", "kid": "…", "n": "…", "e": "AQAB"}]}.')
        return []
    listed = found if isinstance(found, list) else found.get("keys", [found] if "kty" in found else None)
    if not isinstance(listed, list) or not listed:
        problems.append('This JSON has no keys: a JWK Set is {"keys": [ … ]} with at least one key in the list.')
        return []
    keys: list[dict[str, str]] = []
    passed_over: list[str] = []
    for number, member in enumerate(listed, 1):
        where = f"Key {number}"
        if not isinstance(member, dict):
            problems.append(f"{where} is no JSON object.")
            continue
        if isinstance(member.get("kid"), str):
            where += f" ({printable(member['kid'])})"
        if not _PRIVATE_MEMBERS.isdisjoint(member):
            problems.append(f"{where} {_PRIVATE}")
            continue
        other_use = _other_use(member)
        if other_use:
            passed_over.append(f"{where} {other_use}")
            continue
        try:
            keys.append(_member(_load_jwk(member), _kid(member, keys)))
        except _KeyUnusable as error:
            problems.append(f"{where} {error}")
    if not keys and not problems:
        # A key set may well hold keys for other ends (RFC 7517, 5); one must be for signatures.
        problems += passed_over
    return keys


def _other_use(member: Mapping[str, Any]) -> str | None:
    """What else a key is for, as the end of a sentence; None when signatures can be checked with it."""
    if member.get("kty") != "RSA":
        return f"is of the type {printable(member.get('kty'))}; signatures are {ALGORITHM}, which takes kty 'RSA'."
    if member.get("use", "sig") != "sig":
        return f"has use {printable(member['use'])}; keys for signatures have use 'sig', or no use."
    operations = member.get("key_ops")
    if isinstance(operations, list) and "verify" not in operations:
        return "has key_ops without 'verify', so it is not for checking signatures."
    if member.get("alg", ALGORITHM) != ALGORITHM:
        return f"has alg {printable(member['alg'])}; signatures are {ALGORITHM}."
    return None


def _kid(member: Mapping[str, Any], before: list[dict[str, str]]) -> str | None:
    kid = member.get("kid")
    if kid is None:
        return None
    if not isinstance(kid, str) or not 1 <= len(kid) <= 200:
        raise _KeyUnusable("has a kid that is no text of 1 to 200 characters.")
    if any(other.get("kid") == kid for other in before):
        raise _KeyUnusable("has the kid of a key before it; give each key its own.")
    return kid


def _load_jwk(member: Mapping[str, Any]) -> rsa.RSAPublicKey:
    numbers = {}
    for name in ("n", "e"):
        try:
            numbers[name] = int.from_bytes(decode(member[name]))
        except (KeyError, ValueError, TypeError, AttributeError):
            raise _KeyUnusable(f"has no usable member {name!r}: it is a whole number in base64url.") from None
    if numbers["n"].bit_length() > _MOST_BITS:
        raise _wrong_size(numbers["n"].bit_length())
    try:
        return rsa.RSAPublicNumbers(numbers["e"], numbers["n"]).public_key()
    except ValueError:
        raise _KeyUnusable("has numbers n and e that make no RSA key.") from None


def _member(key: rsa.RSAPublicKey, kid: str | None) -> dict[str, str]:
    if not _FEWEST_BITS <= key.key_size <= _MOST_BITS:
        raise _wrong_size(key.key_size)
    named = {} if kid is None else {"kid": kid}
    return {"kty": "RSA", "use": "sig", "alg": ALGORITHM, **named, **members_of(key)}


def _wrong_size(bits: int) -> _KeyUnusable:
    return _KeyUnusable(f"has {bits:,} bits; {ALGORITHM} takes {_FEWEST_BITS:,} (RFC 7518, 3.3) to {_MOST_BITS:,}.")
