"""The world's clock, the record of jobs that ran, and the months that are final."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from simulator.store import tables
from simulator.store.engine import Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work
from simulator.timekeeping.clock import Clock


def load_clock(view: View) -> tuple[Clock, datetime]:
    """The clock, and the instant through which all jobs have run."""
    row = view.connection.execute(select(tables.clock)).one()
    return Clock(row.mode, from_micros(row.market), from_micros(row.wall), row.rate), from_micros(row.jobs_through)


def save_clock(work: Work, clock: Clock, jobs_through: datetime) -> None:
    """Replace the clock and the instant through which all jobs have run."""
    values = {"mode": clock.mode, "market": to_micros(clock.market), "wall": to_micros(clock.wall),
              "rate": clock.rate, "jobs_through": to_micros(jobs_through)}
    statement = insert(tables.clock).values(id=1, **values)
    work.connection.execute(statement.on_conflict_do_update(index_elements=[tables.clock.c.id], set_=values))


def job_has_run(view: View, job: str, due_at: datetime) -> bool:
    """Whether this occurrence of a job has run already."""
    columns = tables.job_runs.c
    query = select(columns.job).where(columns.job == job, columns.due_at == to_micros(due_at))
    return view.connection.execute(query).first() is not None


def add_job_run(work: Work, job: str, due_at: datetime, outcome: str) -> None:
    """Note that an occurrence of a job has run; a second note of the same one is an error of ours."""
    work.connection.execute(insert(tables.job_runs), {
        "job": job, "due_at": to_micros(due_at), "outcome": outcome})


def add_finalised_month(work: Work, month: str) -> bool:
    """Make a London month final; False when it was so already."""
    statement = insert(tables.finalised_months).values(month=month, finalised_at=to_micros(work.now))
    return work.connection.execute(statement.on_conflict_do_nothing()).rowcount == 1


_LAST_FINALISED = Query(select(func.max(tables.finalised_months.c.month)))


def last_finalised_month(view: View) -> str | None:
    """The newest final month, as `2026-09`; it and all months before it are final."""
    row = _LAST_FINALISED.first(view.connection)
    return None if row is None else row[0]
