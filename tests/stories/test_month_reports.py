"""Reports: Event Reports and Invoices/Statements, their filters, icons and downloads (portal guide §3.3, §3.4)."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from urllib.parse import urlsplit

import pypdf
import pytest
import requests

from simulator import Simulator
from tests.dispatching import plan
from tests.pages import Element, Page, PageClient
from tests.portal import EMAIL, PASSWORD
from tests.servers import WorldClient, eventually, fresh_world

EVENTS, INVOICES = "/reports/event-reports", "/reports/invoices"
LAST, BEFORE = "2026-10", "2026-09"
"""The clock stands on 2 November 2026: October is provisional, September final."""

FINALISED = "2026-11-15T00:00:00Z"


@pytest.fixture(scope="module")
def month(server: Simulator) -> Iterator[PageClient]:
    """The demo user of a world with a market month, for tests that only look. It is Monday 2 November 2026, 17:00."""
    with fresh_world(server.url, "demo") as world:
        client = PageClient(world.url)
        client.sign_in(EMAIL, PASSWORD, world.code())
        yield client


@pytest.fixture
def world(server: Simulator) -> Iterator[WorldClient]:
    """A demo world with its market month: it is Monday 2 November 2026, 17:00."""
    with fresh_world(server.url, "demo") as client:
        yield client



def rows_of(page: Page, label: str) -> list[Element]:
    """The rows of a table."""
    return page.content.find("table", **{"aria-label": label}).find("tbody").find_all("tr")


def link(page: Page, words: str) -> str:
    """Where the link with these words leads."""
    found, = (element for element in page.content.find_all("a") if element.text == words)
    return found["href"]


def fetch(client: PageClient, href: str) -> requests.Response:
    """A file that a page leads to."""
    parts = urlsplit(client.url)
    return client.raw("GET", f"{parts.scheme}://{parts.netloc}{href}")


def zip_of(client: PageClient, page: Page, button: str) -> tuple[str, zipfile.ZipFile]:
    """The zip behind a button: the name that the browser gives it, and what is in it."""
    answer = fetch(client, link(page, button))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    return (answer.headers["Content-Disposition"].partition("filename=")[2],
            zipfile.ZipFile(io.BytesIO(answer.content)))


def pdf_text(content: bytes) -> str:
    """What a PDF says."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


@pytest.mark.proves("page/Event Reports")
def test_events_are_listed_by_month_with_status_and_two_icons(month: PageClient) -> None:
    """Portal guide §3.3 (documented): left the performance report, right the earnings statement; a RAG status each."""
    page = month.get(EVENTS)
    assert "October 2026" in page.content.text
    seen = set()
    for row in rows_of(page, "Events"):
        name = row.find("th").find("a").text
        left, right = row.find_all("a", class_="icon-link")
        assert left.text == f"Provisional Performance Report of {name}", "provisional ones are named so"
        assert right.text == f"Provisional Earnings Statement of {name}"
        seen.add(row.find(class_="rag").text)
    assert seen == {"Green", "Amber", "Red"}
    page = month.get(f"{EVENTS}?month={BEFORE}")
    left, right = rows_of(page, "Events")[0].find_all("a", class_="icon-link")
    assert (left["title"], right["title"]) == ("Final Performance Report", "Final Earnings Statement")


def test_events_are_filtered_by_month_and_zone(month: PageClient) -> None:
    """Portal guide §3.3 (documented): a drop-down menu to filter on the month, and zone."""
    page = month.get(EVENTS)
    form = page.form("Show")
    assert [option.text for option in form.find("select", name="month").find_all("option")] == [
        "October 2026", "September 2026"]
    everything = len(rows_of(page, "Events"))
    counts = 0
    for code in ("CMZ_T7B_SWA_0012", "CMZ_T4A_EM_0012"):
        rows = rows_of(month.get(f"{EVENTS}?month={LAST}&zone={code}"), "Events")
        assert rows and all(code in row.text for row in rows)
        counts += len(rows)
    assert counts == everything
    for query in ("month=2020-01", "month=x", "zone=CMZ_T9A_SWE_0050", f"month={LAST}&zone=x"):
        assert "There are no event reports for" in month.get(f"{EVENTS}?{query}", status=404).content.text


@pytest.mark.proves("rule/reports.pdfs")
def test_download_pdfs_is_a_zip_of_all_documents_of_the_month(month: PageClient) -> None:
    """Portal guide §3.3 (documented): all the performance reports and earnings statements for the month."""
    page = month.get(f"{EVENTS}?month={BEFORE}")
    name, archive = zip_of(month, page, "Download PDFs")
    assert name == "2026-09_event-reports.zip"
    names = archive.namelist()
    assert names == sorted(names) and len(names) == 2 * len(rows_of(page, "Events"))
    for row in rows_of(page, "Events"):
        event = row.find("th").find("a").text
        own = [name for name in names if event in name]
        assert [name.rsplit("_", 2)[1:] for name in own] == [["earnings-statement", "final.pdf"],
                                                             ["performance-report", "final.pdf"]]
        text = pdf_text(archive.read(own[1]))
        assert event in text and "SIMULATOR" in text and "Final" in text
    assert fetch(month, link(page, "Download PDFs")).content == fetch(month, link(page, "Download PDFs")).content


