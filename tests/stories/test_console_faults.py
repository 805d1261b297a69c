"""The console's Faults page: letting things go wrong, seeing what does, and switching it off."""

from __future__ import annotations

import pytest

from tests.builders import reading
from tests.pages import Page, PageClient
from tests.servers import WorldClient
from tests.stories.test_console import errors_of, value_of

PLACE = "/console/faults"
TABLE = "Faults that are on"


@pytest.fixture
def console(world: WorldClient) -> PageClient:
    """A visitor of the console of a fresh demo world."""
    return PageClient(world.url)


def switch_on(console: PageClient, **fields: str) -> Page:
    return console.submit(console.get(PLACE), "Switch on", fields, to=PLACE)


def faults_of(world: WorldClient) -> list[dict[str, object]]:
    return world.get("/_sim/faults").json()["faults"]


def test_a_fault_is_switched_on_and_off(world: WorldClient, console: PageClient) -> None:
    assert "No fault is on" in console.get(PLACE).content.text
    page = switch_on(console, status="503", route="/api/v2/*", participant="brindle", nth="2", times="3",
                     probability="0.5", seed="7")
    assert page.alerts == ["Fault 1 is on."]
    assert page.rows(TABLE) == [[
        "1", "answered with status 503", "calls of the participant API route /api/v2/*, of brindle",
        "from number 2 on, 3 times at most, each with probability 0.5 (seed 7)", "0", "0", "Switch off"]]
    assert faults_of(world) == [{
        "id": 1, "match": {"surface": "participant", "route": "/api/v2/*", "participant": "brindle"},
        "effect": {"status": 503}, "when": {"nth": 2, "times": 3, "probability": 0.5}, "seed": 7, "seen": 0,
        "applied": 0}]
    page = console.submit(page, "Switch off", to=PLACE)
    assert page.alerts == ["Fault 1 is off."] and faults_of(world) == []


def test_several_effects_go_together(world: WorldClient, console: PageClient) -> None:
    page = switch_on(console, surface="dispatch", delayMs="1,500", drop="answer", duplicate="y", badSignature="y")
    assert faults_of(world)[0]["effect"] == {"delayMs": 1_500, "drop": "answer", "duplicate": True,
                                             "badSignature": True}
    assert page.rows(TABLE)[0][1] == "delayed by 1500 ms, answer lost, sent twice, wrongly signed"


def test_what_was_seen_and_touched_is_counted(world: WorldClient, console: PageClient) -> None:
    switch_on(console, status="503", nth="2", times="1")
    assert [world.send(reading()).status_code for _ in range(3)] == [200, 503, 200]
    row = console.get(PLACE).rows(TABLE)[0]
    assert row[1] == "answered with status 503 used up" and row[4:6] == ["3", "1"]


def test_all_are_switched_off_at_once(world: WorldClient, console: PageClient) -> None:
    for status in ("500", "501", "502"):
        switch_on(console, status=status)
    assert "3 faults are on" in console.get("/console").alerts[0]
    page = console.submit(console.get(PLACE), "Switch all off", to=PLACE)
    assert page.alerts == ["3 faults switched off."] and faults_of(world) == []
    assert console.get("/console").alerts == []


def test_the_overview_reminds_of_one(console: PageClient) -> None:
    switch_on(console, status="500")
    page = console.get("/console")
    assert page.alerts == ["1 fault is on: the simulator does wrong on purpose. Look at it, or switch it off calls of "
                           "the participant API: answered with status 500"]
    assert f"{console.url}{PLACE}" in page.links()


@pytest.mark.parametrize(("fields", "errors"), [
    ({"delayMs": "-1"}, {"delayMs": "0 to 120,000"}),
    ({"delayMs": "soon", "status": "9", "truncate": "0"}, {
        "delayMs": "Enter a whole number.", "status": "200 to 599", "truncate": "1 or more"}),
    ({"drop": "everything"}, {"drop": "'request' or 'answer'"}),
    ({"duplicate": "y"}, {"duplicate": "no fault of participant"}),
    ({"status": "500", "nth": "0", "times": "x", "probability": "1.5", "seed": "-1"}, {
        "nth": "from 1 on", "times": "from 1 on", "probability": "up to 1", "seed": "from 0 on"}),
    ({"status": "500", "probability": ""}, {"probability": "up to 1"}),
    ({"status": "500", "probability": "0"}, {"probability": "up to 1"}),
    ({"status": "500", "surface": "moon", "participant": "nobody"}, {
        "surface": "Choose what goes wrong.", "participant": "no participant 'nobody'"}),
    ({"status": "500", "route": "/" * 201}, {"route": "200 characters"}),
    ({"status": "500", "surface": "portal", "participant": "brindle"}, {"participant": "Pages cannot be told"}),
    ({"status": "9" * 30, "nth": "9" * 30}, {"status": "whole number", "nth": "whole number"}),
    ({"status": "٣"}, {"status": "whole number"}),
])
def test_every_error_is_at_its_field(world: WorldClient, console: PageClient, fields: dict[str, str],
                                     errors: dict[str, str]) -> None:
    page = console.submit(console.get(PLACE), "Switch on", fields, status=422)
    found = errors_of(page)
    assert sorted(found) == sorted(errors), found
    assert all(words in found[field] for field, words in errors.items()), found
    texts = {field: text for field, text in fields.items()
             if field not in ("surface", "participant", "drop", "duplicate")}
    assert all(value_of(page, field) == text for field, text in texts.items())
    assert page.title.startswith("Error: ") and faults_of(world) == []


def test_a_fault_has_to_do_something(console: PageClient) -> None:
    page = console.submit(console.get(PLACE), "Switch on", status=422)
    assert page.alerts[0].startswith("Say what goes wrong: delayMs")


def test_a_fault_that_is_off_already_is_told(console: PageClient) -> None:
    token = console.get(PLACE).form("Switch on").find("input", name="csrf_token")["value"]
    answer = console.raw("POST", f"{PLACE}/7/off", data={"csrf_token": token})
    assert answer.status_code == 404 and "perhaps it is off already" in answer.text


def test_faults_of_the_smp_and_of_batch_returns_are_told_in_words(world: WorldClient, console: PageClient) -> None:
    switch_on(console, surface="smp", stuck="y")
    switch_on(console, surface="smp", expiredToken="y", callbackFirst="y", participant="brindle")
    page = switch_on(console, surface="callback", withhold="y", unknownKid="y", badSignature="y")
    assert [row[1:3] for row in page.rows(TABLE)] == [
        ["batch stuck in PROCESSING", "calls of the SMP API, and the batches they submit"],
        ["with an expired token, answered after the batch return",
         "calls of the SMP API, and the batches they submit of brindle"],
        ["wrongly signed, signed under an unknown key id, never sent",
         "batch returns to a participant's callback URL"]]
    assert [fault["effect"] for fault in faults_of(world)] == [
        {"stuck": True}, {"expiredToken": True, "callbackFirst": True},
        {"badSignature": True, "unknownKid": True, "withhold": True}]


def test_a_fault_of_a_batch_and_its_call_at_once_is_refused_at_its_field(console: PageClient) -> None:
    fields = {"surface": "smp", "stuck": "y", "status": "503"}
    page = console.submit(console.get(PLACE), "Switch on", fields, status=422)
    found = errors_of(page)
    assert list(found) == ["stuck"] and "a fault of its own" in found["stuck"]
