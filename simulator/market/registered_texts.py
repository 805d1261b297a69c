"""The rules for every text of an asset or unit that a batch is to create: it says something, in letters to be seen.

Codes are those of the contract's own rules for texts: `minLength` for a blank text, `pattern` for one with control
characters (assumed).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.market.provenance import SMP, Rule

RULES = (
    Rule("registrations.texts",
         "A text says something, in letters that can be seen.",
         "assumed", "Nobody outside the platform can know it.", SMP),
)

UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of characters that no name has: control characters, halves of letters, ends of lines and paragraphs."""


def text_findings(record: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the texts of a record in canonical names: field, code, message."""
    for field, value in record.items():
        # Most texts are plain, and a batch has thousands of them.
        if not isinstance(value, str) or (value.isprintable() and not value.isspace() and value):
            continue
        words = field.replace("_", " ")
        if not value.strip():
            yield field, "minLength", f"The {words} is blank: there are nothing but spaces in it. Send one."
        place = next((place for place, letter in enumerate(value, 1) if unicodedata.category(letter) in UNPRINTABLE),
                     None)
        if place is not None:
            yield (field, "pattern", f"The {words} has a control character (such as NUL, tab or a line break) at place "
                   f"{place}. Take it out.")
