"""Authenticate: username and password against a JWT (SMP overview, The SMP APIs: documented; its forms are assumed)."""

from __future__ import annotations

import base64
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
import yaml
from joserfc import jwt
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient
from requests_oauthlib import OAuth2Session

from simulator.contracts import load_contract
from tests.registering import BASE, USERS, asset
from tests.servers import WorldClient, running, side_by_side
from tests.signing import one_error, published

USERNAME, PASSWORD = USERS["brindle"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def ask(world: WorldClient, username: str = USERNAME, password: str = PASSWORD) -> requests.Response:
    """In JSON."""
    return world.post(f"{BASE}/authenticate", {"username": username, "password": password})


def ask_by_form(world: WorldClient, **fields: str) -> requests.Response:
    """As an OAuth 2 client does."""
    whole = {"grant_type": "password", "username": USERNAME, "password": PASSWORD, **fields}
    return world.request("POST", f"{BASE}/authenticate", data={key: text for key, text in whole.items() if text})


def session(world: WorldClient, monkeypatch: pytest.MonkeyPatch) -> OAuth2Session:
    """A standard OAuth 2 client, which has to be talked into plain HTTP."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    client = OAuth2Session(client=LegacyApplicationClient(client_id="brindle"))
    client.trust_env = False
    return client


@pytest.mark.proves("rule/smp_tokens.jwt", "setting/smp_token_seconds")
@pytest.mark.parametrize("way", [ask, ask_by_form])
def test_the_token_is_a_bearer_token_for_an_hour(world: WorldClient, way) -> None:
    """wire format, assumed: {"access_token","token_type":"Bearer","expires_in":3600}, Cache-Control: no-store."""
    answer = way(world)
    assert answer.status_code == 200
    told = answer.json()
    assert (told.pop("access_token").count("."), told) == (2, {"token_type": "Bearer", "expires_in": 3600})
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.proves("rule/smp_tokens.claims", "rule/signatures.keys")
def test_another_library_verifies_the_token_by_the_published_keys(world: WorldClient) -> None:
    """wire format, assumed: an RS256 JWT with iss, sub, aud, iat, exp, jti."""
    token = jwt.decode(ask(world).json()["access_token"], published(world), algorithms=["RS256"])
    assert set(token.claims) == {"iss", "sub", "aud", "iat", "exp", "jti", "participant", "world"}
    assert (token.claims["sub"], token.claims["exp"] - token.claims["iat"]) == (USERNAME, 3_600)
    assert world.name in token.claims["iss"]
    assert world.name in token.claims["aud"]


def test_each_token_has_an_id_of_its_own(world: WorldClient) -> None:
    """RFC 7519, 4.1.7."""
    tokens = [jwt.decode(ask(world).json()["access_token"], published(world)).claims["jti"] for _ in range(3)]
    assert len(set(tokens)) == 3


def test_a_standard_client_fetches_and_uses_a_token(world: WorldClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: a standard OAuth2 client library fetches a token (requests-oauthlib)."""
    client = session(world, monkeypatch)
    token = client.fetch_token(f"{world.url}{BASE}/authenticate", username=USERNAME, password=PASSWORD)
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3_600)
    assert client.post(f"{world.url}{BASE}/assets", json={"assets": [asset()]}, timeout=60).status_code == 202


def test_a_standard_client_that_names_itself_is_not_in_the_way(world: WorldClient, monkeypatch: pytest.MonkeyPatch
                                                               ) -> None:
    """RFC 6749, 2.3.1: clients may send HTTP Basic of their own; the overview knows username and password only."""
    client = session(world, monkeypatch)
    assert client.fetch_token(f"{world.url}{BASE}/authenticate", username=USERNAME, password=PASSWORD,
                              client_id="brindle", client_secret="any", scope=["a", "b"])["access_token"]


