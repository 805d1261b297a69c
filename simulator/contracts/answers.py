"""Rendering answers: canonical values through a response's schema, with the contract's names and words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    allows_null,
    find_empty,
    find_filler,
    find_properties,
    find_trait,
    find_types,
    list_fragments,
    name_canonically,
)
from .times import cut_to_unit, read_rfc3339, translate_time, write_rfc3339
from .vocabulary import Field
from .words import list_wire_words, translate_word

Render = Callable[[Any], Any]


@dataclass(frozen=True)
class Answerer:
    """How one outcome is answered: status, content type, and renderers of body and headers. `signature_header` is the
    header that a signature of the body goes into, if the contract names one.
    """

    status: int
    media_type: str
    render: Render | None
    headers: tuple[tuple[str, str | None, str | None], ...]
    tells_http: bool
    signature_header: str | None = None

    def answer(self, canonical: Mapping[str, Any]) -> WireAnswer:
        """The answer with these canonical values.

        Where it `tells_http`, its `status`, and a missing `type` and `title`, follow the contract's status.
        """
        scope = widen(canonical)
        if self.tells_http:
            scope = {"type": "about:blank", "title": TITLES.get(self.status, ""), **scope, "status": self.status}
        headers = {}
        for name, canonical_name, fixed in self.headers:
            value = scope.get(canonical_name, fixed)
            if value is not None:
                headers[name] = str(value)
        if self.render is None:
            return WireAnswer(self.status, "", headers, b"", self.signature_header)
        body = self.render(scope)
        data = orjson.dumps(body) if is_json(self.media_type) else _spell_plain(body)
        return WireAnswer(self.status, self.media_type, headers, data, self.signature_header)


TITLES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",
    422: "Unprocessable Content",
}
"""HTTP status -> what RFC 9110 (2022) calls it; older Pythons do not have the names of two of them yet."""


def _spell_plain(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else orjson.dumps(body)


def widen(canonical: Mapping[str, Any]) -> dict[str, Any]:
    """The values, and those of objects among them, so that a contract may put them side by side."""
    scope = dict(canonical)
    for value in canonical.values():
        if isinstance(value, Mapping):
            for name, inner in widen(value).items():
                scope.setdefault(name, inner)
    return scope


def _list_names(sample: Any) -> Iterator[str]:
    """Every name in a sample, those of its objects and lists too."""
    if isinstance(sample, Mapping):
        yield from sample
    for part in sample.values() if isinstance(sample, Mapping) else sample if isinstance(sample, list) else ():
        yield from _list_names(part)


def _compile_time(schema: dict[str, Any], path: Path, findings: Findings) -> Render:
    """How an answer says a time: a datetime, or the RFC 3339 text of one that was kept."""
    write = translate_time(schema, path, findings).write
    form = find_trait(schema, "x-time")

    def render(value: Any) -> Any:
        moment = read_rfc3339(value) if isinstance(value, str) else value
        # A count of whole seconds cannot say the rest of one; an answer has no reason to fail for that.
        return write(cut_to_unit(moment, form))

    return render


def _compile_scalar(schema: dict[str, Any]) -> Render | None:
    words = find_trait(schema, "x-words")
    wire_words = list_wire_words(schema)
    to_wire = {}
    if isinstance(words, dict):
        to_wire = {meaning: wire_words.get(word, word) for word, meaning in reversed(list(words.items()))}
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
    """Compiles what says something: a response of an operation, or the body of a message that reports.

    `sample` holds all that can be said, in canonical names; `words` are our words, by name.
    """

    sample: Mapping[str, Any]
    words: Mapping[str, tuple[str, ...]]
    expansion: Expansion
    findings: Findings

    def __post_init__(self) -> None:
        self.names = tuple(dict.fromkeys(_list_names(self.sample)))
        self.times = {name for name, value in self.sample.items() if isinstance(value, datetime)}
        self.said: set[str] = set()
        """The names that a compiled body has a place for."""

    def build_body(self, schema: Any, path: Path) -> Render:
        """Makes a body of a schema out of canonical values. Notes names that cannot be said."""
        return self._compile(schema, path, whole=True)

    def build(self, status: int, response: dict[str, Any], media_type: str, path: Path) -> Answerer:
        """The answerer of one response object, with the body of one content type. Notes names the outcome does not
        have.
        """
        media = (response.get("content") or {}).get(media_type)
        schema = media.get("schema", {}) if isinstance(media, dict) else None
        origin = self.expansion.origin(schema)
        known = (origin or id(response), media_type, self.names)
        render = self.expansion.compiled.get(known)
        is_new = render is None
        if is_new and schema is not None:
            render = self.expansion.compiled[known] = self.build_body(schema, path)
        headers = []
        for name, header in (response.get("headers") or {}).items():
            part = header.get("schema") or {}
            canonical = name_canonically(name, part, header if "x-canonical" in header else None)
            fixed = find_filler(part)
            headers.append((name, canonical, None if fixed in (MISSING, None) else str(fixed)))
        # A transaction has a status of its own, a word; everything else that has one means that of HTTP.
        tells_http = not isinstance(self.sample.get("status"), str)
        sealed_in = next((name for name, canonical, _ in headers if canonical == "signature"), None)
        answerer = Answerer(status, media_type, render, tuple(headers), tells_http, sealed_in)
        if is_new and isinstance(schema, dict) and is_json(media_type):
            self.check_sample(lambda: answerer.answer(self.sample).body, schema, path)
        return answerer

    def check_sample(self, write: Callable[[], bytes], schema: dict[str, Any], path: Path) -> None:
        """Note an answer whose values do not fit where the contract puts them, before a client gets to see it."""
        mend = "Check the types, and which field x-canonical stands on."
        try:
            body = orjson.loads(write())
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

    def _check_words(self, canonical: str, schema: Any, path: Path) -> None:
        """Note a word of ours that an enum or x-words has no word for, and words that mean nothing to us."""
        ours = self.words.get(canonical, ())
        mapping = find_trait(schema, "x-words")
        if not ours or (mapping is None and find_trait(schema, "enum") is None):
            return
        translate_word(Field(canonical, "word", "", ours), schema, path, self.findings)
        meanings = list_wire_words(schema) if mapping is None else mapping.values()
        for word in ours:
            if word not in meanings:
                mend = f"Add one to its enum and to x-words, such as {word.upper()}: {word}."
                self.findings.add(path, f"{path[-1] if path else canonical} has no word for {word}.", mend)

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
                self.said.add(canonical)
                self._check_words(canonical, part, here)
                if canonical in self.times:
                    render = _compile_time(part if isinstance(part, dict) else {}, here, self.findings)
                else:
                    render = self._compile(part, here)
                known.append((wire, canonical, None if render is _same else render, wire in required))
            elif find_trait(part, "properties"):
                inner.append((wire, self._compile(part, here), wire in required))
            elif wire in required:
                fixed[wire] = find_empty(part)
        # What is not there is null where the contract allows that; an example would claim something.
        empties = {
            wire: None if allows_null(properties[wire]) else find_empty(properties[wire])
            for wire, _, _, wanted in known
            if wanted
        }

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
