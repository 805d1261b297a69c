"""Builders with valid defaults: a test names only what matters to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def instant(text: str) -> datetime:
    """An instant, such as `instant("2026-11-02 16:30")`, UTC; with seconds or an offset if they are given."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def reading(**changes: Any) -> dict[str, Any]:
    """A reading as it is posted; `powerKw=None` leaves a field out."""
    fields = {"meterableUnitId": "MU-1001", "timestamp": "2026-11-02T16:30:00Z", "powerKw": -12.5, **changes}
    return {name: value for name, value in fields.items() if value is not None}


def readings_by_minute(count: int, last: str = "2026-11-02T16:30:00Z", **changes: Any) -> list[dict[str, Any]]:
    """Readings of consecutive minutes, as they are posted, the last one ending at `last`."""
    end = datetime.fromisoformat(last)
    return [reading(timestamp=(end - timedelta(minutes=count - 1 - place)).isoformat(), **changes)
            for place in range(count)]


def draft(**changes: Any) -> dict[str, Any]:
    """A reading as the contract hands it to the rules; `power_kw=None` leaves a field out."""
    fields = {"meterable_unit_id": "MU-1", "timestamp": NOON, "power_kw": 1.0, **changes}
    return {name: value for name, value in fields.items() if value is not None}


def unit(unit_id: str = "MU-1", granularity: Granularity = Granularity.MINUTE, number: int = 1) -> MeterableUnit:
    """A Meterable Unit."""
    return MeterableUnit(number, unit_id, "brindle", "Battery", "Batteries", 500, granularity, "CMZ_X", "Ashgrove",
                         "South Wales")


def refusal(answer: requests.Response, status: int) -> dict[str, Any]:
    """The body of a refused call, checked to be an RFC 9457 problem in the form that the API gives."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-Id"]
    body = answer.json()
    assert sorted(body) == ["detail", "errors", "status", "title", "type"]
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["type"] == "about:blank"
    for error in body["errors"]:
        assert sorted(error) == ["code", "message", "pointer"]
        assert error["message"]
    return body


def faults(body: dict[str, Any]) -> list[tuple[str, str]]:
    """The (pointer, code) pairs of a problem, sorted."""
    return sorted((error["pointer"], error["code"]) for error in body["errors"])


def kinds_of(entries: Iterable[dict[str, Any]]) -> list[str]:
    """The kinds of journal entries, in order."""
    return [entry["kind"] for entry in entries]
