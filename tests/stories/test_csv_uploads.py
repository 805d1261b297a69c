"""Uploading readings as CSV: what spreadsheets do to files is met, and every error is told by its line."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.pages import Page, PageClient
from tests.servers import WorldClient, eventually, fresh_world, running
from tests.stories.browsing import EMAIL, PASSWORD, Visitor

POWER = "meterable_unit_id,timestamp,power_kw"
ENERGY = "meterable_unit_id,timestamp,energy_kwh"
GOOD = "MU-1002,2026-11-02T16:30:00Z,-12.5"


def upload(client: PageClient, content: str | bytes, quantity: str = "power", name: str = "readings.csv") -> Page:
    """Upload a file through the page; the page of the upload when it has ended."""
    data = content.encode() if isinstance(content, str) else content
    page = client.submit(client.get("/api-testing/readings"), "Upload readings", {"quantity": quantity},
                         files={"file": (name, data, "text/csv")}, to="/api-testing/readings/uploads/")
    return eventually(lambda: (now := client.get(page.url)).alerts and now, "the end of the upload")


def stored(page: Page) -> dict[str, str]:
    """The receipt of an upload that went well."""
    assert page.alerts[0].endswith(" stored."), page.content.text
    receipt = page.content.find("dl")
    return dict(zip((name.text for name in receipt.find_all("dt")), (count.text for count in receipt.find_all("dd")),
                    strict=True))


def errors(page: Page) -> list[tuple[str, ...]]:
    """(line, column, code) of each error listed, after checking that each has a message and nothing was stored."""
    assert "Nothing of this file was stored." in page.alerts[0], page.content.text
    rows = page.rows()
    assert all(len(row) == 4 and row[3] for row in rows)
    return [tuple(row[:3]) for row in rows]


def newest(client: PageClient, unit: str = "MU-1002") -> list[list[str]]:
    return client.get(f"/api-testing/readings?unit={unit}").rows(f"Latest readings of {unit}")


@pytest.mark.parametrize("content", [
    f"{POWER}\n{GOOD}\n",
    f"{POWER}\n{GOOD}",
    f"{POWER}\r\n{GOOD}\r\n",
    f"\ufeff{POWER}\r\n{GOOD}\r\n",
    '"meterable_unit_id","timestamp","power_kw"\n"MU-1002","2026-11-02T16:30:00Z","-12.5"\n',
    f"{POWER}\n{GOOD}\n\n\r\n   \n",
    f"{POWER}\n{GOOD}\n,,\n,,\n",
    f"{POWER},,\n{GOOD},,\n,,,,\n",
    f"{POWER} \n MU-1002 , 2026-11-02T16:30:00Z , -12.5 \n",
    "power_kw,timestamp,meterable_unit_id\n-12.5,2026-11-02T16:30:00Z,MU-1002\n",
    f"{POWER}\nMU-1002,2026-11-02T17:30:00+01:00,-1.25e1\n",
], ids=["LF", "no last line end", "CRLF", "BOM", "quoted", "blank lines", "empty rows", "empty columns", "spaces",
        "other order", "offset and exponent"])
def test_habits_of_spreadsheets_are_met(client: PageClient, content: str) -> None:
    assert stored(upload(client, content))["Replaced"] == "1"
    row = next(row for row in newest(client) if row[0] == "2026-11-02T16:30:00Z")
    assert row[1:3] == ["−12.5", "−6.25"]


def test_energy_is_the_energy_of_the_units_period(client: PageClient) -> None:
    page = upload(client, f"{ENERGY}\nMU-1001,2026-11-02T16:30:00Z,1.5\nMU-1003,2026-11-02T16:30:00Z,1.5\n", "energy")
    assert stored(page)["Replaced"] == "2"
    by_minute, half_hourly = [next(row for row in newest(client, unit) if row[0] == "2026-11-02T16:30:00Z")
                              for unit in ("MU-1001", "MU-1003")]
    assert by_minute[1:3] == ["90", "1.5"] and half_hourly[1:3] == ["3", "1.5"]


UNREADABLE: dict[str, tuple[Any, str, str, str, str]] = {
    "empty": (b"", "1", "–", "header", "The file is empty."),
    "only blank lines": ("\n\n", "1", "–", "header", "The file is empty."),
    "other header": ("unit,time,kw\nMU-1002,2026-11-02T16:30:00Z,1\n", "1", "–", "header", POWER),
    "no header": (f"{GOOD}\n", "1", "–", "header", POWER),
    "semicolons": ("meterable_unit_id;timestamp;power_kw\nMU-1002;2026-11-02T16:30:00Z;1\n", "1", "–", "header",
                   "not separated by commas"),
    "tabs": ("meterable_unit_id\ttimestamp\tpower_kw\n", "1", "–", "header", "not separated by commas"),
    "energy as power": (f"{ENERGY}\nMU-1002,2026-11-02T16:30:00Z,1\n", "1", "energy_kwh", "header", "was chosen"),
    "UTF-16": (f"{POWER}\n{GOOD}\n".encode("utf-16"), "1", "–", "encoding", "not UTF-8"),
    "Latin-1": (f"{POWER}\nMU-\xe9,2026-11-02T16:30:00Z,1\n".encode("latin-1"), "2", "–", "encoding", "not UTF-8"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "1", "–", "encoding", "not UTF-8"),
    "open quotation mark": (f'{POWER}\n{GOOD}\n"MU-1002,2026-11-02T17:00:00Z,1\n', "3", "–", "csv", "quotation mark"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_says_why_and_how_to_mend_it(client: PageClient, case: str) -> None:
    content, line, column, code, words = UNREADABLE[case]
    before = newest(client)
    page = upload(client, content)
    assert errors(page)[-1] == (line, column, code)
    assert words in page.rows()[-1][3]
    assert newest(client) == before


def test_power_as_energy_is_told(client: PageClient) -> None:
    assert errors(upload(client, f"{POWER}\n{GOOD}\n", "energy")) == [("1", "power_kw", "header")]


@pytest.mark.parametrize(("line", "column", "code", "words"), [
    ("MU-9999,2026-11-02T16:30:00Z,1", "meterable_unit_id", "unknown_unit", "Yours are: MU-1001"),
    ("MU-2001,2026-11-02T16:30:00Z,1", "meterable_unit_id", "unknown_unit", "Yours are: MU-1001"),
    (",2026-11-02T16:30:00Z,1", "meterable_unit_id", "required", "MU-1001"),
    ("MU-1002,2026-11-02T16:31:00Z,1", "timestamp", "not_on_half_hour", ":00 or :30"),
    ("MU-1001,2026-11-02T16:31:07Z,1", "timestamp", "not_on_minute", "whole minute"),
    ("MU-1002,2026-11-02T23:30:00Z,1", "timestamp", "in_the_future", "present market time"),
    ("MU-1002,2026-11-02T16:30:00,1", "timestamp", "naive_time", "offset"),
    ("MU-1002,2026-11-02 16:30,1", "timestamp", None, "2026-11-02T16:30:00Z"),
    ("MU-1002,02/11/2026 16:30,1", "timestamp", None, "2026-11-02T16:30:00Z"),
    ("MU-1002,,1", "timestamp", "required", ""),
    ("MU-1002,2026-11-02T16:30:00Z,", "power_kw", "required", "Write a number"),
    ("MU-1002,2026-11-02T16:30:00Z,much", "power_kw", "type", "not a number"),
    ('MU-1002,2026-11-02T16:30:00Z,"12,5"', "power_kw", "type", "not a number"),
    ("MU-1002,2026-11-02T16:30:00Z,12,5", "–", "columns", "decimal comma"),
    ("MU-1002,2026-11-02T16:30:00Z", "–", "columns", "must have 3"),
    ("MU-1002,2026-11-02T16:30:00Z,NaN", "power_kw", "type", "not a number"),
    ("MU-1002,2026-11-02T16:30:00Z,1e300", "power_kw", "maximum", ""),
    ("MU-1002,2026-11-02T16:30:00Z,1e400", "power_kw", "maximum", "Check the unit"),
    ("MU-1002,2026-11-02T16:30:00Z,-1e310", "power_kw", "minimum", "Check the unit"),
    ("MU-1002,2026-11-02T17:00:00Z,2", "timestamp", "duplicate_in_request", "Send each period once"),
])
def test_each_error_is_told_by_its_line_and_nothing_is_stored(client: PageClient, line: str, column: str,
                                                              code: str | None, words: str) -> None:
    before = newest(client)
    page = upload(client, f"{POWER}\nMU-1002,2026-11-02T17:00:00Z,1\n\n{line}\n")
    assert [(place, where) for place, where, _ in errors(page)] == [("4", column)]
    assert code is None or page.rows()[0][2] == code
    assert words in page.rows()[0][3]
    assert newest(client) == before


def test_all_errors_of_a_file_are_told_together_in_order(client: PageClient) -> None:
    """Wire format, assumed: all errors, not the first: duplicates beside other errors, by line and then by column."""
    page = upload(client, f"{POWER}\nMU-1002,2026-11-02T17:00:00Z,1\nMU-9,2026-11-02T17:00:00,x\n"
                          "MU-1002,2026-11-02T17:00:00Z,2\n")
    assert errors(page) == [
        ("3", "meterable_unit_id", "unknown_unit"), ("3", "timestamp", "naive_time"), ("3", "power_kw", "type"),
        ("4", "timestamp", "duplicate_in_request")]


def test_the_line_of_a_byte_that_is_not_utf_8_is_named(client: PageClient) -> None:
    """Bad input: the error says where; the file is read in pieces larger than a line."""
    lines = [POWER, *[GOOD] * 700, "MU-1002,2026-11-02T16:30:00Z,\u00a0"]
    page = upload(client, "\n".join(lines).encode("latin-1"))
    assert errors(page)[-1] == ("702", "–", "encoding")


def test_more_errors_than_a_page_holds(client: PageClient, world: WorldClient) -> None:
    lines = [f"MU-{number},2026-11-02T16:30:00Z,x" for number in range(9000, 9120)]
    page = upload(client, "\n".join([POWER, *lines, ""]))
    assert page.alerts[0].startswith("240 errors in 120 rows read.")
    assert "unknown_unit 120" in page.content.text and "type 120" in page.content.text

    listed = errors(page)
    for number in (2, 3):
        page = client.get(next(link for link in page.links() if link.endswith(f"page={number}")))
        assert f"Page {number} of 3" in page.content.text
        listed += errors(page)
    assert not [link for link in page.links() if link.endswith("page=4")]
    assert [int(line) for line, _, _ in listed] == sorted([*range(2, 122)] * 2)
    for far in ("0", "-1", "99", "9" * 30, "x"):
        assert errors(client.get(f"{page.url.partition('?')[0]}?page={far}"))

    download = client.raw("GET", next(link for link in page.links() if link.endswith("errors.csv")))
    assert download.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert download.headers["Content-Disposition"].startswith("attachment; filename=")
    assert download.content.startswith(b"line,"), "no byte order mark stands before the first column"
    rows = list(csv.DictReader(io.StringIO(download.content.decode(), newline="")))
    assert [(row["line"], row["column"], row["code"]) for row in rows] == listed


def test_errors_beyond_the_limit_are_counted(client: PageClient) -> None:
    lines = [f"MU-9,2026-11-02T16:30:00Z,{number}" for number in range(10_050)]
    page = upload(client, "\n".join([POWER, *lines, ""]))
    assert page.alerts[0].startswith("10,050 errors in 10,050 rows read.")
    assert "The first 10,000 errors are listed." in page.content.text


def test_text_of_files_is_shown_as_text(signed_in: Visitor, world: WorldClient) -> None:
    name = '<img src=x onerror=alert(1)>"&=cmd|calc!A0.csv'
    row = '"<script>alert(2)</script>","=HYPERLINK(""http://evil.example"")",<b>1</b>'
    signed_in.upload(world.url, f"{POWER}\n{row}\n", name=name)
    signed_in.sees_heading(f"Upload of {name}")
    signed_in.sees("<script>alert(2)</script>")
    signed_in.sees("<b>1</b>")
    assert signed_in.page.locator("main img, main script, main b").count() == 0
    signed_in.page.get_by_role("link", name="Back to Readings").click()
    signed_in.sees("onerror=alert(1)")


def test_formulas_are_defused_in_the_errors_file(client: PageClient) -> None:
    page = upload(client, f"{POWER}\n=1+1,@now,+x\n-2,=A1,-x\n")
    download = client.raw("GET", next(link for link in page.links() if link.endswith("errors.csv")))
    cells = [cell for row in csv.reader(io.StringIO(download.content.decode(), newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell]


@pytest.mark.proves("page/Readings")
def test_without_a_file_the_field_says_so(client: PageClient) -> None:
    page = client.submit(client.get("/api-testing/readings"), "Upload readings", status=422)
    assert page.field_errors == ["Choose a CSV file."]
    assert page.title.startswith("Error: ")
    client.get_redirected("/api-testing/readings/uploads", to="/api-testing/readings")


@pytest.mark.proves("setting/max_upload_bytes")
def test_a_file_larger_than_the_simulator_takes_is_refused() -> None:
    with running(max_upload_bytes=2_000) as simulator, fresh_world(simulator.url) as world:
        client = PageClient(world.url)
        client.sign_in(EMAIL, PASSWORD, world.code())
        answer = client.raw("POST", "/api-testing/readings/uploads",
                            files={"file": ("big.csv", b"x" * 3_000, "text/csv")})
        assert answer.status_code == 413 and "larger than" in answer.text
        client.get("/api-testing/readings")


def rows_by_minute(count: int) -> bytes:
    """A CSV of as many minutes, all good."""
    first = datetime(2025, 1, 1, tzinfo=UTC)
    lines = (f"MU-1001,{first + timedelta(minutes=place):%Y-%m-%dT%H:%M:00Z},{place % 500}" for place in range(count))
    return "\n".join([POWER, *lines, ""]).encode()


def test_an_upload_belongs_to_its_organisation_and_to_its_world(client: PageClient, world: WorldClient) -> None:
    page = upload(client, f"{POWER}\nMU-9,x,x\n")
    for path in ("/api-testing/readings/uploads/999", f"/api-testing/readings/uploads/{'9' * 40}",
                 "/api-testing/readings/uploads/0", "/api-testing/readings/uploads/x"):
        client.get(path, status=404)
    stranger = PageClient(world.url)
    for place in (page.url, f"{page.url}/errors.csv", f"{page.url}/progress"):
        answer = stranger.raw("GET", place)
        assert answer.status_code == 302 and "/sign-in?next=" in answer.headers["Location"]
