"""The README and docs/ tell the truth: what they name is there, and what is there they name."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from simulator import Simulator, exchanges
from simulator.app import load_contracts
from simulator.market import journal_kinds
from simulator.market.policy import DEFAULT_POLICY, numbers_of
from simulator.outbound import envelopes
from simulator.pages import build_pages
from simulator.settings import COMMAND_VARIABLES, MARKET, Settings
from simulator.worlds import Worlds
from tests.servers import running

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = {path: path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
DOCUMENTATION = "\n".join(PAGES.values())
SHOWN = {path: path.read_text() for folder in ("templates", "examples") for path in sorted((ROOT / folder).rglob("*"))
         if path.suffix in (".html", ".md", ".txt", ".py", ".toml", ".yml", ".yaml", ".j2")}
"""What the product's pages and the examples say."""


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
    table = DOCUMENTATION.split("<!-- settings -->")[1].split("<!-- /settings -->")[0].strip().splitlines()[2:]
    assert table == rows


def test_every_number_of_the_market_month_is_listed_with_its_label() -> None:
    """Every assumed number is a setting, and is marked."""
    rows = [f"| `FLEXSIM_{MARKET.upper()}{number.name.upper()}` | `{_shown(number.value)}` | {number.help} "
            f"*({number.label})* |" for number in numbers_of(DEFAULT_POLICY)]
    table = DOCUMENTATION.split("<!-- market -->")[1].split("<!-- /market -->")[0].strip().splitlines()[2:]
    assert table == rows


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{programme}={number}" for programme, number in value.items())
    return ",".join(value) if isinstance(value, tuple) else str(value)


def test_every_kind_of_journal_entry_is_named() -> None:
    """The documentation names exactly the journal's kinds."""
    passage = DOCUMENTATION.split("The journal's kinds:")[1].split("\n\n")[0]
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
    tables = "".join(part.split("\n\n")[0] for part in DOCUMENTATION.split("| Call | Does |")[1:])
    for cell in re.findall(r"^\| (.*?) \| ", tables, re.M):
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


def test_calls_that_are_mentioned_anywhere_exist(sim_routes: set[tuple[str, str]]) -> None:
    """In running text, on the product's own pages, and in the examples: no path below /_sim but those there are."""
    known = {path for _, path in sim_routes}
    for page, text in {**PAGES, **SHOWN}.items():
        for path in re.findall(r"/_sim(?:/[\w{}.-]+|/<\w+>)+", text):
            assert any(_could_be(path.rstrip(".").split("/"), there.split("/")) for there in known), (page, path)


def _could_be(path: list[str], there: list[str]) -> bool:
    return len(path) <= len(there) and all(part == known or known == "*" or part.startswith(("{", "<"))
                                           for part, known in zip(path, there, strict=False))


def test_variables_that_are_mentioned_anywhere_are_settings() -> None:
    """Documentation, pages, examples, container files, and what the program itself says."""
    known = {f"FLEXSIM_{field.name.upper()}" for field in dataclasses.fields(Settings)} | set(COMMAND_VARIABLES) | {
        f"FLEXSIM_{MARKET.upper()}{number.name.upper()}" for number in numbers_of(DEFAULT_POLICY)}
    named = {**PAGES, **SHOWN, **{ROOT / name: (ROOT / name).read_text() for name in ("Dockerfile", "compose.yaml")},
             **{path: path.read_text() for path in (ROOT / "simulator").rglob("*.py")}}
    for page, text in named.items():
        assert set(re.findall(r"FLEXSIM_[A-Z_]*[A-Z]", text)) - {"FLEXSIM_COMPLETE"} <= known | {
            f"FLEXSIM_{MARKET.upper().rstrip('_')}"}, page


def test_variables_of_the_commands_are_explained() -> None:
    """Those that are no settings, but addresses of a running server."""
    assert all(f"`{name}`" in DOCUMENTATION for name in COMMAND_VARIABLES)


