"""The timetable: every job of the simulated platforms, with its London trigger and its operation, in one table."""

from __future__ import annotations

from datetime import time

from simulator.operations.month_end import FINALISING_DAY, finalise_previous_month
from simulator.timekeeping.scheduler import Job
from simulator.timekeeping.triggers import Monthly


def timetable(finalising_hour: int) -> tuple[Job, ...]:
    """All jobs. The 15th is documented (portal guide §3.3); the hour is assumed, and a setting."""
    return (
        Job("finalise_previous_month", Monthly(day=FINALISING_DAY, at=time(finalising_hour)), finalise_previous_month),
    )
