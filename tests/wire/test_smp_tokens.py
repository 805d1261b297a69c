"""Which tokens a call of the SMP takes, and why it takes no other (the JWT is documented, all else assumed)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from simulator import Simulator
from tests.registering import BASE, Registrar, asset, connect, give_access
from tests.servers import WorldClient, fresh_world, running
from tests.signing import new_key, one_error, published

CALLS = ("assets", "units", "transactions/status")


@pytest.fixture(scope="module")
def market_time() -> Iterator[Simulator]:
    """A server whose tokens go by market time, so that they can be made to run out."""
    with running(credentials="market", smp_token_seconds=600) as simulator:
        yield simulator


@pytest.fixture
def timed(market_time: Simulator) -> Iterator[WorldClient]:
    """A world of that server, whose clock stands."""
    with fresh_world(market_time.url) as client:
        client.freeze("2026-11-02T17:00:00Z")
        yield client


@pytest.fixture(scope="module")
def platform_key(server: Simulator) -> RSAKey:
    """The key that the server signs with, as whoever has broken into it would have it."""
    return RSAKey.import_key(server.worlds.server_keys.make().private_pem)


def call(world: WorldClient, token: str | None, path: str = "assets") -> requests.Response:
    """A call with a token, or with what passes for one."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return world.post(f"{BASE}/{path}", {"assets": [asset()]}, headers=headers)


def refused(world: WorldClient, token: str, code: str) -> str:
    """The reason why a token is refused; the same one stands in body and header, for programs and for people."""
    answer = call(world, token)
    error = one_error(answer, 401)
    assert (error["code"], error["index"], error["pointer"]) == (code, None, "header Authorization")
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer realm="smp", error="invalid_token", error_description="{error["message"]}"')
    return error["message"]


