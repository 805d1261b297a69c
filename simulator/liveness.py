"""Whether a server on this machine answers, asked from outside of it: what `flexsim health` and containers do."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from http.client import HTTPException
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

_SECONDS = 3


class NoAnswer(Exception):
    """The server does not answer; the message says from which port, and why."""


def ask_health(port: int, schemes: Iterable[str] = ("http", "https")) -> str:
    """What the health call answers, as it came, by the first scheme that works. Raises NoAnswer.

    The certificate is not checked: nothing secret is sent, and the question is whether something serves at this port.
    """
    unchecked = ssl.create_default_context()
    unchecked.check_hostname = False
    unchecked.verify_mode = ssl.CERT_NONE
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=unchecked))
    said = []
    for scheme in schemes:
        try:
            with opener.open(f"{scheme}://127.0.0.1:{port}/_sim/health", timeout=_SECONDS) as answer:
                return answer.read().decode()
        except (OSError, HTTPException) as error:
            said.append(f"{scheme}: {error}")
    raise NoAnswer(f"No answer from port {port}: {'; '.join(said)}")
