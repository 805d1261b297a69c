"""One value, two ways: from the wire to its canonical form and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Translation:
    """`read` takes a wire value and raises Unfit; `write` takes a canonical one and raises CannotWrite.

    `read` is None when the schema already guarantees the canonical form, so that nothing has to be called. `item` is
    what comes after the index in a pointer to one value of a list, such as "/id"; None when no pointer leads to one.
    """

    read: Callable[[Any], Any] | None
    write: Callable[[Any], Any]
    item: str | None = None
