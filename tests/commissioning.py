"""A participant that shows every message flow of the SMP's overview, for the tests of commissioning."""

from __future__ import annotations

import json
from typing import Any

from tests.dispatching import taking
from tests.registering import Registrar, asset, connect, unit
from tests.servers import WorldClient, eventually
from tests.signing import HEADER, detached, new_key, register, send_bytes

FLOWS = ["authenticate", "assets_submitted", "assets_success_returned", "assets_errors_returned", "unit_submitted",
         "unit_success_returned", "unit_errors_returned", "status_read", "signed_request"]
"""The flows of the overview, as `/_sim` names them."""


def commissioning_of(world: WorldClient, participant: str = "brindle") -> dict[str, Any]:
    """How far a participant's commissioning test is."""
    answer = world.get(f"/_sim/participants/{participant}/commissioning")
    assert answer.status_code == 200, answer.text
    return answer.json()


def seen(world: WorldClient) -> list[str]:
    """The flows seen from Brindle."""
    return [flow["flow"] for flow in commissioning_of(world)["flows"] if flow["seen"]]


def show_all_flows(world: WorldClient) -> None:
    """Let Brindle go through every flow, its endpoint acknowledging each batch return."""
    key = new_key()
    register(world, key)
    brindle = Registrar(world)
    with taking() as taker:
        connect(world, "brindle", callbackUrl=f"{taker.url}/returns")
        brindle.ended(brindle.send_assets(asset(1)))
        brindle.ended(brindle.send_assets(asset(2, mpan="1800021679847")))
        brindle.ended(brindle.send_unit("B-1"))
        brindle.ended(brindle.send_unit("B-404", name="Another"))
        body = json.dumps({"unit": unit("B-404", name="Signed")}).encode()
        answer = send_bytes(brindle, "units", body, **{HEADER.replace("-", "_"): detached(key, body)})
        assert answer.status_code == 202, answer.text
        eventually(lambda: seen(world) == FLOWS, "every flow is seen")
