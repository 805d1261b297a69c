"""The page of one mail, and its parts: the HTML on its own, the source, the attachments."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, url_for
from flask_wtf import FlaskForm

from simulator.console.mailbox import RELAY_WORDS
from simulator.documents import mail_messages
from simulator.downloads import attachment_answer, mail_source, numbered_attachment
from simulator.market.letters import RELAY_FAILED, Mail
from simulator.operations.mails import mail_by_id, mails_around, relay_again
from simulator.web import CONTENT_POLICY, current_world, work_of_request, world_url

_HTML_POLICY = ("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
                "frame-ancestors 'self'")
"""The HTML of a mail is shown like a stranger's: it runs nothing, loads nothing, and only its links work."""


def add_routes(blueprint: Blueprint) -> None:
    """Look at a mail and its parts, send it on again."""
    place = "/mailbox/<int(max=9007199254740991):mail_id>"
    blueprint.add_url_rule(place, "mail_page", mail_page)
    blueprint.add_url_rule(f"{place}/html", "mail_html", html_part)
    blueprint.add_url_rule(f"{place}/source", "mail_source", source)
    blueprint.add_url_rule(f"{place}/attachments/<int:number>", "mail_attachment", attachment)
    blueprint.add_url_rule(f"{place}/relay", "relay_mail", relay, methods=["POST"])


def _find(mail_id: int) -> Mail:
    with current_world.view() as view:
        mail = mail_by_id(view, mail_id)
    if mail is None:
        abort(404, f"There is no mail {mail_id} in this mailbox.")
    return mail


def mail_page(mail_id: int) -> Any:
    """One mail: what its reader sees, and what travels with it."""
    mail = _find(mail_id)
    with current_world.view() as view:
        before, after = mails_around(view, mail_id)
    answer = make_response(render_template(
        "console/mail.html", mail=mail, before=before, after=after, sender_name=mail_messages.SENDER_NAME,
        sender=current_world.settings.mail_from, text=mail_messages.mail_text(mail.letter, world_url()),
        links=mail_messages.mail_links(mail.letter, world_url()), relay_words=RELAY_WORDS,
        can_send_on=mail.relay == RELAY_FAILED, form=FlaskForm()))
    answer.headers["Content-Security-Policy"] = f"{CONTENT_POLICY}; frame-src 'self'"
    return answer


def html_part(mail_id: int) -> Response:
    """The HTML of a mail, for the frame on its page."""
    html = mail_messages.mail_html(_find(mail_id).letter, world_url())
    answer = Response(html, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = _HTML_POLICY
    return answer


def source(mail_id: int) -> Response:
    """The mail as it goes over SMTP, to read or to keep."""
    return Response(mail_source(_find(mail_id)), content_type="text/plain; charset=utf-8")


def attachment(mail_id: int, number: int) -> Response:
    """An attached file; numbers count from 1."""
    found = numbered_attachment(_find(mail_id), number)
    if found is None:
        abort(404, f"The mail {mail_id} has no attachment {number}.")
    return attachment_answer(found)


def relay(mail_id: int) -> Any:
    """Offer a mail to the mail server again that it did not take."""
    mail = _find(mail_id)
    if mail.relay == RELAY_FAILED:
        with work_of_request() as work:
            relay_again(work, mail)
        flash("The mail waits to be sent on again.", "success")
    else:
        flash("This mail need not be sent on again.", "info")
    return redirect(url_for("console.mail_page", mail_id=mail_id), 303)
