"""The Readings page shows the latest readings of each unit, and no more than the guide says."""

from __future__ import annotations

import pytest

from tests.builders import readings_by_minute
from tests.pages import PageClient
from tests.servers import WorldClient


@pytest.mark.proves("rule/readings.latest", "page/Readings")
def test_the_latest_sixty_readings_of_a_unit_are_shown(client: PageClient, world: WorldClient) -> None:
    """Portal guide §3.1, Readings (documented): latest 60 readings per Meterable Unit."""
    assert world.send(readings_by_minute(75, "2026-11-02T16:59:00Z")).status_code == 200
    assert len(client.get("/api-testing/readings").rows("Latest readings of MU-1001")) == 60
