"""A server with a changed SMP contract registers assets and units by what that contract says, over real HTTP.

The requests are written with the contract; what the server answers, and what it has stored then, is told here by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import pytest
import requests

from simulator import Simulator
from simulator.contracts import BoundOperation, load_contract
from tests.servers import ROOT, WorldClient, fresh_world, running

FOLDER = ROOT / "tests" / "contracts" / "smp"
MPAN = "1800021679848"
"""Of distributor 18, whose GSP Group is _N."""

PATHS = {"everything_renamed": "/gateway/resources", "nested": "/assets", "texts": "/asset"}
TECHNOLOGY = {"everything_renamed": "BATTERY", "nested": "Batteries", "texts": "7"}


@dataclass(frozen=True)
class Client:
    """A participant's client of a world that speaks a changed contract."""

    world: WorldClient
    name: str
    operations: dict[str, BoundOperation]
    token: str = ""

    def call(self, operation_id: str, *records: dict[str, Any]) -> requests.Response:
        """Send records, with the token where the contract wants it."""
        operation = self.operations[operation_id]
        request = operation.write(records)
        headers = {"Content-Type": request.media_type, **request.headers}
        if self.token:
            place = operation.credential
            _, header, value = place.write(self.token) if place else ("", "Authorization", f"Bearer {self.token}")
            headers[header] = value
        return self.world.request(request.method, request.target, data=request.body, headers=headers)

    def signed_in(self) -> Client:
        """The same with a token."""
        answer = self.call("authenticate", {"username": "brindle-smp", "password": "Brindle-smp-2026", **(
            {"grant_type": "password"} if self.name == "texts" else {})})
        assert answer.ok, answer.text
        body = answer.json()
        return Client(self.world, self.name, self.operations, body.get("jwt") or body["token"])

    def asset(self, **changes: Any) -> dict[str, Any]:
        """An asset in canonical names."""
        return {"external_reference": "B-1", "name": "Battery", "mpan": MPAN, "postcode": "EH1 1AA",
                "technology_type": TECHNOLOGY[self.name], "connection_type": "distribution", "gsp_group_id": "_N",
                "max_import_kw": 500, "max_export_kw": 400, "start_date": date(2026, 11, 2), **changes}


UNIT = {"name": "Ashgrove", "unit_type": "aggregated", "services": ["response"], "start_date": date(2026, 11, 2),
        "assets": ["B-1"]}


@pytest.fixture(scope="session")
def smp_serving() -> Iterator[Callable[[str], Simulator]]:
    """The server in this process that was started with the SMP contract of a name."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(
            running(smp_progress="immediate", contracts={"smp": FOLDER / f"{name}.yaml"})))


@pytest.fixture
def client_of(smp_serving: Callable[[str], Simulator]) -> Iterator[Callable[[str], Client]]:
    """A client with a token, in a fresh world of the server with the contract of a name."""
    with ExitStack() as stack:
        def connect(name: str) -> Client:
            world = stack.enter_context(fresh_world(smp_serving(name).url))
            operations = load_contract("smp", FOLDER / f"{name}.yaml").operations
            return Client(world, name, dict(operations)).signed_in()

        yield connect


def transaction_of(name: str, answer: requests.Response) -> str:
    """The id that the answer to a batch has."""
    assert answer.ok, answer.text
    if name == "texts":
        return answer.headers["X-Batch"]
    return answer.json()["Batch"] if name == "everything_renamed" else answer.json()["envelope"]["transactionId"]


def status_of(client: Client, transaction: str) -> str:
    """Where a batch stands, in the contract's word."""
    answer = client.call("getTransactionStatus", {"transaction_id": transaction})
    assert answer.ok, answer.text
    if client.name == "texts":
        return answer.text
    return answer.json()["State"] if client.name == "everything_renamed" else answer.json()["envelope"]["status"]


def test_every_changed_contract_is_tried_here() -> None:
    """A contract file added to the folder is tried here too."""
    assert sorted(PATHS) == sorted(file.stem for file in FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("name", PATHS)
def test_an_asset_and_a_unit_are_registered(client_of: Callable[[str], Client], name: str) -> None:
    """Token, asset, unit and status, in the contract's names, places and words."""
    client, done = client_of(name), "OK" if name == "everything_renamed" else "succeeded"
    assert client.operations["createAssets"].path == PATHS[name]
    made = transaction_of(name, client.call("createAssets", client.asset()))
    assert status_of(client, made) == done
    assert status_of(client, transaction_of(name, client.call("createUnit", UNIT))) == done


@pytest.mark.parametrize("name", PATHS)
def test_a_bad_asset_is_told_by_the_market(client_of: Callable[[str], Client], name: str) -> None:
    """A rule that is no matter of form: the MPAN's check digit."""
    client = client_of(name)
    made = transaction_of(name, client.call("createAssets", client.asset(mpan="1800021679847")))
    assert status_of(client, made) == ("KO" if name == "everything_renamed" else "failed")
    if name == "everything_renamed":
        (fault,) = client.call("getTransactionStatus", {"transaction_id": made}).json()["Faults"]
        assert (fault["Where"], "7" in fault["Text"]) == ("/Resources/0/Mpan", True)


def test_too_many_are_refused_with_the_contracts_status(client_of: Callable[[str], Client]) -> None:
    """everything_renamed: three assets a message, 409 without a body."""
    client = client_of("everything_renamed")
    answer = client.call("createAssets", *(client.asset(external_reference=f"B-{number}") for number in range(4)))
    assert (answer.status_code, answer.content) == (409, b"")


def test_a_wrong_token_is_refused_by_the_defaults_answer(client_of: Callable[[str], Client]) -> None:
    """An outcome that the contract leaves out."""
    client = client_of("nested")
    answer = Client(client.world, client.name, client.operations, "wrong").call("createAssets", client.asset())
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")


def test_the_server_shows_the_contract_in_force(client_of: Callable[[str], Client]) -> None:
    """GET /_sim/contracts/smp, with the keys and the webhook that the contract leaves to the default."""
    document = json.loads(client_of("nested").world.request("GET", "/_sim/contracts/smp").content)
    assert document["info"]["title"] == "SMP: nested"
    assert ("/smp/.well-known/jwks.json" in document["paths"], "batchReturn" in document["webhooks"]) == (True, True)
