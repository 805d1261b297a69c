"""Who is who in the shipped fixtures. Their passwords and tokens are public: they protect nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """What a participant knows: None for what it has not, or what a test need not know."""

    participant: str
    email: str | None = None
    password: str | None = None
    api_token: str | None = None
    smp_username: str | None = None
    smp_password: str | None = None


SHIPPED: Mapping[str, Identity] = {
    "brindle": Identity("brindle", "operations@brindle.example", "Brindle-demo-2026", "demo-token-brindle",
                        "brindle-smp", "Brindle-smp-2026"),
    # Invited: it has no password and no token before its activation.
    "tamar": Identity("tamar", "desk@tamar-flex.example", None, None, "tamar-smp", "Tamar-smp-2026"),
}
"""The participants of the fixtures `demo` and `quiet`, by id."""


def identity_of(participant: str) -> Identity:
    """What is known of a participant: all, if it is one of the shipped fixtures; its id otherwise."""
    return SHIPPED.get(participant, Identity(participant))
