"""How the SMP tells what is wrong: errors with the asset's index, a pointer, a code and a sentence."""

from __future__ import annotations

from typing import Any

from simulator.contracts import BoundOperation, Message, NotReadable, WireAnswer
from simulator.wire import refuse


def one_error(pointer: str, code: str, message: str) -> list[dict[str, Any]]:
    """The one thing wrong with a request, about no single asset."""
    return [{"index": None, "pointer": pointer, "code": code, "message": message}]


def refuse_message(operation: BoundOperation, message: Message | NotReadable, of_assets: bool = False
                   ) -> WireAnswer | None:
    """The answer to a message that cannot be read, or whose shape is wrong; None when there is nothing wrong with it.

    Errors have the index of their asset if the records are assets (`of_assets`).
    """
    if isinstance(message, NotReadable):
        return refuse(operation, message.outcome, message.detail, [_as_error(problem, of_assets)
                                                                   for problem in message.problems])
    if not message.problems:
        return None
    count = len(message.problems)
    return refuse(operation, "invalid", f"{count:,} error{'s' if count > 1 else ''}; nothing of this message was "
                  "accepted.", [_as_error(problem, of_assets) for problem in message.problems])


def _as_error(problem: Any, of_assets: bool) -> dict[str, Any]:
    return {"index": problem.index if of_assets else None, "pointer": problem.pointer, "code": problem.code,
            "message": problem.message}
