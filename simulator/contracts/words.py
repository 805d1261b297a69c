"""Text and words on the wire: names as they are, and enum words that stand for canonical words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from .problems import CannotWrite, Findings, Path, Unfit
from .schemas import MISSING, fill_object, find_properties, find_trait, find_types, name_canonically
from .translations import Translation
from .vocabulary import Field


def _spell(value: Any) -> str:
    # x-words is a YAML map, whose keys are text: true, 1 and "true", "1" have to meet.
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _read_text(value: Any) -> str:
    if type(value) is not str:
        raise Unfit("type", "is not text: put it in quotes.")
    return value


def _write_whole(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise CannotWrite(f"The contract wants a whole number where {value[:40]!r} has to go.") from None


def translate_text(schema: dict[str, Any]) -> Translation:
    """How an identifier is read and written; a contract may write it as a whole number."""
    types = find_types(schema)
    if types == ("string",):
        return Translation(None, str)
    if types == ("integer",):
        return Translation(lambda value: str(int(value)), _write_whole)
    return Translation(_read_text, str)


def translate_texts(field: Field, schema: dict[str, Any], path: Path, findings: Findings) -> Translation:
    """How a list of identifiers is written: as a list, as a list of objects, or as one text with commas between.

    Notes a schema that is none of these. Such lists are only written, never read.
    """
    types = find_types(schema)
    if types == ("string",):
        return Translation(None, ",".join)
    write_item = None
    if types in (("array",), ()):
        write_item = _compile_item(field, find_trait(schema, "items", {}))
    if write_item is None:
        findings.add(
            path,
            f"This stands for {field.name}, and it is no list of ids.",
            "Write type: array with items: {type: string}, or type: string for ids with commas between.",
        )
        return Translation(None, list)
    return Translation(None, lambda values: [write_item(value) for value in values])


def _compile_item(field: Field, schema: Any) -> Callable[[str], Any] | None:
    """Writes one id of a list; None when the schema has no place for it."""
    if not find_trait(schema, "properties"):
        return None if {"object", "array"} & set(find_types(schema)) else translate_text(schema).write
    one = field.name.removesuffix("s")
    properties = find_properties(schema)
    wires = [name for name, part in properties.items() if name_canonically(name, part) == one]
    whole = fill_object(schema, without=wires[0]) if len(wires) == 1 else MISSING
    if whole is MISSING:
        return None
    wire, write = wires[0], translate_text(properties[wires[0]]).write
    return lambda value: {**whole, wire: write(value)}


def list_wire_words(schema: dict[str, Any]) -> dict[str, Any]:
    """Every word the schema allows: its spelling as text -> the value on the wire. Empty when it has no enum."""
    allowed = find_trait(schema, "enum")
    if allowed is None:
        const = find_trait(schema, "const", MISSING)
        allowed = [] if const is MISSING else [const]
        if find_types(schema) == ("boolean",) and not allowed:
            allowed = [True, False]
    return {_spell(value): value for value in allowed} if isinstance(allowed, list) else {}


def translate_word(field: Field, schema: dict[str, Any], path: Path, findings: Findings) -> Translation:
    """How a word field is read and written through x-words. Notes words without a meaning, and the reverse."""
    wire_words = list_wire_words(schema)
    mapping = find_trait(schema, "x-words")
    here = (*path, "x-words")
    if mapping is None:
        mapping = {word: word for word in wire_words or field.words}
        here = path
    if not isinstance(mapping, dict):
        findings.add(here, "x-words is not a map.", f"Write one line per word, such as IMPORT: {field.words[-1]}.")
        return Translation(_read_text, str)
    wire_words = wire_words or {word: word for word in mapping}
    for word, meaning in mapping.items():
        if word not in wire_words:
            findings.add(here, f"x-words names {word!r}, which enum does not allow.", "Spell both alike.")
        elif meaning not in field.words:
            findings.add(
                here,
                f"The word {word!r} has no meaning we know ({meaning!r}).",
                f"Add it to x-words with one of {', '.join(field.words)}.",
            )
    for word in wire_words:
        if word not in mapping:
            findings.add(here, f"x-words says nothing about {word!r}.", f"Add one of {', '.join(field.words)}.")
    to_wire = {
        meaning: wire_words.get(word, word)
        for word, meaning in reversed(list(mapping.items()))
        if isinstance(meaning, str)
    }
    known = ", ".join(mapping)

    def read(value: Any) -> str:
        try:
            return mapping[_spell(value)]
        except (KeyError, TypeError):
            raise Unfit("enum", f"is not a word of this contract: use one of {known}.") from None

    def write(word: str) -> Any:
        if word not in to_wire:
            raise CannotWrite(f"The contract has no word for {word}.")
        return to_wire[word]

    return Translation(read, write)
