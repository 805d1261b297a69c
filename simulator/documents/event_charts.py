"""The chart of an event: what was metered, the baseline, and the level that the instruction asked for."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.documents.charts import ChartPeriod, PowerChart, power_chart
from simulator.market.performance import EventPerformance, Period

_ROOM_AT_THE_SIDES = 20
"""One part in so many of the event's length, where nothing is known of the time around it."""

_NAMED_AT_MOST = 3


def event_chart(performance: EventPerformance, around: Sequence[Period] = ()) -> PowerChart:
    """The chart of an event, its units together; the event is shaded.

    `around` may hold periods of a longer time, the event's own among them, to show what came before and after. A period
    for which a unit has no reading is a gap: the others alone would look like a fall.
    """
    event = performance.event
    sign = event.direction.sign
    own = performance.periods
    periods = [_drawn(period) for period in around if period.end <= own[0].start]
    periods += [_drawn(period, period.baseline_milliwatts + sign * period.instructed_milliwatts)
                for period in own]
    periods += [_drawn(period) for period in around if period.start >= own[-1].end]
    if len(periods) == len(own):
        side = max((own[-1].end - own[0].start) // _ROOM_AT_THE_SIDES, 60)
        periods = [_nothing(periods[0].start - side, periods[0].start), *periods,
                   _nothing(periods[-1].end, periods[-1].end + side)]
    names = [unit.unit_id for unit in performance.units]
    units = ", ".join(names) if len(names) <= _NAMED_AT_MOST else f"{len(names)} Meterable Units together"
    return power_chart(f"Power of {units}", periods, (event.start_at, event.end_at))


def _drawn(period: Period, instructed: int | None = None) -> ChartPeriod:
    return ChartPeriod(period.start, period.end, None if period.missing else period.reading_milliwatts,
                       period.baseline_milliwatts, instructed)


def _nothing(start: int, end: int) -> ChartPeriod:
    return ChartPeriod(start, end, None, None)
