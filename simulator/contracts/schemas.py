"""Small questions about a JSON Schema without references: its fragments, types, names and a value that fits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

MISSING: Any = object()
"""Means "nothing there", where None is a value a contract may mean."""

_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}

_EMPTY = {"string": "", "boolean": False, "integer": 0, "number": 0, "array": [], "object": {}}

_COMBINING = frozenset(("allOf", "oneOf", "anyOf", "then", "else"))


def list_fragments(schema: Any) -> list[dict[str, Any]]:
    """The schema itself and every schema it is put together from (allOf, anyOf, oneOf, if/then/else)."""
    if not isinstance(schema, dict):
        return []
    fragments = [schema]
    if not _COMBINING.isdisjoint(schema):
        for key in ("allOf", "oneOf", "anyOf"):
            for part in schema.get(key) or ():
                fragments.extend(list_fragments(part))
        for key in ("then", "else"):
            fragments.extend(list_fragments(schema.get(key)))
    return fragments


def find_trait(schema: Any, key: str, default: Any = None) -> Any:
    """The value of `key` in the first fragment that has it."""
    for fragment in list_fragments(schema):
        if key in fragment:
            return fragment[key]
    return default


def find_types(schema: Any) -> tuple[str, ...]:
    """JSON types the schema names, "null" left out; empty when it names none."""
    types: dict[str, None] = {}
    for fragment in list_fragments(schema):
        named = fragment.get("type", ())
        for word in (named,) if isinstance(named, str) else named:
            types[word] = None
    types.pop("null", None)
    return tuple(types)


def allows_null(schema: Any) -> bool:
    """Whether a fragment's type names null."""
    return any(
        fragment.get("type") == "null" or "null" in fragment.get("type", ()) for fragment in list_fragments(schema)
    )


def name_type(value: Any) -> str:
    """JSON type of a parsed value; a whole number is "integer"."""
    return "null" if value is None else _JSON_TYPES[type(value)]


@lru_cache(1024)
def snake_case(wire: str) -> str:
    """The default canonical name of a wire name: powerKw and Power-Kw become power_kw, X-Unit becomes x_unit."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", wire)
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", words)
    return re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").lower()


def name_canonically(wire: str, schema: Mapping[str, Any], holder: Mapping[str, Any] | None = None) -> str | None:
    """Canonical name of a property, parameter or header; None when the contract says `x-canonical: null`."""
    if holder is not None and "x-canonical" in holder:
        return holder["x-canonical"]
    return find_trait(schema, "x-canonical", snake_case(wire))


def find_filler(schema: Any) -> Any:
    """A value the contract itself offers (const, default, example, first enum word), else MISSING.

    An object without one is put together from its properties, if each required one offers a value.
    """
    for key in ("const", "default", "example"):
        value = find_trait(schema, key, MISSING)
        if value is not MISSING:
            return value
    for key in ("examples", "enum"):
        values = find_trait(schema, key)
        if isinstance(values, list) and values:
            return values[0]
    return fill_object(schema) if find_properties(schema) else MISSING


def find_properties(schema: Any) -> dict[str, Any]:
    """Every property of the schema and of its fragments, those of the first fragment winning."""
    return {
        name: part
        for fragment in reversed(list_fragments(schema))
        for name, part in (fragment.get("properties") or {}).items()
    }


def is_fixed(schema: Any) -> bool:
    """Whether the contract says the value itself, with const or default, so that it can be sent unasked."""
    return any(find_trait(schema, key, MISSING) is not MISSING for key in ("const", "default"))


def fill_object(schema: Any, without: str | None = None) -> Any:
    """An object of the values the contract offers for its properties; MISSING when a required one has none."""
    required = {name for fragment in list_fragments(schema) for name in fragment.get("required") or ()}
    value = {
        name: find_filler(part)
        for name, part in find_properties(schema).items()
        if name != without and (name in required or is_fixed(part))
    }
    return MISSING if any(part is MISSING for part in value.values()) else value


def find_empty(schema: Any) -> Any:
    """The plainest value of the schema's type, for an answer that has to have a field we know nothing of."""
    filler = find_filler(schema)
    if filler is not MISSING:
        return filler
    if allows_null(schema):
        return None
    types = find_types(schema)
    return _EMPTY[types[0]] if types else None
