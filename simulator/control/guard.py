"""The guard of `/_sim`: programs on this machine, or holders of the control token; never a foreign web page."""

from __future__ import annotations

from typing import Any

from flask import request

from simulator.access import is_control_token, needs_control_token, refusal_of_place
from simulator.web import problem


def guard() -> Any:
    """Refuse calls with a foreign Origin or Host, without the control token where one is set, or not in JSON."""
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
    if request.get_data() and request.mimetype != "application/json":
        return problem(415, "Unsupported Media Type", "Send JSON with the header 'Content-Type: application/json'.")
    return None
