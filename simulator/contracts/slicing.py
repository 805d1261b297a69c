"""A long list is checked item by item, so that one message with many faults does not hold up the other calls.

The validator gives all errors of a value in one go, during which no other thread runs: 10,000 faulty readings took 0.3
to 0.8 s. So the list that leads to the records is taken out of the schema. What is left, the shell, is checked as one,
and each item for itself; only an item that is not in order is looked at closely.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import Draft202012Validator

from .explaining import Explainer, ShapeFault
from .layout import Branch, Choice, Listing, Node
from .problems import Path


class BodyChecker:
    """Finds all faults of shape of one body. `schema` has no references; `node` is its tree."""

    def __init__(self, schema: dict[str, Any], validator: Draft202012Validator, node: Node) -> None:
        self._explainer = Explainer(schema)
        self._validator = validator
        self._wires = _find_list(node)
        self._item: Draft202012Validator | None = None
        steps = None if self._wires is None else _find_items(schema, self._wires)
        if steps is not None:
            items = _look_up(schema, steps)
            self._item = Draft202012Validator(items)
            self._item_explainer = Explainer(items)
            self._validator = Draft202012Validator(_replace(schema, steps, True))

    def find_faults(self, data: Any) -> Iterator[ShapeFault]:
        """Every fault, those of the message as a whole first."""
        yield from self._explainer.explain(self._validator.iter_errors(data))
        if self._item is None:
            return
        items = data
        for wire in self._wires or ():
            items = items.get(wire) if isinstance(items, dict) else None
        is_valid, iter_errors, explain = self._item.is_valid, self._item.iter_errors, self._item_explainer.explain
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if not is_valid(item):
                yield from explain(iter_errors(item), (*(self._wires or ()), index))


def _find_list(node: Node | None) -> tuple[str, ...] | None:
    """The properties that lead to the outermost list of records; None when there is no one such list."""
    if isinstance(node, Listing | Choice):
        return ()
    inner = [(wire, child) for wire, child in node.children.items() if child.has_records] if node else []
    if len(inner) != 1 or (isinstance(node, Branch) and node.record):
        return None
    wire, child = inner[0]
    rest = _find_list(child)
    return None if rest is None else (wire, *rest)


def _find_items(schema: Any, wires: tuple[str, ...]) -> Path | None:
    """Where the schema of that list's items stands; None where taking it out would change what is valid or said."""
    if not isinstance(schema, dict) or "x-code" in schema or "x-message" in schema:
        return None
    if wires:
        rest = _find_items((schema.get("properties") or {}).get(wires[0]), wires[1:])
        return None if rest is None else ("properties", wires[0], *rest)
    if isinstance(schema.get("items"), dict):
        return ("items",)
    for keyword in ("oneOf", "anyOf"):
        alternatives = schema.get(keyword) or ()
        for_lists = [place for place, part in enumerate(alternatives) if _may_be_list(part)]
        if len(for_lists) == 1:
            rest = _find_items(alternatives[for_lists[0]], ())
            if rest is not None:
                return (keyword, for_lists[0], *rest)
    return None


def _may_be_list(schema: Any) -> bool:
    named = schema.get("type") if isinstance(schema, dict) else None
    return named is None or "array" in ((named,) if isinstance(named, str) else named)


def _look_up(schema: Any, steps: Path) -> Any:
    for step in steps:
        schema = schema[step]
    return schema


def _replace(schema: Any, steps: Path, value: Any) -> Any:
    """A copy of the schema with another value at one place."""
    if not steps:
        return value
    copy = schema.copy()
    copy[steps[0]] = _replace(schema[steps[0]], steps[1:], value)
    return copy
