"""Web pages of strangers, as an attacker would write them: none drives the simulator, and none reads what it holds."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator import Settings, Simulator
from simulator.app import load_contracts
from simulator.own_names import host_of, is_strangers, is_this_machine
from simulator.pages import build_pages
from simulator.worlds import Worlds
from tests.builders import refusal
from tests.servers import NOW, TOKEN, WorldClient, running

REBOUND = "evil.example:8000"
"""A stranger's name that was let point to this machine after its page had loaded."""


def raw(server: Simulator, request: str) -> tuple[int, str]:
    """Status and whole answer of a request that is sent as it is written."""
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()
    return int(answer.split()[1]), answer


def asked(server: Simulator, host: str, path: str = "/_sim/clock", method: str = "GET") -> int:
    """Status of a request with a Host header."""
    return raw(server, f"{method} {path} HTTP/1.1\nHost: {host}\nContent-Length: 0\nConnection: close\n\n")[0]


@pytest.mark.parametrize("method, path", [
    ("GET", "/_sim/health"), ("GET", "/_sim/journal"), ("POST", "/_sim/reset"), ("GET", "/console"), ("GET", "/"),
    ("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/static/portal.css"), ("POST", "/api/v2/readings"),
    ("POST", "/smp/api/v1/authenticate"), ("GET", "/smp/.well-known/jwks.json"), ("GET", "/w/no-such-world/"),
    ("GET", "/nothing"), ("OPTIONS", "/_sim/clock"), ("HEAD", "/console")])
def test_a_rebound_name_opens_nothing_at_all(server: Simulator, method: str, path: str) -> None:
    """Ours: the demo's passwords are public, so the portal and the APIs must not answer a stranger's name either."""
    assert asked(server, REBOUND, path, method) == 403


def test_a_rebound_name_is_told_what_to_do(server: Simulator) -> None:
    """Ours: a name may be the tester's own, of a hosts file; then a setting makes it good."""
    request = f"GET /sign-in HTTP/1.1\nHost: {REBOUND}\nConnection: close\nAccept: "
    page = raw(server, f"{request}text/html\n\n")[1]
    problem = raw(server, f"{request}*/*\n\n")[1]
    assert "text/html" in page and "application/problem+json" in problem
    assert all("FLEXSIM_PUBLIC_URL=http://evil.example:8000" in answer for answer in (page, problem))


@pytest.mark.parametrize("host", ["127.0.0.1#.evil.example", "127.0.0.1@evil.example", "localhost@evil.example",
                                  "evil.example#localhost", "localhost, evil.example", "localhost/../evil.example",
                                  "127.0.0.1:8000:evil.example", "localhost%2eevil.example", "[::1].evil.example",
                                  "[::1%25lo]", "localhost\\@evil.example", "2130706433", "0x7f.1", "017700000001",
                                  "::1", "localhost:999999", "xn--localhost-", "notlocalhost", "[::]",
                                  "[::ffff:1.2.3.4]"])
def test_no_trick_makes_a_strangers_host_ours(server: Simulator, host: str) -> None:
    """Ours: what is not plainly this machine does not drive the simulator."""
    assert asked(server, host) in (400, 403)


@pytest.mark.parametrize("host", ["localhost.:8000", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]:8000", "127.1.2.3"])
def test_other_ways_to_write_this_machine_are_taken(host: str) -> None:
    """RFC 6761, RFC 4291: they can mean nothing else."""
    assert is_this_machine(host_of(host) or "")


@pytest.mark.parametrize("host", ["flexsim.test", "flexsim:8000", "host.docker.internal:8000", "192.168.0.7",
                                  "10.0.0.7:80", "[fd00::7]", "box.home.arpa"])
def test_names_that_nobody_can_own_reach_the_platforms_only(server: Simulator, host: str) -> None:
    """RFC 6761: no stranger can let them point here; yet nobody said that they are this server's."""
    assert asked(server, host, "/sign-in") == 200
    assert asked(server, host, "/_sim/clock") == asked(server, host, "/console") == 403


def test_names_that_the_settings_give_are_the_servers_own() -> None:
    """Ours: who names a host in `tls_hosts` or `public_url` owns it."""
    with running(fixture="empty", tls_hosts=("sim.corp.example", "*.sims.example"),
                 public_url="http://flexsim.example:9000") as server:
        for host in ("sim.corp.example:8000", "one.sims.example", "flexsim.example", "FLEXSIM.example."):
            assert asked(server, host, "/sign-in") == asked(server, host) == 200, host
        for host in ("corp.example", "sims.example", "one.two.sims.example", "flexsim.example.evil.example"):
            assert asked(server, host, "/sign-in") == asked(server, host) == 403, host


def test_off_loopback_the_token_guards_instead_of_the_name() -> None:
    """Ours: there the server cannot know its names; a rebound page does not know the token."""
    assert not is_strangers(REBOUND, Settings(host="0.0.0.0", control_token="control-secret"))
    with running(host="0.0.0.0", control_token="control-secret", fixture="empty") as server:
        assert asked(server, REBOUND) == 401
        assert asked(server, REBOUND, "/console") == 302


@pytest.mark.parametrize("host", ["127.evil.example", "127.0.0.1.evil.example", "", "0", "0.0.0.0", "::", "10.0.0.7",
                                  "myhost", "localhost.evil.example"])
def test_only_an_address_of_loopback_counts_as_loopback(host: str) -> None:
    """Wire format, assumed: bound to anything else the server demands a control token; a name that begins with 127 is
    one, too.
    """
    assert not Settings(host=host).on_loopback


FETCHES = [
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty"},
    {"Sec-Fetch-Site": "cross-site"},
]
LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize("headers", FETCHES)
@pytest.mark.parametrize("path", ["/_sim/journal", "/console"])
def test_what_a_foreign_page_fetches_without_an_origin_is_refused(world: WorldClient, headers: dict[str, str], path: str
                                                                ) -> None:
    """Fetch Metadata: images, scripts and frames carry no Origin; another port of this machine is `same-site`."""
    assert world.get(path, headers=headers).status_code == 403


def test_a_link_to_a_page_may_be_followed_but_nothing_be_done_by_it(world: WorldClient) -> None:
    """Ours: documentation may link to the console; a form that a page sends is a navigation, too."""
    assert world.get("/console", headers=LINK).status_code == 200
    assert world.get("/_sim/clock", headers={"Sec-Fetch-Site": "none"}).status_code == 200
    assert world.get("/_sim/clock", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    refusal(world.post("/_sim/reset", headers=LINK), 403)
    refusal(world.request("PUT", "/_sim/clock", json={"mode": "frozen"}, headers=LINK), 403)


@pytest.mark.parametrize("path", ["/_sim/clock", "/_sim/worlds/x", "/console/participants", "/_sim/health",
                                  "/api/v2/readings", "/smp/api/v1/assets"])
def test_no_preflight_is_answered_with_leave(world: WorldClient, path: str) -> None:
    """Fetch standard: without Access-Control-Allow-Origin a browser sends nothing that needs leave."""
    answer = world.request("OPTIONS", path, headers={
        "Origin": "https://evil.example", "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type, authorization"})
    assert answer.status_code in (403, 405)
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded; charset=utf-8",
                                          "multipart/form-data; boundary=x", "TEXT/PLAIN"])
