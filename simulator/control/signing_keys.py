"""`/_sim/signing-keys`: the keys that the SMP signs with; making new ones, and retiring old ones."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from simulator.control.bodies import Body
from simulator.control.refusals import refused
from simulator.market.errors import NotFound, Refused
from simulator.market.signing_keys import PlatformKey
from simulator.operations.signing_keys import add_signing_key, platform_keys, retire_signing_key
from simulator.signing import make_key
from simulator.web import current_world, json_answer, problem, work_of_request

_NOTHING = Body({})


def add_routes(blueprint: Blueprint) -> None:
    """List, make and retire keys."""
    blueprint.add_url_rule("/signing-keys", "list_signing_keys", list_keys)
    blueprint.add_url_rule("/signing-keys", "make_signing_key", make, methods=["POST"])
    blueprint.add_url_rule("/signing-keys/<kid>", "retire_signing_key", retire, methods=["DELETE"])


def list_keys() -> Response:
    """`{"keys": [{"kid", "madeAt", "signs"}]}`, oldest first; the last one signs, all are in the JWKS.

    `madeAt` is market time, null for the key that all worlds of the server begin with.
    """
    server_key = current_world.server_key()
    with current_world.view() as view:
        published = platform_keys(view, server_key)
    return json_answer({"keys": [_as_json(each, each is published[-1]) for each in published]})


def _as_json(published: PlatformKey, signs: bool) -> dict[str, Any]:
    return {"kid": published.key.kid, "madeAt": published.made_at, "signs": signs}


def make() -> Response:
    """Sign with a new key from now on; the old ones stay in the JWKS."""
    _NOTHING.read()
    # Keys take long to make: nobody should wait for that in a transaction.
    server_key, fresh = current_world.server_key(), make_key()
    with work_of_request() as work:
        made = add_signing_key(work, server_key, fresh)
    return json_answer(_as_json(made, True), 201)


def retire(kid: str) -> Response:
    """Take a key out of the JWKS: what it signed is refused from now on. 409 for the only one."""
    server_key = current_world.server_key()
    try:
        with work_of_request() as work:
            retire_signing_key(work, server_key, kid)
    except NotFound as error:
        return problem(404, "Not Found", f"{error} GET /_sim/signing-keys lists those there are.")
    except Refused as refusal:
        return refused(refusal, {})
    return Response(status=204)
