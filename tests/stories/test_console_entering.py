"""Who may use the console: people at this machine, or those who know the control token; never a foreign web page."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from simulator import Simulator
from tests.pages import Page, PageClient
from tests.servers import WorldClient, fresh_name, running
from tests.stories.browsing import EMAIL, PASSWORD, SECRET, Visitor, code_of

TOKEN = "open-sesame/2026"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Simulator]:
    """A server with a control token."""
    with running(control_token=TOKEN) as simulator:
        yield simulator


def enter(client: PageClient, token: str, to: str) -> Page:
    return client.submit(client.get("/console/enter"), "Enter", {"token": token}, to=to)


def test_strangers_are_asked_for_the_token_and_then_go_where_they_wanted(guarded: Simulator) -> None:
    client = PageClient(guarded.url)
    page = client.get_redirected("/console/participants/brindle", to="/console/enter")
    assert page.heading == "Enter the console"
    assert "brindle" not in page.content.text.lower() and page.tree.find_all("nav") == []
    page = client.submit(page, "Enter", {"token": TOKEN}, to="/console/participants/brindle")
    assert page.heading == "Brindle Aggregation Ltd"
    client.get_redirected("/console/enter", to="/console")
    assert client.get("/console/mailbox").heading == "Mailbox"
    page = client.submit(client.get("/console"), "Leave the console", to="/console/enter")
    assert page.alerts == ["You have left the console."]
    client.get_redirected("/console", to="/console/enter")


@pytest.mark.parametrize(("token", "message"), [
    ("", "Enter the control token."), ("wrong", "That is not this server’s control token."),
    (TOKEN + "x", "That is not this server’s"), (TOKEN[:-1], "That is not this server’s"),
    ("☃" * 1_001, "1000 characters"), (TOKEN.upper(), "That is not this server’s"),
])
def test_a_wrong_token_is_refused_and_not_shown_again(guarded: Simulator, token: str, message: str) -> None:
    client = PageClient(guarded.url)
    page = client.submit(client.get("/console/enter"), "Enter", {"token": token}, status=422)
    assert message in page.field_errors[0]
    assert page.tree.find("input", name="token").attributes.get("value", "") == ""
    assert not token or token not in page.html
    client.get_redirected("/console", to="/console/enter")


@pytest.mark.parametrize("elsewhere", [
    "https://evil.example", "//evil.example", "/\\evil.example", "/console@evil.example", "/consoles", "/sign-in",
    "javascript:alert(1)", "/console/\\..", "/console/../sign-in", "/console/mailbox?q=\r\nX: y",
])
def test_the_way_back_leads_nowhere_but_to_the_console(guarded: Simulator, elsewhere: str) -> None:
    client = PageClient(guarded.url)
    page = client.submit(client.get("/console/enter"), "Enter", {"token": TOKEN, "next": elsewhere}, to="/console")
    assert page.heading == "Overview"


def test_the_cookie_holds_no_token_and_is_for_one_console(guarded: Simulator) -> None:
    with running(control_token=TOKEN) as other:
        client = PageClient(guarded.url)
        enter(client, TOKEN, to="/console")
        (cookie,) = [cookie for cookie in client.session.cookies if "console" in cookie.name]
        assert TOKEN not in cookie.value
        assert (cookie.path, cookie.has_nonstandard_attr("HttpOnly")) == ("/console", True)
        stranger = PageClient(other.url)
        stranger.session.cookies.set(cookie.name, cookie.value, domain="127.0.0.1", path="/console")
        stranger.get_redirected("/console", to="/console/enter")
        for value in ("x", cookie.value[:-2], cookie.value + "x", ""):
            stranger = PageClient(guarded.url)
            stranger.session.cookies.set(cookie.name, value, domain="127.0.0.1", path="/console")
            stranger.get_redirected("/console", to="/console/enter")


def test_another_world_asks_again(guarded: Simulator) -> None:
    name = fresh_name()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    control = WorldClient(guarded.url, "default")
    assert control.put(f"/_sim/worlds/{name}", {}, headers=headers).ok
    client = PageClient(guarded.url)
    enter(client, TOKEN, to="/console")
    client.url = f"{guarded.url}/w/{name}"
    client.get_redirected("/console/mailbox", to="/console/enter")
    enter(client, TOKEN, to="/console")
    assert client.get("/console/mailbox").heading == "Mailbox"


def test_the_portals_sessions_and_the_consoles_are_apart(guarded: Simulator) -> None:
    client = PageClient(guarded.url)
    enter(client, TOKEN, to="/console")
    page = client.sign_in(EMAIL, PASSWORD, code_of(SECRET))
    assert client.get("/console").heading == "Overview"
    client.submit(page, "Sign out", to="/sign-in")
    assert client.get("/console").heading == "Overview"


def test_without_a_token_none_is_asked_for(world: WorldClient) -> None:
    client = PageClient(world.url)
    client.get_redirected("/console/enter", to="/console")
    assert "Leave the console" not in client.get("/console").html


@pytest.mark.parametrize("path", ["/console", "/console/enter", "/console/mailbox/1/html"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_origin_is_refused_with_a_page(world: WorldClient, path: str, origin: str) -> None:
    client = PageClient(world.url)
    answer = client.raw("GET", path, headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "may not drive the simulator" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.7"])
def test_a_foreign_name_for_this_machine_is_refused_with_a_page(server: Simulator, host: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        connection.sendall(f"GET /console HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()
    assert answer.startswith("HTTP/1.1 403")
    assert "listens to this machine only" in answer and "Simulator console" in answer


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_form_from_elsewhere_changes_nothing(world: WorldClient, token: str | None) -> None:
    client = PageClient(world.url)
    client.get("/console")
    data = {"name": "Forged", "email": "forged@x.example", **({} if token is None else {"csrf_token": token})}
    for path in ("/console/participants", "/console/mailbox/delete", "/console/participants/brindle/authenticator"):
        answer = client.raw("POST", path, data=data)
        assert answer.status_code == 400 and "out of date" in answer.text
    form = PageClient(world.url).get("/console/participants").form("Invite")
    foreign = form.find("input", name="csrf_token")["value"]
    assert client.raw("POST", "/console/participants", data={**data, "csrf_token": foreign}).status_code == 400
    assert len(world.mails()) == 1


def test_entering_in_a_browser(guarded: Simulator, visitor: Visitor) -> None:
    url = guarded.url
    visitor.page.goto(url + "/console/mailbox?q=tamar")
    visitor.page.get_by_label("Control token").fill(TOKEN)
    visitor.button("Enter").click()
    visitor.sees_heading("Mailbox")
    assert visitor.page.url == url + "/console/mailbox?q=tamar"
    visitor.button("Leave the console").click()
    visitor.sees("You have left the console.")
