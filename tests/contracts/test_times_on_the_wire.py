"""Times: strict RFC 3339 with an offset, or whatever form the contract names. Canonical times are UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.contracts import Unfit, WireRequest, read_rfc3339

from .contract_files import READING, codes, operation_of, read


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-02T16:30:00Z", datetime(2026, 11, 2, 16, 30, tzinfo=UTC)),
        ("2026-11-02t16:30:00z", datetime(2026, 11, 2, 16, 30, tzinfo=UTC)),
        ("2026-07-02T17:30:00+01:00", datetime(2026, 7, 2, 16, 30, tzinfo=UTC)),
        ("2026-11-02T16:30:00-00:00", datetime(2026, 11, 2, 16, 30, tzinfo=UTC)),
        ("2026-11-02T16:30:00.5Z", datetime(2026, 11, 2, 16, 30, 0, 500000, tzinfo=UTC)),
        ("2026-11-02T16:30:00.123456789Z", datetime(2026, 11, 2, 16, 30, 0, 123456, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_a_time_with_offset_is_taken(text: str, moment: datetime) -> None:
    """RFC 3339 in all its spellings."""
    assert read_rfc3339(text) == moment


@pytest.mark.parametrize("text", ["2026-11-02T16:30:00", "2026-11-02T16:30:00.25"])
def test_a_time_without_offset_is_naive(text: str) -> None:
    """A time without an offset could mean London or UTC; the message says what to write."""
    message = read({**READING, "timestamp": text})
    assert codes(message) == [("/timestamp", "naive_time")]
    assert "write 2026-11-02T16:30:00Z, not 2026-11-02T16:30:00" in message.problems[0].message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-11-02",
        "2026-11-02 16:30:00Z",
        "2026-11-02T16:30Z",
        "20261102T163000Z",
        "2026-W45-1T16:30:00Z",
        "2026-W45-1T16:30:0Z",
        "2026-11-02T16:30:00,5Z",
        "2026-11-02T16:30:00+0100",
        "2026-11-02T16:30:00+24:00",
        "2026-11-02T16:30:00+01:60",
        "2026-11-02T24:00:00Z",
        "2026-11-02T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2026-11-02T16:30:00Z\n",
        " 2026-11-02T16:30:00Z",
        "２０２６-11-02T16:30:00Z",
        "+2026-11-02T16:30:00Z",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    """A format that is not RFC 3339, or a moment that is not on the calendar, is a `format` fault."""
    assert codes(read({**READING, "timestamp": text})) == [("/timestamp", "format")]


@given(st.text(alphabet="0123456789-:TZW.,+ ", min_size=19, max_size=21))
def test_the_quick_way_is_as_strict_as_the_pattern(text: str) -> None:
    """No text is taken that is not written as RFC 3339 wants it."""
    try:
        read_rfc3339(text)
    except Unfit:
        return
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_is_read_back(moment: datetime) -> None:
    """What Python writes as RFC 3339, we read as the same moment."""
    assert read_rfc3339(moment.isoformat()) == moment


@pytest.mark.parametrize(
    ("contract", "count"),
    [("epoch_seconds", 10**15), ("epoch_milliseconds", -(10**18)), ("epoch_milliseconds", 10**30)],
)
def test_a_count_beyond_the_calendar_is_no_time(contract: str, count: int) -> None:
    """Milliseconds sent as seconds land beyond the year 9999."""
    name = "time" if contract == "epoch_seconds" else "timestamp"
    body = {"meterableUnitId": "A", name: count, "powerKw": 1}
    assert codes(read(body, contract)) == [(f"/{name}", "format")]


def test_an_offset_is_refused_where_the_contract_has_none() -> None:
    """utc-without-offset means without."""
    body = {"unitNumber": 7, "time": "2026-11-02T16:30:00Z", "power": "1", "energy": None}
    assert codes(read(body, "text_and_nulls")) == [("/time", "format")]


def test_a_time_in_the_path_is_read_by_the_same_rule() -> None:
    """naive_time is naive_time wherever it stands."""
    request = WireRequest("PUT", path_params={"unit": "A", "at": "2026-11-02T16:30:00"}, query={"kw": "1"})
    assert codes(operation_of("put_in_path_and_query").read(request)) == [("path at", "naive_time")]
