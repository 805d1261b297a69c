"""POST /api/v2/readings: which codes a bad reading gets, and that nothing of a bad message is stored.

Wire format, assumed.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Simulator
from simulator.operations.units import latest_readings, units_of
from tests.builders import faults, reading, refusal
from tests.servers import WorldClient

BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "unit nobody has": ({"meterableUnitId": "MU-9999"}, "/meterableUnitId", "unknown_unit"),
    "unit of another organisation": ({"meterableUnitId": "MU-2001"}, "/meterableUnitId", "unknown_unit"),
    "unit id in other letters": ({"meterableUnitId": "mu-1001"}, "/meterableUnitId", "unknown_unit"),
    "half-hourly unit at :15": ({"meterableUnitId": "MU-1002", "timestamp": "2026-11-02T16:15:00Z"}, "/timestamp",
                                "not_on_half_hour"),
    "half-hourly unit off by an odd offset": ({"meterableUnitId": "MU-1002", "timestamp": "2026-11-02T16:30:00+00:15"},
                                              "/timestamp", "not_on_half_hour"),
    "minute unit with seconds": ({"timestamp": "2026-11-02T16:30:30Z"}, "/timestamp", "not_on_minute"),
    "minute unit with a fraction": ({"timestamp": "2026-11-02T16:30:00.5Z"}, "/timestamp", "not_on_minute"),
    "tomorrow": ({"timestamp": "2026-11-03T16:30:00Z"}, "/timestamp", "in_the_future"),
    "time without offset": ({"timestamp": "2026-11-02T16:30:00"}, "/timestamp", "naive_time"),
    "date only": ({"timestamp": "2026-11-02"}, "/timestamp", "format"),
    "no such day": ({"timestamp": "2026-11-31T16:30:00Z"}, "/timestamp", "format"),
    "leap second": ({"timestamp": "2026-11-02T16:30:60Z"}, "/timestamp", "format"),
    "words for a time": ({"timestamp": "now"}, "/timestamp", "format"),
    "number for a time": ({"timestamp": 1793637000}, "/timestamp", "type"),
    "power and energy": ({"energyKwh": 1}, "", "power_or_energy"),
    "neither power nor energy": ({"powerKw": None}, "", "power_or_energy"),
    "text for power": ({"powerKw": "12.5"}, "/powerKw", "type"),
    "true for power": ({"powerKw": True}, "/powerKw", "type"),
    "list for power": ({"powerKw": [1]}, "/powerKw", "type"),
    "text for energy": ({"powerKw": None, "energyKwh": "1"}, "/energyKwh", "type"),
    "number for a unit": ({"meterableUnitId": 1001}, "/meterableUnitId", "type"),
    "no unit": ({"meterableUnitId": None}, "", "required"),
    "no time": ({"timestamp": None}, "", "required"),
    "empty unit": ({"meterableUnitId": ""}, "/meterableUnitId", "minLength"),
    "endless unit": ({"meterableUnitId": "M" * 65}, "/meterableUnitId", "maxLength"),
    "too much power": ({"powerKw": 10_000_001}, "/powerKw", "maximum"),
    "too much demand": ({"powerKw": -10_000_001}, "/powerKw", "minimum"),
    "too much power, sent as energy": ({"powerKw": None, "energyKwh": 200_000}, "/energyKwh", "maximum"),
    "unknown field": ({"quality": "A"}, "/quality", "additionalProperties"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_reading_gets_its_code_at_its_place(world: WorldClient, case: str) -> None:
    """Wire format, assumed: codes and JSON Pointers, for a single reading sent as an object."""
    changes, pointer, code = BAD[case]
    assert faults(refusal(world.send(reading(**changes)), 422)) == [(pointer, code)]


@pytest.mark.parametrize("case", BAD)
def test_in_an_array_the_pointer_begins_with_the_place_of_the_reading(world: WorldClient, case: str) -> None:
    """Wire format, assumed: codes and JSON Pointers, for the second of three readings."""
    changes, pointer, code = BAD[case]
    good, also_good = reading(timestamp="2026-11-02T16:58:00Z"), reading(timestamp="2026-11-02T16:59:00Z")
    body = refusal(world.send([good, reading(**changes), also_good]), 422)
    assert faults(body) == [(f"/1{pointer}", code)]


def test_errors_of_shape_and_of_business_are_listed_together(world: WorldClient) -> None:
    """Wire format, assumed: all errors are listed, not the first."""
    body = refusal(world.send([
        reading(meterableUnitId="MU-9999"),
        reading(powerKw="much"),
        reading(timestamp="2026-11-02T16:31:00Z"),
        reading(timestamp="2026-11-02T16:30:00", energyKwh=1),
        reading(meterableUnitId="MU-1002", timestamp="2026-11-04T16:15:00Z", powerKw=None),
        reading(timestamp="2026-11-02T16:31:00Z"),
        {},
    ]), 422)
    assert faults(body) == sorted([
        ("/0/meterableUnitId", "unknown_unit"), ("/1/powerKw", "type"), ("/3/timestamp", "naive_time"),
        ("/3", "power_or_energy"), ("/4/timestamp", "not_on_half_hour"), ("/4/timestamp", "in_the_future"),
        ("/4", "power_or_energy"), ("/5/timestamp", "duplicate_in_request"),
        ("/6", "required"), ("/6", "required"), ("/6", "power_or_energy")])


def test_errors_stand_in_the_order_of_the_readings(world: WorldClient) -> None:
    """Ours: whoever mends a message goes through it from the top."""
    body = refusal(world.send([reading(powerKw="x"), reading(meterableUnitId="X"), reading(timestamp="x")]), 422)
    assert [error["pointer"].split("/")[1] for error in body["errors"]] == ["0", "1", "2"]


def test_the_errors_of_a_thousand_readings_are_all_listed(world: WorldClient) -> None:
    """Wire format, assumed: all errors are listed, not the first."""
    body = refusal(world.send([reading(meterableUnitId="X")] * 1_000), 422)
    assert len(body["errors"]) == 1_000
    assert body["detail"].startswith("1000 errors")


def test_a_period_twice_in_a_message_is_refused_at_the_second(world: WorldClient) -> None:
    """Wire format, assumed: duplicate_in_request."""
    body = refusal(world.send([reading(), reading(powerKw=1), reading(timestamp="2026-11-02T17:30:00+01:00")]), 422)
    assert faults(body) == [("/1/timestamp", "duplicate_in_request"), ("/2/timestamp", "duplicate_in_request")]


def test_the_same_period_of_two_units_is_no_duplicate(world: WorldClient) -> None:
    """Wire format, assumed: duplicate_in_request is about unit and period."""
    assert world.send([reading(), reading(meterableUnitId="MU-1002")]).status_code == 200


@pytest.mark.proves("rule/readings.all_or_nothing")
def test_nothing_of_a_refused_message_is_stored(server: Simulator, world: WorldClient) -> None:
    """Wire format, assumed: all or nothing."""
    new = "2026-11-02T17:00:00Z"
    world.freeze("2026-11-02T17:00:00Z")
    before = _newest(server, world)
    refusal(world.send([reading(timestamp=new, powerKw=123), reading(meterableUnitId="X")]), 422)
    assert _newest(server, world) == before
    assert world.journal("readings.") == []


def _newest(server: Simulator, world: WorldClient) -> list:
    with server.worlds.using(world.name) as found, found.view() as view:
        return [latest_readings(view, unit) for unit in units_of(view, "brindle")]


@pytest.mark.parametrize(("now", "status"), [("2026-11-02T16:29:00Z", 200), ("2026-11-02T16:28:59Z", 422)])
def test_sixty_seconds_of_the_future_are_tolerated_and_not_sixty_one(world: WorldClient, now: str, status: int) -> None:
    """Wire format, assumed: in_the_future, 60 s of tolerance; a frozen clock makes the edge exact."""
    world.freeze(now)
    answer = world.send(reading(timestamp="2026-11-02T16:30:00Z"))
    assert answer.status_code == status
    assert status == 200 or faults(answer.json()) == [("/timestamp", "in_the_future")]


def test_another_organisations_unit_looks_like_no_unit(world: WorldClient) -> None:
    """Wire format, assumed: unknown_unit also for another organisation's; the message must not tell that it exists."""
    texts = [refusal(world.send(reading(meterableUnitId=unit)), 422)["errors"][0]["message"].replace(unit, "…")
             for unit in ("MU-2001", "MU-9999")]
    assert texts[0] == texts[1]


def test_an_empty_list_is_refused(world: WorldClient) -> None:
    """Wire format, assumed: an array of 1 to 10,000."""
    assert faults(refusal(world.send([]), 422)) == [("", "minItems")]


@pytest.mark.parametrize("body", ["null", "7", '"x"', "true"])
def test_json_that_is_no_reading_is_refused(world: WorldClient, body: str) -> None:
    """Wire format, assumed: body one reading or an array."""
    answer = world.send(None, data=body, headers={"Content-Type": "application/json"})
    assert faults(refusal(answer, 422)) == [("", "type")]


def test_every_code_that_a_reading_can_get_is_explained_in_the_published_contract(world: WorldClient) -> None:
    """Design: the contract is the one description of a message; its x-error-codes say what each code means."""
    contract = world.get("/_sim/contracts/participant").json()
    explained = {entry["code"] for entry in contract["paths"]["/api/v2/readings"]["post"]["x-error-codes"]}
    assert {code for _, _, code in BAD.values()} | {"duplicate_in_request", "minItems"} <= explained
