"""The pages of the market month: sound, silent under axe, wide enough for a phone, by keyboard, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from simulator import Simulator
from tests.pages import PageClient
from tests.portal import EMAIL, PASSWORD
from tests.servers import WorldClient, fresh_world
from tests.stories.browsing import Visitor, visiting
from tests.stories.judging import look
from tests.stories.test_keyboard_alone import press, tab_to
from tests.stories.test_pages_are_sound import crawl


@pytest.fixture
def world(server: Simulator) -> Iterator[WorldClient]:
    """A demo world with its market month: it is Monday 2 November 2026, 17:00."""
    with fresh_world(server.url, "demo") as client:
        yield client


def test_every_page_of_a_full_month_is_sound(world: WorldClient) -> None:
    """Ours: every page is full on any day of the year; no link leads nowhere."""
    client = PageClient(world.url)
    client.sign_in(EMAIL, PASSWORD, world.code())
    pages = crawl(client, "/reports/event-reports")
    headings = {page.heading for page in pages.values()}
    assert {"Event Reports", "Invoices/Statements", "Declarations", "Acceptance Decisions", "MU-1001"} <= headings
    assert sum(heading.startswith("Event D-") for heading in headings) > 8
    files = {link for page in pages.values() for link in page.links() if link.split("?")[0].endswith((".pdf", ".zip"))}
    kinds: dict[str, str] = {link.split("?")[0].rsplit("/", 1)[1]: link for link in sorted(files)}
    assert len(kinds) == 5, kinds
    for link in kinds.values():
        assert client.raw("GET", link).status_code == 200, link


def test_axe_finds_nothing(visitor: Visitor, world: WorldClient) -> None:
    """Ours: pages for everybody, at a desk and on a phone; none scrolls sideways."""
    page = visitor.page
    visitor.sign_in(world.url)
    look(visitor, "units")
    for place in ("/meterable-units/MU-1001", "/meterable-units/MU-1002", "/availability/declarations",
                  "/availability/declarations?week=2026-11-02", "/availability/declarations?week=2020-01-06",
                  "/availability/acceptance-decisions", "/availability/acceptance-decisions?week=2026-11-09",
                  "/availability/acceptance-decisions?week=2020-01-06", "/reports/event-reports",
                  "/reports/event-reports?month=2026-09", "/reports/invoices", "/reports/invoices?month=2026-09"):
        page.goto(world.url + place)
        page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
        look(visitor, place)
    for place, words in (("/reports/event-reports", "D-2026"), ("/reports/invoices", "INV-")):
        page.goto(world.url + place)
        page.locator("tbody a", has_text=words).first.click()
        page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
        look(visitor, place + " opened")


def test_axe_finds_nothing_where_something_is_wrong(visitor: Visitor, world: WorldClient) -> None:
    """Ours: errors at their fields, and told to who hears the page."""
    page = visitor.page
    visitor.sign_in(world.url)
    page.goto(world.url + "/availability/declarations")
    page.get_by_label("Power in kW").fill("9999")
    page.get_by_label("End").first.fill("15:00")
    visitor.button("Declare").click()
    visitor.sees("Nothing was declared.")
    look(visitor, "a refused declaration")
    page.goto(world.url + "/meterable-units/MU-1002")
    page.get_by_label("CSV file").set_input_files({"name": "baseline.csv", "mimeType": "text/csv", "buffer": b"a,b\n1"})
    visitor.button("Upload template").click()
    visitor.sees("Nothing of it was stored")
    look(visitor, "a refused template")
    visitor.button("Set flat baseline").click()
    visitor.sees("Enter a number of kW")
    look(visitor, "a refused flat baseline")


def test_a_declaration_by_keyboard(signed_in: Visitor, world: WorldClient) -> None:
    """Ours: every page works by keyboard."""
    page = signed_in.page
    tab_to(signed_in, "Availability")
    press(signed_in, "Enter")
    tab_to(signed_in, "Declarations", most=2)
    press(signed_in, "Enter")
    signed_in.sees_heading("Declarations")
    tab_to(signed_in, "→")
    press(signed_in, "Enter")
    signed_in.sees("Monday 16 November 2026")
    tab_to(signed_in, "Declare availability")
    press(signed_in, "Enter")
    tab_to(signed_in, "power_kw")
    page.keyboard.type("20")
    tab_to(signed_in, "SATURDAY-0")
    press(signed_in, "Space")
    tab_to(signed_in, "utilisation_bid_price")
    page.keyboard.type("199.50")
    press(signed_in, "Enter")
    signed_in.sees("is declared.")
    signed_in.sees("Saturday 16:00–20:00")
    signed_in.sees("£199.50")


def test_without_javascript(browser: Browser, world: WorldClient) -> None:
    """Ours: scripts are comforts only."""
    with visiting(browser, java_script_enabled=False) as visitor:
        page = visitor.page
        visitor.sign_in(world.url)
        page.goto(world.url + "/reports/event-reports")
        page.get_by_label("Month").select_option("2026-09")
        page.get_by_label("Zone").select_option("CMZ_T4A_EM_0012")
        visitor.button("Show").click()
        expect(page.get_by_role("heading", name="September 2026")).to_be_visible()
        page.locator("tbody a", has_text="D-202609").first.click()
        visitor.sees("Period by period")
        with page.expect_download() as download:
            page.get_by_role("link", name="Final Performance Report").click()
        assert download.value.suggested_filename.endswith("_performance-report_final.pdf")
        page.goto(world.url + "/availability/declarations?week=2026-11-23")
        page.get_by_label("Power in kW").fill("30")
        page.get_by_label("Utilisation bid price").fill("99")
        page.locator("summary", has_text="Other hours on other days").click()
        page.get_by_label("Sunday").nth(1).check()
        page.get_by_label("Start").nth(1).fill("10:00")
        page.get_by_label("End").nth(1).fill("00:00")
        visitor.button("Declare").click()
        visitor.sees("Sunday 10:00–24:00")
