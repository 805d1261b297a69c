"""The mailbox: sending letters, finding them, and noting what a mail server made of them."""

from __future__ import annotations

from simulator.market.facts import MailboxEmptied, MailRelayed, MailRelayFailed, MailSent
from simulator.market.letters import RELAY_FAILED, RELAY_OFF, RELAY_WAITING, RELAYED, Letter, Mail
from simulator.market.organisations import Account
from simulator.store import mails
from simulator.store.work import View, Work

MAIL_TOPIC = "mail"
"""What is announced when there is a new mail."""


def send_letter(work: Work, account: Account, letter: Letter) -> int:
    """Send a letter to an account's address: it is in the mailbox when the transaction is committed. Its number."""
    entry = work.reserve_entry()
    mail_id = mails.add_mail(work, account.email, account.organisation.name, letter, entry,
                             RELAY_WAITING if work.keeping.relays_mail else RELAY_OFF)
    mails.forget_oldest(work, mail_id, work.keeping.mailbox_limit)
    work.add_entry(entry, MailSent.kind, MailSent(mail_id, letter.kind, account.email, letter.subject), work.cause)
    work.announce(MAIL_TOPIC)
    return mail_id


def mail_by_id(view: View, mail_id: int) -> Mail | None:
    """One mail of the mailbox."""
    return mails.mail_by_id(view, mail_id)


def find_mails(view: View, to: str | None = None, subject: str | None = None, words: str | None = None,
               since: int = 0, limit: int = 1_000, newest_first: bool = False, offset: int = 0) -> list[Mail]:
    """Mails after the number `since`: to this address, with this part of a subject, with these words anywhere."""
    return mails.find_mails(view, to, subject, words, since, limit, newest_first, offset)


def count_mails(view: View, words: str | None = None) -> int:
    """How many mails there are, with these words anywhere."""
    return mails.count_mails(view, words)


def mails_around(view: View, mail_id: int) -> tuple[int | None, int | None]:
    """The numbers of the mail before and of the mail after this one."""
    return mails.mails_around(view, mail_id)


def empty_mailbox(work: Work) -> int:
    """Delete all mails; how many."""
    count = mails.forget_all(work)
    work.record(MailboxEmptied(count))
    return count


def mails_to_relay(view: View, limit: int = 100) -> list[Mail]:
    """Mails that a mail server has not been offered yet, oldest first."""
    return mails.waiting_mails(view, limit)


def relay_again(work: Work, mail: Mail) -> None:
    """Offer a mail to the mail server once more."""
    mails.set_relay(work, mail, RELAY_WAITING)
    work.announce(MAIL_TOPIC)


def note_relay(work: Work, mail: Mail, server: str, failure: str | None) -> None:
    """Note what the mail server made of a mail. It stays in the mailbox either way."""
    if mails.set_relay(work, mail, RELAYED if failure is None else RELAY_FAILED):
        work.record(MailRelayed(mail.id, server) if failure is None else MailRelayFailed(mail.id, server, failure))
