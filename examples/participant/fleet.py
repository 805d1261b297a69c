"""The batteries that are operated here, and obeying instructions to them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from examples.participant.battery import Battery
from examples.participant.instructions import EMERGENCY_STOP, START, Instruction
from examples.participant.market_time import MarketClock

_LOG = logging.getLogger("participant")


class Fleet:
    """Batteries by Meterable Unit id. Safe to use from the threads of the server and of the reporter.

    Everything is kept in memory. A real participant keeps the instructions it knows, and the minutes it has not yet
    delivered, on disk: they should outlive a restart.
    """

    def __init__(self, batteries: Mapping[str, Battery], clock: MarketClock) -> None:
        self.batteries = dict(batteries)
        self.clock = clock
        self.latest: deque[dict[str, Any]] = deque(maxlen=20)
        self._known: set[tuple[str, str]] = set()
        # The time of reception is read and noted in one go. Otherwise the reporter could, in between, work out a minute
        # that the instruction still changes.
        self._turn = threading.Lock()

    def obey(self, instruction: Instruction, is_test: bool) -> bool:
        """Carry an instruction out; whether it was news. Raises ClockUnknown.

        A repeat of a known message changes nothing, and neither does a test message; that one is not even remembered,
        or it would make a repeat of the real dispatch that uses the same id.
        """
        with self._turn:
            received = self.clock.now()
            is_news = instruction.key not in self._known
            if is_news and not is_test:
                self._tell_batteries(instruction, received)
                self._known.add(instruction.key)
            self.latest.append({
                "dispatchId": instruction.dispatch_id, "instruction": instruction.word,
                "received": received.isoformat(), "start": instruction.start.isoformat(),
                "end": instruction.end.isoformat(), "powerChangeKw": instruction.change_kw,
                "units": instruction.units, "test": is_test, "repeat": not is_news})
        _LOG.info("%s %s of %s kW for %s%s%s", instruction.dispatch_id, instruction.word, instruction.change_kw,
                  ", ".join(instruction.units), "" if is_news else " (known already)", " (test)" if is_test else "")
        return is_news

    def minute(self, period_end: datetime) -> dict[str, tuple[float, bool]]:
        """For each unit, the average power of a minute in kW and whether it was dispatched in that minute."""
        with self._turn:
            return {unit: (battery.average_of_minute(period_end), battery.is_dispatched(period_end))
                    for unit, battery in self.batteries.items()}

    def powers_at(self, instant: datetime) -> dict[str, float]:
        """For each unit, its power in kW at an instant."""
        with self._turn:
            return {unit: round(battery.power_at(instant), 3) for unit, battery in self.batteries.items()}

    def _tell_batteries(self, instruction: Instruction, received: datetime) -> None:
        # One change for all units together: each gives an equal part. Yours may know better ways to divide it.
        part_kw = instruction.change_kw / len(instruction.units)
        for unit in instruction.units:
            battery = self.batteries[unit]
            if instruction.word == START:
                battery.start(instruction.dispatch_id, instruction.start, instruction.end, part_kw, received)
            elif instruction.word == EMERGENCY_STOP:
                battery.emergency_stop(instruction.dispatch_id, received)
            else:
                battery.stop(instruction.dispatch_id, received)


def whole_minute(instant: datetime) -> datetime:
    """The last whole minute at or before an instant."""
    return instant - timedelta(seconds=instant.second, microseconds=instant.microsecond)
