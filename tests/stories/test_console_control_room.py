"""The control room: dispatching units with a form, following a dispatch, and stopping it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.endpoints import GOOD, Endpoint, endpoint, says
from tests.pages import Page, PageClient
from tests.servers import NOW, WorldClient, running
from tests.stories.test_console import errors_of, value_of

PLACE = "/console/control-room"
UNITS = ["MU-1001", "MU-1002"]
WANTED = {"meterable_unit_ids": UNITS, "programme": "OU", "start_time": "2026-11-02T17:30",
          "end_time": "2026-11-02T18:30", "power_change_kw": "150", "notice_minutes": "15"}
DISPATCH = "D-20261102-0001"


@pytest.fixture
def frozen(world: WorldClient) -> WorldClient:
    """A demo world whose clock stands at NOW."""
    world.freeze(NOW)
    return world


@pytest.fixture
def console(frozen: WorldClient) -> PageClient:
    """A visitor of the console."""
    return PageClient(frozen.url)


@pytest.fixture
def battery(frozen: WorldClient) -> Iterator[Endpoint]:
    """Brindle's endpoint, which acknowledges everything."""
    with endpoint(says(GOOD)) as running_endpoint:
        set_endpoint(frozen, running_endpoint.url)
        yield running_endpoint


def set_endpoint(world: WorldClient, url: str) -> None:
    answer = world.request("PATCH", "/_sim/participants/brindle", json={"dispatch": {"baseUrl": url}})
    assert answer.status_code == 200, answer.text


def plan(console: PageClient, **changes: str | list[str]) -> Page:
    return console.submit(console.get(PLACE), "Dispatch", {**WANTED, **changes}, to=f"{PLACE}/D-")


def refused(console: PageClient, **changes: str | list[str]) -> Page:
    return console.submit(console.get(PLACE), "Dispatch", {**WANTED, **changes}, status=422)


def state_on(page: Page) -> str:
    """What the badge of a dispatch's page says."""
    return page.tree.find("h2", id="state").find("span").text


def facts_on(page: Page) -> dict[str, str]:
    inside = page.tree.find("section", **{"aria-labelledby": "state"}).find("dl")
    return dict(zip((term.text for term in inside.find_all("dt")), (told.text for told in inside.find_all("dd")),
                    strict=True))


def messages_on(page: Page) -> list[str]:
    return [element.text for element in page.tree.find_all(class_="message-title")]


def attempts_on(page: Page) -> list[str]:
    return [item.text for element in page.tree.find_all(class_="attempts") for item in element.find_all("li")]


def test_a_dispatch_is_planned_sent_and_runs(frozen: WorldClient, console: PageClient, battery: Endpoint) -> None:
    page = plan(console)
    assert page.heading == f"Dispatch {DISPATCH}" and page.alerts == [f"The dispatch {DISPATCH} is planned."]
    assert state_on(page) == "planned"
    assert "Next: start message, Mon 02 Nov 2026 17:15:00 GMT" in page.content.text
    assert "The clock stands still" in page.content.text
    facts = facts_on(page)
    assert facts["Meterable Units"] == "MU-1001 MU-1002" and facts["Window"] == "Mon 02 Nov 2026 17:30 – 18:30 GMT"
    assert (facts["Power change"], facts["Notice"], facts["Endpoint"]) == ("150 kW", "15 minutes", battery.url)
    frozen.advance("PT20M")
    page = console.get(f"{PLACE}/{DISPATCH}")
    assert state_on(page) == "acknowledged"
    assert messages_on(page) == ["Start message acknowledged", "Stop message waiting goes out Mon 02 Nov 18:30:00 GMT"]
    (attempt,) = attempts_on(page)
    assert attempt.startswith("Mon 02 Nov 17:15:00 GMT Attempt 1: acknowledged with status 200 ")
    (entry,) = [link for link in page.links() if "/console/journal/" in link]
    assert console.get(entry.removeprefix(frozen.url)).heading.startswith("Journal entry")
    frozen.advance("PT15M")
    assert state_on(console.get(f"{PLACE}/{DISPATCH}")) == "running"
    frozen.advance("PT1H")
    page = console.get(f"{PLACE}/{DISPATCH}")
    assert state_on(page) == "stopped" and "Nothing more will be sent." in page.content.text
    assert "End it early" not in page.html
    assert console.get(PLACE).rows("Dispatches") == [[
        DISPATCH, "stopped", "Brindle Aggregation Ltd", "OU", "MU-1001 MU-1002", "Mon 02 Nov 2026 17:30 – 18:30 GMT",
        "150 kW"]]


