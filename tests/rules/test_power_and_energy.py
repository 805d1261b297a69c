"""Power and energy: exact to six decimals, compared with Decimal as an independent judge."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.intervals import Granularity
from simulator.market.quantities import (
    LARGEST_KW,
    energy_kwh,
    kw,
    kw_text,
    power_from_energy,
    power_from_kw,
)

SIX_DECIMALS = st.decimals(-LARGEST_KW, LARGEST_KW, places=6, allow_nan=False, allow_infinity=False)
PERIODS_AN_HOUR = {Granularity.MINUTE: 60, Granularity.HALF_HOUR: 2}
GRANULARITIES = st.sampled_from(Granularity)


@given(SIX_DECIMALS)
def test_power_with_six_decimals_is_kept_exactly(amount: Decimal) -> None:
    """Assumed precision: what was sent as a JSON number comes back as the same decimal number."""
    assert kw(power_from_kw(float(amount))) == amount


@given(SIX_DECIMALS.map(lambda amount: amount / 100), GRANULARITIES)
def test_energy_with_six_decimals_is_kept_exactly(amount: Decimal, granularity: Granularity) -> None:
    """Wire format, assumed: minute kWh = kW/60, half hour kWh = kW/2; so a sent energy is the same energy when it is
    shown.
    """
    amount = round(amount, 6)
    milliwatts = power_from_energy(float(amount), granularity)
    assert Decimal(milliwatts) / 1_000_000 == amount * PERIODS_AN_HOUR[granularity]
    assert round(energy_kwh(milliwatts, granularity), 6) == amount


@pytest.mark.parametrize(("kwh", "granularity", "expected_kw"), [
    (6.25, Granularity.HALF_HOUR, "12.5"), (-6.25, Granularity.HALF_HOUR, "-12.5"),
    (0.2, Granularity.MINUTE, "12"), (-0.000001, Granularity.MINUTE, "-0.00006"),
])
def test_energy_of_a_period_becomes_average_power(kwh: float, granularity: Granularity, expected_kw: str) -> None:
    """Wire format, assumed: minute kWh = kW/60, half hour kWh = kW/2."""
    assert kw_text(power_from_energy(kwh, granularity)) == expected_kw


@given(SIX_DECIMALS)
def test_the_sign_is_kept(amount: Decimal) -> None:
    """Portal FAQ page (public): positive is generation, negative is demand."""
    milliwatts = power_from_kw(float(amount))
    assert (milliwatts > 0) == (amount > 0)
    assert (milliwatts < 0) == (amount < 0)


@pytest.mark.parametrize(("milliwatts", "text"), [
    (0, "0"), (1, "0.000001"), (-1, "-0.000001"), (12_500_000, "12.5"), (-12_000_000, "-12"),
    (100_000_000, "100"), (LARGEST_KW * 1_000_000, "10000000"), (1_000_000_000_001, "1000000.000001"),
])
def test_kilowatts_are_written_without_exponent_and_trailing_zeros(milliwatts: int, text: str) -> None:
    """Ours: numbers for people."""
    assert kw_text(milliwatts) == text


@given(st.integers(-10**13, 10**13))
def test_the_text_of_a_power_is_the_power(milliwatts: int) -> None:
    """Ours: what is shown is exactly what is stored."""
    text = kw_text(milliwatts)
    assert Decimal(text) * 1_000_000 == milliwatts
    assert "E" not in text
    assert text != "-0"
