"""Power and energy. Stored as whole milliwatts, generation positive and demand negative (portal FAQ page).

The milliwatt is our choice (assumed): it holds kW and kWh with six decimals, minute and half-hourly, exactly.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.market.intervals import Granularity

MILLIWATTS_PER_KW = 1_000_000
LARGEST_KW = 10_000_000
LARGEST_MILLIWATTS = LARGEST_KW * MILLIWATTS_PER_KW


def periods_per_hour(granularity: Granularity) -> int:
    """60 for minute units, 2 for half-hourly ones."""
    return 3600 // granularity.seconds


def power_from_kw(kw: float | int) -> int:
    """Milliwatts from kW, to the nearest. Exact for six decimals up to LARGEST_KW: the product stays below 2**53."""
    return round(kw * MILLIWATTS_PER_KW)


def power_from_energy(kwh: float | int, granularity: Granularity) -> int:
    """Average milliwatts over a period from its energy in kWh: minute kWh = kW/60, half hour kWh = kW/2."""
    return round(kwh * MILLIWATTS_PER_KW) * periods_per_hour(granularity)


def kw(milliwatts: int) -> Decimal:
    """kW from milliwatts, exact."""
    return (Decimal(milliwatts) / MILLIWATTS_PER_KW).normalize() + 0


def energy_kwh(milliwatts: int, granularity: Granularity) -> Decimal:
    """kWh of one period at an average of `milliwatts`."""
    return kw(milliwatts) / periods_per_hour(granularity)


def kw_text(milliwatts: int) -> str:
    """kW for people: no exponent, no trailing zeros, a real minus sign left to the page."""
    return f"{kw(milliwatts):f}"