def test_an_empty_form_is_refused_as_well(world: WorldClient, content_type: str) -> None:
    """Ours: a browser that sends neither Origin nor Sec-Fetch-Site still says what it sends."""
    refusal(world.post("/_sim/reset", headers={"Content-Type": content_type}), 415)
    assert [entry["kind"] for entry in world.journal("world.")] == ["world.started"]


@pytest.mark.parametrize("content_type", ["application/vnd.sqlite3", "application/octet-stream", "application/jsonp"])
def test_only_json_is_taken(world: WorldClient, content_type: str) -> None:
    """Ours: a snapshot's file is taken where one is asked for, and nowhere else."""
    refusal(world.put("/_sim/clock", data=json.dumps({"mode": "frozen"}), headers={"Content-Type": content_type}), 415)


@pytest.mark.parametrize("path", ["/_sim/journal", "/_sim/journal/har", "/_sim/mailbox", "/_sim/health", "/console",
                                  "/_sim/participants", "/sign-in", "/static/portal.css", "/w/none/_sim/health"])
def test_no_answer_can_be_built_into_a_foreign_page(world: WorldClient, path: str) -> None:
    """Fetch: Cross-Origin-Resource-Policy keeps it out of images and scripts, frame-ancestors out of frames."""
    headers = world.get(path).headers
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WorldClient, Path]]:
    """A demo world whose clock stands still, and its database."""
    folder = tmp_path_factory.mktemp("data")
    with running(data=folder) as server:
        world = WorldClient(server.url, "default")
        world.freeze(NOW)
        world.get("/console")  # the pages are loaded
        yield world, folder / "worlds" / "default" / "world.sqlite"
        world.close()


def _content(file: Path) -> str:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return "\n".join(connection.iterdump())
    finally:
        connection.close()


def test_no_call_that_reads_changes_anything(frozen: tuple[WorldClient, Path], tmp_path: Path) -> None:
    """Ours: what a link or an image can ask for has no effect: the whole database is the same afterwards."""
    world, file = frozen
    worlds = Worlds(Settings(data=tmp_path, fixture="empty"))
    rules = list(build_pages(worlds, load_contracts(worlds.settings)).url_map.iter_rules())
    worlds.close()
    known = {"organisation_id": "brindle", "monday": "2026-11-09", "platform": "smp", "name": "default",
             "event_id": world.get("/_sim/events").json()["events"][0]["eventId"],
             "number": world.get("/_sim/invoices").json()["invoices"][0]["number"]}
    before = _content(file)
    asked_for, found = 0, 0
    for rule in rules:
        if rule.endpoint.split(".")[0] not in ("control", "console") or "GET" not in rule.methods:
            continue
        path = re.sub(r"<(int[^>]*)?([a-z_]+)>", lambda match: known.get("" if match[1] else match[2], "1"), rule.rule)
        statuses = {world.request(method, path, allow_redirects=False).status_code for method in ("GET", "HEAD")}
        assert max(statuses) < 500, path
        asked_for, found = asked_for + 1, found + (200 in statuses)
    assert asked_for > 50 and found > 0.7 * asked_for, (asked_for, found)
    assert _content(file) == before


def test_the_platforms_apis_need_a_token_that_a_foreign_page_cannot_attach(world: WorldClient) -> None:
    """Fetch standard: an Authorization header needs leave by preflight, which is never given; cookies open no API."""
    assert world.post("/api/v2/readings", headers={"Origin": "https://evil.example"}, json={}).status_code == 401
    query = {"access_token": TOKEN, "token": TOKEN}
    assert world.post("/api/v2/readings", params=query, json={}).status_code == 401
