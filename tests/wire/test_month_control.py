"""The market month through `/_sim`: ours; bad input says where, what and how to mend it, and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulator import Simulator
from simulator.market.policy import DEFAULT_POLICY, MARKET_RULES, numbers_of
from tests.servers import WorldClient, fresh_world

LOCKED = "2026-11-05T09:00:00Z"
OPEN = "2026-11-02T12:00:00Z"
PLACE = "/_sim/weeks/2026-11-09"
WANTED = {"participantId": "brindle", "weekCommencing": "2026-11-09", "programme": "SU", "meterableUnitId": "MU-1001",
          "windows": [{"dayOfWeek": "SUNDAY", "start": "16:00", "end": "24:00"}], "powerKw": 50,
          "utilisationBidPrice": 1263}
NEED = {"zone": "CMZ_T7B_SWA_0012", "dayOfWeek": "TUESDAY", "start": "17:30", "end": "18:30", "powerKw": 200}


@pytest.fixture
def month(server: Simulator) -> Iterator[WorldClient]:
    """A demo world in which the week of 9 November is still open."""
    with fresh_world(server.url, "demo", now=OPEN) as client:
        client.freeze(OPEN)
        yield client


@pytest.fixture
def locked(server: Simulator) -> Iterator[WorldClient]:
    """A demo world in which that week is locked, and not decided."""
    with fresh_world(server.url, "demo", now=LOCKED) as client:
        client.freeze(LOCKED)
        yield client


def errors_of(answer: Any) -> set[tuple[str, str]]:
    return {(error["pointer"], error["code"]) for error in answer.json()["errors"]}


def test_a_declaration_is_made_listed_and_withdrawn(month: WorldClient) -> None:
    answer = month.post("/_sim/declarations", WANTED)
    assert answer.status_code == 201
    made = answer.json()
    assert {name: made[name] for name in WANTED} == WANTED
    place = "/_sim/declarations?week=2026-11-09&participant=brindle"
    assert made in month.get(place).json()["declarations"]
    assert month.delete(f"/_sim/declarations/{made['declarationId']}").status_code == 204
    assert made not in month.get(place).json()["declarations"]
    assert [entry["data"]["declaration"] for entry in month.journal("declaration.withdrawn")] == [
        made["declarationId"]]


def test_a_static_declaration_stands_in_every_week_until_it_ends(month: WorldClient) -> None:
    """Public: declarations can be static."""
    made = month.post("/_sim/declarations", {**WANTED, "repeats": True, "programme": "OU",
                                             "utilisationBidPrice": None}).json()
    place = "/_sim/declarations?week=2026-12-07"
    assert made["declarationId"] in {each["staticId"] for each in month.get(place).json()["declarations"]}
    assert month.delete(f"/_sim/declarations/{made['declarationId']}").status_code == 204
    assert made["declarationId"] not in {each["staticId"] for each in month.get(place).json()["declarations"]}


def test_everything_wrong_with_a_declaration_is_said_at_once(month: WorldClient) -> None:
    before = month.get("/_sim/declarations?week=2026-11-09").json()
    answer = month.post("/_sim/declarations", {
        **WANTED, "powerKw": 5000, "utilisationBidPrice": None, "availabilityPrice": 3,
        "windows": [{"dayOfWeek": "MONDAY", "start": "16:00", "end": "15:00"}]})
    assert answer.status_code == 422
    assert errors_of(answer) == {
        ("/powerKw", "over_capacity"), ("/utilisationBidPrice", "required"),
        ("/availabilityPrice", "no_availability_payment"), ("/windows/0", "end_before_start")}
    assert month.get("/_sim/declarations?week=2026-11-09").json() == before


@pytest.mark.parametrize(("change", "errors"), [
    ({"participantId": "nobody"}, {("/participantId", "unknown_participant")}),
    ({"weekCommencing": "soon"}, {("/weekCommencing", "format")}),
    ({"weekCommencing": "2026-11-10"}, {("/weekCommencing", "not_a_monday")}),
    ({"windows": [{"dayOfWeek": "Someday", "start": "1", "end": "24:30"}]},
     {("/windows/0/dayOfWeek", "enum"), ("/windows/0/start", "pattern"), ("/windows/0/end", "pattern")}),
    ({"windows": [{"dayOfWeek": "MONDAY", "start": "24:00", "end": "24:00"}]}, {("/windows/0/start", "pattern")}),
    ({"lastWeek": "2026-11-16", "powerKw": 5000}, {("/lastWeek", "not_static"), ("/powerKw", "over_capacity")}),
])
def test_what_cannot_be_declared_is_refused_with_its_place(
        month: WorldClient, change: dict[str, Any], errors: set[tuple[str, str]]) -> None:
    answer = month.post("/_sim/declarations", {**WANTED, **change})
    assert answer.status_code == 422 and errors_of(answer) == errors


def test_a_locked_week_takes_no_declarations(locked: WorldClient) -> None:
    """Public: declarations lock at the end of Wednesday."""
    answer = locked.post("/_sim/declarations", WANTED)
    assert answer.status_code == 409 and errors_of(answer) == {("/weekCommencing", "locked")}


def test_a_preview_decides_nothing(locked: WorldClient) -> None:
    answer = locked.post(f"{PLACE}/decide", {"rule": "accept_all", "preview": True}).json()
    assert {each["decision"] for each in answer["decisions"]} == {"accepted"}
    assert locked.get(PLACE).json()["state"] == "locked"


@pytest.mark.parametrize(("rule", "taken"), [
    ({"rule": "accept_all"}, [180, 90]), ({"rule": "reject_all"}, [None, None]),
    ({"rule": "accept_in_part", "powerPercent": 50}, [90, 45]),
    ({"rule": "merit_order", "requirements": [NEED]}, [180, 20]), ({}, [180, 50])])
def test_a_week_is_decided_by_each_rule(locked: WorldClient, rule: dict[str, Any], taken: list[float | None]) -> None:
    """Without a rule it is the one of Thursdays; of the demo world: 230 kW by merit order."""
    answer = locked.post(f"{PLACE}/decide", rule)
    assert answer.status_code == 200
    found = [each["acceptedKw"] for each in answer.json()["decisions"]
             if each["programme"] == "SU" and each["zone"] == NEED["zone"]]
    assert found == taken
    assert locked.get(PLACE).json() == answer.json()


def test_what_is_chosen_by_hand_is_accepted_as_chosen(locked: WorldClient) -> None:
    decisions = locked.get(PLACE).json()["decisions"]
    wanted = next(each for each in decisions if each["meterableUnitId"] == "MU-1001")
    choice = {"declarationId": wanted["declarationId"], "window": 1, "startTime": "2026-11-10T17:45:00Z", "powerKw": 60}
    answer = locked.post(f"{PLACE}/decide", {"rule": "by_hand", "choices": [choice]}).json()
    accepted = [each for each in answer["decisions"] if each["decision"] == "accepted_in_part"]
    assert [(each["declarationId"], each["acceptanceStart"], each["acceptedKw"]) for each in accepted] == [
        (wanted["declarationId"], "2026-11-10T17:45:00+00:00", 60)]


def test_every_wrong_choice_and_requirement_is_named(locked: WorldClient) -> None:
    answer = locked.post(f"{PLACE}/decide", {"rule": "by_hand", "choices": [
        {"declarationId": "DEC-99999", "window": 1}, {"declarationId": "DEC-00001-2026-11-09", "window": 1,
                                                      "powerKw": 999}]})
    assert answer.status_code == 422
    assert errors_of(answer) == {("/choices/0/declarationId", "unknown_declaration"), ("/choices/1/powerKw", "range")}
    answer = locked.post(f"{PLACE}/decide", {"rule": "merit_order", "requirements": [
        NEED, {**NEED, "zone": "CMZ_X", "end": "17:00", "powerKw": 0, "programme": "OX"}]})
    assert errors_of(answer) == {
        ("/requirements/1/zone", "unknown_zone"), ("/requirements/1/end", "end_before_start"),
        ("/requirements/1/powerKw", "range"), ("/requirements/1/programme", "unknown_programme")}
    answer = locked.post(f"{PLACE}/decide", {"rule": "by_hand", "choices": [
        {"declarationId": "DEC-00001-2026-11-09", "window": 1, "startTime": "soon", "endTime": "2026-11-10T18:00"}]})
    assert errors_of(answer) == {("/choices/0/startTime", "format"), ("/choices/0/endTime", "format")}
    assert locked.get(PLACE).json()["state"] == "locked"


def test_a_last_week_of_a_single_week_stores_nothing(month: WorldClient) -> None:
    before = month.get("/_sim/declarations?week=2026-11-09").json()
    assert errors_of(month.post("/_sim/declarations", {**WANTED, "lastWeek": "2026-11-16"})) == {
        ("/lastWeek", "not_static")}
    assert month.get("/_sim/declarations?week=2026-11-09").json() == before


def test_a_time_that_cannot_be_read_hides_no_other_error(locked: WorldClient) -> None:
    answer = locked.post(f"{PLACE}/decide", {"rule": "by_hand", "choices": [
        {"declarationId": "DEC-00001-2026-11-09", "window": 1, "startTime": "soon", "powerKw": 999},
        {"declarationId": "DEC-99999", "window": 1}]})
    assert answer.status_code == 422 and errors_of(answer) == {
        ("/choices/0/startTime", "format"), ("/choices/0/powerKw", "range"),
        ("/choices/1/declarationId", "unknown_declaration")}


@pytest.mark.parametrize("rule", [
    {"rule": "accept_all", "requirements": [NEED]}, {"rule": "by_hand", "requirements": [NEED]},
    {"requirements": [NEED]}, {"rule": "reject_all", "requirements": [NEED], "preview": True}])
def test_requirements_of_another_rule_are_refused(locked: WorldClient, rule: dict[str, Any]) -> None:
    answer = locked.post(f"{PLACE}/decide", rule)
    assert answer.status_code == 422 and errors_of(answer) == {("/requirements", "not_of_this_rule")}
    assert locked.get(PLACE).json()["state"] == "locked"


def test_a_requirement_starts_before_midnight(month: WorldClient) -> None:
    answer = month.put("/_sim/acceptance-rule", {"rule": "merit_order", "requirements": [
        {**NEED, "start": "24:00", "end": "24:00"}]})
    assert answer.status_code == 422 and errors_of(answer) == {("/requirements/0/start", "pattern")}


def test_what_belongs_to_another_rule_is_not_set(month: WorldClient) -> None:
    before = month.get("/_sim/acceptance-rule").json()
    answer = month.put("/_sim/acceptance-rule", {"rule": "accept_in_part", "powerPercent": 0, "requirements": [NEED]})
    assert errors_of(answer) == {("/requirements", "not_of_this_rule"), ("/powerPercent", "range")}
    assert month.get("/_sim/acceptance-rule").json() == before


@pytest.mark.parametrize("part", ["events", "invoices"])
@pytest.mark.parametrize(("query", "status", "word"), [
    ("month=2026-13", 422, "2026-10"), ("month=soon", 422, "2026-10"), ("participant=nobody", 404, "nobody"),
    ("zone=CMZ_X", 404, "CMZ_X")])
def test_a_filter_that_fits_nothing_ever_is_named(
        month: WorldClient, part: str, query: str, status: int, word: str) -> None:
    answer = month.get(f"/_sim/{part}?{query}")
    assert answer.status_code == status and word in answer.text


def test_an_open_week_is_not_decided(month: WorldClient) -> None:
    answer = month.post(f"{PLACE}/decide", {"rule": "accept_all"})
    assert answer.status_code == 409 and errors_of(answer) == {("", "not_locked")}


def test_the_rule_of_thursdays_is_read_and_set(month: WorldClient) -> None:
    rule = {"rule": "merit_order", "requirements": [{**NEED, "programme": None, "direction": "up", "end": "24:00"}]}
    answer = month.put("/_sim/acceptance-rule", rule)
    assert answer.status_code == 200 and answer.json()["requirements"] == rule["requirements"]
    assert month.get("/_sim/acceptance-rule").json() == answer.json()
    assert month.put("/_sim/acceptance-rule", {"rule": "merit_order"}).status_code == 422
    assert month.put("/_sim/acceptance-rule", {"rule": "accept_in_part", "powerPercent": 0}).status_code == 422
    assert month.get("/_sim/acceptance-rule").json() == answer.json()


def test_events_come_in_pages_and_by_filter(month: WorldClient) -> None:
    first = month.get("/_sim/events?size=3").json()
    assert len(first["events"]) == 3 and first["total"] > 3 and first["pages"] == -(-first["total"] // 3)
    tamar = month.get("/_sim/events?participant=tamar&month=2026-10").json()["events"]
    assert {(each["participantId"], each["month"]) for each in tamar} == {("tamar", "2026-10")}
    assert month.get("/_sim/events?size=0").status_code == 422
    assert {each["rag"] for each in month.get("/_sim/events?size=1000").json()["events"]} == {"green", "amber", "red"}


def test_an_event_adds_up(month: WorldClient) -> None:
    """Ours: each period's reading, baseline, delivered and instructed; lines add up to the penny."""
    for each in month.get("/_sim/events").json()["events"]:
        found = month.get(f"/_sim/events/{each['eventId']}").json()
        assert sum(line["pence"] for line in found["lines"]) == each["pence"]
        assert sum(period["countedKwh"] for period in found["periods"]) == pytest.approx(each["countedKwh"], abs=0.1)
    assert month.get("/_sim/events/D-1").status_code == 404


