"""How the SMP tells what is wrong: errors with the asset's index, a pointer, a code and a sentence."""

from __future__ import annotations

import re
from typing import Any

from simulator.contracts import BoundOperation, FieldProblem, Message, NotReadable, WireAnswer
from simulator.wire import refuse


def one_error(pointer: str, code: str, message: str) -> list[dict[str, Any]]:
    """The one thing wrong with a request, about no single asset."""
    return [{"index": None, "pointer": pointer, "code": code, "message": message}]


def refuse_message(operation: BoundOperation, message: Message | NotReadable, of_assets: bool = False
                   ) -> WireAnswer | None:
    """The answer to a message that cannot be read, or whose shape is wrong; None when there is nothing wrong with it.

    Errors have the index of their asset: of the record if the records are assets (`of_assets`), else of the item in
    the record's list of assets, as in the errors of a batch.
    """
    if isinstance(message, NotReadable):
        return refuse(operation, message.outcome, message.detail,
                      [_as_error(problem, None) for problem in message.problems])
    if not message.problems:
        return None
    item = None if of_assets else _item_of_assets(message)
    errors = [_as_error(problem, problem.index if of_assets else _index_at(problem.pointer, item))
              for problem in message.problems]
    count = len(errors)
    return refuse(operation, "invalid", f"{count:,} error{'s' if count > 1 else ''}; nothing of this message was "
                  "accepted.", errors)


def _item_of_assets(message: Message) -> re.Pattern[str] | None:
    """What a pointer to an asset that a unit names begins with; None where the message names none."""
    if not message.records or "assets" not in message.records[0]:
        return None
    return re.compile(re.escape(message.pointer(0, "assets")) + r"/(\d+)(?:/|\Z)")


def _index_at(pointer: str, item: re.Pattern[str] | None) -> int | None:
    found = None if item is None else item.match(pointer)
    return None if found is None else int(found[1])


def _as_error(problem: FieldProblem, index: int | None) -> dict[str, Any]:
    return {"index": index, "pointer": problem.pointer, "code": problem.code, "message": problem.message}
