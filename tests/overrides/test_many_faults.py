"""A message with 10,000 faulty readings: every fault is told, in bounded time, and other calls go on meanwhile."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from tests.builders import reading
from tests.servers import PATIENCE_SECONDS, TOKEN, WorldClient, fresh_world

COUNT = 10_000
FAULTY: dict[str, tuple[Any, list[str]]] = {
    "nothing in them": ({}, ["power_or_energy", "required", "required"]),
    "wrong types": ({"meterableUnitId": 5, "timestamp": "2026-11-02T16:30:00", "powerKw": "12"},
                    ["naive_time", "type", "type"]),
    "broken rules": ({"meterableUnitId": "MU-9", "timestamp": "2027-11-02T16:30:30Z", "powerKw": 1},
                     ["in_the_future", "unknown_unit"]),
    "no objects": (7, ["type"]),
}


@pytest.mark.parametrize("name", FAULTY)
def test_every_fault_of_ten_thousand_readings_is_told(world: WorldClient, name: str) -> None:
    """Wire format, assumed: all errors are listed, not the first; and each stands at its own place."""
    item, codes = FAULTY[name]
    began = time.monotonic()
    answer = world.send([item] * COUNT)
    assert time.monotonic() - began < PATIENCE_SECONDS
    errors = answer.json()["errors"]
    assert (answer.status_code, len(errors)) == (422, COUNT * len(codes))
    assert sorted(error["code"] for error in errors if error["pointer"].split("/")[1] == "9999") == codes
    assert len(answer.content) < 250 * len(errors)


@pytest.mark.parametrize("name", ["nothing in them", "wrong types", "no objects"])
def test_other_calls_are_answered_meanwhile(world: WorldClient, name: str) -> None:
    """Nobody waits for another's faulty message: the longest call in another world takes a part of its time only."""
    body = json.dumps([FAULTY[name][0]] * COUNT)
    done = threading.Event()
    took: list[float] = []

    def post_one_by_one(other: WorldClient) -> None:
        while not done.is_set():
            began = time.monotonic()
            assert other.send(reading()).status_code == 200
            took.append(time.monotonic() - began)

    with fresh_world(world.url.partition("/w/")[0]) as other:
        other.send(reading())
        poster = threading.Thread(target=post_one_by_one, args=(other,))
        poster.start()
        began = time.monotonic()
        answer = world.post("/api/v2/readings", data=body, headers={"Authorization": f"Bearer {TOKEN}",
                                                                   "Content-Type": "application/json"})
        whole = time.monotonic() - began
        done.set()
        poster.join()
    assert answer.status_code == 422
    assert len(took) >= 5
    assert max(took) < 0.6 * whole
