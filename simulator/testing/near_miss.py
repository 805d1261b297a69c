"""Comparing what a test expects with what there is, field by field, and saying what came closest. Pure.

What can be expected of a field: a value; a mapping, of which every key must fit and others may be there; a list, of
which every element must fit; a compiled pattern, found in a text; a datetime, the same instant in whatever spelling; a
function, true for the value; and `...`, for anything at all as long as it is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_LONGEST = 160
_MOST_NAMES = 12


class _Missing:
    """Stands for a field that is not there."""

    def __repr__(self) -> str:
        return "not there"


MISSING = _Missing()


@dataclass(frozen=True)
class Field:
    """One field that was expected: where it stands, what was expected and found there, and whether that fits."""

    path: str
    expected: Any
    found: Any
    fits: bool
    note: str = ""


def compare(expected: Any, found: Any, path: str = "") -> list[Field]:
    """Every field that is expected, with what was found. JSON in a text is looked into where that is expected."""
    if isinstance(expected, Mapping | list | tuple) and isinstance(found, str):
        found = _read(found)
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return [each for name, value in expected.items()
                for each in _member(name, value, found, f"{path}.{name}" if path else str(name))]
    if isinstance(expected, list | tuple) and isinstance(found, list | tuple) and len(expected) == len(found):
        return [each for index, value in enumerate(expected) for each in compare(value, found[index],
                                                                                f"{path}[{index}]")]
    fits, note = _fits(expected, found)
    return [Field(path, expected, found, fits, note)]


def _member(name: Any, expected: Any, found: Mapping[Any, Any], path: str) -> list[Field]:
    if name in found:
        return compare(expected, found[name], path)
    if getattr(expected, "accepts_missing", False):
        return [Field(path, expected, MISSING, True)]
    names = ", ".join(sorted(map(str, found))[:_MOST_NAMES]) or "nothing"
    return [Field(path, expected, MISSING, False, f"there: {names}")]


def _read(text: str) -> Any:
    """What a text says if it is JSON; the text as it is otherwise."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _fits(expected: Any, found: Any) -> tuple[bool, str]:
    if found is MISSING:
        return False, ""
    if expected is ...:
        return True, ""
    if isinstance(expected, re.Pattern):
        return isinstance(found, str) and bool(expected.search(found)), ""
    if isinstance(expected, datetime) and isinstance(found, str):
        return _same_instant(expected, found), ""
    if callable(expected) and not isinstance(expected, type):
        try:
            return bool(expected(found)), ""
        except Exception as error:
            # A function that trips over an entry of another shape does not fit it; what it tripped over is told.
            return False, f"raised {type(error).__name__}: {error}"
    if isinstance(expected, list | tuple) and isinstance(found, list | tuple) and len(expected) != len(found):
        return False, f"{len(expected)} expected, {len(found)} found"
    return bool(expected == found), ""


def _same_instant(expected: datetime, found: str) -> bool:
    try:
        return datetime.fromisoformat(found) == expected
    except (ValueError, TypeError):
        return False


@dataclass(frozen=True)
class NearMiss:
    """The candidate with the most fields that fit, the latest of several; `index` is its place among them."""

    index: int
    fields: list[Field]

    @property
    def fits(self) -> bool:
        """Whether every field fits."""
        return all(field.fits for field in self.fields)

    @property
    def score(self) -> int:
        """How many fields fit."""
        return sum(field.fits for field in self.fields)

    def in_words(self) -> list[str]:
        """A line for each field that fits, two for each that does not; these come last, where one looks."""
        width = max((len(field.path) for field in self.fields), default=0)
        lines = [f"  fits   {field.path:<{width}}  {shown(field.found)}" for field in self.fields if field.fits]
        for field in self.fields:
            if not field.fits:
                note = f"   ({field.note})" if field.note else ""
                lines += [f"  wrong  {field.path:<{width}}  expected {said(field.expected)}",
                          f"         {'':<{width}}  found    {shown(field.found)}{note}"]
        return lines


def closest(expected: Mapping[str, Any], candidates: Sequence[Any]) -> NearMiss | None:
    """What comes closest to what is expected: one that fits entirely if there is one; None without candidates."""
    best: NearMiss | None = None
    for index in range(len(candidates) - 1, -1, -1):
        miss = NearMiss(index, compare(expected, candidates[index]))
        if miss.fits:
            return miss
        if best is None or (miss.score, -len(miss.fields)) > (best.score, -len(best.fields)):
            best = miss
    return best


def expectation(expected: Mapping[str, Any], path: str = "") -> list[str]:
    """What is expected, a line for each field."""
    lines: list[str] = []
    for name, value in expected.items():
        place = f"{path}.{name}" if path else str(name)
        if isinstance(value, Mapping) and value:
            lines += expectation(value, place)
        else:
            lines.append(f"  {place}  {said(value)}")
    return lines


def said(expected: Any) -> str:
    """What is expected of a field, in words."""
    if expected is ...:
        return "anything"
    if isinstance(expected, re.Pattern):
        return f"a text that matches {expected.pattern!r}"
    if isinstance(expected, datetime):
        return expected.isoformat()
    if isinstance(words := getattr(expected, "in_words", None), str):
        return words
    if callable(expected) and not isinstance(expected, type):
        return f"what {getattr(expected, '__name__', expected)} says yes to"
    return shown(expected)


def shown(value: Any) -> str:
    """A value, shortened if it is long."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
