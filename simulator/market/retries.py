"""When a message that was not acknowledged is sent again (wire format, Dispatch: assumed).

Any 2xx acknowledges. Network errors, timeouts, 5xx and 429 are tried again after 5, 15, 60 and 300 s of market time;
`Retry-After` puts the next attempt off further. Other 4xx and redirects are final.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from simulator.market.provenance import BOTH, Rule

RULES = (
    Rule("messages.acknowledged",
         "Any answer 2xx acknowledges a message.",
         "assumed", "Nobody outside the platform can know it.", BOTH),
    Rule("messages.tried_again",
         "No answer, 5xx and 429 are tried again, Retry-After honoured; other 4xx and redirects are final.",
         "assumed", "Nobody outside the platform can know it.", BOTH),
)


def is_acknowledged(status: int | None) -> bool:
    """Whether an answer's status acknowledges a message; None is no answer at all."""
    return status is not None and 200 <= status < 300


def may_be_retried(status: int | None) -> bool:
    """Whether an attempt that was not acknowledged is worth another one."""
    return status is None or status == 429 or status >= 500


def next_attempt(attempt: int, status: int | None, now: datetime, retry_after: datetime | None,
                 ladder: tuple[timedelta, ...]) -> datetime | None:
    """When to try again after the attempt with this number (from 1) failed at `now`; None when that was the last.

    `ladder` are the waits before the second, third and later attempts. `retry_after` is what the answer asked for; it
    counts when it is later than the ladder's step.
    """
    if not may_be_retried(status) or attempt > len(ladder):
        return None
    wait_over = now + ladder[attempt - 1]
    return wait_over if retry_after is None else max(wait_over, retry_after)
