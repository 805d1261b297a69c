"""`/_sim/faults`: what testers let go wrong on purpose."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from simulator.control.bodies import Body, refuse
from simulator.faults.rules import SURFACES, Fault, fault_problems
from simulator.operations import faulting
from simulator.operations.sign_in import account_of
from simulator.web import current_world, json_answer, problem, work_of_request

_FAULT = Body({
    "required": ["match", "effect"],
    "properties": {
        "match": {"type": "object", "additionalProperties": False, "required": ["surface"], "properties": {
            "surface": {"enum": list(SURFACES)}, "route": {"type": "string", "minLength": 1, "maxLength": 200},
            "participant": {"type": "string"}}},
        "effect": {"type": "object"},
        "when": {"type": "object", "additionalProperties": False, "properties": {
            "nth": {"type": "integer", "minimum": 1}, "times": {"type": "integer", "minimum": 1},
            "probability": {"type": "number", "minimum": 0, "maximum": 1}}},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2**31}}})


def add_routes(blueprint: Blueprint) -> None:
    """List faults, switch one on, switch one or all off."""
    blueprint.add_url_rule("/faults", "list_faults", list_faults)
    blueprint.add_url_rule("/faults", "switch_fault_on", switch_on, methods=["POST"])
    blueprint.add_url_rule("/faults", "switch_faults_off", switch_all_off, methods=["DELETE"])
    blueprint.add_url_rule("/faults/<int(max=9223372036854775807):fault_id>", "switch_fault_off", switch_off,
                           methods=["DELETE"])


def list_faults() -> Response:
    """`{"faults": […]}` with how many matching exchanges each has seen and touched."""
    with current_world.view() as view:
        return json_answer({"faults": [_as_json(fault) for fault in faulting.faults_on(view)]})


def _as_json(fault: Fault) -> dict[str, Any]:
    match = {"surface": fault.surface, "route": fault.route, "participant": fault.participant}
    when = {"nth": fault.nth, "times": fault.times, "probability": fault.probability}
    return {"id": fault.id, "match": {name: value for name, value in match.items() if value is not None},
            "effect": fault.effect, "when": {name: value for name, value in when.items() if value is not None},
            "seed": fault.seed, "seen": fault.seen, "applied": fault.applied}


def switch_on() -> Response:
    """Switch a fault on: 201 with the fault and its id."""
    body = _FAULT.read()
    match, when = body["match"], body.get("when", {})
    fault = Fault(0, match["surface"], match.get("route"), match.get("participant"), body["effect"],
                  when.get("nth", 1), when.get("times"), when.get("probability", 1.0), body.get("seed", 0))
    problems = fault_problems(fault)
    with current_world.view() as view:
        if fault.participant is not None and account_of(view, fault.participant) is None:
            who = fault.participant[:80]
            problems.append(("/match/participant", f"There is no participant {who!r} in this world."))
    errors = [{"pointer": pointer, "code": "fault", "message": message} for pointer, message in problems]
    if errors:
        refuse(errors)
    with work_of_request() as work:
        made = faulting.switch_on(work, fault)
    return json_answer(_as_json(made), 201)


def switch_off(fault_id: int) -> Response:
    """Switch one fault off."""
    with work_of_request() as work:
        found = faulting.switch_off(work, fault_id)
    return Response(status=204) if found else problem(404, "Not Found", f"There is no fault {fault_id} on.")


def switch_all_off() -> Response:
    """Switch all faults off."""
    with work_of_request() as work:
        faulting.switch_off(work)
    return Response(status=204)
