"""The mailbox of a world: every mail that the simulated platforms sent, and waiting for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulator.testing.calls import ControlCalls
from simulator.testing.waiting import NotSeen, seconds_left, wait_until
from simulator.timekeeping.clock import stopwatch

PATIENCE_SECONDS = 10.0
"""How long `wait_for` waits, unless told otherwise."""

_LONGEST_CALL_SECONDS = 30


@dataclass(frozen=True)
class Attachment:
    """A file of a mail; `url` is where it can be fetched."""

    filename: str
    media_type: str
    size: int
    url: str


@dataclass(frozen=True)
class Mail:
    """A mail: its number, its market time (UTC), what it says, and the links in it, in order."""

    id: int
    at: datetime
    to: str
    subject: str
    kind: str
    text: str
    html: str
    links: tuple[str, ...]
    attachments: tuple[Attachment, ...]

    @property
    def link(self) -> str:
        """Its first link, such as that of an activation. Raises LookupError when it has none."""
        return _only(self, "")


class Mailbox:
    """The mailbox of one world.

        mail = mailbox.wait_for(to="desk@tamar-flex.example", subject="Activate")
        portal.get(mailbox.link(mail))
    """

    def __init__(self, world: str, control: ControlCalls) -> None:
        self._world = world
        self._control = control

    def all(self, to: str | None = None, subject: str | None = None, since: int = 0) -> list[Mail]:
        """Mails, oldest first: `to` an address, with `subject` in theirs, after the mail with the number `since`."""
        return self._ask(to, subject, since, None)

    def wait_for(self, to: str | None = None, subject: str | None = None, within: float = PATIENCE_SECONDS,
                 since: int = 0) -> Mail:
        """The first such mail, as soon as it is there: `within` counts real seconds, and does not move the clock.

        Raises NotSeen, an AssertionError that lists the mails there are. For the second mail of a kind, say `since`.
        """
        __tracebackhide__ = True
        deadline = stopwatch() + within

        def look() -> Mail | None:
            # The server waits with us, in whole seconds; the rest of the time we ask again and again.
            seconds = min(int(seconds_left(deadline)), _LONGEST_CALL_SECONDS)
            found = self._ask(to, subject, since, seconds or None)
            return found[0] if found else None

        mail = wait_until(look, within)
        if mail is None:
            raise NotSeen(self._explain(to, subject, within, since))
        return mail

    def link(self, mail: Mail, containing: str = "") -> str:
        """The first link of a mail whose address has `containing` in it. Raises LookupError with the links it has."""
        return _only(mail, containing)

    def empty(self) -> None:
        """Delete all mails."""
        self._control.delete("/mailbox")

    def _ask(self, to: str | None, subject: str | None, since: int, wait: int | None) -> list[Mail]:
        said = self._control.get("/mailbox", to=to, subject=subject, since=since, wait=wait)
        return [_mail(each) for each in said["messages"]]

    def _explain(self, to: str | None, subject: str | None, within: float, since: int) -> str:
        wanted = [f"to {to}"] if to else []
        wanted += [f"with {subject!r} in its subject"] if subject else []
        wanted += [f"after mail {since}"] if since else []
        there = self.all()
        lines = [f"no mail {' '.join(wanted) or 'at all'} came to the mailbox of the world {self._world} within "
                 f"{within:g} s", f"it holds {len(there)}:" if there else "it is empty"]
        for mail in there:
            is_address, is_subject = to is None or mail.to == to, subject is None or subject in mail.subject
            verdict = ("before that one" if is_address and is_subject else "another subject" if is_address
                       else "another address" if is_subject else "another address and subject")
            lines.append(f"  #{mail.id} {mail.at:%Y-%m-%d %H:%M} to {mail.to}: {mail.subject}   ({verdict})")
        return "\n".join(lines)


def _only(mail: Mail, containing: str) -> str:
    for link in mail.links:
        if containing in link:
            return link
    raise LookupError(f"the mail {mail.subject!r} has no link{f' with {containing!r} in it' if containing else ''}; "
                      f"its links: {', '.join(mail.links) or 'none'}")


def _mail(said: Mapping[str, Any]) -> Mail:
    files = tuple(Attachment(each["filename"], each["mediaType"], each["size"], each["url"])
                  for each in said["attachments"])
    return Mail(said["id"], datetime.fromisoformat(said["at"]), said["to"], said["subject"], said["kind"],
                said["text"], said["html"], tuple(said["links"]), files)
