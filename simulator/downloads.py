"""Files to keep: parts of a mail, the journal's exchanges, certificates; and those of each surface alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from flask import Response, request
from werkzeug.wsgi import wrap_file

from simulator import __version__
from simulator.documents.certificate import commissioning_certificate
from simulator.documents.exchange_files import RecordedExchange, Recording, http_archive
from simulator.documents.mail_messages import mail_message
from simulator.exchanges import MASK
from simulator.market.connections import Flow, SeenFlow, SmpConnection
from simulator.market.letters import Attachment, Mail
from simulator.market.organisations import Organisation
from simulator.operations.history import Entry
from simulator.web import current_world, world_url

LONGEST_ARCHIVE = 10_000
"""Exchanges in an archive."""


def mail_source(mail: Mail) -> bytes:
    """A mail as a mail server gets it; links lead to the address at which this request reached the world."""
    return mail_message(mail, current_world.name, world_url(), current_world.settings.mail_from).as_bytes()


def numbered_attachment(mail: Mail, number: int) -> Attachment | None:
    """An attachment by its number, from 1; None when the mail has no such one."""
    return mail.letter.attachments[number - 1] if 1 <= number <= len(mail.letter.attachments) else None


def attachment_answer(attachment: Attachment) -> Response:
    """An attached file, to be kept rather than shown."""
    return file_to_keep(attachment.content, attachment.media_type, attachment.filename)


def recording() -> Recording:
    """How this world's journal keeps exchanges; addresses are as the sender of this request knows them."""
    return Recording(request.host_url.rstrip("/"), MASK, current_world.settings.journal_body_characters)


def archive_answer(entries: Iterable[Entry]) -> Response:
    """Exchanges of the journal as an HTTP archive (HAR 1.2)."""
    content = http_archive([RecordedExchange(entry.id, entry.at, entry.kind, entry.caused_by, entry.data)
                            for entry in entries], recording(), current_world.name, __version__)
    return file_to_keep(content, "application/json", f"flexsim-{current_world.name}.har")


def certificate_answer(organisation: Organisation, connection: SmpConnection, seen: Mapping[Flow, SeenFlow]
                       ) -> Response:
    """The certificate of a commissioning test that has seen all flows, PDF."""
    content = commissioning_certificate(organisation, connection, seen, current_world.name)
    return file_to_keep(content, "application/pdf", f"commissioning-{organisation.id}.pdf")


def large_file_to_keep(file: Path, media_type: str, filename: str) -> Response:
    """A file that lies on the disk and that the browser stores; it goes out bit by bit. Raises FileNotFoundError."""
    # Opened here, so that the answer is whole even if the file is removed or replaced meanwhile.
    content = file.open("rb")
    answer = Response(wrap_file(request.environ, content), content_type=media_type, direct_passthrough=True)
    answer.content_length = os.fstat(content.fileno()).st_size
    answer.headers.set("Content-Disposition", "attachment", filename=filename)
    return answer


def file_to_keep(content: bytes | str | Iterator[bytes], media_type: str, filename: str) -> Response:
    """A file that the browser stores; a large one may come in pieces."""
    answer = Response(content, content_type=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=filename)
    return answer
