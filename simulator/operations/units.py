"""Looking at Meterable Units and their readings."""

from __future__ import annotations

from datetime import datetime

from simulator.market.organisations import MeterableUnit
from simulator.market.provenance import Rule
from simulator.store import organisations, readings
from simulator.store.work import View

RULES = (
    Rule("readings.latest",
         "The Readings page shows the latest 60 readings of each unit.",
         "documented", "Portal guide §3.1, Readings."),
)

LATEST_READINGS = 60
"""How many readings of each unit the Readings page shows (documented, portal guide §3.1)."""


def units_of(view: View, organisation_id: str) -> list[MeterableUnit]:
    """The organisation's Meterable Units, by id."""
    return list(organisations.units_of(view, organisation_id).values())


def latest_reading(view: View, unit: MeterableUnit) -> tuple[datetime, int] | None:
    """The latest reading of a unit, None before the first: (period end UTC, milliwatts)."""
    return next(iter(readings.latest_readings(view, unit.number, 1)), None)


def latest_readings(view: View, unit: MeterableUnit) -> list[tuple[datetime, int]]:
    """The latest 60 readings of a unit, newest first: (period end UTC, milliwatts)."""
    return readings.latest_readings(view, unit.number, LATEST_READINGS)
