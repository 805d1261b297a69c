"""CSV files of a month: RAG details and acceptance decisions, as spreadsheets and programs read them."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, time

from simulator.documents.month_csv import acceptance_csv, event_periods_csv, rag_details_csv, rag_details_zip
from simulator.market.acceptance import accept, offers_of, reject
from simulator.market.declarations import Declaration, Window
from tests.example_events import KW, ZONE, example_performance


def rows_of(content: bytes) -> list[dict[str, str]]:
    """The rows by column."""
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_every_event_has_its_status_and_the_rule_that_made_it() -> None:
    """Portal guide §3.3, documented: the CSV holds the RAG status details of the month's events."""
    later, earlier = (example_performance([-60], start=f"2026-11-0{day} 16:00", event_id=f"D-{day}") for day in (3, 2))
    rows = rows_of(rag_details_csv([later, earlier]))
    assert [row["event_id"] for row in rows] == ["D-2", "D-3"]
    assert rows[0]["rag_status"] == "amber"
    assert rows[0]["rule"] == earlier.rule
    assert rows[0]["event_start"] == "2026-11-02T16:00+00:00"


def test_a_negative_number_is_a_number_and_no_formula() -> None:
    """Ours: text that looks like a formula is defused with an apostrophe, and numbers must not be."""
    row = rows_of(rag_details_csv([example_performance([-330], power=-150)]))[0]
    assert row["power_change_kw"] == "-150"


def test_each_period_of_an_event_is_a_row() -> None:
    """Ours: whoever disputes a status can work it out again."""
    rows = rows_of(event_periods_csv(example_performance([-30, -60, None])))
    assert [row["reading_kw"] for row in rows] == ["-30", "-60", ""]
    assert [row["share_percent"] for row in rows] == ["100.00", "80.00", "0.00"]
    assert rows[2]["units_without_reading"] == "MU-1001"
    assert rows[0]["period_start"] == "2026-11-02T16:00+00:00"


def test_the_zip_holds_the_table_and_the_periods_and_is_the_same_bytes_each_time() -> None:
    """Portal guide §3.3, documented: Download CSV gives a zip file."""
    events = [example_performance([-30], event_id=f"D-{number}") for number in (1, 2)]
    content = rag_details_zip("2026-11", events)
    assert content == rag_details_zip("2026-11", list(reversed(events)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["2026-11_rag-details.csv", "periods/2026-11-02_D-1.csv",
                                      "periods/2026-11-02_D-2.csv"]


def test_a_month_without_events_has_its_headings_all_the_same() -> None:
    """Ours: a program that reads the file finds its columns."""
    assert rag_details_csv([]).decode().startswith("event_id,programme,zone")


def test_an_acceptance_file_has_all_declarations_and_dates_only_for_accepted_ones() -> None:
    """Portal guide §3.2, documented: accepted declarations have acceptance_start and acceptance_end populated."""
    window = Window("MONDAY", time(16), time(18))
    declared = [Declaration(f"DC-{unit}", "brindle", date(2026, 11, 2), "OU", unit, ZONE, (window,), 150 * KW)
                for unit in ("MU-1001", "MU-1002")]
    first, second = offers_of(declared)
    rows = rows_of(acceptance_csv([accept(first, "By hand."), reject(second, "By hand.")]))
    assert [row["meterable_unit_id"] for row in rows] == ["MU-1001", "MU-1002"]
    assert rows[0]["acceptance_start"] == "2026-11-02T16:00+00:00"
    assert rows[0]["acceptance_end"] == "2026-11-02T18:00+00:00"
    assert rows[1]["acceptance_start"] == rows[1]["acceptance_end"] == ""


def test_a_file_begins_with_its_first_column() -> None:
    """Ours: programs that read the file find no byte order mark before the first column's name."""
    assert rag_details_csv([]).startswith(b"event_id,")
