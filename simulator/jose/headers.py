"""The parts of a signed message or token before any signature is looked at, and what a stranger wrote, made printable.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

import orjson

from simulator.jose.keys import ALGORITHM

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*+\Z")

Refuse = Callable[[str, str], Exception]
"""Makes the error to raise, from a kind of fault (malformed, algorithm) and words for it."""


def decode(text: str) -> bytes:
    """Bytes of base64url without padding. Raises ValueError."""
    if not _BASE64URL.match(text):
        raise ValueError("not base64url")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def read_header(text: str, what: str, refuse: Refuse) -> dict[str, Any]:
    """The header of a token or message, if it says RS256 and no extension that we do not know."""
    try:
        header = orjson.loads(decode(text))
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise refuse("malformed", f"The header of {what}, before its first dot, is not base64url of a JSON object.")
    algorithm = header.get("alg")
    if isinstance(algorithm, str) and algorithm.lower() == "none":
        raise refuse("algorithm", f"The header of {what} says alg 'none', which is no signature at all: sign it with "
                     f"{ALGORITHM}.")
    if algorithm != ALGORITHM:
        raise refuse("algorithm", f"The header of {what} says alg {printable(algorithm)}: only {ALGORITHM} is taken.")
    if "crit" in header:
        # RFC 7515, 4.1.11: what must be understood and is not makes it invalid; b64 of RFC 7797 comes this way.
        raise refuse("malformed", f"The header of {what} demands extensions (crit {printable(header['crit'])}): none "
                     "is known here.")
    return header


def printable(value: Any) -> str:
    """What a stranger wrote, short, in quotes and in plain ASCII, fit for a header; `missing` when there is nothing."""
    if value is None:
        return "missing"
    text = value if isinstance(value, str) else str(value)
    kept = "".join(letter if " " <= letter <= "~" and letter not in "\"\\'" else "?" for letter in text[:60])
    return f"'{kept}'" if len(text) <= 60 else f"'{kept}...'"
