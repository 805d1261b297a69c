"""Servers with changed contracts, one for each contract and kept for all tests, and fresh worlds in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from simulator import Simulator
from tests.overrides.calling import FIXTURE, contract_file
from tests.servers import WorldClient, fresh_world, running

Serve = Callable[[str], WorldClient]


@pytest.fixture(scope="session")
def serving() -> Iterator[Callable[[str], Simulator]]:
    """The server in this process that was started with the contract of a name."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(
            running(fixture=str(FIXTURE), contracts={"participant": contract_file(name)})))


@pytest.fixture
def served(serving: Callable[[str], Simulator]) -> Iterator[Serve]:
    """A fresh world of the server with the contract of a name; its clock stands at 2026-11-02 17:00 UTC."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(fresh_world(serving(name).url, fixture=str(FIXTURE)))
