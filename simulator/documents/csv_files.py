"""CSV files as spreadsheets write them: byte order mark, CRLF, quoted fields, blank lines at the end.

Headers of the readings CSV are assumed; that it carries power (kW) or energy (kWh) is documented (portal guide §3.1).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from simulator.market.errors import RuleBreach

ROWS_AT_A_TIME = 5_000
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z", re.ASCII)
_LONGEST_FIELD = 1_000
_LONGEST_NUMBER = 40

TimeReader = Callable[[str], datetime]
"""Reads a time; raises TimeNotRead."""


class TimeNotRead(Exception):
    """A text that is no time; `code` and message as in the API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CsvUnreadable(Exception):
    """A file that cannot be read on from `line`; the message says what is wrong and how to mend it."""

    def __init__(self, line: int, column: str | None, code: str, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.code = code


@dataclass
class Rows:
    """Some rows of a readings CSV: drafts for the rules, their lines, and what could not be read.

    `breaches` have the place of the draft in this object as `index`.
    """

    lines: list[int] = field(default_factory=list)
    drafts: list[dict[str, Any]] = field(default_factory=list)
    breaches: list[RuleBreach] = field(default_factory=list)


@dataclass(frozen=True)
class ReadingColumns:
    """Names of the columns in the file. `amount_field` is `power_kw` or `energy_kwh`, our name of `amount`."""

    unit: str
    timestamp: str
    amount: str
    amount_field: str
    other_amount: str


def read_reading_rows(file: IO[bytes], columns: ReadingColumns, read_time: TimeReader) -> Iterator[Rows]:
    """The rows of a readings CSV, some thousand at a time. Raises CsvUnreadable."""
    lines = lines_of(file)
    places = _places(next(lines, (1, []))[1], columns)
    rows = Rows()
    line = 0
    for line, cells in lines:
        _add_row(rows, line, cells, places, columns, read_time)
        if len(rows.drafts) >= ROWS_AT_A_TIME:
            yield rows
            rows = Rows()
    if rows.drafts:
        yield rows
    if not line:
        raise CsvUnreadable(2, None, "minItems", "The file has no readings below its first line.")


def lines_of(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV with their numbers: the first as it is, then those that are not blank. Raises CsvUnreadable.
    """
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    reader = csv.reader(text, strict=True)
    try:
        for cells in reader:
            if reader.line_num == 1 or any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except UnicodeDecodeError as error:
        # All whole lines before the piece that could not be decoded have been read.
        line = reader.line_num + 1 + error.object[:error.start].count(b"\n")
        raise CsvUnreadable(
            line, None, "encoding",
            "The file is not UTF-8 text. In a spreadsheet, save it as 'CSV UTF-8 (comma delimited)'.") from None
    except csv.Error as error:
        raise CsvUnreadable(
            max(reader.line_num, 1), None, "csv",
            f"The file is not CSV from here on ({error}). Look for a quotation mark that is opened and not closed, or "
            "for binary data.") from None
    finally:
        if not file.closed:
            text.detach()


def _places(header: Sequence[str], columns: ReadingColumns) -> Mapping[str, int]:
    found = [name.strip() for name in header]
    while found and not found[-1]:
        found.pop()
    wanted = [columns.unit, columns.timestamp, columns.amount]
    if sorted(found) == sorted(wanted):
        return {name: found.index(name) for name in wanted}
    mend = f"The first line must be {','.join(wanted)}"
    if not found:
        raise CsvUnreadable(1, None, "header", f"The file is empty. {mend}.")
    if len(found) == 1 and re.search("[;\t]", found[0]):
        raise CsvUnreadable(1, None, "header", f"The columns are not separated by commas. {mend}.")
    if columns.other_amount in found:
        raise CsvUnreadable(1, columns.other_amount, "header",
                            f"The file has the column {columns.other_amount}, and {columns.amount} was chosen. {mend}, "
                            "or choose the other one.")
    raise CsvUnreadable(1, None, "header", f"{mend}, not {','.join(found)[:120]}.")


def _add_row(rows: Rows, line: int, cells: Sequence[str], places: Mapping[str, int], columns: ReadingColumns,
             read_time: TimeReader) -> None:
    index = len(rows.drafts)
    draft: dict[str, Any] = {}
    rows.lines.append(line)
    rows.drafts.append(draft)
    if len(cells) != 3 and (len(cells) < 3 or any(cell.strip() for cell in cells[3:])):
        rows.breaches.append(RuleBreach(index, None, "columns",
                                        f"This line has {len(cells)} columns; it must have 3, separated by commas. A "
                                        "decimal comma makes a column too many: write 12.5, not 12,5."))
        draft.update(meterable_unit_id=None, timestamp=None, power_kw=Unreadable)
        return
    _take_unit(rows, index, cells[places[columns.unit]].strip(), columns)
    _take_time(rows, index, cells[places[columns.timestamp]].strip(), columns, read_time)
    _take_amount(rows, index, cells[places[columns.amount]].strip(), columns)


class Unreadable:
    """Stands in a draft for a value that was there but could not be read, so that it is not reported as absent."""


def _take_unit(rows: Rows, index: int, text: str, columns: ReadingColumns) -> None:
    if text and len(text) <= _LONGEST_FIELD:
        rows.drafts[index]["meterable_unit_id"] = text
    else:
        rows.breaches.append(RuleBreach(index, columns.unit, "required",
                                        "Write the id of the Meterable Unit, such as MU-1001."))


def _take_time(rows: Rows, index: int, text: str, columns: ReadingColumns, read_time: TimeReader) -> None:
    try:
        rows.drafts[index]["timestamp"] = read_time(text)
    except TimeNotRead as error:
        rows.breaches.append(RuleBreach(index, columns.timestamp, error.code if text else "required", str(error)))


def _take_amount(rows: Rows, index: int, text: str, columns: ReadingColumns) -> None:
    take_number(rows, index, text, columns.amount, columns.amount_field)


def take_number(rows: Rows, index: int, text: str, column: str, field: str) -> None:
    """Put a cell's number into the draft at `index`, or note that there is none."""
    draft = rows.drafts[index]
    if _NUMBER.match(text) and len(text) <= _LONGEST_NUMBER:
        draft[field] = float(text)
        return
    draft[field] = Unreadable
    if not text:
        rows.breaches.append(RuleBreach(index, column, "required", "Write a number, such as -12.5."))
    else:
        hint = " Leave out thousands separators." if "," in text else ""
        rows.breaches.append(RuleBreach(index, column, "type",
                                        f"{text[:60]!r} is not a number. Write it like -12.5.{hint}"))


def write_rows(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """A CSV file as programs read it: UTF-8 without byte order mark, CRLF; text like a formula is defused."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([[_defused(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def _defused(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
