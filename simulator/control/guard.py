"""The guard of `/_sim`: programs on this machine, or holders of the control token; never a foreign web page."""

from __future__ import annotations

from typing import Any

from flask import request

from simulator.access import is_control_token, needs_control_token, refusal_of_place
from simulator.settings import SNAPSHOT_TYPE
from simulator.web import problem, surface_of_request

_OF_FORMS = frozenset({"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
"""What web pages may send anywhere without asking first (Fetch standard: CORS-safelisted)."""


def guard() -> Any:
    """Refuse calls of a foreign page or Host, without the control token where one is set, or not in JSON."""
    refusal = refusal_of_place()
    if refusal is not None:
        return problem(403, "Forbidden", refusal)
    if needs_control_token():
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not is_control_token(token.strip()):
            answer = problem(401, "Unauthorized", "Send the control token this server was started with: "
                             "'Authorization: Bearer …'.")
            answer.headers["WWW-Authenticate"] = 'Bearer realm="control"'
            return answer
    return _refusal_of_type()


def _refusal_of_type() -> Any:
    """Refuse what a foreign page's form can send unasked, also without a body; and bodies that are no JSON.

    The calls that take a database file take that type as well, which no form can send.
    """
    surface = surface_of_request()
    takes_file = surface is not None and request.endpoint in surface.snapshot_files
    if takes_file and request.mimetype == SNAPSHOT_TYPE:
        return None
    if request.mimetype in _OF_FORMS or (request.content_length and request.mimetype != "application/json"):
        also = f", or a snapshot's file with 'Content-Type: {SNAPSHOT_TYPE}'" if takes_file else ""
        return problem(415, "Unsupported Media Type", "Send JSON with the header 'Content-Type: "
                       f"application/json'{also}.")
    return None
