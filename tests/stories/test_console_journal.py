"""The console's Journal: entries in words, filters that keep over the pages, causes and effects, and the archive."""

from __future__ import annotations

import json
import re

import pytest
from haralyzer import HarEntry, HarParser

from simulator.console.entry_words import GROUPS, group_of, kinds, label_of, line_of
from simulator.market.journal_kinds import all_facts
from tests.builders import instant, reading
from tests.endpoints import GOOD, endpoint, says
from tests.pages import Page, PageClient
from tests.portal import sign_in
from tests.servers import NOW, TOKEN, WorldClient

PLACE = "/console/journal"


@pytest.fixture
def console(world: WorldClient) -> PageClient:
    """A visitor of the console of a fresh demo world."""
    return PageClient(world.url)


def lines_on(page: Page) -> list[str]:
    return [element.text for element in page.tree.find_all(class_="entry-words")]


def ids_on(page: Page) -> list[int]:
    return [int(element.text.split()[0].removeprefix("#")) for element in page.tree.find_all(class_="entry-cause")]


def way(page: Page, words: str) -> str:
    """Where the link with these words leads."""
    (link,) = [element["href"] for element in page.tree.find_all("a") if element.text == words]
    return link


def walk(console: PageClient, path: str, words: str) -> list[int]:
    """The ids on a page and all that a link leads to from there."""
    ids = []
    while True:
        page = console.get(path)
        ids += ids_on(page)
        if words not in [element.text for element in page.tree.find_all("a")]:
            return ids
        path = way(page, words).removeprefix(console.url[console.url.index("/w/"):])


def test_entries_are_told_in_words(world: WorldClient, console: PageClient) -> None:
    world.freeze(NOW)
    world.send(reading())
    world.advance("P1D")
    lines = lines_on(console.get(PLACE))
    assert re.fullmatch(rf"POST /w/{world.name}/api/v2/readings → 200 \([\d.]+ ms\)", lines[lines.index(
        "1 reading of MU-1001 accepted from brindle, sent by API: 1 replaced") + 1])
    assert lines[-1] == "World created from the fixture quiet"
    assert lines[-2].startswith("Mail to desk@tamar-flex.example: Activate the Flexible Power Portal account of Tamar")
    assert "Job “send daily schedules” due Tue 03 Nov 08:00:00 GMT: done" in lines
    assert "Clock set to Mon 02 Nov 17:00:00 GMT, frozen" in lines
    assert ids_on(console.get(PLACE)) == [entry["id"] for entry in world.journal()][::-1]
    assert ids_on(console.get(f"{PLACE}?order=oldest")) == [entry["id"] for entry in world.journal()]


def test_a_line_for_every_kind_and_none_breaks_on_missing_data() -> None:
    for kind in [*kinds(), "new.kind_of_thing"]:
        assert line_of(kind, {}) and label_of(kind)[0].isupper() and group_of(kind)
        assert "{" not in line_of(kind, {"account": None, "reason": None, "units": None})
    assert line_of("new.kind_of_thing", {"what": 1}) == "New: kind of thing (what 1)"
    assert {fact.kind for fact in all_facts()} <= kinds().keys()
    assert {kind for kind in kinds() if group_of(kind) not in GROUPS} == set()


def test_pages_go_to_and_fro_in_both_orders(world: WorldClient, console: PageClient) -> None:
    for _ in range(130):
        world.send(reading())
    every = [entry["id"] for entry in world.journal()]
    assert len(every) > 250
    assert walk(console, PLACE, "Older") == every[::-1]
    assert walk(console, f"{PLACE}?order=oldest", "Newer") == every
    oldest = console.get(f"{PLACE}?before=60")
    assert ids_on(oldest) == list(range(59, 0, -1))
    assert walk(console, f"{PLACE}?after=1&order=oldest", "Newer") == every[1:]
    newer = console.get(way(oldest, "Newer").removeprefix(f"/w/{world.name}"))
    assert ids_on(newer) == list(range(159, 59, -1))
    assert ids_on(console.get(way(newer, "Newest").removeprefix(f"/w/{world.name}")))[0] == every[-1]


