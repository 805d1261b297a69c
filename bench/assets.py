"""Batches of 1,000 assets for the benchmark, and the calls that hand them in. All paths are the default contract's."""

from __future__ import annotations

import json
from typing import Any

from bench.exchanges import exchange
from bench.problems import BenchProblem

ASSETS = 1_000
ASSETS_PATH = "/smp/api/v1/assets"
RUN = "@RUN@"
"""Stands in a body where each request has a word of its own."""

_USER = {"username": "brindle-smp", "password": "Brindle-smp-2026"}  # of the demo fixture


def batch(**changes: Any) -> str:
    """The body of a batch of 1,000 good assets; `changes` are made to each of them."""
    return json.dumps({"assets": [{
        "externalReference": f"B-{RUN}-{number}", "name": f"Battery {number} of the benchmark",
        "mpan": "1800021679848", "postcode": "EH1 1AA", "technologyType": "Batteries",
        "connectionType": "DISTRIBUTION", "connectionVoltageKv": 11, "gspGroupId": "_N", "maxImportMw": 0.5,
        "maxExportMw": 0.5, "energyCapacityMwh": 1.0, "startDate": "2026-11-02", **changes}
        for number in range(ASSETS)]})


def token_for(port: int) -> str:
    """A token of the demo's SMP user."""
    answer = exchange(port, "POST", "/smp/api/v1/authenticate", body=json.dumps(_USER).encode(),
                      headers={"Content-Type": "application/json"})
    if answer.status != 200:
        raise BenchProblem(f"authenticate answered {answer.status}: {answer.body[:300]!r}")
    return str(answer.as_json()["access_token"])
