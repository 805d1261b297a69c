"""Lengths of time as people write them: ISO 8601 (PT24H, P7D, P1M), or "90 minutes", "2 weeks"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import isodate

_WORDS = re.compile(r"([0-9]{1,6}) ?(second|minute|hour|day|week)s?")


def duration_from_words(words: str, start: datetime) -> timedelta:
    """How long it is, from `start` on: months and years are as long as they are.

    Raises ValueError, whose message says what can be written.
    """
    text = words.strip()
    match = _WORDS.fullmatch(text.lower())
    try:
        if match:
            return timedelta(**{f"{match[2]}s": int(match[1])})
        duration = isodate.parse_duration(text.upper())
        return duration if isinstance(duration, timedelta) else duration.totimedelta(start=start)
    except (isodate.ISO8601Error, ValueError, OverflowError):
        raise ValueError(f"{words[:80]!r} is not a length of time: write it like PT24H, PT15M, P7D or “2 hours”."
                         ) from None
