"""The three e-mails that users opt in to, and their sending (portal guide §3.6).

Who has chosen nothing gets none: the guide tells the steps "to opt-in to receive" them (inferred).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from simulator.market.facts import EmailPreferenceChanged
from simulator.market.letters import BatchEmail, Letter
from simulator.market.month_letters import daily_schedules, monthly_invoices, weekly_accepted_declarations
from simulator.market.organisations import Account
from simulator.market.policy import MarketPolicy
from simulator.market.provenance import Rule
from simulator.operations.deciding import decisions_of
from simulator.operations.invoicing import full_invoices
from simulator.operations.mails import send_letter
from simulator.operations.ports import MonthFiles
from simulator.store import dispatches, email_opt_ins
from simulator.store.work import View, Work
from simulator.timekeeping.london import from_london, month_of, previous_month, to_london

RULES = (
    Rule("emails.opt_in",
         "A user opts in to each of the three e-mails, and gets none of them before.",
         "inferred", "Portal guide §3.6 gives the steps to opt in."),
)


def preferences_of(view: View, account: Account) -> frozenset[BatchEmail]:
    """The e-mails that an account gets."""
    return email_opt_ins.opted_in(view, account.id)


def set_preference(work: Work, account: Account, email: BatchEmail, opted_in: bool) -> None:
    """Opt in to an e-mail, or out of it. Saying the same twice changes nothing."""
    change = email_opt_ins.opt_in if opted_in else email_opt_ins.opt_out
    if change(work, account.id, email):
        work.record(EmailPreferenceChanged(account.email, email.value, opted_in))


def send_monthly_invoices(work: Work, due_at: datetime, policy: MarketPolicy, files: MonthFiles) -> None:
    """The Monthly Invoices email: the invoices of the month before, as they stand, with their documents."""
    month = previous_month(month_of(due_at))

    def write(account: Account) -> Letter:
        organisation = account.organisation
        found = full_invoices(work, organisation.id, policy, due_at, month)
        return monthly_invoices(organisation.name, month, found, [files.invoice(each, policy) for each in found],
                                policy, due_at)

    _send(work, BatchEmail.MONTHLY_INVOICES, write)


def send_weekly_acceptances(work: Work, due_at: datetime, files: MonthFiles) -> None:
    """The Weekly Accepted Declarations email: decisions on the week that begins on the next Monday."""
    today = to_london(due_at).date()
    monday = today + timedelta(days=7 - today.weekday())

    def write(account: Account) -> Letter:
        decisions = decisions_of(work, account.organisation.id, monday)
        return weekly_accepted_declarations(account.organisation.name, monday, decisions,
                                            files.acceptances(monday, decisions))

    _send(work, BatchEmail.WEEKLY_ACCEPTED_DECLARATIONS, write)


def send_daily_schedules(work: Work, due_at: datetime, files: MonthFiles) -> None:
    """The Daily Schedules email: the dispatches of the next 24 hours, those under way among them.

    It reaches to the next sending, the same London time tomorrow: 23 or 25 hours where the clocks change, so that no
    dispatch falls between two e-mails.
    """
    today = to_london(due_at)
    end = from_london(today.date() + timedelta(days=1), today.time())

    def write(account: Account) -> Letter:
        found = dispatches.dispatches_between(work, account.organisation.id, due_at, end)
        return daily_schedules(account.organisation.name, due_at, end, found,
                               [files.schedule(due_at, found)] if found else [])

    _send(work, BatchEmail.DAILY_SCHEDULES, write)


def _send(work: Work, email: BatchEmail, write: Callable[[Account], Letter]) -> None:
    for account in email_opt_ins.accounts_that_get(work, email):
        send_letter(work, account, write(account))
