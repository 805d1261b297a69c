"""The published contract of the SMP judged by schemathesis, which knows nothing of us; and its own examples, taken."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.registering import BASE, Registrar
from tests.servers import WorldClient, clean_environment

RULES = Path(__file__).with_name("schemathesis_smp.toml")


def test_the_server_answers_as_the_contract_of_the_smp_says(world: WorldClient, tmp_path: Path) -> None:
    """Ours: schemathesis finds nothing: no undocumented status, header, type or body, no server error, no bad message
    accepted, no call without a token, no other method.
    """
    result = subprocess.run(
        [Path(sys.executable).with_name("st"), "--config-file", RULES, "run", f"{world.url}/_sim/contracts/smp",
         "--url", world.url, "--header", f"Authorization: {Registrar(world).headers['Authorization']}", "--checks",
         "all", "--mode", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", "60", "--seed", "20261102",
         "--generation-database", "none", "--no-color"],
        capture_output=True, text=True, cwd=tmp_path, env=clean_environment(), timeout=300, check=False)
    assert result.returncode == 0, (result.stdout + result.stderr)[:5_000]
    generated, passed = re.search(r"(\d+) generated, (\d+) passed", result.stdout).groups()
    assert int(generated) == int(passed) >= 100


def document(world: WorldClient) -> dict[str, Any]:
    """The contract in force."""
    return world.get("/_sim/contracts/smp").json()


def example_of(contract: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A message of the examples that stand at its properties."""
    if "$ref" in schema:
        return example_of(contract, contract["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "examples" in schema:
        return schema["examples"][0]
    if schema["type"] == "array":
        return [example_of(contract, schema["items"])]
    if "enum" in schema:
        return schema["enum"][-1]
    return {name: example_of(contract, schema["properties"][name]) for name in schema["required"]}


def test_the_examples_of_the_contract_are_in_order(world: WorldClient) -> None:
    """Ours: a judge that saw only refusals would prove little. Assets first, then the unit of them, and its status."""
    contract, registrar = document(world), Registrar(world)
    for path in ("assets", "units"):
        media = contract["paths"][f"{BASE}/{path}"]["post"]["requestBody"]["content"]["application/json"]
        answer = registrar.call(path, example_of(contract, media["schema"]))
        assert answer.status_code == 202, answer.text
        ended = registrar.ended(answer.json()["transactionId"])
        assert (ended["status"], ended["errors"]) == ("SUCCEEDED", [])


def test_the_contract_of_the_smp_is_published(world: WorldClient) -> None:
    """Wire format, assumed: GET /_sim/contracts/{participant|smp}; the OpenAPI contract in force, JSON."""
    assert document(world)["openapi"].startswith("3.1.")
    assert set(document(world)["paths"]) >= {
        "/smp/api/v1/authenticate", "/smp/api/v1/assets", "/smp/api/v1/units", "/smp/api/v1/transactions/status"}
