"""Requests with one thing wrong in them, to find out which errors a contract has for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def wrong_texts(value: str) -> Iterator[str]:
    """Texts in place of a text: no date, empty, too long, and numbers out of any range."""
    yield from ("yesterday", "", value + "x" * 64, "1000000000000", "-1000000000000")


def wrong_values(value: Any) -> Iterator[Any]:
    """A JSON value with one thing in it changed, in every way that a schema may have a rule against."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            yield from ({**value, name: wrong} for wrong in wrong_values(inner))
        yield {**value, "comment": "one field too many"}
    elif isinstance(value, list):
        yield []
        yield from ([wrong, *value[1:]] for wrong in wrong_values(value[0]))
    elif isinstance(value, str):
        yield from (5, *wrong_texts(value))
    else:
        yield from ("twelve", 1_000_000_000_000, -1_000_000_000_000, 0.1)
