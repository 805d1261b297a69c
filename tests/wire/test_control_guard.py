"""Who may drive the simulator: programs of this machine, never a foreign web page.

Wire format, assumed: simulator surface.
"""

from __future__ import annotations

import socket

import pytest

from simulator import Simulator
from tests.builders import refusal
from tests.servers import WorldClient, fresh_world, running


@pytest.mark.parametrize("origin", [
    "https://evil.example", "null", "", "http://localhost:1", "http://127.0.0.1", "http://[", "http://127.0.0.1.evil.example",
])
def test_a_page_of_another_origin_may_not_drive_the_simulator(world: WorldClient, origin: str) -> None:
    """Ours: a web page that a tester has open must not reach a server on the tester's machine."""
    refusal(world.post("/_sim/reset", headers={"Origin": origin}), 403)
    refusal(world.get("/_sim/journal", headers={"Origin": origin}), 403)
    assert [entry["kind"] for entry in world.journal("world.")] == ["world.started"]


def test_a_page_of_the_simulator_itself_may(server: Simulator, world: WorldClient) -> None:
    """Ours: its own pages call /_sim."""
    assert world.post("/_sim/reset", headers={"Origin": server.url}).status_code == 200


@pytest.mark.parametrize("host", [
    "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "192.168.0.7", "[", "[::", "a b", "0.0.0.0",
])
def test_a_foreign_name_for_this_machine_is_refused(server: Simulator, host: str) -> None:
    """Ours: a name that a stranger lets point here (DNS rebinding) must not open /_sim."""
    assert _status(server, host) in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.9:1", "[::1]:8000",
                                  "world.localhost"])
def test_names_of_this_machine_are_taken(server: Simulator, host: str) -> None:
    """RFC 6761: localhost and its subdomains mean this machine."""
    assert _status(server, host) == 200


def _status(server: Simulator, host: str) -> int:
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        connection.sendall(f"GET /_sim/clock HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_bodies_that_a_foreign_page_can_send_unasked_are_refused(world: WorldClient, content_type: str) -> None:
    """Fetch standard: these content types need no preflight, so they are not taken even without an Origin."""
    answer = world.put("/_sim/clock", data=b'{"mode": "frozen"}', headers={"Content-Type": content_type})
    refusal(answer, 415)


@pytest.mark.parametrize("body", [b"{", b"\xff", b"mode=frozen"])
def test_a_body_that_is_not_json_is_refused(world: WorldClient, body: bytes) -> None:
    """Wire format, assumed: errors of every call are problems."""
    refusal(world.put("/_sim/clock", data=body, headers={"Content-Type": "application/json"}), 400)


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x", "control-secret", "Basic control-secret",
                                           "Bearer control-secret2", "Bearer contröl"])
def test_with_a_control_token_every_call_needs_it(authorization: str | None) -> None:
    """Wire format, assumed: --control-token; health alone is open."""
    headers = {} if authorization is None else {"Authorization": authorization.encode()}
    with running(control_token="control-secret", fixture="empty") as server:
        world = WorldClient(server.url, "default")
        for method, path in (("GET", "/_sim/clock"), ("POST", "/_sim/reset"), ("PUT", "/_sim/worlds/x"),
                             ("GET", "/_sim/journal"), ("DELETE", "/_sim/worlds/x")):
            answer = world.request(method, path, headers=headers)
            refusal(answer, 401)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert world.get("/_sim/health", headers=headers).status_code == 200
        listed = world.get("/_sim/worlds", headers={"Authorization": "Bearer control-secret"})
        assert listed.json()["worlds"] == ["default"]
        world.close()


def test_without_a_control_token_none_is_asked_for(server: Simulator) -> None:
    """Wire format, assumed: /_sim is open on loopback."""
    with fresh_world(server.url) as world:
        assert world.get("/_sim/clock", headers={"Authorization": "Bearer whatever"}).status_code == 200
