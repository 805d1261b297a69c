"""The SMP in the tests: a token, assets and units as they are posted, batches and what became of them."""

from __future__ import annotations

from typing import Any

import requests

from tests.servers import WorldClient, eventually

BASE = "/smp/api/v1"
USERS = {"brindle": ("brindle-smp", "Brindle-smp-2026"), "tamar": ("tamar-smp", "Tamar-smp-2026")}
MPAN = "1800021679848"
"""Of distributor 18, whose GSP Group is _N."""


def asset(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An asset as it is posted, with the reference B-number; None leaves a field out."""
    fields = {"externalReference": f"B-{number}", "name": f"Battery {number}", "mpan": MPAN, "postcode": "EH1 1AA",
              "technologyType": "Batteries", "connectionType": "DISTRIBUTION", "gspGroupId": "_N", "maxImportMw": 0.5,
              "maxExportMw": 0.5, "startDate": "2026-11-02", **changes}
    return {name: value for name, value in fields.items() if value is not None}


def unit(*assets: str, **changes: Any) -> dict[str, Any]:
    """A unit as it is posted, of assets by id or reference; None leaves a field out."""
    fields = {"name": "Ashgrove", "unitType": "AGGREGATED", "services": ["Response"], "startDate": "2026-11-02",
              "assets": list(assets), **changes}
    return {name: value for name, value in fields.items() if value is not None}


class Registrar:
    """A participant's client of the SMP in a world, with a token of its own."""

    def __init__(self, world: WorldClient, participant: str = "brindle") -> None:
        self.world = world
        username, password = USERS[participant]
        answer = world.post(f"{BASE}/authenticate", {"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def call(self, path: str, body: Any) -> requests.Response:
        """POST to a call such as `assets`."""
        return self.world.post(f"{BASE}/{path}", body, headers=self.headers)

    def send_assets(self, *assets: dict[str, Any]) -> str:
        """Post assets; the id of their transaction."""
        return _received(self.call("assets", {"assets": list(assets)}))

    def send_unit(self, *assets: str, **changes: Any) -> str:
        """Post a unit; the id of its transaction."""
        return _received(self.call("units", {"unit": unit(*assets, **changes)}))

    def read(self, transaction: str) -> dict[str, Any]:
        """A transaction as the status call tells it."""
        answer = self.call("transactions/status", {"transactionId": transaction})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def status(self, transaction: str) -> str:
        """Where a transaction stands."""
        return self.read(transaction)["status"]

    def ended(self, transaction: str) -> dict[str, Any]:
        """A transaction, when it has ended."""
        return eventually(lambda: (found := self.read(transaction))["status"] in ("SUCCEEDED", "FAILED") and found,
                          f"{transaction} ends")

    def outcome(self, transaction: str) -> tuple[str, list[tuple[int | None, str, str]]]:
        """How a transaction ended: its status, and (index, pointer, code) of each error."""
        found = self.ended(transaction)
        return found["status"], [(error["index"], error["pointer"], error["code"]) for error in found["errors"]]

    def register(self, *assets: dict[str, Any]) -> list[str]:
        """Register assets that are right; their ids."""
        found = self.ended(self.send_assets(*assets))
        assert found["errors"] == [], found
        return [each["assetId"] for each in found["result"]["assets"]]


def _received(answer: requests.Response) -> str:
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["status"] == "RECEIVED", body
    return body["transactionId"]


def connect(world: WorldClient, participant: str, **settings: Any) -> None:
    """Change a participant's connection to the SMP, as the simulator's user does."""
    answer = world.request("PATCH", f"/_sim/participants/{participant}", json={"smp": settings})
    assert answer.status_code == 200, answer.text


def give_access(world: WorldClient, participant: str = "tamar") -> Registrar:
    """A client of a participant whose connection is not as far as that in the demo world, and now is."""
    connect(world, participant, connection="access_provided", proForma={
        "contacts": [{"name": "Morwenna Rowe", "email": "dev@tamar-flex.example"}],
        "apiEndpoints": ["https://smp-client.tamar-flex.example"]})
    return Registrar(world, participant)


def moves_of(world: WorldClient, transaction: str) -> list[tuple[str, str]]:
    """(time of day, state) of each move of a transaction, as the journal has them."""
    return [(entry["at"][11:19], entry["data"]["after"]) for entry in world.journal("batch.moved")
            if entry["data"]["transaction"] == transaction]
