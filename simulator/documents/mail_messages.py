"""Mails as messages: text and HTML made from the same blocks, and the whole as it goes over SMTP (RFC 5322, MIME)."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

from simulator.market.letters import Block, Grid, Letter, Link, Mail, Paragraph

SENDER_NAME = "Flexible Power Portal (simulator)"
NOTICE = ("SIMULATOR — sent by a simulator of the Flexible Power Portal. Not affiliated with National Grid or any "
          "other operator.")

_BODY = "margin:0;background:#f4f7f8;color:#14323f;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere"
_CARD = "max-width:42rem;margin:0 auto;padding:1.5rem;background:#fff"
_BUTTON = ("display:inline-block;padding:.6rem 1.2rem;border-radius:.375rem;background:#0b5c86;color:#fff;"
           "text-decoration:none;font-weight:600")
_TABLE = "border-collapse:collapse;width:100%;margin:1rem 0;font-size:.95rem;overflow-wrap:break-word"
_CELL = "padding:.35rem .5rem;border-bottom:1px solid #d5dee3;vertical-align:top"
_FIGURE = re.compile(r"[-−+]?£?[0-9][0-9,]*(\.[0-9]+)?( kW)?")


def mail_text(letter: Letter, world_url: str) -> str:
    """The letter as plain text. `world_url` is where the world is served, such as http://127.0.0.1:8000/w/one."""
    return "\n\n".join([*(_text(block, world_url) for block in letter.blocks), f"-- \n{NOTICE}"])


def _text(block: Block, world_url: str) -> str:
    if isinstance(block, Paragraph):
        return block.text
    if isinstance(block, Link):
        return f"{block.words}:\n{world_url}{block.path}"
    return "\n".join(_text_rows(block))


def _text_rows(grid: Grid) -> list[str]:
    rows = [grid.columns, *grid.rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(grid.columns))]
    figures = _columns_of_figures(grid)
    return ["  ".join(cell.rjust(width) if is_figure else cell.ljust(width)
                      for cell, width, is_figure in zip(row, widths, figures, strict=True)).rstrip() for row in rows]


def _columns_of_figures(grid: Grid) -> list[bool]:
    """Which columns hold nothing but figures, and so stand to the right."""
    return [bool(grid.rows) and all(_FIGURE.fullmatch(row[place]) for row in grid.rows)
            for place in range(len(grid.columns))]


def mail_html(letter: Letter, world_url: str) -> str:
    """The letter as an HTML page that loads nothing; it says the same as the text."""
    blocks = "\n".join(_html(block, world_url) for block in letter.blocks)
    return (f'<!doctype html>\n<html lang="en-GB">\n<head><meta charset="utf-8"><title>{escape(letter.subject)}</title>'
            f'</head>\n<body style="{_BODY}">\n<div style="{_CARD}">\n<h1 style="font-size:1.3rem;margin:0 0 1rem">'
            f'{escape(letter.subject)}</h1>\n{blocks}\n<p style="margin:2rem 0 0;padding:.5rem .75rem;'
            f'background:#ffc845;color:#241c00;font-size:.85rem">{escape(NOTICE)}</p>\n</div>\n</body>\n</html>\n')


def _html(block: Block, world_url: str) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Link):
        return (f'<p><a href="{escape(world_url + block.path)}" target="_blank" rel="noopener" style="{_BUTTON}">'
                f"{escape(block.words)}</a></p>")
    cells = [_CELL + ";text-align:right;white-space:nowrap" if is_figure else _CELL + ";text-align:left"
             for is_figure in _columns_of_figures(block)]
    head = "".join(f'<th scope="col" style="{style}">{escape(name)}</th>'
                   for name, style in zip(block.columns, cells, strict=True))
    rows = "".join("<tr>" + "".join(f'<td style="{style}">{escape(cell)}</td>'
                                    for cell, style in zip(row, cells, strict=True)) + "</tr>" for row in block.rows)
    table = f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    # On a phone the table moves sideways rather than the whole mail; by keyboard too.
    return f'<div style="overflow-x:auto" tabindex="0" role="region" aria-label="Table">{table}</div>'


def mail_links(letter: Letter, world_url: str) -> list[tuple[str, str]]:
    """What can be clicked in a letter: (words, absolute address)."""
    return [(block.words, world_url + block.path) for block in letter.blocks if isinstance(block, Link)]


def mail_message(mail: Mail, world: str, world_url: str, sender: str) -> EmailMessage:
    """The mail as one multipart message. The same mail is always the same bytes."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line(mail.letter.subject)
    message["From"] = Address(SENDER_NAME, addr_spec=sender)
    message["To"] = Address(one_line(mail.recipient_name), addr_spec=mail.recipient)
    message["Date"] = mail.at
    message["Message-ID"] = f"<{mail.id}.{world}@flexsim.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Simulator"] = "flexsim; not a real platform"
    message.set_content(mail_text(mail.letter, world_url))
    message.add_alternative(mail_html(mail.letter, world_url), subtype="html")
    for attachment in mail.letter.attachments:
        main, _, sub = attachment.media_type.partition("/")
        message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.filename,
                               params={"charset": "utf-8"} if main == "text" else None)
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        # The library would draw them at random.
        part.set_boundary(f"=_flexsim_{mail.id}_{number}")
    return message


def one_line(text: str) -> str:
    """Text for a header, where control characters would end it."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text).split())
