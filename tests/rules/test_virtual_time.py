"""The virtual-time loop: what is due between two instants, in which order (design: a timetable in London time)."""

from __future__ import annotations

from datetime import datetime, time

from hypothesis import given
from hypothesis import strategies as st

from simulator.timekeeping.scheduler import Job, due_between, next_due
from simulator.timekeeping.triggers import Daily, Monthly, Weekly
from tests.builders import instant

NOTHING = lambda work, now: None  # noqa: E731
SCHEDULES = Job("schedules", Daily(time(8)), NOTHING)
DECLARATIONS = Job("declarations", Weekly(3, time(12, 5)), NOTHING)
INVOICES = Job("invoices", Monthly(1, time(8)), NOTHING)
TIMETABLE = (SCHEDULES, DECLARATIONS, INVOICES)


def names(after: str, until: str, timetable: tuple[Job, ...] = TIMETABLE) -> list[tuple[str, str]]:
    return [(job.name, at.strftime("%d %H:%M"))
            for at, jobs in due_between(timetable, instant(after), instant(until)) for job in jobs]


def test_jobs_are_due_in_order_of_their_instants() -> None:
    """Design: each due job runs at its own instant, in order."""
    assert names("2026-11-04 09:00", "2026-11-06 07:59") == [
        ("schedules", "05 08:00"), ("declarations", "05 12:05")]


def test_jobs_of_one_instant_keep_the_order_of_the_timetable() -> None:
    """Design: one table decides, so that runs repeat exactly."""
    assert names("2026-10-31 12:00", "2026-11-01 12:00") == [("schedules", "01 08:00"), ("invoices", "01 08:00")]
    assert names("2026-10-31 12:00", "2026-11-01 12:00", TIMETABLE[::-1]) == [
        ("invoices", "01 08:00"), ("schedules", "01 08:00")]


def test_the_start_is_excluded_and_the_end_is_included() -> None:
    """Design: once; so that two advances that meet at an instant run its jobs once."""
    assert names("2026-11-02 08:00", "2026-11-03 08:00") == [("schedules", "03 08:00")]
    assert names("2026-11-02 08:00", "2026-11-02 08:00") == []


def test_nothing_is_due_backwards() -> None:
    """Design: market time does not run backwards in an advance."""
    assert names("2026-11-03 09:00", "2026-11-02 07:00") == []


def test_an_empty_timetable_is_never_due() -> None:
    """Ours."""
    assert names("2026-11-02 00:00", "2027-11-02 00:00", ()) == []
    assert next_due((), instant("2026-11-02")) is None


def test_the_next_due_instant_is_the_earliest_of_all_jobs() -> None:
    """Design: the thread that lets time pass sleeps until then."""
    assert next_due(TIMETABLE, instant("2026-11-05 09:00")) == instant("2026-11-05 12:05")


@given(st.lists(st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 30)), min_size=1, max_size=6))
def test_many_small_advances_run_what_one_large_one_runs(stops: list[datetime]) -> None:
    """Design: the same jobs run whether time passes or is advanced."""
    first, last = instant("2026-03-01"), instant("2026-12-01")
    places = [first, *sorted(instant(stop.isoformat()) for stop in stops), last]
    in_steps = [due for start, end in zip(places, places[1:], strict=False)
                for due in due_between(TIMETABLE, start, end)]
    assert in_steps == list(due_between(TIMETABLE, first, last))
