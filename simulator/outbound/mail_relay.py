"""Sends mails on to a mail server, when the simulator was started with --smtp HOST:PORT.

Each mail is offered once; the mailbox keeps it whatever the server says, and the journal tells. A server that is slow
or away delays nobody: one thread sends, and holds no world while it does. Mails that were still waiting when the
simulator ended are sent at the next start (so one may arrive twice after a crash).
"""

from __future__ import annotations

import logging
import queue
import smtplib
import threading

from simulator.documents.mail_messages import mail_message
from simulator.market.errors import NotFound
from simulator.market.letters import Mail
from simulator.operations import mails
from simulator.worlds import Worlds

PATIENCE_SECONDS = 10.0

_LONGEST_STOP_SECONDS = 1.0

_log = logging.getLogger("flexsim")


class MailRelay:
    """Sends the waiting mails of all worlds to one server, from `start` to `stop`."""

    def __init__(self, worlds: Worlds, server: str) -> None:
        self.server = server
        host, _, port = server.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._worlds = worlds
        self._asked: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="flexsim-mail", daemon=True)

    def start(self) -> None:
        """Begin: first with what is waiting since the last time."""
        self._deaf = self._worlds.announcements.listen(self._hear)
        for name in self._worlds.names():
            self._asked.put(name)
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more; a mail under way may still arrive."""
        self._stopping = True
        self._deaf()
        self._asked.put(None)
        self._thread.join(_LONGEST_STOP_SECONDS)

    def _hear(self, world: str, topic: str) -> None:
        if topic == mails.MAIL_TOPIC:
            self._asked.put(world)

    def _run(self) -> None:
        while (name := self._asked.get()) is not None:
            try:
                while not self._stopping and (waiting := self._waiting(name)):
                    self._send(name, waiting)
            except NotFound:
                continue
            except Exception:
                # The thread must outlive a world whose disk is full: later mails are tried again.
                _log.exception("world %s: its mails could not be sent on", name)

    def _waiting(self, name: str) -> list[Mail]:
        with self._worlds.using(name) as world, world.view() as view:
            return mails.mails_to_relay(view)

    def _send(self, name: str, waiting: list[Mail]) -> None:
        """Offer mails to the server over one connection; what it said about each is noted."""
        try:
            with smtplib.SMTP(self._host, self._port, timeout=PATIENCE_SECONDS) as connection:
                for mail in waiting:
                    self._note(name, mail, self._offer(connection, name, mail))
        except (OSError, smtplib.SMTPException) as error:
            # What was noted before the connection broke is no longer waiting.
            reason = f"The mail server {self.server} did not take it: {_words(error)}"
            for mail in self._waiting(name):
                if mail in waiting:
                    self._note(name, mail, reason)

    def _offer(self, connection: smtplib.SMTP, name: str, mail: Mail) -> str | None:
        settings = self._worlds.settings
        try:
            message = mail_message(mail, name, self._worlds.address_of(name), settings.mail_from)
            connection.send_message(message, settings.mail_from, [mail.recipient])
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException as error:
            return f"{self.server} refused it: {_words(error)}"
        except ValueError as error:
            # One mail that cannot be written must not stand in the way of all that come after it.
            return f"It could not be written as a message: {error}"
        return None

    def _note(self, name: str, mail: Mail, failure: str | None) -> None:
        if self._stopping:
            return
        with self._worlds.using(name) as world, world.work(mail.journal_entry) as work:
            mails.note_relay(work, mail, self.server, failure)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(_reply(*reply) for reply in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error.smtp_code, error.smtp_error)
    return str(error) or type(error).__name__


def _reply(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
