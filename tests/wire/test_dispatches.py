"""`/_sim/dispatches`: what the DSO's control room does (wire format, assumed: Simulator surface)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator import Simulator
from tests.builders import faults, refusal
from tests.dispatching import EVE, plan, read, state_of, stop, taking, wanted
from tests.dispatching import take_messages_at as endpoint_at
from tests.servers import WorldClient, fresh_world

FIELDS = ["dispatchId", "endTime", "meterableUnitIds", "noticeMinutes", "participantId", "powerChangeKw", "programme",
          "startMessageAt", "startTime", "state", "stoppedAt"]


def test_a_dispatch_is_planned_and_told_back(eve: WorldClient) -> None:
    """Wire format, assumed: POST /_sim/dispatches → 201 {"dispatchId", "state", …}."""
    answer = eve.post("/_sim/dispatches", wanted())
    assert answer.status_code == 201
    told = answer.json()
    assert sorted(told) == FIELDS
    assert told == {
        "dispatchId": "D-20261102-0001", "participantId": "brindle", "state": "planned", "programme": "OU",
        "meterableUnitIds": ["MU-1001", "MU-1002"], "startTime": "2026-11-02T16:00:00+00:00",
        "endTime": "2026-11-02T18:00:00+00:00", "powerChangeKw": 150.0, "noticeMinutes": 15,
        "startMessageAt": "2026-11-02T15:45:00+00:00", "stoppedAt": None}


def test_a_dispatch_can_be_looked_at_with_its_messages(eve: WorldClient) -> None:
    """Wire format, assumed: GET /_sim/dispatches/{id} shows state and attempts."""
    dispatch = plan(eve)
    told = read(eve, dispatch)
    messages = told.pop("messages")
    assert sorted(told) == FIELDS
    assert [(message["instruction"], message["state"], message["dueAt"], message["attempts"])
            for message in messages] == [("start", "waiting", "2026-11-02T15:45:00+00:00", []),
                                         ("stop", "waiting", "2026-11-02T18:00:00+00:00", [])]


def test_dispatches_are_listed_the_newest_first(eve: WorldClient) -> None:
    """Ours: without their messages."""
    dispatches = [plan(eve), plan(eve, participantId="tamar", meterableUnitIds=["MU-2001"]), plan(eve)]
    listed = eve.get("/_sim/dispatches").json()["dispatches"]
    assert [each["dispatchId"] for each in listed] == dispatches[::-1]
    assert [each["participantId"] for each in listed] == ["brindle", "tamar", "brindle"]
    assert [sorted(each) for each in listed] == [FIELDS] * 3


def test_ids_count_within_the_london_day_of_the_start(eve: WorldClient) -> None:
    """Wire format, assumed: D-20261102-0007; ours: the day is London's, and each has a count of its own."""
    starts = ["2026-11-02T16:00:00Z", "2026-11-02T23:59:59Z", "2026-11-03T00:00:00Z", "2026-11-02T16:00:00Z",
              "2027-06-30T22:59:59Z", "2027-06-30T23:00:00Z", "2027-07-01T22:00:00+00:00"]
    ends = [(datetime.fromisoformat(start) + timedelta(hours=1)).isoformat() for start in starts]
    assert [plan(eve, startTime=start, endTime=end) for start, end in zip(starts, ends, strict=True)] == [
        "D-20261102-0001", "D-20261102-0002", "D-20261103-0001", "D-20261102-0003",
        "D-20270630-0001", "D-20270701-0001", "D-20270701-0002"]


def test_times_may_have_any_offset(eve: WorldClient) -> None:
    """Wire format, assumed: times are RFC 3339 with an offset."""
    told = read(eve, plan(eve, startTime="2026-11-02T18:00:00+02:00", endTime="2026-11-02T13:00:00-05:00"))
    assert (told["startTime"], told["endTime"]) == ("2026-11-02T16:00:00+00:00", "2026-11-02T18:00:00+00:00")


@pytest.mark.parametrize("power", [0.000001, -12.5, 150.123456, 10_000_000, -10_000_000])
def test_power_is_exact_to_a_milliwatt_either_way(eve: WorldClient, power: float) -> None:
    """Ours: six decimals of a kW."""
    assert read(eve, plan(eve, powerChangeKw=power))["powerChangeKw"] == power


def test_the_notice_can_be_said_for_one_dispatch(eve: WorldClient) -> None:
    """Wire format, assumed: "noticeMinutes"?"""
    assert [read(eve, plan(eve, noticeMinutes=minutes))["startMessageAt"][11:16] for minutes in (0, 30, 10_080)] == [
        "16:00", "15:30", "15:00"]


