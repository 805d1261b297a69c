"""The web application of all pages and of `/_sim`, put together; loaded after the server listens (see `app`)."""

from __future__ import annotations

from flask import Flask

from simulator import console, control, portal
from simulator.contracts import Contract
from simulator.web import Pages, create_application
from simulator.worlds import Worlds


def build_pages(worlds: Worlds, contracts: dict[str, Contract]) -> Flask:
    """The portal, the console and `/_sim`."""
    without_forms = [control.surface(contracts)]
    surfaces = [portal.surface(contracts["participant"]), console.surface(contracts), *without_forms]
    return create_application(worlds, surfaces, lambda application: portal.prepare(application, without_forms))


def load_pages(worlds: Worlds, contracts: dict[str, Contract]) -> Pages:
    """The same, as the gateway takes it."""
    return Pages(build_pages(worlds, contracts))
