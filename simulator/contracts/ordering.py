"""The order in which the faults of a record are told: that of the fields in the contract, unknown fields last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .problems import Path
from .schemas import list_fragments

_Shape = tuple[str | None, ...]
"""A path without its numbers: records of one list are alike."""

_BEFORE_THE_BODY = -1


class FieldOrder:
    """Ranks the places of a message. Built once for a body; `places` are the parameters, such as "query kw"."""

    def __init__(self, schema: Mapping[str, Any], places: Mapping[str, Any]) -> None:
        self._schema = schema
        self._places = {place: number for number, place in enumerate(places)}
        self._known: dict[tuple[_Shape, str | None], tuple[int, ...]] = {}

    def rank(self, path: Path, missing: str | None = None) -> tuple[int, ...]:
        """Sorts a fault at `path`; `missing` is the absent field that it is about.

        What is wrong with an object as a whole comes after its fields, and what the contract does not know after that.
        """
        if path and path[0] in self._places:
            return _BEFORE_THE_BODY, self._places[str(path[0])]
        key = (tuple(None if isinstance(step, int) else step for step in path), missing)
        pattern = self._known.get(key)
        if pattern is None:
            pattern = self._rank_shape(*key)
            # Strangers can have any name: only the contract's own are worth remembering.
            if len(self._known) < 1_000:
                self._known[key] = pattern
        numbers = [step for step in path if isinstance(step, int)]
        if not numbers:
            return pattern
        given = iter(numbers)
        steps = tuple(next(given) if isinstance(step, int) else rank for step, rank in zip(path, pattern, strict=False))
        return steps + pattern[len(path):]

    def _rank_shape(self, shape: _Shape, missing: str | None) -> tuple[int, ...]:
        schema: Any = self._schema
        ranks = []
        for step in shape:
            properties = _properties_of(schema)
            if step is None:
                ranks.append(0)
                schema = next((part["items"] for part in list_fragments(schema) if "items" in part), {})
            else:
                ranks.append(_place_in(properties, step))
                schema = properties.get(step, {})
        properties = _properties_of(schema)
        if missing is not None:
            ranks.append(_place_in(properties, missing))
        elif properties:
            ranks.append(len(properties))
        return tuple(ranks)


def _properties_of(schema: Any) -> dict[str, Any]:
    """The properties of a schema and then those of its fragments, in the order of the file."""
    properties: dict[str, Any] = {}
    for fragment in list_fragments(schema):
        for name, part in (fragment.get("properties") or {}).items():
            properties.setdefault(name, part)
    return properties


def _place_in(properties: Mapping[str, Any], name: str) -> int:
    """The number of a property, from 0; beyond all of them, and beyond the object itself, for one that is not there."""
    return list(properties).index(name) if name in properties else len(properties) + 1
