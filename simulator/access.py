"""Who may drive the simulator: people and programs on this machine, or holders of the control token.

Never a web page of somebody else. `/_sim` and the console ask the same questions and word the answers each in its way.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from simulator.ids import same_secret
from simulator.own_names import host_of, is_named, is_this_machine
from simulator.settings import DEFAULT_WORLD
from simulator.web import current_worlds

_OWN_SITES = frozenset({"same-origin", "none"})
_READING = frozenset({"GET", "HEAD"})


def refusal_of_place() -> str | None:
    """Why this request may not drive the simulator, by where it is sent to and from; None when nothing is wrong."""
    if current_worlds.settings.on_loopback and not _is_sent_here(request.host):
        return (f"This server listens to this machine only, and was addressed as {request.host[:100]!r}. Use "
                f"{current_worlds.address_of(DEFAULT_WORLD) or 'http://127.0.0.1'}; or, if that name is yours, start "
                f"the server with FLEXSIM_PUBLIC_URL={request.scheme}://{request.host[:100]}.")
    origin = request.headers.get("Origin")
    if origin is not None and not _is_own_page(origin):
        return f"A web page of {origin[:100]!r} may not drive the simulator."
    if _is_fetched_by_another_page():
        return ("A web page of another site, or of another port of this machine, may not drive the simulator. You may "
                "follow a link of it to a page.")
    return None


def _is_fetched_by_another_page() -> bool:
    """Whether a browser says that a foreign page asks, and not for a person who followed a link to a whole page.

    Browsers say so of scripts, images and frames, which carry no Origin, and of other ports, which are `same-site`
    (Fetch Metadata). Programs say nothing.
    """
    site = request.headers.get("Sec-Fetch-Site", "none")
    is_followed_link = (request.method in _READING and request.headers.get("Sec-Fetch-Mode") == "navigate"
                        and request.headers.get("Sec-Fetch-Dest") == "document")
    return site not in _OWN_SITES and not is_followed_link


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


def _is_sent_here(header: str) -> bool:
    host = host_of(header)
    return host is not None and (is_this_machine(host) or is_named(host, current_worlds.settings))
