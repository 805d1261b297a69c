"""Which names stand for secrets: what is called so is never shown in the journal, in a log or in a message."""

from __future__ import annotations

import re

SECRET_NAME = re.compile(r"authori[sz]ation|cookie|token|secret|password|passwd|api[-_]?key|signature|^code$", re.I)
"""Part of the name of a header, a parameter or a field whose value is secret."""
