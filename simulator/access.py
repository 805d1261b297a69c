"""Who may drive the simulator: people and programs on this machine, or holders of the control token.

Never a web page of somebody else. `/_sim` and the console ask the same questions and word the answers each in its way.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import request

from simulator.ids import same_secret
from simulator.settings import DEFAULT_WORLD
from simulator.web import current_worlds


def refusal_of_place() -> str | None:
    """Why this request may not drive the simulator, by where it is sent to and from; None when nothing is wrong."""
    settings = current_worlds.settings
    if settings.on_loopback and not _is_local(request.host):
        return (f"This server listens to this machine only, and was addressed as {request.host[:100]!r}. Use "
                f"{current_worlds.address_of(DEFAULT_WORLD) or 'http://127.0.0.1'}.")
    origin = request.headers.get("Origin")
    if origin is not None and not _is_own_page(origin):
        return f"A web page of {origin[:100]!r} may not drive the simulator."
    return None


def needs_control_token() -> bool:
    """Whether this server was started with a control token."""
    return current_worlds.settings.control_token is not None


def is_control_token(token: str) -> bool:
    """Whether this is the server's control token; takes as long for a wrong one."""
    expected = current_worlds.settings.control_token
    return expected is not None and same_secret(token, expected)


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
