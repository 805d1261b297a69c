"""Events: what a dispatch becomes when it has ended, and the periods it is judged by.

Which rules are ours is said in `policy.MARKET_RULES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from simulator.market.dispatches import Dispatch, State
from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit
from simulator.market.provenance import Rule
from simulator.timekeeping.london import month_of

RULES = (
    Rule("events.reports",
         "Each event has a performance report and an earnings statement, provisional until the 15th.",
         "documented", "Portal guide §3.3."),
    Rule("events.failed_messages",
         "A dispatch whose messages failed is an event all the same: what the meter shows decides.",
         "assumed", "Nobody outside the platform can know it."),
)

EVENTS_TOPIC = "events"
"""What is announced when events are to be worked out."""


class Direction(Enum):
    """Which way an event asks units to move. Values are the public names of the services."""

    UP = "DTD/GTU"
    DOWN = "DTU/GTD"

    @property
    def words(self) -> str:
        """What the units are asked for."""
        if self is Direction.UP:
            return "demand turn down or generation turn up"
        return "demand turn up or generation turn down"

    @property
    def sign(self) -> int:
        """+1 where more export or less demand is asked for, −1 for the opposite."""
        return 1 if self is Direction.UP else -1

    @classmethod
    def of(cls, milliwatts: int) -> Direction:
        """Direction of a power change: positive is generation, as in readings (inferred)."""
        return cls.UP if milliwatts > 0 else cls.DOWN


@dataclass(frozen=True, slots=True)
class Price:
    """A price in pounds per MWh (utilisation) or per MW and hour (availability), and why it is that one."""

    pounds: Decimal
    label: str
    because: str


@dataclass(frozen=True, slots=True)
class Event:
    """A dispatch that has ended, in one zone. `power_milliwatts` is the change asked for: positive for more export.

    `id` is the dispatch's, with the zone added where a dispatch has several. Start and end are UTC, half-open.
    """

    id: str
    dispatch_id: str
    organisation_id: str
    programme: str
    zone: str
    zone_name: str
    units: tuple[MeterableUnit, ...]
    start_at: datetime
    end_at: datetime
    power_milliwatts: int
    utilisation_price: Price

    @property
    def direction(self) -> Direction:
        """Which way the units were asked to move."""
        return Direction.of(self.power_milliwatts)

    @property
    def month(self) -> str:
        """The London month it belongs to, as `2026-10`: that of its start (assumed)."""
        return month_of(self.start_at)

    @property
    def granularity(self) -> Granularity:
        """Length of the periods it is judged by: half-hours as soon as one unit is metered so (assumed)."""
        return coarsest(self.units)


class EventPeriod(NamedTuple):
    """A metering period that an event covers, in whole or in part. Instants are epoch seconds, UTC.

    `instructed_seconds` is how much of it the event covers.
    """

    start: int
    end: int
    instructed_seconds: int


def coarsest(units: Sequence[MeterableUnit]) -> Granularity:
    """Minute if all units are metered by minute, else half-hour."""
    by_minute = all(unit.granularity is Granularity.MINUTE for unit in units)
    return Granularity.MINUTE if by_minute else Granularity.HALF_HOUR


@lru_cache(8)
def periods_of(start_at: datetime, end_at: datetime, granularity: Granularity) -> tuple[EventPeriod, ...]:
    """The periods that overlap [start_at, end_at), in order; on the grid of UTC, which is London's too.

    The last ones are kept: whoever works out an event asks for them several times.
    """
    step = granularity.seconds
    begin, finish = int(start_at.timestamp()), int(end_at.timestamp())
    periods = [EventPeriod(start, start + step, step) for start in range(begin - begin % step, finish, step)]
    # Only the first and the last can be covered in part; they may be the same.
    for place in {0, len(periods) - 1} if periods else ():
        start, end, _ = periods[place]
        periods[place] = EventPeriod(start, end, min(end, finish) - max(start, begin))
    return tuple(periods)


def has_ended(dispatch: Dispatch, now: datetime) -> bool:
    """Whether nothing more can happen in the dispatch's time. A cancelled one never becomes an event."""
    return dispatch.state is not State.CANCELLED and _end(dispatch) <= now


def events_of(dispatch: Dispatch, units: Sequence[MeterableUnit], prices: Mapping[str, Price]) -> list[Event]:
    """The events of a dispatch that has ended, one for each zone of its units, in order of zone.

    `units` are the dispatch's own; `prices` are by zone. A dispatch that was cancelled, or stopped before it began, has
    none. One whose messages failed has: what the meter shows decides (assumed). Start and end are cut to whole seconds.
    """
    start, end = dispatch.start_at.replace(microsecond=0), _end(dispatch)
    if dispatch.state is State.CANCELLED or end <= start or not dispatch.power_milliwatts:
        return []
    zones = sorted({unit.zone for unit in units})
    capacities = [sum(unit.capacity_kw for unit in units if unit.zone == zone) for zone in zones]
    events = []
    for zone, power in zip(zones, share_out(dispatch.power_milliwatts, capacities), strict=True):
        own = tuple(sorted((unit for unit in units if unit.zone == zone), key=lambda unit: unit.id))
        name = dispatch.id if len(zones) == 1 else f"{dispatch.id}-{zone}"
        if power:
            events.append(Event(name, dispatch.id, dispatch.organisation_id, dispatch.programme, zone,
                                own[0].zone_name, own, start, end, power, prices[zone]))
    return events


def share_out(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in whole parts in proportion to `weights`; parts add up to it. Equal parts if all weights are 0."""
    weights = list(weights) if any(weights) else [1] * len(weights)
    total = sum(weights)
    size = abs(amount)
    parts = [size * weight // total for weight in weights]
    # What whole parts leave over goes to those that lost most, the first ones of equals.
    lost = sorted(range(len(weights)), key=lambda place: (-(size * weights[place] % total), place))
    for place in lost[:size - sum(parts)]:
        parts[place] += 1
    return [part if amount >= 0 else -part for part in parts]


def _end(dispatch: Dispatch) -> datetime:
    end = dispatch.end_at if dispatch.stopped_at is None else min(dispatch.end_at, dispatch.stopped_at)
    return end.replace(microsecond=0)
