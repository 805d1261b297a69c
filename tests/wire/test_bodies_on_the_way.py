"""Bodies as HTTP carries them: with a length or in pieces, too long or just long enough."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.servers import TOKEN, WorldClient

READING = json.dumps({"meterableUnitId": "MU-1001", "timestamp": "2026-11-02T16:30:00Z", "powerKw": 1}).encode()


def send(world: WorldClient, path: str, body: bytes, in_pieces: bool) -> tuple[int, dict]:
    """Post a body in one piece with its length, or chunked; status and JSON of the answer."""

    def pieces() -> Iterator[bytes]:
        yield from (body[place:place + 50_000] for place in range(0, len(body), 50_000))

    address = urlsplit(world.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    try:
        connection.request("POST", address.path + path, pieces() if in_pieces else body, encode_chunked=in_pieces,
                           headers={"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_reading_is_taken_however_its_body_is_carried(world: WorldClient, in_pieces: bool) -> None:
    """HTTP/1.1: a body has a Content-Length, or comes in chunks."""
    assert send(world, "/api/v2/readings", READING, in_pieces)[0] == 200


@pytest.mark.parametrize("in_pieces", [False, True])
def test_the_simulator_s_own_calls_read_bodies_in_pieces_too(world: WorldClient, in_pieces: bool) -> None:
    """A chunked body used to look empty to `/_sim`, so that nonsense passed for no body at all."""
    status, answer = send(world, "/_sim/reset", b"nonsense", in_pieces)
    assert status == 400
    assert "not JSON" in answer["detail"]


@pytest.mark.parametrize("path", ["/api/v2/readings", "/_sim/reset"])
@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_body_over_the_limit_is_refused_with_413(world: WorldClient, path: str, in_pieces: bool) -> None:
    """Setting max_body_bytes (assumed): the answer arrives even though the client sends all of it first."""
    status, answer = send(world, path, b" " * 5_000_000, in_pieces)
    assert status == 413
    assert answer["status"] == 413
    assert send(world, "/api/v2/readings", READING, False)[0] == 200
