"""Signed messages: joserfc, a JOSE library that knows nothing of us, verifies ours, and ours verifies its."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet, OctKey, RSAKey

from simulator.signing import (
    SignatureBad,
    SigningKey,
    make_key,
    open_compact,
    public_jwks,
    read_public_keys,
    sign_compact,
    sign_detached,
    verify_compact,
    verify_detached,
)

BODY = b'{"unit": {"name": "Ashgrove batteries"}}\r\n'
KEY = make_key()
JUDGE = RSAKey.import_key(KEY.private_pem, {"kid": KEY.kid})


def key_set(*keys: SigningKey) -> str:
    """Registered keys, as the platform keeps them."""
    return read_public_keys(orjson.dumps(public_jwks(keys)).decode())


REGISTERED = key_set(KEY)


def judged(signature: str, body: bytes) -> jws.CompactSignature:
    """What joserfc makes of a detached signature: it is given back its payload, and verified over the raw bytes."""
    header, _, seal = signature.split(".")
    return jws.deserialize_compact(f"{header}..{seal}", KeySet.import_key_set(public_jwks([KEY])),
                                   algorithms=["RS256"], payload=body)


@pytest.mark.proves("rule/signatures.form")
def test_another_library_verifies_a_detached_signature_over_the_raw_bytes() -> None:
    """wire format, assumed: RFC 7515 appendix F over the exact body bytes, RS256, header kid."""
    signature = sign_detached(KEY, BODY)
    assert judged(signature, BODY).headers() == {"alg": "RS256", "kid": KEY.kid}


@given(st.binary(min_size=1, max_size=300), st.data())
def test_one_changed_byte_fails_in_both_libraries(body: bytes, data: st.DataObject) -> None:
    """Ours: verified over the raw bytes, and failing after one changed byte."""
    signature = sign_detached(KEY, body)
    place = data.draw(st.integers(0, len(body) - 1))
    changed = body[:place] + bytes([body[place] ^ data.draw(st.integers(1, 255))]) + body[place + 1:]
    verify_detached(REGISTERED, body, signature)
    with pytest.raises(SignatureBad, match="every byte counts"):
        verify_detached(REGISTERED, changed, signature)
    with pytest.raises(BadSignatureError):
        judged(signature, changed)


@pytest.mark.parametrize("body", [b"", b"\x00\xff", BODY + b" ", BODY * 10_000])
def test_any_bytes_can_be_signed(body: bytes) -> None:
    """RFC 7515, 2: a payload is any sequence of octets."""
    verify_detached(REGISTERED, body, sign_detached(KEY, body))
    assert verify_compact(REGISTERED, sign_compact(KEY, body)) == body


def test_a_detached_signature_of_another_library_is_verified() -> None:
    """Ours: requests' signatures verified likewise."""
    header, _, seal = jws.serialize_compact({"alg": "RS256", "kid": KEY.kid}, BODY, JUDGE).split(".")
    verify_detached(REGISTERED, BODY, f"{header}..{seal}")


@pytest.mark.proves("rule/signatures.form")
def test_another_library_reads_a_compact_message() -> None:
    """wire format, assumed: mode compact, the body is the JWS."""
    read = jws.deserialize_compact(sign_compact(KEY, BODY), KeySet.import_key_set(public_jwks([KEY])),
                                   algorithms=["RS256"])
    assert read.payload == BODY


def test_a_compact_message_of_another_library_is_verified() -> None:
    """Ours: requests' signatures verified likewise."""
    message = jws.serialize_compact({"alg": "RS256", "kid": KEY.kid}, BODY, JUDGE).encode()
    assert verify_compact(REGISTERED, message) == open_compact(message) == BODY


def test_a_changed_compact_message_is_refused() -> None:
    """Ours: failing after one changed byte."""
    header, _, seal = sign_compact(KEY, BODY).split(b".")
    _, other, _ = sign_compact(KEY, BODY + b"!").split(b".")
    with pytest.raises(SignatureBad, match="changed after it was signed"):
        verify_compact(REGISTERED, b".".join((header, other, seal)))


def test_an_unknown_key_is_named_beside_the_known_ones() -> None:
    """Ours: a reason that helps: which key it was, and which would do."""
    stranger = make_key()
    with pytest.raises(SignatureBad, match=f"'{stranger.kid}', which is not registered; registered: '{KEY.kid}'"):
        verify_detached(REGISTERED, BODY, sign_detached(stranger, BODY))


def test_a_known_name_on_another_key_does_not_help() -> None:
    """RFC 7515, 4.1.4: kid is a hint, no proof."""
    with pytest.raises(SignatureBad, match="another key has signed it"):
        verify_detached(REGISTERED, BODY, sign_detached(SigningKey(KEY.kid, make_key().private_pem), BODY))


def test_a_key_from_pem_is_tried_whatever_name_a_signature_gives() -> None:
    """wire format, assumed: participants register a JWKS or PEM. PEM has no place for a kid."""
    unnamed = read_public_keys(JUDGE.as_pem(private=False).decode())
    verify_detached(unnamed, BODY, sign_detached(SigningKey("any name", KEY.private_pem), BODY))


def test_a_signature_without_a_name_is_tried_with_every_key() -> None:
    """RFC 7515, 4.1.4: kid is optional."""
    header, _, seal = jws.serialize_compact({"alg": "RS256"}, BODY, JUDGE).split(".")
    verify_detached(key_set(make_key(), KEY), BODY, f"{header}..{seal}")


@pytest.mark.parametrize("algorithm", ["RS512", "PS256", "HS256"])
def test_other_algorithms_are_refused(algorithm: str) -> None:
    """wire format, assumed: RS256."""
    key = OctKey.import_key(b"a secret of thirty-two characters") if algorithm == "HS256" else JUDGE
    header, _, seal = jws.serialize_compact({"alg": algorithm, "kid": KEY.kid}, BODY, key,
                                            algorithms=[algorithm]).split(".")
    with pytest.raises(SignatureBad, match="only RS256 is taken"):
        verify_detached(REGISTERED, BODY, f"{header}..{seal}")


def test_a_signature_that_brings_its_own_message_is_refused() -> None:
    """RFC 7515, appendix F: the payload part is empty. Verifying what it brings would leave the body unverified."""
    whole = sign_compact(KEY, BODY).decode()
    with pytest.raises(SignatureBad, match="a message of its own"):
        verify_detached(REGISTERED, BODY, whole)


@pytest.mark.parametrize("signature", ["", "x", "..", "a..b", "é..é", "e30..e30", "a.b.c.d", "A" * 100_000])
def test_what_is_no_signature_is_refused(signature: str) -> None:
    """Ours: whatever was sent, there is a reason and no failure."""
    with pytest.raises(SignatureBad):
        verify_detached(REGISTERED, BODY, signature)
    with pytest.raises(SignatureBad):
        verify_compact(REGISTERED, signature.encode())


def test_extensions_that_must_be_understood_are_refused() -> None:
    """RFC 7515, 4.1.11; the unencoded payload of RFC 7797 comes this way."""
    header = jws.serialize_compact({"alg": "RS256", "kid": KEY.kid, "b64": True, "crit": ["b64"]}, BODY, JUDGE,
                                   registry=jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False))
    first, _, seal = header.split(".")
    with pytest.raises(SignatureBad, match="crit"):
        verify_detached(REGISTERED, BODY, f"{first}..{seal}")
