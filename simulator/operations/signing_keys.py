"""The keys that the SMP signs tokens and messages with: made, published side by side, retired.

Every world begins with its server's key, which is made once and outlives resets; a world stores keys only when it makes
one of its own. The newest key signs, all that are not retired are published (assumed).
"""

from __future__ import annotations

from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.market.registration_facts import SigningKeyMade, SigningKeyRetired
from simulator.market.signing_keys import PlatformKey, SigningKey
from simulator.store import signing_keys
from simulator.store.work import View, Work


def platform_keys(view: View, server_key: SigningKey | None) -> list[PlatformKey]:
    """The keys that a world publishes, oldest first; the last one signs. Empty only without a `server_key`."""
    begins_with = [] if server_key is None else [PlatformKey(server_key, None)]
    return signing_keys.keys_in_force(view) or begins_with


def signing_key(view: View, server_key: SigningKey) -> SigningKey:
    """The key that a world signs with."""
    return platform_keys(view, server_key)[-1].key


def add_signing_key(work: Work, server_key: SigningKey, fresh: SigningKey) -> PlatformKey:
    """Sign with a fresh key from now on; those before stay published, so that what they signed still verifies."""
    before = signing_keys.keys_in_force(work)
    if not before:
        signing_keys.add_key(work, server_key)
    signing_keys.add_key(work, fresh)
    work.record(SigningKeyMade(fresh.kid, before[-1].key.kid if before else server_key.kid))
    return PlatformKey(fresh, work.now)


def retire_signing_key(work: Work, server_key: SigningKey, kid: str) -> None:
    """Stop publishing a key: nothing that it signed verifies any more, tokens least of all.

    Raises NotFound, and Refused for the only key there is.
    """
    published = platform_keys(work, server_key)
    if kid not in [each.key.kid for each in published]:
        raise NotFound("signing key", kid[:80])
    if len(published) == 1:
        raise Refused([RuleBreach(None, None, "only_key", "It is the only key, and the platform has to sign with one: "
                                  "make another one first (POST /_sim/signing-keys), then retire this.")])
    signing_keys.retire_key(work, kid)
    work.record(SigningKeyRetired(kid))
