"""`/_sim/clock`: look at the world's clock, set it, advance it."""

from __future__ import annotations

from flask import Blueprint, Response

from simulator.control.bodies import Body, read_duration, read_instant, refuse
from simulator.market_time import TimeRefused, describe_clock
from simulator.timekeeping.clock import FROZEN, REAL, SCALED, Clock, frozen_clock, real_clock, scaled_clock, wall_now
from simulator.timekeeping.scheduler import JobRun
from simulator.web import current_world, current_worlds, json_answer, work_of_request

FASTEST = 1_000_000

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
    """Set mode, time and rate; the mode frozen alone freezes where it stands, real alone returns to wall time."""
    body = _CLOCK.read()
    if ("rate" in body) != (body["mode"] == SCALED):
        refuse([{"pointer": "/rate", "code": "rate",
                 "message": "Give a rate with the mode scaled, and with no other mode: 60 is a minute a second."}])
    _move(_clock_of(body))
    return read_clock()


def _clock_of(body: dict) -> Clock:
    wall = wall_now()
    now = read_instant(body, "now")
    if body["mode"] == REAL:
        return real_clock(wall, now)
    now = now or current_world.now()
    return frozen_clock(now, wall) if body["mode"] == FROZEN else scaled_clock(now, wall, body["rate"])


def _move(clock: Clock) -> None:
    with work_of_request() as work:
        cause = work.cause
    try:
        current_world.time.set_clock(clock, cause)
    except TimeRefused as error:
        refuse([{"pointer": "/now", "code": "clock", "message": str(error)}])
    current_worlds.clock_changed(current_world.name)


def advance_clock() -> Response:
    """Move time forward `by` a duration or `to` an instant; runs every due job at its own instant, in order."""
    body = _ADVANCE.read()
    now = current_world.now()
    target = read_instant(body, "to")
    with work_of_request() as work:
        cause = work.cause
    try:
        if target is None:
            duration = read_duration(body, "by", now)
            runs = current_world.time.advance_by(duration, cause)
        else:
            runs = current_world.time.advance(target, cause)
    except TimeRefused as error:
        refuse([{"pointer": f"/{next(iter(body))}", "code": "clock", "message": str(error)}])
    current_worlds.clock_changed(current_world.name)
    return json_answer({"now": current_world.now(), "jobs": [_job(run) for run in runs]})


def _job(run: JobRun) -> dict[str, object]:
    return {"job": run.job, "dueAt": run.due_at, "outcome": run.outcome}
