"""Rows of tables as plain values that a file can say, such as 2026-11-02T16:30:00Z or 180 kW, and back again.

A `Saved` names the columns of a table in the words of a file. What a row has not is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from sqlalchemy import Table, func, select

from simulator.market.events import Direction
from simulator.market.intervals import WEEKDAYS
from simulator.market.quantities import kw, power_from_kw
from simulator.store.engine import insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work
from simulator.timekeeping.instants import read_instant


@dataclass(frozen=True)
class Kind:
    """How values of a column are written into a file, and read from it. Reading raises ValueError in plain words."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


@dataclass(frozen=True)
class Saved:
    """A table whose rows are saved. `columns`: name in the file -> (column, kind); `order`: the column to sort by."""

    table: Table
    columns: Mapping[str, tuple[str, Kind]]
    order: str

    def rows(self, view: View, **of: Any) -> list[dict[str, Any]]:
        """Its rows as a file says them; `of` narrows them to values of columns."""
        conditions = [self.table.c[name] == value for name, value in of.items()]
        query = select(self.table).where(*conditions).order_by(self.table.c[self.order])
        return [self._written(row._mapping) for row in view.connection.execute(query)]

    def plain(self, view: View, column: str, is_json: bool = True, **of: Any) -> list[Any]:
        """One column more of the same rows, as it is stored, or as the JSON that is stored says."""
        conditions = [self.table.c[name] == value for name, value in of.items()]
        query = select(self.table.c[column]).where(*conditions).order_by(self.table.c[self.order])
        return [orjson.loads(value) if is_json else value for value in view.connection.execute(query).scalars()]

    def _written(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: kind.write(row[column]) for name, (column, kind) in self.columns.items()
                if row[column] is not None}

    def values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of a file as values of columns; names that are no column are left to the caller. Raises ValueError."""
        return {column: kind.read(row[name]) if name in row else None for name, (column, kind) in self.columns.items()}

    def problems(self, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What of a row of a file cannot be read: name and what is wrong."""
        for name, (_, kind) in self.columns.items():
            if name in row:
                try:
                    kind.read(row[name])
                except ValueError as error:
                    yield name, str(error)

    def add(self, work: Work, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store rows, given as values of columns."""
        if rows:
            work.connection.execute(insert(self.table), list(rows))


def count_rows(view: View, table: Table, *conditions: Any) -> int:
    """How many rows a table has."""
    return view.connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()


def instant_text(instant: datetime) -> str:
    """An instant as files say it: UTC, with no more digits than it needs."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def kw_number(milliwatts: int) -> int | float:
    """A power in kW as a number, exact."""
    power = kw(milliwatts)
    return int(power) if power == power.to_integral_value() else float(power)


def decimal_number(text: str) -> int | float | str:
    """A decimal text as a number if that says the same, to the last zero; else as it is."""
    for number in (_whole(text), float(text)):
        if str(number) == text:
            return number  # type: ignore[return-value]
    return text


def _whole(text: str) -> int | None:
    return int(text) if text.lstrip("-").isdigit() else None


def read_decimal(value: float | str) -> str:
    """A decimal text from a number or text. Raises ValueError in plain words."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{str(value)[:40]!r} is not a number") from None
    if not found.is_finite() or len(str(value)) > 40:
        raise ValueError(f"{str(value)[:40]!r} is not a number that can be used")
    return str(value)


def read_monday(text: str) -> str:
    """A week, given by its Monday. Raises ValueError in plain words."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a day: write it like 2026-11-09") from None
    if day.weekday() != 0 or day.isoformat() != text:
        raise ValueError(f"{text[:40]!r} is not a Monday, by which weeks are named")
    return text


def _read_windows(windows: Sequence[str]) -> str:
    return orjson.dumps([_read_window(text) for text in windows]).decode()


def _read_window(text: str) -> list[str]:
    day, _, times = text.partition(" ")
    start, _, end = times.partition("-")
    if day not in WEEKDAYS:
        raise ValueError(f"{text[:40]!r} is not a window: write it like TUESDAY 17:30-18:30")
    return [day, f"{start}:00", "00:00:00" if end == "24:00" else f"{end}:00"]


def _window_texts(stored: str) -> list[str]:
    return [f"{day} {start[:5]}-{'24:00' if end == '00:00:00' else end[:5]}"
            for day, start, end in orjson.loads(stored)]


def _same(value: Any) -> Any:
    return value


SAME = Kind(_same, _same)
INSTANT = Kind(lambda micros: instant_text(from_micros(micros)), lambda text: to_micros(read_instant(text)))
POWER = Kind(kw_number, power_from_kw)
DECIMAL = Kind(decimal_number, read_decimal)
WEEK = Kind(_same, read_monday)
WINDOWS = Kind(_window_texts, _read_windows)
DIRECTION = Kind(lambda stored: Direction(stored).name.lower(), lambda text: Direction[text.upper()].value)
JSON = Kind(orjson.loads, lambda value: orjson.dumps(value).decode())
