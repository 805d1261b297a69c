"""Rules for meter readings. Sources: portal FAQ page (public) for times and signs; limits and codes are ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from simulator.market.errors import RuleBreach
from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit
from simulator.market.provenance import Rule
from simulator.market.quantities import LARGEST_KW, LARGEST_MILLIWATTS, power_from_energy, power_from_kw

RULES = (
    Rule("readings.period_end",
         "A reading is stamped with the end of its minute or half-hour, in UTC.",
         "public", "Portal FAQ page."),
    Rule("readings.half_hours",
         "A half-hourly unit takes :00 and :30 only.",
         "public", "Portal FAQ page."),
    Rule("readings.sign",
         "Generation is positive, demand is negative.",
         "public", "Portal FAQ page."),
    Rule("readings.replaced",
         "A second reading of the same unit and period replaces the first.",
         "assumed", "Nobody outside the platform can know it."),
    Rule("readings.all_or_nothing",
         "One bad reading refuses the whole message; all faults are named.",
         "assumed", "Nobody outside the platform can know it."),
)


class Reading(NamedTuple):
    """One accepted reading: unit number, period end in epoch seconds UTC, average power in milliwatts."""

    unit: int
    period_end: int
    milliwatts: int


@dataclass(frozen=True, slots=True)
class ReadingsReceipt:
    """What became of a message of readings; `late` counts readings of a finalised month."""

    accepted: int
    created: int
    updated: int
    late: int


class ReadingRules:
    """Judges drafts of readings for one organisation at one instant.

    A draft maps `meterable_unit_id` (text), `timestamp` (aware datetime, the period's end) and one of `power_kw`,
    `energy_kwh` (numbers) to values; a field that was sent but could not be read is there with a value of another
    type, and is not judged again.
    """

    def __init__(self, units: Mapping[str, MeterableUnit], now: datetime, tolerance_seconds: int) -> None:
        self._units = units
        self._now = now
        self._latest = now.timestamp() + tolerance_seconds

    def judge(self, drafts: Iterable[Mapping[str, Any]], start: int = 0) -> tuple[list[Reading], list[RuleBreach]]:
        """Readings of the good drafts and breaches of the others; indexes count from `start`.

        When there are no breaches, readings stand in the order of the drafts.
        """
        readings: list[Reading] = []
        breaches: list[RuleBreach] = []
        for index, draft in enumerate(drafts, start):
            reading = self._judge_one(index, draft, breaches)
            if reading is not None:
                readings.append(reading)
        return readings, breaches

    def _judge_one(self, index: int, draft: Mapping[str, Any], breaches: list[RuleBreach]) -> Reading | None:
        found = len(breaches)
        name = draft.get("meterable_unit_id")
        unit = self._units.get(name) if isinstance(name, str) else None
        if unit is None and isinstance(name, str):
            breaches.append(RuleBreach(index, "meterable_unit_id", "unknown_unit", self._unknown_unit(name)))
        timestamp = draft.get("timestamp")
        end = timestamp.timestamp() if isinstance(timestamp, datetime) else None
        if end is not None:
            if unit is not None and end % unit.granularity.seconds:
                breaches.append(_off_the_grid(index, unit.granularity))
            if end > self._latest:
                breaches.append(RuleBreach(
                    index, "timestamp", "in_the_future",
                    f"The period ends at {_clock(timestamp)}, after the present market time {_clock(self._now)}. "
                    "Send a reading when its period has ended; the timestamp is the end of the period, in UTC."))
        power, energy = draft.get("power_kw"), draft.get("energy_kwh")
        if (power is None) == (energy is None):
            breaches.append(_power_or_energy(index, power is not None))
        elif unit is not None and end is not None and len(breaches) == found:
            quantity = energy if power is None else power
            field = "energy_kwh" if power is None else "power_kw"
            if isinstance(quantity, int | float) and not isinstance(quantity, bool):
                if abs(quantity) > LARGEST_KW:
                    # Before any arithmetic: text such as 1e400 reads as infinity.
                    breaches.append(_too_large(index, field, quantity))
                    return None
                milliwatts = (power_from_kw(quantity) if power is not None
                              else power_from_energy(quantity, unit.granularity))
                if abs(milliwatts) <= LARGEST_MILLIWATTS:
                    return Reading(unit.number, int(end), milliwatts)
                breaches.append(_too_large(index, field, milliwatts))
        return None

    def _unknown_unit(self, name: str) -> str:
        yours = ", ".join(sorted(self._units)[:8]) or "none yet"
        return f"{_short(name)} is not one of your Meterable Units. Yours are: {yours}."


def duplicate_breaches(drafts: Iterable[Mapping[str, Any]], units: Mapping[str, MeterableUnit]) -> list[RuleBreach]:
    """A breach for each draft of a known unit whose unit and period already occurred earlier in the same message."""
    breaches = []
    seen: set[tuple[str, datetime]] = set()
    for index, draft in enumerate(drafts):
        name, timestamp = draft.get("meterable_unit_id"), draft.get("timestamp")
        if not isinstance(name, str) or name not in units or not isinstance(timestamp, datetime):
            continue
        if (name, timestamp) in seen:
            breaches.append(duplicate_breach(index, name, int(timestamp.timestamp())))
        seen.add((name, timestamp))
    return breaches


def duplicate_breach(index: int, unit: str, period_end: int) -> RuleBreach:
    """The breach for a period that one message gives twice."""
    return RuleBreach(index, "timestamp", "duplicate_in_request",
                      f"{unit} already has a reading for the period ending "
                      f"{_clock(datetime.fromtimestamp(period_end, UTC))} in this message. Send each period once.")


def _off_the_grid(index: int, granularity: Granularity) -> RuleBreach:
    if granularity is Granularity.MINUTE:
        return RuleBreach(index, "timestamp", "not_on_minute",
                          "This unit is metered minute by minute: the timestamp must be a whole minute, "
                          "with no seconds.")
    return RuleBreach(index, "timestamp", "not_on_half_hour",
                      "This unit is metered half-hourly: the timestamp must be at :00 or :30, in UTC.")


def _power_or_energy(index: int, both: bool) -> RuleBreach:
    found = "both are here" if both else "neither is here"
    return RuleBreach(index, None, "power_or_energy",
                      f"Give power in kW or energy in kWh, exactly one of them; {found}.")


def _too_large(index: int, field: str, amount: float) -> RuleBreach:
    # The words of the contract for its own limits, which energy sent by the minute can keep and yet be too much power.
    return RuleBreach(index, field, "maximum" if amount > 0 else "minimum",
                      f"That is more than {LARGEST_KW:,} kW, the most that is stored. Check the unit of measure.")


def _clock(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")
