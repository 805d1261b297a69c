"""The published contract judged by schemathesis, which knows nothing of us: the server does what its contract says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.servers import TOKEN, WorldClient, clean_environment

RULES = Path(__file__).with_name("schemathesis.toml")


def test_the_server_answers_as_its_contract_says(world: WorldClient, tmp_path: Path) -> None:
    """Schemathesis on the published contract, with every check it has: no undocumented status, header, type
    or body, no server error, no bad message accepted, no call without a token, no other method.
    """
    result = subprocess.run(
        [Path(sys.executable).with_name("st"), "--config-file", RULES, "run",
         f"{world.url}/_sim/contracts/participant", "--url", world.url, "--header", f"Authorization: Bearer {TOKEN}",
         "--checks", "all", "--mode", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", "100",
         "--seed", "20261102", "--generation-database", "none", "--no-color"],
        capture_output=True, text=True, cwd=tmp_path, env=clean_environment(), timeout=300, check=False)
    assert result.returncode == 0, (result.stdout + result.stderr)[:5_000]
    generated, passed = re.search(r"(\d+) generated, (\d+) passed", result.stdout).groups()
    assert int(generated) == int(passed) >= 100


def test_the_examples_of_the_contract_are_accepted(world: WorldClient) -> None:
    """Ours: a judge that saw only refusals would prove little, so the contract's examples are taken as they stand."""
    contract = world.get("/_sim/contracts/participant").json()
    examples = contract["paths"]["/api/v2/readings"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert [world.send(example["value"]).status_code for example in examples.values()] == [200] * len(examples)


def test_the_contract_is_published_for_each_platform_by_name(world: WorldClient) -> None:
    """Wire format, assumed: GET /_sim/contracts/{platform}; the OpenAPI contract in force, JSON."""
    assert world.get("/_sim/contracts/participant").json()["openapi"].startswith("3.1.")
    assert world.get("/_sim/contracts/nobody").status_code == 404
