"""Signatures in the tests, made and judged by joserfc, a JOSE library that knows nothing of us."""

from __future__ import annotations

from typing import Any

import requests
from joserfc import jws
from joserfc.jwk import KeySet, RSAKey

from tests.registering import BASE, Registrar
from tests.servers import WorldClient

JWKS = "/smp/.well-known/jwks.json"
HEADER = "X-JWS-Signature"
JOSE = "application/jose"


def new_key(kid: str | None = "brindle-1") -> RSAKey:
    """A participant's key pair."""
    return RSAKey.generate_key(2_048, None if kid is None else {"kid": kid})


def register(world: WorldClient, *keys: RSAKey, signatures: str = "optional") -> None:
    """Register Brindle's public keys, and whether its requests must be signed."""
    answer = world.request("PATCH", "/_sim/participants/brindle", json={"smp": {
        "jwks": {"keys": [key.as_dict(private=False) for key in keys]}, "signatures": signatures}})
    assert answer.status_code == 200, answer.text


def compact(key: RSAKey, body: bytes, **header: Any) -> str:
    """A signed message that holds these bytes."""
    kid = key.as_dict(private=False).get("kid")
    return jws.serialize_compact({"alg": "RS256", **({"kid": kid} if kid else {}), **header}, body, key)


def detached(key: RSAKey, body: bytes, **header: Any) -> str:
    """A signature over exactly these bytes (RFC 7515, appendix F)."""
    first, _, seal = compact(key, body, **header).split(".")
    return f"{first}..{seal}"


def published(world: WorldClient) -> KeySet:
    """The platform's key set, as the judge reads it."""
    answer = world.get(JWKS)
    assert answer.status_code == 200, answer.text
    return KeySet.import_key_set(answer.json())


def judge_detached(world: WorldClient, signature: str, body: bytes) -> dict[str, Any]:
    """The header of a signature, if it is the platform's over exactly these bytes; joserfc's error otherwise."""
    return jws.deserialize_compact(signature, published(world), algorithms=["RS256"], payload=body).headers()


def judge_compact(world: WorldClient, message: bytes) -> bytes:
    """What a signed message of the platform holds; joserfc's error if it is none."""
    return jws.deserialize_compact(message, published(world), algorithms=["RS256"]).payload


def send_bytes(registrar: Registrar, path: str, body: bytes, **headers: str) -> requests.Response:
    """POST bytes as they stand, to a call such as `assets`; names of headers with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return registrar.world.request("POST", f"{BASE}/{path}", data=body, headers={
        **registrar.headers, "Content-Type": "application/json", **named})


def one_error(answer: requests.Response, status: int) -> dict[str, Any]:
    """The only error of an answer with this status."""
    assert answer.status_code == status, answer.text
    [error] = answer.json()["errors"]
    return error
