"""`/_sim/dispatches`: what the DSO's control room does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response

from simulator.control.bodies import Body, read_instant, refuse
from simulator.control.refusals import refused
from simulator.market.dispatch_requests import WantedDispatch
from simulator.market.dispatches import Dispatch
from simulator.market.errors import NotFound, Refused
from simulator.market.outbox import Attempt, Message
from simulator.market.quantities import kw
from simulator.operations import dispatching
from simulator.web import current_world, json_answer, problem, work_of_request

_TEXT = {"type": "string"}
_NOTHING = Body({})
_DISPATCH = Body({
    "required": ["participantId", "programme", "meterableUnitIds", "startTime", "endTime", "powerChangeKw"],
    "properties": {
        "participantId": _TEXT, "programme": _TEXT, "meterableUnitIds": {"type": "array", "items": _TEXT},
        "startTime": _TEXT, "endTime": _TEXT, "powerChangeKw": {"type": "number"},
        "noticeMinutes": {"type": "integer"}}})


def add_routes(blueprint: Blueprint) -> None:
    """Dispatch, look at dispatches, stop them."""
    blueprint.add_url_rule("/dispatches", "list_dispatches", list_dispatches)
    blueprint.add_url_rule("/dispatches", "plan_dispatch", plan, methods=["POST"])
    blueprint.add_url_rule("/dispatches/<dispatch_id>", "read_dispatch", read)
    for path, emergency in (("stop", False), ("emergency-stop", True)):
        blueprint.add_url_rule(f"/dispatches/<dispatch_id>/{path}", f"{path.replace('-', '_')}_dispatch", stop,
                               methods=["POST"], defaults={"emergency": emergency})


def list_dispatches() -> Response:
    """`{"dispatches": […]}`, the newest first, without their messages."""
    with current_world.view() as view:
        return json_answer({"dispatches": [_as_json(each) for each in dispatching.dispatches_of(view)]})


def read(dispatch_id: str) -> Response:
    """One dispatch with its messages and their attempts."""
    try:
        with current_world.view() as view:
            dispatch = dispatching.dispatch_by_id(view, dispatch_id)
            messages = dispatching.messages_of_dispatch(view, dispatch_id)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    return json_answer({**_as_json(dispatch), "messages": [_message(*each) for each in messages]})


def plan() -> Response:
    """Dispatch units of a participant: 201 with the dispatch; its start message goes out at the notice."""
    body = _DISPATCH.read()
    start, end = read_instant(body, "startTime"), read_instant(body, "endTime")
    assert start is not None and end is not None  # required by the schema
    milliwatts = Decimal(str(body["powerChangeKw"])) * 1_000_000
    if milliwatts != milliwatts.to_integral_value():
        refuse([{"pointer": "/powerChangeKw", "code": "precision", "message": "At most six decimals of a kW."}])
    minutes = body.get("noticeMinutes", current_world.settings.notice_minutes)
    notice = timedelta(minutes=max(-1, min(minutes, 10**7)))  # what is far out of range is as wrong as what is just so
    wanted = WantedDispatch(body["participantId"], body["programme"], tuple(body["meterableUnitIds"]), start, end,
                            int(milliwatts), notice)
    try:
        with work_of_request() as work:
            made = dispatching.plan_dispatch(work, wanted)
    except Refused as refusal:
        return refused(refusal, _POINTERS)
    return json_answer(_as_json(made), 201)


_POINTERS = {"participant_id": "/participantId", "programme": "/programme", "meterable_unit_ids": "/meterableUnitIds",
             "start_time": "/startTime",
             "end_time": "/endTime", "power_change_kw": "/powerChangeKw", "notice_minutes": "/noticeMinutes"}


def stop(dispatch_id: str, emergency: bool) -> Response:
    """End a dispatch early."""
    _NOTHING.read()
    try:
        with work_of_request() as work:
            stopped = dispatching.stop_dispatch(work, dispatch_id, emergency)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    except Refused as refusal:
        return refused(refusal, {})
    return json_answer(_as_json(stopped))


def _as_json(dispatch: Dispatch) -> dict[str, Any]:
    return {
        "dispatchId": dispatch.id, "participantId": dispatch.organisation_id, "state": dispatch.state.value,
        "programme": dispatch.programme, "meterableUnitIds": list(dispatch.unit_ids), "startTime": dispatch.start_at,
        "endTime": dispatch.end_at, "powerChangeKw": float(kw(dispatch.power_milliwatts)),
        "noticeMinutes": dispatch.notice // timedelta(minutes=1), "startMessageAt": dispatch.start_message_at,
        "stoppedAt": dispatch.stopped_at}


def _message(message: Message, attempts: list[Attempt]) -> dict[str, Any]:
    return {"messageId": message.id, "instruction": message.content["instruction"], "state": message.state.value,
            "dueAt": message.due_at, "attempts": [attempt_as_json(attempt) for attempt in attempts]}


def attempt_as_json(attempt: Attempt) -> dict[str, Any]:
    """An attempt at a message, with what came of it."""
    told: dict[str, Any] = {"number": attempt.number, "at": attempt.at, "journalEntry": attempt.journal_entry}
    if attempt.outcome is not None:
        told |= {"status": attempt.outcome.status, "failure": attempt.outcome.failure,
                 "reason": attempt.outcome.reason, "ms": attempt.outcome.ms}
    return told
