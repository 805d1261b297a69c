"""The reference participant's queue of minutes: nothing leaves it before its fate is known (ours: no minute lost)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from examples.participant.battery import Battery
from examples.participant.fleet import Fleet
from examples.participant.readings import LARGEST_BATCH, Refused, Reporter, Unreachable
from tests.builders import instant


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = instant("2026-11-02 17:00:40")

    def now(self) -> datetime:
        return self.time

    def pass_minutes(self, minutes: int) -> None:
        self.time += timedelta(minutes=minutes)


class Inbox:
    """A platform that raises what it is told to, and otherwise keeps what it gets."""

    def __init__(self) -> None:
        self.mood: Exception | None = None
        self.batches: list[list[dict[str, Any]]] = []

    def post(self, readings: list[dict[str, Any]]) -> None:
        if self.mood:
            raise self.mood
        self.batches.append(readings)


def reporting(units: int = 1) -> tuple[Reporter, HandClock, Inbox]:
    clock, inbox = HandClock(), Inbox()
    reporter = Reporter(Fleet({f"MU-{number}": Battery() for number in range(units)}, clock), inbox)
    reporter.poll()
    return reporter, clock, inbox


def stamps(inbox: Inbox) -> list[str]:
    return [reading["timestamp"][11:16] for batch in inbox.batches for reading in batch]


def test_minutes_wait_until_the_platform_takes_them() -> None:
    """Ours: never loses a minute."""
    reporter, clock, inbox = reporting()
    inbox.mood = Unreachable("no answer")
    for _ in range(3):
        clock.pass_minutes(1)
        reporter.poll()
    assert (len(reporter.waiting), reporter.accepted, reporter.refused) == (3, 0, [])
    assert reporter.state == "the platform cannot be reached, readings wait: no answer"
    inbox.mood = None
    clock.pass_minutes(1)
    reporter.poll()
    assert stamps(inbox) == ["17:01", "17:02", "17:03", "17:04"]
    assert (len(reporter.waiting), reporter.accepted) == (0, 4)


def test_refused_minutes_are_set_aside_by_their_reason() -> None:
    """Ours: not again after 4xx; and not lost either."""
    reporter, clock, inbox = reporting()
    for reason in ("401: no", "401: no", "422: odd"):
        inbox.mood = Refused(reason)
        clock.pass_minutes(1)
        reporter.poll()
    inbox.mood = None
    clock.pass_minutes(1)
    reporter.poll()
    set_aside = [(batch["reason"], len(batch["readings"])) for batch in reporter.refused]
    assert set_aside == [("401: no", 2), ("422: odd", 1)]
    assert stamps(inbox) == ["17:04"]


def test_no_message_is_larger_than_the_platform_takes() -> None:
    """Wire format, assumed: an array of 1 to 10,000."""
    reporter, clock, inbox = reporting(units=10)
    clock.pass_minutes(1_440)
    reporter.poll()
    assert [len(batch) for batch in inbox.batches] == [LARGEST_BATCH, 14_400 - LARGEST_BATCH]


def test_when_time_is_set_back_it_begins_anew() -> None:
    """Ours: a simulated world was reset; a participant that waited for the old time would be silent for long."""
    reporter, clock, inbox = reporting()
    clock.pass_minutes(2)
    reporter.poll()
    clock.pass_minutes(-60)
    reporter.poll()
    clock.pass_minutes(1)
    reporter.poll()
    assert stamps(inbox) == ["17:01", "17:02", "16:03"]
