"""Signatures of requests and of immediate answers, made and judged by joserfc. That JSON is signed in both directions
is documented (SMP overview, The SMP APIs), how is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from joserfc.errors import BadSignatureError
from joserfc.jwk import RSAKey

import simulator.contracts
from simulator import Simulator
from tests.registering import BASE, USERS, Registrar, asset, connect
from tests.servers import WorldClient, fresh_world, running
from tests.signing import (
    HEADER,
    JOSE,
    JWKS,
    compact,
    detached,
    judge_compact,
    judge_detached,
    new_key,
    one_error,
    register,
    send_bytes,
)

BODY = orjson.dumps({"assets": [asset()]})
SPACED = b' { "assets" :\r\n [' + orjson.dumps(asset()) + b"] }\n"
"""The same as a client would write it that likes to see what it sends."""


@dataclass(frozen=True)
class Signer:
    """Brindle's client with a registered key."""

    registrar: Registrar
    key: RSAKey

    @property
    def world(self) -> WorldClient:
        """Its world."""
        return self.registrar.world


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return new_key()


@pytest.fixture
def brindle(world: WorldClient, key: RSAKey) -> Signer:
    """Brindle signs if it likes."""
    register(world, key)
    return Signer(Registrar(world), key)


@pytest.fixture
def bound(world: WorldClient, key: RSAKey) -> Signer:
    """Brindle has to sign."""
    register(world, key, signatures="required")
    return Signer(Registrar(world), key)


@pytest.fixture(scope="module")
def compact_server() -> Iterator[Simulator]:
    """A server whose signed messages are bodies, its answers too."""
    with running(smp_signing="compact", smp_sign_answers=True) as simulator:
        yield simulator


@pytest.fixture
def wrapped(compact_server: Simulator, key: RSAKey) -> Iterator[Signer]:
    """Brindle in a world of that server."""
    with fresh_world(compact_server.url) as world:
        register(world, key)
        yield Signer(Registrar(world), key)


@pytest.fixture(scope="module")
def sealing_server() -> Iterator[Simulator]:
    """A server that signs its immediate answers."""
    with running(smp_sign_answers=True) as simulator:
        yield simulator


@pytest.mark.proves("rule/signatures.both_ways")
@pytest.mark.parametrize("body", [BODY, SPACED])
def test_a_signed_request_is_accepted(bound: Signer, body: bytes) -> None:
    """wire format, assumed: detached JWS over the exact body bytes in X-JWS-Signature."""
    assert send_bytes(bound.registrar, "assets", body, X_JWS_Signature=detached(bound.key, body)).status_code == 202


def test_one_changed_byte_is_refused(bound: Signer) -> None:
    """wire format, assumed: a bad signature is 401 invalid_signature; spaces count, for the bytes are signed."""
    answer = send_bytes(bound.registrar, "assets", BODY + b" ", X_JWS_Signature=detached(bound.key, BODY))
    error = one_error(answer, 401)
    assert (error["code"], error["pointer"]) == ("invalid_signature", f"header {HEADER}")
    assert "every byte counts" in error["message"]
    assert bound.world.journal("batch.received") == []
    [refused] = bound.world.journal("signature.refused")
    assert refused["data"]["organisation"] == "brindle"


def test_a_missing_signature_is_refused_where_it_is_required(bound: Signer) -> None:
    """wire format, assumed: required when the participant is set to `signatures: required`; says how to sign."""
    for path in ("assets", "units", "transactions/status"):
        error = one_error(send_bytes(bound.registrar, path, BODY), 401)
        assert (error["code"], HEADER in error["message"]) == ("invalid_signature", True)


@pytest.mark.proves("rule/signatures.form")
def test_a_missing_signature_will_do_where_it_is_optional(brindle: Signer) -> None:
    """wire format, assumed: verified if the header is present."""
    assert send_bytes(brindle.registrar, "assets", BODY).status_code == 202
    assert brindle.world.journal("signature.refused") == []


def test_a_bad_signature_is_refused_where_none_is_required(brindle: Signer) -> None:
    """wire format, assumed: verified if the header is present."""
    for signature in ("", "x", "..", compact(brindle.key, BODY), detached(new_key(), BODY),
                      detached(new_key("stranger"), BODY)):
        error = one_error(send_bytes(brindle.registrar, "assets", BODY, X_JWS_Signature=signature), 401)
        assert error["code"] == "invalid_signature"


def test_a_signature_without_a_registered_key_is_refused(world: WorldClient, key: RSAKey) -> None:
    """wire format, assumed: participants register their keys in the pro-forma; unverified is as bad as wrong."""
    connect(world, "brindle", jwks=None)
    answer = send_bytes(Registrar(world), "assets", BODY, X_JWS_Signature=detached(key, BODY))
    assert "no public key is registered" in one_error(answer, 401)["message"]


