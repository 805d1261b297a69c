"""Small line charts inside pages: geometry only, the template draws it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 720, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 8, 12, 24


@dataclass(frozen=True)
class Chart:
    """A line over time: `points` for an SVG polyline, `zero` the height of 0 kW, and labelled lines across."""

    points: str
    zero: float
    levels: tuple[tuple[float, str], ...]
    times: tuple[tuple[float, datetime, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


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
        return round(_LEFT + (instant - first).total_seconds() / span * (WIDTH - _LEFT - _RIGHT), 1)

    def up(kw: float) -> float:
        return round(_TOP + (high - kw) / (high - low) * (HEIGHT - _TOP - _BOTTOM), 1)

    points = " ".join(f"{across(instant)},{up(kw)}" for (instant, _), kw in zip(ordered, kilowatts, strict=True))
    levels = tuple((up(kw), _label(kw)) for kw in sorted({low, 0.0, high}))
    times = ((across(first), first, "start"), (across(last), last, "end"))
    return Chart(points, up(0.0), levels, times)


def _label(kw: float) -> str:
    return f"{kw:,.4g}".replace("-", "−")
