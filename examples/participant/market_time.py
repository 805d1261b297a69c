"""What time it is: this machine's clock, or, for virtual time, the simulator's."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Protocol

import requests

_LOG = logging.getLogger("participant")


class ClockUnknown(Exception):
    """Nobody has told us the time yet."""


class MarketClock(Protocol):
    """Anything that knows the time."""

    def now(self) -> datetime:
        """The present market time, UTC. Raises ClockUnknown."""


class WallClock:
    """This machine's time: the only clock that a participant of a real platform has. Keep it right, with NTP."""

    def now(self) -> datetime:
        """This machine's time, UTC."""
        return datetime.now(UTC)


class SimulatorClock:
    """SIMULATOR ONLY: market time as `GET {url}/_sim/clock` tells it. No platform has such a call.

    It lets the participant follow a world whose clock is frozen, runs fast or jumps. Leave this class out of what you
    build for a real platform.
    """

    def __init__(self, url: str) -> None:
        self._address = url.rstrip("/").removesuffix("/_sim/clock") + "/_sim/clock"
        self._last: datetime | None = None

    def now(self) -> datetime:
        """The world's time; the last that was known while the simulator cannot be reached."""
        try:
            # Two seconds at most: a dispatch must be acknowledged within ten, and asks for the time, too.
            answer = requests.get(self._address, timeout=2)
            answer.raise_for_status()
            self._last = datetime.fromisoformat(answer.json()["now"]).astimezone(UTC)
        except (requests.RequestException, ValueError, KeyError) as error:
            _LOG.debug("the simulator's clock cannot be read: %s", error)
            if self._last is None:
                raise ClockUnknown(f"{self._address} cannot be read: {error}") from error
        return self._last
