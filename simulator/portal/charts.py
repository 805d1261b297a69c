"""Small line charts inside pages: geometry only, the template draws it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

_TOP, _BOTTOM = 4, 84


@dataclass(frozen=True)
class Chart:
    """A line over time, in percent of the drawing's width and height.

    `points` are for an SVG polyline; `levels` are lines across: (height, label, whether it is 0 kW).
    """

    points: str
    levels: tuple[tuple[float, str, bool], ...]
    first: datetime
    last: datetime


def chart_of(readings: Sequence[tuple[datetime, int]]) -> Chart | None:
    """A chart of readings (period end, milliwatts), newest first as the page lists them; None for fewer than two."""
    if len(readings) < 2:
        return None
    ordered = list(reversed(readings))
    first, last = ordered[0][0], ordered[-1][0]
    span = (last - first).total_seconds() or 1.0
    kilowatts = [milliwatts / 1_000_000 for _, milliwatts in ordered]
    low, high = min(0.0, *kilowatts), max(0.0, *kilowatts)
    if low == high:
        high = 1.0

    def across(instant: datetime) -> float:
        return round((instant - first).total_seconds() / span * 100, 2)

    def up(kw: float) -> float:
        return round(_TOP + (high - kw) / (high - low) * (_BOTTOM - _TOP), 2)

    points = " ".join(f"{across(instant)},{up(kw)}" for (instant, _), kw in zip(ordered, kilowatts, strict=True))
    levels = tuple((up(kw), _label(kw), kw == 0) for kw in sorted({low, 0.0, high})
                   if kw == 0 or _is_apart(kw, low, high))
    return Chart(points, levels, first, last)


def _is_apart(kw: float, low: float, high: float) -> bool:
    """Whether the label of a level stands clear of that of 0 kW."""
    return abs(kw) / (high - low) >= 0.12


def _label(kw: float) -> str:
    return f"{kw:,.4g}".replace("-", "−")
