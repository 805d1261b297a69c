"""Who may drive the simulator: programs on this machine, or holders of the control token; never a foreign web page."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from flask import request

from simulator.ids import same_secret
from simulator.web import current_worlds, problem


def guard() -> Any:
    """Refuse calls with a foreign Origin or Host, without the control token where one is set, or not in JSON."""
    settings = current_worlds.settings
    if settings.on_loopback and not _is_local(request.host):
        return problem(403, "Forbidden", f"This server listens to this machine only, and was addressed as "
                       f"{request.host[:100]!r}. Use http://127.0.0.1:{settings.port} or http://localhost.")
    origin = request.headers.get("Origin")
    if origin is not None and not _is_own_page(origin):
        return problem(403, "Forbidden", f"A web page of {origin[:100]!r} may not drive the simulator.")
    if settings.control_token is not None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not same_secret(token.strip(), settings.control_token):
            answer = problem(401, "Unauthorized", "Send the control token this server was started with: "
                             "'Authorization: Bearer …'.")
            answer.headers["WWW-Authenticate"] = 'Bearer realm="control"'
            return answer
    if request.get_data() and request.mimetype != "application/json":
        return problem(415, "Unsupported Media Type", "Send JSON with the header 'Content-Type: application/json'.")
    return None


def _is_own_page(origin: str) -> bool:
    try:
        return urlsplit(origin).netloc == request.host
    except ValueError:
        return False


def _is_local(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name == "localhost" or name.endswith(".localhost"):
            return True
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
