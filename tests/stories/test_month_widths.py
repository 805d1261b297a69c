"""No page of the month is wider than the window, and no label of a card lies on its value, however long the ids are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from simulator import Simulator
from tests.dispatching import plan
from tests.servers import WorldClient, eventually, fresh_world
from tests.stories.browsing import Visitor, visiting

FIRST_OF_DECEMBER = "2026-12-01T05:00:00Z"
TWO_ZONES = ("MU-1001", "MU-1003")
NOT_WRAPPED = """cells => cells.filter(cell => getComputedStyle(cell, '::before').whiteSpace !== 'normal')
  .map(cell => cell.dataset.label)"""
"""The labels that do not go on below when they are longer than their column."""


@pytest.fixture(scope="module")
def month(server: Simulator) -> Iterator[tuple[WorldClient, str]]:
    """A demo world on 1 December 2026 with an event in each of two zones of one dispatch, and the id of one of them."""
    with fresh_world(server.url, "demo") as world:
        world.freeze("2026-11-02T17:00:00Z")
        dispatch = plan(world, meterableUnitIds=list(TWO_ZONES), startTime="2026-11-03T16:00:00Z",
                        endTime="2026-11-03T18:00:00Z")
        world.advance(to=FIRST_OF_DECEMBER)
        events = eventually(lambda: [each["eventId"] for each in world.get("/_sim/events?size=100").json()["events"]
                                     if each["eventId"].startswith(f"{dispatch}-")], "events of two zones")
        assert len(events) == 2
        yield world, max(events, key=len)


@pytest.fixture(scope="module")
def guest(browser: Browser, month: tuple[WorldClient, str]) -> Iterator[Visitor]:
    """The demo user of it, signed in once: a code counts once."""
    with visiting(browser) as visitor:
        visitor.sign_in(month[0].url)
        yield visitor


@pytest.mark.parametrize("width", [1280, 1024, 360])
def test_no_page_of_the_month_scrolls_sideways(guest: Visitor, month: tuple[WorldClient, str], width: int) -> None:
    """Ours: with the id of an event in two zones, on a laptop, a small one and a phone."""
    world, event = month
    guest.page.set_viewport_size({"width": width, "height": 800})
    invoices = [each["number"] for each in
                world.get("/_sim/invoices?participant=brindle&month=2026-11").json()["invoices"]]
    places = ["/meterable-units", "/reports/event-reports", "/reports/event-reports?month=2026-11",
              f"/reports/event-reports/{event}", *(f"/reports/invoices/{number}" for number in invoices),
              "/console/events", f"/console/events/{event}"]
    assert {place: excess for place in places if (excess := excess_of(guest, world.url + place))} == {}


@pytest.mark.parametrize("place", ["/reports/event-reports?month=2026-11", "/console/events", "/meterable-units"])
def test_no_label_of_a_card_lies_on_its_value(guest: Visitor, month: tuple[WorldClient, str], place: str) -> None:
    """Ours: on a phone a row is a card of labels and values, and long labels go on below."""
    guest.page.set_viewport_size({"width": 360, "height": 740})
    guest.page.goto(month[0].url + place)
    assert guest.page.locator("table.stacked tbody tr > *").evaluate_all(NOT_WRAPPED) == []


def excess_of(visitor: Visitor, url: str) -> int:
    """By how many pixels a page is wider than the window."""
    visitor.page.goto(url)
    return visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
