"""Browsers and worlds of the stories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from simulator import Simulator
from tests.pages import PageClient
from tests.servers import NOW, WorldClient, fresh_world, running
from tests.stories.browsing import EMAIL, PASSWORD, Visitor, launch, visiting

FIRST_SIGN_IN = Path(__file__).parent / "fixtures" / "first-sign-in.yaml"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all stories; each gets windows of its own."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """A person at a desktop."""
    with visiting(browser) as visitor:
        yield visitor


@pytest.fixture
def signed_in(visitor: Visitor, world: WorldClient) -> Visitor:
    """The demo user, signed in to `world`."""
    visitor.sign_in(world.url)
    return visitor


@pytest.fixture
def client(world: WorldClient) -> PageClient:
    """The demo user without a browser, signed in to `world`."""
    client = PageClient(world.url)
    client.sign_in(EMAIL, PASSWORD, world.code())
    return client


@pytest.fixture(scope="session")
def market_server() -> Iterator[Simulator]:
    """A server whose codes, sessions and locks follow the market's clock, so that stories can move it."""
    with running(credentials="market", fixture=str(FIRST_SIGN_IN)) as simulator:
        yield simulator


@pytest.fixture
def frozen_world(market_server: Simulator) -> Iterator[WorldClient]:
    """A fresh world of the fixture `first-sign-in.yaml`, whose clock stands still at NOW."""
    with fresh_world(market_server.url, str(FIRST_SIGN_IN)) as client:
        client.freeze(NOW)
        yield client
