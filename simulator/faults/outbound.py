"""Faults of messages to participants: a transport around the real one that spoils what it sends, or what comes back."""

from __future__ import annotations

import threading
from dataclasses import replace

from simulator.outbound.outcomes import Failure, Outcome
from simulator.outbound.transport import Message, Transport

WORDS = "A fault that is switched on in the simulator "

STATUS_WORDS = WORDS + "gave status {} in place of the endpoint: the message was not sent."


class FaultyTransport:
    """Sends as the effects want it: late, cut, twice, with a wrong signature, or not at all."""

    def __init__(self, transport: Transport, ending: threading.Event) -> None:
        self._transport = transport
        self._ending = ending

    def send(self, message: Message, effects: dict[str, object]) -> Outcome:
        """What comes of sending a message under these effects; without any, what comes of sending it."""
        if "delayMs" in effects:
            self._ending.wait(int(effects["delayMs"]) / 1_000)  # type: ignore[call-overload]
        if "status" in effects:
            return Outcome(None, int(effects["status"]), (), b"", False, None, ())  # type: ignore[call-overload]
        if effects.get("drop") == "request":
            return _lost(None, "lost the message: it was not sent.")
        if "badSignature" in effects:
            message = replace(message, headers={**message.headers, "X-Signature": f"sha256={'0' * 64}"})
        if "truncate" in effects:
            message = replace(message, body=message.body[:int(effects["truncate"])])  # type: ignore[call-overload]
        outcome = self._transport.send(message)
        if "duplicate" in effects:
            self._transport.send(message)
        if effects.get("drop") == "answer":
            return _lost(outcome.address, f"lost the answer: the endpoint gave {outcome.status or 'none'}.")
        return outcome


def _lost(address: str | None, words: str) -> Outcome:
    return Outcome(address, None, (), b"", False, Failure("fault", WORDS + words), ())
