"""The careful walk, for a message that is not in order: all problems, and where every field stood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .explaining import ShapeFault, name_place
from .layout import Branch, Choice, Leaf, Listing, Node, collect_fields
from .messages import RecordPlaces
from .ordering import FieldOrder
from .problems import FieldProblem, Given, Path, Unfit
from .vocabulary import OperationNeeds


class Place(str):
    """A place outside the body, such as "query kw"; a path that starts with one is no JSON Pointer."""


class Found(NamedTuple):
    """A field as it was sent."""

    path: Path
    value: Any
    leaf: Leaf


class Trace(NamedTuple):
    """One record as it was sent: where it stands and which fields it has, inherited ones included."""

    path: Path
    found: Mapping[str, Found]


def point(path: Path) -> str:
    """The path as a JSON Pointer (RFC 6901), or the place outside the body."""
    if path and isinstance(path[0], Place):
        return str(path[0])
    return "".join([f"/{step}" if type(step) is int else f"/{_escape(str(step))}" for step in path])


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1") if "~" in step or "/" in step else step


def trace_parameters(branch: Branch, given: Mapping[str, Any]) -> dict[str, Found]:
    """Fields found in path, query and header."""
    return {
        leaf.name: Found((Place(place),), given[place], leaf) for place, leaf in branch.leaves.items() if place in given
    }


def trace_records(node: Node, value: Any, path: Path, outer: Mapping[str, Found], out: list[Trace]) -> None:
    """Append a trace for every record of a value of any shape; wrong shapes hold no records."""
    if isinstance(node, Choice):
        node = node.listing if isinstance(value, list) else node.branch
    if isinstance(node, Listing):
        for index, item in enumerate(value if isinstance(value, list) else ()):
            trace_records(node.item, item, (*path, index), outer, out)
        return
    if node.record:
        # An item that is no object still counts, so that indexes stay those of the list that was sent.
        found = dict(outer)
        _trace_fields(node, value, path, found)
        out.append(Trace(path, found))
    elif isinstance(value, dict):
        inherited = dict(outer)
        _trace_fields(node, value, path, inherited)
        for wire, child in node.children.items():
            if child.has_records and value.get(wire) is not None:
                trace_records(child, value[wire], (*path, wire), inherited, out)


def _trace_fields(branch: Branch, value: Any, path: Path, found: dict[str, Found]) -> None:
    if not isinstance(value, dict):
        return
    for wire, leaf in branch.leaves.items():
        if wire in value:
            found[leaf.name] = Found((*path, wire), value[wire], leaf)
    for wire, child in branch.children.items():
        if isinstance(child, Branch) and not child.has_records:
            _trace_fields(child, value.get(wire), (*path, wire), found)


def find_places(traces: Iterable[Trace], parameters: Branch) -> list[RecordPlaces]:
    """The pointers of every record. A field that can only stand in a parameter points there even when absent."""
    outside = {leaf.name: place for place, leaf in parameters.leaves.items()}
    return [
        RecordPlaces(
            point(trace.path),
            {**outside, **{name: point(found.path) for name, found in trace.found.items()}},
            {
                name: found.leaf.translation.item
                for name, found in trace.found.items()
                if found.leaf.translation.item is not None and not isinstance(found.path[0], Place)
            },
        )
        for trace in traces
    ]


def _enclosing(path: Path) -> Path:
    """The path up to its last list index: the item, and so the group or record, that it lies in."""
    for end in range(len(path), 0, -1):
        if isinstance(path[end - 1], int):
            return path[:end]
    return ()


@dataclass
class Diagnosis:
    """Builds the records and problems of one message. Faults of shape come in, canonical records come out."""

    needs: OperationNeeds
    parameters: Branch
    node: Node | None
    traces: list[Trace]
    signed: bool
    order: FieldOrder
    problems: list[FieldProblem] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._indexes = {trace.path: index for index, trace in enumerate(self.traces)}
        self._broken: set[Path] = set()
        self._silenced: set[Path] = set()
        self._missing: set[tuple[Path, str]] = set()
        self._unchosen: set[int | None] = set()
        self._values: dict[Path, Any] = {}
        self._ranks: list[tuple[int, tuple[int, ...]]] = []
        leaves = [*self.parameters.leaves.values(), *collect_fields(self.node)]
        self._wires = {leaf.name: leaf.wire for leaf in reversed(leaves)}
        self._names: dict[str, set[str]] = {}
        for leaf in leaves:
            self._names.setdefault(leaf.wire, set()).add(leaf.name)

    def note_parameter_faults(self, faults: Iterable[ShapeFault]) -> None:
        """Take in faults of path, query and header parameters."""
        for fault in faults:
            path: Path = (Place(fault.missing if fault.missing is not None else fault.path[0]),)
            if fault.missing is not None:
                self._missing.update(((), name) for name in self._names.get(fault.missing, ()))
            self._broken.add(path)
            self._add(path, fault.code, fault.message)

    def note_body_faults(self, faults: Iterable[ShapeFault]) -> None:
        """Take in faults of the body."""
        fields = {found.path for trace in self.traces for found in trace.found.values()}
        for fault in faults:
            around = _enclosing(fault.path)
            if fault.missing is not None:
                self._missing.update((around, name) for name in self._names.get(fault.missing, ()))
            if fault.code == "type" and fault.path not in fields:
                # Nothing can be found inside something of the wrong type: asking for its fields would only repeat that.
                self._silenced.add(around)
            if fault.keyword in ("oneOf", "anyOf"):
                # The contract's own rule about alternatives has spoken, perhaps under a code of its own.
                self._unchosen.add(self._index_of(fault.path))
            self._broken.add(fault.path)
            if fault.path not in fields:
                # A list of ids is no better than its worst item.
                self._broken.update({fault.path[:end] for end in range(len(fault.path))} & fields)
            self._add(fault.path, fault.code, fault.message, fault.missing)

    def build_records(self) -> None:
        """Translate every field, apply the direction, ask for what the operation needs, and order the problems."""
        for index, trace in enumerate(self.traces):
            record = {}
            for name, found in trace.found.items():
                value = self._translate(found)
                if value is not None:
                    record[name] = value
            if self.signed:
                self._apply_direction(record, trace)
            self._ask_for_needs(index, record, trace)
            self.records.append(record)
        ordered = sorted(range(len(self.problems)), key=self._ranks.__getitem__)
        self.problems[:] = [self.problems[place] for place in ordered]

    def _index_of(self, path: Path) -> int | None:
        for end in range(len(path), -1, -1):
            if path[:end] in self._indexes:
                return self._indexes[path[:end]]
        return None

    def _add(self, path: Path, code: str, message: str, missing: str | None = None) -> None:
        outside = bool(path) and isinstance(path[0], Place)
        index = (0 if self.node is None else None) if outside else self._index_of(path)
        self.problems.append(FieldProblem(index, point(path), code, message))
        self._ranks.append((-1 if index is None else index, self.order.rank(path, missing)))

    def _translate(self, found: Found) -> Any:
        if found.path not in self._values:
            self._values[found.path] = self._translate_once(found)
        return self._values[found.path]

    def _translate_once(self, found: Found) -> Any:
        if found.path in self._broken:
            return Given.BROKEN
        if found.value is None:
            return None
        read = found.leaf.translation.read
        try:
            return found.value if read is None else read(found.value)
        except Unfit as unfit:
            self._add(found.path, unfit.code, f"{name_place(found.path)} {unfit.message}")
            return Given.BROKEN

    def _amounts(self, record: Mapping[str, Any]) -> list[str]:
        kinds = ("power", "energy")
        return [name for name in record if self.needs.fields[name].kind in kinds]

    def _apply_direction(self, record: dict[str, Any], trace: Trace) -> None:
        word = self.needs.signed_by
        direction = record.pop(word, None)
        if direction is None:
            self._ask_for(word, trace)
        for name in self._amounts(record):
            amount = record[name]
            if amount is Given.BROKEN:
                continue
            if amount < 0:
                path = trace.found[name].path
                said = f"{name_place(path)} is negative: write it without a sign, {self._wires[word]} already gives it."
                self._add(path, "minimum", said)
            if amount < 0 or direction in (None, Given.BROKEN):
                # Without its sign nobody knows what the amount says.
                record[name] = Given.BROKEN
            elif direction == "demand":
                record[name] = -amount

    def _is_told(self, trace: Trace, names: Iterable[str]) -> bool:
        """Whether a fault on the way to the record already says why one of these fields is not there."""
        around = [trace.path[:end] for end in range(len(trace.path) + 1)]
        return any(path in self._silenced for path in around) or any(
            (path, name) in self._missing for path in around for name in names
        )

    def _ask_for(self, name: str, trace: Trace) -> None:
        if self._is_told(trace, (name,)):
            return
        wire = self._wires.get(name, name)
        place = next((Place(place) for place, leaf in self.parameters.leaves.items() if leaf.name == name), None)
        if place is not None:
            self._missing.add(((), name))
        self._add((place,) if place is not None else trace.path, "required", f"{wire} is missing: add it.",
                  wire)

    def _ask_for_needs(self, index: int, record: Mapping[str, Any], trace: Trace) -> None:
        for name in self.needs.required:
            if name not in record:
                self._ask_for(name, trace)
        for rule in self.needs.exactly_one:
            if sum(name in record for name in rule.fields) == 1:
                continue
            if index not in self._unchosen and not self._is_told(trace, rule.fields):
                self._add(trace.path, rule.code, rule.message)