def test_every_command_of_make_exists_and_is_explained() -> None:
    """`make` words in the documentation are commands there are, and `make help` lists them all."""
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", DOCUMENTATION, re.M)) <= targets
    listed = subprocess.run(["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout
    assert targets == {line.split()[0] for line in listed.splitlines()}


def test_modules_that_are_run_exist() -> None:
    """`python -m` words."""
    for module in set(re.findall(r"python3? -m ([a-z_.]+)", DOCUMENTATION)) - {"json.tool", "venv", "pip", "pytest"}:
        folder = ROOT / module.replace(".", "/")
        assert (folder / "__main__.py").is_file() or folder.with_suffix(".py").is_file(), module


def test_the_codes_that_commands_end_with_are_the_documented_ones() -> None:
    """Wire format, assumed: 0 good, 1 a check failed, 2 wrong usage; no command ends with another."""
    passage = re.search(r"\*\*Exit codes\*\*:(.*)$", DOCUMENTATION, re.M)[1]
    told = set(re.findall(r"\b\d\b", passage))
    source = "\n".join(path.read_text() for path in sorted((ROOT / "simulator").glob("cli/**/*.py")))
    used = set(re.findall(r"(?:exit|_exit|Exit|exit_code)(?:: int)?(?:\(| = )(\d+)", source)) | {"0"}
    assert used == told == {"0", "1", "2"}


def anchors_of(text: str) -> set[str]:
    """The places in a page that links can lead to, as GitHub names them."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", text, re.M)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Files of this project and headings in them."""
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors_of(file.read_text()), target


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent != ROOT], ids=lambda page: page.name)
def test_the_readme_leads_to_every_page(page: Path) -> None:
    """A page that nobody finds is no documentation."""
    assert f"](docs/{page.name})" in README
    assert PAGES[page].startswith("# ")


@pytest.fixture(scope="module")
def demo() -> Iterator[Simulator]:
    """A server of this module alone."""
    with running() as server:
        yield server


def blocks_of_curl() -> list[str]:
    """The shell examples that call a running server and nothing else."""
    blocks = [textwrap.dedent(block) for block in re.findall(r"^ *```sh\n(.*?)^ *```", DOCUMENTATION, re.S | re.M)]
    return [block for block in blocks if re.match(r"curl|TOKEN=", block)]


@pytest.mark.parametrize("block", blocks_of_curl(), ids=lambda block: re.search(r"8000(/[\w/-]+)", block)[1])
def test_examples_with_curl_run_as_they_stand(block: str, demo: Simulator, tmp_path: Path) -> None:
    """Each in the demo as it begins; nothing is changed but the address."""
    demo.reset()
    commands = block.replace("http://127.0.0.1:8000", demo.url)
    run = subprocess.run(["bash", "-ec", f'curl() {{ command curl --silent --fail-with-body "$@"; }}\n{commands}'],
                         capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


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
    commands = re.search(r"^TOKEN=.*?(?=\n```)", DOCUMENTATION, re.S | re.M)[0]
    with running() as simulator:
        commands = commands.replace("http://127.0.0.1:8000", simulator.url)
        run = subprocess.run(["bash", "-c", commands + " --silent --fail-with-body"], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert '"status":"RECEIVED"' in run.stdout


def test_the_documentation_s_python_runs_as_it_stands(tmp_path: Path) -> None:
    """The snippets for programs of one's own, each in a process of its own; those that are tests are run as tests."""
    snippets = re.findall(r"```python\n(.*?)```", DOCUMENTATION, re.S)
    tests = [snippet for snippet in snippets if "def test_" in snippet]
    programs = [snippet for snippet in snippets if snippet not in tests]
    assert tests and programs
    for snippet in programs:
        run = subprocess.run([sys.executable, "-c", snippet], cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 0 and run.stdout, run.stderr
    for number, snippet in enumerate(tests):
        (tmp_path / f"test_{number}.py").write_text(snippet)
    with_plugin = [] if "flexsim" in {point.name for point in entry_points(group="pytest11")} else [
        "-p", "simulator.pytest_plugin"]
    run = subprocess.run([sys.executable, "-m", "pytest", "-q", *with_plugin, str(tmp_path)], cwd=tmp_path,
                         capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert run.returncode == 0, run.stdout + run.stderr


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
