"""What a JSON Schema validator found, told in plain words: where, what, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from .problems import Path
from .schemas import find_types, name_type

_LONGEST_ECHO = 60

_TYPE_WORDS = {
    "string": "text in quotes",
    "integer": "a whole number without quotes",
    "number": "a number without quotes",
    "boolean": "true or false without quotes",
    "array": "a list [...]",
    "object": "an object {...}",
    "null": "null",
}

_SENT_WORDS = {
    "string": "text",
    "integer": "a number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


class ShapeFault(NamedTuple):
    """One fault of shape. `path` is where it stands, `keyword` the JSON Schema rule it breaks; `missing` is the wire
    name of an absent required field.
    """

    path: Path
    code: str
    message: str
    keyword: str
    missing: str | None = None


def show_value(value: Any) -> str:
    """A sent value as JSON, cut short so that no message repeats a whole upload."""
    try:
        text = orjson.dumps(value).decode()
    except (TypeError, orjson.JSONEncodeError):
        text = str(value)
    return text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO]}..."


def _shorten(name: str) -> str:
    return name if len(name) <= _LONGEST_ECHO else f"{name[:_LONGEST_ECHO]}..."


def name_place(path: Path, whole: str = "The message") -> str:
    """How a sentence calls the value at `path`: its property's name, or "Item 3 (counted from 0)" of a list: the number
    is that of pointers and indexes.
    """
    if not path:
        return whole
    last = path[-1]
    return f"Item {last} (counted from 0)" if isinstance(last, int) else _shorten(last)


def _list_words(words: Any) -> str:
    shown = [word if isinstance(word, str) else show_value(word) for word in words]
    return ", ".join(shown[:20]) + (", ..." if len(shown) > 20 else "")


def _say_type(name: str, types: list[str], value: Any) -> str:
    wanted = " or ".join(_TYPE_WORDS.get(word, word) for word in types)
    sent = _SENT_WORDS[name_type(value)]
    shown = "" if value is None else f" ({show_value(value)})"
    return f"{name} is {sent}{shown}: send {wanted}."


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


_SENTENCES: dict[str, Callable[[str, Any, Any], str]] = {
    "type": lambda name, kind, value: _say_type(name, kind.types, value),
    "enum": lambda name, kind, value: f"{name} is {show_value(value)}: use one of {_list_words(kind.options)}.",
    "const": lambda name, kind, value: f"{name} is {show_value(value)}: send {show_value(kind.expected_value)}.",
    "maximum": lambda name, kind, value: f"{name} is {show_value(value)}: the largest allowed is {kind.limit}.",
    "minimum": lambda name, kind, value: f"{name} is {show_value(value)}: the smallest allowed is {kind.limit}.",
    "exclusiveMaximum": lambda name, kind, value: f"{name} is {show_value(value)}: it has to be below {kind.limit}.",
    "exclusiveMinimum": lambda name, kind, value: f"{name} is {show_value(value)}: it has to be above {kind.limit}.",
    "multipleOf": lambda name, kind, value: f"{name} is {show_value(value)}: send a multiple of {kind.multiple_of}.",
    "maxLength": lambda name, kind, value: (
        f"{name} has {len(value)} characters: at most {_plural(kind.limit, 'character')} are allowed."
    ),
    "minLength": lambda name, kind, value: (
        f"{name} is empty: write something in it."
        if not value
        else f"{name} has {_plural(len(value), 'character')}: at least {kind.limit} are needed."
    ),
    "pattern": lambda name, kind, value: f"{name} is {show_value(value)}: it has to match {_shorten(kind.pattern)}.",
    "maxItems": lambda name, kind, value: f"{name} has {len(value)} items: at most {kind.limit} are allowed.",
    "minItems": lambda name, kind, value: (
        f"{name} is an empty list: put at least {_plural(kind.limit, 'item')} in it."
        if not value
        else f"{name} has {_plural(len(value), 'item')}: at least {kind.limit} are needed."
    ),
    "uniqueItems": lambda name, kind, value: f"{name} holds the same item twice: send each once.",
    "minProperties": lambda name, kind, value: f"{name} has {len(value)} fields: at least {kind.limit} are needed.",
    "maxProperties": lambda name, kind, value: f"{name} has {len(value)} fields: at most {kind.limit} are allowed.",
}


def _follow(schema: Any, schema_path: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    node = schema
    if isinstance(node, dict):
        yield node
    for step in schema_path:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            return
        if isinstance(node, dict):
            yield node


class Explainer:
    """Tells the errors of one schema's validator (references expanded) in plain words. Built once for a schema."""

    def __init__(self, schema: dict[str, Any], whole: str = "The message") -> None:
        self._schema = schema
        self._whole = whole
        # A message with thousands of faults breaks the same few rules again and again.
        self._known_rules: dict[tuple[str | int, ...], tuple[str | None, str | None, dict[str, Any]]] = {}

    def explain(self, errors: Any, at: Path = ()) -> list[ShapeFault]:
        """Every error, of a value that stands at the path `at` of the message."""
        faults = [fault for error in errors for fault in self._explain(error, at)]
        # A number where an object has to be also "lacks" every field of it; saying so would only hide the reason.
        mistyped: dict[Path, ShapeFault] = {}
        for fault in faults:
            if fault.code == "type":
                mistyped.setdefault(fault.path, fault)
        return [fault for fault in faults if mistyped.get(fault.path, fault) is fault] if mistyped else faults

    def _explain(self, error: Any, at: Path) -> Iterator[ShapeFault]:
        kind = error.kind
        keyword = kind.name
        path: Path = (*at, *error.instance_path)
        code, message, rule = self._find_rule(tuple(error.schema_path))
        if keyword in ("oneOf", "anyOf") and code is None and message is None:
            yield from self._explain_choice(error, rule.get(keyword) or (), path, at)
        elif keyword == "required":
            missing = kind.property
            said = message or f"{_shorten(missing)} is missing: add it."
            yield ShapeFault(path, code or keyword, said, keyword, missing)
        elif keyword in ("additionalProperties", "unevaluatedProperties"):
            yield from _explain_strangers(error, rule, path, code or keyword, message)
        else:
            say = _SENTENCES.get(keyword)
            name = name_place(path, self._whole)
            if message is None:
                try:
                    message = say(name, kind, error.instance) if say else None
                except (AttributeError, TypeError):
                    message = None
            said = message or f"{name} breaks the contract's rule {keyword!r}."
            yield ShapeFault(path, code or keyword, said, keyword)

    def _find_rule(self, schema_path: tuple[str | int, ...]) -> tuple[str | None, str | None, dict[str, Any]]:
        """The code and message the contract gives a broken rule, and the schema that the rule stands in."""
        found = self._known_rules.get(schema_path)
        if found is None:
            found = self._known_rules[schema_path] = _find_own_words(self._schema, schema_path)
        return found

    def _explain_choice(self, error: Any, alternatives: Any, path: Path, at: Path) -> Iterator[ShapeFault]:
        """The errors of the alternative that was meant: same JSON type as what was sent, then the fewest errors."""
        name = name_place(path, self._whole)
        branches = list(getattr(error.kind, "context", ()))
        if not any(branches):
            said = f"{name} fits more than one of the contract's alternatives: send one."
            yield ShapeFault(path, error.kind.name, said, error.kind.name)
            return
        sent = name_type(error.instance)
        fitting, wanted = [], []
        for branch, alternative in zip(branches, alternatives, strict=False):
            types = find_types(alternative)
            wanted.extend(word for word in types if word not in wanted)
            if not types or sent in types or (sent == "integer" and "number" in types):
                fitting.append(branch)
        if not fitting:
            yield ShapeFault(path, "type", _say_type(name, wanted, error.instance), "type")
            return
        for inner in min(fitting, key=len):
            yield from self._explain(inner, at)


def _find_own_words(schema: Any, schema_path: tuple[str | int, ...]) -> tuple[str | None, str | None, dict[str, Any]]:
    code = message = None
    rule: dict[str, Any] = {}
    for rule in _follow(schema, schema_path[:-1]):
        code = rule.get("x-code", code)
        message = rule.get("x-message", message)
    return code, message, rule


@lru_cache(256)
def _advise(stranger: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(stranger, known, 1)
    return f"did you mean {close[0]}?" if close else f"the fields are {_list_words(known)}."


def _explain_strangers(
    error: Any, rule: dict[str, Any], path: Path, code: str, message: str | None
) -> Iterator[ShapeFault]:
    keyword = error.kind.name
    known = tuple(rule.get("properties") or ())
    for stranger in error.kind.unexpected:
        said = message
        if said is None:
            said = f"{_shorten(stranger)} is not a field of this message: {_advise(stranger[:_LONGEST_ECHO], known)}"
        # A pointer repeats the name, so an endless name is pointed at from outside.
        place = (*path, stranger) if len(stranger) <= _LONGEST_ECHO else path
        yield ShapeFault(place, code, said, keyword)
