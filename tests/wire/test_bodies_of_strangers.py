"""Large bodies are read only where they may be large, and only from those who may send them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from simulator import Simulator
from tests.builders import refusal
from tests.servers import WorldClient, running
from tests.snapshots import MEDIA_TYPE, upload

TOKEN = "control-secret"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Simulator]:
    """A server with a control token."""
    with running(fixture="empty", control_token=TOKEN) as server:
        yield server


def status_before_the_body(server: Simulator, method: str, path: str, *headers: str) -> int:
    """What is answered to a request that says that 900 MB follow, and of which only the head comes."""
    address = urlsplit(server.url)
    head = "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {address.netloc}", "Content-Length: 900000000", *headers])
    with socket.create_connection((address.hostname, address.port), 30) as connection:
        connection.sendall(f"{head}\r\n\r\n".encode())
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize(("method", "path", "status"), [
    ("PUT", "/_sim/snapshots/one", 401), ("POST", "/_sim/snapshots/one/restore", 401), ("PUT", "/_sim/worlds/one", 401),
    ("GET", "/console/snapshots/one/file", 302), ("GET", "/console/snapshotsfoo", 404),
])
def test_nothing_is_read_from_who_has_not_the_control_token(guarded: Simulator, method: str, path: str, status: int
                                                            ) -> None:
    """Ours: a stranger on the network must not fill memory or disk."""
    assert status_before_the_body(guarded, method, path, f"Content-Type: {MEDIA_TYPE}") == status


def test_a_route_that_takes_no_file_does_not_read_one(guarded: Simulator) -> None:
    """Ours: the limit for files of snapshots is that of the call that takes them, not of all beside it."""
    for path in ("/_sim/snapshots/one/restore", "/_sim/reset"):
        assert status_before_the_body(guarded, "POST", path, f"Authorization: Bearer {TOKEN}",
                                      "Content-Type: application/json") == 413


@pytest.mark.parametrize("in_pieces", [False, True])
def test_who_has_sent_it_all_is_told_what_was_missing(guarded: Simulator, in_pieces: bool) -> None:
    """Ours: many clients listen only when they have sent all; what nobody wants is read, and not kept."""
    world = WorldClient(guarded.url, "default")
    content = bytes(20_000_000)
    sent = (content[place:place + 1_000_000] for place in range(0, len(content), 1_000_000)) if in_pieces else content
    answer = world.request("PUT", "/_sim/snapshots/one", data=sent, headers={"Content-Type": MEDIA_TYPE})
    assert "control token" in refusal(answer, 401)["detail"]
    world.session.headers["Authorization"] = f"Bearer {TOKEN}"
    refusal(upload(world, content), 422)
    world.close()
