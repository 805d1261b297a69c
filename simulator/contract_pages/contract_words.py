"""A contract in words for people: its routes, fields, answers and codes, each with its label and source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.contracts import BoundOperation, Contract, OutboundMessage
from simulator.contracts.problems import Findings
from simulator.contracts.provenance import is_labelled
from simulator.contracts.references import Expansion
from simulator.contracts.routes import Route, find_routes
from simulator.contracts.schemas import MISSING, allows_null, find_trait, find_types, name_canonically
from simulator.contracts.vocabulary import OUTCOMES, PLATFORMS
from simulator.contracts.webhooks import find_webhooks

_RANGES = (("minLength", "maxLength", " characters"), ("minimum", "maximum", ""), ("minItems", "maxItems", " items"),
           ("exclusiveMinimum", "exclusiveMaximum", ", both excluded"), ("minProperties", "maxProperties", " fields"))
_TYPES = {"array": "list", "string": "text", "integer": "whole number", "boolean": "true or false"}
_COMBINED = ("allOf", "oneOf", "anyOf")
_BEFORE_THE_CONTRACT = {"405": "the path does not take this method",
                        "413": "the body is larger than the simulator takes; it is not read",
                        "500": "the simulator failed"}
"""Statuses that the simulator answers with whatever a contract says of them -> when it does."""


@dataclass(frozen=True)
class Label:
    """How far a statement can be trusted; `name` is empty for what a user's own contract says without a label."""

    name: str
    source: str


FROM_CONTRACT = Label("", "from your contract file")


@dataclass
class FieldWords:
    """A field in words. `where` are all its places; `words` are (word, what it stands for, label) of an enum;
    `is_signature` marks the header that a signature of the body stands in.
    """

    name: str
    kind: str
    need: str
    limits: list[str]
    words: list[tuple[str, str, Label]]
    meaning: str
    label: Label
    where: list[str] = field(default_factory=list)
    is_signature: bool = False


@dataclass(frozen=True)
class AnswerWords:
    """An answer in words. `meanings` say when it is given, and are empty for one that the simulator never gives;
    `same_as` names the status whose fields this answer shares."""

    status: str
    description: str
    outcomes: tuple[str, ...]
    meanings: tuple[str, ...]
    label: Label
    fields: list[FieldWords]
    same_as: str
    from_default: bool


@dataclass(frozen=True)
class CodeWords:
    """An error code in words; `ours` is the simulator's name of it. One that `depends_on_registered` needs more than
    one request: something is registered before.
    """

    code: str
    ours: str
    meaning: str
    label: Label
    depends_on_registered: bool = False


def label_of(node: Any) -> Label:
    """The label that stands on a part of a contract."""
    return _label(find_trait(node, "x-provenance"))


def _label(given: Any) -> Label:
    if not is_labelled(given):
        return FROM_CONTRACT
    # A source may repeat its label, for readers of the file.
    return Label(given["label"], given["source"].removeprefix(f"{given['label']}: "))


