"""Times and durations as people write them on the command line; what cannot be read is wrong usage."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from simulator.timekeeping.durations import duration_from_words
from simulator.timekeeping.moments import moment_from_words


def read_moment(words: str, now: datetime, option: str) -> datetime:
    """The instant that words such as "next Thursday 12:05", or exact ones, mean at market time `now`."""
    try:
        return moment_from_words(words, now)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from None


def read_duration(words: str, start: datetime, option: str) -> timedelta:
    """How long words such as PT24H or "90 minutes" mean, from `start` on: months and years are as long as they are."""
    try:
        return duration_from_words(words, start)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from None