def test_both_keys_are_good_while_a_participant_changes_them(world: WorldClient, key: RSAKey) -> None:
    """Ours: a JWK Set may hold several keys."""
    other = new_key("brindle-2")
    register(world, key, other)
    registrar = Registrar(world)
    for each in (key, other):
        assert send_bytes(registrar, "assets", BODY, X_JWS_Signature=detached(each, BODY)).status_code == 202


def test_a_key_registered_as_pem_is_good(world: WorldClient, key: RSAKey) -> None:
    """wire format, assumed: a JWKS or PEM."""
    connect(world, "brindle", jwks=key.as_pem(private=False).decode())
    answer = send_bytes(Registrar(world), "assets", BODY, X_JWS_Signature=detached(key, BODY))
    assert answer.status_code == 202


def test_a_signature_says_nothing_about_the_message(bound: Signer) -> None:
    """Ours: what is well signed can be wrong all the same, and is told so."""
    for body, status in ((b"{", 400), (b'{"assets": []}', 422)):
        answer = send_bytes(bound.registrar, "assets", body, X_JWS_Signature=detached(bound.key, body))
        assert answer.status_code == status, answer.text


def test_a_signed_request_is_a_flow_that_was_seen(brindle: Signer) -> None:
    """SMP overview, Establishing SMP connections, documented: all flows are tested."""
    send_bytes(brindle.registrar, "assets", BODY)
    assert "signed_request" not in flows(brindle.world)
    send_bytes(brindle.registrar, "assets", BODY, X_JWS_Signature=detached(brindle.key, BODY))
    assert "signed_request" in flows(brindle.world)


def flows(world: WorldClient) -> list[str]:
    """The flows that were seen."""
    return [entry["data"]["flow"] for entry in world.journal("flow.seen")]


def test_a_token_needs_no_signature(bound: Signer) -> None:
    """Ours: OAuth 2 clients cannot sign; the password is their proof. A signature that is there must be right."""
    username, password = USERS["brindle"]
    body = orjson.dumps({"username": username, "password": password})
    send = {"data": body, "headers": {"Content-Type": "application/json"}}
    assert bound.world.request("POST", f"{BASE}/authenticate", **send).status_code == 200
    send["headers"][HEADER] = detached(bound.key, body)
    assert bound.world.request("POST", f"{BASE}/authenticate", **send).status_code == 200
    send["headers"][HEADER] = detached(bound.key, body + b" ")
    assert one_error(bound.world.request("POST", f"{BASE}/authenticate", **send), 401)["code"] == "invalid_signature"


def test_compact_is_no_content_type_of_the_detached_mode(brindle: Signer) -> None:
    """wire format, assumed: mode setting detached (default) or compact."""
    answer = send_bytes(brindle.registrar, "assets", compact(brindle.key, BODY).encode(), Content_Type=JOSE)
    assert answer.status_code == 415


# The compact mode

@pytest.mark.proves("setting/smp_signing")
def test_a_compact_request_is_read_and_its_answer_is_compact(wrapped: Signer) -> None:
    """wire format, assumed: the body *is* the JWS, application/jose, in both directions."""
    answer = send_bytes(wrapped.registrar, "assets", compact(wrapped.key, BODY).encode(), Content_Type=JOSE)
    assert (answer.status_code, answer.headers["Content-Type"]) == (202, JOSE)
    assert orjson.loads(judge_compact(wrapped.world, answer.content))["status"] == "RECEIVED"
    assert "signed_request" in flows(wrapped.world)


def test_a_changed_compact_request_is_refused(wrapped: Signer) -> None:
    """wire format, assumed: 401 invalid_signature, in a signed answer."""
    first, _, seal = compact(wrapped.key, BODY).split(".")
    other = compact(wrapped.key, SPACED).split(".")[1]
    for message in (f"{first}.{other}.{seal}", compact(new_key(), BODY), "a.b", "a.!.c", ""):
        answer = send_bytes(wrapped.registrar, "assets", message.encode(), Content_Type=JOSE)
        assert answer.status_code == 401
        [error] = orjson.loads(judge_compact(wrapped.world, answer.content))["errors"]
        assert error["code"] == "invalid_signature", message
    assert wrapped.world.journal("batch.received") == []


def test_plain_json_is_refused_in_compact_mode_where_signatures_are_required(wrapped: Signer) -> None:
    """wire format, assumed: optional or required, per participant."""
    assert send_bytes(wrapped.registrar, "assets", BODY).status_code == 202
    connect(wrapped.world, "brindle", signatures="required")
    answer = send_bytes(wrapped.registrar, "assets", BODY)
    assert JOSE in orjson.loads(judge_compact(wrapped.world, answer.content))["detail"]


