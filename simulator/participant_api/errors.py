"""How broken rules look on the wire: the contract knows where each field stood in what was sent."""

from __future__ import annotations

from typing import Any

from simulator.contracts import Message
from simulator.market.errors import Refused, RuleBreach


def breaches_of_shape(message: Message) -> list[RuleBreach]:
    """What the contract found wrong, in the core's words."""
    return [RuleBreach(problem.index, None, problem.code, problem.message, problem.pointer)
            for problem in message.problems]


def describe_refusal(refusal: Refused, message: Message) -> list[dict[str, Any]]:
    """All errors as `{pointer, code, message}`, in order, each once.

    A field that holds for many readings, such as a unit in a header, is wrong once, not once for every reading.
    """
    told = dict.fromkeys((_pointer(breach, message), breach.code, breach.message) for breach in refusal.breaches)
    return [{"pointer": pointer, "code": code, "message": text} for pointer, code, text in told]


def _pointer(breach: RuleBreach, message: Message) -> str:
    if breach.pointer is not None:
        return breach.pointer
    return "" if breach.index is None else message.pointer(breach.index, breach.field or "")
