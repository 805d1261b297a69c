"""What became of a message that the simulator sent: how far it got, what was answered, and why it failed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FAILURE_CODES = {
    "refused_target": "The simulator does not send there, or the URL is not one.",
    "unknown_host": "The name leads to no address.",
    "connection_refused": "Nothing listens there.",
    "unreachable": "There is no way to that address.",
    "timeout": "The exchange was not over in time.",
    "tls": "TLS could not be agreed, or the certificate was not accepted.",
    "not_http": "The answer is not HTTP.",
    "headers_too_long": "The answer has more headers than anybody needs.",
    "closed_early": "The other end closed the connection before the answer was complete.",
}
"""Every code of a failure, and what it means."""

STEPS = {
    "dns": "name looked up",
    "tcp": "connected",
    "tls": "TLS agreed",
    "sent": "request sent",
    "first_byte": "answer begun",
    "total": "over",
}
"""Every step of an exchange in its order, and how far one has come that has got through it."""

_LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True)
class Failure:
    """Why there is no complete answer: a code of FAILURE_CODES, and in words what happened and what to look at."""

    code: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What happened to one message.

    `address` is what it was connected to. `status`, `headers` and `body` are as far as they were read; of the body at
    most 64 KiB (`body_truncated`: there was more). `steps` are pairs of a step of STEPS that was got through, and how
    many milliseconds this step took by itself; `total` always comes last and covers everything.
    """

    address: str | None
    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: bytes
    body_truncated: bool
    failure: Failure | None
    steps: tuple[tuple[str, float], ...]

    @property
    def acknowledged(self) -> bool:
        """Whether the message was taken: any 2xx, in an answer that did not break off."""
        return self.failure is None and self.status is not None and 200 <= self.status < 300

    def header(self, name: str) -> str | None:
        """The first header of a name, in whatever case; None when there is none."""
        return next((value for found, value in self.headers if found.lower() == name.lower()), None)


def retry_after(outcome: Outcome, now: datetime) -> datetime | None:
    """When the other end wants to be asked again: between `now` and a day later; None when it does not say so.

    `Retry-After` is seconds or a date. A date was written by the other end's clock, which the world's may be far from:
    it is read as so long after the answer's own `Date`, and where there is none as it stands. Source: RFC 9110, 10.2.3.
    """
    text = (outcome.header("Retry-After") or "").strip()
    seconds = re.fullmatch(r"([+-]?)([0-9]+)", text, re.ASCII)
    if seconds:
        digits = seconds[2].lstrip("0")
        size = int(digits or "0") if len(digits) < 10 else 10**9
        wait = timedelta(seconds=-size if seconds[1] == "-" else size)
    else:
        date = _read_date(text)
        if date is None:
            return None
        wait = date - (_read_date(outcome.header("Date") or "") or now)
    return now + min(max(wait, timedelta(0)), _LONGEST_WAIT)


def _read_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # One of the three forms of HTTP dates has no zone; all of them mean UTC.
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
