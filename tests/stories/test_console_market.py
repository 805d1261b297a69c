"""The market month in the console: a week is looked at, decided after a preview, and its events are explained."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from simulator import Simulator
from simulator.market.policy import DEFAULT_POLICY, numbers_of
from tests.pages import Page, PageClient
from tests.servers import WorldClient, fresh_world
from tests.stories.browsing import DESKTOP, PHONE, visiting
from tests.stories.judging import look

LOCKED = "2026-11-05T09:00:00Z"
"""Thursday morning: the week of 9 November is locked, and not decided yet."""

OPEN = "2026-11-03T09:00:00Z"
WEEK = "/console/availability/2026-11-09"
BATTERY = "SU"


@pytest.fixture
def world(server: Simulator) -> Iterator[WorldClient]:
    """A fresh world of the demo fixture, with a market month behind it."""
    with fresh_world(server.url, "demo") as client:
        yield client


@pytest.fixture
def console(world: WorldClient) -> PageClient:
    """A visitor of the console on the morning before a week is decided."""
    world.freeze(LOCKED)
    return PageClient(world.url)


def preview(console: PageClient, button: str, fields: dict[str, str] | None = None, status: int = 200) -> Page:
    return console.submit(console.get(WEEK), button, fields, status=status)


def decisions(world: WorldClient) -> list[dict]:
    return world.get("/_sim/weeks/2026-11-09").json()["decisions"]


def test_everything_that_is_declared_is_shown(console: PageClient, world: WorldClient) -> None:
    """Ours: the control room sees every participant's windows, and where the week stands."""
    page = console.get(WEEK)
    assert page.heading == "Availability"
    assert "locked since Thu 05 Nov 2026 00:00 GMT" in page.content.text
    shown = page.rows("Declarations of the week")
    assert len(shown) == len(decisions(world)) > 0
    assert {row[1] for row in shown} == {"Brindle Aggregation Ltd", "Tamar Flexibility CIC"}


def test_a_preview_changes_nothing_and_the_next_click_decides(console: PageClient, world: WorldClient) -> None:
    """Ours: what would come of a rule is seen before it is so."""
    page = preview(console, "Preview: accept everything")
    assert "Nothing is decided yet." in page.content.text
    assert {each["decision"] for each in decisions(world)} == {"undecided"}
    page = console.submit(page, "Decide the week like this", to=WEEK)
    count = len(decisions(world))
    assert page.alerts == [f"The week of 9 November 2026 is decided: {count} of {count} windows accepted."]
    assert {each["decision"] for each in decisions(world)} == {"accepted"}
    assert "decided Thu 05 Nov 2026 09:00 GMT: everything accepted" in page.content.text


def test_scheduled_programmes_become_dispatches_that_are_linked(console: PageClient, world: WorldClient) -> None:
    """Inferred: acceptances of SU are dispatched by themselves."""
    page = console.submit(preview(console, "Preview: accept everything"), "Decide the week like this", to=WEEK)
    made = {each["dispatchId"] for each in decisions(world) if each["programme"] == "SU"}
    assert None not in made and len(made) > 0
    assert all(any(link.endswith(f"/console/control-room/{name}") for link in page.links()) for name in made)


def test_part_of_the_power_and_of_the_window_is_accepted(console: PageClient, world: WorldClient) -> None:
    """Ours: in part, with a shortened window and lower kW."""
    page = preview(console, "Preview: accept in part", {"percent": "50", "later": "15", "earlier": "0"})
    console.submit(page, "Decide the week like this", to=WEEK)
    taken = [each for each in decisions(world) if each["programme"] != "Restore"]
    assert {each["decision"] for each in taken} == {"accepted_in_part"}
    assert all(each["acceptedKw"] == each["declaredKw"] / 2 for each in taken)
    assert all(each["acceptanceStart"] > each["declaredStart"] for each in taken)


def test_merit_order_takes_the_cheapest_up_to_what_is_required(console: PageClient, world: WorldClient) -> None:
    """Assumed: the dearest accepted bid is paid to all who won."""
    page = console.get(WEEK)
    console.submit(console.submit(page, "Preview: merit order", status=200), "Decide the week like this", to=WEEK)
    ashgrove = {each["meterableUnitId"]: each for each in decisions(world)
                if each["zone"] == "CMZ_T7B_SWA_0012" and each["programme"] == BATTERY}
    assert ashgrove["MU-1001"]["acceptedKw"] == 180 and ashgrove["MU-1002"]["acceptedKw"] == 50
    assert {each["utilisationAwardedPrice"] for each in ashgrove.values()} == {342.5}


