"""The pytest plugin: a server for the session, a fresh world for each test, and clients that are ready to use.

Installed with the package, it is there without being asked for (entry point `flexsim`), and loads nothing but pytest
before a test uses one of its fixtures. A fixture of the same name in your conftest.py or test module takes the place of
ours. See docs/in-your-own-tests.md.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.testing import Endpoint, Journal, Mailbox, MarketClock, Participant, Portal, Server, Smp, World

MARKER = "flexsim"
_LAST_ENTRIES = 20
_FIXTURE_FILES = (".yaml", ".yml")
_OF_THE_WORLD = ("fixture", "now", "frozen")
_WORLD: pytest.StashKey[World] = pytest.StashKey()
_FAILED: pytest.StashKey[bool] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the plugin."""
    group = parser.getgroup("flexsim", "simulator of flexibility platforms")
    group.addoption("--flexsim-url", metavar="URL",
                    help="use a simulator that runs already, such as http://127.0.0.1:8000; its worlds are left alone")
    group.addoption("--flexsim-control-token", metavar="SECRET", help="the control token of that simulator")
    group.addoption("--flexsim-keep", action="store_true",
                    help="keep the worlds of tests that fail, and say how to look at them")


def pytest_configure(config: pytest.Config) -> None:
    """The plugin's marker."""
    config.addinivalue_line("markers", (
        f"{MARKER}(fixture='quiet', now=None, frozen=False, **settings): what the world of a test begins with: a "
        "shipped fixture or a YAML file (looked for beside the test), a market time, a clock that stands; any other "
        "name is a setting of the simulator, such as smp_progress='immediate'"))


class Servers:
    """The simulators of a session, one for each set of settings that tests ask for; or the one that runs already."""

    def __init__(self, config: pytest.Config, settings: Mapping[str, Any], folders: pytest.TempPathFactory) -> None:
        self._url: str | None = config.getoption("--flexsim-url")
        self._token: str | None = config.getoption("--flexsim-control-token")
        self.keeps: bool = config.getoption("--flexsim-keep")
        self._settings = settings
        self._folders = folders
        self._running: dict[str, Server] = {}

    def server(self, changes: Mapping[str, Any]) -> Server:
        """The server with these settings on top of the session's; started when it is asked for first."""
        wanted = {**self._settings, **changes}
        if self._url is not None and wanted:
            pytest.fail(f"this test wants settings ({', '.join(wanted)}), which the simulator at {self._url} cannot be "
                        "given: run it without --flexsim-url", pytrace=False)
        key = repr(sorted(wanted.items()))
        if key not in self._running:
            self._running[key] = self._reach() if self._url is not None else self._start(wanted)
        return self._running[key]

    def _reach(self) -> Server:
        testing = import_module("simulator.testing")
        server: Server = testing.Server(self._url, self._token)
        try:
            server.health()
        except (testing.NoAnswer, testing.Refused) as error:
            pytest.fail(f"--flexsim-url: {error}", pytrace=False)
        return server

    def _start(self, wanted: Mapping[str, Any]) -> Server:
        settings = import_module("simulator.settings")
        given = {"fixture": "quiet", **wanted, "port": 0}
        if self.keeps and "data" not in given:
            given["data"] = self._folders.mktemp("flexsim")
        try:
            # Without the variables of this shell: tests mean the same everywhere.
            simulator = import_module("simulator").Simulator(settings.read_settings(given, environ={})).start()
        except settings.CannotStart as error:
            pytest.fail(f"the simulator cannot start: {error}", pytrace=False)
        server: Server = simulator.server_client()
        return server

    def close(self) -> None:
        """End what was started here: all of it, whatever goes wrong with some of it. Raises what went wrong."""
        with ExitStack() as ending:
            for server in self._running.values():
                if server.simulator is not None:
                    ending.callback(server.simulator.stop)
                ending.callback(server.close)


@pytest.fixture(scope="session")
def flexsim_settings() -> dict[str, Any]:
    """Settings of the simulator for all tests, by the names of the settings in small letters; none are changed.

    Put a fixture of this name into your conftest.py: `return {"smp_progress": "immediate", "retry_seconds": "1,2"}`.
    """
    return {}


