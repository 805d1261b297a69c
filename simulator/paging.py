"""Pages of long lists: the one that a request asks for with `?page=`, and what is on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from flask import request

_LONGEST_NUMBER = 9

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: its number, from 1, of how many, and of how many things in all; `length` are on each."""

    number: int
    pages: int
    total: int
    length: int

    @property
    def offset(self) -> int:
        """How many things come before it."""
        return (self.number - 1) * self.length

    def part_of(self, everything: Sequence[T]) -> Sequence[T]:
        """What of the whole list is on it."""
        return everything[self.offset:self.offset + self.length]


def page_number() -> int:
    """The page that the request asks for, from 1; what is no number is the first."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else 1


def asked_page(total: int, length: int) -> Page:
    """The page that the request asks for of `total` things; a page too far shows the last one."""
    pages = max(1, -(-total // length))
    return Page(min(page_number(), pages), pages, total, length)
