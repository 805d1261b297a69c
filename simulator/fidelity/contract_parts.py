"""A contract taken apart: each route, parameter, header, answer, field, word, limit and error code, with its label.

A part that many places refer to (a `$ref`) is one part, with the place it refers to; answers are each route's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.contracts.references import look_up, split_pointer
from simulator.contracts.routes import METHODS

_NUMBERS = ("minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
            "exclusiveMaximum", "multipleOf", "minProperties", "maxProperties")
_PATTERNS = ("pattern", "uniqueItems")
LIMITS = (*_NUMBERS, *_PATTERNS)
"""The words of JSON Schema that bound a value."""

_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_REMARKS = frozenset({"x-provenance", "description", "examples", "title", "summary", "properties", "items", "enum",
                      "x-words", "x-message", *LIMITS, *_LISTS})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a contract. `pointer` is its JSON Pointer; `essence` is what makes it the same in another contract."""

    id: str
    kind: str
    name: str
    label: str
    source: str
    pointer: str
    essence: Any


def point(*steps: Any) -> str:
    """A JSON Pointer of these steps."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


class ContractParts:
    """The parts of one contract's document, by the pointer that observations find them at."""

    def __init__(self, platform: str, document: Mapping[str, Any]) -> None:
        self.platform = platform
        self.document = document
        self.parts: dict[str, Part] = {}
        """By pointer; a word of an enum has the pointer of its place in the list, a limit that of its word."""
        self._ids: set[str] = set()
        self._collect()

    def resolve(self, node: Any, pointer: str) -> tuple[Any, str]:
        """A node and its pointer, a `$ref` followed to its end; what refers to nothing stays what it is."""
        seen = set()
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str) and node["$ref"] not in seen:
            seen.add(node["$ref"])
            target = node["$ref"][1:]
            try:
                node, pointer = look_up(self.document, split_pointer(target)), target
            except KeyError:
                break
        return node, pointer

    def operations(self) -> Iterator[tuple[str, str, str, Mapping[str, Any], Mapping[str, Any], str]]:
        """`(paths or webhooks, path, method, path item, operation, pointer)` of every operation."""
        for holder in ("paths", "webhooks"):
            for path, item in (self.document.get(holder) or {}).items():
                for method in METHODS:
                    if isinstance(item, Mapping) and isinstance(item.get(method), Mapping):
                        yield holder, path, method, item, item[method], point(holder, path, method)

    def name_of(self, path: str, method: str, operation: Mapping[str, Any]) -> str:
        """An operation's name: its operationId, or method and path where it has none."""
        return str(operation.get("operationId") or f"{method.upper()} {path}")

    def _collect(self) -> None:
        for holder, path, method, item, operation, pointer in self.operations():
            name = self.name_of(path, method, operation)
            is_sent = holder == "webhooks"
            words = (f"{name}: the platform sends {method.upper()} {item.get('x-path') or 'to the callback URL'}"
                     if is_sent else f"{method.upper()} {path}")
            self._add(operation, pointer, "route", name, words, [holder, path if not is_sent else item.get("x-path"),
                                                                method])
            for index, parameter in enumerate(item.get("parameters") or ()):
                self._parameter(parameter, point(holder, path, "parameters", index), name)
            for index, parameter in enumerate(operation.get("parameters") or ()):
                self._parameter(parameter, f"{pointer}/parameters/{index}", name)
            self._content(operation.get("requestBody") or {}, f"{pointer}/requestBody",
                          f"{name}/{'message' if is_sent else 'request'}", not is_sent)
            for status, response in (operation.get("responses") or {}).items():
                self._answer(response, f"{pointer}/responses/{status}", name, str(status))
            for index, code in enumerate(operation.get("x-error-codes") or ()):
                self._codes(code, f"{pointer}/x-error-codes/{index}")
        components = self.document.get("components") or {}
        for name, scheme in (components.get("securitySchemes") or {}).items():
            self._add(scheme, point("components", "securitySchemes", name), "parameter", f"security/{name}",
                      f"Authorization: {scheme.get('scheme', name)}", [scheme.get("type"), scheme.get("scheme")])
        for name, column in ((self.document.get("x-csv") or {}).get("columns") or {}).items():
            self._add(column, point("x-csv", "columns", name), "field", f"csv/{name}", f"CSV column {name}",
                      column.get("x-canonical"))

    def _label(self, node: Any) -> Mapping[str, Any]:
        if isinstance(node, Mapping) and "x-provenance" not in node:
            node, _ = self.resolve(node, "")
        found = node.get("x-provenance") if isinstance(node, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def _limit_label(self, schema: Mapping[str, Any], limit: str) -> Mapping[str, Any]:
        """A limit's own label, if `x-provenance.limits` has one, for all limits or by their words; or its field's."""
        label = self._label(schema)
        own = label.get("limits") or {}
        return own if "label" in own else own.get(limit) or label

    def _add(self, node: Any, pointer: str, kind: str, short: str, name: str, essence: Any,
             label: Mapping[str, Any] | None = None) -> None:
        if pointer in self.parts:
            return
        label = self._label(node) if label is None else label
        identity = unique = f"{self.platform}/{short}"
        count = 1
        while unique in self._ids:
            count += 1
            unique = f"{identity}~{count}"
        self._ids.add(unique)
        self.parts[pointer] = Part(unique, kind, name, str(label.get("label", "")), str(label.get("source", "")),
                                   pointer, essence)

    def _parameter(self, node: Any, pointer: str, owner: str) -> None:
        found, place = self.resolve(node, pointer)
        name, is_header = str(found.get("name")), found.get("in") == "header"
        owner = owner if place == pointer else "parameters"
        self._add(node, place, "header" if is_header else "parameter", f"{owner}/{name}",
                  f"{name} ({found.get('in')}, {owner})", [found.get("in"), found.get("required", False)])
        self._words(found.get("schema"), f"{place}/schema", f"{owner}/{name}", f"{name} of {owner}")

    def _answer(self, node: Any, pointer: str, owner: str, status: str) -> None:
        found, place = self.resolve(node, pointer)
        self._add(node, pointer, "answer", f"{owner}/answer/{status}", f"{owner}: answer {status}",
                  [status, found.get("x-outcome")])
        inside = f"{owner}/answer/{status}" if place == pointer else place.rpartition("/")[2]
        for name, header in (found.get("headers") or {}).items():
            real, there = self.resolve(header, place + point("headers", name))
            self._add(header, there, "header", f"{inside}/header/{name}", f"{name} (answer {status}, {inside})",
                      (real.get("schema") or {}).get("default"))
        self._content(found, place, inside, False)

    def _content(self, holder: Mapping[str, Any], pointer: str, short: str, is_sent_to_us: bool) -> None:
        content = holder.get("content") or {}
        for place, (media_type, media) in enumerate(content.items()):
            inside = short if place == 0 else f"{short}/{media_type.rpartition('/')[2]}"
            self._schema(media.get("schema"), pointer + point("content", media_type, "schema"), inside, is_sent_to_us)

    def _words(self, schema: Any, pointer: str, short: str, name: str) -> None:
        found, place = self.resolve(schema, pointer)
        if not isinstance(found, Mapping) or "enum" not in found:
            return
        labels = self._label(found).get("words") or {}
        for index, word in enumerate(found["enum"]):
            self._add(None, f"{place}/enum/{index}", "enum word", f"{short}={word}", f"{name}: {word}",
                      [word, (found.get("x-words") or {}).get(word)], labels.get(str(word)) or {})

    def _schema(self, schema: Any, pointer: str, short: str, is_sent_to_us: bool) -> None:
        schema, place = self.resolve(schema, pointer)
        if not isinstance(schema, Mapping):
            return
        if place.startswith("/components/schemas/") and place.count("/") == 3:
            short = place.rpartition("/")[2]
        name = short.replace("/", " ")
        if is_sent_to_us:
            for limit in LIMITS:
                if limit in schema:
                    self._add(schema, f"{place}/{limit}", "number" if limit in _NUMBERS else "rule",
                              f"{short}#{limit}", f"{name}: {limit} {_figure(schema[limit])}", schema[limit],
                              self._limit_label(schema, limit))
        self._words(schema, place, short, name)
        for key, part in (schema.get("properties") or {}).items():
            self._field(part, place + point("properties", key), f"{short}/{key}", is_sent_to_us)
        for listed in _LISTS:
            for index, part in enumerate(schema.get(listed) or ()):
                self._schema(part, f"{place}/{listed}/{index}", short, is_sent_to_us)
        if isinstance(schema.get("items"), Mapping):
            self._schema(schema["items"], f"{place}/items", short, is_sent_to_us)

    def _field(self, node: Any, pointer: str, short: str, is_sent_to_us: bool) -> None:
        essence = {key: value for key, value in node.items() if key not in _REMARKS} if isinstance(node, Mapping) else 0
        self._add(node, pointer, "field", short, short.replace("/", " "), essence)
        self._schema(node, pointer, short, is_sent_to_us)

    def _codes(self, node: Mapping[str, Any], pointer: str) -> None:
        """Error codes are the platform's: the same word on another route is the same entry."""
        for place, code in enumerate(str(node.get("code", "")).split(",")):
            code = code.strip()
            if f"{self.platform}/code/{code}" not in self._ids:
                name = f"Error {code}: {node.get('meaning', '')}"
                self._add(None, f"{pointer}/{place}", "rule", f"code/{code}", name, code, node)


def _figure(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
