"""What the tests of messages share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator import Simulator
from tests.dispatching import EVE, Taker, take_messages_at, taking
from tests.servers import WorldClient, fresh_world


@pytest.fixture
def eve(server: Simulator) -> Iterator[WorldClient]:
    """A world that stands an hour before the dispatch that is planned."""
    with fresh_world(server.url) as client:
        client.freeze(EVE)
        yield client


@pytest.fixture
def taker(eve: WorldClient) -> Iterator[Taker]:
    """Brindle's endpoint, which is content with everything."""
    with taking() as found:
        take_messages_at(eve, found.url)
        yield found