def test_the_form_offers_times_that_leave_room_for_the_notice(frozen: WorldClient, console: PageClient) -> None:
    page = console.get(PLACE)
    assert (value_of(page, "start_time"), value_of(page, "end_time")) == ("2026-11-02T17:30", "2026-11-02T18:30")
    assert value_of(page, "notice_minutes") == "15"
    assert "Nothing has been dispatched yet." in page.content.text
    frozen.freeze("2026-07-01T10:02:00Z")
    assert value_of(console.get(PLACE), "start_time") == "2026-07-01T11:30"
    page = console.submit(console.get(PLACE), "Dispatch", {"meterable_unit_ids": "MU-1001"}, to=f"{PLACE}/D-")
    assert facts_on(page)["Window"] == "Wed 01 Jul 2026 11:30 – 12:30 BST"


def test_units_are_those_of_the_chosen_participant(console: PageClient) -> None:
    def offered(page: Page) -> list[str]:
        return [box["value"] for box in page.tree.find_all("input", type="checkbox")]

    assert offered(console.get(PLACE)) == ["MU-1001", "MU-1002", "MU-1003"]
    page = console.get(f"{PLACE}?participant=tamar")
    assert offered(page) == ["MU-2001"]
    assert "Tamar Flexibility CIC has set no Participant endpoint base url" in page.content.text
    page = console.submit(page, "Dispatch", to=f"{PLACE}/D-")
    assert facts_on(page)["Participant"] == "Tamar Flexibility CIC"
    assert facts_on(page)["Endpoint"] == "not set" and "messages to it fail" in page.content.text
    assert console.get(f"{PLACE}?participant=nobody", status=404).heading == "Not Found"


@pytest.mark.parametrize(("changes", "errors"), [
    ({"meterable_unit_ids": [], "start_time": "", "end_time": "soon", "power_change_kw": "much",
      "notice_minutes": "1.5"},
     {"meterable_unit_ids": "at least one", "start_time": "Enter a date", "end_time": "Enter a date",
      "power_change_kw": "Enter a number", "notice_minutes": "whole number"}),
    ({"programme": "XX", "end_time": "2026-11-02T17:00", "power_change_kw": "0", "notice_minutes": "99999"},
     {"programme": "no programme 'XX'", "end_time": "The end must be later", "power_change_kw": "not 0",
      "notice_minutes": "0 to 10,080"}),
    ({"meterable_unit_ids": ["MU-2001", "MU-1001"]}, {"meterable_unit_ids": "MU-2001 is not one of"}),
    ({"meterable_unit_ids": ["MU-1001", "MU-1001"]}, {"meterable_unit_ids": "named 2 times"}),
    ({"end_time": "2026-11-12T17:30"}, {"end_time": "at most 7 days"}),
    ({"start_time": "2026-11-01T17:30", "end_time": "2026-11-02T16:30"}, {"end_time": "in the past"}),
    ({"start_time": "x", "end_time": "2026-11-02T16:30"}, {"start_time": "Enter a date", "end_time": "in the past"}),
    ({"start_time": "2026-11-31T17:30"}, {"start_time": "Enter a date"}),
    ({"start_time": "9999-12-31T23:59", "end_time": "0001-01-01T00:00"}, {"start_time": "Enter", "end_time": "Enter"}),
    ({"power_change_kw": "1.2345678"}, {"power_change_kw": "six decimals"}),
    ({"power_change_kw": "NaN"}, {"power_change_kw": "Enter a number"}),
    ({"power_change_kw": "99999999"}, {"power_change_kw": "10,000,000 kW either way"}),
    ({"notice_minutes": "-1"}, {"notice_minutes": "whole number"}),
])
def test_every_error_is_at_its_field_and_what_was_typed_stays(
        frozen: WorldClient, console: PageClient, changes: dict[str, str], errors: dict[str, str]) -> None:
    page = refused(console, **changes)
    found = errors_of(page)
    assert sorted(found) == sorted(errors), found
    assert all(words in found[field] for field, words in errors.items()), found
    typed = {field: text for field, text in changes.items() if isinstance(text, str) and field != "programme"}
    assert all(value_of(page, field) == text for field, text in typed.items())
    chosen = [box["value"] for box in page.tree.find_all("input", type="checkbox") if "checked" in box.attributes]
    assert set(chosen) == set(changes.get("meterable_unit_ids", UNITS)) & set(UNITS)
    assert page.title.startswith("Error: ")
    assert frozen.get("/_sim/dispatches").json() == {"dispatches": []}


def test_a_participant_that_is_gone_is_told(console: PageClient) -> None:
    page = refused(console, participant="nobody")
    assert "There is no participant 'nobody' in this world." in page.alerts
    assert "Begin again" in page.content.text


@pytest.mark.parametrize(("typed", "shown"), [("-12.5", "−12.5 kW"), ("−12.5", "−12.5 kW"), ("1,500", "1500 kW"),
                                              (" 0.000001 ", "0.000001 kW")])
def test_power_can_be_typed_as_people_do(console: PageClient, typed: str, shown: str) -> None:
    assert facts_on(plan(console, power_change_kw=typed))["Power change"] == shown


