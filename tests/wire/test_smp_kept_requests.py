"""A batch is read again when it is worked through, whatever the contract in force has outside the body."""

from __future__ import annotations

from pathlib import Path

import yaml

from simulator.contracts import load_contract
from tests.registering import BASE, Registrar, asset, unit
from tests.servers import WorldClient, running


def contract_with_names_outside(folder: Path) -> Path:
    """The default contract, but that a unit's name stands in the query and its type in a header."""
    document = load_contract("smp").document
    properties = document["components"]["schemas"]["Unit"]["properties"]
    schemas = {name: properties.pop(name) for name in ("name", "unitType")}
    document["components"]["schemas"]["Unit"]["required"] = ["services", "startDate", "assets"]
    call = document["paths"][f"{BASE}/units"]["post"]
    call["parameters"] = [*call["parameters"],
                          {"in": "query", "name": "unitName", "x-canonical": "name", "required": True,
                           "schema": schemas["name"]},
                          {"in": "header", "name": "X-Unit-Type", "x-canonical": "unit_type", "required": True,
                           "schema": schemas["unitType"]}]
    file = folder / "smp.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    return file


def test_fields_outside_the_body_are_kept_with_it(tmp_path: Path) -> None:
    """Wire format, assumed: fields, paths and methods all follow the contract in force."""
    with running(contracts={"smp": contract_with_names_outside(tmp_path)}) as simulator:
        world = WorldClient(simulator.url, "default")
        registrar = Registrar(world)
        registrar.register(asset(1))
        body = unit("B-1", name=None, unitType=None)
        answer = world.post(f"{BASE}/units?unitName=Ashgrove%20one", {"unit": body},
                            headers={**registrar.headers, "X-Unit-Type": "AGGREGATED"})
        assert answer.status_code == 202, answer.text
        ended = registrar.ended(answer.json()["transactionId"])
        assert (ended["status"], ended["result"]["unit"]["name"]) == ("SUCCEEDED", "Ashgrove one")
        world.close()


def test_the_shape_of_fields_outside_the_body_is_told_there(tmp_path: Path) -> None:
    """Wire format, assumed: all errors are listed, each with the place where it stands."""
    with running(contracts={"smp": contract_with_names_outside(tmp_path)}) as simulator:
        world = WorldClient(simulator.url, "default")
        answer = world.post(f"{BASE}/units", {"unit": unit("B-1", name=None, unitType=None)},
                            headers={**Registrar(world).headers, "X-Unit-Type": "MEDIUM"})
        assert answer.status_code == 422
        assert {error["pointer"] for error in answer.json()["errors"]} == {"query unitName", "header X-Unit-Type"}
        world.close()
