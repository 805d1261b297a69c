"""The three e-mails that users opt in to, and their sending (portal guide §3.6).

Who has chosen nothing gets none: the guide tells the steps "to opt-in to receive" them (inferred).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta

from simulator.market.declarations import ACCEPTANCE_COLUMNS
from simulator.market.facts import EmailPreferenceChanged
from simulator.market.letters import (
    Attachment,
    BatchEmail,
    Letter,
    daily_schedules,
    monthly_invoices,
    weekly_accepted_declarations,
)
from simulator.market.organisations import Account
from simulator.operations.mails import send_letter
from simulator.store import email_opt_ins
from simulator.store.work import View, Work
from simulator.timekeeping.london import month_of, previous_month, to_london


def preferences_of(view: View, account: Account) -> frozenset[BatchEmail]:
    """The e-mails that an account gets."""
    return email_opt_ins.opted_in(view, account.id)


def set_preference(work: Work, account: Account, email: BatchEmail, opted_in: bool) -> None:
    """Opt in to an e-mail, or out of it. Saying the same twice changes nothing."""
    change = email_opt_ins.opt_in if opted_in else email_opt_ins.opt_out
    if change(work, account.id, email):
        work.record(EmailPreferenceChanged(account.email, email.value, opted_in))


def send_monthly_invoices(work: Work, due_at: datetime) -> None:
    """The Monthly Invoices email: the invoices of the month before."""
    month = date.fromisoformat(f"{previous_month(month_of(due_at))}-01").strftime("%B %Y")
    _send(work, BatchEmail.MONTHLY_INVOICES, lambda account: monthly_invoices(account.organisation.name, month))


def send_weekly_acceptances(work: Work, due_at: datetime) -> None:
    """The Weekly Accepted Declarations email: decisions on the week that begins on the next Monday."""
    today = to_london(due_at).date()
    monday = today + timedelta(days=7 - today.weekday())
    decisions = Attachment(f"accepted-declarations-{monday}.csv", "text/csv", _csv(ACCEPTANCE_COLUMNS))
    _send(work, BatchEmail.WEEKLY_ACCEPTED_DECLARATIONS, lambda account: weekly_accepted_declarations(
        account.organisation.name, f"{monday.day} {monday:%B %Y}", decisions))


def send_daily_schedules(work: Work, due_at: datetime) -> None:
    """The Daily Schedules email: the dispatches of the next 24 hours."""
    start, end = to_london(due_at), to_london(due_at + timedelta(hours=24))
    period = f"{start:%a %d %b %H:%M} to {end:%a %d %b %H:%M} London time"
    _send(work, BatchEmail.DAILY_SCHEDULES, lambda account: daily_schedules(account.organisation.name, period))


def _send(work: Work, email: BatchEmail, write: Callable[[Account], Letter]) -> None:
    for account in email_opt_ins.accounts_that_get(work, email):
        send_letter(work, account, write(account))


def _csv(*rows: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