def test_windows_are_chosen_by_hand(console: PageClient, world: WorldClient) -> None:
    """Ours: by hand; what is not chosen is not accepted, what is always accepted stays so."""
    page = preview(console, "Preview: by hand", {"accept-1": "yes", "until-1": "18:00", "kw-1": "100"})
    console.submit(page, "Decide the week like this", to=WEEK)
    chosen = [each for each in decisions(world) if each["decision"] == "accepted_in_part"]
    assert [(each["acceptedKw"], each["acceptanceEnd"][11:16]) for each in chosen] == [(100, "18:00")]
    assert {each["decision"] for each in decisions(world) if each["programme"] == "Restore"} == {"accepted"}


@pytest.mark.parametrize(("button", "fields", "told"), [
    ("Preview: accept in part", {"percent": "0", "later": "-5", "earlier": "x"},
     ["Enter a number.", "Enter a number."]),
    ("Preview: accept in part", {"percent": "101", "later": "2000", "earlier": "0"},
     ["Give more than 0 and at most 100 per cent.", "Give whole minutes, 0 to 1,440."]),
    ("Preview: merit order", {"kw-0": "much", "start-0": "25:00"},
     ["Enter a time, such as 16:30.", "Enter kW, such as 150."]),
    ("Preview: merit order", {"zone-0": "", "end-0": "01:00"},
     ["There is no zone ''; there are CMZ_T4A_EM_0012, CMZ_T7B_SWA_0012, CMZ_T9A_SWE_0050.",
      "The end must be later than the start; 24:00 is the midnight after the day."]),
    ("Preview: by hand", {"accept-1": "yes", "kw-1": "999", "from-1": "01:00"},
     ["The window is 2026-11-10T17:30+00:00 to 2026-11-10T18:30+00:00.", "Accept more than 0 and at most"]),
])
def test_what_is_wrong_is_told_at_its_field_and_decides_nothing(
        console: PageClient, world: WorldClient, button: str, fields: dict[str, str], told: list[str]) -> None:
    """Ours: all that is wrong is said at once, where it stands, and what was typed stays."""
    page = preview(console, button, fields, status=422)
    text = " ".join(element.text for element in page.tree.find_all(class_="field-error"))
    assert all(words in text for words in told), text
    values = {field.attributes.get("name"): field.attributes.get("value")
              for field in page.form(button).find_all("input", "select")}
    assert all(values[name] in (value, None) for name, value in fields.items())
    assert {each["decision"] for each in decisions(world)} == {"undecided"}


def test_an_open_week_can_be_tried_but_not_decided(world: WorldClient) -> None:
    """Public: declarations lock at the end of Wednesday; before that there is nothing to decide on."""
    world.freeze(OPEN)
    console = PageClient(world.url)
    page = preview(console, "Preview: accept everything")
    assert "Decide the week like this" not in page.content.text
    assert "from Thu 05 Nov 2026 00:00 GMT on" in page.content.text


def test_the_rule_of_thursdays_is_set_and_kept(console: PageClient, world: WorldClient) -> None:
    """Ours: the world's rule decides on Thursdays, until another is set."""
    page = preview(console, "Preview: accept nothing")
    page = console.submit(page, "Decide every week like this, on Thursdays", to=WEEK)
    assert page.alerts == [
        "Weeks are decided by this rule from the next Thursday on: nothing accepted."]
    world.advance(to="2026-11-05T12:00:00Z")
    assert {each["decision"] for each in decisions(world) if each["programme"] != "Restore"} == {"rejected"}
    (entry,) = world.journal("acceptance_rule.set")[-1:]
    page = console.get(f"/console/journal/{entry['id']}")
    assert "Weeks are decided by another rule: nothing accepted" in page.content.text


@pytest.mark.parametrize("week", ["2026-11-10", "nothing", "0001-01-01", "9999-12-27", "2026-11-9"])
def test_what_is_no_week_is_not_found(console: PageClient, week: str) -> None:
    """Ours: a week is named by its Monday."""
    assert "Monday" in console.get(f"/console/availability/{week}", status=404).content.text


