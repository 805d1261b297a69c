"""Builders of the market month with valid defaults: units, baselines, events, declarations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from simulator.market.baselines import Baseline, flat_baseline
from simulator.market.declarations import Declaration, WantedDeclaration, Window
from simulator.market.dispatches import Dispatch, State
from simulator.market.events import Event, Price
from simulator.market.intervals import Granularity, period_start
from simulator.market.organisations import MeterableUnit
from simulator.market.performance import EventPerformance, Evidence, assess_event
from simulator.market.policy import DEFAULT_POLICY, MarketPolicy
from tests.builders import instant

MILLIWATTS = 1_000_000
"""Of one kW."""

WEEK = date(2026, 11, 9)
"""A Monday; its declarations lock on 4 November at the end of the day."""

START = instant("2026-11-10 16:00")


def meter(unit_id: str = "MU-1", granularity: Granularity = Granularity.HALF_HOUR, capacity_kw: int = 500,
          zone: str = "CMZ_A") -> MeterableUnit:
    """A Meterable Unit of Brindle."""
    return MeterableUnit(1, unit_id, "brindle", "Battery", "Batteries", capacity_kw, granularity, zone,
                         f"Name of {zone}", "South Wales")


def minute_meter(unit_id: str = "MU-1", **changes: Any) -> MeterableUnit:
    """A unit metered by minute."""
    return meter(unit_id, Granularity.MINUTE, **changes)


def price(pounds: str = "300") -> Price:
    """A utilisation price."""
    return Price(Decimal(pounds), "assumed", f"£{pounds} a MWh.")


def dispatch(*units: MeterableUnit, kw: int = 100, start: datetime = START, minutes: int = 120,
             stopped_at: datetime | None = None, state: State = State.STOPPED) -> Dispatch:
    """A dispatch of these units."""
    return Dispatch("D-1", "brindle", "OU", tuple(unit.id for unit in units), start, start + timedelta(minutes=minutes),
                    kw * MILLIWATTS, timedelta(minutes=15), state, start - timedelta(hours=1), stopped_at)


def event(*units: MeterableUnit, kw: float = 100, start: datetime = START, seconds: int = 7_200,
          pounds: str = "300", name: str = "D-1") -> Event:
    """An event of these units, or of one half-hourly one."""
    own = units or (meter(),)
    return Event(name, name, "brindle", "OU", own[0].zone, own[0].zone_name, own, start,
                 start + timedelta(seconds=seconds), round(kw * MILLIWATTS), price(pounds))


def readings(unit: MeterableUnit, powers: Iterable[float | None], start: datetime = START) -> dict[int, int]:
    """Readings in kW of consecutive periods, the first of which holds `start`; None leaves one out."""
    step = unit.granularity.seconds
    first = int(start.timestamp()) // step * step + step
    return {first + place * step: round(power * MILLIWATTS) for place, power in enumerate(powers) if power is not None}


def evidence(unit: MeterableUnit, powers: Iterable[float | None], start: datetime = START,
             baseline: Baseline | None = None) -> Mapping[str, Evidence]:
    """What a unit is judged by: readings in kW against a baseline, flat 0 kW unless given."""
    return {unit.id: Evidence(readings(unit, powers, start), baseline or flat_baseline(0))}


def assessed(powers: Iterable[float | None], kw: float = 100, policy: MarketPolicy = DEFAULT_POLICY,
             **changes: Any) -> EventPerformance:
    """The performance of an event of one half-hourly unit that shows these kW above a baseline of 0."""
    found = event(kw=kw, **changes)
    return assess_event(found, evidence(found.units[0], powers, found.start_at), policy, found.end_at)


def window(text: str = "MONDAY 16:00-18:00") -> Window:
    """A window written so; an end of 24:00 is midnight."""
    day, hours = text.split()
    start, end = hours.split("-")
    return Window(day, time.fromisoformat(start), time(0) if end == "24:00" else time.fromisoformat(end))


def declaration(id: str = "A", programme: str = "SU", kw: float = 100, bid: str | None = "240", *windows: str,
                **changes: Any) -> Declaration:
    """A declaration of MU-1 for WEEK."""
    fields = {"organisation_id": "brindle", "week": WEEK, "unit_id": "MU-1", "zone": "CMZ_A", **changes}
    return Declaration(
        id=id, programme=programme, power_milliwatts=round(kw * MILLIWATTS),
        windows=tuple(window(text) for text in windows or ("MONDAY 16:00-18:00",)),
        utilisation_bid_price=None if bid is None else Decimal(bid), **fields)


def wish(*windows: str, **changes: Any) -> WantedDeclaration:
    """A declaration as an FSP asks for it, with nothing wrong."""
    fields = {"week": WEEK, "programme": "SU", "unit_id": "MU-1", "power_kw": Decimal(100),
              "utilisation_bid_price": Decimal(240), **changes}
    return WantedDeclaration(windows=tuple(window(text) for text in windows or ("MONDAY 16:00-18:00",)), **fields)


def start_of(period_end: datetime, granularity: Granularity) -> int:
    """Start of a period in epoch seconds."""
    return int(period_start(period_end, granularity).timestamp())
