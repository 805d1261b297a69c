"""When a message is tried again (wire format, Dispatch: assumed)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.retries import is_acknowledged, may_be_retried, next_attempt
from simulator.settings import Settings
from tests.builders import NOON

LADDER = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300))
STATUSES = st.none() | st.integers(100, 599)


def wait_after(attempt: int, status: int | None = 503, asked: float | None = None) -> float | None:
    """Seconds from a failed attempt to the next; `asked` are seconds from now by Retry-After."""
    retry_after = None if asked is None else NOON + timedelta(seconds=asked)
    found = next_attempt(attempt, status, NOON, retry_after, LADDER)
    return None if found is None else (found - NOON).total_seconds()


@pytest.mark.proves("setting/retry_seconds")
def test_the_waits_are_5_15_60_and_300_seconds_and_the_fifth_failure_is_final() -> None:
    """Wire format, assumed: retried after 5, 15, 60, 300 s of market time."""
    assert [wait_after(attempt) for attempt in range(1, 7)] == [5, 15, 60, 300, None, None]


def test_the_settings_have_this_ladder() -> None:
    """Wire format, assumed: the same numbers, as a setting."""
    assert Settings().retry_seconds == (5, 15, 60, 300)


@pytest.mark.proves("rule/messages.tried_again")
@pytest.mark.parametrize("status", [None, 429, 500, 502, 503, 504, 599])
def test_what_may_go_away_by_itself_is_retried(status: int | None) -> None:
    """Wire format, assumed: network error, timeout, 5xx and 429 are retried."""
    assert may_be_retried(status)
    assert wait_after(1, status) == 5


@pytest.mark.proves("rule/messages.tried_again")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 401, 403, 404, 408, 409, 410, 422, 428, 430, 499])
def test_other_4xx_and_redirects_are_final(status: int) -> None:
    """Wire format, assumed: other 4xx and redirects are final failures."""
    assert not may_be_retried(status)
    assert wait_after(1, status) is None
    assert wait_after(1, status, 60) is None


@pytest.mark.proves("rule/messages.acknowledged")
@pytest.mark.parametrize(("status", "taken"), [(199, False), (200, True), (204, True), (299, True), (300, False),
                                               (404, False), (500, False), (None, False)])
def test_any_2xx_acknowledges(status: int | None, taken: bool) -> None:
    """Wire format, assumed: any 2xx acknowledges."""
    assert is_acknowledged(status) is taken


@pytest.mark.parametrize(("attempt", "asked", "waits"), [
    (1, 120, 120), (1, 4, 5), (1, 0, 5), (1, -60, 5), (1, 5, 5), (3, 61, 61), (3, 59, 60), (4, 86_400, 86_400)])
def test_retry_after_counts_when_it_is_later_than_the_step(attempt: int, asked: float, waits: float) -> None:
    """Wire format, assumed: Retry-After honoured; it never makes a wait shorter."""
    assert wait_after(attempt, 429, asked) == waits


def test_retry_after_gives_no_sixth_attempt() -> None:
    """Wire format, assumed: four waits, so five attempts."""
    assert wait_after(5, 503, 60) is None


@given(st.integers(1, 20), STATUSES, st.none() | st.floats(-1e6, 1e6))
def test_the_next_attempt_is_never_before_its_step_nor_before_what_was_asked(
        attempt: int, status: int | None, asked: float | None) -> None:
    """Wire format, assumed: for every answer there is."""
    waits = wait_after(attempt, status, asked)
    if waits is None:
        assert attempt > len(LADDER) or not may_be_retried(status)
    else:
        step = LADDER[attempt - 1].total_seconds()
        assert waits == pytest.approx(max(step, step if asked is None else asked))
        assert not is_acknowledged(status)


@given(STATUSES)
def test_no_answer_is_both_an_acknowledgement_and_worth_another_attempt(status: int | None) -> None:
    """Ours: the two questions have one answer at most."""
    assert not (is_acknowledged(status) and may_be_retried(status))
