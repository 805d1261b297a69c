"""Links by e-mail that let a user set a password: the invitation's and "Forgot your password" (portal guide §2.1).

A link is valid for 24 hours of market time (documented for the invitation; for the reset assumed, and a setting), once;
a newer link supersedes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.ids import digest, new_api_token, new_link_token
from simulator.market.facts import PasswordLinkRefused, PasswordResetRequested, PasswordSet
from simulator.market.letters import invitation, password_reset
from simulator.market.organisations import Account
from simulator.market.provenance import Rule
from simulator.operations.mails import send_letter
from simulator.store import accounts, password_links, tokens
from simulator.store.work import View, Work

RULES = (
    Rule("accounts.activation_link",
         "The link of the invitation is valid for 24 hours, and works once.",
         "documented", "Portal guide §2.1. That it works once is ours."),
    Rule("accounts.forgotten_password",
         "After that, “Forgot your password” sends a new link.",
         "documented", "Portal guide §2.1."),
)

ACTIVATION, RESET = "activation", "reset"

ACTIVATION_HOURS = 24
"""Portal guide §2.1 (documented)."""

REQUESTS_TOPIC = "reset_requests"
"""What is announced when somebody wants a link."""

EXPIRED, USED, SUPERSEDED, UNKNOWN = "expired", "used", "superseded", "unknown"


class LinkRefused(Exception):
    """A link that does not work: `reason` is expired, used, superseded or unknown; `account` is None for unknown."""

    def __init__(self, reason: str, account: Account | None) -> None:
        super().__init__(f"The link is {reason}.")
        self.reason = reason
        self.account = account


@dataclass(frozen=True, slots=True)
class GoodLink:
    """A link that works: whose password it sets, and whether for the first time (`activation`) or again (`reset`)."""

    account: Account
    purpose: str


def link_path(token: str) -> str:
    """Where a link leads, below the world."""
    return f"/password/link?token={token}"


def send_invitation(work: Work, account: Account) -> None:
    """Send the invitation, with a link that activates the account."""
    token = new_link_token()
    password_links.add_link(work, digest(token), account.id, ACTIVATION)
    send_letter(work, account, invitation(account.organisation.name, link_path(token), ACTIVATION_HOURS))


def request_reset(work: Work, email: str) -> None:
    """Note that somebody wants a link. Whether there is such an account is looked at afterwards, by `answer_requests`:

    so the answer to the request is the same, and takes as long, whoever asks.
    """
    password_links.add_reset_request(work, email)
    work.announce(REQUESTS_TOPIC)


def requests_wait(view: View) -> bool:
    """Whether requests for links wait to be answered."""
    return password_links.reset_requests_wait(view)


def answer_requests(work: Work, hours: int) -> None:
    """Send a link, which works for so many hours, to every address that was asked for and has an account."""
    for email, cause in password_links.take_reset_requests(work):
        account = accounts.account_by_email(work, email)
        work.cause = cause
        work.record(PasswordResetRequested(account.email if account else None))
        if account is not None:
            token = new_link_token()
            password_links.add_link(work, digest(token), account.id, RESET)
            send_letter(work, account, password_reset(account.organisation.name, link_path(token), hours))


def look_at_link(view: View, token: str, now: datetime, reset_hours: int) -> GoodLink:
    """What a link is good for at the market time `now`. Raises LinkRefused."""
    found = password_links.link(view, digest(token))
    account = None if found is None else accounts.account_by_id(view, found.account_id)
    if found is None or account is None:
        raise LinkRefused(UNKNOWN, None)
    if found.state != password_links.OPEN:
        raise LinkRefused(USED if found.state == password_links.USED else SUPERSEDED, account)
    hours = ACTIVATION_HOURS if found.purpose == ACTIVATION else reset_hours
    if now - found.created_at >= timedelta(hours=hours):
        raise LinkRefused(EXPIRED, account)
    return GoodLink(account, found.purpose)


def note_refusal(work: Work, refusal: LinkRefused) -> None:
    """Note that a link did not work."""
    work.record(PasswordLinkRefused(refusal.account.email if refusal.account else None, refusal.reason))


def set_password(work: Work, token: str, password_hash: str, reset_hours: int, session_token: str | None) -> GoodLink:
    """Set the password of a link's account and use the link up; other sessions of the account end.

    An account that is new becomes active, and gets its API access token (wire format, assumed; so is that it comes with
    the activation). `session_token` is the browser's own session, which may go on. Raises LinkRefused.
    """
    link = look_at_link(work, token, work.now, reset_hours)
    password_links.use_link(work, digest(token))
    accounts.change_account(work, link.account.id, password_hash=password_hash)
    ended = accounts.end_sessions_of(work, link.account.id, but=digest(session_token) if session_token else None)
    # Whoever has the mailbox need not wait for a lock that wrong passwords brought about.
    accounts.forget_attempts(work, digest(link.account.email))
    work.record(PasswordSet(link.account.email, link.purpose, ended))
    organisation_id = link.account.organisation.id
    if tokens.token_of(work, organisation_id) is None:
        tokens.add_token(work, new_api_token(), organisation_id)
    return link
