"""Signed messages: a signature beside the body (detached), or around it (compact).

A detached signature is over exactly the bytes of the body, which are not repeated in it (RFC 7515, appendix F).
"""

from __future__ import annotations

from functools import lru_cache

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from simulator.jose.headers import decode, printable, read_header
from simulator.jose.keys import ALGORITHM, encode, private_key
from simulator.market.signing_keys import SignatureBad, SigningKey

_KEY_SETS_REMEMBERED = 64


def sign_detached(key: SigningKey, body: bytes) -> str:
    """The signature over these bytes as `HEADER..SIGNATURE`."""
    header, _, seal = _sign(key, body)
    return f"{header}..{seal}"


def sign_compact(key: SigningKey, body: bytes) -> bytes:
    """The signed message that holds these bytes."""
    return ".".join(_sign(key, body)).encode()


def _sign(key: SigningKey, body: bytes) -> tuple[str, str, str]:
    # It is no token: without a `typ`, nobody takes it for one. PyJWT would decode and copy the body twice more.
    header, payload = encode(orjson.dumps({"alg": ALGORITHM, "kid": key.kid})), encode(body)
    seal = private_key(key).sign(f"{header}.{payload}".encode(), padding.PKCS1v15(), SHA256())
    return header, payload, encode(seal)


def verify_detached(jwks_text: str, body: bytes, signature: str) -> None:
    """Raises SignatureBad unless a key of the set signed exactly these bytes."""
    parts = signature.strip().split(".")
    if len(parts) != 3:
        raise SignatureBad(f"A detached signature has three parts with dots between them, the middle one empty; this "
                           f"has {len(parts)}.")
    header, inside, seal = parts
    if inside:
        raise SignatureBad("The signature holds a message of its own between its dots: a detached one leaves that "
                           "empty, and signs the body as it is sent.")
    _verify(jwks_text, header, encode(body), seal, "the signature", "the body was changed after it was signed (every "
            "byte counts, spaces and line ends too), or another key has signed it")


def verify_compact(jwks_text: str, jws: bytes) -> bytes:
    """What the signed message holds, if a key of the set signed it. Raises SignatureBad."""
    header, payload, seal = _compact_parts(jws)
    _verify(jwks_text, header, payload, seal, "the signed message", "it was changed after it was signed, or another "
            "key has signed it")
    return open_compact(jws)


def open_compact(jws: bytes) -> bytes:
    """What a signed message says it holds, unverified. Raises SignatureBad."""
    try:
        return decode(_compact_parts(jws)[1])
    except ValueError:
        raise SignatureBad("The second part of the signed message is not base64url.") from None


def kid_of(jws: str) -> str | None:
    """The kid in the header, unverified: for what was signed here. None when the header names none."""
    return orjson.loads(decode(jws.partition(".")[0])).get("kid")


def _compact_parts(jws: bytes) -> list[str]:
    try:
        parts = jws.decode("ascii").strip().split(".")
    except UnicodeDecodeError:
        parts = []
    if len(parts) != 3:
        raise SignatureBad("The body is no signed message: one has three parts of letters, digits, - and _, with dots "
                           "between them.")
    return parts


def _verify(jwks_text: str, header: str, payload: str, seal: str, what: str, causes: str) -> None:
    kid = read_header(header, what, lambda kind, detail: SignatureBad(detail)).get("kid")
    known = _keys_of(jwks_text)
    # Keys without a name are tried for every signature, and every key for a signature that names none.
    candidates = [key for name, key in known if kid is None or name is None or name == kid]
    if not candidates:
        names = ", ".join(printable(name) for name, _ in known) or "none"
        raise SignatureBad(f"The header of {what} names the key {printable(kid)}, which is not registered; registered: "
                           f"{names}.")
    try:
        signature = decode(seal)
    except ValueError:
        raise SignatureBad(f"The last part of {what} is not base64url.") from None
    if not any(_fits(key, signature, f"{header}.{payload}".encode()) for key in candidates):
        tried = f"the key {printable(kid)}" if kid is not None else "any registered key"
        raise SignatureBad(f"{what[0].upper()}{what[1:]} does not fit {tried}: {causes}.")


def _fits(key: rsa.RSAPublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


@lru_cache(_KEY_SETS_REMEMBERED)
def _keys_of(jwks_text: str) -> tuple[tuple[str | None, rsa.RSAPublicKey], ...]:
    """Names and keys of a set that `read_public_keys` has made."""
    return tuple(
        (member.get("kid"), rsa.RSAPublicNumbers(_whole(member["e"]), _whole(member["n"])).public_key())
        for member in orjson.loads(jwks_text)["keys"])


def _whole(text: str) -> int:
    return int.from_bytes(decode(text))
