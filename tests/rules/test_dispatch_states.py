"""What can become of a dispatch: the one table (domain, Availability and dispatch: states assumed)."""

from __future__ import annotations

from itertools import product

import pytest

from simulator.market.dispatches import ENDED, TABLE, IllegalMove, Move, State, moved

LEGAL = {
    ("planned", "SEND_START"): "sent", ("planned", "CANCEL"): "cancelled",
    ("sent", "CONFIRM_START"): "acknowledged", ("sent", "CONFIRM_STOP"): "stopped", ("sent", "GIVE_UP"): "failed",
    ("acknowledged", "BEGIN"): "running", ("acknowledged", "CONFIRM_STOP"): "stopped",
    ("acknowledged", "GIVE_UP"): "failed",
    ("running", "CONFIRM_STOP"): "stopped", ("running", "GIVE_UP"): "failed",
    ("failed", "CONFIRM_STOP"): "stopped", ("failed", "GIVE_UP"): "failed",
}
"""Written once more, by hand: a table that is compared with itself proves nothing."""

ILLEGAL = [(state, move) for state, move in product(State, Move) if (state.value, move.name) not in LEGAL]


@pytest.mark.proves("rule/dispatches.states")
@pytest.mark.parametrize(("before", "move", "after"), [(*pair, after) for pair, after in LEGAL.items()])
def test_a_legal_move_leads_where_the_table_says(before: str, move: str, after: str) -> None:
    """Domain: start, stop and emergency stop exist; the states are assumed."""
    assert moved(State(before), Move[move]) is State(after)


@pytest.mark.proves("rule/dispatches.states")
@pytest.mark.parametrize(("state", "move"), ILLEGAL, ids=lambda value: value.name)
def test_any_other_move_is_an_error(state: State, move: Move) -> None:
    """Ours: a move that the table lacks is a fault of the program, never passed over in silence."""
    with pytest.raises(IllegalMove, match=f"is {state.value} cannot change because {move.value}") as raised:
        moved(state, move)
    assert (raised.value.state, raised.value.move) == (state, move)


def test_every_pair_is_either_legal_or_not() -> None:
    """Ours: 7 states, 6 moves."""
    assert (len(TABLE), len(ILLEGAL), len(LEGAL) + len(ILLEGAL)) == (12, 30, 42)


def test_nothing_can_become_of_a_dispatch_that_has_ended() -> None:
    """Domain, assumed: stopped and cancelled are the end; one that failed can still be stopped, for it may be on."""
    assert {State.STOPPED, State.CANCELLED} == ENDED
    assert {state for state in State if not any(before is state for before, _ in TABLE)} == ENDED


def test_every_state_can_be_reached() -> None:
    """Ours: a state that no move leads to would be a mistake in the table."""
    reached = {State.PLANNED}
    for _ in State:
        reached |= {after for (before, _), after in TABLE.items() if before in reached}
    assert reached == set(State)


@pytest.mark.parametrize("state", sorted({state for state, _ in TABLE}, key=lambda state: state.value))
def test_every_dispatch_can_come_to_an_end(state: State) -> None:
    """Ours: no state is a trap."""
    reached = {state}
    for _ in State:
        reached |= {after for (before, _), after in TABLE.items() if before in reached}
    assert reached & ENDED