def test_the_icons_lead_to_the_same_documents_as_the_zip(month: PageClient) -> None:
    """Ours: same data, same bytes."""
    page = month.get(f"{EVENTS}?month={BEFORE}&zone=CMZ_T4A_EM_0012")
    _, archive = zip_of(month, page, "Download PDFs")
    row = rows_of(page, "Events")[0]
    for icon in row.find_all("a", class_="icon-link"):
        answer = fetch(month, icon["href"])
        assert answer.headers["Content-Type"] == "application/pdf"
        name = answer.headers["Content-Disposition"].partition("filename=")[2]
        assert archive.read(name) == answer.content


@pytest.mark.proves("rule/reports.rag_csv")
def test_download_csv_is_a_zip_of_the_rag_details(month: PageClient) -> None:
    """Portal guide §3.3 (documented): a zip file containing all the event RAG status details for the month."""
    page = month.get(EVENTS)
    name, archive = zip_of(month, page, "Download CSV")
    assert name == "2026-10_rag-details.zip"
    table = list(csv.DictReader(io.StringIO(archive.read("2026-10_rag-details.csv").decode())))
    listed = {row.find("th").find("a").text: row.find(class_="rag").text for row in rows_of(page, "Events")}
    assert {row["event_id"]: row["rag_status"].capitalize() for row in table} == listed


@pytest.mark.parametrize("place", [f"{EVENTS}/pdfs.zip", f"{EVENTS}/rag-details.zip", f"{INVOICES}/pdfs.zip"])
def test_a_download_needs_a_month(month: PageClient, place: str) -> None:
    """Ours: the message says how the address must be."""
    assert f"{place}?month=2026-10" in month.get(place, status=404).content.text


def test_an_event_explains_its_status_and_its_earnings(month: PageClient) -> None:
    """Ours: each period's reading, baseline, delivered, instructed, share; which rule made it amber."""
    row = next(row for row in rows_of(month.get(EVENTS), "Events") if row.find(class_="rag").text == "Amber")
    event, percent = row.find("th").find("a").text, row.find_all("td")[3].text
    page = month.get(f"{EVENTS}/{event}")
    result = page.tree.find("section", **{"aria-label": "Result"}).text
    assert f"Amber: {percent} of the instructed energy was delivered" in result
    assert "amber is from 63 % on, green from 95 % (assumed thresholds)" in result
    periods = page.rows("Periods of the event")
    assert periods and all(len(period) == 7 for period in periods)
    line = page.rows("Earnings")[0]
    assert "so the factor is 1 − 3 ×" in line[0] and "assumed" in line[0]
    chart = page.content.find("svg", class_="power-chart")
    assert chart.find("title").text.startswith("Power of MU-") and "The event lasts from" in chart.find("desc").text
    assert "How sure these numbers are" in page.content.text and "Provisional" in result


def test_a_gap_is_named_until_late_readings_close_it(client: PageClient, world: WorldClient) -> None:
    """Ours: gaps named; recomputed as late readings come, as long as the report is provisional."""
    world.freeze("2026-11-02T17:00:00Z")
    event = plan(world, meterableUnitIds=["MU-1002"], startTime="2026-11-02T18:00:00Z", endTime="2026-11-02T19:00:00Z",
                 powerChangeKw=50)
    world.advance(to="2026-11-02T19:00:00Z")
    page = client.get(f"{EVENTS}/{event}")
    assert "MU-1002: 2 periods, Mon 02 Nov 2026 18:00 – 19:00 GMT" in page.content.text
    assert "A period without a reading delivers nothing." in page.content.text
    for row in page.rows("Periods of the event"):
        assert (row[1], row[3], row[5], row[6]) == ("no reading", "0.000", "0.000", "0.00 %")
    world.send([{"meterableUnitId": "MU-1002", "timestamp": f"2026-11-02T{at}:00Z", "powerKw": 0}
                for at in ("18:30", "19:00")])
    page = eventually(lambda: "Missing readings" not in (page := client.get(f"{EVENTS}/{event}")).content.text and page,
                      "the report worked out again")
    assert page.content.find(class_="big-share").text == "100.00 %"


def test_events_of_others_are_not_there(month: PageClient) -> None:
    """What belongs to others looks like what does not exist."""
    for place in (f"{EVENTS}/D-1", f"{EVENTS}/D-1/performance-report.pdf", f"{EVENTS}/D-1/earnings-statement.pdf",
                  f"{INVOICES}/INV-1", f"{INVOICES}/INV-1/invoice.pdf"):
        assert month.get(place, status=404).heading == "Not Found"


