"""What the rules raise. The surfaces turn these into status codes and pages; see each surface's `errors.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleBreach:
    """One thing wrong with one field of what was sent.

    `index` counts records from 0 (None: the whole message); `field` is our canonical name; `code` is stable and
    for programs; `message` says what is wrong and how to mend it. `pointer` is where it stood in what was sent, when
    that is known already.
    """

    index: int | None
    field: str | None
    code: str
    message: str
    pointer: str | None = None


class Refused(Exception):
    """A message that breaks rules; nothing of it is stored. `breaches` lists all of them."""

    def __init__(self, breaches: Sequence[RuleBreach]) -> None:
        super().__init__("; ".join(breach.message for breach in breaches[:3]))
        self.breaches = list(breaches)


class NotFound(Exception):
    """There is no such thing, or it belongs to someone else: the two look the same from outside."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"There is no {what} {name!r}.")
        self.what = what
        self.name = name
