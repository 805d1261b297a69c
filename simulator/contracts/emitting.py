"""The fast walk: records out of a body that its schema has already found valid.

Every step is compiled once, at load. Anything unusual raises Unfit, and the careful walk of `diagnosing` takes over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .layout import Branch, Choice, Listing, Node
from .problems import Path, Unfit
from .vocabulary import OperationNeeds

Record = dict[str, Any]
Emit = Callable[[Any, Record, list[Record]], None]
Gather = Callable[[Any, Record], None]


def _unfit(wanted: str) -> Unfit:
    return Unfit("type", f"is not {wanted}.")


def compile_gather(branch: Branch) -> Gather:
    """Puts the branch's own fields, and those of plain objects inside it, into a record."""
    leaves = [(leaf.wire, leaf.name, leaf.translation.read) for leaf in branch.leaves.values()]
    plain = [
        (wire, compile_gather(child))
        for wire, child in branch.children.items()
        if isinstance(child, Branch) and not child.has_records
    ]

    def gather(value: Any, record: Record) -> None:
        if type(value) is not dict:
            raise _unfit("an object")
        for wire, name, read in leaves:
            found = value.get(wire)
            if found is not None:
                record[name] = found if read is None else read(found)
        for wire, gather_child in plain:
            child = value.get(wire)
            if child is not None:
                gather_child(child, record)

    return gather


def _compile_record(gather: Gather) -> Emit:
    def emit_record(value: Any, outer: Record, out: list[Record]) -> None:
        record = outer.copy()
        gather(value, record)
        out.append(record)

    return emit_record


def _compile_flat_record(branch: Branch) -> Emit:
    # The usual record has no inner objects, and a call saved on each of 10,000 is worth saying the loop again.
    leaves = [(leaf.wire, leaf.name, leaf.translation.read) for leaf in branch.leaves.values()]

    def emit_record(value: Any, outer: Record, out: list[Record]) -> None:
        if type(value) is not dict:
            raise _unfit("an object")
        record = outer.copy()
        for wire, name, read in leaves:
            if wire in value:
                found = value[wire]
                if found is not None:
                    record[name] = found if read is None else read(found)
        out.append(record)

    return emit_record


def _compile_branch(branch: Branch) -> Emit:
    gather = compile_gather(branch)
    if branch.record:
        return _compile_flat_record(branch) if not branch.children else _compile_record(gather)
    children = [(wire, compile_emit(child)) for wire, child in branch.children.items() if child.has_records]

    def emit_group(value: Any, outer: Record, out: list[Record]) -> None:
        inherited = outer.copy()
        gather(value, inherited)
        for wire, emit in children:
            child = value.get(wire)
            if child is not None:
                emit(child, inherited, out)

    return emit_group


def compile_emit(node: Node) -> Emit:
    """Appends every record of a value to a list, each with the fields it inherits."""
    if isinstance(node, Branch):
        return _compile_branch(node)
    if isinstance(node, Listing):
        emit_item = compile_emit(node.item)

        def emit_list(value: Any, outer: Record, out: list[Record]) -> None:
            if type(value) is not list:
                raise _unfit("a list")
            for item in value:
                emit_item(item, outer, out)

        return emit_list
    emit_branch, emit_listing = compile_emit(node.branch), compile_emit(node.listing)

    def emit_choice(value: Any, outer: Record, out: list[Record]) -> None:
        (emit_listing if type(value) is list else emit_branch)(value, outer, out)

    return emit_choice


class Excess(NamedTuple):
    """A list that is too long: how many fit, how many were sent, and where the list stands."""

    most: int
    sent: int
    path: Path


def find_too_many(node: Node | None, value: Any, path: Path = ()) -> Excess | None:
    """The first list on the way to the records that is too long."""
    if isinstance(node, Choice):
        return find_too_many(node.listing if type(value) is list else node.branch, value, path)
    if isinstance(node, Listing) and type(value) is list:
        if node.max_items is not None and len(value) > node.max_items:
            return Excess(node.max_items, len(value), path)
        # A list of bare records holds no further lists of records, so there is nothing to look into.
        if not (isinstance(node.item, Branch) and node.item.record):
            items = enumerate(value)
            return next((found for at, item in items if (found := find_too_many(node.item, item, (*path, at)))), None)
    if isinstance(node, Branch) and type(value) is dict:
        for wire, child in node.children.items():
            if child.has_records and (found := find_too_many(child, value.get(wire), (*path, wire))):
                return found
    return None


def find_several(node: Node | None, value: Any, id_field: str | None, path: Path = ()) -> Excess | None:
    """A list of several records, or of several ids, where the message has a place for one."""
    if not isinstance(node, Branch):
        return None
    if node.record and type(value) is list and len(value) > 1:
        return Excess(1, len(value), path)
    for wire, leaf in node.leaves.items() if type(value) is dict else ():
        sent = value.get(wire)
        if leaf.name == id_field and type(sent) is list and len(sent) > 1:
            return Excess(1, len(sent), (*path, wire))
    for wire, child in node.children.items() if type(value) is dict else ():
        if found := find_several(child, value.get(wire), id_field, (*path, wire)):
            return found
    return None


def compile_completion(needs: OperationNeeds, signed: bool) -> Callable[[list[Record]], bool]:
    """Whether every record has what the operation needs; applies the direction word on the way, if there is one."""
    required = frozenset(needs.required) | ({needs.signed_by} if signed else frozenset())
    groups = [rule.fields for rule in needs.exactly_one]
    amounts = tuple(field.name for field in needs.fields.values() if field.kind in ("power", "energy"))
    word = needs.signed_by
    # Records of one contract come with few different sets of fields; each set is judged once.
    good: set[tuple[str, ...]] = set()

    def judge(names: tuple[str, ...]) -> bool:
        if not required.issubset(names) or any(sum(name in names for name in group) != 1 for group in groups):
            return False
        good.add(names)
        return True

    def apply_direction(record: Record) -> bool:
        demand = record.pop(word) == "demand"
        for name in amounts:
            if name in record:
                if record[name] < 0:
                    return False
                if demand:
                    record[name] = -record[name]
        return True

    def complete(records: list[Record]) -> bool:
        for record in records:
            names = tuple(record)
            if names not in good and not judge(names):
                return False
        return all(map(apply_direction, records)) if signed else True

    return complete
