"""Writing records as a request: the reverse of reading, for examples that run as they stand and for sent messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from .layout import Branch, Choice, Leaf, Listing, Node, collect_fields
from .messages import WireRequest
from .problems import CannotWrite
from .reading import ParameterPlan
from .vocabulary import OperationNeeds

Row = Mapping[str, Any]


def spell_text(value: Any) -> str:
    """A JSON value as it stands in a path, query, header or form."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _holds(branch: Branch) -> list[str]:
    names = [leaf.name for leaf in branch.leaves.values()]
    for child in branch.children.values():
        if isinstance(child, Branch) and not child.has_records:
            names.extend(_holds(child))
    return names


def _say_only_value(leaf: Leaf, rows: Sequence[Row]) -> Any:
    values = [row.get(leaf.name) for row in rows]
    if any(value != values[0] for value in values):
        raise CannotWrite(
            f"One request has one {leaf.wire}, and these records have several: write one request for each."
        )
    return None if values[0] is None else leaf.translation.write(values[0])


def _write_branch(branch: Branch, rows: Sequence[Row]) -> dict[str, Any]:
    if branch.record and len(rows) != 1:
        raise CannotWrite(f"One request carries one record, and these are {len(rows)}: write one request for each.")
    body = dict(branch.fixed)
    for wire, leaf in branch.leaves.items():
        value = _say_only_value(leaf, rows)
        if value is not None or leaf.null_when_absent:
            body[wire] = value
    for wire, child in branch.children.items():
        if isinstance(child, Branch) and not child.has_records:
            inner = _write_branch(child, rows)
            if inner:
                body[wire] = inner
    if branch.record:
        return body
    # A message may have several lists for records; all of them go into the first, which reads back the same.
    for wire, child in branch.children.items():
        if child.has_records:
            body[wire] = write_node(child, rows)
            break
    return body


def write_node(node: Node, rows: Sequence[Row]) -> Any:
    """The JSON value that reads back as these rows, in this order. Raises CannotWrite."""
    if isinstance(node, Choice):
        single = len(rows) == 1 and node.branch.has_records
        return write_node(node.branch if single or not node.listing.has_records else node.listing, rows)
    if isinstance(node, Branch):
        return _write_branch(node, rows)
    item = node.item.branch if isinstance(node.item, Choice) and node.item.branch.has_records else node.item
    if isinstance(item, Branch) and item.record:
        return [_write_branch(item, [row]) for row in rows]
    if isinstance(item, Listing | Choice):
        return [write_node(item, rows)]
    # Only neighbours share a group: gathering all rows of a unit would change the order in which they read back.
    names = _holds(item)
    groups = groupby(rows, key=lambda row: [row.get(name) for name in names])
    return [_write_branch(item, list(group)) for _, group in groups]


def give_direction(needs: OperationNeeds, record: Row) -> dict[str, Any]:
    """The record with its amounts made positive, and the word that says which way they go."""
    amounts = [name for name, field in needs.fields.items() if field.kind in ("power", "energy")]
    sent = [record[name] for name in amounts if record.get(name) is not None]
    negative = any(amount < 0 for amount in sent)
    row = {name: abs(value) if name in amounts and value is not None else value for name, value in record.items()}
    row[needs.signed_by] = "demand" if negative else "generation"
    return row


@dataclass(frozen=True)
class Writer:
    """Writes the requests of one operation. `node` is None when the route has no body."""

    needs: OperationNeeds
    method: str
    path: str
    parameters: ParameterPlan
    media_type: str
    node: Node | None
    as_form: bool
    signed: bool

    def write(self, records: Sequence[Mapping[str, Any]]) -> WireRequest:
        """One request for all records, which have canonical names and values. Raises CannotWrite."""
        if not records:
            raise CannotWrite("There is nothing to write: give at least one record.")
        self._check_places(records)
        rows = [give_direction(self.needs, record) for record in records] if self.signed else list(records)
        if self.node is None and len(rows) != 1:
            raise CannotWrite(f"One request carries one record, and these are {len(rows)}: write one request for each.")
        outside: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
        branch = self.parameters.branch
        for place, (where, name, _) in self.parameters.places.items():
            leaf = branch.leaves.get(place)
            value = branch.fixed.get(place) if leaf is None else _say_only_value(leaf, rows)
            if value is not None:
                outside[where][name] = spell_text(value)
        path = self.path
        for name, text in outside["path"].items():
            path = path.replace(f"{{{name}}}", quote(text, safe=""))
        return WireRequest(
            self.method,
            outside["path"],
            outside["query"],
            outside["header"],
            self.media_type,
            self._write_body(rows),
            path,
        )

    def _check_places(self, records: Sequence[Row]) -> None:
        leaves = [*self.parameters.branch.leaves.values(), *collect_fields(self.node)]
        placed = {leaf.name for leaf in leaves}
        for record in records:
            for name, value in record.items():
                if value is not None and name not in placed:
                    raise CannotWrite(f"The contract has no place for {name}.")

    def _write_body(self, rows: Sequence[Row]) -> bytes:
        if self.node is None:
            return b""
        body = write_node(self.node, rows)
        if self.as_form:
            return urlencode({name: spell_text(value) for name, value in body.items() if value is not None}).encode()
        return orjson.dumps(body)
