"""The tests' network ends at this machine (ours)."""

from __future__ import annotations

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


@pytest.mark.parametrize("address", ["192.0.2.1", "8.8.8.8", "10.0.0.1"])
@pytest.mark.filterwarnings("ignore:A test tried to use")
def test_other_machines_cannot_be_reached(address: str) -> None:
    """The network is cut for all but loopback."""
    with socket.socket() as connection, pytest.raises(SocketConnectBlockedError):
        connection.connect((address, 80))


def test_this_machine_can_be_reached() -> None:
    """For all but loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 10) as client:
        assert client.getpeername() == server.getsockname()
