"""Sending hand-written messages, and seeing in the portal what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from tests.overrides.conversations import Conversation
from tests.pages import Page, PageClient
from tests.portal import EMAIL, PASSWORD
from tests.servers import ROOT, WorldClient

HERE = Path(__file__).parent
FIXTURE = HERE / "world.yaml"


def contract_file(name: str) -> Path:
    """The file of a changed contract: one of those in tests/contracts, or one of this folder's own."""
    own = HERE / "contracts" / f"{name}.yaml"
    return own if own.exists() else ROOT / "tests" / "contracts" / "overrides" / f"{name}.yaml"


def send_good(world: WorldClient, told: Conversation) -> requests.Response:
    """Send the conversation's good message."""
    return world.request(told.method, told.path, data=told.body, headers=told.headers)


def send_bad(world: WorldClient, told: Conversation) -> requests.Response:
    """Send the conversation's bad message."""
    return world.request(told.method, told.bad_path or told.path, data=told.bad_body,
                         headers={**told.headers, **told.bad_headers})


def send_items(world: WorldClient, told: Conversation, count: int) -> requests.Response:
    """Send a message whose list has so many empty items."""
    before, item, after = told.too_many
    return world.request(told.method, told.path, data=before + ", ".join([item] * count) + after, headers=told.headers)


def body_of(answer: requests.Response) -> Any:
    """The answer's JSON, or None when it has no body."""
    return answer.json() if answer.content else None


def sign_in_to(world: WorldClient) -> PageClient:
    """A visitor of the world's portal, signed in as Brindle's user."""
    visitor = PageClient(world.url)
    visitor.sign_in(EMAIL, PASSWORD, world.code())
    return visitor


def readings_page(visitor: PageClient, unit: str) -> Page:
    """The Readings page of a unit."""
    return visitor.get(f"/api-testing/readings?unit={unit}")


def readings_shown(visitor: PageClient, unit: str) -> list[tuple[str, str, str]]:
    """(unit, period end, kW) of each reading that the portal shows of a unit, the oldest first."""
    page = readings_page(visitor, unit)
    label = f"Latest readings of {unit}"
    if not page.content.find_all(**{"aria-label": label}):
        return []
    return sorted((unit, row[0], row[1].replace("−", "-")) for row in page.rows(label))
