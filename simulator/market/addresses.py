"""What an email address is: the plain form that every mail program can write into a header (RFC 5322, dot-atom)."""

from __future__ import annotations

import re

LONGEST_ADDRESS = 254
"""Characters of an address (RFC 5321, 4.5.3.1)."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*\Z")


def is_address(text: str) -> bool:
    """Whether a text is an email address that mails can be sent to."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.match(text) is not None
