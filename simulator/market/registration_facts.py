"""The journal's vocabulary of the SMP: connections, tokens, keys, batches and what they created. See `facts`."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.market.facts import Fact


@dataclass(frozen=True, slots=True)
class ConnectionMoved(Fact):
    """A participant's connection to the SMP went from one step to another."""

    kind = "connection.moved"
    organisation: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ConnectionChanged(Fact):
    """Something of a participant's connection was changed; `changed` names the parts."""

    kind = "connection.changed"
    organisation: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlowSeen(Fact):
    """A message flow of the overview was seen from a participant for the first time."""

    kind = "flow.seen"
    organisation: str
    flow: str


@dataclass(frozen=True, slots=True)
class TokenIssued(Fact):
    """A participant authenticated and got a token; `token_id` is its `jti`, the token itself is nowhere kept."""

    kind = "smp_token.issued"
    organisation: str
    token_id: str
    key: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class AuthenticationRefused(Fact):
    """Username or password were wrong, or the connection is not far enough; `organisation` is None for unknown ones."""

    kind = "smp_token.refused"
    organisation: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class SigningKeyMade(Fact):
    """The platform signs with a new key from now on; `before` is the key it signed with until now, if any."""

    kind = "signing_key.made"
    key: str
    before: str | None


@dataclass(frozen=True, slots=True)
class SigningKeyRetired(Fact):
    """A key was taken out of the published key set: nothing that it signed verifies any more."""

    kind = "signing_key.retired"
    key: str


@dataclass(frozen=True, slots=True)
class SignatureRefused(Fact):
    """A request's signature is missing, or does not fit the request."""

    kind = "signature.refused"
    organisation: str
    reason: str


@dataclass(frozen=True, slots=True)
class BatchReceived(Fact):
    """A batch was accepted for processing; `items` are its assets, or those that its unit is to have."""

    kind = "batch.received"
    transaction: str
    organisation: str
    type: str
    items: int


@dataclass(frozen=True, slots=True)
class BatchMoved(Fact):
    """A batch went from one state to another; `errors` counts what was wrong with it."""

    kind = "batch.moved"
    transaction: str
    organisation: str
    before: str
    after: str
    errors: int = 0


@dataclass(frozen=True, slots=True)
class AssetsCreated(Fact):
    """A batch created assets."""

    kind = "assets.created"
    transaction: str
    organisation: str
    assets: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class UnitCreated(Fact):
    """A batch created a unit and aligned assets to it."""

    kind = "unit.created"
    transaction: str
    organisation: str
    unit: str
    name: str
    assets: int


@dataclass(frozen=True, slots=True)
class BatchReturnQueued(Fact):
    """A batch return waits to be pushed to the participant; `sent_to` is None when it has no callback URL."""

    kind = "batch.return_queued"
    transaction: str
    organisation: str
    sent_to: str | None