@pytest.fixture(scope="session")
def _flexsim_servers(request: pytest.FixtureRequest, flexsim_settings: dict[str, Any],
                     tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    servers = Servers(request.config, flexsim_settings, tmp_path_factory)
    try:
        yield servers
    finally:
        servers.close()


@pytest.fixture(scope="session")
def flexsim(_flexsim_servers: Servers) -> Server:
    """The running simulator, on a free port of this process, or where --flexsim-url says. With xdist, one per worker.

    `flexsim.url` is its address; `flexsim.simulator` the Simulator object if it runs in this process.
    """
    return _flexsim_servers.server({})


@pytest.fixture
def world(request: pytest.FixtureRequest, _flexsim_servers: Servers) -> Iterator[World]:
    """A fresh world for this test alone, deleted afterwards. Its fixture is `quiet`: nothing happens by itself.

    Choose otherwise with `@pytest.mark.flexsim(fixture="demo", now="2026-11-02T17:00:00Z", frozen=True)`.
    """
    node: pytest.Item = request.node
    wanted = _wanted(node)
    server = _flexsim_servers.server({name: value for name, value in wanted.items() if name not in _OF_THE_WORLD})
    testing = import_module("simulator.testing")
    name = import_module("simulator.testing.servers").free_name(node.name)
    try:
        made = server.make_world(name, now=wanted.get("now"), **_source(node, wanted.get("fixture")))
    except testing.Refused as error:
        pytest.fail(f"the world of this test cannot be made: {error}", pytrace=False)
    node.stash[_WORLD] = made
    try:
        if wanted.get("frozen"):
            made.clock.freeze(wanted.get("now"))
        yield made
    finally:
        if not (_flexsim_servers.keeps and node.stash.get(_FAILED, False)):
            server.delete_world(name)


def _wanted(node: pytest.Item) -> dict[str, Any]:
    """What the markers say; those nearer to the test come before those of its class and module."""
    wanted: dict[str, Any] = {}
    for marker in node.iter_markers(MARKER):
        if marker.args:
            pytest.fail(f"@pytest.mark.{MARKER} takes names, such as fixture='demo'; not {marker.args!r}",
                        pytrace=False)
        wanted = {**marker.kwargs, **wanted}
    return wanted


def _source(node: pytest.Item, fixture: str | Path | None) -> dict[str, str]:
    """A shipped fixture by its name, or the text of a file, which is looked for beside the test and at the root."""
    if fixture is None or not str(fixture).endswith(_FIXTURE_FILES):
        return {} if fixture is None else {"fixture": str(fixture)}
    places = [folder / fixture for folder in (node.path.parent, node.config.rootpath)]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        pytest.fail(f"there is no fixture file {' and no '.join(map(str, places))}", pytrace=False)
    return {"fixture_text": found.read_text("utf-8")}


@pytest.fixture
def participant(world: World) -> Participant:
    """Brindle Aggregation Ltd as a client of the participant API, with its token; others: `world.participant(id)`."""
    return world.participant()


@pytest.fixture
def smp(world: World) -> Smp:
    """Brindle as a client of the SMP; it has a token with the first call. Others: `world.smp(id)`."""
    return world.smp()


@pytest.fixture
def portal(world: World) -> Portal:
    """A visitor of the portal who is signed in as Brindle's user. Others: `world.portal(id)`, not signed in."""
    visitor = world.portal()
    visitor.sign_in()
    return visitor


@pytest.fixture
def clock(world: World) -> MarketClock:
    """The market clock of the test's world."""
    return world.clock


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    """The mails sent in the test's world."""
    return world.mailbox


@pytest.fixture
def journal(world: World) -> Journal:
    """What happened in the test's world, with assertions that say what came closest."""
    return world.journal


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An HTTP receiver in this process, which notes what the platform sends once it is told where to:
    `participant.take_messages_at(endpoint.url)` for dispatch messages, `smp.return_batches_to(endpoint.url)`.
    """
    with import_module("simulator.testing").running_endpoint() as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """To the report of a test that failed with a world: what happened there last, and where to look at it."""
    report = yield
    made = item.stash.get(_WORLD, None)
    if made is not None and report.failed and report.when != "teardown":
        item.stash[_FAILED] = True
        report.sections.append((f"flexsim journal of the world {made.name}", _last_entries(made)))
        if item.config.getoption("--flexsim-keep"):
            report.sections.append(("flexsim world kept", _way_to(made)))
    return report


def _last_entries(made: World) -> str:
    """The last entries of a world's journal; why they cannot be read, if they cannot: the test's own failure counts."""
    try:
        return "\n".join(entry.in_words() for entry in made.journal.last(_LAST_ENTRIES)) or "(empty)"
    except Exception as error:
        return f"(cannot be read: {type(error).__name__}: {error})"


def _way_to(made: World) -> str:
    simulator = made.server.simulator
    if simulator is None:
        return made.console_url
    return (f"flexsim serve --data {simulator.settings.data}\n"
            f"then open http://127.0.0.1:8000/w/{made.name}/console")
