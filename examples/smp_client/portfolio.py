"""What is registered: invented batteries in South Wales, and one unit made of them."""

from __future__ import annotations

from typing import Any

MOST_ASSETS = 1_000
"""Assets that one message may carry (SMP overview, The SMP APIs)."""

_DISTRIBUTOR = "21"  # of South Wales, whose GSP Group is _K
_GSP_GROUP = "_K"
_WEIGHTS = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)


def mpan(number: int) -> str:
    """An invented MPAN: two digits of the distributor, ten of our own, and the check digit."""
    twelve = f"{_DISTRIBUTOR}{number:010d}"
    return f"{twelve}{sum(int(digit) * weight for digit, weight in zip(twelve, _WEIGHTS, strict=True)) % 11 % 10}"


def batteries(count: int, run: str) -> list[dict[str, Any]]:
    """Assets as the platform wants them. `run` makes the references ours alone: each can be used once, ever."""
    return [{
        "externalReference": f"BESS-{run}-{number:04d}", "name": f"Battery {number} of run {run}",
        "mpan": mpan(1_000_000 + number), "postcode": "CF37 1AA", "technologyType": "Batteries",
        "connectionType": "DISTRIBUTION", "connectionVoltageKv": 11, "gspGroupId": _GSP_GROUP,
        "maxImportMw": 0.5, "maxExportMw": 0.5, "energyCapacityMwh": 1.0, "startDate": "2027-01-01"}
        for number in range(1, count + 1)]


def with_faults(assets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same assets with new references, the first with a wrong check digit, the second in a wrong GSP Group."""
    copies = [{**asset, "externalReference": f"{asset['externalReference']}-X"} for asset in assets]
    last = int(copies[0]["mpan"][-1])
    copies[0]["mpan"] = f"{copies[0]['mpan'][:-1]}{(last + 1) % 10}"
    copies[-1]["gspGroupId"] = "_A"
    return copies


def unit_of(asset_ids: list[str], run: str) -> dict[str, Any]:
    """One aggregated unit of these assets. Its name is ours alone as well."""
    return {"name": f"Batteries of run {run}", "unitType": "AGGREGATED", "services": ["Response", "Quick Reserve"],
            "startDate": "2027-01-01", "assets": asset_ids}
