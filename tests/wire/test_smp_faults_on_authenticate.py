"""Faults for one participant, in the call that asks for a token: whose it is, its body tells (ours: surface smp)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from simulator import Simulator
from tests.registering import BASE, USERS, connect
from tests.returning import NOON
from tests.servers import WorldClient, fresh_world
from tests.wire.test_smp_faults import counts, switch_on


@pytest.fixture
def noon(server: Simulator) -> Iterator[WorldClient]:
    """A world that stands at noon."""
    with fresh_world(server.url) as client:
        client.freeze(NOON)
        yield client


@pytest.mark.parametrize("way", ["json", "data"])
def test_a_fault_for_one_participant_finds_it_by_the_user_who_asks_for_a_token(noon: WorldClient, way: str) -> None:
    """wire format, assumed: match.participant; who asks for a token has none yet. JSON, and the form of OAuth 2."""
    switch_on(noon, "smp", {"status": 503}, match={"participant": "tamar"})
    asked = [ask_for_token(noon, way, name).status_code for name in ("brindle", "tamar", "nobody")]
    assert asked == [200, 503, 401 if way == "json" else 400]
    assert counts(noon) == [(1, 1)]


def ask_for_token(noon: WorldClient, way: str, participant: str) -> requests.Response:
    """As JSON or as the form; Tamar has been given access."""
    if participant == "tamar":
        give_access_quietly(noon)
    username, password = USERS.get(participant, (participant, "what-might-it-be"))
    grant = {} if way == "json" else {"grant_type": "password"}
    return noon.request("POST", f"{BASE}/authenticate", **{way: {**grant, "username": username, "password": password}})


def give_access_quietly(noon: WorldClient) -> None:
    """Step 3 for Tamar, without a call of the SMP."""
    connect(noon, "tamar", connection="access_provided", proForma={
        "contacts": [{"name": "Morwenna Rowe", "email": "dev@tamar-flex.example"}],
        "apiEndpoints": ["https://smp-client.tamar-flex.example"]})


def test_a_form_in_pieces_is_read_once_and_answered_when_a_fault_looks_at_it(noon: WorldClient) -> None:
    """Ours: the fault sees the same body as the call; nothing is asked of the client twice."""
    switch_on(noon, "smp", {"delayMs": 1}, match={"participant": "brindle"})
    username, password = USERS["brindle"]
    pieces = iter([b"grant_type=password&username=", f"{username}&password={password}".encode()])
    answer = noon.request("POST", f"{BASE}/authenticate", data=pieces,
                          headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (answer.status_code, counts(noon)) == (200, [(1, 1)])


def test_a_request_for_a_token_that_is_too_long_is_refused_when_a_fault_looks_at_it(noon: WorldClient) -> None:
    """Ours: the limit on bodies stands."""
    switch_on(noon, "smp", {"delayMs": 1}, match={"participant": "brindle"})
    assert noon.request("POST", f"{BASE}/authenticate", data=b" " * 4_000_001, headers={
        "Content-Type": "application/json"}).status_code == 413
