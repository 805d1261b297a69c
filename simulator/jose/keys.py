"""The platform's own keys: made, loaded once, and published as a JWK Set."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from simulator.market.signing_keys import SigningKey

ALGORITHM = "RS256"

_BITS = 2_048
_KID_CHARACTERS = 16
_KEYS_REMEMBERED = 32


def make_key() -> SigningKey:
    """A fresh RSA key pair of 2,048 bits, named by the beginning of its thumbprint (RFC 7638)."""
    private = rsa.generate_private_key(65_537, _BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return SigningKey(thumbprint(members_of(private.public_key()))[:_KID_CHARACTERS], pem)


@lru_cache(_KEYS_REMEMBERED)
def private_key(key: SigningKey) -> rsa.RSAPrivateKey:
    """The key as the library takes it."""
    # It is our own: checking that its primes are primes would take as long as a hundred signatures.
    loaded = load_pem_private_key(key.private_pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise TypeError(f"the key {key.kid} is no RSA key")
    return loaded


@lru_cache(_KEYS_REMEMBERED)
def public_key(key: SigningKey) -> rsa.RSAPublicKey:
    """The public half of a key of ours."""
    return private_key(key).public_key()


def public_jwks(keys: Sequence[SigningKey]) -> dict[str, Any]:
    """The public halves as a JWK Set."""
    return {"keys": [{"kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": key.kid, **members_of(public_key(key))}
                     for key in keys]}


def members_of(key: rsa.RSAPublicKey) -> dict[str, str]:
    """Modulus `n` and exponent `e` as a JWK has them (RFC 7518, 6.3.1)."""
    numbers = key.public_numbers()
    return {"n": _number(numbers.n), "e": _number(numbers.e)}


def thumbprint(members: Mapping[str, str]) -> str:
    """The thumbprint of an RSA key (RFC 7638): SHA-256 of its members in a fixed order."""
    return encode(hashlib.sha256(orjson.dumps({"e": members["e"], "kty": "RSA", "n": members["n"]})).digest())


def encode(data: bytes) -> str:
    """base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8))
