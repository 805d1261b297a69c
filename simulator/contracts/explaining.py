"""What a JSON Schema validator found, told in plain words: where, what, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

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


@dataclass(frozen=True)
class ShapeFault:
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
    """How a sentence calls the value at `path`: its property's name, or "Item 4" of a list, counted from 1."""
    if not path:
        return whole
    last = path[-1]
    return f"Item {last + 1}" if isinstance(last, int) else _shorten(last)


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


def _follow(schema: Any, schema_path: list[str | int]) -> Iterator[dict[str, Any]]:
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


def explain_errors(schema: dict[str, Any], errors: Any, whole: str = "The message") -> list[ShapeFault]:
    """Every error of the validator of `schema` (references expanded), in plain words."""
    faults = [fault for error in errors for fault in _explain(schema, error, whole)]
    # A number where an object has to be also "lacks" every field of it; saying so would only hide the reason.
    mistyped: dict[Path, ShapeFault] = {}
    for fault in faults:
        if fault.code == "type":
            mistyped.setdefault(fault.path, fault)
    return [fault for fault in faults if mistyped.get(fault.path, fault) is fault]


def _explain(schema: dict[str, Any], error: Any, whole: str) -> Iterator[ShapeFault]:
    keyword = error.kind.name
    path: Path = tuple(error.instance_path)
    code, message, rule = _find_own_words(schema, error.schema_path)
    if keyword in ("oneOf", "anyOf") and code is None and message is None:
        yield from _explain_choice(schema, error, rule.get(keyword) or (), whole)
    elif keyword == "required":
        missing = error.kind.property
        said = message or f"{_shorten(missing)} is missing: add it."
        yield ShapeFault(path, code or keyword, said, keyword, missing)
    elif keyword in ("additionalProperties", "unevaluatedProperties"):
        yield from _explain_strangers(error, rule, path, code or keyword, message)
    else:
        say = _SENTENCES.get(keyword)
        name = name_place(path, whole)
        if message is None:
            try:
                message = say(name, error.kind, error.instance) if say else None
            except (AttributeError, TypeError):
                message = None
        yield ShapeFault(path, code or keyword, message or f"{name} breaks the contract's rule {keyword!r}.", keyword)


def _find_own_words(schema: Any, schema_path: list[str | int]) -> tuple[str | None, str | None, dict[str, Any]]:
    code = message = None
    rule: dict[str, Any] = {}
    for rule in _follow(schema, schema_path[:-1]):
        code = rule.get("x-code", code)
        message = rule.get("x-message", message)
    return code, message, rule


def _explain_strangers(
    error: Any, rule: dict[str, Any], path: Path, code: str, message: str | None
) -> Iterator[ShapeFault]:
    known = list(rule.get("properties") or ())
    for stranger in error.kind.unexpected:
        said = message
        if said is None:
            close = get_close_matches(stranger[:_LONGEST_ECHO], known, 1)
            hint = f"did you mean {close[0]}?" if close else f"the fields are {_list_words(known)}."
            said = f"{_shorten(stranger)} is not a field of this message: {hint}"
        # A pointer repeats the name, so an endless name is pointed at from outside.
        place = (*path, stranger) if len(stranger) <= _LONGEST_ECHO else path
        yield ShapeFault(place, code, said, error.kind.name)


def _explain_choice(schema: dict[str, Any], error: Any, alternatives: Any, whole: str) -> Iterator[ShapeFault]:
    """The errors of the alternative that was meant: same JSON type as what was sent, then the fewest errors."""
    path: Path = tuple(error.instance_path)
    name = name_place(path, whole)
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
        yield from _explain(schema, inner, whole)
