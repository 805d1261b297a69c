"""Following `$ref`: a part of the document is copied with every reference put in place of what it names."""

from __future__ import annotations

from typing import Any

from .problems import Findings, Path

_NAME_MAPS = frozenset(
    (
        "properties",
        "patternProperties",
        "$defs",
        "dependentSchemas",
        "schemas",
        "responses",
        "headers",
        "paths",
        "webhooks",
    )
)
"""Keys whose own keys are names the author chose, so that a property called "$ref" or "example" stays a property."""

_DATA = frozenset(("example", "examples", "default", "const", "enum"))
"""Keys that hold sample data, where a "$ref" is only text."""

_REMARKS = frozenset(("summary", "description", "title", "deprecated", "readOnly", "writeOnly", *_DATA))


def split_pointer(pointer: str) -> Path:
    """The steps of a JSON Pointer such as "/paths/~1a/get" (RFC 6901)."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def look_up(document: Any, path: Path) -> Any:
    """What stands at `path` in plain JSON values. Raises KeyError when nothing does."""
    node = document
    for step in path:
        if isinstance(node, dict):
            node = node[step]
        elif isinstance(node, list) and str(step).isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            raise KeyError(step)
    return node


class Expansion:
    """Copies of parts of one document without references, and where each copied part came from."""

    def __init__(self, document: dict[str, Any], findings: Findings) -> None:
        self._document = document
        self._findings = findings
        self._origins: dict[int, Path] = {}
        self._kept: list[Any] = []
        self.broken = False
        self.compiled: dict[Any, Any] = {}
        """What was made of parts, by their origin, so that a schema many answers refer to is compiled once."""

    def expand(self, path: Path) -> Any:
        """The part at `path` with references followed; faulty references become {} and a finding each."""
        try:
            part = look_up(self._document, path)
        except KeyError:
            return None
        copy = self._copy(part, path, bool(path) and path[-1] in _NAME_MAPS, ())
        # Origins are kept by identity, which only holds while the copies live.
        self._kept.append(copy)
        return copy

    def origin(self, part: Any) -> Path:
        """Path in the document of a part that `expand` gave; () when it is not one."""
        return self._origins.get(id(part), ())

    def _copy(self, node: Any, path: Path, names: bool, trail: tuple[str, ...]) -> Any:
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and not names:
                return self._follow(node, reference, path, trail)
            copy: Any = {}
            for key, value in node.items():
                if not names and (key in _DATA or key.startswith("x-")):
                    copy[key] = value
                else:
                    copy[key] = self._copy(value, (*path, key), not names and key in _NAME_MAPS, trail)
        elif isinstance(node, list):
            copy = [self._copy(value, (*path, index), False, trail) for index, value in enumerate(node)]
        else:
            return node
        self._origins[id(copy)] = path
        return copy

    def _refuse(self, path: Path, what: str, mend: str) -> dict[str, Any]:
        self.broken = True
        self._findings.add((*path, "$ref"), what, mend)
        return {}

    def _follow(self, node: dict[str, Any], reference: str, path: Path, trail: tuple[str, ...]) -> Any:
        if not reference.startswith("#"):
            return self._refuse(
                path,
                f"$ref points outside this file: {reference[:80]}.",
                'Copy that part into this file and write "#/components/...".',
            )
        if reference in trail:
            return self._refuse(
                path,
                f"$ref goes round in a circle: {reference[:80]} contains itself.",
                "Write the inner part out as deep as it is needed.",
            )
        target_path = split_pointer(reference[1:])
        try:
            target = look_up(self._document, target_path)
        except KeyError:
            return self._refuse(
                path,
                f"$ref names something that is not there: {reference[:80]}.",
                "Check the spelling, or add it.",
            )
        copy = self._copy(target, target_path, False, (*trail, reference))
        beside = {key: value for key, value in node.items() if key != "$ref"}
        if not beside or not isinstance(copy, dict):
            return copy
        if all(key in _REMARKS or key.startswith("x-") for key in beside):
            merged = {**copy, **beside}
        else:
            # Rules beside a $ref hold as well as the rules it names (JSON Schema 2020-12); they do not replace them.
            merged = {
                **{key: self._copy(value, (*path, key), key in _NAME_MAPS, trail) for key, value in beside.items()}
            }
            merged["allOf"] = [copy, *merged.get("allOf", [])]
        self._origins[id(merged)] = path
        return merged
