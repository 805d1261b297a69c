"""`GET /_sim/contracts/{platform}`: the OpenAPI contract in force."""

from __future__ import annotations

from flask import Blueprint, Response

from simulator.contracts import Contract
from simulator.web import json_answer, problem


def add_routes(blueprint: Blueprint, contracts: dict[str, Contract]) -> None:
    """Publish the contracts."""

    def read_contract(platform: str) -> Response:
        if platform not in contracts:
            return problem(404, "Not Found", f"There is no platform {platform[:80]!r}; there are "
                           f"{', '.join(sorted(contracts))}.")
        return json_answer(contracts[platform].document)

    blueprint.add_url_rule("/contracts/<platform>", "read_contract", read_contract)
