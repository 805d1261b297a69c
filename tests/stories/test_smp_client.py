"""The example client of the SMP in a process of its own: token, assets, unit, signed returns (SMP overview).

It is a program that users copy from, so it is tested like one: from outside, with its real output.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import KeySet, RSAKey

from examples.smp_client.keys import PlatformKeys
from examples.smp_client.portfolio import batteries, mpan, with_faults
from examples.smp_client.returns import Returns, create_app
from simulator import Simulator
from tests.servers import ROOT, WorldClient, clean_environment, fresh_world, running


@pytest.fixture(scope="module")
def prompt_server() -> Iterator[Simulator]:
    """A server that ends batches at once."""
    with running(smp_progress="immediate") as simulator:
        yield simulator


@pytest.fixture
def world(prompt_server: Simulator) -> Iterator[WorldClient]:
    """A fresh demo world of that server."""
    with fresh_world(prompt_server.url) as client:
        yield client


def run_client(url: str, *options: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`python -m examples.smp_client` to its end."""
    command = [sys.executable, "-m", "examples.smp_client", "--url", url, "--port", "0", *options]
    return subprocess.run(command, cwd=ROOT, env=clean_environment(env), capture_output=True, text=True, timeout=120,
                          check=False)


def test_a_thousand_assets_and_a_unit_are_registered(world: WorldClient) -> None:
    """SMP overview, documented: 1000 assets a message, 1 unit with 1000 aligned assets, batch returns."""
    ended = run_client(world.url, "--assets", "1000", "--register", "brindle")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for what in ("assets: signed return after .* signature verified: SUCCEEDED", "assets: 1,000 registered, AST-",
                 "unit: signed return after .* signature verified: SUCCEEDED",
                 "unit: AG-\\S+ registered, of 1,000 assets", "status of TX-\\S+: SUCCEEDED"):
        assert re.search(what, ended.stdout), ended.stdout


def test_it_can_show_every_flow_that_commissioning_asks_for(world: WorldClient) -> None:
    """SMP overview, Establishing SMP connections: simulation and testing of all flows by the participant."""
    ended = run_client(world.url, "--all-flows", "--register", "brindle")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "mpan_check_digit" in ended.stdout and "gsp_group_mismatch" in ended.stdout
    told = world.get("/_sim/participants/brindle/commissioning").json()
    assert [flow["flow"] for flow in told["flows"] if not flow["seen"]] == []


def test_it_signs_what_it_sends_when_that_is_required(world: WorldClient) -> None:
    """Ours: `signatures: required` refuses it without --sign, and takes it with."""
    assert run_client(world.url, "--sign", "--register", "brindle").returncode == 0
    assert world.request("PATCH", "/_sim/participants/brindle", json={"smp": {"signatures": "required"}}).ok
    refused = run_client(world.url)
    assert (refused.returncode, "invalid_signature" in refused.stderr) == (1, True), refused.stderr
    assert run_client(world.url, "--sign", "--register", "brindle").returncode == 0


def test_a_return_that_never_comes_is_asked_for(world: WorldClient) -> None:
    """SMP overview, Get Transaction Status; without a callback URL there is no return."""
    ended = run_client(world.url, "--patience", "0.5")
    assert ended.returncode == 0, ended.stderr
    assert "no return in 0.5 s; the status call says SUCCEEDED" in ended.stdout


def test_a_refusal_is_told_in_the_platform_s_words(world: WorldClient) -> None:
    """Ours: exit code 1, and what is wrong."""
    wrong = run_client(world.url, "--password", "wrong-password")
    assert (wrong.returncode, "401" in wrong.stderr) == (1, True)
    closed = run_client(world.url, "--username", "tamar-smp", "--password", "Tamar-smp-2026")
    assert (closed.returncode, "403" in closed.stderr, "Step 2 of 4" in closed.stderr) == (1, True, True), closed.stderr


def test_it_talks_over_tls_when_it_trusts_the_authority() -> None:
    """Ours: with the variable that the simulator's greeting names."""
    with running(tls=True, smp_progress="immediate") as simulator:
        ended = run_client(simulator.url, "--register", "brindle", env={"REQUESTS_CA_BUNDLE": str(simulator.ca_file)})
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("signature verified") == 2


def test_compact_messages_are_opened() -> None:
    """wire, assumed: mode compact, the body is the JWS."""
    with running(smp_progress="immediate", smp_signing="compact") as simulator:
        ended = run_client(simulator.url, "--register", "brindle")
    assert ended.stdout.count("signature verified: SUCCEEDED") == 2, ended.stdout + ended.stderr