@pytest.mark.parametrize(("changes", "expected"), [
    ({"participantId": "nobody"}, [("/participantId", "unknown_participant")]),
    ({"programme": "XX"}, [("/programme", "unknown_programme")]),
    ({"meterableUnitIds": []}, [("/meterableUnitIds", "required")]),
    ({"meterableUnitIds": ["MU-1001", "MU-2001"]}, [("/meterableUnitIds/1", "unknown_unit")]),
    ({"meterableUnitIds": ["MU-1001", "MU-1001"]}, [("/meterableUnitIds/0", "duplicate_in_request"),
                                                    ("/meterableUnitIds/1", "duplicate_in_request")]),
    ({"endTime": "2026-11-02T16:00:00Z"}, [("/endTime", "end_before_start")]),
    ({"endTime": "2027-11-02T16:00:00Z"}, [("/endTime", "too_long")]),
    ({"startTime": "2026-11-01T16:00:00Z", "endTime": EVE}, [("/endTime", "in_the_past")]),
    ({"startTime": "2026-11-02T16:00:00"}, [("/startTime", "format")]),
    ({"endTime": "later"}, [("/endTime", "format")]),
    ({"powerChangeKw": 0}, [("/powerChangeKw", "range")]),
    ({"powerChangeKw": 10_000_000.5}, [("/powerChangeKw", "range")]),
    ({"powerChangeKw": 1e308}, [("/powerChangeKw", "range")]),
    ({"powerChangeKw": 0.0000001}, [("/powerChangeKw", "precision")]),
    ({"powerChangeKw": "150"}, [("/powerChangeKw", "type")]),
    ({"noticeMinutes": -1}, [("/noticeMinutes", "range")]),
    ({"noticeMinutes": 10_081}, [("/noticeMinutes", "range")]),
    ({"noticeMinutes": 10**18}, [("/noticeMinutes", "range")]),
    ({"noticeMinutes": -10**18}, [("/noticeMinutes", "range")]),
    ({"noticeMinutes": 1.5}, [("/noticeMinutes", "type")]),
    ({"endTime": None, "programme": None}, [("", "required"), ("", "required")]),
    ({"surprise": 1}, [("", "additionalProperties")]),
], ids=str)
def test_what_is_wrong_is_refused_with_its_place(
        eve: WorldClient, changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Wire format, assumed: RFC 9457, `pointer` is a JSON Pointer into what was sent."""
    assert faults(refusal(eve.post("/_sim/dispatches", wanted(**changes)), 422)) == expected
    assert eve.get("/_sim/dispatches").json() == {"dispatches": []}


def test_all_that_is_wrong_is_told_at_once(eve: WorldClient) -> None:
    """Wire format, assumed: all errors are listed, not the first."""
    body = refusal(eve.post("/_sim/dispatches", wanted(
        programme="XX", meterableUnitIds=["MU-9"], endTime="2026-11-02T14:00:00Z", powerChangeKw=0,
        noticeMinutes=-1)), 422)
    assert faults(body) == [
        ("/endTime", "end_before_start"), ("/endTime", "in_the_past"), ("/meterableUnitIds/0", "unknown_unit"),
        ("/noticeMinutes", "range"), ("/powerChangeKw", "range"), ("/programme", "unknown_programme")]


def test_a_body_that_is_no_json_is_refused(eve: WorldClient) -> None:
    """Wire format, assumed: 400 broken JSON."""
    refusal(eve.post("/_sim/dispatches", data=b"{", headers={"Content-Type": "application/json"}), 400)


@pytest.mark.parametrize("path", ["", "/stop", "/emergency-stop"])
def test_a_dispatch_that_is_not_there_is_not_found(eve: WorldClient, path: str) -> None:
    """Ours: 404, and the id is told back."""
    method = "POST" if path else "GET"
    body = refusal(eve.request(method, f"/_sim/dispatches/D-20261102-0009{path}"), 404)
    assert "D-20261102-0009" in body["detail"]


def test_a_dispatch_of_another_world_is_not_found(server: Simulator, eve: WorldClient) -> None:
    """Wire format, assumed: worlds are isolated, ids too."""
    dispatch = plan(eve)
    with fresh_world(server.url) as other:
        refusal(other.get(f"/_sim/dispatches/{dispatch}"), 404)
        refusal(other.post(f"/_sim/dispatches/{dispatch}/stop"), 404)
        refusal(other.post(f"/_sim/dispatches/{dispatch}/emergency-stop"), 404)
        assert other.get("/_sim/dispatches").json() == {"dispatches": []}
        other.freeze(EVE)
        assert plan(other) == dispatch
    assert state_of(eve, dispatch) == "planned"


@pytest.mark.parametrize("how", ["stop", "emergency-stop"])
def test_a_dispatch_is_called_off_before_anything_was_sent(eve: WorldClient, how: str) -> None:
    """Domain, assumed: nothing is sent if nothing was; and what was called off cannot be stopped again."""
    dispatch = plan(eve)
    answer = eve.post(f"/_sim/dispatches/{dispatch}/{how}")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    for again in ("stop", "emergency-stop"):
        body = refusal(eve.post(f"/_sim/dispatches/{dispatch}/{again}"), 409)
        assert faults(body) == [("", "ended")]
        assert dispatch in body["errors"][0]["message"]


def test_a_dispatch_that_was_stopped_cannot_be_stopped_again(eve: WorldClient) -> None:
    """Ours: 409 when it has ended."""
    with taking() as taker:
        endpoint_at(eve, taker.url)
        dispatch = plan(eve)
        eve.advance(to="2026-11-02T18:00:00Z")
        assert state_of(eve, dispatch) == "stopped"
        assert read(eve, dispatch)["stoppedAt"] == "2026-11-02T18:00:00+00:00"
        refusal(eve.post(f"/_sim/dispatches/{dispatch}/stop"), 409)
        refusal(eve.post(f"/_sim/dispatches/{dispatch}/emergency-stop"), 409)
        assert taker.words() == ["START", "STOP"]


def test_a_stop_takes_no_body(eve: WorldClient) -> None:
    """Ours: what is not understood is refused, and nothing is changed."""
    dispatch = plan(eve)
    refusal(eve.post(f"/_sim/dispatches/{dispatch}/stop", {"why": "now"}), 422)
    assert state_of(eve, dispatch) == "planned"
    assert stop(eve, dispatch)["state"] == "cancelled"