def forged(world: WorldClient, key: Any, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token like Brindle's, with another key, header or claims."""
    true = jwt.decode(token_of(Registrar(world)), published(world), algorithms=["RS256"])
    return jwt.encode({**true.header, **(header or {})}, {**true.claims, **claims}, key,
                      algorithms=[(header or {}).get("alg", "RS256")])


def token_of(registrar: Registrar) -> str:
    """Its token."""
    return registrar.headers["Authorization"].removeprefix("Bearer ")


@pytest.mark.parametrize("path", CALLS)
def test_every_call_needs_a_token(world: WorldClient, path: str) -> None:
    """SMP overview, The SMP APIs, documented: a JWT used in the headers of the calls."""
    answer = call(world, None, path)
    assert one_error(answer, 401)["code"] == "token_missing"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="smp"'


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("authorization", ["Basic YTpi", "Bearer", "Bearer ", "Token abc"])
def test_other_authorizations_are_no_token(world: WorldClient, path: str, authorization: str) -> None:
    """RFC 6750, 2.1."""
    answer = world.post(f"{BASE}/{path}", {}, headers={"Authorization": authorization})
    assert one_error(answer, 401)["code"] == "token_missing"


def test_the_portal_s_token_is_none_of_the_smp_s(world: WorldClient) -> None:
    """Ours: two platforms, two kinds of token."""
    assert "three parts" in refused(world, world.token, "token_malformed")


def test_an_expired_token_says_since_when(timed: WorldClient) -> None:
    """Ours: expired tokens get 401 with a precise reason."""
    token = token_of(Registrar(timed))
    timed.advance("PT9M59S")
    assert call(timed, token).status_code == 202
    timed.advance("PT2H1S")
    assert refused(timed, token, "token_expired") == (
        "The token expired at 2026-11-02T17:10:00Z, 2 hours ago; it is 2026-11-02T19:10:00Z now. Authenticate again.")


def test_a_token_from_the_future_is_not_yet_valid(timed: WorldClient) -> None:
    """Ours: the clock was set back after the token was issued."""
    token = token_of(Registrar(timed))
    timed.freeze("2026-11-02T16:00:00Z")
    assert "2026-11-02T17:00:00Z" in refused(timed, token, "token_not_yet_valid")


def test_tokens_go_by_the_wall_clock_unless_set_otherwise(world: WorldClient) -> None:
    """Design, 2: credential time is wall time, so that a client's own clock agrees; market time may be years away."""
    world.freeze("2031-01-01T00:00:00Z")
    token = token_of(Registrar(world))
    expires = datetime.fromtimestamp(jwt.decode(token, published(world)).claims["exp"], UTC)
    assert timedelta(minutes=55) < expires - datetime.now(UTC) < timedelta(minutes=61)
    world.advance("P30D")
    assert call(world, token).status_code == 202


def test_a_tampered_token_is_refused(world: WorldClient) -> None:
    """Ours: tampered tokens get 401 with a precise reason."""
    first = token_of(Registrar(world)).split(".")
    second = forged(world, new_key(None), sub="tamar-smp").split(".")
    assert "was changed after it was issued" in refused(world, f"{first[0]}.{second[1]}.{first[2]}", "token_signature")


def test_a_token_of_an_unknown_key_is_refused(world: WorldClient) -> None:
    """Ours: a precise reason."""
    told = refused(world, forged(world, new_key(None), {"kid": "mine"}), "token_key")
    assert "'mine'" in told


def test_a_token_without_a_signature_is_refused(world: WorldClient) -> None:
    """Ours: `alg: none` gets 401 with a precise reason."""
    body = token_of(Registrar(world)).split(".")[1]
    told = refused(world, f"eyJhbGciOiJub25lIn0.{body}.", "token_algorithm")
    assert "'none', which is no signature at all" in told


def test_a_token_of_another_algorithm_is_refused(world: WorldClient) -> None:
    """RFC 8725, 2.1."""
    token = forged(world, OctKey.generate_key(256), {"alg": "HS256"})
    assert "'HS256': only RS256" in refused(world, token, "token_algorithm")


def test_a_token_for_another_audience_is_refused(world: WorldClient, platform_key: RSAKey) -> None:
    """Ours: wrong-audience tokens get 401 with a precise reason."""
    told = refused(world, forged(world, platform_key, aud="https://elsewhere.example"), "token_audience")
    assert "https://elsewhere.example" in told


def test_a_token_of_one_world_is_refused_in_another(world: WorldClient, server: Simulator) -> None:
    """Wire format, assumed: worlds are isolated."""
    with fresh_world(server.url) as other:
        token = token_of(Registrar(other))
        assert call(other, token).status_code == 202
        assert other.name in refused(world, token, "token_issuer")


def test_a_token_outlives_a_reset(world: WorldClient) -> None:
    """Ours: a reset puts the world's data back; a client that runs need not notice."""
    token = token_of(Registrar(world))
    world.post("/_sim/reset")
    assert call(world, token).status_code == 202


def test_a_token_does_not_follow_the_name_to_another_participant(world: WorldClient) -> None:
    """Ours: a token speaks for one user of one participant, and ends when that user gets another name."""
    token = token_of(Registrar(world))
    connect(world, "brindle", username="brindle-two")
    give_access(world)
    connect(world, "tamar", username="brindle-smp")
    assert "authenticate again" in refused(world, token, "token_subject")


def test_a_token_ends_with_its_world(world: WorldClient) -> None:
    """Ours: PUT makes a world anew and forgets what it held, the tokens it gave out too. A reset does not."""
    token = token_of(Registrar(world))
    made = requests.put(f"{world.url.partition('/w/')[0]}/_sim/worlds/{world.name}", json={"fixture": "demo"},
                        timeout=60)
    assert made.ok, made.text
    assert "made anew" in refused(world, token, "token_issuer")


def test_a_token_of_a_user_that_is_gone_is_refused(world: WorldClient) -> None:
    """Ours: the operator gave the user another name."""
    token = token_of(Registrar(world))
    connect(world, "brindle", username="brindle-two")
    assert "authenticate again" in refused(world, token, "token_subject")


def test_a_token_gives_no_access_that_was_taken_back(world: WorldClient) -> None:
    """Ours: until step 3 is done, calls get 403 saying which step is open."""
    registrar = give_access(world)
    connect(world, "tamar", connection="pro_forma_returned")
    for path in CALLS:
        error = one_error(registrar.call(path, {}), 403)
        assert error["code"] == "no_access"
        assert "Step 3 of 4 is open" in error["message"]


def test_a_bad_token_is_told_before_anything_else(world: WorldClient) -> None:
    """Ours: strangers learn nothing about messages."""
    for body in (b"{", b"", b'{"assets": []}'):
        answer = world.request("POST", f"{BASE}/assets", data=body, headers={"Authorization": "Bearer a.b.c"})
        assert answer.status_code == 401


def test_nothing_is_signed_by_asking_without_a_token(tmp_path) -> None:
    """Ours: the key of a server is made when it is needed, not before: start and idle memory stay small."""
    with running(data=tmp_path) as simulator:
        world = WorldClient(simulator.url, "default")
        assert call(world, "a.b.c").status_code == 401
        assert not (tmp_path / "signing.key").exists()
        Registrar(world)
        assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600
        world.close()
