"""`/_sim/mailbox`: the mails that the simulated platforms sent, and waiting for the next one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from simulator.control.bodies import read_numbers, refuse
from simulator.documents.mail_messages import mail_html, mail_links, mail_text
from simulator.downloads import attachment_answer, mail_source, numbered_attachment
from simulator.market.letters import Attachment, Mail
from simulator.operations import mails
from simulator.web import ask_again, current_world, json_answer, problem, work_of_request, world_url

_MOST = 1_000
_NUMBER = "int(max=9223372036854775807)"  # what the store can count to
_LONGEST_WAIT_SECONDS = 300
_FILTERS = ("to", "subject", "since", "limit", "wait")


def add_routes(blueprint: Blueprint) -> None:
    """List, wait for, read and delete mails."""
    blueprint.add_url_rule("/mailbox", "list_mails", list_mails)
    blueprint.add_url_rule("/mailbox", "empty_mailbox", empty, methods=["DELETE"])
    blueprint.add_url_rule(f"/mailbox/<{_NUMBER}:mail_id>", "read_mail", read_mail)
    blueprint.add_url_rule(f"/mailbox/<{_NUMBER}:mail_id>/source", "read_mail_source", read_source)
    blueprint.add_url_rule(f"/mailbox/<{_NUMBER}:mail_id>/attachments/<{_NUMBER}:number>", "read_attachment",
                           read_attachment)


def list_mails() -> Response:
    """`{"messages": […]}`, oldest first: `to` an address, with `subject` in theirs, after the number `since`.

    With `wait` seconds the answer comes as soon as there is such a mail, or empty when the time is over.
    """
    unknown = [name for name in request.args if name not in _FILTERS]
    if unknown:
        refuse([{"pointer": f"query {name[:80]}", "code": "unknown", "message": f"There is no filter {name[:80]!r}; "
                 f"there are {', '.join(_FILTERS)}."} for name in unknown])
    numbers = read_numbers({"since": 0, "limit": _MOST, "wait": 0})
    if numbers["wait"] > _LONGEST_WAIT_SECONDS:
        refuse([{"pointer": "query wait", "code": "range", "message": f"At most {_LONGEST_WAIT_SECONDS} seconds."}])
    seen = current_world.announced(mails.MAIL_TOPIC)
    with current_world.view() as view:
        found = mails.find_mails(view, request.args.get("to"), request.args.get("subject"), None, numbers["since"],
                                 min(numbers["limit"], _MOST))
    answer = json_answer({"messages": [mail_as_json(mail) for mail in found]})
    if not found and numbers["wait"]:
        ask_again(answer, mails.MAIL_TOPIC, seen, numbers["wait"])
    return answer


def mail_as_json(mail: Mail) -> dict[str, Any]:
    """A mail as the calls show it; links lead to the address at which this request reached the world."""
    base = world_url()
    return {
        "id": mail.id, "at": mail.at, "to": mail.recipient, "subject": mail.letter.subject, "kind": mail.letter.kind,
        "text": mail_text(mail.letter, base), "html": mail_html(mail.letter, base),
        "links": [address for _, address in mail_links(mail.letter, base)],
        "attachments": [_attachment_as_json(mail, number, attachment, base)
                        for number, attachment in enumerate(mail.letter.attachments, 1)],
        "relay": mail.relay,
    }


def _attachment_as_json(mail: Mail, number: int, attachment: Attachment, base: str) -> dict[str, Any]:
    return {"filename": attachment.filename, "mediaType": attachment.media_type, "size": len(attachment.content),
            "url": f"{base}/_sim/mailbox/{mail.id}/attachments/{number}"}


def read_mail(mail_id: int) -> Response:
    """One mail."""
    mail = _find(mail_id)
    return _unknown(mail_id) if mail is None else json_answer(mail_as_json(mail))


def read_source(mail_id: int) -> Response:
    """The mail as a mail server gets it (`message/rfc822`)."""
    mail = _find(mail_id)
    if mail is None:
        return _unknown(mail_id)
    return Response(mail_source(mail), content_type="message/rfc822")


def read_attachment(mail_id: int, number: int) -> Response:
    """An attached file; numbers count from 1."""
    mail = _find(mail_id)
    attachment = None if mail is None else numbered_attachment(mail, number)
    return _unknown(mail_id) if attachment is None else attachment_answer(attachment)


def empty() -> Response:
    """Delete all mails."""
    with work_of_request() as work:
        mails.empty_mailbox(work)
    return Response(status=204)


def _find(mail_id: int) -> Mail | None:
    with current_world.view() as view:
        return mails.mail_by_id(view, mail_id)


def _unknown(mail_id: int) -> Response:
    return problem(404, "Not Found", f"There is no such thing in the mailbox of this world: {mail_id}.")
