"""Dispatching: the control room plans and stops; time and answers move a dispatch along its table.

A dispatch has a start message and a stop message from the beginning, in one lane of the outbox: the start is due at the
notice before the start time, the stop at the end. Stopping early brings the stop message forward.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from simulator.market.dispatch_requests import WantedDispatch, breaches_of_dispatch
from simulator.market.dispatches import ENDED, Dispatch, Instruction, Move, State, moved
from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.market.events import EVENTS_TOPIC
from simulator.market.facts import DispatchMoved, DispatchPlanned, DispatchStopAsked
from simulator.market.outbox import OUTBOX_TOPIC, Attempt, Message, MessageKind, MessageState
from simulator.store import dispatches, organisations, outbox, settling
from simulator.store.work import View, Work
from simulator.timekeeping.london import to_london


def plan_dispatch(work: Work, wanted: WantedDispatch, sends_from: datetime | None = None) -> Dispatch:
    """Plan a dispatch of an organisation's units. Raises Refused with everything that is wrong.

    Its times are cut to whole seconds: not every contract can say less. Messages due before `sends_from` are
    left out: that is for the time before a world began.
    """
    wanted = replace(wanted, start_at=wanted.start_at.replace(microsecond=0),
                     end_at=wanted.end_at.replace(microsecond=0))
    own = organisations.units_of(work, wanted.organisation_id)
    unknown = _breaches_of_participant(work, wanted.organisation_id)
    # Nobody's units are nobody's: only the participant is to blame then.
    units = wanted.unit_ids if unknown else own.keys()
    breaches = [*unknown, *breaches_of_dispatch(wanted, units, work.now)]
    if breaches:
        raise Refused(breaches)
    prefix = f"D-{to_london(wanted.start_at):%Y%m%d}-"
    number = dispatches.count_with_prefix(work, prefix) + 1
    dispatch = Dispatch(
        f"{prefix}{number:04}", wanted.organisation_id, wanted.programme, wanted.unit_ids, wanted.start_at,
        wanted.end_at, wanted.power_milliwatts, wanted.notice, State.PLANNED, work.now)
    dispatches.add_dispatch(work, dispatch)
    work.cause = work.record(DispatchPlanned(
        dispatch.id, dispatch.organisation_id, dispatch.programme, dispatch.unit_ids, dispatch.start_at.isoformat(),
        dispatch.end_at.isoformat(), dispatch.start_message_at.isoformat()))
    settling.expect(work, dispatch.id, dispatch.end_at, work.cause)
    for instruction, due_at in ((Instruction.START, dispatch.start_message_at), (Instruction.STOP, dispatch.end_at)):
        if sends_from is None or due_at > sends_from:
            _add_message(work, dispatch, instruction, due_at)
    work.announce(OUTBOX_TOPIC)
    return dispatch


def _breaches_of_participant(view: View, organisation_id: str) -> list[RuleBreach]:
    if organisations.organisation_by_id(view, organisation_id) is not None:
        return []
    return [RuleBreach(None, "participant_id", "unknown_participant",
                       f"There is no participant {organisation_id[:80]!r} in this world.")]


def _add_message(work: Work, dispatch: Dispatch, instruction: Instruction, due_at: datetime) -> None:
    outbox.add_message(work, MessageKind.DISPATCH, dispatch.organisation_id, lane_of(dispatch.id),
                       content_of(dispatch, instruction, dispatch.end_at), due_at)


def lane_of(dispatch_id: str) -> str:
    """The lane of the outbox in which a dispatch's messages go out one after the other."""
    return f"dispatch/{dispatch_id}"


def content_of(dispatch: Dispatch, instruction: Instruction, end_at: datetime) -> dict[str, object]:
    """What a message of a dispatch says, in our own names; times are RFC 3339."""
    return {"dispatch_id": dispatch.id, "instruction": instruction.value, "start_time": dispatch.start_at.isoformat(),
            "end_time": end_at.isoformat(), "power_milliwatts": dispatch.power_milliwatts,
            "meterable_unit_ids": list(dispatch.unit_ids)}


def dispatch_by_id(view: View, dispatch_id: str) -> Dispatch:
    """One dispatch. Raises NotFound."""
    found = dispatches.dispatch_by_id(view, dispatch_id)
    if found is None:
        raise NotFound("dispatch", dispatch_id[:80])
    return found


def dispatches_of(view: View, organisation_id: str | None = None) -> list[Dispatch]:
    """The dispatches of an organisation, or of all; the newest first."""
    return dispatches.find_dispatches(view, organisation_id)


def messages_of_dispatch(view: View, dispatch_id: str) -> list[tuple[Message, list[Attempt]]]:
    """The messages of a dispatch with their attempts, in order."""
    return outbox.messages_with_attempts(view, lane_of(dispatch_id))


