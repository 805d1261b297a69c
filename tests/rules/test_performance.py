"""Performance of events: delivered power, delivered share, gaps and the RAG status, each with its reason."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.baselines import Baseline, BaselineKind, flat_baseline
from simulator.market.event_reports import RAG_COLUMNS, rag_rows
from simulator.market.intervals import Granularity
from simulator.market.performance import (
    Evidence,
    Rag,
    ReportState,
    assess_event,
    kwh_text,
    percent,
    rag_of,
    surroundings,
    watt_hours,
)
from simulator.market.policy import DEFAULT_POLICY, MarketPolicy
from tests.builders import instant
from tests.markets import MILLIWATTS, START, assessed, event, evidence, meter, minute_meter, readings

KW_SECONDS = MILLIWATTS
POWERS = st.one_of(st.none(), st.integers(-400, 400))


@pytest.mark.proves("rule/month.delivered_power")
def test_delivered_is_reading_minus_baseline_when_less_demand_is_asked_for() -> None:
    """Inferred: DTD and GTU."""
    unit = meter()
    found = assess_event(event(unit, kw=100, seconds=1_800), evidence(unit, [-150], baseline=flat_baseline(
        -250 * MILLIWATTS)), DEFAULT_POLICY, START)
    period, = found.periods
    assert (period.reading_milliwatts, period.baseline_milliwatts) == (-150 * MILLIWATTS, -250 * MILLIWATTS)
    assert period.delivered_milliwatts == period.instructed_milliwatts == 100 * MILLIWATTS
    assert period.share == found.share == 1


@pytest.mark.proves("rule/month.delivered_power")
def test_delivered_is_baseline_minus_reading_when_more_demand_is_asked_for() -> None:
    """Inferred: DTU and GTD."""
    unit = meter()
    found = assess_event(event(unit, kw=-100, seconds=1_800), evidence(unit, [-310], baseline=flat_baseline(
        -250 * MILLIWATTS)), DEFAULT_POLICY, START)
    assert found.periods[0].delivered_milliwatts == 60 * MILLIWATTS
    assert found.periods[0].instructed_milliwatts == 100 * MILLIWATTS
    assert found.share == Fraction(60, 100)


@pytest.mark.proves("rule/month.delivered_share")
def test_over_delivery_counts_as_instructed() -> None:
    """Assumed: the smaller of delivered and instructed, period by period."""
    found = assessed([150, 50, 100, 100])
    assert found.share == Fraction(350, 400)
    assert found.delivered_energy == 400 * 1_800 * KW_SECONDS
    assert [period.counted_milliwatts // MILLIWATTS for period in found.periods] == [100, 50, 100, 100]


@pytest.mark.proves("rule/month.delivered_share")
def test_the_share_is_never_below_nothing() -> None:
    """Assumed."""
    found = assessed([-50, -50, 10, 10])
    assert found.delivered_energy < 0
    assert (found.counted_energy, found.share, found.rag) == (0, 0, Rag.RED)


def test_a_period_that_moves_the_wrong_way_counts_against_the_others() -> None:
    """Assumed: the sum is taken before the floor."""
    assert assessed([100, 100, 100, -100]).share == Fraction(200, 400)


@pytest.mark.proves("rule/month.missing_reading")
def test_a_period_without_a_reading_delivers_nothing_and_is_named() -> None:
    """Assumed."""
    found = assessed([100, None, None, 100])
    assert found.share == Fraction(1, 2)
    gap, = found.gaps
    assert (gap.unit_id, gap.period_count) == ("MU-1", 2)
    assert (gap.start_at, gap.end_at) == (START + timedelta(minutes=30), START + timedelta(minutes=90))
    assert [period.missing for period in found.periods] == [(), ("MU-1",), ("MU-1",), ()]
    assert found.periods[1].reading_milliwatts is None


def test_gaps_apart_are_named_apart() -> None:
    """Ours: a report tells when, not only how many."""
    assert [gap.period_count for gap in assessed([None, 100, None, None]).gaps] == [1, 2]


def test_a_unit_of_which_nothing_is_known_delivers_nothing() -> None:
    """Assumed: no readings, no baseline."""
    found = assess_event(event(seconds=1_800), {}, DEFAULT_POLICY, START)
    assert (found.share, found.gaps[0].period_count) == (0, 1)
    assert found.units[0].baseline_words == "no baseline was in force, so 0 kW"


def test_a_reading_of_the_period_before_does_not_count() -> None:
    """Portal FAQ page (public): the reading stamped 16:00 covers 15:30 to 16:00."""
    unit = meter()
    own = evidence(unit, [100], START - timedelta(minutes=30))
    assert assess_event(event(unit, seconds=1_800), own, DEFAULT_POLICY, START).share == 0


@pytest.mark.proves("policy/green_from_percent", "rule/performance.rag")
@pytest.mark.parametrize(("last", "rag"), [(95, Rag.GREEN), (94.999999, Rag.AMBER), (95.000001, Rag.GREEN)])
def test_green_begins_at_95_per_cent(last: float, rag: Rag) -> None:
    """Default thresholds: assumed. The share is compared exactly."""
    assert assessed([95, 95, 95, last]).rag is rag


@pytest.mark.proves("policy/amber_from_percent", "rule/performance.rag")
@pytest.mark.parametrize(("last", "rag"), [(63, Rag.AMBER), (62.999999, Rag.RED), (63.000001, Rag.AMBER)])
def test_amber_begins_at_63_per_cent(last: float, rag: Rag) -> None:
    """Default thresholds: assumed."""
    assert assessed([63, 63, 63, last]).rag is rag


def test_a_share_just_below_a_threshold_is_not_shown_as_reaching_it() -> None:
    """Ours: 94.99999975 % is amber, and is not printed as 95.00 %."""
    found = assessed([95, 95, 95, 94.999999])
    assert (found.rag, found.share_percent) == (Rag.AMBER, Decimal("94.99"))


@pytest.mark.proves("policy/green_from_percent", "policy/amber_from_percent")
def test_thresholds_are_settings() -> None:
    """Portal guide §3.3 (documented): the RAG status calculation is configurable."""
    policy = MarketPolicy(green_from_percent=Decimal(90), amber_from_percent=Decimal("50.5"))
    assert [rag_of(Fraction(share), policy) for share in ("0.9", "0.899", "0.505", "0.504")] == [
        Rag.GREEN, Rag.AMBER, Rag.AMBER, Rag.RED]
    assert "green is from 90 % on" in assessed([95] * 4, policy=policy).rule


@pytest.mark.parametrize(("powers", "sentence"), [
    ([100] * 4, "Green: 100.00 % of the instructed energy was delivered, 200.000 of 200.000 kWh; green is from 95 % on "
                "(assumed thresholds)."),
    ([80] * 4, "Amber: 80.00 % of the instructed energy was delivered, 160.000 of 200.000 kWh; amber is from 63 % on, "
               "green from 95 % (assumed thresholds)."),
    ([10] * 4, "Red: 10.00 % of the instructed energy was delivered, 20.000 of 200.000 kWh; red is below 63 % "
               "(assumed thresholds).")])
def test_the_report_says_which_rule_made_the_status(powers: list[float], sentence: str) -> None:
    """Ours: a report explains itself."""
    assert assessed(powers).rule == sentence


@pytest.mark.proves("rule/month.part_of_a_period")
def test_a_half_hour_covered_in_part_counts_up_to_what_was_instructed() -> None:
    """Assumed: ten minutes at 90 kW are 54,000 kWs; the meter shows 40 kW over its half-hour, 72,000 kWs."""
    found = assessed([40], kw=90, start=instant("2026-11-10 16:10"), seconds=600)
    period, = found.periods
    assert period.instructed_milliwatts == 30 * MILLIWATTS
    assert (period.delivered_energy, period.counted_energy) == (72_000 * KW_SECONDS, 54_000 * KW_SECONDS)


@pytest.mark.proves("rule/month.together")
def test_units_answer_together() -> None:
    """Assumed: what one delivers too much makes up for the other."""
    units = [meter("MU-1"), meter("MU-2")]
    both = {**evidence(units[0], [80]), **evidence(units[1], [20])}
    found = assess_event(event(*units, seconds=1_800), both, DEFAULT_POLICY, START)
    assert found.share == 1
    assert [unit.periods[0].delivered_milliwatts // MILLIWATTS for unit in found.units] == [80, 20]


def test_one_unit_s_gap_leaves_the_other_s_delivery() -> None:
    """Assumed: the unit without a reading delivers nothing, and is named."""
    units = [minute_meter("MU-1"), minute_meter("MU-2")]
    both = {**evidence(units[0], [80, None]), **evidence(units[1], [20, 20])}
    found = assess_event(event(*units, seconds=120), both, DEFAULT_POLICY, START)
    assert [period.counted_milliwatts // MILLIWATTS for period in found.periods] == [100, 20]
    assert found.periods[1].missing == ("MU-1",)
    assert found.periods[1].reading_milliwatts == 20 * MILLIWATTS


@pytest.mark.proves("rule/month.coarsest_meter")
def test_minute_readings_are_averaged_to_half_hours_beside_a_half_hourly_unit() -> None:
    """Assumed: 15 minutes of 60 kW and 15 of 100 kW are 80 kW."""
    units = [meter("MU-1"), minute_meter("MU-2")]
    both = {**evidence(units[0], [10]), **evidence(units[1], [60] * 15 + [100] * 15)}
    period, = assess_event(event(*units, seconds=1_800), both, DEFAULT_POLICY, START).periods
    assert period.delivered_milliwatts == period.reading_milliwatts == 90 * MILLIWATTS


def test_a_missing_minute_takes_its_own_energy_only() -> None:
    """Assumed: 29 of 30 minutes at 90 kW beside a half-hourly unit at 10 kW."""
    units = [meter("MU-1"), minute_meter("MU-2")]
    both = {**evidence(units[0], [10]), **evidence(units[1], [90] * 29 + [None])}
    period, = assess_event(event(*units, seconds=1_800), both, DEFAULT_POLICY, START).periods
    assert period.delivered_energy == (10 * 1_800 + 90 * 29 * 60) * KW_SECONDS
    assert period.missing == ("MU-2",)


def test_the_repeated_hour_has_its_own_readings_and_the_same_baseline() -> None:
    """Inferred: on 25 October 2026 the rows of 01:00 and 01:30 are used twice."""
    unit = meter()
    powers = tuple(place * MILLIWATTS for place in range(336))
    rows = Baseline(BaselineKind.TEMPLATE, Granularity.HALF_HOUR, powers)
    start = instant("2026-10-25 00:00")
    found = assess_event(event(unit, start=start), {"MU-1": Evidence(readings(unit, [400] * 4, start), rows)},
                         DEFAULT_POLICY, start)
    assert [period.baseline_milliwatts // MILLIWATTS - 288 for period in found.periods] == [2, 3, 2, 3]


def test_a_report_is_provisional_until_it_is_said_to_be_final() -> None:
    """Portal guide §3.3 (documented)."""
    found = assessed([100] * 4)
    assert (found.state, found.as_of) == (ReportState.PROVISIONAL, found.event.end_at)


def test_the_time_around_an_event_is_known_and_counts_nothing() -> None:
    """Ours: a chart shows what came before and after."""
    unit, start = meter(), instant("2026-11-10 16:10")
    own = evidence(unit, [5, 6, 70, 80, 9], start - timedelta(minutes=60))
    found = event(unit, start=start, seconds=3_000)
    around = surroundings(found, own, timedelta(minutes=30))
    assert [period.instructed_energy // KW_SECONDS for period in around] == [0, 120_000, 180_000, 0]
    assert [period.counted_energy for period in around][::3] == [0, 0]
    assert [(period.reading_milliwatts or 0) // MILLIWATTS for period in around] == [6, 70, 80, 9]
    assert around[1:3] == assess_event(found, own, DEFAULT_POLICY, start).periods
    assert around[0].share == 0


def test_energy_in_words() -> None:
    """Ours: whole Wh, halves up."""
    assert [watt_hours(amount) for amount in (0, 1_799_999, 1_800_000, 3_600_000)] == [0, 0, 1, 1]
    assert kwh_text(1_234_567 * 3_600_000) == "1,234.567"
    assert percent(Fraction(2, 3)) == Decimal("66.66")


@pytest.mark.proves("rule/reports.rag_csv")
def test_the_rag_details_have_a_row_for_each_event() -> None:
    """Portal guide §3.3 (documented): a CSV of the month's RAG details; its columns are assumed."""
    later = assessed([100, None, 100, 100], start=instant("2026-11-11 16:00"), name="D-2")
    first, second = rag_rows([later, assessed([100] * 4)])
    assert dict(zip(RAG_COLUMNS, second, strict=True)) == {
        "event_id": "D-2", "programme": "OU", "zone": "CMZ_A", "meterable_unit_ids": "MU-1",
        "event_start": "2026-11-11T16:00+00:00", "event_end": "2026-11-11T18:00+00:00", "direction": "DTD/GTU",
        "power_change_kw": "100", "instructed_kwh": "200.000", "delivered_kwh": "150.000", "counted_kwh": "150.000",
        "delivered_percent": "75.00", "rag_status": "amber", "rule": later.rule, "periods_without_reading": "1",
        "report": "provisional"}
    assert first[0] == "D-1"


