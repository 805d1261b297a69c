"""Writes dispatch messages as the contract in force wants them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from simulator.contracts import CannotWrite, OutboundMessage
from simulator.market.outbox import Message, MessageKind, Rendered
from simulator.operations.ports import CannotSay

CHECK = Rendered("GET", "", (), "")
"""What "check connection" sends: a plain GET of the base url, which changes nothing anywhere."""

_MILLIWATTS_PER_KW = 1_000_000


class DispatchWriter:
    """The platform's side of the contract: our names and units in, a request out."""

    def __init__(self, message: OutboundMessage) -> None:
        self._message = message

    def write(self, message: Message) -> Rendered:
        """The message on the wire, without its base url. Raises CannotSay for what the contract has no way to say."""
        if message.kind is MessageKind.CHECK:
            return CHECK
        try:
            request = self._message.write(canonical_values(message.content))
        except CannotWrite as error:
            raise CannotSay(error.reason) from error
        return Rendered(request.method, request.target, request.headers, request.body.decode())


def canonical_values(content: dict[str, Any]) -> dict[str, Any]:
    """A message's content as the contract layer takes it: aware times, kW as Decimal."""
    return {
        "dispatch_id": content["dispatch_id"], "instruction": content["instruction"],
        "start_time": datetime.fromisoformat(content["start_time"]),
        "end_time": datetime.fromisoformat(content["end_time"]),
        "power_change_kw": Decimal(content["power_milliwatts"]) / _MILLIWATTS_PER_KW,
        "meterable_unit_ids": tuple(content["meterable_unit_ids"]),
    }
