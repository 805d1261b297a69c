"""When an endpoint wants to be asked again: the header Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulator.outbound.outcomes import Outcome, retry_after

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def answer_with(**headers: str) -> Outcome:
    return Outcome("127.0.0.1", 503, tuple((name.replace("_", "-"), value) for name, value in headers.items()), b"",
                   False, None, ())


@pytest.mark.parametrize(("text", "seconds"), [
    ("120", 120), ("0", 0), (" 7 ", 7), ("+7", 7), ("-5", 0), ("007", 7), ("86400", 86_400), ("86401", 86_400),
    ("9" * 5_000, 86_400), ("-" + "9" * 30, 0), ("Mon, 02 Nov 2026 12:05:00 GMT", 300),
    ("Mon Nov  2 12:05:00 2026", 300),
    ("Monday, 02-Nov-26 12:05:00 GMT", 300), ("Mon, 02 Nov 2026 13:05:00 +0100", 300),
    ("Sun, 01 Nov 2026 12:00:00 GMT", 0), ("Tue, 01 Nov 2050 12:00:00 GMT", 86_400),
])
def test_retry_after_is_seconds_or_a_date_within_a_day(text: str, seconds: int) -> None:
    """RFC 9110, 10.2.3, with limits of ours: nobody waits for longer than a day, or for a time that is past."""
    assert retry_after(answer_with(retry_after=text), NOON) == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "1.5", "1e3", "0x10", "١٢", "Mon, 99 Nov 2026 12:00:00 GMT", "12:05"])
def test_a_retry_after_that_cannot_be_read_counts_as_none(text: str) -> None:
    """Ours: the platform's own waiting times apply then."""
    assert retry_after(answer_with(retry_after=text), NOON) is None
    assert retry_after(answer_with(), NOON) is None


def test_a_date_is_understood_by_the_clock_that_wrote_it() -> None:
    """Ours: the world's time may stand in another year than the endpoint's clock; the wait is what was meant."""
    outcome = answer_with(Date="Thu, 01 Jan 2026 00:00:00 GMT", Retry_After="Thu, 01 Jan 2026 00:02:00 GMT")
    assert retry_after(outcome, NOON) == NOON + timedelta(minutes=2)