def test_filters_keep_over_the_pages(world: WorldClient, console: PageClient) -> None:
    for number in range(120):
        world.send(reading(powerKw=number))
    wanted = [entry["id"] for entry in world.journal("readings.accepted")]
    query = "?kind=readings.accepted&unit=MU-1001&participant=brindle&q=api"
    assert walk(console, PLACE + query, "Older") == wanted[::-1]
    page = console.get(PLACE + query)
    assert page.tree.find("input", id="unit")["value"] == "MU-1001"
    assert way(page, "Show everything").endswith("/console/journal")


def test_each_filter_finds_what_it_is_for(world: WorldClient, console: PageClient) -> None:
    world.freeze(NOW)
    body = {"participantId": "brindle", "programme": "SU", "meterableUnitIds": ["MU-1001"], "powerChangeKw": 1,
            "startTime": "2026-11-02T17:30:00Z", "endTime": "2026-11-02T18:00:00Z"}
    dispatch = world.post("/_sim/dispatches", body).json()["dispatchId"]
    world.send(reading(meterableUnitId="MU-1002", timestamp="2026-11-02T16:30:00Z"))
    world.send(reading(meterableUnitId="MU-10010"))
    world.advance("PT20M")

    def kinds_found(**query: str) -> set[str]:
        page = console.get(f"{PLACE}?" + "&".join(f"{name}={value}" for name, value in query.items()))
        entries = {entry["id"]: entry["kind"] for entry in world.journal()}
        return {entries[entry_id] for entry_id in ids_on(page)}

    assert kinds_found(dispatch=dispatch) == {"dispatch.planned", "dispatch.moved", "http.out", "message.waits"}
    # The answer to a unit that is not there names those that are.
    assert kinds_found(unit="MU-1001") == {"dispatch.planned", "http.out", "http.in"}
    assert kinds_found(unit="MU-10010") == {"http.in"}
    assert kinds_found(unit="MU-1002") == {"http.in", "readings.accepted"}
    assert kinds_found(unit="MU-100") == kinds_found(unit="MU-100*") == kinds_found(q="%25") == set()
    assert kinds_found(kind="HTTP") == {"http.in", "http.out"}
    assert kinds_found(kind="Dispatches", participant="brindle") == {"dispatch.planned", "dispatch.moved"}
    assert kinds_found(q="SENT+planned") >= {"dispatch.moved"}
    assert kinds_found(q='%22powerKw%22', kind="http.in") == {"http.in"}
    assert kinds_found(participant="tamar", kind="mail.") == {"mail.sent"}
    assert "No entry is as you want it." in console.get(f"{PLACE}?kind=nothing").content.text


@pytest.mark.parametrize("query", ["before=x", "before=-1", "after=" + "9" * 40, "order=up", "kind=%00", "q=%00%1f",
                                   "unit=[[*", "q=" + "W" * 500, "before=5&after=1", "q=%F0%9F%94%8B", "unit=%22%5C"])
def test_odd_queries_are_answered(console: PageClient, query: str) -> None:
    assert console.get(f"{PLACE}?{query}").heading == "Journal"


def test_causes_and_effects_are_folded_out(world: WorldClient, console: PageClient) -> None:
    world.freeze(NOW)
    with endpoint(says(GOOD)) as battery:
        changed = world.request("PATCH", "/_sim/participants/brindle", json={"dispatch": {"baseUrl": battery.url}})
        assert changed.ok, changed.text
        world.post("/_sim/dispatches", {
            "participantId": "brindle", "programme": "SU", "meterableUnitIds": ["MU-1001"], "powerChangeKw": 1,
            "startTime": "2026-11-02T17:30:00Z", "endTime": "2026-11-02T18:00:00Z"})
        world.advance("PT20M")
    by_kind = {entry["kind"]: entry["id"] for entry in world.journal()}
    page = console.get(f"{PLACE}/{by_kind['message.delivered']}")
    assert page.heading.startswith("Journal entry") and "Message 1 of dispatch D-20261102-0001" in page.heading
    causes = page.tree.find("section", **{"aria-labelledby": "causes"})
    assert [line.split()[0] for line in lines_in(causes)] == ["POST", "Dispatch", "POST"]
    assert "Nothing that the journal knows of." in page.content.text
    effects = console.get(f"{PLACE}/{by_kind['dispatch.planned']}").tree.find(
        "section", **{"aria-labelledby": "effects"})
    inner = effects.find_all("ol", class_="tree")[1]
    assert [line.split(":")[0] for line in lines_in(inner)] == [
        "Message 1 of dispatch D-20261102-0001 acknowledged at attempt 1",
        "Dispatch D-20261102-0001 sent → acknowledged"]
    assert len(lines_in(effects)) == 4


