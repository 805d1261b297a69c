"""What operations ask of the outside, as protocols: they know neither contracts, nor networks, nor documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from simulator.market.acceptance import Decision
from simulator.market.batches import TransactionType
from simulator.market.dispatches import Dispatch
from simulator.market.invoices import Invoice
from simulator.market.letters import Attachment
from simulator.market.outbox import Message, Rendered
from simulator.market.policy import MarketPolicy
from simulator.store.work import View


class CannotSay(Exception):
    """The contract in force has no way to say a message; the text tells why."""


class MessageWriter(Protocol):
    """Writes messages as the contract in force wants them, and signs those that are signed."""

    def write(self, view: View, message: Message) -> Rendered:
        """The message as it goes over the wire, without its base url. Raises CannotSay."""
        ...

    def renew(self, view: View, message: Message, rendered: Rendered) -> Rendered:
        """A message that was written before: the same, but for a signature that would not verify any more."""
        ...


class MonthFiles(Protocol):
    """Makes the files that go with the e-mails of a month."""

    def invoice(self, invoice: Invoice, policy: MarketPolicy) -> Attachment:
        """An invoice as a document."""
        ...

    def acceptances(self, week: date, decisions: Sequence[Decision]) -> Attachment:
        """A week's decisions as a table."""
        ...

    def schedule(self, start: datetime, dispatches: Sequence[Dispatch]) -> Attachment:
        """The dispatches of the 24 hours from `start` on as a table."""
        ...


class CannotRead(Exception):
    """A stored batch that the contract in force cannot read, because another one was in force then; the text says why.
    """


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """A batch that was read: assets, or the one unit, in canonical names and values.

    `pointer(index, field)` is where a field of a record stood in what was sent, as a JSON Pointer.
    """

    records: list[dict[str, Any]]
    pointer: Callable[[int, str], str]


class BatchReader(Protocol):
    """Reads batches as the contract in force has them."""

    def read(self, type: TransactionType, media_type: str, body: bytes) -> ReadBatch:
        """The batch that a request's body is. Raises CannotRead."""
        ...
