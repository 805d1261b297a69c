"""Requests that are refused as a whole: content type, broken JSON, too many readings."""

from __future__ import annotations

import pytest

from simulator.contracts import NotReadable

from .contract_files import READING, operation_of, read, request_of


def refusal_of(body: object, media_type: str = "application/json", contract: str = "default") -> NotReadable:
    with pytest.raises(NotReadable) as caught:
        operation_of(contract).read(request_of(body, media_type))
    return caught.value


@pytest.mark.parametrize("media_type", ["text/plain", "text/csv", "application/xml", "", "application/jsonp"])
def test_other_content_types_are_refused(media_type: str) -> None:
    """Only the contract's content types are taken, and the refusal names them."""
    refusal = refusal_of(READING, media_type)
    assert refusal.outcome == "wrong_content_type"
    assert "send application/json" in refusal.detail


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "line 1, column 1"),
        (b"  \n", "line 1, column 1"),
        (b'{"a": 1,\n "b": }', "line 2, column 7"),
        (b'[{"powerKw": NaN}]', "line 1, column 14"),
        (b'[{"powerKw": -Infinity}]', "line 1, column 15"),
        (b'[{"powerKw": 1e999}]', "line 1, column 14"),
        (b'{"a":\n "\xe9"}', "line 2, column 3"),
        (b"\xef\xbb\xbf{}", "line 1, column 1"),
        (b"{} {}", "line 1, column 4"),
        (b"[" * 100_000, "line 1, column"),
        (b'{"x":' + b"[" * 900 + b"]" * 900 + b"}", "line 1, column 1"),
    ],
)
def test_broken_json_is_refused_with_its_place(body: bytes, place: str) -> None:
    """What is no JSON, is not UTF-8 or is nested endlessly is refused with line and column, and never crashes."""
    refusal = refusal_of(body)
    assert refusal.outcome == "broken_json"
    assert place in refusal.detail


def test_not_a_number_is_named() -> None:
    """NaN is the usual slip of a client library, so the refusal says its name."""
    assert "NaN" in refusal_of(b'{"powerKw": NaN}').detail


def test_the_largest_list_is_taken() -> None:
    """10,000 readings are one message."""
    assert len(read([READING] * 10_000).records) == 10_000


def test_one_reading_too_many_is_refused_with_both_numbers() -> None:
    """10,001 readings are too many, and the refusal says how many are allowed and how many came."""
    refusal = refusal_of([READING] * 10_001)
    assert refusal.outcome == "too_many"
    assert "10000" in refusal.detail
    assert "10001" in refusal.detail


def test_the_limit_is_the_contracts() -> None:
    """A contract with maxItems 3 refuses the fourth."""
    assert "At most 3" in refusal_of([READING] * 4, contract="lower_limits").detail


def test_the_limit_of_a_list_inside_a_group_counts() -> None:
    """In a grouped message the inner list has the limit."""
    reading = {"end": "2026-11-02T16:30:00Z", "amount": {"kw": 1}}
    refusal = refusal_of([{"unit": "A", "readings": [reading] * 1441}], contract="grouped_by_unit")
    assert refusal.outcome == "too_many"
    assert "1441" in refusal.detail


def test_too_many_comes_before_wrong_fields() -> None:
    """A list that is too long is not searched for faults."""
    assert refusal_of([{}] * 10_001).outcome == "too_many"


@pytest.mark.parametrize("body", [b"unit", b"unit=\xff", b"unit=%FF"])
def test_a_broken_form_is_refused(body: bytes) -> None:
    """A form has names and values, percent-encoded UTF-8."""
    refusal = refusal_of(body, "application/x-www-form-urlencoded", "form_body")
    assert refusal.outcome == "broken_json"
