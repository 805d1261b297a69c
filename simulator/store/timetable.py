"""The world's clock, the record of jobs that ran, and the months that are final."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select

from simulator.store import tables
from simulator.store.engine import BulkStatement, NamedQuery, Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work
from simulator.timekeeping.clock import Clock

# What happens with every job is compiled once.
_runs = tables.job_runs.c
_HAS_RUN = Query(select(_runs.job).where(_runs.job == bindparam("of_job"), _runs.due_at == bindparam("at")))
_ADD_RUN = BulkStatement(insert(tables.job_runs), ("job", "due_at", "outcome"))
_insert_clock = insert(tables.clock)
_CLOCK_COLUMNS = ("id", "mode", "market", "wall", "rate", "jobs_through")
_SAVE_CLOCK = BulkStatement(_insert_clock.on_conflict_do_update(
    index_elements=[tables.clock.c.id], set_={name: _insert_clock.excluded[name] for name in _CLOCK_COLUMNS[1:]}),
    _CLOCK_COLUMNS)


_CLOCK = NamedQuery(select(tables.clock))


def load_clock(view: View) -> tuple[Clock, datetime]:
    """The clock, and the instant through which all jobs have run."""
    row = _CLOCK.first(view.connection)
    return Clock(row.mode, from_micros(row.market), from_micros(row.wall), row.rate), from_micros(row.jobs_through)


def save_clock(work: Work, clock: Clock, jobs_through: datetime) -> None:
    """Replace the clock and the instant through which all jobs have run."""
    _SAVE_CLOCK.run(work.connection, [(
        1, clock.mode, to_micros(clock.market), to_micros(clock.wall), clock.rate, to_micros(jobs_through))])


def job_has_run(view: View, job: str, due_at: datetime) -> bool:
    """Whether this occurrence of a job has run already."""
    return _HAS_RUN.first(view.connection, job, to_micros(due_at)) is not None


def add_job_run(work: Work, job: str, due_at: datetime, outcome: str) -> None:
    """Note that an occurrence of a job has run; a second note of the same one is an error of ours."""
    _ADD_RUN.run(work.connection, [(job, to_micros(due_at), outcome)])


def add_finalised_month(work: Work, month: str) -> bool:
    """Make a London month final; False when it was so already."""
    months = tables.finalised_months
    if work.connection.execute(select(months.c.month).where(months.c.month == month)).first() is not None:
        return False
    work.connection.execute(insert(months).values(month=month, finalised_at=to_micros(work.now)))
    return True


_LAST_FINALISED = Query(select(func.max(tables.finalised_months.c.month)))


def last_finalised_month(view: View) -> str | None:
    """The newest final month, as `2026-09`; it and all months before it are final."""
    row = _LAST_FINALISED.first(view.connection)
    return None if row is None else row[0]