def test_a_standard_client_understands_the_refusal(world: WorldClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """wire format, assumed: 400 {"error":"invalid_grant"} for the form."""
    with pytest.raises(InvalidGrantError, match="do not belong together"):
        session(world, monkeypatch).fetch_token(f"{world.url}{BASE}/authenticate", username=USERNAME, password="wrong")


@pytest.mark.parametrize(("username", "password"), [
    (USERNAME, "wrong"), (USERNAME, PASSWORD.lower()), (USERNAME.upper(), PASSWORD), ("nobody", PASSWORD),
    (USERNAME, PASSWORD + " "), USERS["tamar"][:1] + (PASSWORD,), ("operations@brindle.example", "Brindle-demo-2026")])
def test_wrong_credentials_get_the_same_refusal(world: WorldClient, username: str, password: str) -> None:
    """wire format, assumed: 401 for JSON, 400 for the form. Nobody learns which half was wrong."""
    answer = ask(world, username, password)
    assert one_error(answer, 401)["code"] == "invalid_credentials"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="smp"'
    assert answer.headers["Content-Type"] == "application/problem+json"
    by_form = ask_by_form(world, username=username, password=password)
    assert by_form.status_code == 400
    assert by_form.json() == {"error": "invalid_grant", "error_description": answer.json()["detail"]}
    assert by_form.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(("fields", "error"), [
    ({"grant_type": "client_credentials"}, "unsupported_grant_type"), ({"grant_type": ""}, "invalid_request"),
    ({"username": ""}, "invalid_request"), ({"password": "", "username": ""}, "invalid_request"),
])
def test_a_form_that_is_no_request_gets_the_errors_of_oauth(world: WorldClient, fields: dict[str, str], error: str
                                                            ) -> None:
    """RFC 6749, 5.2."""
    answer = ask_by_form(world, **fields)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("name", ["username", "password", "grant_type"])
def test_a_form_that_repeats_a_field_is_an_invalid_request(world: WorldClient, name: str) -> None:
    """RFC 6749, 5.2: repeats a parameter. Which of the two is meant is not for us to guess."""
    fields = {"grant_type": "password", "username": USERNAME, "password": PASSWORD}
    answer = world.request("POST", f"{BASE}/authenticate", data=[*fields.items(), (name, fields[name])])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert name in answer.json()["error_description"]


def test_a_broken_form_is_an_invalid_request(world: WorldClient) -> None:
    """RFC 6749, 5.2."""
    answer = world.request("POST", f"{BASE}/authenticate", data=b"\xff\xfe", headers=FORM)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(("body", "media_type", "status"), [
    (b"{", "application/json", 400), (b"", "application/json", 400), (b"[]", "application/json", 422),
    (b'{"username": "brindle-smp"}', "application/json", 422), (b"<a/>", "application/xml", 415),
    (b'{"username": "brindle-smp", "password": 7}', "application/json", 422), (b"{}", "", 415),
])
def test_what_is_no_request_is_refused(world: WorldClient, body: bytes, media_type: str, status: int) -> None:
    """Wire format, assumed: shape errors are answered at once with 422, broken JSON 400, other content types 415."""
    answer = world.request("POST", f"{BASE}/authenticate", data=body, headers={"Content-Type": media_type})
    assert answer.status_code == status, answer.text
    assert "Brindle-smp" not in answer.text


def test_no_token_before_access_was_provided(world: WorldClient) -> None:
    """Ours: until step 3 is done, calls get 403 saying which step is open. Only who knows the password learns it."""
    username, password = USERS["tamar"]
    error = one_error(ask(world, username, password), 403)
    assert error["code"] == "no_access"
    assert "tamar" in error["message"]
    assert "of 4 is open" in error["message"]
    assert ask(world, username, "wrong").status_code == 401


@pytest.mark.parametrize("place", ["JSON", "form", "Basic", "query"])
def test_the_journal_never_holds_password_or_token(world: WorldClient, place: str) -> None:
    """house rule: secrets never reach the journal, wherever they were sent."""
    options = {"JSON": {"json": {"username": USERNAME, "password": PASSWORD}},
               "form": {"data": {"grant_type": "password", "username": USERNAME, "password": PASSWORD}},
               "Basic": {"auth": (USERNAME, PASSWORD), "json": {}},
               "query": {"params": {"username": USERNAME, "password": PASSWORD}, "json": {}}}[place]
    answer = world.request("POST", f"{BASE}/authenticate", **options)
    secrets = [PASSWORD, quote(PASSWORD), base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()]
    secrets += [answer.json()["access_token"]] if answer.ok else []
    journal = world.get("/_sim/journal").text
    assert "/authenticate" in journal
    assert [secret for secret in secrets if secret in journal] == []


def test_who_got_a_token_is_in_the_journal(world: WorldClient) -> None:
    """Ours: the journal tells who authenticated, by the token's id, and the flow it shows."""
    token = jwt.decode(ask(world).json()["access_token"], published(world))
    [issued] = world.journal("smp_token.issued")
    assert issued["data"]["organisation"] == "brindle"
    assert issued["data"]["token_id"] == token.claims["jti"]
    assert issued["data"]["key"] == token.header["kid"]
    [exchange] = [entry for entry in world.journal("http.in") if entry["id"] == issued["causedBy"]]
    assert exchange["data"]["surface"] == "smp"
    assert [entry["data"]["flow"] for entry in world.journal("flow.seen")] == ["authenticate"]


def test_a_refused_attempt_is_in_the_journal(world: WorldClient) -> None:
    """Ours: whoever looks for a mistake sees whose attempt failed."""
    ask(world, password="wrong")
    ask(world, username="nobody")
    ask(world, *USERS["tamar"])
    assert [entry["data"]["organisation"] for entry in world.journal("smp_token.refused")] == ["brindle", None, "tamar"]


def test_secrets_stay_out_of_the_journal_under_any_name(tmp_path: Path) -> None:
    """house rule: secrets never reach the journal. A contract of a user may call them and put them as it likes."""
    document = load_contract("smp").document
    call = document["paths"][f"{BASE}/authenticate"]["post"]
    call.pop("requestBody")
    call["parameters"] = [
        {"in": "query", "name": "who", "x-canonical": "username", "required": True, "schema": {"type": "string"}},
        {"in": "header", "name": "X-Pin", "x-canonical": "password", "required": True, "schema": {"type": "string"}}]
    token = call["responses"]["200"]["content"]["application/json"]["schema"]
    token["properties"]["jwt"] = {**token["properties"].pop("access_token"), "x-canonical": "access_token"}
    token["required"] = ["jwt"]
    file = tmp_path / "smp.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    with running(contracts={"smp": file}) as simulator:
        world = WorldClient(simulator.url, "default")
        answer = world.post(f"{BASE}/authenticate?who={USERNAME}", headers={"X-Pin": PASSWORD})
        assert answer.status_code == 200, answer.text
        journal = world.get("/_sim/journal").text
        assert "/authenticate" in journal
        assert [secret for secret in (PASSWORD, answer.json()["jwt"]) if secret in journal] == []
        world.close()


def test_first_calls_side_by_side_make_one_key() -> None:
    """Ours: the key is made with its first use, and only once, however many come at the same time."""
    with running() as simulator:
        worlds = [WorldClient(simulator.url, "default") for _ in range(6)]
        answers = side_by_side([partial(ask, world) for world in worlds])
        kids = {jwt.decode(answer.json()["access_token"], published(worlds[0])).header["kid"] for answer in answers}
        assert len(kids) == 1
        for world in worlds:
            world.close()
