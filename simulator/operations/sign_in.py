"""Signing in: e-mail and password, then a six-digit code (portal guide §2.2, §2.3).

The limits (how many attempts, how long a lock, how much drift) are assumed, and settings. Attempts are counted by
address whether or not there is such an account, so that the answers tell a stranger nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from simulator import passwords
from simulator.ids import digest, new_authenticator_secret, new_session_token, same_secret
from simulator.market.facts import (
    AuthenticatorEnrolled,
    AuthenticatorReset,
    PasswordAccepted,
    SignedIn,
    SignedOut,
    SignInRefused,
)
from simulator.market.organisations import Account
from simulator.market.provenance import Rule
from simulator.store import accounts
from simulator.store.work import View, Work

RULES = (
    Rule("accounts.second_factor",
         "A sign-in takes email and password, then six digits of an authenticator app, which is set up with a QR "
         "code at the first one.",
         "documented", "Portal guide §2.2 and §2.3."),
    Rule("accounts.standard_codes",
         "The codes are standard TOTP: SHA-1, six digits, 30 seconds.",
         "inferred", "The authenticator apps that portal guide §2.2 names."),
    Rule("accounts.reset_authenticator",
         "Collar Support resets a lost authenticator; setting it up starts again.",
         "documented", "Portal guide §2.3."),
)

STEP_SECONDS = 30
ISSUER = "Flexible Power Portal (simulator)"
_STEPS_CALLED_EXPIRED = 20


@dataclass(frozen=True, slots=True)
class SignInRules:
    """The limits in force: attempts, length of a lock, drift in 30 s steps."""

    attempts: int
    lock: timedelta
    drift_steps: int


class NotSignedIn(Exception):
    """A password or code that was not accepted; the message is for the user."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def begin_attempt(work: Work, email: str, at: datetime, rules: SignInRules) -> None:
    """Count an attempt before looking at it, so that attempts side by side count as well.

    Raises NotSignedIn when the address is locked; the lock ends `rules.lock` after the last attempt that counted.
    """
    key = digest(email.lower())
    failed, last = accounts.failed_attempts(work, key, at - rules.lock)
    if failed >= rules.attempts and last is not None:
        minutes = max(1, round((last + rules.lock - at).total_seconds() / 60))
        raise NotSignedIn("locked", f"Too many attempts. Try again in {minutes} minute{'s' if minutes > 1 else ''}.")
    accounts.count_attempt(work, key, failed + 1, at)
    accounts.forget_attempts(work, before=at - rules.lock)


def password_matches(account: Account | None, password: str) -> bool:
    """Whether the password is the account's. Takes as long for an unknown account as for a known one."""
    return passwords.password_matches(account.password_hash if account is not None else None, password)


def refuse_password(work: Work, account: Account | None) -> NotSignedIn:
    """Note a wrong email or password; the error to raise when the transaction is over."""
    work.record(SignInRefused(account.email if account else None, "email or password"))
    return NotSignedIn("email or password", "That email address and password do not belong together. Check both; "
                                            "capitals matter in the password.")


def accept_password(work: Work, account: Account, at: datetime, rules: SignInRules) -> None:
    """Note that the first half of a sign-in succeeded: this attempt no longer counts.

    Earlier ones do until a code is right, or whoever knows the password could guess codes without end.
    """
    key = digest(account.email)
    failed, last = accounts.failed_attempts(work, key, at - rules.lock)
    accounts.count_attempt(work, key, max(failed - 1, 0), last or at)
    work.record(PasswordAccepted(account.email))


def account_by_email(view: View, email: str) -> Account | None:
    """The account with an email address."""
    return accounts.account_by_email(view, email)


def account_by_id(view: View, account_id: int) -> Account | None:
    """The account with a key."""
    return accounts.account_by_id(view, account_id)


