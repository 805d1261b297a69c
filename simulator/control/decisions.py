"""`/_sim/weeks` and `/_sim/acceptance-rule`: what becomes of a week's declarations, and by which rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response

from simulator.control.bodies import Body
from simulator.control.refusals import refused, telling_also
from simulator.control.weeks import (
    DIRECTIONS,
    WINDOW,
    direction_word,
    milliwatts,
    pounds,
    week_as_json,
    week_in_path,
    window_as_json,
    window_from,
)
from simulator.market.acceptance import AcceptanceRule, Decision, HandChoice, Requirement, RuleKind
from simulator.market.errors import Refused, RuleBreach
from simulator.market.quantities import kw
from simulator.operations import deciding
from simulator.operations.acceptance_rules import sound_rule
from simulator.timekeeping.instants import read_instant
from simulator.web import current_world, json_answer, work_of_request

BY_HAND = "by_hand"

_OF_RULE = {
    "powerPercent": RuleKind.IN_PART.value, "startsLaterMinutes": RuleKind.IN_PART.value,
    "endsEarlierMinutes": RuleKind.IN_PART.value, "requirements": RuleKind.MERIT_ORDER.value, "choices": BY_HAND}
"""Which rule each property belongs to."""

_TEXT = {"type": "string"}
_REQUIREMENT = {
    "type": "object", "additionalProperties": False, "required": ["zone", *WINDOW, "powerKw"],
    "properties": {"zone": _TEXT, "programme": {"type": ["string", "null"]}, "direction": {"enum": list(DIRECTIONS)},
                   **WINDOW, "powerKw": {"type": "number"}}}
_RULE = {
    "rule": {"enum": [kind.value for kind in RuleKind]}, "powerPercent": {"type": "number"},
    "startsLaterMinutes": {"type": "integer"}, "endsEarlierMinutes": {"type": "integer"},
    "requirements": {"type": "array", "items": _REQUIREMENT}}
_CHOICE = {
    "type": "object", "additionalProperties": False, "required": ["declarationId", "window"],
    "properties": {"declarationId": _TEXT, "window": {"type": "integer", "minimum": 1, "maximum": 100_000},
                   "startTime": _TEXT, "endTime": _TEXT, "powerKw": {"type": "number"}}}
_ACCEPTANCE_RULE = Body({"required": ["rule"], "properties": _RULE})
_DECIDE = Body({"properties": {
    **_RULE, "rule": {"enum": [*(kind.value for kind in RuleKind), BY_HAND]}, "preview": {"type": "boolean"},
    "choices": {"type": "array", "maxItems": 10_000, "items": _CHOICE}}})
_POINTERS = {
    "power_percent": "/powerPercent", "starts_later_minutes": "/startsLaterMinutes",
    "ends_earlier_minutes": "/endsEarlierMinutes", "day_of_week": "/dayOfWeek", "power_kw": "/powerKw",
    "declaration_id": "/declarationId", "acceptance_start": "/startTime", "acceptance_end": "/endTime",
    "accepted_power_kw": "/powerKw", "week_commencing": ""}


def add_routes(blueprint: Blueprint) -> None:
    """Look at a week's decisions, decide it, and say how Thursdays do."""
    blueprint.add_url_rule("/weeks/<monday>", "read_week", read)
    blueprint.add_url_rule("/weeks/<monday>/decide", "decide_week", decide, methods=["POST"])
    blueprint.add_url_rule("/acceptance-rule", "read_acceptance_rule", read_rule)
    blueprint.add_url_rule("/acceptance-rule", "set_acceptance_rule", set_rule, methods=["PUT"])


def read(monday: str) -> Response:
    """Where a week stands, and what became of each window that was declared for it."""
    week = week_in_path(monday)
    with current_world.view() as view:
        return json_answer(_week(view, week, deciding.dispatched_decisions_of(view, week)))


def decide(monday: str) -> Response:
    """Decide a locked week by a rule or by hand, or with `preview` say what would come of it and change nothing.

    Without a rule it is the one of Thursdays.
    """
    week, body, policy = week_in_path(monday), _DECIDE.read(), current_world.settings.market
    by_hand = body.get("rule") == BY_HAND
    choices, unread = _choices(body["choices"]) if by_hand and "choices" in body else ([], [])
    try:
        with current_world.view() as view, telling_also([*_unused(body), *unread]):
            rule = deciding.acceptance_rule(view) if "rule" not in body or by_hand else sound_rule(view, _rule(body))
            if unread:
                # Whatever else is wrong with the choices is to be told at once.
                deciding.preview_by_hand(view, week, choices, policy)
            if body.get("preview"):
                found = (deciding.preview_by_hand(view, week, choices, policy) if by_hand
                         else deciding.preview_week(view, week, rule, policy))
                return json_answer({**_week(view, week, [(each, None) for each in found]), "preview": True})
        with work_of_request() as work:
            if by_hand:
                deciding.decide_by_hand(work, week, choices, policy)
            else:
                deciding.decide_week(work, week, rule, policy)
            return json_answer(_week(work, week, deciding.dispatched_decisions_of(work, week)))
    except Refused as refusal:
        return refused(refusal, _POINTERS, "/choices" if by_hand else "/requirements")


