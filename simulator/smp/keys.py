"""The platform's public keys, as a JWK Set (RFC 7517), for whoever verifies its tokens and batch returns (assumed)."""

from __future__ import annotations

from typing import Any

from simulator.contracts import BoundOperation, WireAnswer, WireRequest
from simulator.market.signing_keys import SigningKey
from simulator.operations.signing_keys import platform_keys
from simulator.signing import public_jwks
from simulator.world import Work, World


def need_key(world: World, operation: BoundOperation, request: WireRequest, message: Any) -> SigningKey:
    """The key that the world begins with; made now if nothing was signed yet."""
    return world.server_key()


def give_keys(world: World, work: Work, operation: BoundOperation, request: WireRequest, server_key: SigningKey
              ) -> WireAnswer:
    """All keys that are not retired, old and new."""
    return operation.answer("accepted", public_jwks([each.key for each in platform_keys(work, server_key)]))
