"""Dates of a London month: when its invoices are drafts, when it becomes final, and which readings come too late."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from simulator.market.policy import MarketPolicy
from simulator.market.provenance import Rule
from simulator.timekeeping.london import end_of_month, from_london, month_of, previous_month, to_london

RULES = (
    Rule("months.late_readings",
         "Readings of a finalised month are taken, and its invoices do not change.",
         "public", "Portal FAQ page."),
    Rule("months.provisional",
         "What readings of a month that is not final change, reports and statements follow.",
         "inferred", "Provisional reports follow each event, final ones the 15th (portal guide §3.3)."),
)


def drafts_from(month: str, policy: MarketPolicy) -> datetime:
    """Instant (UTC) from which a month's invoices stand as drafts: the 1st of the next (inferred)."""
    return from_london(_next(month, policy.draft_day), time(0))


def final_from(month: str, policy: MarketPolicy) -> datetime:
    """Instant (UTC) at which a month becomes final: the 15th of the next (portal guide §3.3, documented)."""
    return from_london(_next(month, policy.finalising_day), time(policy.finalising_hour))


def months_final_at(instant: datetime, policy: MarketPolicy) -> str:
    """The newest month that is final at an instant, as `2026-09`; so are all before it."""
    month = previous_month(month_of(instant))
    return month if final_from(month, policy) <= instant else previous_month(month)


def counts_for_final(period_end: int, received_at: datetime, policy: MarketPolicy) -> bool:
    """Whether a reading came before its month was final. `period_end` is epoch seconds; its period lies in its month.

    Later ones are stored, flagged late and change nothing (portal FAQ page, public).
    """
    month = month_of(datetime.fromtimestamp(period_end - 1, UTC))
    return received_at < final_from(month, policy)


def month_words(month: str) -> str:
    """A London month `2026-11` as November 2026."""
    return f"{date.fromisoformat(f'{month}-01'):%B %Y}"


def _next(month: str, day: int) -> date:
    return to_london(end_of_month(month)).date().replace(day=day)
