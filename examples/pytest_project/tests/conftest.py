"""What the tests share: Acme's own parts, running against a world of the simulator.

`world`, `participant`, `clock` and others come from the simulator's pytest plugin, which is there once the package is
installed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from acme_flex.dispatches import Battery, create_app
from acme_flex.platform import Platform
from flask import Flask
from werkzeug.serving import make_server

from simulator.testing import Participant, World

SECRET = "between-acme-and-the-platform"


@pytest.fixture
def platform(world: World, participant: Participant) -> Iterator[Platform]:
    """Acme's client, pointed at the world of the test; it does not wait long."""
    client = Platform(world.url, participant.token, waits=(0, 0), timeout=2)
    yield client
    client.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """A web application on a free port of this machine; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def battery(participant: Participant) -> Iterator[Battery]:
    """Acme's battery behind its endpoint, which the platform of the test's world calls."""
    battery = Battery("MU-1001")
    with served(create_app([battery], SECRET)) as address:
        participant.take_messages_at(address, auth="hmac", secret=SECRET)
        yield battery