@given(st.lists(POWERS, min_size=4, max_size=4), st.integers(1, 500), st.integers(0, 1_799), st.integers(1, 5_400))
def test_what_counts_lies_between_nothing_and_what_was_instructed(powers: list[int | None], kw: int, late: int,
                                                                  seconds: int) -> None:
    """Assumed rules, whatever was metered."""
    found = assessed(powers, kw, start=START + timedelta(seconds=late), seconds=seconds)
    assert found.instructed_energy == kw * MILLIWATTS * seconds
    assert 0 <= found.counted_energy <= found.instructed_energy
    assert found.counted_energy == max(0, sum(min(period.delivered_energy, period.instructed_energy)
                                              for period in found.periods))
    assert sum(gap.period_count for gap in found.gaps) == sum(
        power is None for power in powers[:len(found.periods)])


@given(st.lists(POWERS, min_size=4, max_size=4), st.integers(1, 500), st.integers(-300, 300))
def test_turn_up_is_the_mirror_of_turn_down(powers: list[int | None], kw: int, base: int) -> None:
    """Inferred: with every sign turned, every figure is the same."""
    unit = meter()
    mirrored = [None if power is None else -power for power in powers]
    up = assess_event(event(unit, kw=kw), evidence(unit, powers, baseline=flat_baseline(base)), DEFAULT_POLICY, START)
    down = assess_event(event(unit, kw=-kw), evidence(unit, mirrored, baseline=flat_baseline(-base)), DEFAULT_POLICY,
                        START)
    assert (up.share, up.delivered_energy, up.rule) == (down.share, down.delivered_energy, down.rule)


@given(st.lists(st.integers(-400, 400), min_size=60, max_size=60))
def test_minutes_alone_and_minutes_beside_a_silent_half_hourly_unit_deliver_the_same(powers: list[int]) -> None:
    """Ours: averaging loses no energy."""
    minute, half_hour = minute_meter("MU-1"), meter("MU-2")
    own = evidence(minute, powers)
    alone = assess_event(event(minute, seconds=3_600), own, DEFAULT_POLICY, START)
    beside = assess_event(event(minute, half_hour, seconds=3_600), {**own, **evidence(half_hour, [0, 0])},
                          DEFAULT_POLICY, START)
    assert alone.delivered_energy == beside.delivered_energy
    assert beside.counted_energy >= alone.counted_energy
