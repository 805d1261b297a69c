"""The platform's signing keys in a world: those that were made in it, and the one it began with, once it made others.
"""

from __future__ import annotations

from sqlalchemy import select, update

from simulator.market.signing_keys import PlatformKey, SigningKey
from simulator.store.engine import Query, insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.smp_tables import signing_keys
from simulator.store.work import View, Work

_IN_FORCE = Query(
    select(signing_keys.c.kid, signing_keys.c.private_pem, signing_keys.c.created_at)
    .where(signing_keys.c.retired_at.is_(None)).order_by(signing_keys.c.number))


def keys_in_force(view: View) -> list[PlatformKey]:
    """The world's own keys that are not retired, oldest first; none while the world never made one."""
    return [PlatformKey(SigningKey(kid, pem), from_micros(made_at))
            for kid, pem, made_at in _IN_FORCE.all(view.connection)]


def add_key(work: Work, key: SigningKey) -> None:
    """Store a key."""
    work.connection.execute(insert(signing_keys), {
        "kid": key.kid, "private_pem": key.private_pem, "created_at": to_micros(work.now), "retired_at": None})


def retire_key(work: Work, kid: str) -> None:
    """Take a key out of use for good; its private half goes with it."""
    work.connection.execute(update(signing_keys).where(signing_keys.c.kid == kid)
                            .values(retired_at=to_micros(work.now), private_pem=""))
