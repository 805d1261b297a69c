"""What all tests share: a real server, fresh worlds in it, and a network that ends at this machine."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest

from simulator import Simulator
from tests import ledger_plugin
from tests.servers import WorldClient, fresh_world, running

# The same examples in every run, and none of them failed for being slow on a busy machine.
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    """A whole run can write which tests prove which entries of the fidelity ledger."""
    parser.addoption("--write-proofs", action="store_true",
                     help="write simulator/fidelity/proofs.json from this run of all tests")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """This process reaches loopback addresses and unix sockets, nothing else (pytest-socket)."""
    config.option.allow_hosts = "127.0.0.1,::1"
    config.option.allow_unix_socket = True
    ledger_plugin.register(config)


# Files that take longest. Begun first, they leave no core idle at the end, while another is still at the last of them.
# The Makefile keeps pytest-xdist from putting files with many tests first: those with few are often the longest.
_LONGEST = ("test_installed_elsewhere", "test_console_looks", "test_accessibility", "test_month_pages",
            "test_pytest_plugin", "test_parallel_worlds", "test_whole_runs_are_judged", "test_durability",
            "test_smp_durability", "test_dispatch_durability", "test_smp_documentation", "test_large_uploads")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others in their order."""
    items.sort(key=lambda item: item.path.stem not in _LONGEST)


@pytest.fixture(scope="session")
def server() -> Iterator[Simulator]:
    """A real server on a real port of this process, shared by all tests; make worlds of your own in it."""
    with running() as simulator:
        yield simulator


@pytest.fixture
def world(server: Simulator) -> Iterator[WorldClient]:
    """A fresh demo world that starts on Monday 2026-11-02 at 17:00 UTC and whose clock runs."""
    with fresh_world(server.url) as client:
        yield client
