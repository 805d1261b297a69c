"""The page of one dispatch: where it stands, every message and attempt, what goes out next, and the stop buttons."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm

from simulator.console.control_room import STATE_CLASSES, state_meanings
from simulator.console.message_words import ShownMessage, shown_message
from simulator.market.dispatches import ENDED, Dispatch, Instruction
from simulator.market.errors import NotFound, Refused
from simulator.market.outbox import Attempt, Message, MessageState
from simulator.operations import dispatching
from simulator.operations.participants import participant
from simulator.timekeeping.clock import FROZEN
from simulator.web import current_world, work_of_request

INSTRUCTION_WORDS = {
    Instruction.START.value: "Start message",
    Instruction.STOP.value: "Stop message",
    Instruction.EMERGENCY_STOP.value: "Emergency stop message",
}
"""An instruction's message in words."""


def add_routes(blueprint: Blueprint) -> None:
    """Look at a dispatch, stop it."""
    place = "/control-room/<dispatch_id>"
    blueprint.add_url_rule(place, "dispatch_page", dispatch_page)
    for path, emergency in (("stop", False), ("emergency-stop", True)):
        blueprint.add_url_rule(f"{place}/{path}", f"{path.replace('-', '_')}_dispatch", stop, methods=["POST"],
                               defaults={"emergency": emergency})


def dispatch_page(dispatch_id: str) -> Any:
    """One dispatch."""
    try:
        with current_world.view() as view:
            dispatch = dispatching.dispatch_by_id(view, dispatch_id)
            messages = dispatching.messages_of_dispatch(view, dispatch_id)
            owner = participant(view, dispatch.organisation_id)
    except NotFound as error:
        abort(404, str(error))
    shown = [_shown(*each) for each in messages]
    planned = [message for message in shown if message.due_at is not None]
    return render_template(
        "console/dispatch.html", dispatch=dispatch, owner=owner, messages=shown,
        next_message=min(planned, key=lambda message: message.due_at, default=None),
        under_way=any(message.state is MessageState.UNDER_WAY for message, _ in messages),
        has_ended=dispatch.state in ENDED, nothing_sent=_nothing_sent(dispatch, messages),
        state_classes=STATE_CLASSES, meanings=state_meanings(), is_frozen=current_world.clock.mode == FROZEN,
        form=FlaskForm())


def _nothing_sent(dispatch: Dispatch, messages: list[tuple[Message, list[Attempt]]]) -> bool:
    return dispatch.state not in ENDED and not any(attempts for _, attempts in messages)


def _shown(message: Message, attempts: list[Attempt]) -> ShownMessage:
    return shown_message(INSTRUCTION_WORDS.get(message.content["instruction"], "Message"), message, attempts)


def stop(dispatch_id: str, emergency: bool) -> Any:
    """End the dispatch early."""
    words = "emergency stop" if emergency else "stop"
    try:
        with work_of_request() as work:
            stopped = dispatching.stop_dispatch(work, dispatch_id, emergency)
    except NotFound as error:
        abort(404, str(error))
    except Refused as refusal:
        flash(" ".join(breach.message for breach in refusal.breaches), "danger")
    else:
        flash(f"The dispatch {stopped.id} is cancelled: nothing was sent." if stopped.state in ENDED
              else f"The {words} of {stopped.id} goes out now.", "success")
    return redirect(url_for("console.dispatch_page", dispatch_id=dispatch_id), 303)
