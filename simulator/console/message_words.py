"""Messages of the outbox in words, with their attempts: for the pages of a dispatch and of a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator.market.outbox import Attempt, Message, MessageState
from simulator.market.retries import is_acknowledged
from simulator.operations.delivering import words_of

_STATE_WORDS = {
    MessageState.WAITING: ("waiting", "state-waiting"),
    MessageState.UNDER_WAY: ("under way", "state-waiting"),
    MessageState.DELIVERED: ("acknowledged", "state-good"),
    MessageState.FAILED: ("given up", "state-bad"),
    MessageState.SUPERSEDED: ("not sent any more", "state-over"),
    MessageState.HELD: ("held back by a fault", "state-waiting"),
}


@dataclass(frozen=True, slots=True)
class ShownAttempt:
    """An attempt in words. `is_good` is None while it is under way."""

    attempt: Attempt
    words: str
    is_good: bool | None


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message in words, with its attempts. `due_at` is when it goes out, if it still does."""

    title: str
    state: str
    state_class: str
    due_at: datetime | None
    attempts: tuple[ShownAttempt, ...]


def shown_message(title: str, message: Message, attempts: Sequence[Attempt]) -> ShownMessage:
    """A message in words."""
    words, look = _STATE_WORDS[message.state]
    return ShownMessage(title, words, look, message.due_at if message.state is MessageState.WAITING else None,
                        tuple(map(_shown_attempt, attempts)))


def _shown_attempt(attempt: Attempt) -> ShownAttempt:
    outcome = attempt.outcome
    if outcome is None:
        return ShownAttempt(attempt, "no outcome noted: under way, or interrupted by the end of the server", None)
    if outcome.failure is None and is_acknowledged(outcome.status):
        return ShownAttempt(attempt, f"acknowledged with status {outcome.status}", True)
    return ShownAttempt(attempt, words_of(outcome), False)
