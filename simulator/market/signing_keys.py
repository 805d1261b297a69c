"""Keys that sign tokens and messages of the SMP, and why a token, a signature or a set of keys was refused: plain data.

That messages are signed and that Authenticate returns a JWT is documented (SMP overview, The SMP APIs); RS256, the
forms of signatures and how keys are published are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from simulator.market.provenance import SMP, Rule

RULES = (
    Rule("signatures.both_ways",
         "JSON is signed in both directions.",
         "documented", "SMP overview, The SMP APIs.", SMP),
    Rule("signatures.form",
         "A signature is a detached JWS of the exact bytes (RS256, kid), or the JWS is the body; a request "
         "without one is taken unless the connection requires it.",
         "assumed", "Nobody outside the platform can know it.", SMP),
    Rule("signatures.keys",
         "The platform's keys are published as a JWKS; the newest signs.",
         "assumed", "Nobody outside the platform can know it.", SMP),
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair of the platform. `kid` is the name under which its public half is published."""

    kid: str
    private_pem: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A key that the platform publishes in a world; `made_at` is None for the key that all worlds of a server begin
    with.
    """

    key: SigningKey
    made_at: datetime | None


class TokenRefused(Exception):
    """A token that is not in force. `code` is one of `token_malformed`, `token_algorithm`, `token_key`,
    `token_signature`, `token_claims`, `token_issuer`, `token_audience`, `token_not_yet_valid`, `token_expired`;
    `detail` says in plain words (ASCII) what is wrong with it.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class SignatureBad(Exception):
    """A signature that does not fit what it came with; `detail` says in plain words (ASCII) why."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class KeysUnusable(Exception):
    """Public keys that signatures cannot be checked with; `problems` has a sentence for each thing wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems
