"""What was metered before and after an event, for a chart; nothing of it counts."""

from __future__ import annotations

from datetime import timedelta

from simulator.market.baselines import NO_BASELINE
from simulator.market.events import Event, periods_of
from simulator.market.performance import Evidence, Period, surroundings
from simulator.store import baselines, readings
from simulator.store.work import View


def surroundings_of(view: View, event: Event, margin: timedelta = timedelta(hours=1)) -> tuple[Period, ...]:
    """The periods from `margin` before an event to `margin` after it, from the readings that are there now."""
    evidence = {}
    for unit in event.units:
        grid = periods_of(event.start_at - margin, event.end_at + margin, event.granularity)
        found = readings.readings_between(view, unit.number, grid[0].start, grid[-1].end)
        version = baselines.version_in_force(view, unit.number, event.start_at)
        evidence[unit.id] = Evidence(found, version.baseline if version else NO_BASELINE)
    return surroundings(event, evidence, margin)
