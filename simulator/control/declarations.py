"""`/_sim/declarations`: every participant's declarations of a week, and declaring in a participant's place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, request

from simulator.control.bodies import Body, refuse
from simulator.control.refusals import refused, telling_also
from simulator.control.weeks import (
    DIRECTIONS,
    WINDOW,
    declaration_as_json,
    read_week,
    week_as_json,
    week_in_query,
    window_from,
)
from simulator.market.declarations import StaticDeclaration, WantedDeclaration
from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.operations import declarations
from simulator.operations.participants import participant
from simulator.web import current_world, json_answer, problem, work_of_request

_TEXT = {"type": "string"}
_PRICE = {"type": ["number", "null"]}
_DECLARATION = Body({
    "required": ["participantId", "weekCommencing", "programme", "meterableUnitId", "windows", "powerKw"],
    "properties": {
        "participantId": _TEXT, "weekCommencing": _TEXT, "programme": _TEXT, "meterableUnitId": _TEXT,
        "windows": {"type": "array", "maxItems": 100, "items": {
            "type": "object", "additionalProperties": False, "required": list(WINDOW), "properties": WINDOW}},
        "powerKw": {"type": "number"}, "direction": {"enum": list(DIRECTIONS)}, "utilisationBidPrice": _PRICE,
        "availabilityPrice": _PRICE, "repeats": {"type": "boolean"}, "lastWeek": _TEXT}})
_POINTERS = {
    "week_commencing": "/weekCommencing", "meterable_unit_id": "/meterableUnitId", "power_kw": "/powerKw",
    "utilisation_bid_price": "/utilisationBidPrice", "availability_price": "/availabilityPrice",
    "last_week": "/lastWeek"}


def add_routes(blueprint: Blueprint) -> None:
    """List declarations, declare, withdraw."""
    blueprint.add_url_rule("/declarations", "list_declarations", list_declarations)
    blueprint.add_url_rule("/declarations", "declare", declare, methods=["POST"])
    blueprint.add_url_rule("/declarations/<declaration_id>", "withdraw_declaration", withdraw, methods=["DELETE"])


def list_declarations() -> Response:
    """A week's declarations, of all or of `participant`, and the static ones: `week` is a Monday, or this week's."""
    week, owner = week_in_query(), request.args.get("participant")
    try:
        with current_world.view() as view:
            if owner is not None:
                participant(view, owner)
            found = declarations.declarations_of(view, owner, week)
            static = declarations.static_declarations_of(view, owner)
            return json_answer({**week_as_json(view, week), "declarations": [declaration_as_json(each) for each in
                                                                             found],
                                "static": [_static_as_json(each) for each in static]})
    except NotFound as error:
        return problem(404, "Not Found", str(error))


def declare() -> Response:
    """Declare in a participant's place, for a week or with `repeats` for every week from then on; the rules are the
    same as for itself. 201.
    """
    body = _DECLARATION.read()
    week, last = read_week(body, "weekCommencing"), read_week(body, "lastWeek") if "lastWeek" in body else None
    wanted = WantedDeclaration(
        week, body["programme"], body["meterableUnitId"], tuple(map(window_from, body["windows"])),
        Decimal(str(body["powerKw"])), DIRECTIONS[body.get("direction", "up")], _price(body, "utilisationBidPrice"),
        _price(body, "availabilityPrice"))
    owner, policy = body["participantId"], current_world.settings.market
    stray = [] if last is None or body.get("repeats") else [RuleBreach(
        None, "last_week", "not_static", "A last week is for static declarations. Leave it out, or let it repeat.")]
    try:
        with work_of_request() as work, telling_also(stray):
            participant(work, owner)
            if body.get("repeats"):
                made = _static_as_json(declarations.declare_static(work, owner, wanted, policy, last))
            else:
                made = declaration_as_json(declarations.declare(work, owner, wanted, policy))
    except NotFound as error:
        refuse([{"pointer": "/participantId", "code": "unknown_participant", "message": str(error)}])
        raise AssertionError("refuse always raises") from error
    except Refused as refusal:
        return refused(refusal, _POINTERS)
    return json_answer(made, 201)


def withdraw(declaration_id: str) -> Response:
    """Withdraw a declaration of an open week, or let a static one repeat no longer. 204."""
    try:
        with work_of_request() as work:
            declarations.withdraw_any(work, declaration_id, current_world.settings.market)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    except Refused as refusal:
        return refused(refusal, _POINTERS)
    return Response(status=204)


def _static_as_json(found: StaticDeclaration) -> dict[str, Any]:
    return {**declaration_as_json(found.pattern), "repeats": True, "weekCommencing": found.first_week.isoformat(),
            "lastWeek": None if found.last_week is None else found.last_week.isoformat()}


def _price(body: dict[str, Any], name: str) -> Decimal | None:
    return None if body.get(name) is None else Decimal(str(body[name]))
