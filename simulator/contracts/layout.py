"""Where records and their fields stand in a message: a tree built once from a schema, walked for every message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .problems import Findings, Path
from .quantities import translate_amount
from .references import Expansion
from .schemas import (
    MISSING,
    allows_null,
    find_filler,
    find_properties,
    find_trait,
    find_types,
    is_fixed,
    list_fragments,
    name_canonically,
)
from .times import translate_date, translate_time
from .translations import Translation
from .vocabulary import Field, OperationNeeds
from .words import translate_text, translate_texts, translate_word, translate_words

_KINDS = {
    "x-unit": ("power", "energy", "voltage"),
    "x-sign": ("power", "energy"),
    "x-time": ("time",),
    "x-words": ("word", "words"),
}

_LISTS = ("texts", "words")


@dataclass(frozen=True)
class Leaf:
    """One canonical field: its name on the wire and how its value is translated; `schema` has no references.

    `null_when_absent`: the contract wants the property even where a record has no such field.
    """

    name: str
    wire: str
    translation: Translation
    path: Path
    schema: Mapping[str, Any]
    null_when_absent: bool = False


@dataclass(frozen=True)
class Branch:
    """An object. `fixed` are properties that are none of our fields and have to be sent, with their values."""

    leaves: Mapping[str, Leaf]
    children: Mapping[str, Node]
    fixed: Mapping[str, Any]
    record: bool
    path: Path

    @property
    def has_records(self) -> bool:
        return self.record or any(child.has_records for child in self.children.values())


@dataclass(frozen=True)
class Listing:
    """A list; `max_items` is its limit, if the schema has one."""

    item: Node
    max_items: int | None
    path: Path

    @property
    def has_records(self) -> bool:
        return self.item.has_records


@dataclass(frozen=True)
class Choice:
    """An object or a list, told apart by what is sent."""

    branch: Branch
    listing: Listing
    path: Path

    @property
    def has_records(self) -> bool:
        return self.branch.has_records or self.listing.has_records


Node = Branch | Listing | Choice


def collect_fields(node: Node | None) -> Iterator[Leaf]:
    """Every field place of the tree."""
    if isinstance(node, Branch):
        yield from node.leaves.values()
        for child in node.children.values():
            yield from collect_fields(child)
    elif isinstance(node, Listing):
        yield from collect_fields(node.item)
    elif isinstance(node, Choice):
        yield from collect_fields(node.branch)
        yield from collect_fields(node.listing)


def find_max_items(node: Node | None) -> int | None:
    """Limit of the innermost list of records, or None."""
    if isinstance(node, Branch):
        return next((limit for child in node.children.values() if (limit := find_max_items(child))), None)
    if isinstance(node, Listing):
        inner = find_max_items(node.item)
        return inner if inner is not None else node.max_items if node.has_records else None
    return find_max_items(node.listing) if isinstance(node, Choice) else None


@dataclass
class LayoutBuilder:
    """Builds the tree of one operation and notes every fault on the way.

    With `outbound`, when the message is one that we send, `fixed` holds constants that are not required too.
    """

    needs: OperationNeeds
    expansion: Expansion
    findings: Findings
    outbound: bool = False
    signs: list[Path] = field(default_factory=list)

    def build_body(self, schema: dict[str, Any]) -> Node:
        """Tree of a request body. A body without lists and without x-record is itself the one record."""
        path = self.expansion.origin(schema)
        node = self._build(schema, inside=False)
        if node is None or not node.has_records:
            listings = list(_find_listings(node))
            for listing in listings:
                self._want_record(listing)
            if not listings:
                branch = node if isinstance(node, Branch) else Branch({}, {}, {}, False, path)
                node = replace(branch, record=True)
        self._check_twice(node, {})
        return node

    def build_parameters(self, places: Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]]) -> Branch:
        """Tree of path, query and header parameters: place such as "query kw" -> (name, schema, parameter)."""
        leaves, fixed = {}, {}
        for place, (name, schema, parameter) in places.items():
            path = self.expansion.origin(parameter)
            leaf = self._build_leaf(place, name, schema, path)
            if leaf is not None:
                leaves[place] = leaf
                if {"array", "object"} & set(find_types(schema)) and self.needs.fields[leaf.name].kind not in _LISTS:
                    self.findings.add(path, f"{place} has to be a single value.", "Give its schema a plain type.")
            elif parameter.get("required") or self._is_said(schema):
                filler = parameter["example"] if "example" in parameter else find_filler(schema)
                fixed[place] = self._want_filler(filler, place, path)
        branch = Branch(leaves, {}, fixed, False, ())
        self._check_twice(branch, {})
        return branch

    def _build(self, schema: dict[str, Any], inside: bool) -> Node | None:
        path = self.expansion.origin(schema)
        fragments = list_fragments(schema)
        properties = find_properties(schema)
        word = find_trait(schema, "x-record")
        if word is not None and word != self.needs.record:
            self.findings.add(
                (*path, "x-record"),
                f"x-record: {word} is no record of this operation.",
                f"Write {self.needs.record}.",
            )
        branch = None
        if properties or (word is not None and not any("items" in fragment for fragment in fragments)):
            branch = self._build_branch(properties, fragments, path, word is not None, inside)
        listing = None
        holder = next((part for part in fragments if isinstance(part.get("items"), dict)), None)
        if holder is not None:
            item = self._build(holder["items"], inside)
            if item is not None:
                listing = Listing(item, find_trait(schema, "maxItems"), self.expansion.origin(holder) or path)
        if branch and listing:
            return Choice(branch, listing, path)
        return branch or listing

    def _build_branch(
        self,
        properties: Mapping[str, Any],
        fragments: list[dict[str, Any]],
        path: Path,
        record: bool,
        inside: bool,
    ) -> Branch | None:
        required = {name for part in fragments for name in part.get("required") or ()}
        leaves, children, fixed = {}, {}, {}
        for wire, schema in properties.items():
            if not isinstance(schema, dict):
                continue
            here = self.expansion.origin(schema) or (*path, "properties", wire)
            leaf = self._build_leaf(wire, wire, schema, here)
            child = None if leaf else self._build(schema, inside or record)
            if leaf:
                leaves[wire] = replace(leaf, null_when_absent=wire in required and allows_null(schema))
            elif child is not None and next(collect_fields(child), None):
                children[wire] = child
                if inside or record:
                    for listing in _find_listings(child):
                        self._want_record(listing)
            elif wire in required or self._is_said(schema):
                fixed[wire] = self._want_filler(find_filler(schema), wire, here)
        if not (leaves or children or record):
            return None
        return Branch(leaves, children, fixed, record, path)

    def _is_said(self, schema: dict[str, Any]) -> bool:
        return self.outbound and is_fixed(schema)

    def _build_leaf(self, wire: str, name: str, schema: dict[str, Any], path: Path) -> Leaf | None:
        canonical = name_canonically(name, schema)
        explicit = find_trait(schema, "x-canonical", MISSING) is not MISSING
        field_ = self.needs.fields.get(canonical) if isinstance(canonical, str) else None
        structured = {"object", "array"} & set(find_types(schema)) or find_trait(schema, "properties")
        if field_ is None:
            if explicit and canonical is not None:
                self.findings.add(
                    path,
                    f"x-canonical: {canonical} is not a field of {self.needs.operation_id}.",
                    f"Use one of {', '.join(self.needs.fields)}, or null when the simulator need not know it.",
                )
            elif not structured:
                self._check_extensions(None, name, schema, path)
            return None
        if structured and field_.kind not in _LISTS:
            if explicit and not wire.startswith(("path ", "query ", "header ")):
                self.findings.add(
                    path,
                    f"{name} stands for {canonical}, so it has to be a single value.",
                    "Move x-canonical inwards.",
                )
            return None
        self._check_extensions(field_, name, schema, path)
        return Leaf(field_.name, wire, self._translate(field_, schema, path), path, schema)

    def _translate(self, field_: Field, schema: dict[str, Any], path: Path) -> Translation:
        if field_.kind == "time":
            return translate_time(schema, path, self.findings)
        if field_.kind == "date":
            return translate_date(schema, path, self.findings)
        if field_.kind in ("power", "energy", "voltage", "number"):
            if find_trait(schema, "x-sign") is not None:
                self.signs.append((*path, "x-sign"))
            return translate_amount(field_, schema, path, self.findings)
        if field_.kind == "word":
            return translate_word(field_, schema, path, self.findings)
        if field_.kind == "words":
            return translate_words(field_, schema, path, self.findings)
        if field_.kind == "texts":
            return translate_texts(field_, schema, path, self.findings)
        return translate_text(schema)

    def _check_extensions(self, field_: Field | None, name: str, schema: dict[str, Any], path: Path) -> None:
        for extension, kinds in _KINDS.items():
            if find_trait(schema, extension) is None:
                continue
            has_no_sign = extension == "x-sign" and field_ is not None and not field_.signed
            if field_ is None or field_.kind not in kinds or has_no_sign:
                stands_for = f"stands for {field_.name}" if field_ else "is not a field the simulator knows"
                stands_for += ", which has no direction" if has_no_sign else ""
                self.findings.add(
                    (*path, extension),
                    f"{extension} does nothing here: {name} {stands_for}.",
                    "Remove it, or name the field with x-canonical.",
                )

    def _want_record(self, listing: Listing) -> None:
        self.findings.add(
            listing.path,
            "This list holds fields, and the contract does not say what one record is.",
            f"Write x-record: {self.needs.record} on the object that is one {self.needs.record}, inside this list.",
        )

    def _want_filler(self, filler: Any, name: str, path: Path) -> Any:
        if filler is MISSING:
            self.findings.add(
                path,
                f"{name} is required, and the simulator does not know what to put there"
                f"{'' if self.outbound else ' in its examples'}.",
                "Give it an example, a default or a const, or name the field with x-canonical.",
            )
            return None
        return filler

    def _check_twice(self, node: Node, taken: dict[str, Leaf]) -> None:
        if isinstance(node, Listing):
            self._check_twice(node.item, taken)
        elif isinstance(node, Choice):
            self._check_twice(node.branch, dict(taken))
            self._check_twice(node.listing, dict(taken))
        else:
            for leaf in node.leaves.values():
                if leaf.name in taken:
                    self.report_twice(leaf, taken[leaf.name])
                taken[leaf.name] = leaf
            plain = [child for child in node.children.values() if not child.has_records]
            for child in plain:
                self._check_twice(child, taken)
            for child in node.children.values():
                if child.has_records:
                    self._check_twice(child, dict(taken))

    def report_twice(self, leaf: Leaf, other: Leaf) -> None:
        """Note that two places stand for the same field, so that neither could be trusted."""
        self.findings.add(
            leaf.path,
            f"{leaf.wire} and {other.wire} both stand for {leaf.name}.",
            "Keep one, and write x-canonical: null on the other.",
        )


def _find_listings(node: Node | None) -> Iterator[Listing]:
    if isinstance(node, Listing):
        yield node
    elif isinstance(node, Choice):
        yield node.listing
    elif isinstance(node, Branch):
        for child in node.children.values():
            yield from _find_listings(child)