class OperationWords:
    """One operation of a contract in words: a call, or a message that the platform sends."""

    def __init__(self, contract: Contract, operation_id: str) -> None:
        self._expansion = Expansion(contract.document, Findings())
        needs = PLATFORMS[contract.platform]
        self.bound: BoundOperation | OutboundMessage
        if operation_id in needs.outbound:
            routes = find_webhooks(contract.document, needs, self._expansion, Findings())
            self.bound = contract.outbound[operation_id]
        else:
            routes = find_routes(contract.document, needs, (), self._expansion, Findings())
            self.bound = contract.operations[operation_id]
        self._meanings = {**needs.operations, **needs.outbound}[operation_id].meanings
        self.route: Route = routes[operation_id]
        self.document = contract.document
        self.description = str(self.route.operation.get("description") or "")
        self.label = label_of(self.route.operation)

    @property
    def title(self) -> str:
        """What the operation does, in a few words."""
        return str(self.route.operation.get("summary") or self.bound.operation_id)

    def fields(self) -> list[FieldWords]:
        """The fields of a request: path, query, headers, then the body."""
        return [row for _, rows in self.field_sets() for row in rows]

    def field_sets(self) -> list[tuple[str, list[FieldWords]]]:
        """The fields of a request, in a set for each content type if it has several; "" names what all have."""
        rows: dict[Any, FieldWords] = {}
        for parameter in self.route.parameters:
            schema = parameter.get("schema") if isinstance(parameter.get("schema"), dict) else {}
            self._add(rows, {**schema, **{key: value for key, value in parameter.items() if key != "schema"}},
                      str(parameter.get("name")), str(parameter.get("in")), bool(parameter.get("required")),
                      ("parameter", parameter.get("in"), parameter.get("name")))
        content = (self.route.operation.get("requestBody") or {}).get("content") or {}
        sets = [("", rows)]
        for media_type, media in content.items():
            if len(content) > 1:
                sets.append((media_type, {}))
            self._walk(sets[-1][1], media.get("schema"), "")
        return [(media_type, list(found.values())) for media_type, found in sets if found]

    def answers(self, outcomes: set[str] | None = None, default: bool = False) -> list[AnswerWords]:
        """Every answer; only those for `outcomes` when they are given, as answers a contract left to the default."""
        told: dict[Any, str] = {}
        answers = []
        for status, response in (self.route.operation.get("responses") or {}).items():
            words = _outcomes(response)
            if outcomes is not None:
                words = [word for word in words if word in outcomes]
                if not words:
                    continue
            rows: dict[Any, FieldWords] = {}
            for name, header in (response.get("headers") or {}).items():
                schema = header.get("schema") if isinstance(header.get("schema"), dict) else {}
                self._add(rows, {**schema, **header}, name, "header", False, ("header", name))
            schemas = [media.get("schema") for media in (response.get("content") or {}).values()]
            # Refusals mostly share one body, which is told once.
            origin = self._expansion.origin(schemas[0]) if len(schemas) == 1 else None
            same_as = told.get(origin, "") if origin else ""
            if not same_as:
                told[origin] = str(status)
                for schema in schemas:
                    self._walk(rows, schema, "")
            before = _BEFORE_THE_CONTRACT.get(str(status), "")
            meanings = [self._meanings.get(word, OUTCOMES[word]) for word in words] or ([before] if before else [])
            answers.append(AnswerWords(str(status), str(response.get("description") or ""), tuple(words),
                                       tuple(meanings), label_of(response), list(rows.values()), same_as, default))
        return answers

    def codes(self) -> list[CodeWords]:
        """The contract's own list of error codes."""
        ours = self.code_words()
        return [CodeWords(str(code["code"]), ours.get(str(code["code"]), str(code["code"])),
                          str(code.get("meaning") or ""), _label(code), code.get("registered") is True)
                for code in self.route.operation.get("x-error-codes") or ()
                if isinstance(code, Mapping) and "code" in code]

    def code_words(self) -> dict[str, str]:
        """Word of an error code on the wire -> the simulator's own, where the two differ."""
        responses = (self.route.operation.get("responses") or {}).values()
        invalid = [response for response in responses if "invalid" in _outcomes(response)]
        for response in invalid:
            for media in (response.get("content") or {}).values():
                for name, schema in _properties(media.get("schema")):
                    words = find_trait(schema, "x-words")
                    if name_canonically(name, schema) == "code" and isinstance(words, dict):
                        return words
        return {}

    def enum_of(self, canonical: str) -> list[Any]:
        """The words that the contract has for one of our fields in a request; empty when it has no list of them."""
        for media in ((self.route.operation.get("requestBody") or {}).get("content") or {}).values():
            for name, schema in _properties(media.get("schema")):
                if name_canonically(name, schema) == canonical:
                    return list(find_trait(schema, "enum") or ())
        return []

    def schemes(self) -> list[tuple[str, str, Label]]:
        """The security schemes: name, description, label."""
        wanted = self.route.operation.get("security", self.document.get("security")) or []
        schemes = (self.document.get("components") or {}).get("securitySchemes") or {}
        return [(name, str(schemes[name].get("description") or ""), label_of(schemes[name]))
                for requirement in wanted for name in requirement if name in schemes]

    def _walk(self, rows: dict[Any, FieldWords], schema: Any, trail: str, required: frozenset[str] = frozenset(),
              named: bool = False) -> None:
        if not isinstance(schema, dict):
            return
        if not named and _says_something(schema):
            self._add(rows, schema, str(schema.get("title") or _kind(schema)), f"body {trail}".strip(), None,
                      self._expansion.origin(schema) or trail)
        required = required | frozenset(schema.get("required") or ())
        for name, part in (schema.get("properties") or {}).items():
            if isinstance(part, dict):
                place = f"{trail}.{name}" if trail else name
                self._add(rows, part, name, f"body {place}", name in required, self._expansion.origin(part) or place)
                self._walk(rows, part, place, named=True)
        for key in _COMBINED:
            for part in schema.get(key) or ():
                self._walk(rows, part, trail, required if key == "allOf" else frozenset(), named)
        for key in ("then", "else"):
            self._walk(rows, schema.get(key), trail, named=named)
        self._walk(rows, schema.get("items"), f"{trail}[]")

    def _add(self, rows: dict[Any, FieldWords], schema: dict[str, Any], name: str, where: str, required: bool | None,
             key: Any) -> None:
        if key not in rows:
            need = "" if required is None else "required" if required else "optional"
            rows[key] = FieldWords(name, _kind(schema), need, list(_limits(schema)), _words(schema),
                                   str(find_trait(schema, "description") or ""), label_of(schema),
                                   is_signature=name_canonically(name, schema) == "signature")
        if where not in rows[key].where:
            rows[key].where.append(where)


