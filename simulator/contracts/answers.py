"""Rendering answers: canonical values through a response's schema, with the contract's names and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import jsonschema_rs
import orjson

from .bodies import is_json
from .messages import WireAnswer
from .problems import Findings, Path
from .references import Expansion
from .schemas import (
    MISSING,
    find_empty,
    find_filler,
    find_properties,
    find_trait,
    find_types,
    list_fragments,
    name_canonically,
)
from .times import write_rfc3339

Render = Callable[[Any], Any]


@dataclass(frozen=True)
class Answerer:
    """How one outcome is answered: status, content type, and renderers of body and headers."""

    status: int
    media_type: str
    render: Render | None
    headers: tuple[tuple[str, str | None, str | None], ...]

    def answer(self, canonical: Mapping[str, Any]) -> WireAnswer:
        """The answer with these canonical values; `status` and a missing `title` follow the contract's status."""
        scope = {
            "type": "about:blank",
            "title": _TITLES.get(self.status, ""),
            **canonical,
            "status": self.status,
        }
        headers = {}
        for name, canonical_name, fixed in self.headers:
            value = scope.get(canonical_name, fixed)
            if value is not None:
                headers[name] = str(value)
        if self.render is None:
            return WireAnswer(self.status, "", headers, b"")
        body = self.render(scope)
        data = orjson.dumps(body) if is_json(self.media_type) else _spell_plain(body)
        return WireAnswer(self.status, self.media_type, headers, data)


# Two phrases are RFC 9110's of 2022, which older Pythons do not have yet.
_TITLES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",
    422: "Unprocessable Content",
}


def _spell_plain(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else orjson.dumps(body)


def _compile_scalar(schema: dict[str, Any]) -> Render | None:
    words = find_trait(schema, "x-words")
    to_wire = {meaning: word for word, meaning in words.items()} if isinstance(words, dict) else {}
    types = find_types(schema)
    longest = find_trait(schema, "maxLength")
    if not to_wire and longest is None and types in (("integer",), ("number",), ("boolean",)):
        return None

    def render(value: Any) -> Any:
        if isinstance(value, str):
            value = to_wire.get(value, value)
        elif isinstance(value, datetime):
            value = write_rfc3339(value)
        if types == ("string",) and not isinstance(value, str):
            value = orjson.dumps(value).decode()
        elif types == ("integer",) and isinstance(value, str) and value.lstrip("-").isdigit():
            value = int(value)
        return value[:longest] if longest is not None and isinstance(value, str) else value

    return render


@dataclass
class AnswerBuilder:
    """Compiles a response of one operation; `sample` holds all that its answers can say, in canonical names."""

    sample: Mapping[str, Any]
    expansion: Expansion
    findings: Findings

    def __post_init__(self) -> None:
        inner = (item for value in self.sample.values() if isinstance(value, list) for item in value)
        self.names = tuple(dict.fromkeys([*self.sample, *(name for item in inner for name in item)]))

    def build(self, status: int, response: dict[str, Any], path: Path) -> Answerer:
        """The answerer of one response object. Notes names the outcome does not have."""
        media_type, media = next(iter((response.get("content") or {}).items()), ("", None))
        schema = media.get("schema", {}) if isinstance(media, dict) else None
        render = None if schema is None else self._compile(schema, path, whole=True)
        headers = []
        for name, header in (response.get("headers") or {}).items():
            part = header.get("schema") or {}
            canonical = name_canonically(name, part, header if "x-canonical" in header else None)
            fixed = find_filler(part)
            headers.append((name, canonical, None if fixed in (MISSING, None) else str(fixed)))
        answerer = Answerer(status, media_type, render, tuple(headers))
        if isinstance(schema, dict) and is_json(media_type):
            self._check_sample(answerer, schema, path)
        return answerer

    def _check_sample(self, answerer: Answerer, schema: dict[str, Any], path: Path) -> None:
        """Note an answer whose values do not fit where the contract puts them, before a client gets to see it."""
        mend = "Check the types, and which field x-canonical stands on."
        try:
            body = orjson.loads(answerer.answer(self.sample).body)
        except (AttributeError, KeyError, TypeError):
            self.findings.add(path, "This answer cannot hold what it has to say.", mend)
            return
        for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(body):
            if error.kind.name in ("type", "required"):
                what = f"This answer would not fit its own schema: {error.message.splitlines()[0][:120]}."
                self.findings.add(path, what, mend)

    def _compile(self, schema: Any, path: Path, whole: bool = False) -> Render:
        if isinstance(schema, dict) and "const" in schema:
            fixed = schema["const"]
            return lambda scope: fixed
        path = self.expansion.origin(schema) or path
        fragments = list_fragments(schema)
        properties = find_properties(schema)
        if properties or find_types(schema) == ("object",):
            required = {name for fragment in fragments for name in fragment.get("required") or ()}
            return self._compile_object(properties, required, path)
        items = next((part["items"] for part in fragments if isinstance(part.get("items"), dict)), None)
        if items is not None:
            return self._compile_list(schema, items, path, whole)
        scalar = _compile_scalar(schema)
        if whole:
            name = self._name("detail", schema, path) or "detail"
            return lambda scope: (scalar or _same)(scope.get(name, ""))
        return scalar or _same

    def _name(self, wire: str, schema: Any, path: Path) -> str | None:
        canonical = name_canonically(wire, schema if isinstance(schema, dict) else {})
        explicit = find_trait(schema, "x-canonical", MISSING) is not MISSING
        if canonical not in self.names and canonical is not None and explicit:
            self.findings.add(
                path,
                f"x-canonical: {canonical} is nothing this answer can say.",
                f"Use one of {', '.join(self.names)}.",
            )
        return canonical

    def _compile_list(self, schema: Any, items: Any, path: Path, whole: bool) -> Render:
        item = self._compile(items, path)
        types = find_types(items)
        plain = self._name("message", items, path) if types and not {"object", "array"} & set(types) else None

        def render(values: Any) -> list[Any]:
            if plain is not None:
                values = [value[plain] if isinstance(value, Mapping) and plain in value else value for value in values]
            return [item(value) for value in values]

        if whole:
            name = self._name("errors", schema, path) or "errors"
            return lambda scope: render(scope.get(name, ()))
        return render

    def _compile_object(self, properties: Mapping[str, Any], required: set[str], path: Path) -> Render:
        fixed: dict[str, Any] = {}
        known: list[tuple[str, str, Render | None, bool]] = []
        inner: list[tuple[str, Render, bool]] = []
        for wire, part in properties.items():
            here = self.expansion.origin(part) or (*path, "properties", wire)
            if isinstance(part, dict) and "const" in part:
                fixed[wire] = part["const"]
                continue
            canonical = self._name(wire, part, here)
            if canonical in self.names:
                render = self._compile(part, here)
                known.append((wire, canonical, None if render is _same else render, wire in required))
            elif find_trait(part, "properties"):
                inner.append((wire, self._compile(part, here), wire in required))
            elif wire in required:
                fixed[wire] = find_empty(part)
        empties = {wire: find_empty(properties[wire]) for wire, _, _, wanted in known if wanted}

        def render_object(scope: Any) -> dict[str, Any]:
            body = fixed.copy()
            for wire, canonical, render, wanted in known:
                value = scope.get(canonical)
                if value is not None:
                    body[wire] = value if render is None else render(value)
                elif wanted:
                    body[wire] = empties[wire]
            for wire, render, wanted in inner:
                value = render(scope)
                if value or wanted:
                    body[wire] = value
            return body

        return render_object


def _same(value: Any) -> Any:
    return value
