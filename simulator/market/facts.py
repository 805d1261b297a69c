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
