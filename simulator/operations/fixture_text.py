"""The text of fixtures: YAML that is read with the place of everything in it, and written so that people can read it.

Of YAML, fixtures use mappings, lists and plain values. What an alias stands for counts each time that it is used: a
few lines of them can stand for more than any memory holds. Times and days stay texts, whoever forgets the quotes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from simulator.secret_names import SECRET_NAME

LARGEST_TEXT = 64_000_000
"""Characters of the longest text that is read."""

MOST_VALUES = 2_000_000
"""Values and lists of them in one text; powers stand many in one."""

_DEEPEST = 24
_LONGEST_PROBLEM = 400
_MOST_PROBLEMS = 200
_LINE_WIDTH = 116

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What stands for a value that is no text: less than YAML 1.1 has, so that 17:30 is no number, and no is no truth.
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})\Z")
_DECIMAL = re.compile(r"[-+]?([0-9]{1,18}\.[0-9]*|\.[0-9]+)([eE][-+][0-9]{1,3})?\Z")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")

Place = tuple[str | int, ...]
"""Where something stands in a fixture: names of mappings and places in lists, from the top."""

Problem = tuple[Place, str]
"""What is wrong, and where."""


class TextUnusable(Exception):
    """A text that is no YAML as fixtures use it; the message says where and what."""


class Places:
    """Where the parts of a text stand: line and column, both from 1 on."""

    def __init__(self) -> None:
        self._of_children: dict[int, dict[str | int, tuple[int, int]]] = {}
        self.root: Any = None

    def note(self, container: Any, key: str | int, mark: yaml.Mark) -> None:
        """A child of a mapping or list stands here."""
        self._of_children.setdefault(id(container), {})[key] = (mark.line + 1, mark.column + 1)

    def of(self, path: Place) -> tuple[int, int] | None:
        """Line and column of what a path leads to, or of the last part of it that is there."""
        container, found = self.root, None
        for key in path:
            here = self._of_children.get(id(container), {}).get(key)
            if here is None:
                return found
            found = here
            container = container[key]
        return found

    def told(self, problems: Sequence[Problem]) -> list[str]:
        """Problems as sentences that begin with where they are, in the order of the text."""
        found = sorted(problems, key=lambda problem: self.of(problem[0]) or (0, 0))
        told = [self._told(path, message) for path, message in found[:_MOST_PROBLEMS]]
        more = len(found) - len(told)
        return [*told, f"… and {more:,} more."] if more else told

    def _told(self, path: Place, message: str) -> str:
        place = self.of(path)
        where = "" if place is None else f"line {place[0]}, column {place[1]}: "
        name = "/".join(map(str, path)) or "the file"
        short = message if len(message) <= _LONGEST_PROBLEM else f"{message[:_LONGEST_PROBLEM]}…"
        return f"{where}{name}: {short}"


def read_text(text: str) -> tuple[Any, Places]:
    """What a text says, and where. Raises TextUnusable with the first thing that keeps it from being read."""
    if len(text) > LARGEST_TEXT:
        raise TextUnusable(f"The text has {len(text):,} characters; at most {LARGEST_TEXT:,} are read. Take a snapshot "
                           "for worlds of this size.")
    reader = _Reader()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = "; ".join(part for part in (error.context, error.problem) if part)
        raise _unusable(mark, f"this is not YAML: {what}") from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise TextUnusable(f"this is not YAML: {error}") from error
    reader.places.root = reader.content
    return reader.content, reader.places


class OneLine(dict):
    """A mapping that is written on one line, as far as it fits, with the lists in it."""


class _Writer(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """A writer of YAML that knows `OneLine`."""


_Writer.add_representer(OneLine, lambda writer, row: writer.represent_mapping(
    "tag:yaml.org,2002:map", row.items(), flow_style=True))


def write_text(content: Any) -> str:
    """Content as YAML: what holds nothing but plain values stands on one line, as far as it fits."""
    return yaml.dump(content, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=_LINE_WIDTH,
                     default_flow_style=None)


class _Reader:
    """Builds content from the events of a parser, without recursion."""

    def __init__(self) -> None:
        self.content: Any = None
        self.places = Places()
        self._open: list[_Open] = []
        self._anchored: dict[str, tuple[Any, int, int]] = {}
        self._documents = 0
        self._count = 0

    def take(self, event: yaml.Event) -> None:
        """One event."""
        mark = event.start_mark
        self._count_on(1, mark)
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event)
            self._scalar(event, mark)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._refuse_tag(event)
            container: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._add(container, mark)
            self._open.append(_Open(container, event.anchor, self._count))
            self._refuse_depth(0, mark)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor, mark)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise _unusable(mark, "a second document begins here; a fixture is one")

    def _count_on(self, more: int, mark: yaml.Mark) -> None:
        self._count += more
        if self._count > MOST_VALUES:
            raise _unusable(mark, f"there are more than {MOST_VALUES:,} values up to here. For worlds of this size, "
                                  "take a snapshot.")

    def _refuse_depth(self, more: int, mark: yaml.Mark) -> None:
        if len(self._open) + more > _DEEPEST:
            raise _unusable(mark, f"there are more than {_DEEPEST} levels in each other; no fixture needs as many")

    def _refuse_tag(self, event: Any) -> None:
        if event.tag not in _TEXT_TAGS:
            shown = "what begins with !" if self._is_secret() else event.tag
            raise _unusable(event.start_mark, f"{shown} is a tag, which fixtures do not use: remove it, or quote it")

    def _is_secret(self) -> bool:
        """Whether the value that is read now is one of those that are never shown."""
        key = self._open[-1].key if self._open else None
        return key is not None and SECRET_NAME.search(key) is not None

    def _end(self) -> None:
        ended = self._open.pop()
        if self._open:
            self._open[-1].height = max(self._open[-1].height, ended.height + 1)
        if ended.anchor is not None:
            self._anchored[ended.anchor] = ended.container, self._count - ended.began, ended.height

    def _alias(self, anchor: str, mark: yaml.Mark) -> None:
        if anchor not in self._anchored:
            shown = "what begins with *" if self._is_secret() else f"*{anchor}"
            raise _unusable(mark, f"{shown} stands for nothing that is complete here; quote a text that begins so")
        value, size, height = self._anchored[anchor]
        self._count_on(size, mark)
        self._refuse_depth(height, mark)
        if self._open:
            self._open[-1].height = max(self._open[-1].height, height + 1)
        self._add(value, mark)

    def _scalar(self, event: Any, mark: yaml.Mark) -> None:
        inside = self._open[-1] if self._open else None
        if inside is not None and isinstance(inside.container, dict) and inside.key is None:
            if event.value in inside.container:
                raise _unusable(mark, f"{event.value[:80]!r} stands here a second time")
            inside.key = event.value
            self.places.note(inside.container, event.value, mark)
            return
        value = _value(event.value) if event.implicit[0] else event.value
        if event.anchor is not None:
            self._anchored[event.anchor] = value, 1, 1
        self._add(value, mark)

    def _add(self, value: Any, mark: yaml.Mark) -> None:
        if not self._open:
            self.content = value
            return
        inside = self._open[-1]
        if isinstance(inside.container, list):
            self.places.note(inside.container, len(inside.container), mark)
            inside.container.append(value)
            return
        if inside.key is None:
            raise _unusable(mark, "only a text can be a name")
        inside.container[inside.key] = value
        inside.key = None


@dataclass
class _Open:
    """A mapping or list that is being read: its anchor, what was counted at its beginning, the name that waits for its
    value, and how many levels it has.
    """

    container: Any
    anchor: str | None
    began: int
    key: str | None = None
    height: int = 1


def _value(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.match(text):
        return int(text)
    if _DECIMAL.match(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _unusable(mark: yaml.Mark | None, message: str) -> TextUnusable:
    return TextUnusable(message if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: {message}")
