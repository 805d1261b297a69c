"""Labels of fidelity: every route, parameter, property, response and enum word says how far it can be trusted.

Labels and their meaning: documented, public, inferred, assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .references import look_up, split_pointer
from .routes import METHODS
from .vocabulary import LABELS

_LIMITS = (
    "maxItems", "minItems", "maxLength", "minLength", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum",
    "pattern", "multipleOf", "uniqueItems", "maxProperties", "minProperties",
)  # fmt: skip

_INNER_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_INNER_MAPS = ("$defs", "patternProperties", "dependentSchemas")
_INNER = (
    "items", "if", "then", "else", "not", "contains", "additionalProperties", "propertyNames", "unevaluatedItems",
    "unevaluatedProperties",
)  # fmt: skip


def is_labelled(label: Any) -> bool:
    """Whether `label` is {label: one of the four, source: some text}."""
    return (
        isinstance(label, Mapping)
        and label.get("label") in LABELS
        and isinstance(label.get("source"), str)
        and bool(label["source"].strip())
    )


def _point(*steps: Any) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


class _Search:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def check_document(self) -> Iterator[str]:
        for kind in ("paths", "webhooks"):
            for name, item in (self._document.get(kind) or {}).items():
                for index, parameter in enumerate(item.get("parameters") or ()):
                    yield from self._check_parameter(parameter, _point(kind, name, "parameters", index))
                for method in METHODS:
                    if method in item:
                        yield from self._check_operation(item[method], _point(kind, name, method))
        components = self._document.get("components") or {}
        for kind, check in (
            ("schemas", self._check_schema),
            ("parameters", self._check_parameter),
            ("responses", self._check_response),
            ("securitySchemes", self._check_thing),
            ("headers", self._check_header),
        ):
            for name, part in (components.get(kind) or {}).items():
                yield from check(part, _point("components", kind, name))
        for name, column in ((self._document.get("x-csv") or {}).get("columns") or {}).items():
            yield from self._check_thing(column, _point("x-csv", "columns", name))

    def _label_of(self, node: Any) -> Any:
        if isinstance(node, Mapping) and "x-provenance" not in node and isinstance(node.get("$ref"), str):
            try:
                return self._label_of(look_up(self._document, split_pointer(node["$ref"][1:])))
            except KeyError:
                return None
        return node.get("x-provenance") if isinstance(node, Mapping) else None

    def _check_thing(self, node: Any, pointer: str) -> Iterator[str]:
        if not is_labelled(self._label_of(node)):
            yield pointer

    def _check_operation(self, operation: Mapping[str, Any], pointer: str) -> Iterator[str]:
        yield from self._check_thing(operation, pointer)
        for index, parameter in enumerate(operation.get("parameters") or ()):
            yield from self._check_parameter(parameter, f"{pointer}/parameters/{index}")
        yield from self._check_content(operation.get("requestBody") or {}, f"{pointer}/requestBody")
        for status, response in (operation.get("responses") or {}).items():
            yield from self._check_response(response, f"{pointer}/responses/{status}")
        for index, code in enumerate(operation.get("x-error-codes") or ()):
            if not is_labelled(code):
                yield f"{pointer}/x-error-codes/{index}"

    def _check_parameter(self, parameter: Mapping[str, Any], pointer: str) -> Iterator[str]:
        yield from self._check_thing(parameter, pointer)
        # The parameter's own label covers its limits; its words need their own.
        yield from self._check_words(parameter.get("schema"), f"{pointer}/schema")

    def _check_header(self, header: Mapping[str, Any], pointer: str) -> Iterator[str]:
        yield from self._check_parameter(header, pointer)

    def _check_response(self, response: Mapping[str, Any], pointer: str) -> Iterator[str]:
        yield from self._check_thing(response, pointer)
        for name, header in (response.get("headers") or {}).items():
            yield from self._check_header(header, pointer + _point("headers", name))
        yield from self._check_content(response, pointer)

    def _check_content(self, holder: Mapping[str, Any], pointer: str) -> Iterator[str]:
        for name, media in (holder.get("content") or {}).items():
            yield from self._check_schema(media.get("schema"), pointer + _point("content", name, "schema"))

    def _check_words(self, schema: Any, pointer: str) -> Iterator[str]:
        if isinstance(schema, Mapping) and "enum" in schema:
            words = (self._label_of(schema) or {}).get("words") or {}
            for index, word in enumerate(schema["enum"]):
                if not is_labelled(words.get(str(word))):
                    yield f"{pointer}/enum/{index}"

    def _check_schema(self, schema: Any, pointer: str) -> Iterator[str]:
        if not isinstance(schema, Mapping):
            return
        if any(limit in schema for limit in _LIMITS) and not is_labelled(self._label_of(schema)):
            yield pointer
        yield from self._check_words(schema, pointer)
        for name, part in (schema.get("properties") or {}).items():
            here = pointer + _point("properties", name)
            if not is_labelled(self._label_of(part)):
                yield here
            yield from self._check_schema(part, here)
        for key in _INNER:
            yield from self._check_schema(schema.get(key), f"{pointer}/{key}")
        for key in _INNER_MAPS:
            for name, part in (schema.get(key) or {}).items():
                yield from self._check_schema(part, pointer + _point(key, name))
        for key in _INNER_LISTS:
            for index, part in enumerate(schema.get(key) or ()):
                yield from self._check_schema(part, f"{pointer}/{key}/{index}")


def unlabelled(document: Mapping[str, Any]) -> list[str]:
    """JSON Pointers of all routes, parameters, properties, responses, limits, enum words, error codes, security
    schemes and CSV columns without a valid x-provenance, each once. A `$ref` takes its target's label."""
    return list(dict.fromkeys(_Search(document).check_document()))
