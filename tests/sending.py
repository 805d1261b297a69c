"""Sending messages in the tests, and reading what became of them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from simulator.outbound.outcomes import FAILURE_CODES, STEPS, Outcome
from simulator.outbound.transport import Message, Transport
from tests.servers import PATIENCE_SECONDS

NOBODY: frozenset[str] = frozenset()
SHORT = 0.5
"""Seconds of a deadline that is meant to pass."""


def send(url: str, body: bytes = b"{}", headers: dict[str, str] | None = None, method: str = "POST", **options: Any
         ) -> Outcome:
    """Send one message with a transport that allows nothing but loopback and private addresses."""
    outcome = Transport(NOBODY, **{"timeout_seconds": PATIENCE_SECONDS, **options}).send(
        Message(method, url, headers or {}, body))
    names = [step for step, _ in outcome.steps]
    assert names == [step for step in STEPS if step in names]
    assert names[-1] == "total"
    assert all(milliseconds >= 0 for _, milliseconds in outcome.steps)
    return outcome


def failure_of(outcome: Outcome, code: str) -> str:
    """Why it failed, in words."""
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.acknowledged) == (code, False)
    assert code in FAILURE_CODES
    return outcome.failure.reason


def steps_of(outcome: Outcome) -> list[str]:
    """The steps that it got through."""
    return [step for step, _ in outcome.steps]


def knows(*addresses: str) -> Callable[..., list[tuple[Any, ...]]]:
    """A name server that gives these addresses for every name."""

    def look_up(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in addresses]

    return look_up


def is_late(outcome: Outcome, *words: str, seconds: float = SHORT) -> None:
    """It ended because its time was up, soon after that, and says how far it got."""
    reason = failure_of(outcome, "timeout")
    assert all(word in reason for word in (f"within {seconds:g} s", *words)), reason
    assert seconds * 1000 * 0.9 <= outcome.steps[-1][1] < PATIENCE_SECONDS * 1000
