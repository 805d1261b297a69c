"""Posting meter readings to the platform, again if it does not answer well."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})


class ReadingsRefused(Exception):
    """The platform refuses readings, for reasons that trying again does not mend. `errors` are its own."""

    def __init__(self, status: int, errors: list[dict[str, Any]]) -> None:
        self.errors = errors
        super().__init__(f"{status}: " + "; ".join(f"{error['pointer']} {error['message']}" for error in errors))


class PlatformDown(Exception):
    """The platform did not answer well, however often it was asked. The readings have to be sent later."""


@dataclass(frozen=True)
class MeterReading:
    """Power of a unit in the period that ends at `period_end`: generation positive, demand negative."""

    unit: str
    period_end: datetime
    power_kw: float

    def as_json(self) -> dict[str, Any]:
        """As the platform wants it."""
        return {"meterableUnitId": self.unit, "timestamp": self.period_end.isoformat(), "powerKw": self.power_kw}


class Platform:
    """The participant API. `waits` are the seconds before each further try, `timeout` those for each answer."""

    def __init__(self, url: str, token: str, waits: Sequence[float] = (1, 5, 15), timeout: float = 10
                 ) -> None:
        self._url = f"{url.rstrip('/')}/api/v2/readings"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._waits = waits
        self._timeout = timeout

    def send(self, readings: Sequence[MeterReading]) -> int:
        """Post readings; how many were new. A repetition does no harm: the platform replaces what it has.

        Raises ReadingsRefused and PlatformDown.
        """
        message = [reading.as_json() for reading in readings]
        trouble = ""
        for wait in (0.0, *self._waits):
            if wait:
                time.sleep(wait)
            try:
                answer = self._session.post(self._url, json=message, timeout=self._timeout)
            except requests.RequestException as error:
                trouble = str(error)
                continue
            if answer.ok:
                return int(answer.json()["created"])
            if answer.status_code not in _TRY_AGAIN:
                raise ReadingsRefused(answer.status_code, answer.json()["errors"])
            trouble = f"status {answer.status_code}"
        raise PlatformDown(trouble)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
