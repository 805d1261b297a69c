"""Performance of events: what was read, expected, delivered and instructed, and the RAG status that follows.

That every event has a RAG status, and that its calculation is configurable, is documented (portal guide §3.3); the
calculation is assumed. Energy is kept in milliwatt-seconds, exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import NamedTuple

from simulator.market.baselines import NO_BASELINE, Baseline
from simulator.market.events import Event, EventPeriod, periods_of
from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit
from simulator.market.policy import MarketPolicy
from simulator.market.provenance import Rule

RULES = (
    Rule("performance.rag",
         "Each event has a status: red, amber or green.",
         "documented", "Portal guide §3.3."),
)

MILLIWATT_SECONDS_PER_WH = 3_600_000


class Rag(Enum):
    """Status of an event (portal guide §3.3)."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class ReportState(Enum):
    """Provisional after the event, final from the 15th on (portal guide §3.3, §3.4)."""

    PROVISIONAL = "provisional"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a unit is judged by: its readings, milliwatts by period end (epoch seconds UTC), and its baseline."""

    readings: Mapping[int, int]
    baseline: Baseline = NO_BASELINE


class UnitPeriod(NamedTuple):
    """One metering period of one unit. Instants are epoch seconds, UTC; powers milliwatts, generation positive.

    `delivered_milliwatts` is positive in the direction asked for, 0 without a reading.
    """

    start: int
    end: int
    reading_milliwatts: int | None
    baseline_milliwatts: int
    delivered_milliwatts: int


@dataclass(frozen=True, slots=True)
class UnitPerformance:
    """A unit's part in an event, period by period of its own meter."""

    unit_id: str
    granularity: Granularity
    baseline_words: str
    periods: tuple[UnitPeriod, ...]


class Period(NamedTuple):
    """One period of an event, its units together. Instants are epoch seconds, UTC.

    Powers are averages over the whole period in milliwatts; `reading_milliwatts` is that of the units that were read,
    None if none was. Energies are milliwatt-seconds: `delivered_energy` as metered, positive as asked for;
    `counted_energy` is the smaller of delivered and instructed. `missing` names the units without a reading.
    """

    start: int
    end: int
    reading_milliwatts: int | None
    baseline_milliwatts: int
    delivered_energy: int
    instructed_energy: int
    counted_energy: int
    missing: tuple[str, ...]

    @property
    def start_at(self) -> datetime:
        """Start, UTC."""
        return datetime.fromtimestamp(self.start, UTC)

    @property
    def end_at(self) -> datetime:
        """End, UTC."""
        return datetime.fromtimestamp(self.end, UTC)

    @property
    def delivered_milliwatts(self) -> int:
        """Average over the period, to the nearest milliwatt."""
        return average(self.delivered_energy, self.end - self.start)

    @property
    def instructed_milliwatts(self) -> int:
        """Average over the period: less than the power asked for where the event covers a part of it only."""
        return average(self.instructed_energy, self.end - self.start)

    @property
    def counted_milliwatts(self) -> int:
        """Average over the period of what counts."""
        return average(self.counted_energy, self.end - self.start)

    @property
    def share(self) -> Fraction:
        """Counted energy of the instructed; negative where units moved the wrong way, 0 if none was asked for."""
        return Fraction(self.counted_energy, self.instructed_energy) if self.instructed_energy else Fraction(0)


@dataclass(frozen=True, slots=True)
class Gap:
    """Consecutive periods of a unit without a reading; UTC, half-open."""

    unit_id: str
    start_at: datetime
    end_at: datetime
    period_count: int


@dataclass(frozen=True, slots=True)
class EventPerformance:
    """The performance report of an event, as data.

    Energies are milliwatt-seconds over all periods; `counted_energy` is the sum of what counts, at least 0. `rule` is
    the sentence that says what made the status; `as_of` is when it was worked out.
    """

    event: Event
    state: ReportState
    as_of: datetime
    periods: tuple[Period, ...]
    units: tuple[UnitPerformance, ...]
    gaps: tuple[Gap, ...]
    instructed_energy: int
    delivered_energy: int
    counted_energy: int
    rag: Rag
    rule: str

    @property
    def share(self) -> Fraction:
        """Delivered share, 0 to 1, exact."""
        return Fraction(self.counted_energy, self.instructed_energy)

    @property
    def share_percent(self) -> Decimal:
        """Delivered share in per cent, rounded down to two decimals: never shown at a threshold that it misses."""
        return percent(self.share)


