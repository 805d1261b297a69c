"""The journal's vocabulary: one frozen dataclass for each thing that can happen. `kind` is its name in the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of all facts."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class ReadingsAccepted(Fact):
    """Readings were stored. `source` is `api` or `csv`; times are the first and last period end, RFC 3339."""

    kind = "readings.accepted"
    organisation: str
    source: str
    units: tuple[str, ...]
    accepted: int
    created: int
    updated: int
    late: int
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class UploadRefused(Fact):
    """A CSV upload broke rules, or was interrupted; nothing of it was stored."""

    kind = "upload.refused"
    organisation: str
    upload: int
    reason: str
    errors: int


@dataclass(frozen=True, slots=True)
class PasswordAccepted(Fact):
    """The first half of a sign-in."""

    kind = "sign_in.password_accepted"
    account: str


@dataclass(frozen=True, slots=True)
class SignedIn(Fact):
    """Password and code were right."""

    kind = "sign_in.completed"
    account: str


@dataclass(frozen=True, slots=True)
class SignInRefused(Fact):
    """A wrong password or code; `reason` says which, `account` is None when there is no such account."""

    kind = "sign_in.refused"
    account: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class SignedOut(Fact):
    """A user left."""

    kind = "sign_out"
    account: str


@dataclass(frozen=True, slots=True)
class AuthenticatorEnrolled(Fact):
    """An authenticator app was set up and verified."""

    kind = "authenticator.enrolled"
    account: str


@dataclass(frozen=True, slots=True)
class AuthenticatorReset(Fact):
    """Collar Support reset an authenticator; set-up starts again at the next sign-in."""

    kind = "authenticator.reset"
    account: str


@dataclass(frozen=True, slots=True)
class ApiTokenCreated(Fact):
    """A new API access token replaced the old one, which stopped working at once."""

    kind = "api_token.created"
    organisation: str


@dataclass(frozen=True, slots=True)
class ParticipantInvited(Fact):
    """An organisation got its one account, and an invitation by e-mail; `again` when an earlier link was replaced."""

    kind = "participant.invited"
    organisation: str
    account: str
    again: bool


@dataclass(frozen=True, slots=True)
class ParticipantChanged(Fact):
    """What the simulator's user changed of an organisation; `changed` names the parts."""

    kind = "participant.changed"
    organisation: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PasswordResetRequested(Fact):
    """Somebody clicked "Forgot your password"; `account` is None when there is no such account."""

    kind = "password.reset_requested"
    account: str | None


@dataclass(frozen=True, slots=True)
class PasswordLinkRefused(Fact):
    """A link that does not work was opened: `reason` is expired, used, superseded or unknown."""

    kind = "password.link_refused"
    account: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class PasswordSet(Fact):
    """A password was set through a link, for the first time (`activation`) or again (`reset`)."""

    kind = "password.set"
    account: str
    purpose: str
    sessions_ended: int


@dataclass(frozen=True, slots=True)
class EmailPreferenceChanged(Fact):
    """A user opted in to one of the three e-mails, or out of it."""

    kind = "email_preference.changed"
    account: str
    email: str
    opted_in: bool


@dataclass(frozen=True, slots=True)
class MailSent(Fact):
    """An e-mail went into the world's mailbox. `mail` is its number there."""

    kind = "mail.sent"
    mail: int
    letter: str
    to: str
    subject: str


@dataclass(frozen=True, slots=True)
class MailRelayed(Fact):
    """The mail server given with --smtp took an e-mail."""

    kind = "mail.relayed"
    mail: int
    server: str


@dataclass(frozen=True, slots=True)
class MailRelayFailed(Fact):
    """The mail server given with --smtp did not take an e-mail; it stays in the mailbox."""

    kind = "mail.relay_failed"
    mail: int
    server: str
    reason: str


@dataclass(frozen=True, slots=True)
class MailboxEmptied(Fact):
    """The simulator's user deleted all mails."""

    kind = "mailbox.emptied"
    mails: int


@dataclass(frozen=True, slots=True)
class MonthFinalised(Fact):
    """A London month became final: later readings of it are stored, and counted as late."""

    kind = "month.finalised"
    month: str


@dataclass(frozen=True, slots=True)
class ClockChanged(Fact):
    """The world's clock was set; `now` is RFC 3339."""

    kind = "clock.changed"
    mode: str
    now: str
    rate: float


@dataclass(frozen=True, slots=True)
class JobRan(Fact):
    """A line of the timetable ran; `error` says why it failed, if it did."""

    kind = "job"
    job: str
    due_at: str
    outcome: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class WorldStarted(Fact):
    """A world was made from its fixture, or put back to it."""

    kind = "world.started"
    fixture: str
    reason: str


def kinds() -> dict[str, str]:
    """Every journal kind of the market -> what it says."""
    return {fact.kind: (fact.__doc__ or "").strip() for fact in Fact.__subclasses__()}
