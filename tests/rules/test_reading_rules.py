"""Which readings are accepted, and which code each other one gets (wire format, assumed: readings)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.market.errors import RuleBreach
from simulator.market.intervals import Granularity
from simulator.market.quantities import LARGEST_KW
from simulator.market.readings import Reading, ReadingRules, duplicate_breaches
from tests.builders import NOON, draft, instant, unit

UNITS = {"MU-1": unit("MU-1", Granularity.MINUTE, 1), "MU-2": unit("MU-2", Granularity.HALF_HOUR, 2)}
BROKEN = object()
"""Stands for a value that was sent and could not be read."""


def judge(*drafts: dict[str, Any], now: datetime = NOON, tolerance: int = 60) -> tuple[list[Reading], list[RuleBreach]]:
    return ReadingRules(UNITS, now, tolerance).judge(drafts)


def codes(*drafts: dict[str, Any], **options: Any) -> list[tuple[int | None, str | None, str]]:
    readings, breaches = judge(*drafts, **options)
    assert len(readings) + len({breach.index for breach in breaches}) <= len(drafts)
    return [(breach.index, breach.field, breach.code) for breach in breaches]


@pytest.mark.proves("rule/readings.period_end", "rule/readings.sign")
def test_a_good_reading_is_kept_by_unit_period_end_and_milliwatts() -> None:
    """Portal FAQ page (public): UTC, the end of the period, kW with generation positive."""
    assert judge(draft(power_kw=-12.5)) == ([Reading(1, int(NOON.timestamp()), -12_500_000)], [])


def test_energy_counts_by_the_period_of_the_unit() -> None:
    """Wire format, assumed: minute kWh = kW/60, half hour kWh = kW/2."""
    by_energy = {"power_kw": None, "energy_kwh": 3}
    readings, _ = judge(draft(**by_energy), draft(meterable_unit_id="MU-2", **by_energy))
    assert [reading.milliwatts for reading in readings] == [180_000_000, 6_000_000]


def test_zero_is_a_reading() -> None:
    """Inferred: a unit that does nothing is metered as well."""
    assert judge(draft(power_kw=0))[0][0].milliwatts == 0


def test_a_unit_that_is_not_yours_is_unknown() -> None:
    """Wire format, assumed: unknown_unit. The message names the units there are."""
    _, breaches = judge(draft(meterable_unit_id="MU-9"))
    assert [(breach.field, breach.code) for breach in breaches] == [("meterable_unit_id", "unknown_unit")]
    assert "MU-1, MU-2" in breaches[0].message


@pytest.mark.proves("rule/readings.half_hours")
@pytest.mark.parametrize("text", ["2026-11-02 11:45", "2026-11-02 11:31", "2026-11-02 11:30:01"])
def test_half_hourly_units_take_only_full_and_half_hours(text: str) -> None:
    """Portal FAQ page (public): half-hourly units only :00 and :30."""
    assert codes(draft(meterable_unit_id="MU-2", timestamp=instant(text))) == [(0, "timestamp", "not_on_half_hour")]


@pytest.mark.parametrize("text", ["2026-11-02 11:30", "2026-11-02 11:00", "2026-11-02 12:30+01:00"])
def test_half_hourly_units_take_full_and_half_hours(text: str) -> None:
    """Portal FAQ page (public): half-hourly units only :00 and :30."""
    assert codes(draft(meterable_unit_id="MU-2", timestamp=instant(text))) == []


@pytest.mark.parametrize("text", ["2026-11-02 11:30:30", "2026-11-02 11:30:00.000001"])
def test_minute_units_take_only_whole_minutes(text: str) -> None:
    """Wire format, assumed: not_on_minute."""
    assert codes(draft(timestamp=instant(text))) == [(0, "timestamp", "not_on_minute")]


@pytest.mark.proves("setting/future_tolerance_seconds")
@pytest.mark.parametrize("ahead", [0, 59, 60])
def test_a_period_may_end_sixty_seconds_ahead(ahead: int) -> None:
    """Wire format, assumed: in_the_future, with 60 s of tolerance for clocks that differ."""
    assert codes(draft(), now=NOON - timedelta(seconds=ahead)) == []


def test_a_period_that_ends_sixty_one_seconds_ahead_is_in_the_future() -> None:
    """Wire format, assumed: in_the_future, with 60 s of tolerance for clocks that differ."""
    assert codes(draft(), now=NOON - timedelta(seconds=61)) == [(0, "timestamp", "in_the_future")]


@pytest.mark.proves("setting/future_tolerance_seconds")
def test_the_tolerance_is_a_setting() -> None:
    """Assumed values are settings."""
    assert codes(draft(), now=NOON - timedelta(seconds=60), tolerance=59) == [(0, "timestamp", "in_the_future")]


@pytest.mark.parametrize("amounts", [{"power_kw": None}, {"power_kw": 1, "energy_kwh": 1}])
def test_a_reading_has_power_or_energy(amounts: dict[str, Any]) -> None:
    """Wire format, assumed: exactly one of powerKw, energyKwh."""
    assert codes(draft(**amounts)) == [(0, None, "power_or_energy")]


def test_a_field_that_could_not_be_read_is_not_judged_again() -> None:
    """Wire format, assumed: all errors, each once. The contract already reported the broken field."""
    assert codes(draft(power_kw=BROKEN), draft(timestamp=BROKEN), draft(meterable_unit_id=BROKEN)) == []
    assert judge(draft(power_kw=BROKEN))[0] == []


def test_a_broken_amount_counts_as_sent() -> None:
    """Wire format, assumed: power_or_energy is about what was sent, readable or not."""
    assert codes(draft(power_kw=BROKEN, energy_kwh=1)) == [(0, None, "power_or_energy")]


def test_all_breaches_of_a_reading_are_listed() -> None:
    """Wire format, assumed: all errors are listed, not the first."""
    bad = draft(meterable_unit_id="MU-2", timestamp=NOON + timedelta(hours=1, seconds=7), energy_kwh=1)
    assert {code for _, _, code in codes(bad)} == {"not_on_half_hour", "in_the_future", "power_or_energy"}


def test_breaches_of_all_readings_are_listed() -> None:
    """Wire format, assumed: all errors are listed, not the first."""
    found = codes(draft(), draft(meterable_unit_id="X"), draft(power_kw=None))
    assert found == [(1, "meterable_unit_id", "unknown_unit"), (2, None, "power_or_energy")]


def test_true_is_no_number() -> None:
    """Ours: JSON true must not be taken for 1 kW."""
    assert judge(draft(power_kw=True))[0] == []


@pytest.mark.parametrize(("amounts", "field", "code"), [
    ({"power_kw": LARGEST_KW + 1}, "power_kw", "maximum"), ({"power_kw": -LARGEST_KW - 1}, "power_kw", "minimum"),
    ({"power_kw": None, "energy_kwh": LARGEST_KW / 60 + 1}, "energy_kwh", "maximum"),
])
def test_more_power_than_can_be_stored_is_refused(amounts: dict[str, Any], field: str, code: str) -> None:
    """Assumed: the limit catches mistakes of unit."""
    assert codes(draft(**amounts)) == [(0, field, code)]


def test_the_same_unit_and_period_twice_in_a_message_is_a_duplicate() -> None:
    """Wire format, assumed: duplicate_in_request, named at the second and each later one."""
    drafts = [draft(), draft(meterable_unit_id="MU-2"), draft(power_kw=2), draft(power_kw=3)]
    assert [(breach.index, breach.code) for breach in duplicate_breaches(drafts, UNITS)] == [
        (2, "duplicate_in_request"), (3, "duplicate_in_request")]


def test_one_period_in_two_offsets_is_a_duplicate() -> None:
    """Wire format, assumed: the period counts, not how its time is written."""
    drafts = [draft(timestamp=instant("2026-11-02 11:00")), draft(timestamp=instant("2026-11-02 12:00+01:00"))]
    assert [breach.index for breach in duplicate_breaches(drafts, UNITS)] == [1]


def test_unknown_units_and_unread_times_are_no_duplicates() -> None:
    """Wire format, assumed: all errors, each once."""
    drafts = [draft(meterable_unit_id="X")] * 2 + [draft(timestamp=BROKEN)] * 2 + [draft(meterable_unit_id=BROKEN)] * 2
    assert duplicate_breaches(drafts, UNITS) == []
