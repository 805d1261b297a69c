"""Line charts of power over a time: geometry only, in fractions, from which both the SVG and the PDF are drawn.

A chart shows averages over metering periods, so its lines are steps. What is missing is a gap, never a guess. It
needs no drawing library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from simulator.documents.figures import clock_words, kw_words
from simulator.market.quantities import MILLIWATTS_PER_KW
from simulator.timekeeping.london import to_london

MOST_TICKS = 6
_TICK_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440)
_ROOM = 0.06
"""Of the height, above the highest and below the lowest value."""

Point = tuple[float, float]
"""Across from the left and down from the top, both from 0 to 1."""


class Curve(Enum):
    """What a line shows; the value is its name in the legend."""

    METERED = "Metered"
    BASELINE = "Baseline"
    INSTRUCTED = "Instructed"


class ChartPeriod(NamedTuple):
    """One period: start and end in epoch seconds, average power in milliwatts (generation positive), None if missing.

    `instructed` is the level that the instruction asks for, the baseline included; None outside the event.
    """

    start: int
    end: int
    metered: int | None
    baseline: int | None
    instructed: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the chart in as many pieces as its gaps leave."""

    curve: Curve
    pieces: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True, slots=True)
class Level:
    """A line across at a round number of kW."""

    down: float
    label: str
    is_zero: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A London time below the chart."""

    across: float
    label: str


@dataclass(frozen=True, slots=True)
class PowerChart:
    """All that there is to draw. `window` and `gaps` are spans across; `description` says in words what is seen."""

    title: str
    description: str
    axis: str
    window: tuple[float, float] | None
    gaps: tuple[tuple[float, float], ...]
    levels: tuple[Level, ...]
    ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]


def power_chart(title: str, periods: Sequence[ChartPeriod],
                window: tuple[datetime, datetime] | None = None, axis: str | None = None) -> PowerChart:
    """A chart of consecutive periods, with a window (UTC) to be shaded.

    `axis` replaces the caption of the time axis. Where nothing is metered at all and no window is
    given, as for a baseline, nothing counts as missing. Raises ValueError when there are no periods.
    """
    if not periods:
        raise ValueError("A chart needs one period at least.")
    first, last = periods[0].start, periods[-1].end
    span = last - first
    begins, ends = datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)
    event = None if window is None else (window[0].timestamp(), window[1].timestamp())

    def across(instant: float) -> float:
        return (instant - first) / span

    powers = [power for period in periods for power in (period.metered, period.baseline, period.instructed)
              if power is not None]
    low, high, levels = _scale(powers or [0])

    def down(milliwatts: int) -> float:
        return (high - milliwatts) / (high - low)

    spans = [(across(period.start), across(period.end)) for period in periods]

    def line(curve: Curve, values: Iterable[int | None]) -> Line:
        steps = [(*span, None if value is None else down(value)) for span, value in zip(spans, values, strict=True)]
        return Line(curve, tuple(_pieces(steps)))

    lines = (
        line(Curve.BASELINE, [period.baseline for period in periods]),
        line(Curve.METERED, [period.metered for period in periods]),
        # On top: a thin dotted line under a thick one would not be seen where units do what they are asked.
        line(Curve.INSTRUCTED, [period.instructed for period in periods]),
    )
    # What is missing before and after the event is nobody's concern.
    inside = _inside(periods, event)
    is_metered = event is not None or any(period.metered is not None for period in periods)
    gaps = tuple(_joined([(across(period.start), across(period.end)) for period in inside
                          if is_metered and period.metered is None]))
    return PowerChart(
        title, _in_words(periods, event, len(gaps)), axis or _axis(begins, ends),
        None if event is None else (max(across(event[0]), 0.0), min(across(event[1]), 1.0)), gaps,
        tuple(Level(down(level), _kw_label(level), level == 0) for level in levels),
        tuple(_ticks(begins, ends, across)),
        tuple(line for line in lines if line.pieces))


def _pieces(steps: Sequence[tuple[float, float, float | None]]) -> Iterable[tuple[Point, ...]]:
    """Step lines: a corner at each change of level, and a new piece after each gap."""
    points: list[Point] = []
    for left, right, level in steps:
        if level is None:
            if points:
                yield tuple(points)
            points = []
            continue
        if points and points[-1][1] == level:
            points[-1] = (right, level)  # no corner where the level stays
            continue
        points += [(left, level), (right, level)]
    if points:
        yield tuple(points)


def _joined(spans: Sequence[tuple[float, float]]) -> Iterable[tuple[float, float]]:
    """Neighbouring spans as one."""
    start = None
    for place, (left, right) in enumerate(spans):
        start = left if start is None else start
        if place + 1 == len(spans) or spans[place + 1][0] != right:
            yield start, right
            start = None


def _scale(powers: Sequence[int]) -> tuple[float, float, list[int]]:
    """Lowest and highest value of the chart and the round levels between, all in milliwatts.

    0 kW is in it unless it lies further off than the values are apart: their differences would be too small to see.
    """
    low, high = min(powers), max(powers)
    if low > 0 and low <= 1.5 * (high - low):
        low = 0
    elif high < 0 and -high <= 1.5 * (high - low):
        high = 0
    if low == high:
        low, high = low - MILLIWATTS_PER_KW, high + MILLIWATTS_PER_KW
    step = _round_step((high - low) / 4)
    levels = [place * step for place in range(-(-low // step), high // step + 1)]
    room = (high - low) * _ROOM
    return low - room, high + room, levels


def _round_step(about: float) -> int:
    """The smallest of 1, 2, 2.5 or 5 times a power of ten, in milliwatts, that is not below `about`."""
    size = Decimal(10) ** (Decimal(about).adjusted())
    return int(next(size * part for part in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
                    if size * part >= Decimal(about)).to_integral_value(rounding="ROUND_CEILING"))


def _ticks(first: datetime, last: datetime, across: Callable[[float], float]) -> Iterable[Tick]:
    """Round London times from first to last, at most MOST_TICKS + 1 of them; names of days where it is many days."""
    minutes = (last - first).total_seconds() / 60
    step = timedelta(minutes=next((step for step in _TICK_MINUTES if minutes / step <= MOST_TICKS), _TICK_MINUTES[-1]))
    local = to_london(first)
    since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    instant = first + (-since_midnight % step)
    found = []
    while instant <= last:
        found.append((instant, f"{to_london(instant):%a}" if step >= timedelta(days=1) else clock_words(instant)))
        instant += step
    # Where the clocks go back, an hour comes twice; its ticks name their clocks.
    count = Counter(label for _, label in found) if step < timedelta(days=1) else Counter()
    for instant, label in found:
        yield Tick(across(instant.timestamp()), f"{label} {to_london(instant):%Z}" if count[label] > 1 and
                   _is_ambiguous(instant) else label)


def _is_ambiguous(instant: datetime) -> bool:
    """Whether London clocks show the time of this instant twice."""
    local = to_london(instant)
    return local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()


def _axis(first: datetime, last: datetime) -> str:
    """Caption of the time axis: the day, and the clocks' change if there is one."""
    start, end = to_london(first), to_london(last - timedelta(seconds=1))
    days = f"{end:%a} {end.day} {end:%b %Y}"  # short, for it stands on one line of a phone
    if end.date() != start.date():
        days = f"{start:%a} {start.day}{'' if start.month == end.month else f' {start:%b}'} to {days}"
    zones = start.tzname() if start.utcoffset() == end.utcoffset() else f"{start.tzname()}, then {end.tzname()}"
    return f"London time ({zones}), {days}"


