"""The README tells the truth: what it names is there, and what is there it names."""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from simulator import exchanges
from simulator.app import load_contracts
from simulator.market import journal_kinds
from simulator.market.policy import DEFAULT_POLICY, numbers_of
from simulator.outbound import envelopes
from simulator.pages import build_pages
from simulator.settings import MARKET, Settings
from simulator.worlds import Worlds
from tests.servers import running

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_every_setting_is_listed_with_its_default_and_label() -> None:
    """The table of settings is the settings: name, default, sentence and label."""
    rows = []
    for field in dataclasses.fields(Settings):
        if field.name == "market":
            continue
        default = None if field.default is dataclasses.MISSING else field.default
        label = f" *({field.metadata['label']})*" if field.metadata["label"] else ""
        if isinstance(default, tuple):
            default = ",".join(map(str, default)) or None
        if isinstance(default, bool):
            default = str(default).lower()
        shown = "" if default is None else f"`{default}`"
        rows.append(f"| `FLEXSIM_{field.name.upper()}` | {shown} | {field.metadata['help']}{label} |")
    table = README.split("<!-- settings -->")[1].split("<!-- /settings -->")[0].strip().splitlines()[2:]
    assert table == rows


def test_every_number_of_the_market_month_is_listed_with_its_label() -> None:
    """Every assumed number is a setting, and is marked."""
    rows = [f"| `FLEXSIM_{MARKET.upper()}{number.name.upper()}` | `{_shown(number.value)}` | {number.help} "
            f"*({number.label})* |" for number in numbers_of(DEFAULT_POLICY)]
    table = README.split("<!-- market -->")[1].split("<!-- /market -->")[0].strip().splitlines()[2:]
    assert table == rows


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{programme}={number}" for programme, number in value.items())
    return ",".join(value) if isinstance(value, tuple) else str(value)


def test_every_kind_of_journal_entry_is_named() -> None:
    """The README names exactly the journal's kinds."""
    passage = README.split("The journal's kinds:")[1].split("\n\n")[0]
    assert set(re.findall(r"`([a-z_.]+)`", passage)) == {*journal_kinds.kinds(), exchanges.KIND, envelopes.KIND}


@pytest.fixture(scope="module")
def sim_routes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Methods and paths of all `/_sim` calls; health is the gateway's."""
    worlds = Worlds(Settings(data=tmp_path_factory.mktemp("data"), port=0))
    worlds.open()
    try:
        rules = build_pages(worlds, load_contracts(worlds.settings)).url_map.iter_rules()
        found = {(method, re.sub(r"<[^>]+>", "*", rule.rule))
                 for rule in rules if rule.rule.startswith("/_sim") for method in rule.methods - {"HEAD", "OPTIONS"}}
    finally:
        worlds.close()
    return {*found, ("GET", "/_sim/health")}


def test_every_call_of_the_simulator_is_listed(sim_routes: set[tuple[str, str]]) -> None:
    """The table of `/_sim` calls is the routes there are."""
    listed = set()
    table = README.split("| Call | Does |")[1].split("\n\n")[0]
    for cell in re.findall(r"^\| (.*?) \| ", table, re.M):
        methods: list[str] = []
        for words in re.findall(r"`([^`]+)`", cell):
            method, _, path = words.partition(" ")
            methods.append(method)
            if path:
                path = re.sub(r"\{[^}]+\}|(?<=contracts/)(?:participant|smp)", "*", path.split("?")[0])
                listed |= {(each, path) for each in methods}
                # `GET /a, PUT, DELETE /a/{name}`: the methods before belong to the path that follows them.
                methods = []
    assert listed == sim_routes


def test_every_command_exists() -> None:
    """`make` and `flexsim` words in the README are commands there are."""
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.M)) <= targets
    listed = subprocess.run(["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout
    assert targets == {line.split()[0] for line in listed.splitlines()}


def test_the_readme_s_example_runs_as_it_stands() -> None:
    """The curl command of the walk, with nothing changed but the address of the server."""
    command = re.search(r"   curl -X POST.*?(?=\n\n|```)", README, re.S)[0]
    with running() as simulator:
        command = command.replace("http://127.0.0.1:8000", simulator.url)
        run = subprocess.run(["bash", "-c", command.strip() + " --silent --fail-with-body"], capture_output=True,
                             text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert '"accepted":1' in run.stdout


def test_the_readme_s_batch_of_assets_runs_as_it_stands() -> None:
    """The curl commands of the Single Markets Platform, with nothing changed but the address of the server."""
    commands = re.search(r"^TOKEN=.*?(?=\n```)", README, re.S | re.M)[0]
    with running() as simulator:
        commands = commands.replace("http://127.0.0.1:8000", simulator.url)
        run = subprocess.run(["bash", "-c", commands + " --silent --fail-with-body"], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert '"status":"RECEIVED"' in run.stdout


def test_the_readme_s_python_runs_as_it_stands() -> None:
    """The snippet for tests of one's own, in a process of its own."""
    snippet = re.search(r"```python\n(.*?)```", README, re.S)[1]
    run = subprocess.run([sys.executable, "-c", snippet], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert '"status":"ok"' in run.stdout


def test_continuous_integration_calls_the_readme_s_test_command() -> None:
    """`.ci/run` runs exactly `make test`, which the README names."""
    lines = [shlex.split(line, comments=True) for line in (ROOT / ".ci/run").read_text().splitlines()]
    commands = [words for words in lines if words and words[0] not in ("set", "cd")]
    assert commands == [["exec", "make", "test"]]
    assert re.search(r"^make test ", README, re.M)


def test_it_says_in_bold_what_it_is_not() -> None:
    """The product always says that it is a simulator and not affiliated."""
    assert "**What it is not.**" in README
    assert "affiliated" in README
