"""Messages the platform sends, as the contract in force wants them: canonical values in, a ready request out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from .binding import Binder
from .bodies import FORM, is_json, name_media_type
from .explaining import Explainer
from .layout import Branch, Leaf, Node, collect_fields
from .problems import CannotWrite, Findings
from .reading import BodyPlan, ParameterPlan
from .references import Expansion
from .routes import Route, check_path_parameters
from .schemas import find_properties, find_trait
from .spelling import ListStyle, fill_path, find_list_style, spell_header, spell_pairs
from .vocabulary import Field, OperationNeeds
from .words import list_wire_words
from .writing import give_direction, write_node

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch

_SAMPLES = {
    "text": "1001",
    "texts": ("1001", "1002"),
    "time": datetime(2026, 11, 2, 16, 0, tzinfo=UTC),
    "power": 1_000,
    "energy": 1_000,
}
"""Values that any usable contract can say: ids may be numbers, power may be whole MW."""


class Word(NamedTuple):
    """A word of the contract: `name` is the simulator's, `wire` the contract's, `provenance` its label, if any."""

    name: str
    wire: str
    provenance: Mapping[str, Any] | None


class ValueFault(NamedTuple):
    """A rule of the contract that a value breaks: the canonical field, if it is one of ours, and a sentence."""

    field: str | None
    message: str


@dataclass(frozen=True)
class OutboundRequest:
    """A request ready to send. `path` and `query` are percent-encoded; `path` comes after the receiver's base url."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def target(self) -> str:
        """What comes after the base url: the path with the query."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True)
class OutboundMessage:
    """One message of the platform as the contract in force wants it.

    `path` is the template below the receiver's base url, such as "/dispatch" or "/events/{id}". `media_type` is the
    Content-Type, or empty when there is no body. `route` has operation and parameters without references, for those
    who tell the contract. `from_default` is true when the user's contract does not describe the message. `carried`
    are the headers that whoever sends it fills in, by what they carry: signature, delivery_id, attempt.
    """

    operation_id: str
    method: str
    path: str
    media_type: str
    route: Route
    from_default: bool
    carried: Mapping[str, str]
    _needs: OperationNeeds
    _parameters: ParameterPlan
    _body: BodyPlan | None
    _styles: Mapping[str, ListStyle]
    _form_styles: Mapping[str, ListStyle]
    _signed: bool

    @property
    def signature_header(self) -> str | None:
        """The header that the signature of the body stands in, if there is one."""
        return self.carried.get("signature")

    def write(self, values: Mapping[str, Any]) -> OutboundRequest:
        """The request that says these canonical values.

        Ids are str or tuples of str, times aware datetimes, power kW with generation positive (int, Decimal or float),
        words the simulator's. Raises CannotWrite, with a sentence for the user, for what the contract cannot say.
        """
        outside, body = self._place(values)
        try:
            return self._encode(outside, body)
        except (orjson.JSONEncodeError, UnicodeEncodeError):
            # A number longer than 64 bits, or half of a character.
            raise CannotWrite("A value is too long a number, or holds a broken character: correct it.") from None

    def find_faults(self, values: Mapping[str, Any]) -> list[ValueFault]:
        """The contract's own rules that these values break, such as a length or a limit. Raises CannotWrite."""
        outside, body = self._place(values)
        faults = self._find_parameter_faults(outside)
        if self._body is not None:
            for fault in Explainer(self._body.schema).explain(self._body.validator.iter_errors(body)):
                faults.append(ValueFault(_name_field(self._body.node, fault.path), fault.message))
        return faults

    def _find_parameter_faults(self, outside: Mapping[str, Any]) -> list[ValueFault]:
        faults = []
        errors = self._parameters.validator.iter_errors(outside)
        for fault in Explainer(self._parameters.schema).explain(errors):
            leaf = self._parameters.branch.leaves.get(str(fault.path[0])) if fault.path else None
            faults.append(ValueFault(leaf and leaf.name, fault.message))
        return faults

    def words_of(self, field: str) -> tuple[Word, ...]:
        """The words that a field may have, in the contract's order. Raises KeyError for a field without a place."""
        leaf = {leaf.name: leaf for leaf in self._list_leaves()}[field]
        meanings = find_trait(leaf.schema, "x-words")
        wires = list_wire_words(dict(leaf.schema)) or meanings or self._needs.fields[field].words
        labels = (find_trait(leaf.schema, "x-provenance") or {}).get("words") or {}
        words: dict[str, Word] = {}
        for wire in wires:
            name = meanings.get(wire) if meanings else wire
            words.setdefault(name, Word(name, wire, labels.get(wire)))
        return tuple(words.values())

    def _list_leaves(self) -> list[Leaf]:
        inside = [] if self._body is None else collect_fields(self._body.node)
        return [*self._parameters.branch.leaves.values(), *inside]

    def _place(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        """Wire values of the parameters by place, and the body."""
        row = {name: value for name, value in values.items() if value is not None}
        for name in row:
            if name not in self._needs.fields:
                raise CannotWrite(f"{name} is no part of this message.")
        for name in self._needs.required:
            if name not in row:
                raise CannotWrite(f"There is no {name}: the message has to say {self._needs.fields[name].meaning}.")
        if self._signed:
            row = give_direction(self._needs, row)
        return self._place_outside(row), None if self._body is None else write_node(self._body.node, [row])

    def _place_outside(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Wire values of the parameters, by place."""
        branch = self._parameters.branch
        outside = {}
        for place in self._parameters.places:
            leaf = branch.leaves.get(place)
            if leaf is not None and leaf.name in row:
                outside[place] = leaf.translation.write(row[leaf.name])
            elif branch.fixed.get(place) is not None:
                outside[place] = branch.fixed[place]
        return outside

    def _encode(self, outside: Mapping[str, Any], body: Any) -> OutboundRequest:
        parts: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
        for place, value in outside.items():
            where, name, _ = self._parameters.places[place]
            parts[where][name] = value
        styles = {self._parameters.places[place][1]: style for place, style in self._styles.items()
                  if place.startswith("query ")}  # fmt: skip
        headers = [(name, spell_header(name, value)) for name, value in parts["header"].items()]
        data = b""
        if self.media_type:
            headers.append(("Content-Type", self.media_type))
            if name_media_type(self.media_type) == FORM:
                filled = {name: value for name, value in body.items() if value is not None}
                data = spell_pairs(filled, self._form_styles, for_form=True).encode()
            else:
                data = orjson.dumps(body)
        path = fill_path(self.path, parts["path"])
        return OutboundRequest(self.method, path, spell_pairs(parts["query"], styles), tuple(headers), data)


def _name_field(node: Node, path: tuple[str | int, ...]) -> str | None:
    """The canonical field that a place of the body belongs to, or None."""
    for step in path:
        if not isinstance(node, Branch):
            return None
        if step in node.leaves:
            return node.leaves[str(step)].name
        if step not in node.children:
            return None
        node = node.children[str(step)]
    return None


class OutboundBinder(Binder):
    """Finds our fields in one webhook, and notes what is wrong with it."""

    def __init__(self, route: Route, needs: OperationNeeds, expansion: Expansion, findings: Findings) -> None:
        super().__init__(route, needs, expansion, findings, outbound=True)

    def choose_body(self) -> tuple[str, BodyPlan | None, dict[str, ListStyle]]:
        """The first body that we can write: its content type, its plan, and the list styles of a form."""
        wanted = self.route.operation.get("requestBody")
        content = (wanted or {}).get("content") or {}
        path = (*self.route.path, "requestBody")
        if not content:
            return "", None, {}
        if self.route.method == "GET":
            mend = "Use post or put, or move the fields into parameters with in: query."
            self.findings.add(path, "GET carries no body.", mend)
        written = next((one for one in content if _is_writable(name_media_type(one))), None)
        if written is None:
            self.findings.add(
                (*path, "content", next(iter(content))),
                f"The simulator cannot write {', '.join(content)}.",
                f"Use application/json, a name ending in +json, or {FORM}.",
            )
            self.complete = False
            return "", None, {}
        media = content[written] if isinstance(content[written], dict) else {}
        schema = media.get("schema") if isinstance(media.get("schema"), dict) else {}
        validator = self.compile(schema)
        if validator is None:
            return "", None, {}
        node = self.layout.build_body(schema)
        plan = BodyPlan(schema, validator, node, None, True)
        if name_media_type(written) != FORM:
            return written, plan, {}
        if not isinstance(node, Branch):
            mend = "Give its schema type: object and properties."
            self.findings.add((*path, "content", written), "A form holds names and values, and this is a list.", mend)
        encoding = media.get("encoding") or {}
        here = (*path, "content", written, "encoding")
        styles = {name: find_list_style(encoding.get(name) or {}, "query", (*here, name), self.findings)
                  for name in find_properties(schema)}  # fmt: skip
        return written, plan, styles

    def find_styles(self, plan: ParameterPlan) -> dict[str, ListStyle]:
        """How a list stands in each parameter. Notes styles and names of headers that cannot be written."""
        styles = {}
        for parameter in self.route.parameters:
            where, name = parameter.get("in"), str(parameter.get("name"))
            path = self.expansion.origin(parameter)
            place = f"{where} {name}"
            if place in plan.places:
                styles[place] = find_list_style(parameter, str(where), path, self.findings)
                if where == "header" and not _HEADER_NAME(name):
                    self.findings.add(path, f"{name!r} is no name of a header.", "Use letters, digits and hyphens.")
        return styles

    def check_words(self, leaves: list[Leaf]) -> None:
        """Note a word of ours that the contract has no word for."""
        for leaf in leaves:
            for word in self.needs.fields[leaf.name].words:
                try:
                    leaf.translation.write(word)
                except CannotWrite:
                    self.findings.add(
                        leaf.path,
                        f"{leaf.wire} has no word for {word}.",
                        f"Add one to its enum and to x-words, such as {word.upper()}: {word}.",
                    )

    def try_out(self, message: OutboundMessage) -> None:
        """Note a message that would not fit its own schema, before a receiver gets to see it."""
        mend = "Check the types and required properties, and which field x-canonical stands on."
        for values in _list_samples(self.needs):
            try:
                message.write(values)
            except CannotWrite as error:
                self.findings.add(self.route.path, f"This message cannot be written: {error}", mend)
                return
            outside, body = message._place(values)
            plans = [(message._parameters.validator, outside)]
            plans += [(message._body.validator, body)] if message._body else []
            for validator, value in plans:
                for fault in validator.iter_errors(value):
                    if fault.kind.name in ("type", "required", "additionalProperties"):
                        said = str(fault.message).splitlines()[0][:120]
                        what = f"This message would not fit its own schema: {said}."
                        self.findings.add(self.route.path, what, mend)


def _is_writable(media_type: str) -> bool:
    return is_json(media_type) or media_type == FORM


def _list_samples(needs: OperationNeeds) -> Iterator[dict[str, Any]]:
    """A message for each word of the first word field, such as start, stop and emergency_stop."""
    plain = {name: _SAMPLES[field.kind] for name, field in needs.fields.items() if field.kind in _SAMPLES}
    words: list[Field] = [needs.fields[name] for name in needs.required if needs.fields[name].words]
    for word in words[0].words if words else ("",):
        yield {**plain, **{field.name: word if field is words[0] else field.words[0] for field in words}}


def bind_outbound(route: Route, needs: OperationNeeds, expansion: Expansion, findings: Findings) -> OutboundMessage:
    """The compiled message of a webhook; faults go to `findings`."""
    binder = OutboundBinder(route, needs, expansion, findings)
    before = len(findings.items)
    check_path_parameters(route, findings)
    parameters = binder.plan_parameters()
    media_type, body, form_styles = binder.choose_body()
    signed = binder.check_fields(parameters.branch, {media_type: body} if body else {})
    styles = binder.find_styles(parameters)
    message = OutboundMessage(
        route.operation_id, route.method, route.template, media_type, route, False, binder.carried,
        needs, parameters, body, styles, form_styles, signed,
    )  # fmt: skip
    binder.check_words([leaf for leaf in message._list_leaves() if needs.fields[leaf.name].kind == "word"])
    if len(findings.items) == before:
        binder.try_out(message)
    return message
