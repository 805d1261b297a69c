"""A simulated battery: pure arithmetic over instants, no clock and no network.

Sign: positive power is generation (export), negative is demand (import). A dispatch asks for a *change* of power
against what the battery would do anyway, its idle level.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
_SAMPLES = [timedelta(seconds=second + 0.5) for second in range(60)]


@dataclass(frozen=True)
class Window:
    """The time from `begin` (inclusive) to `end` (exclusive) in which power changes by `change_kw`."""

    begin: datetime
    end: datetime
    change_kw: float


class Battery:
    """One Meterable Unit.

    What was told is only ever noted; the power at an instant is worked out from the notes. So messages may come twice
    or in the wrong order: the notes, and with them the power, are the same in the end.

    Dispatches that overlap add up, and the sum is capped at the capacity. Each of them was sold as a change of its own
    and is settled as such; a battery that let the latest win would break its promise to all the others.

    `idle_kw` is what the battery does when nobody calls (its baseline), `ramp` the time it takes to reach a change and
    to leave it again, `share` the part of each instruction that it delivers (1 is all), `late` how long after the
    instructed start it begins.
    """

    def __init__(self, idle_kw: float = -20.0, capacity_kw: float = 500.0, ramp: timedelta = timedelta(0),
                 share: float = 1.0, late: timedelta = timedelta(0)) -> None:
        self.idle_kw = idle_kw
        self.capacity_kw = capacity_kw
        self._ramp = ramp
        self._share = share
        self._late = late
        self._starts: dict[str, Window] = {}
        self._stops: dict[str, datetime] = {}
        self._emergencies: dict[str, datetime] = {}

    def start(self, dispatch_id: str, begin: datetime, end: datetime, change_kw: float, received: datetime) -> None:
        """Change power by `change_kw` from `begin` to `end`; from `received` if that is later, for the past is past.

        A second start of the same dispatch changes nothing.
        """
        window = Window(max(begin + self._late, received), end, change_kw * self._share)
        self._starts.setdefault(dispatch_id, window)

    def stop(self, dispatch_id: str, received: datetime) -> None:
        """End a dispatch at `received`, for good: a start of it that arrives later comes to nothing.

        The times in a STOP message repeat those of its dispatch; they do not say when to stop. STOP means now.
        """
        self._stops.setdefault(dispatch_id, received)

    def emergency_stop(self, dispatch_id: str, received: datetime) -> None:
        """End a dispatch at `received` as `stop` does, but without a ramp: the network is in danger."""
        self._emergencies.setdefault(dispatch_id, received)

    def power_at(self, instant: datetime) -> float:
        """Power in kW at an instant, never beyond the capacity in either direction."""
        wanted = self.idle_kw + sum(self._change_at(instant, dispatch_id) for dispatch_id in self._starts)
        return max(-self.capacity_kw, min(self.capacity_kw, wanted))

    def average_of_minute(self, period_end: datetime) -> float:
        """Average power in kW of the minute that ends at `period_end`, as a meter would report it.

        Sixty samples, one in the middle of each second: exact for steps at whole seconds and for straight ramps.
        """
        begin = period_end - MINUTE
        if not any(self._touches(dispatch_id, begin, period_end) for dispatch_id in self._starts):
            return self.idle_kw
        return round(statistics.fmean(self.power_at(begin + sample) for sample in _SAMPLES), 3)

    def is_dispatched(self, period_end: datetime) -> bool:
        """Whether any dispatch was in force during the minute that ends at `period_end`."""
        return any(window.begin < period_end and self._end_of(dispatch_id) > max(window.begin, period_end - MINUTE)
                   for dispatch_id, window in self._starts.items())

    def _end_of(self, dispatch_id: str) -> datetime:
        end = self._starts[dispatch_id].end
        return min(end, self._stops.get(dispatch_id, end), self._emergencies.get(dispatch_id, end))

    def _change_at(self, instant: datetime, dispatch_id: str) -> float:
        window, end = self._starts[dispatch_id], self._end_of(dispatch_id)
        emergency = self._emergencies.get(dispatch_id)
        if instant < window.begin or end <= window.begin or (emergency is not None and instant >= emergency):
            return 0.0
        reached = self._part_of_ramp(min(instant, end) - window.begin)
        left = self._part_of_ramp(instant - end) if instant >= end else 0.0
        return window.change_kw * max(0.0, reached - left)

    def _part_of_ramp(self, passed: timedelta) -> float:
        return min(1.0, passed / self._ramp) if self._ramp else 1.0

    def _touches(self, dispatch_id: str, begin: datetime, end: datetime) -> bool:
        return self._starts[dispatch_id].begin < end and begin < self._end_of(dispatch_id) + self._ramp