@pytest.mark.parametrize("form", ["compact", "detached"])
def test_signed_answers_are_verified_and_opened(form: str) -> None:
    """wire format, assumed: immediate answers are signed like batch returns if the platform is set so."""
    with running(smp_progress="immediate", smp_signing=form, smp_sign_answers=True) as simulator:
        ended = run_client(simulator.url, "--register", "brindle")
    assert (ended.returncode, ended.stdout.count("verified: SUCCEEDED")) == (0, 2), ended.stdout + ended.stderr


def test_a_signed_refusal_is_told_in_the_platform_s_words() -> None:
    """Ours: a refusal comes in the same envelope."""
    with running(smp_signing="compact", smp_sign_answers=True) as simulator:
        assert run_client(simulator.url, "--run", "A", "--patience", "3").returncode == 0
        again = run_client(simulator.url, "--run", "A" * 100)
    assert (again.returncode, "maxLength" in again.stderr) == (1, True), again.stdout + again.stderr


class FixedKeys(PlatformKeys):
    """The platform's keys, already fetched; counts how often they would be fetched again."""

    def __init__(self, *keys: RSAKey) -> None:
        super().__init__("http://127.0.0.1:9/nothing")
        self.published = KeySet.import_key_set({"keys": [key.as_dict(private=False) for key in keys]})
        self.fetched = 0

    def _known(self, fetch_again: bool) -> KeySet:
        self.fetched += fetch_again
        return self.published


BODY = json.dumps({"transactionId": "TX-1", "status": "SUCCEEDED", "errors": []}).encode()


def signature_of(key: RSAKey, body: bytes = BODY, algorithm: str = "RS256") -> str:
    return jws.detach_content(jws.serialize_compact({"alg": algorithm, "kid": key.kid}, body, key, [algorithm]))


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


def post(returns: Returns, body: bytes, signature: str | None, delivery: str = "D-1") -> int:
    """The status that the endpoint answers."""
    headers = {"X-Delivery-Id": delivery, **({"X-JWS-Signature": signature} if signature is not None else {})}
    client = create_app(returns).test_client()
    return client.post("/batch-returns", data=body, headers=headers, content_type="application/json").status_code


def test_a_return_may_come_before_the_202_and_twice(key: RSAKey) -> None:
    """wire, assumed: at least once; and no rule says that it comes after the immediate answer."""
    returns = Returns(FixedKeys(key))
    assert [post(returns, BODY, signature_of(key)) for _ in range(2)] == [204, 204]
    assert returns.wait_for("TX-1", 0) == json.loads(BODY)


@pytest.mark.parametrize("change", ["body", "none", "garbage", "stranger", "other algorithm"])
def test_what_the_platform_has_not_signed_is_not_believed(key: RSAKey, change: str) -> None:
    """Ours: 401, and nobody who waits hears of it."""
    returns = Returns(FixedKeys(key))
    stranger = RSAKey.generate_key(2048, auto_kid=True)
    body = BODY.replace(b"SUCCEEDED", b"SUCCEEDeD") if change == "body" else BODY
    signature = {"body": signature_of(key), "none": None, "garbage": "a..b", "stranger": signature_of(stranger),
                 "other algorithm": signature_of(key, algorithm="RS512")}[change]
    assert post(returns, body, signature) == 401
    assert returns.wait_for("TX-1", 0) is None
    assert returns.keys.fetched == (1 if change == "stranger" else 0)


def test_keys_that_cannot_be_fetched_ask_for_the_return_again(key: RSAKey) -> None:
    """Ours: 503, after which the platform sends it once more."""
    assert post(Returns(PlatformKeys("http://127.0.0.1:9/nothing")), BODY, signature_of(key)) == 503


def test_its_mpans_are_sound() -> None:
    """Domain, public: the check digit of 13 digits; faults are in new references only."""
    assert mpan(1)[:2] == "21" and {len(mpan(number)) for number in range(100)} == {13}
    good = batteries(2, "T")
    assert {asset["externalReference"] for asset in with_faults(good)}.isdisjoint(
        asset["externalReference"] for asset in good)


def test_it_leans_on_nothing_of_the_simulator() -> None:
    """Ours: a client to copy must not need what a user does not have."""
    for file in sorted(Path(ROOT / "examples" / "smp_client").glob("*.py")):
        assert not re.search(r"^\s*(from|import) simulator", file.read_text("utf-8"), re.M), file


def test_its_readme_s_commands_are_its_options() -> None:
    """Ours: each option of the table is there, and each that is there is in the table."""
    told = (ROOT / "examples" / "smp_client" / "README.md").read_text("utf-8")
    listed = subprocess.run([sys.executable, "-m", "examples.smp_client", "--help"], cwd=ROOT, capture_output=True,
                            text=True, check=True).stdout
    options = set(re.findall(r"^  (?:-h, )?(--[a-z-]+)", listed, re.M)) - {"--help"}
    table = "\n".join(line for line in told.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(--[a-z-]+)", table)) == options
