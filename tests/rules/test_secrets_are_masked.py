"""Secrets do not reach the journal (wire format, assumed: journal, "secrets masked")."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.exchanges import mask_body, mask_values

SECRET = "s3cret-Value"


@pytest.mark.parametrize("name", [
    "Cookie", "Set-Cookie", "X-Api-Key", "apikey", "token", "access_token", "password", "client_secret", "X-Signature",
    "csrf_token", "code", "X-Auth-Token", "PASSWORD", "Passwd",
])
def test_values_with_secret_names_are_masked(name: str) -> None:
    """Wire format, assumed: secrets masked."""
    assert mask_values({name: SECRET}) == {name: "***"}


@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization", "authorization"])
def test_an_authorization_keeps_its_scheme_only(name: str) -> None:
    """Ours: whoever looks for a mistake sees that the scheme was right."""
    assert mask_values({name: f"Bearer {SECRET}"}) == {name: "Bearer ***"}
    assert mask_values({name: SECRET}) == {name: "***"}


@pytest.mark.parametrize("name", ["Content-Type", "unit", "X-Request-Id", "postcode", "User-Agent"])
def test_other_values_are_kept(name: str) -> None:
    """Ours: the journal is for looking at what was sent."""
    assert mask_values({name: "plain"}) == {name: "plain"}


@pytest.mark.parametrize("body", [
    b'{"password": "s3cret-Value"}', b'{"access_token":"s3cret-Value","expires_in":3600}',
    b'[{"a": {"apiKey" : "s3cret-Value"}}]', b'{"client_secret": "s3cret-Value\\" more"}',
    b'{"password": "s3cret-Value', b'{"Password": "s3cret-Value"}',
])
def test_secret_properties_of_json_bodies_are_masked(body: bytes) -> None:
    """Wire format, assumed: secrets masked; also in a body that is cut off or broken."""
    masked = mask_body(body, 1_000)
    assert SECRET not in masked
    assert '"***"' in masked


def test_the_rest_of_a_body_is_kept() -> None:
    """Ours: the journal is for looking at what was sent."""
    masked = mask_body(b'{"username": "brindle-smp", "password": "s3cret-Value"}', 1_000)
    assert orjson.loads(masked) == {"username": "brindle-smp", "password": "***"}


@given(st.text(max_size=400), st.integers(0, 300))
def test_no_more_of_a_body_is_kept_than_the_setting_says(text: str, characters: int) -> None:
    """Ours: setting journal_body_characters."""
    assert len(mask_body(text.encode(), characters)) <= characters


@given(st.integers(0, 120))
def test_a_secret_that_is_cut_by_the_limit_is_masked(characters: int) -> None:
    """Ours: half a secret is a secret."""
    body = b'{"padding": "0123456789", "access_token": "' + b"Q" * 5_000 + b'"}'
    assert "Q" not in mask_body(body, characters)


@given(st.binary(max_size=300))
def test_any_bytes_can_be_noted(body: bytes) -> None:
    """Ours: testers send broken bodies."""
    assert mask_body(body, 1_000) == body.decode("utf-8", "replace")
