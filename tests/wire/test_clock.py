"""/_sim/clock: look at market time, freeze it, set it, scale it, advance it; jobs run on the way.

Wire format, assumed.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from simulator import Simulator
from tests.builders import faults, refusal
from tests.servers import WorldClient, eventually, fresh_world

JOB = "finalise_previous_month"
FIFTEENTH = "2026-11-15T00:00:00+00:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def finalised(world: WorldClient) -> list[str]:
    return [entry["data"]["month"] for entry in world.journal("month.finalised")]


def test_a_world_starts_at_the_time_that_was_asked_for(world: WorldClient) -> None:
    """Wire format, assumed: PUT /_sim/worlds with now; the clock runs on from there."""
    clock = world.get("/_sim/clock").json()
    assert (clock["mode"], clock["rate"]) == ("real", 1)
    assert timedelta(0) <= at(clock["now"]) - at("2026-11-02T17:00:00Z") < timedelta(minutes=5)


def test_a_world_without_a_time_starts_at_the_real_time(server: Simulator) -> None:
    """Wire format, assumed: clock: real time, unless --now."""
    with fresh_world(server.url, now=None) as world:
        assert abs(at(world.now()) - datetime.now(UTC)) < timedelta(minutes=1)


def test_people_s_words_are_moments_to_advance_to(world: WorldClient) -> None:
    """Ours: {"to": "next Thursday 12:05"}, in London time."""
    world.freeze("2026-07-06T17:00:00Z")
    world.advance(to="next Thursday 12:05")
    assert world.now() == "2026-07-09T11:05:00+00:00"


def test_a_real_clock_runs(world: WorldClient) -> None:
    """Wire format, assumed: mode real."""
    before = world.now()
    assert eventually(lambda: world.now() > before, "market time moves on")


def test_frozen_alone_freezes_where_time_stands(world: WorldClient) -> None:
    """Wire format, assumed: {"mode": "frozen"} alone freezes where it stands."""
    before = at(world.now())
    answer = world.put("/_sim/clock", {"mode": "frozen"}).json()
    assert answer["mode"] == "frozen"
    assert before <= at(answer["now"]) <= before + timedelta(minutes=1)
    assert world.now() == answer["now"]


def test_frozen_with_a_time_stands_there(world: WorldClient) -> None:
    """Wire format, assumed: PUT /_sim/clock {"mode", "now"}."""
    assert world.put("/_sim/clock", {"mode": "frozen", "now": "2026-11-10T09:30:00Z"}).json() == {
        "mode": "frozen", "now": "2026-11-10T09:30:00+00:00", "rate": 0}
    assert world.now() == "2026-11-10T09:30:00+00:00"


def test_a_time_with_another_offset_is_the_same_instant(world: WorldClient) -> None:
    """Wire format, assumed: RFC 3339 with an offset; shown in UTC."""
    world.freeze("2026-07-06T10:30:00+01:00")
    assert world.now() == "2026-07-06T09:30:00+00:00"


def test_a_scaled_clock_runs_at_its_rate(world: WorldClient) -> None:
    """Wire format, assumed: mode scaled; at 3,600 an hour passes in a second."""
    answer = world.put("/_sim/clock", {"mode": "scaled", "rate": 3_600, "now": "2026-11-03T00:00:00Z"}).json()
    assert (answer["mode"], answer["rate"]) == ("scaled", 3_600)
    assert eventually(lambda: at(world.now()) > at("2026-11-03T00:30:00Z"), "half an hour of market time")


def test_real_alone_returns_to_the_real_time(world: WorldClient) -> None:
    """Wire format, assumed: mode real."""
    world.freeze("2026-11-03T00:00:00Z")
    answer = world.put("/_sim/clock", {"mode": "real"}).json()
    assert answer["mode"] == "real"
    assert abs(at(answer["now"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_frozen_clock_advances_by_a_duration_exactly(world: WorldClient) -> None:
    """Wire format, assumed: advance {"by": "PT24H"}."""
    world.freeze("2026-11-02T17:00:00Z")
    answer = world.post("/_sim/clock/advance", {"by": "PT24H"}).json()
    assert answer == {"now": "2026-11-03T17:00:00+00:00", "jobs": [
        {"job": "send_daily_schedules", "dueAt": "2026-11-03T08:00:00+00:00", "outcome": "done"}]}
    assert world.get("/_sim/clock").json()["mode"] == "frozen"


@pytest.mark.parametrize(("by", "arrives"), [
    ("PT1S", "2026-11-02T17:00:01+00:00"), ("PT0S", "2026-11-02T17:00:00+00:00"), ("P1W", "2026-11-09T17:00:00+00:00"),
    ("P1M", "2026-12-02T17:00:00+00:00"), ("P1DT1H", "2026-11-03T18:00:00+00:00"),
])
def test_durations_are_iso_8601(world: WorldClient, by: str, arrives: str) -> None:
    """Wire format, assumed: advance {"by"}; months are as long as they are."""
    world.freeze("2026-11-02T17:00:00Z")
    assert world.post("/_sim/clock/advance", {"by": by}).json()["now"] == arrives


def test_a_running_clock_advances_and_runs_on(world: WorldClient) -> None:
    """Wire format, assumed: advance works in every mode; nothing at all is not a step back."""
    before = at(world.now())
    assert world.advance(by="PT0S") == []
    world.advance(by="PT24H")
    after = world.now()
    assert at(after) >= before + timedelta(hours=24)
    assert eventually(lambda: world.now() > after, "market time moves on")


@pytest.mark.proves("job/finalise_previous_month")
def test_the_job_of_the_15th_runs_at_its_own_instant(world: WorldClient) -> None:
    """Portal guide §3.3 (documented): on the 15th; wire format, assumed: advance answers {"job", "dueAt",
    "outcome"}.
    """
    world.freeze("2026-11-14T23:59:59Z")
    assert world.advance(to="2026-11-15T07:59:59Z") == [{"job": JOB, "dueAt": FIFTEENTH, "outcome": "done"}]
    world.advance(to="2026-11-20T12:00:00Z")
    assert world.now() == "2026-11-20T12:00:00+00:00"
    assert [entry["at"] for entry in world.journal("month.finalised")] == [FIFTEENTH]
    assert finalised(world) == ["2026-10"]


def test_jobs_run_in_order_at_their_own_instants(world: WorldClient) -> None:
    """Design: each due job at its own instant, in order; in summer London midnight is 23:00 UTC of the day before."""
    world.freeze("2026-11-02T17:00:00Z")
    jobs = world.advance(to="2027-05-01T00:00:00Z")
    assert [job["dueAt"] for job in jobs] == sorted(job["dueAt"] for job in jobs)
    assert [job["dueAt"] for job in jobs if job["job"] == JOB] == [
        "2026-11-15T00:00:00+00:00", "2026-12-15T00:00:00+00:00", "2027-01-15T00:00:00+00:00",
        "2027-02-15T00:00:00+00:00", "2027-03-15T00:00:00+00:00", "2027-04-14T23:00:00+00:00"]
    assert finalised(world) == ["2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03"]


def test_a_job_due_exactly_at_the_target_runs(world: WorldClient) -> None:
    """Wire format, assumed: advance {"to": "2026-11-15T00:00:00+00:00"} runs every due job."""
    world.freeze("2026-11-14T12:00:00Z")
    assert len(world.advance(to=FIFTEENTH)) == 1
    assert world.advance(by="PT1S") == []


def test_a_job_never_runs_twice(world: WorldClient) -> None:
    """Design: once, also when the clock is set back and advanced again."""
    world.freeze("2026-11-14T00:00:00Z")
    world.advance(to="2026-11-16T00:00:00Z")
    world.freeze("2026-11-14T00:00:00Z")
    assert world.advance(to="2026-11-16T00:00:00Z") == []
    assert finalised(world) == ["2026-10"]
    later = world.advance(to="2026-12-16T00:00:00Z")
    assert [job["dueAt"] for job in later if job["job"] == JOB] == ["2026-12-15T00:00:00+00:00"]


def test_setting_the_clock_forward_runs_what_became_due_on_the_way(world: WorldClient) -> None:
    """Design: the same jobs run whether time passes or is moved."""
    world.freeze("2026-11-14T00:00:00Z")
    world.freeze("2026-11-16T00:00:00Z")
    assert finalised(world) == ["2026-10"]


def test_a_job_runs_as_real_time_passes(server: Simulator) -> None:
    """Design: whether time passes or is advanced; this world starts a second before the 15th."""
    with fresh_world(server.url, now="2026-11-14T23:59:59Z") as world:
        assert eventually(lambda: finalised(world), "the month is finalised by itself") == ["2026-10"]
        job, = world.journal("job")
        assert job["data"] == {"job": JOB, "due_at": FIFTEENTH, "outcome": "done", "error": None}
        assert job["at"] == FIFTEENTH
        assert world.advance(by="PT1H") == []


def test_a_job_runs_as_scaled_time_passes(world: WorldClient) -> None:
    """Design: whether time passes or is advanced; here a day passes in a second."""
    world.put("/_sim/clock", {"mode": "scaled", "rate": 86_400, "now": "2026-11-14T12:00:00Z"})
    assert eventually(lambda: finalised(world), "the month is finalised by itself")[0] == "2026-10"


def test_jobs_are_caused_by_the_call_that_advanced_time(world: WorldClient) -> None:
    """Wire format, assumed: causedBy links request, job and fact."""
    world.freeze("2026-11-14T12:00:00Z")
    answer = world.post("/_sim/clock/advance", {"to": FIFTEENTH})
    job = world.journal("job")[-1]
    fact, = world.journal("month.finalised")
    assert job["causedBy"] == int(answer.headers["X-Request-Id"])
    assert fact["causedBy"] == job["id"]


def test_time_does_not_advance_backwards(world: WorldClient) -> None:
    """Wire format, assumed: advance moves forward; the answer says how to set a clock back."""
    world.freeze("2026-11-02T17:00:00Z")
    for body, pointer in (({"to": "2026-11-02T16:59:59Z"}, "/to"), ({"by": "-PT1S"}, "/by")):
        refused = refusal(world.post("/_sim/clock/advance", body), 422)
        assert faults(refused) == [(pointer, "clock")]
        assert "PUT /_sim/clock" in refused["errors"][0]["message"]
    assert world.now() == "2026-11-02T17:00:00+00:00"


@pytest.mark.parametrize("body", [{"to": "2099-01-01T00:00:00Z"}, {"by": "P11Y"}])
def test_time_does_not_advance_too_far_at_once(world: WorldClient, body: dict[str, str]) -> None:
    """Ours: a typing mistake must not run the jobs of a thousand years."""
    world.freeze("2026-11-02T17:00:00Z")
    assert faults(refusal(world.post("/_sim/clock/advance", body), 422)) == [(f"/{next(iter(body))}", "clock")]
    assert faults(refusal(world.put("/_sim/clock", {"mode": "frozen", "now": "2099-01-01T00:00:00Z"}), 422)) == [
        ("/now", "clock")]
    assert world.now() == "2026-11-02T17:00:00+00:00"


def test_time_does_not_advance_to_where_dates_end(server: Simulator) -> None:
    """Ours: time-zone arithmetic fails at the edge of the calendar."""
    with fresh_world(server.url, now="8999-12-01T00:00:00Z") as world:
        assert faults(refusal(world.post("/_sim/clock/advance", {"by": "P1Y"}), 422)) == [("/by", "clock")]


@pytest.mark.parametrize(("body", "expected"), [
    ({}, [("", "required")]),
    ({"mode": "slow"}, [("/mode", "enum")]),
    ({"mode": "scaled"}, [("/rate", "rate")]),
    ({"mode": "frozen", "rate": 2}, [("/rate", "rate")]),
    ({"mode": "scaled", "rate": 0}, [("/rate", "exclusiveMinimum")]),
    ({"mode": "scaled", "rate": 1e9}, [("/rate", "maximum")]),
    ({"mode": "frozen", "now": "soon"}, [("/now", "format")]),
    ({"mode": "frozen", "now": "2026-11-02T17:00:00"}, [("/now", "format")]),
    ({"mode": "frozen", "now": "0001-01-01T00:00:00Z"}, [("/now", "format")]),
    ({"mode": "slow", "now": 7, "pace": 1}, [("", "additionalProperties"), ("/mode", "enum"), ("/now", "type")]),
])
def test_a_bad_clock_is_refused_with_all_errors(world: WorldClient, body: dict, expected: list) -> None:
    """Wire format, assumed: errors of every call are problems that list all errors."""
    world.freeze("2026-11-02T17:00:00Z")
    assert faults(refusal(world.put("/_sim/clock", body), 422)) == expected
    assert world.get("/_sim/clock").json() == {"mode": "frozen", "now": "2026-11-02T17:00:00+00:00", "rate": 0}


@pytest.mark.parametrize(("body", "expected"), [
    ({}, [("", "minProperties")]),
    ({"by": "PT1H", "to": "2026-11-03T00:00:00Z"}, [("", "maxProperties")]),
    ({"by": "an hour"}, [("/by", "format")]),
    ({"by": "P"}, [("/by", "format")]),
    ({"by": "P99999999999Y"}, [("/by", "format")]),
    ({"by": 3_600}, [("/by", "type")]),
    ({"to": "soon"}, [("/to", "format")]),
    ({"to": "2026-11-03T00:00:00"}, [("/to", "format")]),
    ({"until": "2026-11-03T00:00:00Z"}, [("", "additionalProperties")]),
])
def test_a_bad_advance_is_refused_with_all_errors(world: WorldClient, body: dict, expected: list) -> None:
    """Wire format, assumed: errors of every call are problems that list all errors."""
    assert faults(refusal(world.post("/_sim/clock/advance", body), 422)) == expected


def test_a_change_of_the_clock_is_in_the_journal(world: WorldClient) -> None:
    """Wire format, assumed: the journal holds what happened, with its cause."""
    answer = world.put("/_sim/clock", {"mode": "frozen", "now": "2026-11-10T00:00:00Z"})
    entry = world.journal("clock.changed")[-1]
    assert entry["causedBy"] == int(answer.headers["X-Request-Id"])
    assert entry["data"] == {"mode": "frozen", "now": "2026-11-10T00:00:00+00:00", "rate": 0}


def test_a_move_that_waits_for_its_turn_can_be_stopped(server: Simulator, world: WorldClient) -> None:
    """Ours: a stop is meant for whoever wants to move the clock, also if the move comes to it only afterwards."""
    world.freeze("2026-11-02T17:00:00Z")
    time = server.worlds.find(world.name).time
    with ThreadPoolExecutor(1) as pool:
        with time.turn:
            moving = pool.submit(world.post, "/_sim/clock/advance", {"by": "P30D"})
            eventually(time.stop_moving, "the move waits for its turn")
        assert moving.result().json()["stopped"]
    assert world.now() == "2026-11-02T17:00:00+00:00"
    assert not time.stop_moving()
    assert world.post("/_sim/clock/advance", {"by": "PT1M"}).status_code == 200