def _in_words(periods: Sequence[ChartPeriod], window: tuple[float, float] | None, gaps: int) -> str:
    """What the chart shows, for who cannot see it."""
    sentences = [f"Power in kW, generation positive, from {_clock(periods[0].start)} to {_clock(periods[-1].end)} "
                 "London time."]
    if window is not None:
        sentences.append(f"The event lasts from {_clock(window[0])} to {_clock(window[1])}.")
    inside = _inside(periods, window)
    for name, values in (("Baseline", [period.baseline for period in inside]),
                         ("Instructed level", [period.instructed for period in inside]),
                         ("Metered power", [period.metered for period in inside])):
        known = [value for value in values if value is not None]
        if known:
            sentences.append(f"{name} {'in the event ' if window else ''}is {_range_words(min(known), max(known))} kW.")
    if gaps:
        sentences.append(f"Readings are missing in {gaps} {'place' if gaps == 1 else 'places'}.")
    return " ".join(sentences)


def _inside(periods: Sequence[ChartPeriod], window: tuple[float, float] | None) -> list[ChartPeriod]:
    return [period for period in periods if window is None or window[0] < period.end and period.start < window[1]]


def _range_words(low: int, high: int) -> str:
    return _kw_label(low) if _kw_label(low) == _kw_label(high) else f"from {_kw_label(low)} to {_kw_label(high)}"


def _kw_label(milliwatts: int) -> str:
    return kw_words(milliwatts, decimals=3)


def _clock(instant: float) -> str:
    return clock_words(datetime.fromtimestamp(instant, UTC))