def test_invoices_are_drafts_before_the_15th_and_final_after(client: PageClient, world: WorldClient) -> None:
    """Portal guide §3.3 (documented): on the 15th the final ones are generated. Drafts before are inferred."""
    page = client.get(INVOICES)
    assert {row[2] for row in page.rows("Invoices")} == {"draft"}
    assert "Draft: to review and dispute." in page.content.text
    drafts = [(row[0], row[6]) for row in page.rows("Invoices")]
    events = client.get(EVENTS)
    world.advance(to=FINALISED)
    page = client.get(f"{INVOICES}?month={LAST}")
    assert {row[2] for row in page.rows("Invoices")} == {"final"}
    assert [(row[0], row[6]) for row in page.rows("Invoices")] == drafts
    after = client.get(f"{EVENTS}?month={LAST}")
    assert [row.find("th").text for row in rows_of(after, "Events")] == [
        row.find("th").text for row in rows_of(events, "Events")]
    assert {link["title"] for row in rows_of(after, "Events") for link in row.find_all("a", class_="icon-link")} == {
        "Final Performance Report", "Final Earnings Statement"}


@pytest.mark.proves("page/Invoices/Statements")
def test_invoices_add_up_and_lead_to_their_lines(month: PageClient) -> None:
    """Ours: sums exact to the penny."""
    page = month.get(f"{INVOICES}?month={BEFORE}")
    total = 0
    for row in page.rows("Invoices"):
        utilisation, availability, whole = (pence(text) for text in row[4:7])
        assert utilisation + availability == whole
        total += whole
        one = month.get(f"{INVOICES}/{row[0]}")
        labels = {table.attributes.get("aria-label") for table in one.content.find_all("table")}
        sums = {label: sum(pence(line[-1]) for line in one.rows(label)) for label in labels}
        assert (sums.get("Utilisation", 0), sums.get("Availability", 0)) == (utilisation, availability)
        text = pdf_text(fetch(month, link(one, "Download PDF")).content)
        assert row[0] in text.replace("\n", "") and row[6] in text
    assert page.content.find("h2").text == f"September 2026 £{total // 100:,}.{total % 100:02} assumed"


def pence(text: str) -> int:
    """£1,234.56 as pence."""
    return int(text.replace("£", "").replace(",", "").replace(".", ""))


@pytest.mark.proves("rule/invoices.pdfs")
def test_download_pdfs_is_a_zip_of_the_months_invoices(month: PageClient) -> None:
    """Portal guide §3.3 (documented): a zip file containing all invoices for the month."""
    page = month.get(f"{INVOICES}?month={BEFORE}")
    name, archive = zip_of(month, page, "Download PDFs")
    assert name == "2026-09_invoices.zip"
    assert archive.namelist() == sorted(f"{row[0]}_final.pdf" for row in page.rows("Invoices"))


def test_an_organisation_without_events_gets_good_words(frozen_world: WorldClient) -> None:
    """Ours."""
    client = PageClient(frozen_world.url)
    page = client.submit(client.get("/sign-in"), "Log in", {
        "email": "desk@settled.example", "password": "Settled-story-2026"}, to="/sign-in/code")
    client.submit(page, "Verify", {"code": frozen_world.code("settled")}, to="/meterable-units")
    assert "There are no events yet." in client.get(EVENTS).content.text
    assert "There are no invoices yet." in client.get(INVOICES).content.text
    assert "has no baseline yet" in client.get("/meterable-units/MU-4001").content.text


@pytest.fixture(scope="module")
def autumn(server: Simulator) -> Iterator[tuple[PageClient, str]]:
    """The demo user after an event of a half-hourly unit in the night in which the clocks go back, and its id."""
    with fresh_world(server.url, "quiet", now="2026-10-24T12:00:00Z") as world:
        world.freeze("2026-10-24T12:00:00Z")
        event = plan(world, meterableUnitIds=["MU-1002"], startTime="2026-10-25T00:00:00Z",
                     endTime="2026-10-25T02:00:00Z")
        world.advance(to="2026-10-25T03:00:00Z")
        eventually(lambda: world.get(f"/_sim/events/{event}").status_code == 200, "the event")
        client = PageClient(world.url)
        client.sign_in(EMAIL, PASSWORD, world.code())
        yield client, event


@pytest.mark.parametrize("place", [EVENTS, "/console/events"])
def test_the_period_of_the_clocks_change_names_both_clocks(autumn: tuple[PageClient, str], place: str) -> None:
    """Domain, public: days of 50 half-hours exist; the row of the change cannot be read without both names."""
    client, event = autumn
    page = client.get(f"{place}/{event}")
    names = [element.text for element in page.content.find_all("th", scope="row")]
    assert names[-4:] == ["01:00 – 01:30 BST", "01:30 BST – 01:00 GMT", "01:00 – 01:30 GMT", "01:30 – 02:00 GMT"]


def test_price_and_amount_of_an_event_say_that_they_are_assumed(autumn: tuple[PageClient, str]) -> None:
    """Ours: what is assumed says so where it stands."""
    client, event = autumn
    table = client.get(f"{EVENTS}/{event}").content.find("table", **{"aria-label": "Earnings"})
    assert [head.text for head in table.find("thead").find_all("th")][2:] == [
        "Price £ per MWh assumed", "Factor assumed", "Amount assumed"]
