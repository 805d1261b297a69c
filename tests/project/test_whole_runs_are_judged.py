"""A whole run of tests is judged against the fidelity ledger, and only a whole one: with real runs of pytest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT, clean_environment

CONFTEST = '''
import pytest
from tests import ledger_plugin

def pytest_addoption(parser):
    parser.addoption("--write-proofs", action="store_true")

def pytest_configure(config):
    ledger_plugin.register(config)
'''
TESTS = '''
import pytest

@pytest.mark.proves("rule/that.nobody.knows", "policy/payment_slope")
def test_one():
    pass

@pytest.mark.proves("policy/factor_decimals")
def test_that_fails():
    assert False

def test_two():
    pass
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with three tests, one of which fails, and our judge."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = checks\n")
    (tmp_path / "checks" / "conftest.py").write_text(CONFTEST)
    (tmp_path / "checks" / "test_checks.py").write_text(TESTS)
    return tmp_path


def _run(project: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options], cwd=project,
                          capture_output=True, text=True, timeout=120, check=False,
                          env=clean_environment({"PYTHONPATH": str(ROOT)}))
    return done.returncode, done.stdout


def test_a_whole_run_over_several_processes_is_judged(project: Path) -> None:
    """Ours: what all workers saw and marked is put together; what nothing proves, and what failed, is a complaint."""
    code, said = _run(project, "-n", "2")
    assert code == 1
    assert "rule/that.nobody.knows: a marker names it, the ledger does not" in said
    assert "policy/factor_decimals: no test exercised it" in said
    assert "policy/payment_slope: no test exercised it" not in said
    assert "smp/createAssets: no test exercised it" in said
    assert "is not there or did not pass" in said


def test_a_whole_run_that_passes_fails_for_want_of_proofs(project: Path) -> None:
    """Ours: the exit code tells continuous integration."""
    (project / "checks" / "test_checks.py").write_text("def test_one():\n    pass\n")
    code, said = _run(project)
    assert code == 1
    assert "1 passed" in said and "smp/createAssets: no test exercised it" in said


@pytest.mark.parametrize("options", [("checks/test_checks.py",), ("-k", "one or two"),
                                     ("--deselect", "checks/x.py::test_x")])
def test_a_run_of_some_tests_is_not_judged(project: Path, options: tuple[str, ...]) -> None:
    """Ours: it could not know what the others prove."""
    (project / "checks" / "test_checks.py").write_text(TESTS.replace("assert False", "pass"))
    code, said = _run(project, *options)
    assert code == 0, said
    assert "fidelity ledger" not in said


def test_proofs_are_not_written_from_some_tests(project: Path) -> None:
    """Ours: the others' proofs would be lost."""
    code, said = _run(project, "--write-proofs", "-k", "two")
    assert code == 4
    assert "--write-proofs needs a run of all tests" in said
