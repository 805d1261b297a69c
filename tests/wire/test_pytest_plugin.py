"""The pytest plugin as developers use it: real runs of pytest in folders of their own (ours)."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent

import pytest

from tests.servers import ROOT, clean_environment, fresh_world, running

PLUGIN = () if entry_points(group="pytest11", name="flexsim") else ("-p", "simulator.pytest_plugin")
"""In an environment that was set up before the plugin was, it is named; otherwise it is there by itself."""

NOTHING_ELSE = ("-p", "no:hypothesispytest", "-p", "no:schemathesis", "-p", "no:anyio", "-p", "no:cacheprovider")


def run_pytest(folder: Path, tests: str, *options: str, conftest: str = "", plugin: Sequence[str] = PLUGIN
               ) -> subprocess.CompletedProcess[str]:
    """pytest over one module of tests, warnings being errors; what it printed and its exit code."""
    (folder / "test_it.py").write_text(dedent(tests))
    (folder / "conftest.py").write_text(dedent(conftest))
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    return subprocess.run([sys.executable, "-m", "pytest", "-q", *plugin, *NOTHING_ELSE, *options], cwd=folder,
                          capture_output=True, text=True, timeout=120, check=False,
                          env=clean_environment({"PYTHONPATH": str(ROOT), "FLEXSIM_PORT": "1"}))


def passed(run: subprocess.CompletedProcess[str], count: int) -> None:
    """All tests of a run passed, and there were so many."""
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{count} passed" in run.stdout, run.stdout


EVERY_FIXTURE = """
    import pytest
    from simulator.testing import asset, reading

    seen = []

    @pytest.mark.parametrize("number", range(3))
    def test_each_has_a_world_of_its_own(world, number):
        assert world.name not in seen
        seen.append(world.name)
        assert world.control.get("/participants")["participants"][0]["id"] == "brindle"

    def test_worlds_are_gone_afterwards(flexsim):
        assert flexsim.worlds() == ["default"]
        assert flexsim.simulator.url == flexsim.url

    def test_they_all_mean_the_same_world(world, clock, journal, mailbox, participant, portal, smp):
        clock.freeze("2026-11-02T15:00:00Z")
        participant.send_readings(reading("MU-1001", clock.now, power_kw=1))
        journal.assert_happened("readings.accepted")
        mailbox.wait_for(to="desk@tamar-flex.example")
        assert portal.page.heading == "Meterable Units"
        smp.send_assets(asset(1))
        journal.assert_happened("batch.received")

    @pytest.mark.flexsim(fixture="demo", now="2026-11-02T17:00:00Z", frozen=True)
    class TestMarkers:
        def test_a_class_is_marked(self, world, clock):
            assert clock.now.isoformat() == "2026-11-02T17:00:00+00:00"
            assert world.control.get("/events")["events"]

        @pytest.mark.flexsim(fixture="empty", smp_progress="immediate")
        def test_the_nearer_marker_counts(self, world, clock, flexsim):
            assert clock.mode == "frozen"
            assert world.server.url != flexsim.url
            assert world.control.get("/participants")["participants"] == []

    def test_the_platform_s_messages_are_taken(endpoint, participant, world, clock):
        clock.freeze("2026-11-02T15:00:00Z")
        participant.take_messages_at(endpoint.url)
        world.control_room.dispatch(["MU-1001"], "2026-11-02T16:00:00Z", "2026-11-02T18:00:00Z", 150)
        clock.advance(to="2026-11-02T15:45:00Z")
        assert endpoint.wait_for(instruction="START").attempt == 1
"""


def test_every_fixture_is_ready(tmp_path: Path) -> None:
    """Ours: a server for the session, a fresh world per test, clients ready with token, clock, mailbox, journal."""
    passed(run_pytest(tmp_path, EVERY_FIXTURE), 8)


def test_it_works_with_xdist(tmp_path: Path) -> None:
    """Ours: works under pytest-xdist, with a server per worker."""
    passed(run_pytest(tmp_path, EVERY_FIXTURE, "-n", "2"), 8)


def test_a_failure_has_the_journal_of_its_world(tmp_path: Path) -> None:
    """The report of a test that fails shows what happened there last; that of one that passes does not."""
    run = run_pytest(tmp_path, """
        def test_passes(participant): pass

        def test_fails(participant, journal):
            participant.send_readings({"meterableUnitId": "MU-1001", "timestamp": "2026-01-01T00:00:00Z", "powerKw": 1})
            journal.assert_sent("dispatch", within=0)
    """)
    assert run.returncode == 1 and "1 failed, 1 passed" in run.stdout, run.stdout
    assert len(re.findall("flexsim journal of the world", run.stdout)) == 1
    assert re.search(r"#\d+ \S+ \S+ readings\.accepted \(by #\d+\) organisation=brindle", run.stdout)
    assert "no message was sent at all" in run.stdout
    assert "simulator/testing/" not in run.stdout.replace("simulator.testing", ""), "our own frames are left out"


def test_worlds_of_failed_tests_are_kept_if_asked_for(tmp_path: Path) -> None:
    """--flexsim-keep: the report says how to look at the world, and its files are there."""
    run = run_pytest(tmp_path, """
        def test_passes(world): pass
        def test_fails(world): assert False
    """, "--flexsim-keep", f"--basetemp={tmp_path / 'kept'}")
    folder = re.search(r"flexsim serve --data (\S+)", run.stdout)
    assert folder is not None, run.stdout
    assert sorted(path.name.rpartition("-")[0] or path.name for path in (Path(folder[1]) / "worlds").iterdir()) == [
        "default", "test-fails"]


def test_a_server_that_runs_already_is_used_and_left_alone(tmp_path: Path) -> None:
    """--flexsim-url: worlds of the tests are made there and deleted, others stay as they are."""
    with running(fixture="empty") as simulator, fresh_world(simulator.url, name="somebody-s"):
        run = run_pytest(tmp_path, """
            import pytest
            def test_it(world, flexsim):
                assert flexsim.simulator is None
                assert world.name in flexsim.worlds()
            @pytest.mark.flexsim(smp_progress="immediate")
            def test_settings(world): pass
        """, "--flexsim-url", simulator.url)
        assert "1 passed, 1 error" in run.stdout, run.stdout
        assert "wants settings (smp_progress)" in run.stdout
        assert simulator.worlds.names() == ["default", "somebody-s"]


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A wrong address is one line, not a page of frames."""
    run = run_pytest(tmp_path, "def test_it(world): pass", "--flexsim-url", "http://127.0.0.1:9")
    assert "--flexsim-url: GET http://127.0.0.1:9/_sim/health: no whole answer" in run.stdout