def read_rule() -> Response:
    """The rule by which weeks are decided on Thursdays."""
    with current_world.view() as view:
        return json_answer(_rule_as_json(deciding.acceptance_rule(view)))


def set_rule() -> Response:
    """Decide weeks by another rule from the next Thursday on."""
    body = _ACCEPTANCE_RULE.read()
    try:
        with work_of_request() as work:
            with telling_also(_unused(body)):
                rule = sound_rule(work, _rule(body))
            deciding.set_acceptance_rule(work, rule)
    except Refused as refusal:
        return refused(refusal, _POINTERS, "/requirements")
    return json_answer(_rule_as_json(rule))


def _rule(body: dict[str, Any]) -> AcceptanceRule:
    return AcceptanceRule(
        RuleKind(body["rule"]), Decimal(str(body.get("powerPercent", 100))), body.get("startsLaterMinutes", 0),
        body.get("endsEarlierMinutes", 0), tuple(
            Requirement(each["zone"], window_from(each), milliwatts(each["powerKw"]), each.get("programme"),
                        DIRECTIONS[each.get("direction", "up")]) for each in body.get("requirements", ())))


def _unused(body: dict[str, Any]) -> list[RuleBreach]:
    """What was sent for another rule, or without one: it would change nothing, though whoever sent it thinks so."""
    rule = body.get("rule")
    return [RuleBreach(None, None, "not_of_this_rule", f"{name} is for the rule {of}. Leave it out, or choose that "
                       "rule.", f"/{name}") for name, of in _OF_RULE.items() if name in body and rule != of]


def _choices(given: Sequence[dict[str, Any]]) -> tuple[list[HandChoice], list[RuleBreach]]:
    """What was chosen by hand, and every time that cannot be read, which is then as declared."""
    unread: list[RuleBreach] = []

    def instant(index: int, name: str) -> datetime | None:
        if name not in given[index]:
            return None
        try:
            return read_instant(given[index][name])
        except ValueError as error:
            unread.append(RuleBreach(None, None, "format", f"{error}.", f"/choices/{index}/{name}"))
            return None

    found = [HandChoice(each["declarationId"], each["window"] - 1, instant(index, "startTime"),
                        instant(index, "endTime"), None if "powerKw" not in each else milliwatts(each["powerKw"]))
             for index, each in enumerate(given)]
    return found, unread


def _week(view: Any, week: date, found: Sequence[tuple[Decision, str | None]]) -> dict[str, Any]:
    return {**week_as_json(view, week), "decisions": [_decision(each, dispatch_id) for each, dispatch_id in found]}


def _decision(found: Decision, dispatch_id: str | None) -> dict[str, Any]:
    declaration = found.offer.declaration
    return {
        "declarationId": declaration.id, "window": found.offer.index + 1, "participantId": declaration.organisation_id,
        "programme": declaration.programme, "meterableUnitId": declaration.unit_id, "zone": declaration.zone,
        "direction": direction_word(declaration.direction), "declaredStart": found.offer.start_at,
        "declaredEnd": found.offer.end_at, "declaredKw": float(kw(declaration.power_milliwatts)),
        "bidPrice": pounds(declaration.utilisation_bid_price), "decision": found.verdict.value,
        "because": found.because, "acceptanceStart": found.acceptance_start, "acceptanceEnd": found.acceptance_end,
        "acceptedKw": float(kw(found.accepted_milliwatts)) if found.is_accepted else None,
        "utilisationBidPrice": pounds(found.utilisation_bid_price),
        "utilisationAwardedPrice": pounds(found.utilisation_awarded_price), "dispatchId": dispatch_id}


def _rule_as_json(rule: AcceptanceRule) -> dict[str, Any]:
    told: dict[str, Any] = {"rule": rule.kind.value, "words": deciding.rule_words(rule)}
    if rule.kind is RuleKind.IN_PART:
        told |= {"powerPercent": float(rule.power_percent), "startsLaterMinutes": rule.starts_later_minutes,
                 "endsEarlierMinutes": rule.ends_earlier_minutes}
    if rule.kind is RuleKind.MERIT_ORDER:
        told["requirements"] = [
            {"zone": each.zone, "programme": each.programme, "direction": direction_word(each.direction),
             **window_as_json(each.window), "powerKw": float(kw(each.power_milliwatts))} for each in rule.requirements]
    return told
