"""How far something can be trusted, as data that stands beside the rule it is about.

The four labels: documented (the platform's own document says so), public (a public page of the operator does), inferred
(it follows, with a reason), assumed (nobody outside the platform can know; it is ours).
"""

from __future__ import annotations

from dataclasses import dataclass

LABELS = ("documented", "public", "inferred", "assumed")
"""From the surest to the least sure."""

PORTAL, SMP, BOTH = "portal", "smp", "both"
"""The platform that something is about: the Flexible Power Portal with its participant API, the SMP, or both."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that the program keeps and that is no number: its words for people, its label and its source.

    `name` is stable and for programs, such as `declarations.lock`; `platform` is one of the three above.
    """

    name: str
    words: str
    label: str
    source: str
    platform: str = PORTAL
