"""Brindle's Dispatch Settings and test messages through the pages, for stories about them."""

from __future__ import annotations

from typing import Any

from tests.pages import Element, Page, PageClient
from tests.servers import eventually

SETTINGS = "/api-testing/dispatch-settings"
TESTING = "/api-testing/dispatch-testing"
GOOD_MESSAGE = {"dispatch_id": "TEST-1", "instruction": "start", "start_time": "2026-11-02T17:30",
                "end_time": "2026-11-02T18:30", "power_change_kw": "150", "meterable_unit_ids": "MU-1001, MU-1002"}
SECRET = "s3cret-of-Brindle"


def set_endpoint(client: PageClient, url: str, auth: str = "none", secret: str = "") -> Page:
    """Save Dispatch Settings, which must succeed."""
    return client.submit(client.get(SETTINGS), "Save", {"base_url": url, "auth": auth, "secret": secret}, to=SETTINGS)


def send_message(client: PageClient, **changes: str) -> Page:
    """Send a test message; the page with its result, when it is there."""
    page = client.submit(client.get(TESTING), "Send V2 Message", {**GOOD_MESSAGE, **changes}, to=f"{TESTING}/")
    return when_done(client, page)


def check_connection(client: PageClient) -> Page:
    """Press Check connection; the page with what was found."""
    page = client.submit(client.get(SETTINGS), "Check connection", to=f"{SETTINGS}/checks/")
    return when_done(client, page)


def when_done(client: PageClient, page: Page) -> Page:
    """The page again, once the message is not under way any more."""
    path = page.url.removeprefix(client.url).partition("#")[0]
    # An endpoint that answers at once has answered by the time the page shows; others take their time.
    return page if not is_waiting(page) else eventually(
        lambda: None if is_waiting(found := client.get(path)) else found, "the outcome")


def is_waiting(page: Page) -> bool:
    """Whether the page says that the answer is awaited."""
    return any("data-pending" in element.attributes for element in page.tree.walk())


def black_box(page: Page) -> list[str]:
    """The lines of the black box."""
    return [line.text for line in page.tree.find(class_="black-box").find_all("p")]


def folded(page: Page, label: str) -> str:
    """What is folded below the black box: "The request" or "The answer"."""
    return raw_text(page.tree.find("pre", **{"aria-label": label}).find("code"))


def raw_text(element: Element) -> str:
    """The text of an element with its line breaks."""
    return "".join(child for child in element.children if isinstance(child, str))


def stages(page: Page) -> dict[str, tuple[str, str]]:
    """Name of each stage of the connection -> (state, what stands beside it)."""
    return {item.find("strong").text: (item["class"].removeprefix("stage-"), item.find(class_="stage-note").text)
            for item in page.tree.find(class_="stages").find_all("li")}


def errors_at(page: Page) -> dict[str, list[str]]:
    """Field -> the messages at it."""
    return {element["id"].removesuffix("-error"): [part.text for part in element.find_all("div")[1:]]
            for element in page.tree.find_all(class_="field-error")}


def head_and_body(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """First line, headers and body of a request that an endpoint has read."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines), body


def everything_kept(world: Any) -> str:
    """The journal as text."""
    return str(world.journal())