def test_mistakes_in_markers_and_settings_are_told(tmp_path: Path) -> None:
    """Which fixtures, files and settings there are stands in the message."""
    run = run_pytest(tmp_path, """
        import pytest
        @pytest.mark.flexsim(fixture="demmo")
        def test_fixture(world): pass
        @pytest.mark.flexsim(fixture="mine.yaml")
        def test_file(world): pass
        @pytest.mark.flexsim(progress="immediate")
        def test_setting(world): pass
        @pytest.mark.flexsim("demo")
        def test_argument(world): pass
    """)
    assert "4 errors" in run.stdout, run.stdout
    for words in ("There is no fixture 'demmo'; there are demo, empty, quiet", "there is no fixture file ",
                  "there is no setting 'progress'", "takes names, such as fixture='demo'"):
        assert words in run.stdout, run.stdout


def test_own_fixtures_and_settings_come_first(tmp_path: Path) -> None:
    """A conftest.py takes the place of any of ours, and sets the session's settings."""
    passed(run_pytest(tmp_path, """
        def test_it(clock, smp):
            assert clock == "mine"
            assert smp.register_assets(__import__("simulator.testing").testing.asset(1))
    """, conftest="""
        import pytest
        @pytest.fixture
        def clock(): return "mine"
        @pytest.fixture(scope="session")
        def flexsim_settings(): return {"smp_progress": "immediate"}
    """), 1)


def test_ours_can_be_chosen_where_another_plugin_has_the_same_names(tmp_path: Path) -> None:
    """Ours: which of two plugins wins is a matter of their order; what the conftest.py imports comes before both."""
    (tmp_path / "other.py").write_text(dedent("""
        import pytest
        @pytest.fixture
        def world(): return "theirs"
    """))
    passed(run_pytest(tmp_path, """
        def test_it(world, market_clock):
            market_clock.freeze("2026-11-02T15:00:00Z")
            assert world.clock.now == market_clock.now
    """, conftest="""
        pytest_plugins = ["other"]
        from simulator.pytest_plugin import clock as market_clock
        from simulator.pytest_plugin import world
    """), 1)


def test_a_run_that_does_not_use_it_loads_nothing(tmp_path: Path) -> None:
    """Ours: it costs a run that does not use it next to nothing: no client, no server, no HTTP is loaded."""
    run = run_pytest(tmp_path, """
        import sys
        def test_it():
            ours = sorted(name for name in sys.modules if name.partition(".")[0] == "simulator")
            assert ours == ["simulator", "simulator.pytest_plugin"]
            assert not {"flask", "http.client", "ssl"} & set(sys.modules)
    """, "-p", "no:xdist")
    passed(run, 1)


def test_it_explains_itself(tmp_path: Path) -> None:
    """`pytest --fixtures`, `--markers` and `--help` teach."""
    shown = run_pytest(tmp_path, "", "--fixtures").stdout
    for name in ("flexsim", "flexsim_settings", "world", "portal", "participant", "smp", "clock", "mailbox", "journal",
                 "endpoint"):
        assert re.search(rf"^{name}( \[session scope\])? -- .*pytest_plugin\.py:\d+\n    \S", shown, re.M), name
    assert "@pytest.mark.flexsim(fixture='quiet', now=None, frozen=False, **settings)" in run_pytest(
        tmp_path, "", "--markers").stdout
    assert "--flexsim-keep" in run_pytest(tmp_path, "", "--help").stdout


@pytest.mark.parametrize("option", [("-p", "no:flexsim")])
def test_it_can_be_switched_off(tmp_path: Path, option: tuple[str, str]) -> None:
    """As any plugin, where it is installed by its entry point."""
    run = run_pytest(tmp_path, "def test_it(world): pass", *option, plugin=())
    assert "fixture 'world' not found" in run.stdout


def examples_of_the_documents() -> list[str]:
    """Every Python example of README and docs that begins with an import."""
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [code for document in documents for code in re.findall(r"```python\n(.*?)```", document.read_text(), re.S)]


def test_the_examples_in_the_documents_run(tmp_path: Path) -> None:
    """Ours: docs as tests. What the section "In your own tests" shows works as it stands, alone and under pytest."""
    examples = examples_of_the_documents()
    tests = [code for code in examples if "def test_" in code]
    assert len(tests) == 1 and len(examples) == 2
    passed(run_pytest(tmp_path, tests[0]), 1)
    [alone] = [code for code in examples if code not in tests]
    run = subprocess.run([sys.executable, "-c", alone], cwd=tmp_path, capture_output=True, text=True, timeout=120,
                         check=False, env=clean_environment({"PYTHONPATH": str(ROOT)}))
    assert run.returncode == 0 and "readings.accepted" in run.stdout, run.stdout + run.stderr
