"""A large upload shows its progress and ends on its result by itself, with and without JavaScript."""

from __future__ import annotations

from playwright.sync_api import Browser, Response, expect

from tests.pages import PageClient
from tests.servers import WorldClient
from tests.stories.browsing import Visitor, visiting
from tests.stories.test_csv_uploads import rows_by_minute

ROWS = 300_000
"""So many that no machine has read them before the next page shows (1.5 s)."""


def see_progress_and_result(visitor: Visitor, world: WorldClient) -> None:
    visitor.upload(world.url, rows_by_minute(ROWS), name="seven months.csv")
    visitor.sees_heading("Upload of seven months.csv")
    progress = visitor.page.get_by_role("progressbar")
    expect(progress).to_be_visible()
    visitor.sees("rows read")
    expect(visitor.page.get_by_text(f"{ROWS:,} readings stored.")).to_be_visible(timeout=120_000)
    expect(progress).to_have_count(0)


def test_a_large_upload_shows_progress_and_then_its_result(signed_in: Visitor, world: WorldClient) -> None:
    told: list[Response] = []
    signed_in.page.on("response", lambda answer: told.append(answer) if answer.url.endswith("/progress") else None)
    see_progress_and_result(signed_in, world)
    assert told, "the page asks how far it is"
    assert {(answer.status, answer.headers["cache-control"]) for answer in told} == {(200, "no-store")}
    signed_in.page.get_by_role("link", name="Back to Readings").click()
    signed_in.sees(f"{ROWS:,} readings stored")


def test_without_javascript_the_page_renews_itself(browser: Browser, world: WorldClient) -> None:
    with visiting(browser, java_script_enabled=False) as visitor:
        visitor.sign_in(world.url)
        see_progress_and_result(visitor, world)


def test_a_reset_ends_an_upload_under_way(client: PageClient, world: WorldClient) -> None:
    page = client.submit(client.get("/api-testing/readings"), "Upload readings", to="/api-testing/readings/uploads/",
                         files={"file": ("seven months.csv", rows_by_minute(ROWS), "text/csv")})
    assert page.tree.find_all("progress")
    told = client.raw("GET", f"{page.url}/progress").json()
    assert told["state"] == "running" and 0 < told["rows"] <= ROWS and 0 < told["percent"] <= 100
    assert world.post("/_sim/reset").status_code == 200
    # The world is new: nobody is signed in, and no reading of the file is there.
    answer = client.raw("GET", page.url)
    assert answer.status_code == 302 and "/sign-in" in answer.headers["Location"]
