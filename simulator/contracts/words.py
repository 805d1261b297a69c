"""Text and words on the wire: names as they are, and enum words that stand for canonical words."""

from __future__ import annotations

from typing import Any

import orjson

from .problems import CannotWrite, Findings, Path, Unfit
from .schemas import MISSING, find_trait, find_types
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
