"""Baseline templates as files: what spreadsheets write is taken, and what is wrong is named by line."""

from __future__ import annotations

import io
from datetime import time

import pytest

from simulator.documents.csv_files import CsvUnreadable, Rows
from simulator.documents.template_files import MOST_ROWS, read_template_rows, write_template
from simulator.market.baselines import Baseline, BaselineKind, flat_baseline, judge_template
from simulator.market.intervals import Granularity

HEADER = "day_of_week,local_time,power_kw"
HALF_HOUR, MINUTE = Granularity.HALF_HOUR, Granularity.MINUTE


def read(*lines: str) -> Rows:
    return read_template_rows(io.BytesIO("\r\n".join(lines).encode()))


def unreadable(content: bytes) -> tuple[int, str]:
    with pytest.raises(CsvUnreadable) as refusal:
        read_template_rows(io.BytesIO(content))
    assert str(refusal.value).endswith(".")
    return refusal.value.line, refusal.value.code


@pytest.mark.parametrize("granularity", Granularity)
def test_what_we_write_can_be_uploaded(granularity: Granularity) -> None:
    """Portal FAQ page (public): the columns. Negative numbers survive as numbers."""
    count = 604_800 // granularity.seconds
    baseline = Baseline(BaselineKind.TEMPLATE, granularity, tuple(-1_234_567 * place for place in range(count)))
    rows = read_template_rows(io.BytesIO(write_template(baseline, granularity)))
    assert rows.breaches == []
    assert judge_template(rows.drafts, granularity) == (baseline, [])


def test_the_first_lines_of_a_file() -> None:
    """Portal FAQ page (public): columns exactly day_of_week,local_time,power_kw."""
    lines = write_template(flat_baseline(-12_500_000), HALF_HOUR).decode().split("\r\n")
    assert lines[:2] == [HEADER, "MONDAY,00:00,-12.5"]


def test_times_as_spreadsheets_write_them() -> None:
    """Ours: 0:30, 00:30 and 00:30:00 are the same."""
    rows = read(HEADER, "MONDAY,0:30,1", "MONDAY,00:30,1", "MONDAY,00:30:00,1", "", ",,")
    assert [draft["local_time"] for draft in rows.drafts] == [time(0, 30)] * 3
    assert rows.lines == [2, 3, 4]


def test_a_day_is_written_in_capitals() -> None:
    """Ours: as the refusal of any other word says."""
    rows = read(HEADER, "Monday,00:00,1")
    breach = judge_template(rows.drafts, HALF_HOUR)[1][0]
    assert (breach.index, breach.code) == (0, "day_of_week") and "'Monday'" in breach.message


def test_columns_may_stand_in_any_order() -> None:
    """Ours: as in the file of readings."""
    assert read("power_kw,day_of_week,local_time", "-3,SUNDAY,23:30").drafts == [
        {"day_of_week": "SUNDAY", "local_time": time(23, 30), "power_kw": -3.0}]


def test_every_cell_that_cannot_be_read_is_named() -> None:
    """Ours: all errors by line; what could not be read is not judged again."""
    rows = read(HEADER, "MONDAY,24:00,1", "MONDAY,01:60,x", "MONDAY,02:00,1,5", 'MONDAY,03:00,"1,500"', ",04:00,2")
    assert [(rows.lines[breach.index], breach.field, breach.code) for breach in rows.breaches] == [
        (2, "local_time", "type"), (3, "local_time", "type"), (3, "power_kw", "type"), (4, None, "columns"),
        (5, "power_kw", "type")]
    baseline, breaches = judge_template(rows.drafts, HALF_HOUR)
    assert baseline is None
    assert [(rows.lines[breach.index], breach.code) for breach in breaches] == [(6, "day_of_week")]


@pytest.mark.parametrize(("content", "place"), [
    (b"", (1, "header")), (b"day;time;kw\n", (1, "header")), (b"day_of_week,local_time,energy_kwh\n", (1, "header")),
    (HEADER.encode(), (2, "minItems")), (HEADER.encode() + b"\nMONDAY,00:00,1\n\xff", (3, "encoding")),
    (HEADER.encode() + b'\nMONDAY,00:00,"1', (2, "csv")),
    (HEADER.encode() + b"\nMONDAY,00:00,1" * (MOST_ROWS + 1), (MOST_ROWS + 2, "maxItems"))])
def test_what_is_no_template_at_all(content: bytes, place: tuple[int, str]) -> None:
    """Ours: the message says from where on and how to mend it."""
    assert unreadable(content) == place
