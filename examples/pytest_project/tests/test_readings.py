"""Acme's readings arrive, and Acme's client does the right thing when they do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from acme_flex.platform import MeterReading, Platform, PlatformDown, ReadingsRefused

from simulator.testing import Journal, Portal, World

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.flexsim(now=NOON, frozen=True)


def test_readings_arrive(platform: Platform, journal: Journal) -> None:
    """They are taken, and the platform says whose they are."""
    platform.send([MeterReading("MU-1003", NOON, 250.0)])
    journal.assert_happened("readings.accepted", organisation="brindle", units=["MU-1003"], accepted=1)


def test_readings_are_on_the_portal_s_page(platform: Platform, portal: Portal) -> None:
    """What a colleague sees who looks at the portal."""
    platform.send([MeterReading("MU-1001", NOON, 123.4)])
    page = portal.get("/api-testing/readings?unit=MU-1001")
    assert "123.4" in page.text


def test_the_client_tries_again_when_the_platform_is_down_for_a_moment(platform: Platform, world: World) -> None:
    """Two answers of 503, then all is well: nothing is lost."""
    world.faults.switch_on("participant", {"status": 503}, times=2)
    platform.send([MeterReading("MU-1001", NOON, 1.0)])
    statuses = [entry.data["status"] for entry in world.journal.entries("http.in")
                if entry.data["surface"] == "participant"]
    assert statuses == [503, 503, 200]


def test_an_answer_that_is_lost_does_no_harm(platform: Platform, world: World) -> None:
    """The platform has the readings, the client does not know it and sends them again: there they are, once."""
    world.faults.switch_on("participant", {"drop": "answer"}, times=1)
    platform.send([MeterReading("MU-1001", NOON, 1.0)])
    taken = world.journal.entries("readings.accepted")
    assert [entry.data["accepted"] for entry in taken] == [1, 1]
    assert taken[-1].data["updated"] == 1


def test_the_client_gives_up_after_its_last_try(platform: Platform, world: World) -> None:
    """The caller learns that the readings have to be sent later."""
    world.faults.switch_on("participant", {"status": 503})
    with pytest.raises(PlatformDown, match="503"):
        platform.send([MeterReading("MU-1001", NOON, 1.0)])


def test_nonsense_is_not_tried_again(platform: Platform, world: World) -> None:
    """A reading of the future is refused once, with the platform's own words."""
    with pytest.raises(ReadingsRefused) as refusal:
        platform.send([MeterReading("MU-1001", NOON + timedelta(hours=1), 1.0)])
    assert [error["code"] for error in refusal.value.errors] == ["in_the_future"]
    assert len([entry for entry in world.journal.entries("http.in") if entry.data["status"] == 422]) == 1
