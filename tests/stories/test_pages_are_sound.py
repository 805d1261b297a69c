"""Every page that can be reached is sound HTML, leads nowhere wrong, and says whose platform it is not."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from tests.pages import Page, PageClient
from tests.servers import WorldClient, running
from tests.stories.browsing import EMAIL, PASSWORD
from tests.stories.endpoints_of_brindle import check_connection, send_message, set_endpoint
from tests.stories.test_csv_uploads import POWER, upload

MENU = {
    "API Testing": ["Dispatch Settings", "Dispatch V2 Testing", "Readings", "My API Access Tokens"],
    "Availability": ["Declarations", "Acceptance Decisions"],
    "Reports": ["Event Reports", "Invoices/Statements"],
    "Documentation": ["Participant API", "FAQ"],
}


FILES = (".csv", ".pdf", ".zip")
MOST_WEEKS = 12
"""Arrows lead from week to week without end."""


def crawl(client: PageClient, start: str) -> dict[str, Page]:
    """Every page that links lead to from `start`, and some weeks; each is checked as it is fetched."""
    seen: dict[str, Page] = {}
    waiting = [client.url + start]
    while waiting:
        place = waiting.pop()
        elsewhere = place.startswith((client.url + "/_sim/", client.url + "/console"))
        if place in seen or elsewhere or urlsplit(place).path.endswith(FILES):
            continue
        if "week=" in place and sum("week=" in other for other in seen) >= MOST_WEEKS:
            continue
        answer = client.raw("GET", place)
        if answer.is_redirect:
            waiting.append(urljoin(place, answer.headers["Location"]))
            continue
        seen[place] = client.get(place)
        waiting += seen[place].links()
    return seen


def test_all_pages_inside_are_sound(client: PageClient, world: WorldClient) -> None:
    upload(client, f"{POWER}\nMU-1002,2026-11-02T16:30:00Z,1\n")
    upload(client, "\n".join([POWER, *[f"MU-{number},x,x" for number in range(300)], ""]), name="bad.csv")
    set_endpoint(client, "http://127.0.0.1:9")
    check_connection(client)
    send_message(client)
    send_message(client, dispatch_id="TEST-2")
    pages = crawl(client, "/")
    headings = {page.heading for page in pages.values()}
    assert {"Dispatch Settings", "Dispatch V2 Testing", "Readings", "My API Access Tokens", "Meterable Units",
            "Upload of bad.csv", "Upload of readings.csv"} <= headings
    assert len(pages) > 10
    titles = [page.title for page in pages.values() if "?" not in page.url]
    assert len(titles) == len(set(titles)), "each page has a title of its own"
    for place in {urljoin(page.url, element.attributes.get("href") or element.attributes["src"])
                  for page in pages.values() for element in page.tree.find_all("link", "script")}:
        assert client.raw("GET", place).status_code == 200, place


def test_the_menu_has_the_guides_words(client: PageClient) -> None:
    page = client.get("/meterable-units")
    menu = page.tree.find("nav", **{"aria-label": "Main menu"})
    told = {}
    for details in menu.find_all("details"):
        told[details.find("summary").text] = [item.find("a").text for item in details.find_all("li")]
    assert told == MENU
    assert [link.text for link in menu.find_all("a") if link.parent is menu] == ["Meterable Units"]
    name = page.tree.find(class_="user-menu").find("a")
    assert name.text == "Brindle Aggregation Ltd" and name["href"].endswith("/email-preferences")


def test_pages_on_the_way_in_are_sound(world: WorldClient) -> None:
    client = PageClient(world.url)
    page = client.get_redirected("/", to="/sign-in")
    page = client.submit(page, "Log in", status=422)
    assert page.field_errors == ["Enter your email address.", "Enter your password."]
    assert page.title.startswith("Error: ")
    for path in ("/sign-in/code", "/authenticator"):
        assert client.get_redirected(path, to="/sign-in").alerts == ["Enter your email address and password first."]
    client.sign_in(EMAIL, PASSWORD, world.code())
    client.get_redirected("/sign-in", to="/meterable-units")
    for path in ("/nothing-here", "/api-testing/readings?unit=MU-2001", "/api-testing/readings?unit="):
        assert client.get(path, status=404).heading == "Not Found"


def test_a_world_without_units_and_readings_has_good_words_for_it(frozen_world: WorldClient) -> None:
    client = PageClient(frozen_world.url)
    page = client.submit(client.get("/sign-in"), "Log in", {
        "email": "desk@settled.example", "password": "Settled-story-2026"}, to="/sign-in/code")
    client.submit(page, "Verify", {"code": frozen_world.code("settled")}, to="/meterable-units")
    assert "none yet" in client.get("/meterable-units").content.text
    assert "No readings of MU-4001 yet." in client.get("/api-testing/readings").content.text


def test_the_simulators_help_is_on_no_page_of_a_world_of_ones_own() -> None:
    with running(fixture="empty") as simulator:
        html = PageClient(simulator.url).get("/sign-in").html
        assert PASSWORD not in html and "simulator only" not in html
