"""Whether a user's file is an OpenAPI 3.1 document at all, told in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from .problems import Findings, Path
from .references import Expansion
from .vocabulary import OUR_EXTENSIONS


def check_version(document: Any, findings: Findings) -> None:
    """Note a document that is not OpenAPI 3.1 with paths."""
    if not isinstance(document, dict):
        findings.add((), "The file is not a map of keys and values.", "Begin with openapi: 3.1.0, info: and paths:.")
        return
    version = document.get("openapi")
    if not (isinstance(version, str) and version.startswith("3.1.")):
        found = document.get("swagger", version)
        said = "The file does not say which OpenAPI it is" if found is None else f"The file is OpenAPI {found}"
        findings.add(
            next(((key,) for key in ("swagger", "openapi") if key in document), ()),
            f"{said}; the simulator reads 3.1.",
            "Write openapi: 3.1.0, and turn 3.0 habits such as nullable: true into type: [number, 'null'].",
        )
    if not isinstance(document.get("paths"), dict):
        findings.add(("paths",) if "paths" in document else (), "The file has no paths.", "Add paths: with a route.")


def _walk(node: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            if key not in ("example", "examples", "default", "const", "enum", "x-words", "x-provenance"):
                yield from _walk(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _walk(value, (*path, index))


_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "x-canonical": ((str, type(None)), "a name, or null"),
    "x-record": ((str,), "a word"),
    "x-unit": ((str,), "a word"),
    "x-sign": ((str,), "a word"),
    "x-time": ((str,), "a word"),
    "x-code": ((str,), "a word"),
    "x-message": ((str,), "a sentence"),
    "x-words": ((dict,), "a map from each word on the wire to ours"),
    "x-outcome": ((str, list), "a word, or a list of words"),
    "x-csv": ((dict,), "a map with columns"),
    "x-path": ((str,), "a path such as /dispatch"),
}
"""What the value of each extension has to be, and the words for it."""


def _check_extensions(document: Mapping[str, Any], findings: Findings) -> bool:
    """Note extensions of a wrong type or misspelt; answers whether all types are right."""
    sound = True
    for path, node in _walk(document, ()):
        if node.get("nullable") is True and "type" in node:
            what = "nullable is OpenAPI 3.0 and does nothing in 3.1."
            findings.add((*path, "nullable"), what, f"Write type: [{node['type']}, 'null'].")
        if path[-1:] in (("properties",), ("headers",)):
            continue  # the keys here are names on the wire, such as the header x-unit
        for key, value in node.items():
            if not key.startswith("x-"):
                continue
            types, words = _TYPES.get(key, ((object,), ""))
            parts = value.values() if key == "x-words" and isinstance(value, dict) else value
            if not isinstance(value, types) or (
                key in ("x-words", "x-outcome") and not all(isinstance(part, str) for part in parts)
            ):
                sound = False
                findings.add((*path, key), f"{key} has a value of the wrong kind.", f"Write {words}.")
            elif key not in OUR_EXTENSIONS and (close := get_close_matches(key, OUR_EXTENSIONS, 1, 0.85)):
                findings.add((*path, key), f"{key} does nothing.", f"Write {close[0]}, if that is meant.")
    return sound


def _check_required_names(document: Mapping[str, Any], findings: Findings) -> None:
    """Note names that an object requires and does not allow: no message could ever satisfy it.

    A property that was renamed in one place and not in the other leaves such a trace.
    """
    for path, node in _walk(document, ()):
        properties = node.get("properties")
        is_closed = node.get("additionalProperties") is False and "patternProperties" not in node
        if isinstance(properties, dict) and is_closed:
            for place, name in _required_names(node, path):
                if isinstance(name, str) and name not in properties:
                    close = get_close_matches(name, properties, 1, 0.5)
                    findings.add(
                        place,
                        f"{name} is required here, and no property of this object has that name.",
                        f"Write {close[0] if close else 'the name of a property'}, or remove it from required.",
                    )


def _required_names(node: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(node.get("required"), list):
        yield from (((*path, "required", index), name) for index, name in enumerate(node["required"]))
    for word in ("allOf", "anyOf", "oneOf"):
        for index, branch in enumerate(node.get(word) or ()):
            if isinstance(branch, dict) and "properties" not in branch and "$ref" not in branch:
                yield from _required_names(branch, (*path, word, index))


def check_openapi(document: dict[str, Any], findings: Findings) -> bool:
    """Note what the OpenAPI 3.1 rules refuse, faulty references, and faulty or misspelt extensions of ours.

    Answers whether the document's form is sound enough to look at what it says.
    """
    # Imported here because it takes longer than the rest of the start, and only users' files need it.
    from openapi_spec_validator.schemas import openapi_v31_schema_validator  # noqa: PLC0415

    sound = _check_extensions(document, findings)
    _check_required_names(document, findings)
    expansion = Expansion(document, findings)
    for part in ("paths", "webhooks", "components"):
        expansion.expand((part,))
    for error in openapi_v31_schema_validator.iter_errors(document):
        path = tuple(error.absolute_path)
        findings.add(path, *_say_plainly(error.message.splitlines()[0]))
        sound = False
    return sound


def _say_plainly(message: str) -> tuple[str, str]:
    """What an OpenAPI error says, and how to mend it, in words for somebody who never saw a JSON Schema."""
    rules = "See spec.openapis.org/oas/v3.1 for what may stand here."
    missing = re.fullmatch(r'"(.*)" is a required property', message)
    if missing:
        return f"OpenAPI 3.1 wants {missing[1]} here.", f"Add {missing[1]}."
    unexpected = re.search(r"not allowed \((.*) (?:was|were) unexpected\)", message)
    if unexpected:
        return (
            f"OpenAPI 3.1 does not know {unexpected[1][:80]} here.",
            f"Check spelling and indentation. {rules}",
        )
    if "is not valid under any" in message or "is valid under more than one" in message:
        return "This fits none of the forms OpenAPI 3.1 allows here.", rules
    return f"OpenAPI 3.1 refuses this: {message[:160]}.", rules
