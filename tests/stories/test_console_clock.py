"""The console's Clock page and overview: market time frozen, let run, moved and set back; what is due and what was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.pages import Page, PageClient
from tests.servers import NOW, WorldClient, eventually
from tests.stories.browsing import visiting
from tests.stories.test_console import errors_of

PLACE = "/console/clock"
RAN = "Finalise previous month"


@pytest.fixture
def frozen(world: WorldClient) -> WorldClient:
    """A quiet demo world whose clock stands on Monday, 2 November 2026, 17:00."""
    world.freeze(NOW)
    return world


@pytest.fixture
def console(frozen: WorldClient) -> PageClient:
    """A visitor of its console."""
    return PageClient(frozen.url)


def mode_of(world: WorldClient) -> tuple[str, float]:
    clock = world.get("/_sim/clock").json()
    return clock["mode"], clock["rate"]


def advance(console: PageClient, button: str, **fields: str) -> Page:
    return console.submit(console.get(PLACE), button, fields, to=PLACE)


def test_the_clock_runs_and_is_frozen(frozen: WorldClient, console: PageClient) -> None:
    page = advance(console, "Let it run")
    assert "The clock runs with real time." in page.content.text and mode_of(frozen) == ("real", 1)
    assert frozen.now() < "2026-11-02T17:05"
    page = advance(console, "Freeze")
    assert "the clock is frozen." in page.alerts[0] and mode_of(frozen) == ("frozen", 0)


def test_the_clock_runs_at_any_speed(frozen: WorldClient, console: PageClient) -> None:
    page = advance(console, "× 60: a minute a second")
    assert "runs 60 times as fast" in page.content.text and mode_of(frozen) == ("scaled", 60)
    advance(console, "Run so fast", rate="1,440.5")
    assert mode_of(frozen) == ("scaled", 1440.5)


def test_the_clock_is_set_to_real_time(frozen: WorldClient, console: PageClient) -> None:
    advance(console, "Set to this machine’s time")
    eventually(lambda: mode_of(frozen) == ("real", 1), "the clock has arrived")
    assert abs(datetime.fromisoformat(frozen.now()) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(("button", "fields", "arrives"), [
    ("+ 1 hour", {}, "2026-11-02T18:00"), ("+ 1 week", {}, "2026-11-09T17:00"),
    ("Advance by it", {"by": "PT36H"}, "2026-11-04T05:00"), ("Advance by it", {"by": "90 minutes"}, "2026-11-02T18:30"),
    ("To the next Thursday 12:05 Thu 05 Nov 2026 12:05 GMT", {}, "2026-11-05T12:05"),
    ("Advance to it", {"to": "3 November 08:00"}, "2026-11-03T08:00"),
])
def test_the_clock_is_moved_forward(frozen: WorldClient, console: PageClient, button: str, fields: dict[str, str],
                                    arrives: str) -> None:
    advance(console, button, **fields)
    eventually(lambda: frozen.now().startswith(arrives), f"the clock at {arrives}")


def test_the_jobs_that_ran_are_shown(frozen: WorldClient, console: PageClient) -> None:
    frozen.freeze("2026-11-14T23:00:00Z")
    page = advance(console, "+ 1 hour")
    assert page.alerts == ["Market time is Sun 15 Nov 2026 00:00:00 GMT; the clock is frozen. One job ran on the way."]
    assert page.rows() == [[RAN, "Sun 15 Nov 2026 00:00:00 GMT", "done"]]
    cause = next(link for link in page.links() if "/console/journal/" in link)
    assert RAN.lower() in console.get(cause.removeprefix(frozen.url)).content.text


def test_a_clock_set_back_runs_nothing_again(frozen: WorldClient, console: PageClient) -> None:
    page = advance(console, "Set back", at="2026-11-01 12:00")
    assert "Market time is Sun 01 Nov 2026 12:00:00 GMT" in page.alerts[0] and not page.tree.find_all("table")
    assert frozen.now() == "2026-11-01T12:00:00+00:00" and mode_of(frozen) == ("frozen", 0)


@pytest.mark.parametrize(("button", "field", "words", "says"), [
    ("Advance by it", "by", "", "Enter how far"), ("Advance by it", "by", "soon", "is not a length of time"),
    ("Advance by it", "by", "-PT1H", "is past"), ("Advance by it", "by", "P11Y", "more than 3660 days"),
    ("Advance by it", "by", "999999 weeks", "further ahead than dates go"),
    ("Advance to it", "to", "", "Enter a moment"), ("Advance to it", "to", "PT24H", "It is a duration"),
    ("Advance to it", "to", "yesterday 08:00", "Below, the clock is set back"),
    ("Set back", "at", "tomorrow 08:00", "Above, the clock is moved forward"), ("Set back", "at", "x", "Write it like"),
    ("Run so fast", "rate", "0", "above 0"), ("Run so fast", "rate", "9999999", "1,000,000"),
    ("Run so fast", "rate", "fast", "above 0"),
])
def test_mistakes_stand_at_their_field(frozen: WorldClient, console: PageClient, button: str, field: str, words: str,
                                       says: str) -> None:
    page = console.submit(console.get(PLACE), button, {field: words})
    assert list(errors_of(page)) == [field] and says in errors_of(page)[field]
    assert page.title.startswith("Error: ")
    assert (frozen.now(), mode_of(frozen)) == ("2026-11-02T17:00:00+00:00", ("frozen", 0))


def test_a_mode_there_is_not_is_refused(console: PageClient) -> None:
    page = console.get(PLACE)
    token = page.form("Let it run").find("input", name="csrf_token")["value"]
    assert console.raw("POST", "/console/clock/mode", data={"csrf_token": token, "mode": "x"}).status_code == 422


def test_a_long_way_shows_how_far_it_is_and_can_be_stopped(browser: Browser, frozen: WorldClient) -> None:
    """Ours: anything longer than a second shows progress, without JavaScript too."""
    with visiting(browser, java_script_enabled=False) as visitor:
        page = visitor.page
        page.goto(frozen.url + PLACE)
        page.get_by_label("By another length of time").fill("P3600D")
        visitor.button("Advance by it").click()
        expect(page.get_by_role("progressbar")).to_be_visible()
        # The page asks for itself anew, once a second.
        expect(page.get_by_role("progressbar")).not_to_have_attribute("value", "0", timeout=20_000)
        # A click while the page renews itself may be lost; the way is long enough for another one.
        while not page.get_by_text("was stopped on the way").count():
            visitor.button("Stop here").click()
        visitor.sees("What ran on the way")
    assert "2026-11-02T17:00" < frozen.now() < "2036"


def test_the_overview_shows_what_is_due_and_what_was(frozen: WorldClient, console: PageClient) -> None:
    frozen.send([])
    answer = frozen.post("/_sim/dispatches", {
        "participantId": "tamar", "programme": "OU", "meterableUnitIds": ["MU-2001"], "powerChangeKw": 1,
        "startTime": "2026-11-02T17:30:00Z", "endTime": "2026-11-02T18:00:00Z"})
    dispatch = answer.json()["dispatchId"]
    page = console.get("/console")
    due = [item.text for item in page.tree.find(class_="due").find_all("li")]
    assert due[0] == f"Mon 02 Nov 17:15 GMT Start message of {dispatch}"
    assert due[1] == "Tue 03 Nov 08:00 GMT Send daily schedules"
    assert any("Send weekly acceptances" in line for line in due)
    exchanges = [item.text for item in page.tree.find(class_="exchanges").find_all("li")]
    assert "in POST" in exchanges[0] and "/_sim/dispatches → 201" in exchanges[0]
    assert "/api/v2/readings → " in exchanges[1]
    assert "Recent problems" not in page.content.text
    # Nobody listens for this dispatch: its message fails in the end.
    frozen.advance(by="P1D")
    assert f"dispatch {dispatch} given up" in console.get("/console").content.text


def test_the_overview_moves_the_clock_and_tells_of_faults(frozen: WorldClient, console: PageClient) -> None:
    frozen.post("/_sim/faults", {"match": {"surface": "participant"}, "effect": {"delayMs": 20}})
    page = console.submit(console.get("/console"), "+ 15 minutes", to="/console")
    assert "calls of the participant API: delayed by 20 ms" in page.alerts[1]
    assert page.alerts[0].startswith("Market time is Mon 02 Nov 2026 17:15:00 GMT")
    assert frozen.now().startswith("2026-11-02T17:15")


def test_the_overview_follows_by_itself(browser: Browser, frozen: WorldClient) -> None:
    with visiting(browser) as visitor:
        visitor.page.goto(frozen.url + "/console")
        visitor.sees("17:00:00 GMT")
        frozen.advance(by="PT1M")
        visitor.sees("17:01:00 GMT")
        # The bar at the side tells the same.
        expect(visitor.page.locator(".console-world")).to_contain_text("Mon 02 Nov 2026 17:01 GMT")


def test_a_world_that_went_back_shows_no_move_of_before(frozen: WorldClient, console: PageClient) -> None:
    """Ours: the journal that tells of the move is gone, so nothing may lead to it."""
    console.submit(console.get(PLACE), "Advance by it", {"by": "P30D"}, to=PLACE)
    assert "What ran on the way" in console.raw("GET", PLACE).text
    assert frozen.post("/_sim/reset").status_code == 200
    assert "What ran on the way" not in console.raw("GET", PLACE).text
