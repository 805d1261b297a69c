"""Which entries of the fidelity ledger a message shows: its route, answer, headers, fields, words, limits and codes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.contracts import load_contract
from simulator.fidelity.contract_parts import LIMITS, ContractParts

_MOST_ITEMS = 50
"""Items of a list that are looked at."""

_LARGEST_BODY = 300_000
_BRANCHES = ("allOf", "anyOf", "oneOf")
_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}


@dataclass(frozen=True)
class Exchanged:
    """A request and its answer; header names in small letters."""

    method: str
    path: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    answer_headers: Mapping[str, str]
    answer_body: bytes


class ContractReader:
    """Finds the entries of one of the simulator's own contracts in messages."""

    def __init__(self, platform: str) -> None:
        self.platform = platform
        self.parts = ContractParts(platform, load_contract(platform).document)
        self.routes: dict[tuple[str, str], tuple[Mapping[str, Any], str]] = {}
        self.sent: dict[str, tuple[Mapping[str, Any], str]] = {}
        for holder, path, method, _, operation, pointer in self.parts.operations():
            if holder == "paths":
                self.routes[method.upper(), path] = operation, pointer
            else:
                self.sent[str(operation["operationId"])] = operation, pointer

    def exchange(self, found: Exchanged) -> set[str]:
        """What a request to the platform and its answer show; nothing when the path is no route of this contract."""
        operation, pointer = self.routes.get((found.method, found.path), (None, ""))
        if operation is None:
            return set()
        seen = self._answer(operation, pointer, found)
        if 200 <= found.status < 300:
            seen |= {pointer, *self._request(operation, pointer, found)}
        else:
            seen |= self._broken_limits(operation, pointer, found)
        return self._ids(seen)

    def message(self, operation_id: str, headers: Mapping[str, str], body: bytes) -> set[str]:
        """What a message of the platform shows, if it is one of this contract."""
        operation, pointer = self.sent[operation_id]
        value = _parsed(body)
        schema, place = self._schema_of(operation.get("requestBody") or {}, f"{pointer}/requestBody", "")
        node, _ = self.parts.resolve(schema, place)
        properties = set(node.get("properties") or {})
        if not isinstance(value, dict) or not set(node.get("required") or ()) <= set(value) <= properties:
            return set()
        return self._ids({pointer, *self._inside(schema, place, value),
                          *self._parameters(operation, pointer, headers)}) | self._codes(value)

    def answer_to_message(self, operation_id: str, status: int) -> set[str]:
        """What an answer of a participant to a message shows."""
        operation, pointer = self.sent[operation_id]
        for key in (str(status), f"{status // 100}XX"):
            if key in operation["responses"]:
                return self._ids({f"{pointer}/responses/{key}"})
        return set()

    def columns(self, names: list[str]) -> set[str]:
        """What the header of a CSV file shows."""
        return {f"{self.platform}/csv/{name}" for name in names
                if name in (self.parts.document.get("x-csv") or {}).get("columns", {})}

    def _ids(self, pointers: set[str]) -> set[str]:
        parts = self.parts.parts
        return {parts[pointer].id for pointer in pointers if pointer in parts}

    def _codes(self, body: Any) -> set[str]:
        """Entries of the error codes in a body."""
        errors = body.get("errors") if isinstance(body, dict) else None
        return {f"{self.platform}/code/{error['code']}" for error in (errors if isinstance(errors, list) else ())
                if isinstance(error, dict) and isinstance(error.get("code"), str)}

    def _schema_of(self, holder: Mapping[str, Any], pointer: str, content_type: str) -> tuple[Any, str]:
        """The schema of a content type, or the first one; with its pointer."""
        content = holder.get("content") or {}
        media = content_type.partition(";")[0].strip()
        name = media if media in content else next(iter(content), None)
        if name is None:
            return {}, pointer
        return content[name].get("schema"), f"{pointer}/content/{name.replace('/', '~1')}/schema"

    def _request(self, operation: Mapping[str, Any], pointer: str, found: Exchanged) -> Iterator[str]:
        yield from self._parameters(operation, pointer, found.request_headers)
        wants_token = operation.get("security", self.parts.document.get("security"))
        if wants_token and "authorization" in found.request_headers:
            yield from (f"/components/securitySchemes/{name}" for each in wants_token for name in each)
        kind = found.request_headers.get("content-type", "")
        schema, place = self._schema_of(operation.get("requestBody") or {}, f"{pointer}/requestBody", kind)
        value: Any = _parsed(found.request_body)
        if "urlencoded" in kind:
            value = dict(part.partition("=")[::2] for part in found.request_body.decode("latin-1").split("&"))
        yield from self._inside(schema, place, value)

    def _parameters(self, operation: Mapping[str, Any], pointer: str, headers: Mapping[str, str]) -> Iterator[str]:
        for index, parameter in enumerate(operation.get("parameters") or ()):
            real, place = self.parts.resolve(parameter, f"{pointer}/parameters/{index}")
            if str(real.get("name")).lower() in headers:
                yield place

    def _answer(self, operation: Mapping[str, Any], pointer: str, found: Exchanged) -> set[str]:
        here = f"{pointer}/responses/{found.status}"
        declared = (operation.get("responses") or {}).get(str(found.status))
        if declared is None:
            return set()
        real, place = self.parts.resolve(declared, here)
        value = _parsed(found.answer_body)
        schema, inside = self._schema_of(real, place, found.answer_headers.get("content-type", ""))
        seen = {here, *self._inside(schema, inside, value)}
        seen |= {self.parts.resolve(header, f"{place}/headers/{name}")[1]
                 for name, header in (real.get("headers") or {}).items() if name.lower() in found.answer_headers}
        codes = {part.pointer for part in self.parts.parts.values() if part.id in self._codes(value)}
        return seen | codes

    def _inside(self, schema: Any, pointer: str, value: Any) -> Iterator[str]:
        node, place = self.parts.resolve(schema, pointer)
        if not isinstance(node, Mapping):
            return
        if value in (node.get("enum") or ()):
            yield f"{place}/enum/{node['enum'].index(value)}"
        for branch in _BRANCHES:
            for index, part in enumerate(node.get(branch) or ()):
                real, _ = self.parts.resolve(part, "")
                if isinstance(value, _TYPES.get(real.get("type"), object)):
                    yield from self._inside(part, f"{place}/{branch}/{index}", value)
        if isinstance(value, dict):
            for name, part in (node.get("properties") or {}).items():
                if name in value:
                    yield f"{place}/properties/{name}"
                    yield from self._inside(part, f"{place}/properties/{name}", value[name])
        if isinstance(value, list):
            for item in value[:_MOST_ITEMS]:
                yield from self._inside(node.get("items"), f"{place}/items", item)

    def _broken_limits(self, operation: Mapping[str, Any], pointer: str, found: Exchanged) -> set[str]:
        body = _parsed(found.answer_body)
        errors = body.get("errors") if isinstance(body, dict) else None
        schema, place = self._schema_of(operation.get("requestBody") or {}, f"{pointer}/requestBody",
                                        found.request_headers.get("content-type", ""))
        broken: set[str] = set()
        for error in errors if isinstance(errors, list) else ():
            if isinstance(error, dict) and error.get("code") in LIMITS:
                steps = [step.replace("~1", "/").replace("~0", "~")
                         for step in str(error.get("pointer", "")).split("/")[1:]]
                broken |= {f"{there}/{error['code']}" for there in self._places(schema, place, steps)}
        return broken

    def _places(self, schema: Any, pointer: str, steps: list[str]) -> Iterator[str]:
        """Pointers of the schemas at the end of `steps` into what was sent."""
        node, place = self.parts.resolve(schema, pointer)
        if not isinstance(node, Mapping):
            return
        for branch in _BRANCHES:
            for index, part in enumerate(node.get(branch) or ()):
                yield from self._places(part, f"{place}/{branch}/{index}", steps)
        if not steps:
            yield place
        elif steps[0] in (node.get("properties") or {}):
            yield from self._places(node["properties"][steps[0]], f"{place}/properties/{steps[0]}", steps[1:])
        elif steps[0].isdigit() and isinstance(node.get("items"), Mapping):
            yield from self._places(node["items"], f"{place}/items", steps[1:])


def _parsed(body: bytes) -> Any:
    if not body or len(body) > _LARGEST_BODY:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None
