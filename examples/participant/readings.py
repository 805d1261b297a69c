"""Meter readings: what we send the platform. Built minute by minute, queued until the platform has accepted them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from examples.participant.battery import MINUTE
from examples.participant.fleet import Fleet, whole_minute
from examples.participant.market_time import ClockUnknown

_LOG = logging.getLogger("participant")

LARGEST_BATCH = 10_000
"""Readings that the platform takes in one message."""

MOST_MINUTES = 24 * 60
"""Minutes worked out in one poll: after a jump of time, a day at a go, oldest first."""

PATIENCE = Retry(
    total=6, backoff_factor=0.25, backoff_max=15, backoff_jitter=0.1, raise_on_status=False,
    # Only what may go away by itself is tried again. Another 4xx would be refused again, however often it is sent.
    status_forcelist=(429, 500, 502, 503, 504), respect_retry_after_header=True,
    # urllib3 repeats no POST unless told to, as a POST might buy something twice. Here a second reading of the same
    # minute replaces the first, so repeating is harmless.
    allowed_methods=None)
"""How a message is tried again: at once, then after 0.5, 1, 2, 4, 8 s. Later polls begin anew."""


class Unreachable(Exception):
    """The platform did not take a message now, and may take it later: no connection, 429, or 5xx."""


class Refused(Exception):
    """The platform will never take this message as it is: 4xx, or a redirect."""


class Platform:
    """The participant API of the platform: one call, with our API access token."""

    def __init__(self, url: str, token: str) -> None:
        self._address = url.rstrip("/") + "/api/v2/readings"
        self._token = token
        self._session = requests.Session()
        self._session.auth = self._sign
        self._session.mount("http://", HTTPAdapter(max_retries=PATIENCE))
        self._session.mount("https://", HTTPAdapter(max_retries=PATIENCE))

    def post(self, readings: list[dict[str, Any]]) -> None:
        """Send up to 10,000 readings. Raises Unreachable or Refused; the platform stores all of them, or none."""
        try:
            # A redirected POST would arrive as a GET, whose 200 says nothing about our readings.
            answer = self._session.post(self._address, json=readings, timeout=10, allow_redirects=False)
        except requests.RequestException as error:
            raise Unreachable(f"no answer from {self._address}: {error}") from error
        if answer.status_code in PATIENCE.status_forcelist:
            raise Unreachable(f"{self._address} answered {answer.status_code}")
        if not 200 <= answer.status_code < 300:
            raise Refused(f"{answer.status_code}: {errors_in_words(answer)}")

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As `auth` and not as a plain header, which requests would overwrite with a password found in ~/.netrc.
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def errors_in_words(answer: requests.Response) -> str:
    """What a refusal (`application/problem+json`) says, for people: its detail and its first errors."""
    try:
        problem = answer.json()
        errors = [f"{error.get('pointer', '')} {error.get('message', error)}" for error in problem.get("errors", [])]
        more = [f"and {len(errors) - 5} more"] if len(errors) > 5 else []
        return " | ".join([str(problem.get("detail") or problem.get("title")), *errors[:5], *more])
    except (ValueError, AttributeError, TypeError):
        return answer.text[:200] or answer.reason


@dataclass
class Reporter:
    """Works out the minutes that have passed and posts them. Runs in a thread of its own; others may look at it.

    A minute leaves `waiting` in one of two ways: the platform accepted it, or refused it for good. Refused readings are
    kept in `refused` with the reason, for a person to look at; sending them again unchanged would be no use.
    With `silent`, minutes of events are not reported at all: a fault, to see what the platform makes of it.
    """

    fleet: Fleet
    platform: Platform
    silent: bool = False
    state: str = "starting"
    accepted: int = 0
    waiting: deque[dict[str, Any]] = field(default_factory=deque)
    refused: list[dict[str, Any]] = field(default_factory=list)
    _until: datetime | None = None

    def run(self, stopping: threading.Event, poll_seconds: float) -> None:
        """Poll until told to stop. Waits on the event, so it uses no time and ends at once."""
        while not stopping.is_set():
            try:
                self.poll()
            except Exception:
                # A thread that dies in silence would leave a participant that acknowledges dispatches and reports none.
                _LOG.exception("a poll failed")
                self.state = "a poll failed, see the log"
            stopping.wait(poll_seconds)

    def poll(self) -> None:
        """Queue the minutes that have passed since the last poll, and post all that is waiting."""
        try:
            self.collect(self.fleet.clock.now())
        except ClockUnknown as error:
            self.state = str(error)
            return
        while self.waiting and self._post_one_batch():
            pass

    def collect(self, now: datetime) -> None:
        """Queue the minutes that ended by `now`, at most a day of them; the first call only notes where to begin."""
        present = whole_minute(now)
        if self._until is None or present < self._until:
            # Time runs backwards only in simulators: begin anew. The readings sent before will be replaced.
            self._until = present
            self.state = self.state if self.accepted or self.refused else "listening"
        last = min(present, self._until + MOST_MINUTES * MINUTE)
        while self._until < last:
            # Its END marks a minute, in UTC: the reading stamped 16:01 covers 16:00 to 16:01.
            period_end = self._until + MINUTE
            for unit, (power_kw, is_dispatched) in self.fleet.minute(period_end).items():
                if not (self.silent and is_dispatched):
                    self.waiting.append({"meterableUnitId": unit, "timestamp": f"{period_end:%Y-%m-%dT%H:%M:00Z}",
                                         "powerKw": power_kw})
            self._until = period_end

    def _post_one_batch(self) -> bool:
        """Post the oldest readings; whether it makes sense to go on with the next ones now."""
        batch = [self.waiting[place] for place in range(min(len(self.waiting), LARGEST_BATCH))]
        if not self.state.startswith("the platform cannot be reached"):
            self.state = f"posting {len(batch)} readings"
        try:
            self.platform.post(batch)
        except Unreachable as error:
            self.state = f"the platform cannot be reached, readings wait: {error}"
            _LOG.warning("%s", self.state)
            return False
        except Refused as error:
            self.state = f"the platform refuses readings: {error}"
            _LOG.error("%d readings are set aside. %s", len(batch), self.state)
            self._set_aside(batch, str(error))
        else:
            self.state = "the platform accepts readings"
            self.accepted += len(batch)
        # Only now, when it is known what became of them, do they leave the queue.
        for _ in batch:
            self.waiting.popleft()
        return True

    def _set_aside(self, batch: list[dict[str, Any]], reason: str) -> None:
        if self.refused and self.refused[-1]["reason"] == reason:
            # A wrong token refuses every minute for the same reason: one entry, growing.
            self.refused[-1]["readings"] += batch
        else:
            self.refused.append({"reason": reason, "readings": batch})
