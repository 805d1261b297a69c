"""Baseline templates as CSV: `day_of_week,local_time,power_kw`, London start of the block (portal FAQ page, public)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time
from decimal import Decimal
from typing import IO

from simulator.documents.csv_files import CsvUnreadable, Rows, Unreadable, lines_of, take_number, write_rows
from simulator.market.baselines import BASELINE_COLUMNS, Baseline, template_rows
from simulator.market.errors import RuleBreach
from simulator.market.intervals import Granularity

MOST_ROWS = 20_000
"""A week has 10,080 minutes; what is much longer is another kind of file."""

_DAY, _TIME, _POWER = BASELINE_COLUMNS
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\Z", re.ASCII)


def read_template_rows(file: IO[bytes]) -> Rows:
    """All rows of a template, as `market.baselines.judge_template` takes them. Raises CsvUnreadable."""
    lines = lines_of(file)
    places = _places(next(lines, (1, []))[1])
    rows = Rows()
    for line, cells in lines:
        if len(rows.drafts) == MOST_ROWS:
            raise CsvUnreadable(line, None, "maxItems", f"The file has more than {MOST_ROWS:,} rows; a template is one "
                                "week, 336 rows half-hourly or 10,080 minute by minute.")
        _add_row(rows, line, cells, places)
    if not rows.drafts:
        raise CsvUnreadable(2, None, "minItems", "The file has no rows below its first line.")
    return rows


def write_template(baseline: Baseline, granularity: Granularity) -> bytes:
    """A baseline as a full week of rows that `read_template_rows` takes back; a flat one has the same power in each."""
    rows = template_rows(baseline, granularity)
    # As text a negative number would be defused like a formula.
    return write_rows(BASELINE_COLUMNS, [(day, at, Decimal(power)) for day, at, power in rows])


def _places(header: Sequence[str]) -> Mapping[str, int]:
    found = [name.strip() for name in header]
    while found and not found[-1]:
        found.pop()
    if sorted(found) == sorted(BASELINE_COLUMNS):
        return {name: found.index(name) for name in BASELINE_COLUMNS}
    mend = f"The first line must be {','.join(BASELINE_COLUMNS)}"
    if not found:
        raise CsvUnreadable(1, None, "header", f"The file is empty. {mend}.")
    if len(found) == 1 and re.search("[;\t]", found[0]):
        raise CsvUnreadable(1, None, "header", f"The columns are not separated by commas. {mend}.")
    raise CsvUnreadable(1, None, "header", f"{mend}, not {','.join(found)[:120]}.")


def _add_row(rows: Rows, line: int, cells: Sequence[str], places: Mapping[str, int]) -> None:
    index = len(rows.drafts)
    rows.lines.append(line)
    rows.drafts.append({_DAY: Unreadable, _TIME: Unreadable, _POWER: Unreadable})
    width = len(BASELINE_COLUMNS)
    if len(cells) != width and (len(cells) < width or any(cell.strip() for cell in cells[width:])):
        rows.breaches.append(RuleBreach(
            index, None, "columns", f"This line has {len(cells)} columns; it must have {width}, separated by commas. A "
            "decimal comma makes a column too many: write 12.5, not 12,5."))
        return
    draft = rows.drafts[index]
    draft[_DAY] = cells[places[_DAY]].strip() or None
    _take_time(rows, index, cells[places[_TIME]].strip())
    take_number(rows, index, cells[places[_POWER]].strip(), _POWER, _POWER)


def _take_time(rows: Rows, index: int, text: str) -> None:
    if not text:
        rows.drafts[index][_TIME] = None
        return
    match = _CLOCK.match(text)
    if match and int(match[1]) < 24 and int(match[2]) < 60 and int(match[3] or 0) < 60:
        rows.drafts[index][_TIME] = time(int(match[1]), int(match[2]), int(match[3] or 0))
        return
    rows.breaches.append(RuleBreach(index, _TIME, "type", f"{text[:40]!r} is not a time of the day. Write the London "
                                    "time at which the block starts, such as 16:30; a day is 00:00 to 23:59."))
