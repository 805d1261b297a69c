"""Public keys that participants register: a JWK Set, a JWK or PEM; whatever cannot be used is told in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from simulator.signing import KeysUnusable, read_public_keys

KEY = RSAKey.generate_key(2_048, {"kid": "one"})
OTHER = RSAKey.generate_key(2_048, {"kid": "two"})
PUBLIC = KEY.as_dict(private=False)
PEM = KEY.as_pem(private=False).decode()
MEMBERS = {"kty": "RSA", "use": "sig", "alg": "RS256", "n": PUBLIC["n"], "e": PUBLIC["e"]}


def read(text: str) -> list[dict[str, Any]]:
    return orjson.loads(read_public_keys(text))["keys"]


def problems(given: Any) -> list[str]:
    with pytest.raises(KeysUnusable) as refused:
        read_public_keys(given if isinstance(given, str) else orjson.dumps(given).decode())
    return refused.value.problems


def test_a_key_set_of_another_library_is_taken() -> None:
    """wire format, assumed: participants register a JWKS or PEM."""
    text = orjson.dumps(KeySet([KEY, OTHER]).as_dict(private=False)).decode()
    assert [key["kid"] for key in read(text)] == ["one", "two"]
    assert read(text)[0] == {**MEMBERS, "kid": "one"}


@pytest.mark.parametrize("given", [PUBLIC, [PUBLIC], {"keys": [PUBLIC]}])
def test_one_key_alone_or_in_a_list_is_taken(given: Any) -> None:
    """Ours: what is meant is plain."""
    assert read(orjson.dumps(given).decode()) == [{**MEMBERS, "kid": "one"}]


def test_pem_is_taken_without_a_name() -> None:
    """wire format, assumed: JWKS or PEM; PEM has no place for a kid."""
    assert read(f"our key:\n{PEM}") == [MEMBERS]


def test_several_pem_blocks_are_several_keys() -> None:
    """Ours: old and new key, while a participant changes them."""
    assert len(read(PEM + OTHER.as_pem(private=False).decode())) == 2


def test_the_key_of_a_certificate_is_taken() -> None:
    """Ours: many keep their public key in a certificate; nothing else of it is looked at."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Brindle")])
    now = datetime.now(UTC)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key)
                   .serial_number(1).not_valid_before(now - timedelta(days=2)).not_valid_after(now - timedelta(days=1))
                   .sign(KEY.private_key, hashes.SHA256()))
    assert read(certificate.public_bytes(Encoding.PEM).decode()) == [MEMBERS]


def test_what_was_read_is_read_again_the_same() -> None:
    """Ours: the kept form is itself a JWK Set."""
    once = read_public_keys(PEM)
    assert read_public_keys(once) == once


@pytest.mark.parametrize("private", [
    KEY.as_pem(private=True).decode(), orjson.dumps({"keys": [KEY.as_dict(private=True)]}).decode(),
    orjson.dumps(KEY.as_dict(private=True)).decode(), orjson.dumps(ECKey.generate_key().as_dict(private=True)).decode(),
    orjson.dumps(OctKey.generate_key(256).as_dict(private=True)).decode()],
    ids=["pem", "jwks", "jwk", "ec", "oct"])
def test_private_keys_are_refused_and_not_repeated(private: str) -> None:
    """Ours: a public key. Whoever pastes the private one must learn it, and it must go no further."""
    told = " ".join(problems(private))
    assert "private key, which nobody but you may ever have" in told
    assert KEY.as_dict(private=True)["d"][:20] not in told


def test_keys_for_other_ends_are_passed_over() -> None:
    """RFC 7517, 5: a set may hold keys that a reader has no use for."""
    encryption = {**OTHER.as_dict(private=False), "use": "enc"}
    assert [key["kid"] for key in read(orjson.dumps({"keys": [encryption, PUBLIC]}).decode())] == ["one"]


@pytest.mark.parametrize(("changes", "told"), [
    ({"use": "enc"}, "has use 'enc'"), ({"alg": "RS512"}, "has alg 'RS512'"), ({"kty": "EC"}, "of the type 'EC'"),
    ({"key_ops": ["encrypt"]}, "without 'verify'"),
])
def test_a_set_without_a_key_for_signatures_says_why(changes: dict[str, Any], told: str) -> None:
    """Ours: bad input gets an error that says what and how to mend it."""
    [problem] = problems({"keys": [{**PUBLIC, **changes}]})
    assert problem.startswith("Key 1 ('one')")
    assert told in problem


@pytest.mark.parametrize(("changes", "told"), [
    ({"n": "not base64url!"}, "'n'"), ({"n": None}, "'n'"), ({"e": 65_537}, "'e'"), ({"e": "Ag"}, "no RSA key"),
    ({"kid": 7}, "kid"), ({"kid": ""}, "kid"),
])
def test_a_broken_key_is_named(changes: dict[str, Any], told: str) -> None:
    """Ours: bad input gets an error that says where, what and how to mend it."""
    [problem] = problems({"keys": [{**PUBLIC, **changes}]})
    assert told in problem


def test_all_problems_are_told_at_once() -> None:
    """Ours: all errors at once."""
    broken = {**PUBLIC, "n": "!"}
    told = problems({"keys": [broken, PUBLIC, PUBLIC, 7, KEY.as_dict(private=True)]})
    assert [problem[:5] for problem in told] == ["Key 1", "Key 3", "Key 4", "Key 5"]


@pytest.mark.parametrize(("bits", "size"), [(1_024, "1,024"), (9_000, "9,000")])
def test_keys_of_the_wrong_size_are_refused(bits: int, size: str) -> None:
    """RFC 7518, 3.3: 2,048 bits or more; ours: 8,192 at most, for huge ones take seconds to check."""
    modulus = OctKey.import_key(((1 << bits) - 1).to_bytes(bits // 8)).as_dict()["k"]
    [problem] = problems({**PUBLIC, "n": modulus})
    assert f"has {size} bits; RS256 takes 2,048 (RFC 7518, 3.3) to 8,192." in problem


@pytest.mark.parametrize(("given", "told"), [
    ("", "There is no key"), ("  \n", "There is no key"), ("hello", "neither a JWK Set"),
    ("{", "not JSON at line 1"), ("{}", "has no keys"), ('{"keys": []}', "has no keys"), ("[]", "has no keys"),
    ('{"keys": {}}', "has no keys"), (PEM.replace("MII", "MIX"), "cannot be read"),
    (ECKey.generate_key().as_pem(private=False).decode(), "no RSA key"), ("x" * 100_001, "100,001 characters"),
    (PEM * 21, "at most 20"),
])
def test_what_is_no_key_is_refused(given: str, told: str) -> None:
    """Ours: a sentence for each thing wrong."""
    assert told in " ".join(problems(given))
