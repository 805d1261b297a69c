"""Messages that are refused as a whole: token, size, content type, broken JSON, method, path (wire format, assumed)."""

from __future__ import annotations

import pytest

from simulator import Simulator
from simulator.operations.tokens import create_token
from tests.builders import reading, readings_by_minute, refusal
from tests.servers import TOKEN, WorldClient, fresh_world, running

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"Authorization": TOKEN},
    {"Authorization": f"Basic {TOKEN}"}, {"X-Api-Key": TOKEN},
])
def test_without_a_bearer_token_nobody_gets_in(world: WorldClient, headers: dict[str, str]) -> None:
    """Wire format, assumed: 401 without a token, WWW-Authenticate: Bearer."""
    answer = world.send(reading(), token=None, headers=headers)
    refusal(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "error=" not in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("token", ["demo-token-brindl", "demo-token-brindle2", "DEMO-TOKEN-BRINDLE", "%", "x" * 5_000])
def test_a_wrong_token_does_not_get_in(world: WorldClient, token: str) -> None:
    """Wire format, assumed: 401 with a wrong token; RFC 6750 names the reason invalid_token."""
    answer = world.send(reading(), token=token)
    refusal(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_token_in_the_query_does_not_get_in(world: WorldClient) -> None:
    """Portal guide §3.1 (documented): the secret bearer token stands in the header."""
    refusal(world.send(reading(), token=None, params={"token": TOKEN, "access_token": TOKEN}), 401)


@pytest.mark.proves("rule/tokens.one")
def test_a_revoked_token_does_not_get_in(server: Simulator, world: WorldClient) -> None:
    """Portal guide §3.1 (documented): "Create a new token" revokes the old one immediately."""
    from_before = world.send(reading())
    with server.worlds.using(world.name) as found, found.work() as work:
        new = create_token(work, "brindle").token
    assert from_before.status_code == 200
    refusal(world.send(reading()), 401)
    assert world.send(reading(), token=new).status_code == 200


def test_a_stranger_learns_nothing_about_the_message(world: WorldClient) -> None:
    """Ours: the token is looked at first, so that errors tell a stranger nothing."""
    for answer in (world.send([reading(meterableUnitId="X")], token=None),
                   world.send(None, token=None, data="{", headers=JSON),
                   world.send(None, token=None, data="x", headers={"Content-Type": "text/plain"})):
        assert refusal(answer, 401)["errors"] == []


@pytest.mark.proves("participant/Readings#maxItems")
def test_more_than_ten_thousand_readings_are_too_many(world: WorldClient) -> None:
    """Wire format, assumed: 413 over 10,000; the answer names the maximum."""
    body = refusal(world.send(readings_by_minute(10_001)), 413)
    assert "10000" in body["detail"].replace(",", "")
    assert world.journal("readings.") == []


@pytest.mark.proves("setting/max_body_bytes")
@pytest.mark.parametrize("chunked", [False, True])
def test_a_message_over_the_limit_of_bytes_is_too_large(chunked: bool) -> None:
    """Ours: setting max_body_bytes; with the length announced, and without."""
    with running(max_body_bytes=1_000) as simulator, fresh_world(simulator.url) as world:
        data = b" " * 1_001
        answer = world.send(None, data=iter([data]) if chunked else data, headers=JSON)
        assert "1,000 bytes" in refusal(answer, 413)["detail"]
        assert world.send(reading()).status_code == 200


@pytest.mark.parametrize("content_type", [
    None, "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx",
])
def test_other_content_types_are_refused(world: WorldClient, content_type: str | None) -> None:
    """Wire format, assumed: 415 other content types."""
    body = '{"meterableUnitId": "MU-1001", "timestamp": "2026-11-02T16:30:00Z", "powerKw": 1}'
    answer = world.send(None, data=body.encode(), headers={"Content-Type": content_type} if content_type else {})
    assert "application/json" in refusal(answer, 415)["detail"]


@pytest.mark.parametrize("body", [
    b"", b"{", b'{"a": 1,}', b"[1, 2", b"\xff\xfe", b"{'a': 1}", b'{"powerKw": NaN}', b'{"powerKw": Infinity}',
    b"[" * 100_000, b'{"a": 1} x', b"\xef\xbb\xbf{}",
])
def test_broken_json_is_refused(world: WorldClient, body: bytes) -> None:
    """Wire format, assumed: 400 broken JSON."""
    assert refusal(world.send(None, data=body, headers=JSON), 400)["errors"] == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_refused_with_those_that_are_possible(world: WorldClient, method: str) -> None:
    """RFC 9110: 405 with Allow."""
    answer = world.request(method, "/api/v2/readings", headers={"Authorization": f"Bearer {TOKEN}"})
    refusal(answer, 405)
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", [
    "/api/v2/readings/", "/api/v1/readings", "/api/v2", "/API/v2/readings", "/api/v2//readings", "/nothing",
])
def test_other_paths_are_not_found(world: WorldClient, path: str) -> None:
    """Wire format, assumed: errors are problems, also where there is nothing."""
    refusal(world.post(path, reading(), headers={"Authorization": f"Bearer {TOKEN}"}), 404)


def test_a_refused_message_is_in_the_journal(world: WorldClient) -> None:
    """Wire format, assumed: the journal holds every inbound call; X-Request-Id is the id of its entry."""
    answers = [world.send([]), world.send(reading(), token="wrong"), world.send(None, data="{", headers=JSON),
               world.get("/api/v2/readings"), world.get("/nothing")]
    statuses = {entry["id"]: entry["data"]["status"] for entry in world.journal("http.in")}
    for answer in answers:
        assert statuses[int(answer.headers["X-Request-Id"])] == answer.status_code