def test_events_are_listed_and_filtered(console: PageClient, world: WorldClient) -> None:
    """Ours: the events of all participants, with their status in words."""
    everything = console.get("/console/events").rows()
    events = world.get("/_sim/events?size=50").json()["events"]
    assert [row[0].split()[0] for row in everything] == [each["eventId"] for each in events]
    assert {row[1] for row in everything} == {"green", "amber", "red"}
    page = console.get("/console/events?participant=tamar&month=2026-10")
    assert {row[2] for row in page.rows()} == {"Tamar Flexibility CIC"}
    assert "No event is like that." in console.get("/console/events?zone=nowhere").content.text


def test_an_event_explains_itself(console: PageClient, world: WorldClient) -> None:
    """Ours: which rule made it amber; the reason of each payment; what is assumed is marked."""
    amber = next(each for each in world.get("/_sim/events?size=50").json()["events"] if each["rag"] == "amber")
    page = console.get(f"/console/events/{amber['eventId']}")
    assert amber["rule"] in page.content.text
    line = world.get(f"/_sim/events/{amber['eventId']}").json()["lines"][0]
    assert line["because"] in page.content.text and "assumed" in page.content.text
    assert page.tree.find_all("svg", class_="power-chart")
    for name in ("performance-report", "earnings-statement"):
        answer = console.raw("GET", f"/console/events/{amber['eventId']}/{name}.pdf")
        assert amber["eventId"] in PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()


def test_the_policy_shows_every_number_with_its_label(console: PageClient) -> None:
    """Ours: every number that is an assumption is marked as assumed wherever it is shown."""
    page = console.get("/console/market-policy")
    for number in numbers_of(DEFAULT_POLICY):
        assert number.help in page.content.text
        assert number.source.split(". ")[0] in page.content.text
    assert page.content.text.count("assumed") > 10


@pytest.mark.parametrize(("javascript", "viewport"), [(True, DESKTOP), (False, PHONE)], ids=["desktop", "plain phone"])
def test_a_week_is_decided_in_a_browser(browser: Browser, world: WorldClient, javascript: bool,
                                        viewport: dict[str, int]) -> None:
    """Ours: the console works on a phone, and without JavaScript."""
    world.freeze(LOCKED)
    with visiting(browser, java_script_enabled=javascript, viewport=viewport) as visitor:
        page = visitor.page
        page.goto(f"{world.url}/console/availability")
        page.get_by_text("Accept in part", exact=True).click()
        page.get_by_label("Per cent of the power").fill("40")
        visitor.button("Preview: accept in part").click()
        visitor.sees("Nothing is decided yet.")
        visitor.button("Decide the week like this").click()
        visitor.sees("The week of 9 November 2026 is decided")
        expect(page.get_by_text("accepted in part").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_every_page_of_the_month_is_accessible(browser: Browser, world: WorldClient) -> None:
    """Ours: axe finds nothing, and nothing is wider than the window; forms opened, a preview shown, mistakes marked."""
    world.freeze(LOCKED)
    event = world.get("/_sim/events?size=1").json()["events"][0]["eventId"]
    with visiting(browser) as visitor:
        page = visitor.page
        for path in ("/console/events", f"/console/events/{event}", "/console/market-policy", WEEK):
            page.goto(world.url + path)
            for summary in page.locator("details.more > summary").all():
                summary.click()
            look(visitor, path)
        for percent in ("50", "much"):
            page.get_by_label("Per cent of the power").fill(percent)
            visitor.button("Preview: accept in part").click()
            look(visitor, f"{percent} per cent")
            if percent == "50":
                page.get_by_text("Accept in part", exact=True).scroll_into_view_if_needed()


def test_the_journal_tells_the_month_in_words(console: PageClient) -> None:
    """Ours: every entry of the market month is a sentence, not a list of fields."""
    lines = [element.text for element in console.get("/console/journal?kind=Market&order=oldest").tree.find_all(
        class_="entry-words")]
    assert len(lines) > 20 and not any("(organisation " in line or "(week " in line for line in lines)
    assert any(re.fullmatch(r"Event D-\d+-\d+ of \w+, \w+: (green|amber|red), [\d.]+ % delivered.*", line)
               for line in lines)
