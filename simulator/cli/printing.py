"""What commands print: aligned tables, times in London and UTC, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from simulator.timekeeping.london import london_time

NONE = "–"


def give(as_json: bool, value: Any, lines: Iterable[str]) -> None:
    """Print a value as JSON, or else its lines for people."""
    if as_json:
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))
        return
    for line in lines:
        click.echo(line)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], none: str = "") -> list[str]:
    """Rows below their columns' names, aligned; the sentence `none` when there are no rows."""
    filled = [[_cell(value) for value in row] for row in rows]
    if not filled:
        return [none] if none else []
    widths = [max(len(row[number]) for row in [columns, *filled]) for number in range(len(columns))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in [[name.upper() for name in columns], *filled]]


def pairs(values: Iterable[tuple[str, object]]) -> list[str]:
    """Names and values below each other, aligned."""
    known = [(name, _cell(value)) for name, value in values]
    width = max(len(name) for name, _ in known)
    return [f"{name.ljust(width)}  {value}" for name, value in known]


def _cell(value: object) -> str:
    if value is None or value == "":
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or NONE
    return one_line(str(value))


def one_line(text: str) -> str:
    """A text as one line: what others wrote cannot steer the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def instant(text: str) -> datetime:
    """An instant out of an answer."""
    return datetime.fromisoformat(text)


def london(text: str | None) -> str:
    """An instant on London's wall clock: Mon 02 Nov 2026 17:00:00 GMT."""
    return NONE if text is None else london_time(instant(text), "%a %d %b %Y %H:%M:%S")


def utc(text: str | None) -> str:
    """An instant in UTC, to the second: 2026-11-02T17:00:00Z."""
    return NONE if text is None else instant(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def both(text: str) -> str:
    """London time, and UTC in brackets."""
    return f"{london(text)} ({utc(text)})"


def size(count: int) -> str:
    """A number of bytes for people: 1.2 MB."""
    return f"{count / 1_000_000:,.1f} MB" if count >= 100_000 else f"{count / 1_000:,.1f} kB"


def counted(number: int, word: str) -> str:
    """A number with its word: 1 mail, 2 mails."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
