"""A large upload shows its progress and ends on its result by itself, with and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.pages import PageClient
from tests.servers import WorldClient
from tests.stories.browsing import visiting
from tests.stories.test_csv_uploads import rows_by_minute

ROWS = 300_000


@pytest.mark.parametrize("has_script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_large_upload_shows_progress_and_then_its_result(browser: Browser, world: WorldClient, has_script: bool
                                                           ) -> None:
    with visiting(browser, java_script_enabled=has_script) as visitor:
        visitor.sign_in(world.url)
        visitor.upload(world.url, rows_by_minute(ROWS), name="a year.csv")
        visitor.sees_heading("Upload of a year.csv")
        progress = visitor.page.get_by_role("progressbar")
        expect(progress).to_be_visible()
        visitor.sees("rows read")
        expect(visitor.page.get_by_text(f"{ROWS:,} readings stored.")).to_be_visible(timeout=120_000)
        expect(progress).to_have_count(0)


def test_progress_is_told_in_rows_and_percent(client: PageClient) -> None:
    page = client.submit(client.get("/api-testing/readings"), "Upload readings", to="/api-testing/readings/uploads/",
                         files={"file": ("a year.csv", rows_by_minute(ROWS), "text/csv")})
    seen = []
    while True:
        answer = client.raw("GET", f"{page.url}/progress")
        assert answer.headers["Cache-Control"] == "no-store"
        seen.append(answer.json())
        if seen[-1]["state"] != "running":
            break
    assert seen[-1] == {"state": "stored", "rows": ROWS, "percent": 100}
    rows = [state["rows"] for state in seen]
    assert rows == sorted(rows) and len(set(rows)) > 3
    assert all(0 <= state["percent"] <= 100 for state in seen)
    assert re.search("300,000 readings stored", client.get("/api-testing/readings").content.text)


def test_a_reset_ends_an_upload_under_way_and_the_page_says_so(client: PageClient, world: WorldClient) -> None:
    page = client.submit(client.get("/api-testing/readings"), "Upload readings", to="/api-testing/readings/uploads/",
                         files={"file": ("a year.csv", rows_by_minute(ROWS), "text/csv")})
    assert page.tree.find_all("progress")
    assert world.post("/_sim/reset").status_code == 200
    # The world is new: nobody is signed in, and no reading of the file is there.
    answer = client.raw("GET", page.url)
    assert answer.status_code == 302 and "/sign-in" in answer.headers["Location"]
