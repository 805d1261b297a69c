"""The market clock of a world: looking at it, stopping it, and letting a day pass in a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulator.testing.calls import ControlCalls


@dataclass(frozen=True)
class Job:
    """A job of the timetable that ran: its name, the market time at which it was due, and how it ended."""

    job: str
    due_at: datetime
    outcome: str


class MarketClock:
    """The clock of one world. It belongs to the world alone: other tests' worlds have their own.

        clock.freeze()
        clock.advance(by=timedelta(minutes=15))
        clock.advance(to="next Thursday 12:05")
    """

    def __init__(self, control: ControlCalls) -> None:
        self._control = control

    @property
    def now(self) -> datetime:
        """Market time, UTC."""
        return datetime.fromisoformat(self._read()["now"])

    @property
    def mode(self) -> str:
        """`real`, `frozen` or `scaled`."""
        return str(self._read()["mode"])

    def freeze(self, at: datetime | str | None = None) -> datetime:
        """Stop the clock where it stands, or `at` an instant; market time as it stands then, UTC."""
        return self._set({"mode": "frozen", **_now(at)})

    def run(self, speed: float = 1, at: datetime | str | None = None) -> datetime:
        """Let the clock run, from where it stands or from an instant; at `speed` 60 an hour takes a minute."""
        return self._set({"mode": "scaled", "rate": speed, **_now(at)})

    def return_to_real_time(self) -> datetime:
        """Show this machine's time again."""
        return self._set({"mode": "real"})

    def advance(self, by: timedelta | str | None = None, to: datetime | str | None = None) -> list[Job]:
        """Move time forward by a duration (`PT24H` as a text) or to an instant; the jobs that ran on the way, in order.

        `to` takes RFC 3339, and words in London time such as "next Thursday 12:05". All that becomes due on the way
        happens at its own instant, and messages to endpoints have been sent when this returns. Raises ValueError,
        Refused when the simulator cannot read it, and RuntimeError when somebody stopped it on the way.
        """
        if (by is None) == (to is None):
            raise ValueError("say either `by` how long or `to` which instant to advance")
        step = {"by": _duration(by)} if by is not None else {"to": _instant(to)}
        said = self._control.post("/clock/advance", step)
        if said.get("stopped"):
            raise RuntimeError(f"market time was stopped on the way, at {said['now']}, after {len(said['jobs'])} jobs: "
                               f"{said['because']}")
        return [Job(each["job"], datetime.fromisoformat(each["dueAt"]), each["outcome"]) for each in said["jobs"]]

    def _read(self) -> Mapping[str, Any]:
        said: Mapping[str, Any] = self._control.get("/clock")
        return said

    def _set(self, wanted: Mapping[str, Any]) -> datetime:
        said = self._control.put("/clock", wanted)
        if said.get("stopped"):
            raise RuntimeError(f"market time was stopped on the way, at {said['now']}: {said['because']}")
        return datetime.fromisoformat(said["now"])


def _now(at: datetime | str | None) -> dict[str, str]:
    return {} if at is None else {"now": _instant(at)}


def _duration(by: timedelta | str) -> str:
    if isinstance(by, str):
        return by
    seconds = by.total_seconds()
    return f"{'-' if seconds < 0 else ''}PT{abs(seconds):f}S"


def _instant(moment: datetime | str | None) -> str:
    if not isinstance(moment, datetime):
        return str(moment)
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no offset: give it one, such as tzinfo=UTC")
    return moment.isoformat()
