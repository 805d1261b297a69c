"""Dispatches: what the DSO's control room asks of Meterable Units, and the one table of what can become of a dispatch.

That the platform sends start and stop messages is documented (portal guide §3.1); emergency stop and 15 minutes' notice
are public (the brand's older pages); the states and their names are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from simulator.market.provenance import Rule

RULES = (
    Rule("dispatches.sent",
         "The platform sends start and stop messages to the FSP's endpoint.",
         "documented", "Portal guide §3.1."),
    Rule("dispatches.emergency_stop",
         "There is an emergency stop.",
         "public", "The brand's older public pages."),
    Rule("dispatches.states",
         "A dispatch is planned, sent, acknowledged, running, stopped, failed or cancelled, and moves between "
         "these as one table says.",
         "assumed", "Nobody outside the platform can know it."),
)

PROGRAMMES = {
    "SU": "Scheduled Utilisation",
    "SAOU": "Scheduled Availability, Operational Utilisation",
    "OU": "Operational Utilisation",
    "Secure": "Secure (legacy)",
    "Dynamic": "Dynamic (legacy)",
    "Restore": "Restore (legacy)",
}
"""Programmes by their public names."""

LONGEST_DISPATCH = timedelta(days=7)


class Instruction(Enum):
    """What a message asks of the FSP. The contract says which word stands for it on the wire."""

    START = "start"
    STOP = "stop"
    EMERGENCY_STOP = "emergency_stop"


class State(Enum):
    """Where a dispatch stands."""

    PLANNED = "planned"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Move(Enum):
    """What can happen to a dispatch."""

    SEND_START = "the start message goes out"
    CONFIRM_START = "the FSP acknowledges the start"
    BEGIN = "the start time comes"
    CONFIRM_STOP = "the FSP acknowledges a stop"
    GIVE_UP = "a message has failed for good"
    CANCEL = "the control room calls it off before anything was sent"


TABLE: dict[tuple[State, Move], State] = {
    (State.PLANNED, Move.SEND_START): State.SENT,
    (State.PLANNED, Move.CANCEL): State.CANCELLED,
    (State.SENT, Move.CONFIRM_START): State.ACKNOWLEDGED,
    (State.SENT, Move.CONFIRM_STOP): State.STOPPED,
    (State.SENT, Move.GIVE_UP): State.FAILED,
    (State.ACKNOWLEDGED, Move.BEGIN): State.RUNNING,
    (State.ACKNOWLEDGED, Move.CONFIRM_STOP): State.STOPPED,
    (State.ACKNOWLEDGED, Move.GIVE_UP): State.FAILED,
    (State.RUNNING, Move.CONFIRM_STOP): State.STOPPED,
    (State.RUNNING, Move.GIVE_UP): State.FAILED,
    # A start that seemed to fail may have arrived all the same: a stop is still worth sending.
    (State.FAILED, Move.CONFIRM_STOP): State.STOPPED,
    (State.FAILED, Move.GIVE_UP): State.FAILED,
}
"""Every legal move and where it leads; any other is an error of the program that asks for it."""

ENDED = frozenset({State.STOPPED, State.CANCELLED})
"""States in which nothing more can be asked of a dispatch."""


class IllegalMove(Exception):
    """A move that the table does not have."""

    def __init__(self, state: State, move: Move) -> None:
        super().__init__(f"A dispatch that is {state.value} cannot change because {move.value}.")
        self.state = state
        self.move = move


def moved(state: State, move: Move) -> State:
    """The state after a move. Raises IllegalMove."""
    try:
        return TABLE[state, move]
    except KeyError:
        raise IllegalMove(state, move) from None


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A dispatch of an organisation's units. Power is a change in milliwatts, as it stands in the messages."""

    id: str
    organisation_id: str
    programme: str
    unit_ids: tuple[str, ...]
    start_at: datetime
    end_at: datetime
    power_milliwatts: int
    notice: timedelta
    state: State
    created_at: datetime
    stopped_at: datetime | None = None

    @property
    def start_message_at(self) -> datetime:
        """When the start message goes out: the notice before the start, or at once."""
        return max(self.start_at - self.notice, self.created_at)