def stop_dispatch(work: Work, dispatch_id: str, emergency: bool) -> Dispatch:
    """End a dispatch early: nothing is sent if nothing was, else a stop or emergency stop goes out now.

    Raises NotFound, and Refused when the dispatch has ended already.
    """
    dispatch = dispatch_by_id(work, dispatch_id)
    if dispatch.state in ENDED:
        raise Refused([RuleBreach(None, None, "ended",
                                  f"The dispatch {dispatch.id} is {dispatch.state.value} already.")])
    if not emergency and _emergency_is_pending(work, dispatch):
        raise Refused([RuleBreach(None, None, "emergency_pending", f"An emergency stop of {dispatch.id} is on its way; "
                                  "an ordinary one would weaken it.")])
    work.cause = work.record(DispatchStopAsked(dispatch.id, emergency))
    if dispatch.state is State.PLANNED:
        for message in outbox.messages_in_lane(work, lane_of(dispatch.id)):
            outbox.set_message_state(work, message, MessageState.SUPERSEDED)
        return move_dispatch(work, dispatch, Move.CANCEL)
    instruction = Instruction.EMERGENCY_STOP if emergency else Instruction.STOP
    content = content_of(dispatch, instruction, min(work.now.replace(microsecond=0), dispatch.end_at))
    lane = lane_of(dispatch.id)
    waiting = [message for message in outbox.messages_in_lane(work, lane)
               if message.state is MessageState.WAITING and message.content["instruction"] != Instruction.START.value]
    if waiting and waiting[-1].attempts == 0:
        outbox.change_waiting(work, waiting[-1], content, work.now)
    else:
        # A stop that was tried already may have arrived: this one is another message, behind it.
        outbox.add_message(work, MessageKind.DISPATCH, dispatch.organisation_id, lane, content, work.now)
    work.announce(OUTBOX_TOPIC)
    return dispatch


def _emergency_is_pending(view: View, dispatch: Dispatch) -> bool:
    pending = (MessageState.WAITING, MessageState.UNDER_WAY)
    return any(message.state in pending and message.content["instruction"] == Instruction.EMERGENCY_STOP.value
               for message in outbox.messages_in_lane(view, lane_of(dispatch.id)))


def move_dispatch(work: Work, dispatch: Dispatch, move: Move) -> Dispatch:
    """Move a dispatch along the table, and tell the journal. Raises IllegalMove."""
    state = moved(dispatch.state, move)
    entry = work.record(
        DispatchMoved(dispatch.id, dispatch.organisation_id, dispatch.state.value, state.value, move.value))
    if state is State.CANCELLED:
        settling.forget(work, [dispatch.id])
    elif state is State.STOPPED and work.now < dispatch.end_at:
        settling.expect(work, dispatch.id, work.now, entry)
        work.announce(EVENTS_TOPIC)
    return dispatches.set_state(work, dispatch, state, work.now if state is State.STOPPED else None)


def dispatches_begin(view: View, now: datetime) -> bool:
    """Whether the start time of an acknowledged dispatch has come."""
    beginning = dispatches.next_beginning(view)
    return beginning is not None and beginning <= now


def begin_due_dispatches(work: Work) -> None:
    """Acknowledged dispatches whose start time has come are running."""
    for dispatch in dispatches.dispatches_to_begin(work, work.now):
        move_dispatch(work, dispatch, Move.BEGIN)


def next_event(view: View, after: datetime | None = None) -> datetime | None:
    """When the next message is due, or the next dispatch begins or ends; later than `after` if given."""
    return min(filter(None, (outbox.next_due(view, after), dispatches.next_beginning(view, after),
                             settling.next_due(view, after))), default=None)


def is_pointless(work: Work, message: Message) -> bool:
    """Whether a stop is due for a dispatch whose start never went out, because the server was down: it is cancelled."""
    dispatch = dispatch_by_id(work, message.content["dispatch_id"])
    if dispatch.state is not State.PLANNED or message.content["instruction"] == Instruction.START.value:
        return False
    move_dispatch(work, dispatch, Move.CANCEL)
    return True


def note_attempt_on_dispatch(work: Work, message: Message) -> None:
    """The first attempt of a start message was begun: the dispatch is sent."""
    dispatch = dispatch_by_id(work, message.content["dispatch_id"])
    if message.content["instruction"] == Instruction.START.value and dispatch.state is State.PLANNED:
        move_dispatch(work, dispatch, Move.SEND_START)


def note_end_on_dispatch(work: Work, message: Message, acknowledged: bool) -> None:
    """A message was acknowledged or given up: the dispatch moves."""
    dispatch = dispatch_by_id(work, message.content["dispatch_id"])
    if dispatch.state in ENDED:
        return
    if not acknowledged:
        move_dispatch(work, dispatch, Move.GIVE_UP)
        if message.content["instruction"] == Instruction.START.value:
            # What did not start need not be stopped at its end; the control room still can, and may have asked already.
            for later in outbox.messages_in_lane(work, message.lane):
                if later.state is MessageState.WAITING and later.due_at > work.now:
                    outbox.set_message_state(work, later, MessageState.SUPERSEDED)
    elif message.content["instruction"] != Instruction.START.value:
        move_dispatch(work, dispatch, Move.CONFIRM_STOP)
    elif dispatch.state is State.SENT:
        dispatch = move_dispatch(work, dispatch, Move.CONFIRM_START)
        if dispatch.start_at <= work.now:
            move_dispatch(work, dispatch, Move.BEGIN)