def average(milliwatt_seconds: int, seconds: int) -> int:
    """Milliwatts on average over so many seconds, to the nearest, halves up."""
    return (2 * milliwatt_seconds + seconds) // (2 * seconds)


def percent(share: Fraction) -> Decimal:
    """A share in per cent with two decimals, rounded towards 0."""
    size = abs(share.numerator) * 10_000 // share.denominator
    return Decimal(size if share >= 0 else -size).scaleb(-2)


def watt_hours(milliwatt_seconds: int) -> int:
    """Whole Wh, halves up (towards more)."""
    return (2 * milliwatt_seconds + MILLIWATT_SECONDS_PER_WH) // (2 * MILLIWATT_SECONDS_PER_WH)


def kwh(milliwatt_seconds: int) -> Decimal:
    """kWh, to the Wh."""
    return Decimal(watt_hours(milliwatt_seconds)).scaleb(-3)


def kwh_text(milliwatt_seconds: int) -> str:
    """kWh with three decimals, for people."""
    return f"{kwh(milliwatt_seconds):,.3f}"


def rag_of(share: Fraction, policy: MarketPolicy) -> Rag:
    """The status for a delivered share, compared exactly: a share at a threshold has reached it."""
    if share >= Fraction(policy.green_from_percent) / 100:
        return Rag.GREEN
    return Rag.AMBER if share >= Fraction(policy.amber_from_percent) / 100 else Rag.RED


def assess_event(event: Event, evidence: Mapping[str, Evidence], policy: MarketPolicy, as_of: datetime,
                 state: ReportState = ReportState.PROVISIONAL) -> EventPerformance:
    """The performance of an event. `evidence` is by unit id; a unit that is not in it has no readings and no baseline.

    `as_of` is noted only: which readings count is the caller's choice (see `months.counts_for_final`).
    """
    units, periods = _measured(event, evidence, periods_of(event.start_at, event.end_at, event.granularity))
    instructed = sum(period.instructed_energy for period in periods)
    counted = max(0, sum(period.counted_energy for period in periods))
    rag = rag_of(Fraction(counted, instructed), policy)
    return EventPerformance(
        event, state, as_of, periods, units, tuple(gap for unit in units for gap in _gaps(unit)), instructed,
        sum(period.delivered_energy for period in periods), counted, rag, _rule(rag, counted, instructed, policy))


def performance_again(event: Event, units: Sequence[UnitPerformance], as_of: datetime, rag: Rag, rule: str,
                      state: ReportState = ReportState.FINAL) -> EventPerformance:
    """A performance as it was worked out before, from what its units delivered, and the status and rule of then."""
    periods = together(event, units, periods_of(event.start_at, event.end_at, event.granularity))
    return EventPerformance(
        event, state, as_of, periods, tuple(units), tuple(gap for unit in units for gap in _gaps(unit)),
        sum(period.instructed_energy for period in periods), sum(period.delivered_energy for period in periods),
        max(0, sum(period.counted_energy for period in periods)), rag, rule)


def surroundings(event: Event, evidence: Mapping[str, Evidence], margin: timedelta = timedelta(hours=1),
                 ) -> tuple[Period, ...]:
    """The periods from `margin` before the event to `margin` after it, its own among them, for a chart.

    Nothing is instructed outside the event, and nothing counts there.
    """
    own = {period.start: period for period in periods_of(event.start_at, event.end_at, event.granularity)}
    wide = periods_of(event.start_at - margin, event.end_at + margin, event.granularity)
    grid = [own.get(period.start, period._replace(instructed_seconds=0)) for period in wide]
    return _measured(event, evidence, grid)[1]


def _measured(event: Event, evidence: Mapping[str, Evidence], grid: Sequence[EventPeriod],
              ) -> tuple[tuple[UnitPerformance, ...], tuple[Period, ...]]:
    sign = event.direction.sign
    units = tuple(_unit_performance(unit, evidence.get(unit.id, Evidence({})), grid, sign) for unit in event.units)
    return units, together(event, units, grid)


