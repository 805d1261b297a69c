"""Tokens of the SMP: what joserfc, a JOSE library that knows nothing of us, makes of them, and which are refused."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from simulator.signing import (
    SigningKey,
    TokenRefused,
    check_token,
    issue_token,
    make_key,
    public_jwks,
)

NOW = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)
ISSUER, AUDIENCE = "urn:flexsim:default:smp", "urn:flexsim:default:smp:api"


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return make_key()


def claims(**changes: Any) -> dict[str, Any]:
    """Claims of a token in force at NOW, but for what a test changes; None takes one away."""
    issued = int(NOW.timestamp())
    whole = {"iss": ISSUER, "sub": "brindle-smp", "aud": AUDIENCE, "iat": issued, "exp": issued + 3_600, "jti": "1"}
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def check(token: str, *keys: SigningKey, now: datetime = NOW) -> dict[str, Any]:
    return check_token(token, keys, AUDIENCE, ISSUER, now)


def refusal(token: str, *keys: SigningKey, now: datetime = NOW) -> TokenRefused:
    with pytest.raises(TokenRefused) as refused:
        check(token, *keys, now=now)
    return refused.value


def as_judge(key: SigningKey) -> RSAKey:
    return RSAKey.import_key(key.private_pem)


@pytest.mark.proves("rule/smp_tokens.claims")
def test_another_library_accepts_a_token_by_the_published_keys(key: SigningKey) -> None:
    """wire format, assumed: an RS256 JWT with iss, sub, aud, iat, exp, jti; its header names the key."""
    token = issue_token(key, claims())
    read = jwt.decode(token, KeySet.import_key_set(public_jwks([make_key(), key])), algorithms=["RS256"])
    assert read.claims == claims()
    assert read.header == {"typ": "JWT", "alg": "RS256", "kid": key.kid}


def test_a_token_of_another_library_is_accepted(key: SigningKey) -> None:
    """wire format, assumed: RS256 is a standard; whose library signed makes no difference."""
    token = jwt.encode({"alg": "RS256", "kid": key.kid}, claims(), as_judge(key))
    assert check(token, key) == claims()


def test_a_token_is_good_until_the_second_it_expires(key: SigningKey) -> None:
    """RFC 7519, 4.1.4: not on or after the expiration time."""
    token = issue_token(key, claims())
    assert check(token, key, now=NOW + timedelta(seconds=3_599, milliseconds=999))
    assert refusal(token, key, now=NOW + timedelta(seconds=3_600)).code == "token_expired"


def test_an_expired_token_says_since_when(key: SigningKey) -> None:
    """Ours: a precise reason."""
    refused = refusal(issue_token(key, claims()), key, now=NOW + timedelta(hours=3))
    assert refused.detail == ("The token expired at 2026-11-02T18:00:00Z, 2 hours ago; it is 2026-11-02T20:00:00Z now. "
                              "Authenticate again.")


@pytest.mark.parametrize("later", [{"iat": int(NOW.timestamp()) + 60}, {"nbf": int(NOW.timestamp()) + 60}])
def test_a_token_from_the_future_is_not_yet_valid(key: SigningKey, later: dict[str, int]) -> None:
    """RFC 7519, 4.1.5."""
    refused = refusal(issue_token(key, claims(**later)), key)
    assert (refused.code, "from 2026-11-02T17:01:00Z" in refused.detail) == ("token_not_yet_valid", True)


def test_the_old_key_s_tokens_are_good_beside_the_new_key(key: SigningKey) -> None:
    """Ours: keys rotate, JWKS shows old and new."""
    assert check(issue_token(key, claims()), key, make_key()) == claims()


def test_a_retired_key_s_token_is_refused_by_name(key: SigningKey) -> None:
    """Ours: a precise reason."""
    other = make_key()
    refused = refusal(issue_token(key, claims()), other)
    assert refused.code == "token_key"
    assert key.kid in refused.detail
    assert other.kid in refused.detail


def test_a_token_without_a_signature_is_refused(key: SigningKey) -> None:
    """Ours: `alg: none` gets 401."""
    for name in ("none", "None", "NONE"):
        refused = refusal(f"{as_base64url({'alg': name, 'kid': key.kid})}.{as_base64url(claims())}.", key)
        assert (refused.code, "no signature at all" in refused.detail) == ("token_algorithm", True)


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(key: SigningKey) -> None:
    """RFC 8725, 2.1: the classic confusion of algorithms."""
    public = as_judge(key).as_pem(private=False)
    signed = f"{as_base64url({'alg': 'HS256', 'kid': key.kid})}.{as_base64url(claims())}"
    seal = OctKey.import_key(hmac.digest(public, signed.encode(), "sha256")).as_dict()["k"]
    refused = refusal(f"{signed}.{seal}", key)
    assert (refused.code, "only RS256" in refused.detail) == ("token_algorithm", True)


@pytest.mark.parametrize("algorithm", ["RS512", "PS256"])
def test_other_algorithms_of_the_same_key_are_refused(key: SigningKey, algorithm: str) -> None:
    """wire format, assumed: RS256, and nothing else."""
    token = jwt.encode({"alg": algorithm, "kid": key.kid}, claims(), as_judge(key), algorithms=[algorithm])
    assert refusal(token, key).code == "token_algorithm"


def test_one_changed_letter_anywhere_is_noticed(key: SigningKey) -> None:
    """Ours: tampered tokens get 401. The last letter of a part may hold bits that mean nothing; it is left alone."""
    token = issue_token(key, claims())
    ends = {at for at, letter in enumerate(token + ".") if letter == "."}
    for place in range(0, len(token), 7):
        if place in ends or place + 1 in ends:
            continue
        other = "A" if token[place] != "A" else "B"
        assert refusal(token[:place] + other + token[place + 1:], key).code.startswith("token_")


def test_a_changed_claim_is_called_a_changed_token(key: SigningKey) -> None:
    """Ours: a precise reason."""
    header, _, seal = issue_token(key, claims()).split(".")
    refused = refusal(f"{header}.{as_base64url(claims(sub='tamar-smp'))}.{seal}", key)
    assert (refused.code, "was changed" in refused.detail) == ("token_signature", True)


@pytest.mark.parametrize(("changes", "code", "told"), [
    ({"aud": "urn:flexsim:other:smp:api"}, "token_audience", "urn:flexsim:other:smp:api"),
    ({"aud": ["a", "b"]}, "token_audience", "'a' and 'b'"),
    ({"iss": "urn:flexsim:other:smp"}, "token_issuer", "urn:flexsim:other:smp"),
    pytest.param({"exp": None}, "token_claims", "exp", marks=pytest.mark.proves("smp/code/token_claims")),
    ({"sub": None, "iat": None}, "token_claims", "sub, iat"),
    ({"exp": "tomorrow"}, "token_claims", "exp"),
])
def test_claims_that_are_not_meant_for_here_are_refused(key: SigningKey, changes: dict[str, Any], code: str,
                                                        told: str) -> None:
    """Ours: a precise reason; tokens of one world are refused in every other."""
    refused = refusal(issue_token(key, claims(**changes)), key)
    assert (refused.code, told in refused.detail) == (code, True)


def test_an_audience_among_several_will_do(key: SigningKey) -> None:
    """RFC 7519, 4.1.3."""
    assert check(issue_token(key, claims(aud=["elsewhere", AUDIENCE])), key)


@pytest.mark.parametrize("token", ["", "demo-token-brindle", "a.b", "a.b.c.d", "..", "é.é.é", "e30.e30.", "bnVsbA.x.x",
                                   "W10.e30.c2ln", "\x00.\x00.\x00", "a" * 100_000, f"{'A' * 50_000}.A.A"])
def test_what_is_no_token_is_refused(key: SigningKey, token: str) -> None:
    """Ours: a precise reason, whatever was sent."""
    assert refusal(token, key).code in ("token_malformed", "token_algorithm")


def test_reasons_can_stand_in_a_header(key: SigningKey) -> None:
    """RFC 6750, 3: error_description is ASCII without quotes and backslashes, whatever the token says."""
    nasty = '"\\\r\nSet-Cookie: é'
    tokens = [issue_token(key, claims(iss=nasty)), issue_token(key, claims(aud=nasty)),
              issue_token(SigningKey(nasty, key.private_pem), claims()),
              f"{as_base64url({'alg': nasty})}.e30.c2ln", f"{as_base64url({'alg': 'RS256', 'crit': [nasty]})}.e30.c2ln"]
    for token in tokens:
        detail = refusal(token, key).detail
        assert all(" " <= letter <= "~" and letter not in '"\\' for letter in detail), detail


def test_a_key_never_shows_itself(key: SigningKey) -> None:
    """house rule: secrets never reach logs."""
    assert "PRIVATE" not in repr(key)
    assert set(public_jwks([key])["keys"][0]) == {"kty", "use", "alg", "kid", "n", "e"}


def as_base64url(value: Any) -> str:
    """JSON as a part of a token."""
    return OctKey.import_key(orjson.dumps(value)).as_dict()["k"]