def test_a_planned_dispatch_is_cancelled_by_a_stop(frozen: WorldClient, console: PageClient, battery: Endpoint) -> None:
    page = console.submit(plan(console), "Yes, stop it", to=f"{PLACE}/{DISPATCH}")
    assert page.alerts == [f"The dispatch {DISPATCH} is cancelled: nothing was sent."]
    assert state_on(page) == "cancelled" and "Yes, stop it" not in page.html
    frozen.advance("PT3H")
    assert battery.requests == []


@pytest.mark.parametrize(("button", "word", "title"), [
    ("Yes, stop it", b"STOP", "Stop message"), ("Yes, emergency stop", b"EMERGENCY_STOP", "Emergency stop message")])
def test_a_running_dispatch_is_stopped(frozen: WorldClient, console: PageClient, battery: Endpoint, button: str,
                                       word: bytes, title: str) -> None:
    plan(console)
    frozen.advance("PT35M")
    page = console.submit(console.get(f"{PLACE}/{DISPATCH}"), button, to=f"{PLACE}/{DISPATCH}")
    assert page.alerts[0].endswith(f"of {DISPATCH} goes out now.")
    frozen.advance("PT1S")
    page = console.get(f"{PLACE}/{DISPATCH}")
    assert state_on(page) == "stopped" and messages_on(page)[-1] == f"{title} acknowledged"
    assert b'"instruction":"' + word + b'"' in battery.requests[-1].replace(b": ", b":")


def test_what_has_ended_is_not_stopped_again(frozen: WorldClient, console: PageClient) -> None:
    page = plan(console)
    for button in ("Yes, stop it", "Yes, emergency stop"):
        after = console.submit(page, button, to=f"{PLACE}/{DISPATCH}")
    assert after.alerts == [f"The dispatch {DISPATCH} is cancelled already."]
    kinds = [entry["kind"] for entry in frozen.journal("dispatch.")]
    assert kinds.count("dispatch.stop_asked") == 1


def test_failed_attempts_say_why_in_words(frozen: WorldClient, console: PageClient) -> None:
    with endpoint(says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) as wrong:
        set_endpoint(frozen, wrong.url)
        plan(console)
        frozen.advance("PT20M")
    page = console.get(f"{PLACE}/{DISPATCH}")
    assert state_on(page) == "failed"
    assert messages_on(page) == ["Start message given up", "Stop message not sent any more"]
    assert "The endpoint answered with status 404; 200 to 299 acknowledges." in attempts_on(page)[0]
    assert "Nothing more is planned; the control room can still stop it." in page.content.text


def test_attempts_that_will_be_made_again_say_when(frozen: WorldClient, console: PageClient) -> None:
    console.submit(console.get(f"{PLACE}?participant=tamar"), "Dispatch", to=f"{PLACE}/D-")
    frozen.advance("PT16M")
    page = console.get(f"{PLACE}/{DISPATCH}")
    assert state_on(page) == "sent" and len(attempts_on(page)) == 3
    assert "There is no endpoint to send it to" in attempts_on(page)[0]
    assert messages_on(page)[0] == "Start message waiting next attempt Mon 02 Nov 17:16:20 GMT"


def test_the_meaning_of_every_state_is_told(console: PageClient) -> None:
    table = console.get(PLACE).tree.find("details", class_="state-meanings").text
    for words in ("planned Nothing was sent yet.", "When the FSP acknowledges the start: acknowledged",
                  "When the control room calls it off before anything was sent: cancelled", "running", "stopped"):
        assert words in table


def test_many_dispatches_are_read_a_page_at_a_time(frozen: WorldClient, console: PageClient) -> None:
    body = {"participantId": "brindle", "programme": "SU", "meterableUnitIds": UNITS, "powerChangeKw": 1,
            "startTime": "2026-11-03T17:00:00Z", "endTime": "2026-11-03T18:00:00Z"}
    for _ in range(30):
        assert frozen.post("/_sim/dispatches", body).status_code == 201
    first, second = console.get(PLACE), console.get(f"{PLACE}?page=2")
    ids = [row[0] for page in (first, second) for row in page.rows("Dispatches")]
    assert ids == [f"D-20261103-{number:04}" for number in range(30, 0, -1)]
    assert "Page 1 of 2" in first.content.text
    for page in ("0", "-1", "x", "99999999999"):
        assert console.get(f"{PLACE}?page={page}").status == 200


def test_a_world_without_participants_has_good_words_for_it() -> None:
    with running(fixture="empty") as simulator:
        assert "Nobody takes part in this world yet." in PageClient(simulator.url).get(PLACE).content.text


def test_an_unknown_dispatch_is_told(console: PageClient) -> None:
    assert console.get(f"{PLACE}/D-1", status=404).heading == "Not Found"
    token = console.get(PLACE).form("Dispatch").find("input", name="csrf_token")["value"]
    assert console.raw("POST", f"{PLACE}/D-1/stop", data={"csrf_token": token}).status_code == 404
