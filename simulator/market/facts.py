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
class EndpointChanged(Fact):
    """Where an organisation takes dispatch messages was set; `auth` is none, bearer or hmac."""

    kind = "endpoint.changed"
    organisation: str
    base_url: str
    auth: str


@dataclass(frozen=True, slots=True)
class DispatchPlanned(Fact):
    """The control room planned a dispatch; its start message goes out at `start_message_at`."""

    kind = "dispatch.planned"
    dispatch: str
    organisation: str
    programme: str
    units: tuple[str, ...]
    start_at: str
    end_at: str
    start_message_at: str


@dataclass(frozen=True, slots=True)
class DispatchStopAsked(Fact):
    """The control room wants a dispatch to end early, at once (`emergency`) or in the ordinary way."""

    kind = "dispatch.stop_asked"
    dispatch: str
    emergency: bool


@dataclass(frozen=True, slots=True)
class DispatchMoved(Fact):
    """A dispatch went from one state to another, and why."""

    kind = "dispatch.moved"
    dispatch: str
    organisation: str
    before: str
    after: str
    because: str


@dataclass(frozen=True, slots=True)
class MessageDelivered(Fact):
    """A participant acknowledged a message."""

    kind = "message.delivered"
    message: int
    lane: str
    attempts: int


@dataclass(frozen=True, slots=True)
class MessageWaits(Fact):
    """An attempt failed; there will be another one at `next_at`."""

    kind = "message.waits"
    message: int
    lane: str
    attempts: int
    next_at: str
    reason: str


@dataclass(frozen=True, slots=True)
class MessageFailed(Fact):
    """The last attempt failed; the message is not sent again."""

    kind = "message.failed"
    message: int
    lane: str
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class MessageSuperseded(Fact):
    """A message that still waited was made pointless by a later one of its dispatch."""

    kind = "message.superseded"
    message: int
    lane: str
    by: int


@dataclass(frozen=True, slots=True)
class MessageHeld(Fact):
    """A fault holds a message back until the next one of its dispatch was delivered."""

    kind = "message.held"
    message: int
    lane: str


@dataclass(frozen=True, slots=True)
class FaultsChanged(Fact):
    """A fault was switched on or off; without a number, all were."""

    kind = "faults.changed"
    switched: str
    fault: int | None
    surface: str | None
    effect: dict[str, object] | None


@dataclass(frozen=True, slots=True)
class FaultApplied(Fact):
    """A fault touched the exchange that caused this entry."""

    kind = "fault.applied"
    fault: int
    surface: str
    effect: dict[str, object]


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


@dataclass(frozen=True, slots=True)
class SnapshotTaken(Fact):
    """A copy of the world was kept under a name."""

    kind = "snapshot.taken"
    name: str


@dataclass(frozen=True, slots=True)
class SnapshotRestored(Fact):
    """The world went back to a copy of it, or of another world, that was kept under a name."""

    kind = "snapshot.restored"
    name: str
