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


def _read_whole(value: Any) -> str:
    if type(value) is not int and type(value) is not float:
        raise Unfit("type", "is not a whole number: send digits without quotes.")
    return str(int(value))


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
        return Translation(_read_whole, _write_whole)
    return Translation(_read_text, str)


def translate_texts(field: Field, schema: dict[str, Any], path: Path, findings: Findings) -> Translation:
    """How a list of identifiers is read and written: as a list, as a list of objects, or as one text with commas.

    Notes a schema that is none of these.
    """
    return _translate_list(field, schema, path, findings, translate_text)


def translate_words(field: Field, schema: dict[str, Any], path: Path, findings: Findings) -> Translation:
    """How a list of words is read and written; as lists of identifiers are. x-words stands on the list or its items."""
    words = find_trait(schema, "x-words")

    def translate(item: dict[str, Any]) -> Translation:
        whole = item if words is None else {**item, "x-words": words}
        return translate_word(field, whole, path, findings)

    return _translate_list(field, schema, path, findings, translate)


def _translate_list(
    field: Field,
    schema: dict[str, Any],
    path: Path,
    findings: Findings,
    translate: Callable[[dict[str, Any]], Translation],
) -> Translation:
    types = find_types(schema)
    if types == ("string",):
        # The text's own enum, if it has one, lists whole texts and no single words.
        return _join(translate({"type": "string"}))
    inner = _find_item(field, find_trait(schema, "items", {})) if types in (("array",), ()) else None
    if inner is None:
        findings.add(
            path,
            f"This stands for {field.name}, and it is no list of {'words' if field.words else 'ids'}.",
            "Write type: array with items: {type: string}, or type: string for a text with commas between.",
        )
        return Translation(None, list)
    wire, item_schema, around = inner
    item = translate(item_schema)
    if wire is None:
        read_one, write_one = item.read, item.write
        plain = read_one is None and find_types(item_schema) == ("string",) and types == ("array",)
        read = None if plain else _list_reader(read_one or _read_text)
        return Translation(read, lambda values: [write_one(value) for value in values], "")
    read_item = item.read or _read_text

    def read_object(value: Any) -> Any:
        if type(value) is not dict or wire not in value:
            raise Unfit("type", f"has an item without {wire}: add it.")
        return read_item(value[wire])

    write_item = item.write
    suffix = "/" + wire.replace("~", "~0").replace("/", "~1")
    return Translation(
        _list_reader(read_object), lambda values: [{**around, wire: write_item(value)} for value in values], suffix
    )


def _list_reader(read_one: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    def read(values: Any) -> list[Any]:
        if type(values) is not list:
            raise Unfit("type", "is not a list: send [...].")
        return [read_one(value) for value in values]

    return read


def _join(item: Translation) -> Translation:
    """One text with commas for a whole list."""
    read_one, write_one = item.read or _read_text, item.write

    def read(value: Any) -> list[Any]:
        parts = [part.strip() for part in _read_text(value).split(",")]
        return [read_one(part) for part in parts if part]

    return Translation(read, lambda values: ",".join(str(write_one(value)) for value in values))


def _find_item(field: Field, schema: Any) -> tuple[str | None, dict[str, Any], dict[str, Any]] | None:
    """Where one value of a list stands: its property if it is in an object, its schema, and what stands around it.

    None when the schema has no place for it.
    """
    if not find_trait(schema, "properties"):
        return None if {"object", "array"} & set(find_types(schema)) else (None, schema, {})
    one = field.name.removesuffix("s")
    properties = find_properties(schema)
    wires = [name for name, part in properties.items() if name_canonically(name, part) == one]
    whole = fill_object(schema, without=wires[0]) if len(wires) == 1 else MISSING
    return None if whole is MISSING else (wires[0], properties[wires[0]], whole)


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
    # Without an enum a number may be sent for a word, and has to be spelt before it is looked up.
    spell = None if wire_words and all(type(value) is str for value in wire_words.values()) else _spell
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
            return mapping[value if spell is None else spell(value)]
        except (KeyError, TypeError):
            raise Unfit("enum", f"is not a word of this contract: use one of {known}.") from None

    def write(word: str) -> Any:
        if word not in to_wire:
            raise CannotWrite(f"The contract has no word for {word}.")
        return to_wire[word]

    return Translation(read, write)
