"""What operations ask of the outside, as protocols: they know neither contracts nor networks."""

from __future__ import annotations

from typing import Protocol

from simulator.market.outbox import Message, Rendered


class CannotSay(Exception):
    """The contract in force has no way to say a message; the text tells why."""


class MessageWriter(Protocol):
    """Writes messages as the contract in force wants them."""

    def write(self, message: Message) -> Rendered:
        """The message as it goes over the wire, without its base url. Raises CannotSay."""
        ...