def together(event: Event, units: Sequence[UnitPerformance], grid: Sequence[EventPeriod]) -> tuple[Period, ...]:
    """The periods of an event from those of its units, which cover the whole grid."""
    size = abs(event.power_milliwatts)
    return _periods_of_one(units[0], grid, size) if len(units) == 1 else _periods_of_many(units, grid, size)


def _unit_performance(unit: MeterableUnit, evidence: Evidence, grid: Sequence[EventPeriod],
                      sign: int) -> UnitPerformance:
    step = unit.granularity.seconds
    reading_at = evidence.readings.get
    starts = range(grid[0].start, grid[-1].end, step)
    periods = []
    for start, baseline in zip(starts, evidence.baseline.powers(starts.start, len(starts), step), strict=True):
        end = start + step
        reading = reading_at(end)
        delivered = 0 if reading is None else sign * (reading - baseline)
        periods.append(UnitPeriod(start, end, reading, baseline, delivered))
    return UnitPerformance(unit.id, unit.granularity, evidence.baseline.words, tuple(periods))


def _periods_of_one(unit: UnitPerformance, grid: Sequence[EventPeriod], size: int) -> tuple[Period, ...]:
    periods = []
    for found, period in zip(unit.periods, grid, strict=True):
        delivered = found.delivered_milliwatts * (period.end - period.start)
        instructed = size * period.instructed_seconds
        missing = (unit.unit_id,) if found.reading_milliwatts is None else ()
        periods.append(Period(period.start, period.end, found.reading_milliwatts, found.baseline_milliwatts, delivered,
                              instructed, min(delivered, instructed) if instructed else 0, missing))
    return tuple(periods)


def _periods_of_many(units: Sequence[UnitPerformance], grid: Sequence[EventPeriod], size: int) -> tuple[Period, ...]:
    periods = []
    for place, period in enumerate(grid):
        length = period.end - period.start
        read = baseline = delivered = 0
        missing: list[str] = []
        is_read = False
        for unit in units:
            step = unit.granularity.seconds
            per_period = length // step
            unread = False
            for found in unit.periods[place * per_period:(place + 1) * per_period]:
                baseline += found.baseline_milliwatts * step
                if found.reading_milliwatts is None:
                    unread = True
                else:
                    is_read = True
                    read += found.reading_milliwatts * step
                    delivered += found.delivered_milliwatts * step
            if unread:
                missing.append(unit.unit_id)
        instructed = size * period.instructed_seconds
        periods.append(Period(
            period.start, period.end, average(read, length) if is_read else None,
            average(baseline, length), delivered, instructed,
            min(delivered, instructed) if instructed else 0, tuple(missing)))
    return tuple(periods)


def _gaps(unit: UnitPerformance) -> list[Gap]:
    gaps: list[Gap] = []
    run: list[UnitPeriod] = []
    for period in unit.periods:
        if period.reading_milliwatts is None:
            run.append(period)
        elif run:
            gaps.append(_gap(unit.unit_id, run))
            run = []
    return [*gaps, _gap(unit.unit_id, run)] if run else gaps


def _gap(unit_id: str, run: Sequence[UnitPeriod]) -> Gap:
    return Gap(unit_id, datetime.fromtimestamp(run[0].start, UTC), datetime.fromtimestamp(run[-1].end, UTC), len(run))


def _rule(rag: Rag, counted: int, instructed: int, policy: MarketPolicy) -> str:
    green, amber = policy.green_from_percent, policy.amber_from_percent
    because = {
        Rag.GREEN: f"green is from {green:f} % on",
        Rag.AMBER: f"amber is from {amber:f} % on, green from {green:f} %",
        Rag.RED: f"red is below {amber:f} %",
    }[rag]
    share = percent(Fraction(counted, instructed))
    return (f"{rag.value.capitalize()}: {share:f} % of the instructed energy was delivered, {kwh_text(counted)} of "
            f"{kwh_text(instructed)} kWh; {because} ({policy.label_of('green_from_percent')} thresholds).")
