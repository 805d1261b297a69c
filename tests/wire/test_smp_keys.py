"""The keys that the SMP signs with: published as a JWK Set, rotated and retired through `/_sim` (assumed)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from joserfc import jwt

from simulator import Simulator
from simulator.settings import CannotStart
from tests.registering import BASE, Registrar, asset
from tests.servers import WorldClient, fresh_world, running, subprocess_server
from tests.signing import JWKS, one_error, published

KEYS = "/_sim/signing-keys"


def listed(world: WorldClient) -> list[dict[str, Any]]:
    """The keys as `/_sim` lists them."""
    return world.get(KEYS).json()["keys"]


def make(world: WorldClient) -> str:
    """A new key; its kid."""
    answer = world.post(KEYS)
    assert answer.status_code == 201, answer.text
    return answer.json()["kid"]


def kids(world: WorldClient) -> list[str]:
    """The kids in the JWK Set."""
    return [key["kid"] for key in world.get(JWKS).json()["keys"]]


def call(registrar: Registrar) -> requests.Response:
    """Any call with its token."""
    return registrar.world.post(f"{BASE}/assets", {"assets": [asset()]}, headers=registrar.headers)


def test_the_key_set_holds_public_members_only(world: WorldClient) -> None:
    """RFC 7517: GET /smp/.well-known/jwks.json, open to everybody, for the private half never leaves the server."""
    [key] = world.get(JWKS).json()["keys"]
    assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}
    assert (key["kty"], key["use"], key["alg"], key["e"]) == ("RSA", "sig", "RS256", "AQAB")
    assert world.get(JWKS).headers["Content-Type"] == "application/json"


def test_the_key_set_shows_old_and_new(world: WorldClient) -> None:
    """Ours: keys rotate (`/_sim`), JWKS shows old and new."""
    [first] = kids(world)
    second = make(world)
    third = make(world)
    assert kids(world) == [first, second, third]
    assert [(key["kid"], key["signs"]) for key in listed(world)] == [(first, False), (second, False), (third, True)]


@pytest.mark.proves("rule/signatures.keys")
def test_tokens_of_the_old_key_stay_good_and_new_ones_have_the_new_key(world: WorldClient) -> None:
    """Ours: keys rotate, JWKS shows old and new."""
    before = Registrar(world)
    made = make(world)
    after = Registrar(world)
    assert call(before).status_code == call(after).status_code == 202
    token = jwt.decode(after.headers["Authorization"].removeprefix("Bearer "), published(world))
    assert token.header["kid"] == made


def test_a_retired_key_s_tokens_are_refused(world: WorldClient) -> None:
    """Ours: keys rotate; a client that meets this must authenticate again."""
    before = Registrar(world)
    [old] = kids(world)
    made = make(world)
    assert world.delete(f"{KEYS}/{old}").status_code == 204
    assert kids(world) == [made]
    error = one_error(call(before), 401)
    assert (error["code"], old in error["message"], made in error["message"]) == ("token_key", True, True)
    assert call(Registrar(world)).status_code == 202


def test_the_only_key_cannot_be_retired(world: WorldClient) -> None:
    """Ours: the platform always has a key to sign with."""
    error = one_error(world.delete(f"{KEYS}/{kids(world)[0]}"), 409)
    assert (error["code"], "make another one first" in error["message"]) == ("only_key", True)
    assert len(kids(world)) == 1


def test_an_unknown_key_cannot_be_retired(world: WorldClient) -> None:
    """Ours: 404 says where to look."""
    answer = world.delete(f"{KEYS}/nobody")
    assert (answer.status_code, KEYS in answer.json()["detail"]) == (404, True)


def test_a_retired_key_stays_retired(world: WorldClient) -> None:
    """Ours: the key that worlds begin with does not come back when others go."""
    [first] = kids(world)
    second = make(world)
    world.delete(f"{KEYS}/{first}")
    assert world.delete(f"{KEYS}/{first}").status_code == 404
    assert world.delete(f"{KEYS}/{second}").status_code == 409
    assert kids(world) == [second]


def test_keys_of_worlds_are_apart(world: WorldClient, server: Simulator) -> None:
    """Wire format, assumed: worlds are isolated; they begin with the key of their server, so that a new world costs
    none.
    """
    with fresh_world(server.url) as other:
        assert kids(other) == kids(world)
        made = make(other)
        assert made not in kids(world)


def test_a_reset_takes_the_world_s_own_keys_away(world: WorldClient) -> None:
    """Wire format, assumed: POST /_sim/reset, back to the world's fixture."""
    before = kids(world)
    make(world)
    world.post("/_sim/reset")
    assert kids(world) == before


def test_making_and_retiring_are_facts(world: WorldClient) -> None:
    """Ours: what changes is in the journal, with the request that did it, and no private key."""
    [old] = kids(world)
    made = make(world)
    world.delete(f"{KEYS}/{old}")
    [making], [retiring] = world.journal("signing_key.made"), world.journal("signing_key.retired")
    assert (making["data"], retiring["data"]) == ({"key": made, "before": old}, {"key": old})
    assert making["causedBy"] is not None
    assert "PRIVATE" not in world.get("/_sim/journal").text


def test_keys_and_tokens_outlive_a_kill(tmp_path: Path) -> None:
    """Ours: with a data folder the keys are kept, those of the server and those of its worlds."""
    with subprocess_server(["--data", str(tmp_path)]) as first:
        world = first.client()
        token = Registrar(world).headers
        made = make(world)
        known = kids(world)
        first.kill()
    with subprocess_server(["--data", str(tmp_path)]) as second:
        world = second.client()
        assert kids(world) == known == [known[0], made]
        assert world.post(f"{BASE}/assets", {"assets": [asset()]}, headers=token).status_code == 202


def test_keys_of_two_servers_differ() -> None:
    """Ours: truly random, and no token of one server is good for another."""
    with running() as one, running() as two:
        first, second = WorldClient(one.url, "default"), WorldClient(two.url, "default")
        assert set(kids(first)).isdisjoint(kids(second))
        foreign = Registrar(first).headers
        error = one_error(second.post(f"{BASE}/assets", {"assets": [asset()]}, headers=foreign), 401)
        assert error["code"] == "token_key"


def test_a_damaged_key_is_told_at_the_start(tmp_path: Path) -> None:
    """Ours: bad input gets an error that says where, what and how to mend it."""
    (tmp_path / "signing.key").write_text("half a k")
    with pytest.raises(CannotStart, match="signing.key holds no key. Remove it"), running(data=tmp_path):
        pass