def test_tokens_and_keys_stay_json_in_compact_mode(wrapped: Signer) -> None:
    """Ours: OAuth 2 clients and JOSE libraries want them so; the token's answer is signed beside it."""
    username, password = USERS["brindle"]
    answer = wrapped.world.post(f"{BASE}/authenticate", {"username": username, "password": password})
    assert answer.json()["token_type"] == "Bearer"
    judge_detached(wrapped.world, answer.headers[HEADER], answer.content)
    assert wrapped.world.get(JWKS).json()["keys"]


def test_the_journal_shows_what_was_inside(wrapped: Signer) -> None:
    """Ours: nobody reads base64."""
    send_bytes(wrapped.registrar, "assets", compact(wrapped.key, BODY).encode(), Content_Type=JOSE)
    exchange = wrapped.world.journal("http.in")[-1]["data"]
    assert "BESS" in exchange["request_body"] or "B-1" in exchange["request_body"]
    assert "RECEIVED" in exchange["answer_body"]


def test_compact_mode_misses_a_signature_in_the_body(wrapped: Signer) -> None:
    """Ours: the pointer leads to where the sentence asks for a signature: the body, and not a header."""
    connect(wrapped.world, "brindle", signatures="required")
    answer = send_bytes(wrapped.registrar, "assets", BODY)
    [error] = orjson.loads(judge_compact(wrapped.world, answer.content))["errors"]
    assert (error["pointer"], JOSE in error["message"]) == ("", True)


def test_the_journal_says_that_an_answer_went_out_as_a_signed_message(wrapped: Signer) -> None:
    """Ours: the journal shows what was sent, though not in base64."""
    send_bytes(wrapped.registrar, "assets", BODY)
    assert wrapped.world.journal("http.in")[-1]["data"]["answer_headers"]["Content-Type"] == JOSE


# Immediate answers

@pytest.mark.proves("setting/smp_sign_answers")
def test_answers_are_not_signed_by_default(brindle: Signer) -> None:
    """wire format, assumed: immediate answers are signed by setting."""
    assert HEADER not in send_bytes(brindle.registrar, "assets", BODY).headers


@pytest.mark.proves("setting/smp_sign_answers")
def test_every_answer_is_signed_when_that_is_set(sealing_server: Simulator) -> None:
    """wire format, assumed: a good answer, a refusal, and one to a stranger; over the exact bytes."""
    with fresh_world(sealing_server.url) as world:
        registrar = Registrar(world)
        stranger = world.post(f"{BASE}/assets", {})
        for answer in (send_bytes(registrar, "assets", BODY), send_bytes(registrar, "assets", b"{}"), stranger):
            assert judge_detached(world, answer.headers[HEADER], answer.content)["alg"] == "RS256"
            with pytest.raises(BadSignatureError):
                judge_detached(world, answer.headers[HEADER], answer.content + b" ")


def test_the_status_of_a_batch_is_signed_likewise(sealing_server: Simulator) -> None:
    """wire format, assumed: immediate answers by setting, whichever call they answer."""
    with fresh_world(sealing_server.url) as world:
        registrar = Registrar(world)
        transaction = send_bytes(registrar, "assets", BODY).json()["transactionId"]
        answer = registrar.call("transactions/status", {"transactionId": transaction})
        assert answer.status_code == 200
        assert judge_detached(world, answer.headers[HEADER], answer.content)["alg"] == "RS256"


def test_a_signature_stands_in_the_header_that_the_contract_names(tmp_path: Path) -> None:
    """wire format: names follow the contract in force; a refusal that declares none takes that of the good answer."""
    contract = tmp_path / "seal.yaml"
    contract.write_text(Path(simulator.contracts.__file__).with_name("smp.yaml").read_text().replace(HEADER, "X-Seal"))
    with running(smp_sign_answers=True, contracts={"smp": contract}) as server, fresh_world(server.url) as world:
        registrar = Registrar(world)
        for answer in (send_bytes(registrar, "assets", BODY), send_bytes(registrar, "assets", b"{}")):
            judge_detached(world, answer.headers["X-Seal"], answer.content)
            assert HEADER not in answer.headers


def test_the_journal_shows_that_an_answer_was_signed(sealing_server: Simulator) -> None:
    """Ours: the header, its value masked as in requests."""
    with fresh_world(sealing_server.url) as world:
        send_bytes(Registrar(world), "assets", BODY)
        assert world.journal("http.in")[-1]["data"]["answer_headers"][HEADER] == "***"


def test_answers_are_signed_with_the_newest_key(sealing_server: Simulator) -> None:
    """Ours: keys rotate."""
    with fresh_world(sealing_server.url) as world:
        registrar = Registrar(world)
        made = world.post("/_sim/signing-keys").json()["kid"]
        answer = send_bytes(registrar, "assets", BODY)
        assert judge_detached(world, answer.headers[HEADER], answer.content)["kid"] == made
