"""`GET /_sim/fixture`: the world as a fixture, to be made anew from with `PUT /_sim/worlds/{name}`."""

from __future__ import annotations

from flask import Blueprint, Response, request

from simulator.control.bodies import refuse
from simulator.operations.fixture_saving import saved_fixture
from simulator.web import current_world, json_answer

_SECRETS = {"yes": True, "no": False}


def add_routes(blueprint: Blueprint) -> None:
    """Save a world as a fixture."""
    blueprint.add_url_rule("/fixture", "read_fixture", read_saved_fixture)


def read_saved_fixture() -> Response:
    """`{"fixture": "<YAML>", "leftOut": ["120 journal entries", …]}`; `?secrets=no` leaves out what is secret."""
    secrets = request.args.get("secrets", "yes")
    if secrets not in _SECRETS:
        refuse([{"pointer": "query secrets", "code": "enum", "message": "secrets is yes or no."}])
    with current_world.view() as view:
        saved = saved_fixture(view, current_world.now(), secrets=_SECRETS[secrets])
    return json_answer({"fixture": saved.text, "leftOut": list(saved.left_out)})
