"""Proofs from the results of a run: which passing tests exercised which entries of the fidelity ledger.

A whole run (`make test`) fails at its end when an entry has no label or no proof, or when a proof that is committed in
`simulator/fidelity/proofs.json` names a test that is not there, did not pass, or did not exercise its entry. A run of
some tests only says nothing. `--write-proofs` (`make proofs`) writes the file from a whole run.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tests.ledger_judging import Result, choose, judge
from tests.ledger_recording import RECORDING

_KEY = "ledger"


def is_whole(config: pytest.Config) -> bool:
    """Whether a run is one of all tests: no path but the folder of tests, and nothing chosen or left out."""
    option = config.option
    chosen = (option.keyword, option.markexpr, getattr(option, "lf", False), getattr(option, "stepwise", False),
              option.deselect, option.ignore, option.ignore_glob, option.maxfail)
    tests = {str(config.rootpath / path) for path in config.getini("testpaths")}
    return not any(chosen) and {str((config.invocation_params.dir / path).resolve()) for path in config.args} == tests


class Proofs:
    """Of the process that the user started: gathers what all workers saw, and judges at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.results: dict[str, Result] = {}
        self._failed: set[str] = set()
        self._passed: dict[str, float] = {}
        self._seen: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        self.words = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test passed when its call did, and neither its set-up nor its end failed."""
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.when == "call" and report.passed:
            self._passed[report.nodeid] = report.duration

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """A worker of pytest-xdist has ended: what its tests saw."""
        self._seen.append(json.loads(getattr(node, "workeroutput", {}).get(_KEY, "{}")))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judge a whole run; its exit code says so when something is missing."""
        if self.config.option.collectonly or not is_whole(self.config):
            if self.config.option.write_proofs:
                self.complaints = ["--write-proofs needs a run of all tests"]
                session.exitstatus = pytest.ExitCode.USAGE_ERROR
            return
        results = self._results()
        if self.config.option.write_proofs:
            written = choose(results)
            self.words = f"{written} entries with proofs written"
        self.complaints = judge(results)
        if self.complaints and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what is missing."""
        if self.complaints or self.words:
            terminalreporter.section("fidelity ledger", red=bool(self.complaints))
            for line in (*filter(None, [self.words]), *self.complaints):
                terminalreporter.write_line(line)

    def _results(self) -> dict[str, Result]:
        seen: dict[str, set[str]] = defaultdict(set)
        marked: dict[str, set[str]] = defaultdict(set)
        for part in (*self._seen, RECORDING.as_json()):
            for test, found in part.items():
                seen[test] |= set(found["seen"])
                marked[test] |= set(found["marked"])
        return {test: Result(seconds, frozenset(seen[test]), frozenset(marked[test]))
                for test, seconds in self._passed.items() if test not in self._failed}


class Recorder:
    """Of each process that runs tests: says which test is running, and notes what its markers name."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """What is seen from here on belongs to this test."""
        RECORDING.test = item.nodeid
        for marker in item.iter_markers("proves"):
            RECORDING.marked[item.nodeid] |= set(marker.args)
        try:
            return (yield)
        finally:
            RECORDING.test = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker hands over what it noted."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_KEY] = json.dumps(RECORDING.as_json())


def register(config: pytest.Config) -> None:
    """Record in every process; judge in the one that the user started."""
    config.addinivalue_line("markers", "proves(*ids): entries of the fidelity ledger that a test proves")
    config.pluginmanager.register(Recorder(), "ledger-recorder")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Proofs(config), "ledger-proofs")


