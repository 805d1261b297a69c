"""Rules of the house that tools do not know: who reads the clock, who is random, how large a file gets (design)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import ROOT

PACKAGE = ROOT / "simulator"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400

CLOCK_READS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time",
             "localtime", "gmtime", "ctime", "strftime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text("utf-8"), str(module))


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, and every name from one, dotted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def attributes(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Every `name.attribute` and `….name.attribute` as (name, attribute)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            yield (owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", ""), node.attr)


def modules_that(found) -> list[str]:
    return [name_of(module) for module in MODULES if found(tree_of(module))]


def reads_clock(tree: ast.AST) -> bool:
    by_attribute = any(attribute in CLOCK_READS.get(owner, ()) for owner, attribute in attributes(tree))
    return by_attribute or any(
        name.startswith("time.") and name[5:] in CLOCK_READS["time"] for name in imported(tree))


def test_the_clock_is_read_in_one_file() -> None:
    """Design, 2: clock reads only in timekeeping/clock.py."""
    assert modules_that(reads_clock) == ["timekeeping/clock.py"]


@pytest.mark.parametrize("line", ["import time\ntime.perf_counter()", "from time import monotonic", "datetime.now(UTC)",
                                  "import datetime\ndatetime.datetime.utcnow()", "date.today()"])
def test_a_read_of_the_clock_would_be_seen(line: str) -> None:
    """Ours: a rule that sees nothing proves nothing."""
    assert reads_clock(ast.parse(line))


def test_random_values_are_made_in_one_file() -> None:
    """Design, 10: ids.py is the only user of uuid, random and secrets."""
    random = {"uuid", "random", "secrets"}
    assert modules_that(lambda tree: any(name.split(".")[0] in random for name in imported(tree))) == ["ids.py"]
    assert modules_that(lambda tree: any(attribute in ("urandom", "random_base32")
                                         for _, attribute in attributes(tree))) == ["ids.py"]


def test_the_environment_is_read_in_one_file() -> None:
    """Design: settings.py is the only reader of the environment."""
    reads = {("os", "environ"), ("os", "environb"), ("os", "getenv")}
    assert modules_that(lambda tree: not reads.isdisjoint(attributes(tree))) == ["settings.py"]
    assert modules_that(lambda tree: any(name.startswith("os.env") for name in imported(tree))) == []


def imports_late(tree: ast.AST) -> bool:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(isinstance(node, ast.Import | ast.ImportFrom) for function in functions for node in ast.walk(function))


def test_imports_stand_at_the_top() -> None:
    """Design: no imports inside functions. The OpenAPI checker, which only users' own contracts need, takes longer to
    load than the server to start.
    """
    assert modules_that(imports_late) == ["contracts/checking.py"]


def test_modules_are_loaded_by_name_where_start_up_demands_it_only() -> None:
    """Design: the server listens first and loads the rest meanwhile; the lists of common passwords, 13 MB, come with
    the first password that is set, what signs with the first token, the PDF writer, 12 MB, with the first document,
    QR codes with the first of them, for they load pictures, and Markdown with the first Documentation page; what asks
    the C library for memory, with the first world that is deleted. A command is loaded when it is called for, so that
    `flexsim --help` answers at once; the pytest plugin, too, loads nothing before a test asks for it. Everything else
    is imported openly.
    """
    loaders = modules_that(lambda tree: any(name.startswith("importlib") for name in imported(tree)))
    assert set(loaders) <= {"__init__.py", "app.py", "cli/loading.py", "contract_pages/telling.py",
                            "documents/certificate.py", "documents/pdf_files.py", "facade.py", "password_rules.py",
                            "portal/authenticator.py", "pytest_plugin.py", "signing.py", "spare_memory.py"}


def own_files() -> list[Path]:
    """Every file of the repository that people write: what is made lies in folders of these names."""
    made = {"__pycache__", "build", "dist", "test-artifacts", "node_modules"}
    found, folders = [], [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.is_dir() and path.name not in made and (path.name == ".ci" or not path.name.startswith(".")):
                folders.append(path)
            elif path.is_file():
                found.append(path)
    return found


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    """Style: no file over 400 lines."""
    written = [path for path in own_files() if path.suffix in {".py", ".yaml", ".html", ".css", ".js", ".toml", ".lua"}]
    assert len(written) > 100
    assert [path for path in written if len(path.read_text("utf-8").splitlines()) > MOST_LINES] == []


def test_files_are_named_for_their_topic() -> None:
    """Design: no utils, helpers, common, manager; no names that shadow the standard library in the package."""
    empty_words = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base", "core"}
    shadows = {"calendar", "email", "csv", "logging", "queue", "time", "json", "types", "secrets", "random", "signal"}
    stems = {name_of(module): module.stem for module in MODULES}
    assert [name for name, stem in stems.items() if stem in empty_words | shadows] == []
    assert [name for name in stems if set(Path(name).parts[:-1]) & empty_words] == []


def test_functions_do_not_handle_or_process() -> None:
    """Design: functions are verb and market noun; `handle_` and `process_` say nothing."""
    assert modules_that(lambda tree: any(
        isinstance(node, ast.FunctionDef) and node.name.startswith(("handle_", "process_"))
        for node in ast.walk(tree))) == []


def test_every_module_says_what_it_is() -> None:
    """Style: the reader learns the topic from the first line."""
    assert [name_of(module) for module in MODULES if not ast.get_docstring(tree_of(module))] == []


def test_every_public_function_and_class_is_explained() -> None:
    """Style: a docstring of a public function gives shapes, units, errors and source."""
    bare = []
    for module in MODULES:
        for node in tree_of(module).body:
            is_public = (isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
                         and not node.name.startswith("_"))
            if is_public and not ast.get_docstring(node):
                bare.append(f"{name_of(module)}: {node.name}")
    assert bare == []


def test_product_and_tests_do_not_lean_on_the_project_s_own_papers() -> None:
    """Ours: the repository stands alone; the papers it was written from are not part of it."""
    this_file = Path(__file__).resolve()
    readable = [path for path in own_files() if path.suffix in {".py", ".yaml", ".toml", ".html", ".md"}]
    word = "../" + "shared"
    assert [path for path in readable if word in path.read_text("utf-8") and path != this_file] == []
