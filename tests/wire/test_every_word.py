"""Every word of the SMP's contract is taken where it stands, and comes back where the platform says it.

Words and their spelling: wire format, assumed, but for `Batteries`, the services and the GSP Groups, which are public.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.contracts import load_contract
from simulator.contracts.vocabulary import SEND_BATCH_RETURN, TRANSACTION_STATES, TRANSACTION_TYPES
from tests.registering import BASE, Registrar, asset, unit
from tests.servers import WorldClient

CONTRACT = load_contract("smp")
SCHEMAS = CONTRACT.document["components"]["schemas"]
WEIGHTS = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)


@pytest.fixture
def brindle(world: WorldClient) -> Registrar:
    """Brindle's client."""
    return Registrar(world)


def words_of(schema: str, field: str) -> list[str]:
    """The words that a field of the contract may have."""
    return SCHEMAS[schema]["properties"][field]["enum"]


def mpan_of_an_independent_network(number: int) -> str:
    """An MPAN whose distributor fixes no GSP Group; its last digit by the public formula."""
    core = f"24{number:010d}"
    return core + str(sum(int(digit) * weight for digit, weight in zip(core, WEIGHTS, strict=True)) % 11 % 10)


@pytest.mark.parametrize("field", ["technologyType", "connectionType", "gspGroupId"])
def test_assets_of_every_word_are_created(brindle: Registrar, field: str) -> None:
    """wire format: the lists of the contract; what may be said is registered."""
    words = words_of("Asset", field)
    made = brindle.register(*(asset(number, mpan=mpan_of_an_independent_network(number), **{field: word})
                              for number, word in enumerate(words)))
    assert len(made) == len(words) > 1


@pytest.mark.parametrize("word", words_of("Unit", "unitType"))
def test_units_of_every_type_are_created(brindle: Registrar, word: str) -> None:
    """wire format: the four types of units."""
    brindle.register(asset(1))
    assert brindle.outcome(brindle.send_unit("B-1", unitType=word)) == ("SUCCEEDED", [])


def test_a_unit_may_offer_every_service(brindle: Registrar) -> None:
    """Domain: public; the four service types, all of which a unit of the Balancing Mechanism may offer."""
    brindle.register(asset(1))
    services = SCHEMAS["Service"]["enum"]
    assert brindle.outcome(brindle.send_unit("B-1", unitType="BMU", services=services)) == ("SUCCEEDED", [])


@pytest.mark.parametrize(("path", "field", "body"), [
    ("assets", "technologyType", {"assets": [asset(technologyType="Magic")]}),
    ("assets", "connectionType", {"assets": [asset(connectionType="WIRELESS")]}),
    ("assets", "gspGroupId", {"assets": [asset(gspGroupId="_I")]}),
    ("units", "unitType", {"unit": unit("B-1", unitType="HERD")}),
    ("units", "services", {"unit": unit("B-1", services=["Applause"])}),
])
def test_any_other_word_is_refused(brindle: Registrar, path: str, field: str, body: Any) -> None:
    """wire format: shape errors are answered at once; there is no GSP Group _I."""
    answer = brindle.call(path, body)
    assert answer.status_code == 422
    assert [(field in error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(True, "enum")]


@pytest.mark.parametrize("state", TRANSACTION_STATES)
def test_every_state_can_be_said_where_the_contract_has_it(state: str) -> None:
    """wire format: one list of states for answers and batch returns, though the simulator answers a submission with
    RECEIVED and returns only what has ended; a contract of one's own may want the others. It proves no word of ours:
    what the simulator never sends stands in the ledger without a proof."""
    instant = datetime(2026, 11, 2, 16, tzinfo=UTC)
    transaction = {"transaction_id": "TX-1", "type": TRANSACTION_TYPES[0], "status": state, "submitted_at": instant,
                   "completed_at": instant, "result": None, "errors": []}
    answers = [CONTRACT.operations[call].answer("accepted", transaction)
               for call in ("createAssets", "getTransactionStatus")]
    returned = CONTRACT.outbound[SEND_BATCH_RETURN.operation_id].write({
        **transaction, "signature": "a..b", "delivery_id": "d", "attempt": 1})
    assert {json.loads(each.body)["status"] for each in (*answers, returned)} == {state.upper()}


@pytest.mark.parametrize("path", ["authenticate", "assets", "units", "transactions/status"])
def test_every_call_has_the_limit_of_bytes(brindle: Registrar, path: str) -> None:
    """wire format, assumed: 4 MB, unless the simulator is set otherwise; refused in the contract's own form."""
    answer = brindle.world.request("POST", f"{BASE}/{path}", data=b" " * 4_000_001,
                                   headers={**brindle.headers, "Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
