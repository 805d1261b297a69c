"""The mailbox of a world: every e-mail that the simulated platforms sent, and whether it was sent on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, bindparam, delete, func, select, update

from simulator.market.letters import RELAY_WAITING, Attachment, Block, Grid, Letter, Link, Mail, Paragraph
from simulator.store import tables
from simulator.store.engine import BulkStatement, Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work

_BLOCK_KINDS = {"paragraph": Paragraph, "link": Link, "grid": Grid}
_KIND_OF_BLOCK = {kind: name for name, kind in _BLOCK_KINDS.items()}


def add_mail(work: Work, recipient: str, name: str, letter: Letter, journal_entry: int, relay: str) -> int:
    """Put a letter into the mailbox; its id."""
    result = work.connection.execute(insert(tables.mails), {
        "at": to_micros(work.now), "kind": letter.kind, "recipient": recipient, "recipient_name": name,
        "subject": letter.subject, "journal_entry": journal_entry, "relay": relay,
        "blocks": orjson.dumps([{"is": _KIND_OF_BLOCK[type(block)], **asdict(block)} for block in letter.blocks]
                               ).decode(),
        "words": "\n".join((recipient, name, letter.subject, *map(_words, letter.blocks))).casefold(),
        "subject_words": letter.subject.casefold()})
    mail_id = result.inserted_primary_key[0]
    if letter.attachments:
        work.connection.execute(insert(tables.mail_attachments), [
            {"mail_id": mail_id, "number": number, "filename": attachment.filename,
             "media_type": attachment.media_type, "content": attachment.content}
            for number, attachment in enumerate(letter.attachments, 1)])
    return mail_id


def forget_oldest(work: Work, newest: int, limit: int) -> None:
    """Keep the newest `limit` mails."""
    if newest > limit:
        work.connection.execute(delete(tables.mails).where(tables.mails.c.id <= newest - limit))


def forget_all(work: Work) -> int:
    """Empty the mailbox; how many mails there were."""
    return work.connection.execute(delete(tables.mails)).rowcount


_TEXTS_WITH = Query(select(tables.mails.c.blocks).where(func.instr(tables.mails.c.blocks, bindparam("part"))))
_REPLACE = BulkStatement(update(tables.mails).where(func.instr(tables.mails.c.blocks, bindparam("part"))).values(
    blocks=func.replace(tables.mails.c.blocks, bindparam("old"), bindparam("new"))), ("old", "new", "part"))


def texts_with(view: View, part: str) -> list[str]:
    """What stands in the mails that contain these letters: JSON, of use for looking something up in it only."""
    return [text for text, in _TEXTS_WITH.all(view.connection, part)]


def replace_in_links(work: Work, old: str, new: str) -> None:
    """Put other letters in the place of some, wherever they stand in a mail but in the words that it is found by."""
    _REPLACE.run(work.connection, [(old, new, old)])


def mail_by_id(view: View, mail_id: int) -> Mail | None:
    """One mail."""
    row = view.connection.execute(select(tables.mails).where(tables.mails.c.id == mail_id)).first()
    return None if row is None else _mails(view, [row])[0]


def find_mails(view: View, to: str | None = None, subject: str | None = None, words: str | None = None,
               since: int = 0, limit: int = 1_000, newest_first: bool = False, offset: int = 0) -> list[Mail]:
    """Mails with an id after `since`: to exactly this address, with this part of a subject, with these words anywhere.

    Capitals make no difference. Oldest first, unless `newest_first`; the first `offset` of them are left out.
    """
    columns = tables.mails.c
    query = select(tables.mails).where(columns.id > since).limit(limit).offset(offset)
    query = query.order_by(columns.id.desc() if newest_first else columns.id)
    if to is not None:
        query = query.where(func.lower(columns.recipient) == to.strip().lower())
    if subject is not None:
        query = query.where(columns.subject_words.contains(subject.casefold(), autoescape=True))
    if words:
        query = query.where(_has_words(words))
    return _mails(view, list(view.connection.execute(query)))


def _has_words(words: str) -> ColumnElement[bool]:
    return tables.mails.c.words.contains(words.casefold(), autoescape=True)


def count_mails(view: View, words: str | None = None) -> int:
    """How many mails there are, with these words anywhere."""
    query = select(func.count()).select_from(tables.mails)
    return view.connection.execute(query.where(_has_words(words)) if words else query).scalar_one()


def mails_around(view: View, mail_id: int) -> tuple[int | None, int | None]:
    """The numbers of the mail before and of the mail after this one."""
    column = tables.mails.c.id
    before, after = (select(func.max(column)).where(column < mail_id), select(func.min(column)).where(column > mail_id))
    return view.connection.execute(before).scalar(), view.connection.execute(after).scalar()


def waiting_mails(view: View, limit: int) -> list[Mail]:
    """Mails that are still to be sent on, oldest first."""
    query = select(tables.mails).where(tables.mails.c.relay == RELAY_WAITING).order_by(tables.mails.c.id).limit(limit)
    return _mails(view, list(view.connection.execute(query)))


def set_relay(work: Work, mail: Mail, relay: str) -> bool:
    """Note what became of a mail outside the mailbox; False when it is no longer in the mailbox.

    A world that was reset meanwhile may have given its number to another mail, of another time.
    """
    columns = tables.mails.c
    statement = update(tables.mails).where(
        columns.id == mail.id, columns.at == to_micros(mail.at), columns.journal_entry == mail.journal_entry,
    ).values(relay=relay)
    return work.connection.execute(statement).rowcount == 1


def _mails(view: View, rows: list[Row]) -> list[Mail]:
    attachments: dict[int, list[Attachment]] = {}
    columns = tables.mail_attachments.c
    query = select(tables.mail_attachments).where(columns.mail_id.in_([row.id for row in rows])).order_by(
        columns.mail_id, columns.number)
    for row in view.connection.execute(query) if rows else ():
        attachments.setdefault(row.mail_id, []).append(Attachment(row.filename, row.media_type, row.content))
    return [
        Mail(row.id, from_micros(row.at), row.recipient, row.recipient_name,
             Letter(row.kind, row.subject, tuple(_block(value) for value in orjson.loads(row.blocks)),
                    tuple(attachments.get(row.id, ()))),
             row.journal_entry, row.relay)
        for row in rows]


def _words(block: Block) -> str:
    """What a reader sees of a block, to be searched in."""
    if isinstance(block, Grid):
        return "\n".join(" ".join(row) for row in (block.columns, *block.rows))
    return f"{block.words} {block.path.partition('?')[0]}" if isinstance(block, Link) else block.text


def _block(value: dict[str, Any]) -> Block:
    kind = value.pop("is")
    if kind == "grid":
        return Grid(tuple(value["columns"]), tuple(tuple(row) for row in value["rows"]))
    return _BLOCK_KINDS[kind](**value)