def authenticator_secret_for_setup(work: Work, account: Account) -> str:
    """The secret to show on the set-up page; the same one until a code was verified."""
    if account.authenticator_enrolled:
        raise NotSignedIn("already set up", "An authenticator is set up for this account already.")
    if account.authenticator_secret is not None:
        return account.authenticator_secret
    secret = new_authenticator_secret()
    accounts.change_account(work, account.id, authenticator_secret=secret)
    return secret


def provisioning_uri(account: Account, secret: str) -> str:
    """What the QR code says: an `otpauth://` address, SHA-1, 6 digits, 30 seconds (inferred from the apps named)."""
    return pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=ISSUER)


def current_code(account: Account, at: datetime) -> str | None:
    """The code that the account's authenticator shows at an instant."""
    return None if account.authenticator_secret is None else pyotp.TOTP(account.authenticator_secret).at(at)


def verify_code(work: Work, account: Account, code: str, at: datetime, rules: SignInRules) -> None:
    """Accept a six-digit code once, within the drift allowed. Raises NotSignedIn and changes nothing otherwise."""
    secret = account.authenticator_secret
    if secret is None:
        raise NotSignedIn("not set up", "Set up an authenticator first.")
    step = _step_of(secret, code, at, range(-rules.drift_steps, rules.drift_steps + 1))
    if step is None:
        if _step_of(secret, code, at, range(-_STEPS_CALLED_EXPIRED, 0)) is not None:
            raise NotSignedIn("expired code", "That code has expired. Enter the one your authenticator shows now.")
        raise NotSignedIn("wrong code", "That code is not right. Enter the six digits your authenticator shows now; if "
                                        "it keeps failing, check that your device's clock is right.")
    if step <= account.last_code_step:
        raise NotSignedIn("used code", "That code was used already. Wait for the next one, at most 30 seconds.")
    accounts.change_account(work, account.id, last_code_step=step, authenticator_enrolled=True)
    accounts.forget_attempts(work, digest(account.email))
    if not account.authenticator_enrolled:
        work.record(AuthenticatorEnrolled(account.email))


def _step_of(secret: str, code: str, at: datetime, offsets: range) -> int | None:
    """The 30 s step whose code this is, among those `offsets` steps away from `at`."""
    authenticator = pyotp.TOTP(secret)
    found = None
    for offset in offsets:
        if same_secret(authenticator.at(at, counter_offset=offset), code):
            found = int(at.timestamp()) // STEP_SECONDS + offset
    return found


def note_refusal(work: Work, account: Account | None, refusal: NotSignedIn) -> None:
    """Note an attempt that was not accepted, in a transaction of its own; None when there is no such account."""
    work.record(SignInRefused(account.email if account else None, refusal.reason))


def open_session(work: Work, account: Account, at: datetime, longest: timedelta) -> str:
    """Sign the account in; the secret that the browser keeps."""
    token = new_session_token()
    accounts.end_sessions_before(work, at - longest)
    accounts.add_session(work, digest(token), account.id, at)
    work.record(SignedIn(account.email))
    return token


def account_of_session(view: View, token: str, at: datetime, longest: timedelta) -> Account | None:
    """The account that a browser's secret stands for, unless its session has ended."""
    return accounts.account_of_session(view, digest(token), at - longest)


def end_session(work: Work, token: str, account: Account) -> None:
    """Sign out."""
    accounts.end_session(work, digest(token))
    work.record(SignedOut(account.email))


def reset_authenticator(work: Work, account: Account) -> None:
    """What Collar Support does for a user who lost the authenticator: set-up starts again, old sessions end."""
    accounts.change_account(work, account.id, authenticator_secret=None, authenticator_enrolled=False,
                            last_code_step=0)
    accounts.end_sessions_of(work, account.id)
    work.record(AuthenticatorReset(account.email))


def account_of(view: View, organisation_id: str) -> Account | None:
    """The one account of an organisation."""
    return accounts.account_of(view, organisation_id)
