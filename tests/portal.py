"""The portal through plain HTTP: reading its forms and signing in, for tests that need no browser."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import requests

from tests.servers import WorldClient

EMAIL, PASSWORD = "operations@brindle.example", "Brindle-demo-2026"


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "input" and given.get("name"):
            self.values[given["name"] or ""] = given.get("value") or ""


def fields_of(page: str) -> dict[str, str]:
    """The inputs of a page's forms with their values, the hidden ones too."""
    reader = _Fields()
    reader.feed(page)
    return reader.values


def submit(world: WorldClient, path: str, **values: Any) -> requests.Response:
    """Fill in the form of a page and send it, as a browser does; redirects are not followed."""
    page = world.get(path)
    return world.post(path, data={**fields_of(page.text), **values}, allow_redirects=False)


def sign_in(world: WorldClient) -> None:
    """Sign Brindle's user in with password and code; the client keeps the session's cookie."""
    password = submit(world, "/sign-in", email=EMAIL, password=PASSWORD)
    assert password.status_code == 302, password.text
    code = submit(world, "/sign-in/code", code=world.code())
    assert code.status_code == 302, code.text