def test_an_invoice_adds_up_to_its_lines(month: WorldClient) -> None:
    for each in month.get("/_sim/invoices").json()["invoices"]:
        found = month.get(f"/_sim/invoices/{each['number']}").json()
        assert len(found["events"]) == each["events"]
        assert sum(event["pence"] for event in found["events"]) == each["utilisationPence"]
        assert sum(paid["line"]["pence"] for paid in found["availability"]) == each["availabilityPence"]
    assert {each["state"] for each in month.get("/_sim/invoices").json()["invoices"]} == {"draft", "final"}
    assert month.get("/_sim/invoices/INV-1").status_code == 404


def test_the_policy_tells_every_number_and_rule_with_its_label(month: WorldClient) -> None:
    told = month.get("/_sim/policy").json()
    assert [each["name"] for each in told["numbers"]] == [number.name for number in numbers_of(DEFAULT_POLICY)]
    assert [each["name"] for each in told["rules"]] == [rule.name for rule in MARKET_RULES]
    assert {each["label"] for each in (*told["numbers"], *told["rules"])} <= {
        "documented", "public", "inferred", "assumed"}
    assert all(each["source"] for each in (*told["numbers"], *told["rules"]))


@pytest.mark.parametrize("path", ["weeks/2026-11-10", "weeks/nothing", "weeks/0001-01-01", "weeks/9999-12-27"])
def test_what_is_no_week_is_not_found(month: WorldClient, path: str) -> None:
    assert month.get(f"/_sim/{path}").status_code == 404
    assert month.post(f"/_sim/{path}/decide", {"rule": "accept_all"}).status_code == 404
