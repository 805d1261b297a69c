"""`/_sim/worlds` and `/_sim/reset`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from simulator import snapshots
from simulator.control.bodies import Body, read_instant, refuse
from simulator.market.errors import NotFound
from simulator.market_time import describe_clock
from simulator.operations.fixtures import GIVEN, FixtureUnusable, fixture_from_text
from simulator.web import current_world, current_worlds, json_answer, problem, stepped_out
from simulator.worlds import WorldIsThere, WorldRefused

_NOTHING = Body({})
_WORLD = Body({"properties": {"fixture": {"type": "string", "minLength": 1}, "fixtureText": {"type": "string"},
                              "now": {"type": "string"}, "replace": {"type": "boolean"}}})


def add_routes(blueprint: Blueprint) -> None:
    """List, make, remove and reset worlds."""
    blueprint.add_url_rule("/worlds", "list_worlds", list_worlds)
    blueprint.add_url_rule("/worlds/<name>", "make_world", make_world, methods=["PUT"])
    blueprint.add_url_rule("/worlds/<name>", "delete_world", delete_world, methods=["DELETE"])
    blueprint.add_url_rule("/reset", "reset_world", reset_world, methods=["POST"])


def list_worlds() -> Response:
    """`{"worlds": ["default", …], "details": [{"name", "fixture", "now", "mode", "rate", "snapshots"}, …]}`."""
    found = [world for name in current_worlds.names() if (world := current_worlds.find(name)) is not None]
    return json_answer({"worlds": [world.name for world in found], "details": [
        {"name": world.name, "fixture": world.fixture, **describe_clock(world.clock, world.now()),
         "snapshots": snapshots.count_of(world)} for world in found]})


def make_world(name: str) -> Response:
    """Make a world from a fixture, at wall time or `now`. 201 when it is new.

    A world of that name is replaced, but with `"replace": false` it stays as it is, and the answer is 409.

    `fixtureText` is a fixture of the caller's own, which may say its start itself.
    """
    body = _read_wanted_world()
    now = read_instant(body, "now")
    given = "fixtureText" in body
    try:
        with stepped_out():
            content = fixture_from_text(body["fixtureText"]) if given else None
            is_new = current_worlds.create(name, GIVEN if given else body.get("fixture", "demo"), now, content,
                                           body.get("replace", True))
    except WorldIsThere as error:
        return problem(409, "Conflict", str(error))
    except WorldRefused as error:
        refuse([{"pointer": "", "code": "world", "message": str(error)}])
    except FixtureUnusable as error:
        pointer = "/fixtureText" if given else "/fixture"
        refuse([{"pointer": pointer, "code": "fixture", "message": line} for line in error.problems])
    return json_answer({"world": name}, 201 if is_new else 200)


def _read_wanted_world() -> dict[str, Any]:
    body = _WORLD.read()
    if "fixture" in body and "fixtureText" in body:
        refuse([{"pointer": "/fixtureText", "code": "one_of",
                 "message": "Give either the name of a fixture, or the text of one."}])
    return body


def delete_world(name: str) -> Response:
    """Remove a world and all it holds."""
    try:
        with stepped_out():
            current_worlds.delete(name)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    except WorldRefused as error:
        return problem(409, "Conflict", str(error))
    return Response(status=204)


def reset_world() -> Response:
    """Put the world back to its fixture."""
    _NOTHING.read()
    try:
        with stepped_out():
            world = current_worlds.reset(current_world.name)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    return json_answer({"world": world.name, "now": world.now()})
