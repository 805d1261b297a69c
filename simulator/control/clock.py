"""`/_sim/clock`: look at the world's clock, set it, advance it."""

from __future__ import annotations

import re
from datetime import datetime

from flask import Blueprint, Response

from simulator.control.bodies import Body, read_duration, read_instant, refuse
from simulator.market_time import TimeRefused, TimeStopped, describe_clock
from simulator.timekeeping.clock import (
    FASTEST,
    FROZEN,
    REAL,
    SCALED,
    Clock,
    frozen_clock,
    real_clock,
    scaled_clock,
    wall_now,
)
from simulator.timekeeping.moments import moment_from_words
from simulator.timekeeping.scheduler import JobRun
from simulator.web import current_world, current_worlds, json_answer, work_of_request

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]")

_CLOCK = Body({"properties": {
    "mode": {"enum": [REAL, FROZEN, SCALED]}, "now": {"type": "string"},
    "rate": {"type": "number", "exclusiveMinimum": 0, "maximum": FASTEST}}, "required": ["mode"]})
_ADVANCE = Body({"properties": {"by": {"type": "string"}, "to": {"type": "string"}},
                 "minProperties": 1, "maxProperties": 1})


def add_routes(blueprint: Blueprint) -> None:
    """Read, set and advance the clock."""
    blueprint.add_url_rule("/clock", "read_clock", read_clock)
    blueprint.add_url_rule("/clock", "set_clock", set_clock, methods=["PUT"])
    blueprint.add_url_rule("/clock/advance", "advance_clock", advance_clock, methods=["POST"])


def read_clock() -> Response:
    """`{"mode", "now", "rate"}`."""
    return json_answer(describe_clock(current_world.clock, current_world.now()))


def set_clock() -> Response:
    """Set mode, time and rate; the mode frozen alone freezes where it stands, real alone returns to wall time.

    A way forward that is stopped leaves the clock on the way, as it ran before: the answer then has `stopped`, true,
    and `because`.
    """
    body = _CLOCK.read()
    if ("rate" in body) != (body["mode"] == SCALED):
        refuse([{"pointer": "/rate", "code": "rate",
                 "message": "Give a rate with the mode scaled, and with no other mode: 60 is a minute a second."}])
    return _move(_clock_of(body))


def _clock_of(body: dict) -> Clock:
    wall = wall_now()
    now = read_instant(body, "now")
    if body["mode"] == REAL:
        return real_clock(wall, now)
    now = now or current_world.now()
    return frozen_clock(now, wall) if body["mode"] == FROZEN else scaled_clock(now, wall, body["rate"])


def _move(clock: Clock) -> Response:
    with work_of_request() as work:
        cause = work.cause
    try:
        current_world.time.set_clock(clock, cause)
    except TimeStopped as stop:
        current_worlds.clock_changed(current_world.name)
        return json_answer({**describe_clock(current_world.clock, stop.reached), "stopped": True,
                            "because": stop.because})
    except TimeRefused as error:
        refuse([{"pointer": "/now", "code": "clock", "message": str(error)}])
    current_worlds.clock_changed(current_world.name)
    return read_clock()


def advance_clock() -> Response:
    """Move time forward `by` a duration, or `to` an instant or a moment in people's words ("next Thursday 12:05").

    Runs every due job at its own instant, in order. A move that is stopped on the way has done what it has done: the
    answer says where it stopped as `now`, with the jobs that ran, `stopped`, true, and `because`.
    """
    body = _ADVANCE.read()
    now = current_world.now()
    target = _target(body, now)
    with work_of_request() as work:
        cause = work.cause
    try:
        if target is None:
            duration = read_duration(body, "by", now)
            runs = current_world.time.advance_by(duration, cause)
        else:
            runs = current_world.time.advance(target, cause)
    except TimeStopped as stop:
        current_worlds.clock_changed(current_world.name)
        return json_answer({"now": stop.reached, "jobs": [_job(run) for run in stop.runs], "stopped": True,
                            "because": stop.because})
    except TimeRefused as error:
        refuse([{"pointer": f"/{next(iter(body))}", "code": "clock", "message": str(error)}])
    current_worlds.clock_changed(current_world.name)
    return json_answer({"now": current_world.now(), "jobs": [_job(run) for run in runs]})


def _target(body: dict, now: datetime) -> datetime | None:
    """Where to go, None when the body says by how much. A date and time joined by a T must have an offset, as ever."""
    words = body.get("to")
    if words is None or _INSTANT.match(words):
        return read_instant(body, "to")
    try:
        return moment_from_words(words, now)
    except ValueError as error:
        refuse([{"pointer": "/to", "code": "format", "message": str(error)}])
        raise AssertionError("refuse always raises") from error


def _job(run: JobRun) -> dict[str, object]:
    return {"job": run.job, "dueAt": run.due_at, "outcome": run.outcome}
