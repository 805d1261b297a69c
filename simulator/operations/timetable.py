"""The timetable: every job of the simulated platforms, with its London trigger and its operation, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time

from simulator.market.letters import BatchEmail
from simulator.market.policy import MarketPolicy
from simulator.market.provenance import Rule
from simulator.operations import dispatching
from simulator.operations.batches import BatchRules, advance_due_batch, batches_due, next_batch_event
from simulator.operations.deciding import decide_next_week
from simulator.operations.dispatching import begin_due_dispatches, dispatches_begin
from simulator.operations.email_preferences import (
    send_daily_schedules,
    send_monthly_invoices,
    send_weekly_acceptances,
)
from simulator.operations.month_end import finalise_previous_month
from simulator.operations.password_links import answer_requests, requests_wait
from simulator.operations.ports import MonthFiles
from simulator.operations.settling import events_wait, settle_due_events
from simulator.store.work import View, Work
from simulator.timekeeping.scheduler import Job
from simulator.timekeeping.triggers import Daily, Monthly, Weekly

JOBS = (
    Rule("finalise_previous_month", "On the 15th the previous month becomes final.", "documented",
         "Portal guide §3.3; the hour is assumed."),
    Rule("decide_next_week", "On Thursdays at noon the declarations of the next week are decided.", "public",
         "The brand's older public pages; the email of Thursday 12:05 (portal guide §3.6) agrees."),
    Rule("send_monthly_invoices", "The Monthly Invoices email goes out on the 1st at 04:00.", "documented",
         "Portal guide §3.6."),
    Rule("send_daily_schedules", "The Daily Schedules email goes out every day at 08:00.", "documented",
         "Portal guide §3.6."),
    Rule("send_weekly_acceptances", "The Weekly Accepted Declarations email goes out on Thursdays at 12:05.",
         "documented", "Portal guide §3.6."),
)
"""How far each job of the timetable can be trusted, by the job's name; all times are London time."""

_THURSDAY = 3
_DAYS_OF_A_WEEK = 7

_SENDINGS = {
    BatchEmail.MONTHLY_INVOICES: Monthly(day=1, at=time(4)),
    BatchEmail.DAILY_SCHEDULES: Daily(at=time(8)),
    BatchEmail.WEEKLY_ACCEPTED_DECLARATIONS: Weekly(_THURSDAY, at=time(12, 5)),
}


def timetable(policy: MarketPolicy, files: MonthFiles) -> tuple[Job, ...]:
    """All jobs. The times of the e-mails are documented (portal guide §3.6), and so is the 15th (§3.3), which the
    policy can change; the instant of the decisions is public. `files` makes what is attached to the e-mails.
    """
    decided_on = -policy.decision_days_before_week % _DAYS_OF_A_WEEK
    return (
        Job("finalise_previous_month", Monthly(policy.finalising_day, at=time(policy.finalising_hour)),
            lambda work, due_at: finalise_previous_month(work, due_at, policy)),
        Job("decide_next_week", Weekly(decided_on, at=time(policy.decision_hour)),
            lambda work, due_at: decide_next_week(work, due_at, policy)),
        Job("send_monthly_invoices", _SENDINGS[BatchEmail.MONTHLY_INVOICES],
            lambda work, due_at: send_monthly_invoices(work, due_at, policy, files)),
        Job("send_daily_schedules", _SENDINGS[BatchEmail.DAILY_SCHEDULES],
            lambda work, due_at: send_daily_schedules(work, due_at, files)),
        Job("send_weekly_acceptances", _SENDINGS[BatchEmail.WEEKLY_ACCEPTED_DECLARATIONS],
            lambda work, due_at: send_weekly_acceptances(work, due_at, files)),
    )


@dataclass(frozen=True)
class Chore:
    """What is done as soon as it is there to be done: `is_due` looks, at a market time; `operation` does it.

    `bit_by_bit`: one call of `operation` may leave some of it for another one, so that others get their turn between.
    """

    name: str
    is_due: Callable[[View, datetime], bool]
    operation: Callable[[Work], None]
    bit_by_bit: bool = False


def chores(reset_link_hours: int, policy: MarketPolicy, batches: BatchRules | None = None) -> tuple[Chore, ...]:
    """Everything that waits for no hour of the day: dispatches that begin and end, requests for links, and batches of
    the SMP. Without rules for them, batches stay where they are.
    """
    return (
        Chore("begin_dispatches", dispatches_begin, begin_due_dispatches),
        Chore("settle_events", events_wait, lambda work: settle_due_events(work, policy), bit_by_bit=True),
        Chore("answer_reset_requests", lambda view, now: requests_wait(view),
              lambda work: answer_requests(work, reset_link_hours)),
        *(() if batches is None else (
            Chore("advance_batches", batches_due, lambda work: advance_due_batch(work, batches), bit_by_bit=True),)),
    )


def next_event(view: View, after: datetime | None = None) -> datetime | None:
    """When the next message is due, dispatch begins or ends, or batch goes on; later than `after` if given."""
    return min(filter(None, (dispatching.next_event(view, after), next_batch_event(view, after))), default=None)


def next_sending(email: BatchEmail, now: datetime) -> datetime:
    """When an e-mail is sent next."""
    return _SENDINGS[email].next_after(now)