def _outcomes(response: Mapping[str, Any]) -> list[str]:
    """The outcomes that a response is for; they stand on it, or on its content types."""
    parts = [response, *(response.get("content") or {}).values()]
    marks = [part.get("x-outcome") or [] for part in parts if isinstance(part, Mapping)]
    return [word for mark in marks for word in ([mark] if isinstance(mark, str) else mark)]


def _says_something(schema: dict[str, Any]) -> bool:
    """Whether a list or an object without a name has a label, a limit or a rule of its own."""
    limits = {key for low, high, _ in _RANGES for key in (low, high)}
    return "x-provenance" in schema or not limits.isdisjoint(schema) or any(
        isinstance(part, dict) and "x-message" in part for part in schema.get("allOf") or ())


def _properties(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, part in (schema.get("properties") or {}).items():
            if isinstance(part, dict):
                yield name, part
                yield from _properties(part)
        yield from _properties(schema.get("items"))
        for key in _COMBINED:
            for part in schema.get(key) or ():
                yield from _properties(part)


def _kind(schema: dict[str, Any]) -> str:
    types = [_TYPES.get(word, word) for word in find_types(schema)]
    form = find_trait(schema, "format")
    words = " or ".join(types) + (f" ({form})" if form else "")
    return f"{words or 'any value'}, or null" if allows_null(schema) and types else words


def _number(value: Any) -> str:
    return f"{value:,}".replace("-", "−") if isinstance(value, int | float) else str(value)


def _limits(schema: dict[str, Any]) -> Iterator[str]:
    for low, high, unit in _RANGES:
        least, most = find_trait(schema, low), find_trait(schema, high)
        if least is not None and most is not None:
            yield f"{_number(least)} to {_number(most)}{unit}"
        elif least is not None:
            yield f"at least {_number(least)}{unit}"
        elif most is not None:
            yield f"at most {_number(most)}{unit}"
    for key, words in (("pattern", "pattern"), ("multipleOf", "a multiple of"), ("x-unit", "in"),
                       ("x-sign", "sign:"), ("x-time", "time as"), ("default", "default")):
        value = find_trait(schema, key)
        if value is not None:
            yield f"{words} {value}"
    fixed = find_trait(schema, "const", MISSING)
    if fixed is not MISSING:
        yield f"always {fixed}"
    if schema.get("additionalProperties") is False:
        yield "no other fields"
    yield from (str(part["x-message"]) for key in _COMBINED for part in schema.get(key) or ()
                if isinstance(part, dict) and "x-message" in part)


def _words(schema: dict[str, Any]) -> list[tuple[str, str, Label]]:
    labels = (find_trait(schema, "x-provenance") or {}).get("words") or {}
    meanings = find_trait(schema, "x-words") or {}
    return [(str(word), str(meanings.get(str(word), "")), _label(labels.get(str(word))))
            for word in find_trait(schema, "enum") or ()]
