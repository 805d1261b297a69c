"""The real command with changed contracts: `python -m simulator serve --contract participant=FILE --port 0`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.overrides.calling import FIXTURE, body_of, contract_file, readings_shown, send_bad, send_good, sign_in_to
from tests.overrides.conversations import CONVERSATIONS
from tests.servers import NOW, WorldClient, subprocess_server

NAMES = ["everything_renamed", "put_in_path_and_query", "unit_in_header"]


@pytest.fixture
def started() -> Iterator[Callable[[str], WorldClient]]:
    """The world `default` of the command started with the contract of a name."""
    with ExitStack() as stack:
        def start(name: str) -> WorldClient:
            arguments = ["--contract", f"participant={contract_file(name)}", "--fixture", str(FIXTURE), "--now", NOW]
            client = stack.enter_context(subprocess_server(arguments)).client()
            stack.callback(client.close)
            return client

        yield start


@pytest.mark.parametrize("name", NAMES)
def test_the_command_serves_the_contract_it_is_given(started: Callable[[str], WorldClient], name: str) -> None:
    """README.md of simulator/contracts, step 3: the message of the file is taken, and the portal shows its readings."""
    told, world = CONVERSATIONS[name], started(name)
    answer = send_good(world, told)
    assert (answer.status_code, body_of(answer)) == (told.status, told.answer)
    visitor = sign_in_to(world)
    assert [row for unit in ("MU-1001", "MU-1002") for row in readings_shown(visitor, unit)] == told.stored
    assert send_bad(world, told).status_code == told.bad_status


def test_a_variable_names_the_contract_too() -> None:
    """Wire format, assumed: settings also come from FLEXSIM_* variables."""
    told = CONVERSATIONS["get_in_query"]
    variables = {"FLEXSIM_CONTRACTS": f"participant={contract_file('get_in_query')}", "FLEXSIM_NOW": NOW,
                 "FLEXSIM_FIXTURE": str(FIXTURE)}
    with subprocess_server(env=variables) as server:
        assert send_good(server.client(), told).json() == told.answer
