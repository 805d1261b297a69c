"""Links that mails bring, for stories of setting passwords."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from tests.pages import Page, PageClient
from tests.servers import WorldClient

TAMAR = "desk@tamar-flex.example"
"""The invited user of the demo world."""

GOOD = "marmot velvet 73 tugboat"
"""A password that all rules allow."""


def newest_link(world: WorldClient, email: str) -> str:
    """The link of the newest mail to an address, absolute."""
    return world.mails(to=email, wait=30)[-1]["links"][0]


def token_of(link: str) -> str:
    """The secret of a link."""
    return parse_qs(urlsplit(link).query)["token"][0]


def ask_for_link(world: WorldClient, email: str) -> str:
    """"Forgot your password", and the link that then comes by mail."""
    client = PageClient(world.url)
    last = max((mail["id"] for mail in world.mails()), default=0)
    client.submit(client.get("/password/forgotten"), "Send the link", {"email": email}, to="/password/sent")
    return world.mails(to=email, since=last, wait=30)[0]["links"][0]


def open_link(client: PageClient, link: str) -> Page:
    """The page on which a good link's password is set."""
    return client.get_redirected(link, to="/password/new")


def twice(password: str) -> Mapping[str, str]:
    """Both fields."""
    return {"password": password, "repeat": password}


def set_password(world: WorldClient, link: str, password: str = GOOD) -> None:
    """Set a password through a link, in a browser of its own."""
    client = PageClient(world.url)
    client.submit(open_link(client, link), "Set password", twice(password), to="/sign-in")


def log_in(world: WorldClient, email: str, password: str) -> str:
    """Where the log-in page leads with an email address and a password."""
    client = PageClient(world.url)
    form = client.get("/sign-in").form("Log in")
    answer = client.raw("POST", "/sign-in", data={
        "csrf_token": form.find("input", name="csrf_token")["value"], "email": email, "password": password})
    return answer.headers.get("Location", "").removeprefix(urlsplit(world.url).path) or str(answer.status_code)
