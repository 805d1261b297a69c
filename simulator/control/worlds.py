"""`/_sim/worlds` and `/_sim/reset`."""

from __future__ import annotations

from flask import Blueprint, Response

from simulator.control.bodies import Body, read_instant, refuse
from simulator.market.errors import NotFound
from simulator.operations.fixtures import FixtureUnusable
from simulator.web import current_world, current_worlds, json_answer, problem
from simulator.worlds import WorldRefused

_NOTHING = Body({})
_WORLD = Body({"properties": {"fixture": {"type": "string", "minLength": 1}, "now": {"type": "string"}}})


def add_routes(blueprint: Blueprint) -> None:
    """List, make, remove and reset worlds."""
    blueprint.add_url_rule("/worlds", "list_worlds", list_worlds)
    blueprint.add_url_rule("/worlds/<name>", "make_world", make_world, methods=["PUT"])
    blueprint.add_url_rule("/worlds/<name>", "delete_world", delete_world, methods=["DELETE"])
    blueprint.add_url_rule("/reset", "reset_world", reset_world, methods=["POST"])


def list_worlds() -> Response:
    """`{"worlds": ["default", …]}`."""
    return json_answer({"worlds": current_worlds.names()})


def make_world(name: str) -> Response:
    """Make a world from a fixture, at wall time or `now`; a world of that name is replaced. 201 when it is new."""
    body = _WORLD.read()
    now = read_instant(body, "now")
    world = current_world._get_current_object()  # type: ignore[attr-defined]
    try:
        with current_worlds.stepped_out(world):
            is_new = current_worlds.create(name, body.get("fixture", "demo"), now)
    except WorldRefused as error:
        refuse([{"pointer": "", "code": "world", "message": str(error)}])
    except FixtureUnusable as error:
        refuse([{"pointer": "/fixture", "code": "fixture", "message": line} for line in error.problems])
    return json_answer({"world": name}, 201 if is_new else 200)


def delete_world(name: str) -> Response:
    """Remove a world and all it holds."""
    world = current_world._get_current_object()  # type: ignore[attr-defined]
    try:
        with current_worlds.stepped_out(world):
            current_worlds.delete(name)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    except WorldRefused as error:
        return problem(409, "Conflict", str(error))
    return Response(status=204)


def reset_world() -> Response:
    """Put the world back to its fixture."""
    _NOTHING.read()
    world = current_world._get_current_object()  # type: ignore[attr-defined]
    with current_worlds.stepped_out(world):
        current_worlds.reset(world.name)
    return json_answer({"world": world.name, "now": world.now()})
