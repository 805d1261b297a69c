"""The calendar of a month: drafts on the 1st, final on the 15th, London time, and readings that come too late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.months import counts_for_final, drafts_from, final_from, months_final_at
from simulator.market.policy import DEFAULT_POLICY, MarketPolicy
from simulator.timekeeping.london import to_london
from tests.builders import instant


@pytest.mark.proves("policy/draft_day", "policy/finalising_day", "policy/finalising_hour")
@pytest.mark.parametrize(("month", "drafts", "final"), [
    ("2026-10", "2026-11-01 00:00", "2026-11-15 00:00"), ("2026-03", "2026-03-31 23:00", "2026-04-14 23:00"),
    ("2026-12", "2027-01-01 00:00", "2027-01-15 00:00"), ("2026-06", "2026-06-30 23:00", "2026-07-14 23:00")])
def test_drafts_on_the_first_and_final_on_the_fifteenth(month: str, drafts: str, final: str) -> None:
    """Portal guide §3.3 (documented): the 15th. Drafts on the 1st: inferred. The hour: assumed."""
    assert drafts_from(month, DEFAULT_POLICY) == instant(drafts)
    assert final_from(month, DEFAULT_POLICY) == instant(final)


@pytest.mark.proves("policy/finalising_day", "policy/finalising_hour")
def test_the_day_and_hour_are_settings() -> None:
    """Ours."""
    assert final_from("2026-10", MarketPolicy(finalising_day=20, finalising_hour=9)) == instant("2026-11-20 09:00")


@pytest.mark.parametrize(("at", "month"), [
    ("2026-11-14 23:59:59", "2026-09"), ("2026-11-15 00:00", "2026-10"), ("2026-12-01 00:00", "2026-10"),
    ("2027-01-14 12:00", "2026-11"), ("2027-01-15 00:00", "2026-12"), ("2026-07-14 23:00", "2026-06")])
def test_the_newest_final_month(at: str, month: str) -> None:
    """Portal guide §3.3 (documented)."""
    assert months_final_at(instant(at), DEFAULT_POLICY) == month


@pytest.mark.proves("rule/months.late_readings")
def test_a_reading_counts_until_its_month_is_final() -> None:
    """Portal FAQ page (public): readings for a finalised month are accepted, but invoices do not change."""
    end = int(instant("2026-10-27 17:10").timestamp())
    assert counts_for_final(end, instant("2026-11-14 23:59:59"), DEFAULT_POLICY)
    assert not counts_for_final(end, instant("2026-11-15 00:00"), DEFAULT_POLICY)


def test_the_last_period_of_a_month_ends_when_the_next_begins() -> None:
    """Portal FAQ page (public): the stamp is the end, so the reading of 1 November 00:00 is October's."""
    october, november = (int(instant(stamp).timestamp()) for stamp in ("2026-11-01 00:00", "2026-11-01 00:30"))
    received = instant("2026-11-15 00:00")
    assert not counts_for_final(october, received, DEFAULT_POLICY)
    assert counts_for_final(november, received, DEFAULT_POLICY)


@given(st.integers(2_000, 2_098), st.integers(1, 12))
def test_a_month_becomes_final_at_its_instant_and_not_before(year: int, month: int) -> None:
    """Inferred: in every month of the century, on London clocks."""
    name = f"{year}-{month:02}"
    final = final_from(name, DEFAULT_POLICY)
    assert (to_london(final).day, to_london(final).hour) == (15, 0)
    assert months_final_at(final, DEFAULT_POLICY) == name
    assert months_final_at(final - timedelta(seconds=1), DEFAULT_POLICY) < name
    assert drafts_from(name, DEFAULT_POLICY) < final