def lines_in(element: object) -> list[str]:
    return [each.text for each in element.find_all(class_="entry-words")]  # type: ignore[attr-defined]


def test_an_entry_shows_all_its_data_and_the_command(world: WorldClient, console: PageClient) -> None:
    answer = world.send(reading(powerKw=7.25))
    page = console.get(f"{PLACE}/{answer.headers['X-Request-Id']}")
    text = page.content.text
    assert '"powerKw": 7.25' in text and "Authorization: Bearer ***" in text and "Request bytes" in text
    command = page.tree.find("code", id="curl").text
    assert command.startswith(f"curl -X POST {world.url}/api/v2/readings")
    assert "'Authorization: Bearer '\"$TOKEN\"" in command
    assert "Set TOKEN before you run it" in text
    assert TOKEN not in page.html
    assert "came from outside" in text and "1 reading of MU-1001 accepted" in text


def test_odd_text_is_shown_as_text(world: WorldClient, console: PageClient) -> None:
    odd = "<script>alert(1)</script>{{ 7 * 7 }}'\""
    answer = world.send(reading(meterableUnitId=odd))
    assert odd in console.get(f"{PLACE}/{answer.headers['X-Request-Id']}").tree.find("code", id="curl").text
    world.get(f"/nothing/{odd}")
    assert odd in lines_on(console.get(PLACE))[0]


@pytest.mark.parametrize("entry", ["0", "999999", "99999999999999999999", "x"])
def test_an_entry_that_is_not_there_is_told(console: PageClient, entry: str) -> None:
    assert console.get(f"{PLACE}/{entry}", status=404).heading == "Not Found"


def test_the_archive_is_the_same_on_both_ways_and_other_tools_read_it(world: WorldClient, console: PageClient) -> None:
    world.freeze(NOW)
    sign_in(world)
    world.send([reading(), reading(meterableUnitId="MU-9")], headers={"X-Api-Key": "key-5ecret"})
    world.send(reading(), token="mistyped-5ecret")
    with endpoint(says(GOOD)) as battery:
        changed = world.request("PATCH", "/_sim/participants/brindle", json={"dispatch": {
            "baseUrl": battery.url, "auth": "bearer", "secret": "out-5ecret-long-enough"}})
        assert changed.ok, changed.text
        world.post("/_sim/dispatches", {
            "participantId": "brindle", "programme": "SU", "meterableUnitIds": ["MU-1001"], "powerChangeKw": 1,
            "startTime": "2026-11-02T17:30:00Z", "endTime": "2026-11-02T18:00:00Z"})
        world.advance("PT20M")
    before = len(world.journal())
    answer = world.get("/_sim/journal/har")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=flexsim-{world.name}.har"
    assert world.get("/console/journal/har").content == answer.content
    assert len(world.journal()) == before
    parser = HarParser(json.loads(answer.content))
    entries = [HarEntry(entry) for entry in parser.har_data["entries"]]
    assert len(entries) == len(world.journal("http."))
    assert [entry.status for entry in entries if entry.url == f"{world.url}/api/v2/readings"] == [422, 401]
    (sent,) = [entry for entry in entries if entry.url == f"{battery.url}/dispatch"]
    assert json.loads(sent.request.text)["instruction"] == "START" and sent.status == 200
    assert sent.startTime == instant("2026-11-02T17:15:00Z")
    for secret in ("5ecret", TOKEN, "Brindle-demo-2026"):
        assert secret not in answer.text
    for entry in world.journal("http."):
        page = console.get(f"{PLACE}/{entry['id']}")
        assert "5ecret" not in page.html and TOKEN not in page.html
    assert len(world.get("/_sim/journal/har?limit=2").json()["log"]["entries"]) == 2
    assert world.get("/_sim/journal/har?limit=x").status_code == 422
