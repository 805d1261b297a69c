"""The e-mails that the portal sends: who gets them when, and what they say.

A letter is plain data: paragraphs, one link, tables. Text and HTML are made from the same blocks when it is read, so
that both say the same, and its links lead to where the world is served then. Portal guide §2.1 names the invitation
and the reset; §3.6 the three that users opt in to, whose words are in `month_letters`. The wording is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class BatchEmail(Enum):
    """The three e-mails of portal guide §3.6, in its order and with its times (London time, documented)."""

    MONTHLY_INVOICES = "monthly_invoices"
    WEEKLY_ACCEPTED_DECLARATIONS = "weekly_accepted_declarations"
    DAILY_SCHEDULES = "daily_schedules"

    @property
    def title(self) -> str:
        """The guide's name of it."""
        return _BATCH_WORDS[self][0]

    @property
    def when(self) -> str:
        """When it is sent, in words."""
        return _BATCH_WORDS[self][1]

    @property
    def about(self) -> str:
        """What it tells."""
        return _BATCH_WORDS[self][2]


_BATCH_WORDS = {
    BatchEmail.MONTHLY_INVOICES: (
        "Monthly Invoices email", "1st of every month at 04:00 London time",
        "The invoices of the previous month, so that you can review them and dispute the numbers."),
    BatchEmail.WEEKLY_ACCEPTED_DECLARATIONS: (
        "Weekly Accepted Declarations email", "every Thursday at 12:05 London time",
        "Which of your availability declarations have been accepted."),
    BatchEmail.DAILY_SCHEDULES: (
        "Daily Schedules email", "every day at 08:00 London time",
        "The dispatches scheduled for the next 24 hours."),
}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or a few."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Something to click. `path` is below the world, such as `/sign-in`."""

    words: str
    path: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: `columns` are its headings, each row has as many texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Paragraph | Link | Grid


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail before it has a recipient. `kind` is stable and for programs."""

    kind: str
    subject: str
    blocks: tuple[Block, ...]
    attachments: tuple[Attachment, ...] = field(default=())


RELAY_OFF, RELAY_WAITING, RELAYED, RELAY_FAILED = "off", "waiting", "relayed", "failed"
"""What became of a mail outside the mailbox: not wanted, not yet tried, taken by the relay, refused by it."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter in the mailbox. `relay` is one of the words above, `journal_entry` that it was sent."""

    id: int
    at: datetime
    recipient: str
    recipient_name: str
    letter: Letter
    journal_entry: int
    relay: str


def invitation(organisation: str, path: str, hours: int) -> Letter:
    """The invitation: a link that activates the account (portal guide §2.1)."""
    return Letter("invitation", f"Activate the Flexible Power Portal account of {organisation}", (
        Paragraph(f"An account on the Flexible Power Portal has been created for {organisation}."),
        Paragraph("Click the link to activate the account and create your password."),
        Link("Activate the account", path),
        Paragraph(f"The link is valid for {hours} hours and works once. After that, go to the log in page, click "
                  "“Forgot your password” and follow the prompts."),
        Paragraph("The email address to log in with is the one this message was sent to."),
    ))


def password_reset(organisation: str, path: str, hours: int) -> Letter:
    """The answer to “Forgot your password” (portal guide §2.1)."""
    return Letter("password_reset", "Set a new password for the Flexible Power Portal", (
        Paragraph(f"Somebody, hopefully you, asked for a new password for the account of {organisation}."),
        Link("Create a new password", path),
        Paragraph(f"The link is valid for {hours} hours and works once; earlier links no longer work."),
        Paragraph("If you did not ask for it, do nothing: your password stays as it is."),
    ))


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail of the portal, and how far it can be trusted that it is sent, when and why.

    `kind` is that of its letters, whose subjects begin with `subject`.
    """

    kind: str
    title: str
    when: str
    subject: str
    label: str
    source: str


EMAILS = (
    Email("invitation", "Invitation", "when an organisation is given an account", "Activate the Flexible Power Portal",
          "documented", "Portal guide §2.1. Its words are ours."),
    Email("password_reset", "Forgot your password", "when somebody asks for a new password", "Set a new password",
          "documented", "Portal guide §2.1. Its words are ours."),
    *(Email(email.value, email.title, email.when, email.title.removesuffix(" email") + ":", "documented",
            "Portal guide §3.6: name, time and purpose. Its words and columns are ours.") for email in BatchEmail),
)
"""Every e-mail that the portal sends."""
