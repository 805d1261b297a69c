"""/_sim/worlds: many isolated worlds on one server (wire format, assumed: worlds)."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path

import pytest
import requests

from simulator import Simulator
from tests.builders import faults, kinds_of, reading, refusal
from tests.servers import NOW, WorldClient, fresh_name, fresh_world, running, side_by_side


def put(server: Simulator, name: str, body: object = None) -> requests.Response:
    return requests.put(f"{server.url}/_sim/worlds/{name}", json={} if body is None else body, timeout=60)


def names(server: Simulator) -> list[str]:
    return requests.get(f"{server.url}/_sim/worlds", timeout=60).json()["worlds"]


def raw_get(server: Simulator, path: str) -> bytes:
    """The first bytes of the answer to a path that HTTP clients would tidy up."""
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_server_begins_with_the_world_default() -> None:
    """Wire format, assumed: no prefix means the world default."""
    with running(fixture="empty") as server:
        assert names(server) == ["default"]
        assert requests.get(f"{server.url}/_sim/health", timeout=60).json()["world"] == "default"
        assert requests.get(f"{server.url}/w/default/_sim/health", timeout=60).json()["world"] == "default"


def test_a_world_is_made_listed_served_and_deleted(server: Simulator) -> None:
    """Wire format, assumed: PUT, GET, DELETE /_sim/worlds."""
    name = fresh_name()
    answer = put(server, name, {"fixture": "demo", "now": NOW})
    assert (answer.status_code, answer.json()) == (201, {"world": name})
    assert name in names(server)
    assert requests.get(f"{server.url}/w/{name}/_sim/health", timeout=60).json()["world"] == name
    assert requests.delete(f"{server.url}/_sim/worlds/{name}", timeout=60).status_code == 204
    assert name not in names(server)
    refusal(requests.get(f"{server.url}/w/{name}/_sim/health", timeout=60), 404)


def test_health_tells_version_world_and_time(world: WorldClient) -> None:
    """Wire format, assumed: {"status":"ok","version","world","now"}."""
    world.freeze("2026-11-03T00:00:00Z")
    health = world.get("/_sim/health").json()
    assert health.pop("version")
    assert health == {"status": "ok", "world": world.name, "now": "2026-11-03T00:00:00+00:00"}


def test_a_world_of_the_fixture_empty_has_nobody(server: Simulator) -> None:
    """Wire format, assumed: PUT body {"fixture"}."""
    with fresh_world(server.url, fixture="empty") as world:
        refusal(world.send(reading()), 401)


def test_a_world_made_again_is_new(server: Simulator) -> None:
    """Ours: PUT is idempotent: the same call gives the same fresh world; 201 the first time, then 200."""
    with fresh_world(server.url) as world:
        world.send(reading(timestamp="2026-11-02T17:01:00Z"))
        assert put(server, world.name, {"fixture": "quiet", "now": NOW}).status_code == 200
        assert kinds_of(world.journal()) == ["world.started", "mail.sent"]
        assert world.send(reading(timestamp="2026-11-02T17:01:00Z")).json()["created"] == 1


def test_a_world_that_is_there_can_be_kept(server: Simulator) -> None:
    """Ours: `"replace": false`, for two people who make a world of one name: the second must not undo the first's."""
    with fresh_world(server.url) as world:
        world.send(reading())
        told = refusal(world.put(f"/_sim/worlds/{world.name}", {"fixture": "quiet", "replace": False}), 409)
        assert f"a world {world.name} already" in told["detail"]
        assert world.send(reading()).json()["updated"] == 1
        made = world.put(f"/_sim/worlds/{world.name}-2", {"fixture": "empty", "replace": False})
        assert made.status_code == 201
        assert world.delete(f"/_sim/worlds/{world.name}-2").status_code == 204


def test_whoever_replaces_or_removes_a_world_at_once_with_others_finds_it_done_or_gone(server: Simulator) -> None:
    """Ours: no such call fails because somebody else has just deleted the world."""
    for _ in range(5):
        name = fresh_name("gone")
        with fresh_world(server.url, "empty", name=name) as world:
            assert world.put("/_sim/snapshots/one").status_code == 201

            def ask(method: str, path: str, name: str = name) -> int:
                client = WorldClient(f"{server.url}/w/{name}", name)
                try:
                    return client.request(method, path).status_code
                finally:
                    client.close()

            statuses = side_by_side([partial(ask, *call) for call in (
                ("POST", "/_sim/reset"), ("POST", "/_sim/snapshots/one/restore"), ("DELETE", f"/_sim/worlds/{name}"),
                ("POST", "/_sim/reset"))])
            assert set(statuses) <= {200, 204, 404}


def test_a_world_can_be_made_anew_through_itself(server: Simulator) -> None:
    """Ours: a client whose base address is the world's can call everything there."""
    with fresh_world(server.url) as world:
        for _ in range(3):
            world.send(reading())
        assert world.put(f"/_sim/worlds/{world.name}", {"fixture": "quiet", "now": NOW}).status_code == 200
        assert [world.send(reading()).status_code for _ in range(5)] == [200] * 5
        ids = [entry["id"] for entry in world.journal()]
        assert ids == list(range(1, 13))


def test_a_world_can_be_deleted_through_itself(server: Simulator) -> None:
    """Ours: a client whose base address is the world's can call everything there."""
    with fresh_world(server.url) as world:
        assert world.delete(f"/_sim/worlds/{world.name}").status_code == 204
        refusal(world.get("/_sim/health"), 404)
        assert world.name not in names(server)


def test_the_world_default_cannot_be_deleted(server: Simulator) -> None:
    """Wire format, assumed: the world default cannot be deleted."""
    refusal(requests.delete(f"{server.url}/_sim/worlds/default", timeout=60), 409)
    assert "default" in names(server)


def test_the_world_default_can_be_made_anew() -> None:
    """Wire format, assumed: PUT /_sim/worlds/{name}."""
    with running() as server:
        assert put(server, "default", {"fixture": "empty", "now": NOW}).status_code == 200
        assert requests.post(f"{server.url}/api/v2/readings", json=reading(), timeout=60).status_code == 401


def test_a_world_that_is_not_there_cannot_be_deleted(server: Simulator) -> None:
    """Wire format, assumed: 404."""
    refusal(requests.delete(f"{server.url}/_sim/worlds/nobody-made-this", timeout=60), 404)


@pytest.mark.parametrize("name", [
    "Upper", "-hyphen", "under_score", "a.b", "a b", "é", "x" * 64, "%2e%2e", ".", ".hidden", "a%00b", "a%0a", "~",
])
def test_a_bad_name_is_refused(server: Simulator, name: str) -> None:
    """Wire format, assumed: names: [a-z0-9][a-z0-9-]{0,62}."""
    before = names(server)
    prepared = requests.Request("PUT", f"{server.url}/_sim/worlds/{name}", json={}).prepare()
    prepared.url = f"{server.url}/_sim/worlds/{name}"
    with requests.Session() as session:
        answer = session.send(prepared, timeout=60)
    assert answer.status_code in (404, 405, 422)
    assert names(server) == before


@pytest.mark.parametrize("name", ["0", "a", "x" * 63, "a-b-c", "7-"])
def test_a_good_name_is_taken(server: Simulator, name: str) -> None:
    """Wire format, assumed: names: [a-z0-9][a-z0-9-]{0,62}."""
    with fresh_world(server.url, fixture="empty", name=name) as world:
        assert world.get("/_sim/health").json()["world"] == name


@pytest.mark.parametrize(("body", "expected"), [
    ({"fixture": "nope"}, [("", "world")]),
    ({"fixture": "../worlds/demo"}, [("", "world")]),
    ({"fixture": "/etc/passwd"}, [("", "world")]),
    ({"fixture": ""}, [("/fixture", "minLength")]),
    ({"fixture": 7, "now": 7, "size": 1}, [("", "additionalProperties"), ("/fixture", "type"), ("/now", "type")]),
    ({"now": "soon"}, [("/now", "format")]),
    ({"now": "9999-12-31T23:59:59Z"}, [("/now", "format")]),
    ([], [("", "type")]),
])
def test_a_bad_body_is_refused_with_all_errors(server: Simulator, body: object, expected: list) -> None:
    """Wire format, assumed: errors of every call are problems that list all errors. Files of the server's machine are
    out of reach.
    """
    name = fresh_name("bad")
    assert faults(refusal(put(server, name, body), 422)) == expected
    assert name not in names(server)


@pytest.mark.parametrize("path", [
    "/w/nobody/_sim/health", "/w//_sim/health", "/w/", "/w/../_sim/health", "/w/%2e%2e/_sim/health",
    "/w/Default/_sim/health", "/w/default%2f/_sim/health", "/w/.default/_sim/health", "/w/%00/_sim/health",
    "/w/default/w/default/_sim/health", "//_sim/health", "/static/../pyproject.toml", "/static/%2e%2e/pyproject.toml",
    "/static/..%2fpyproject.toml", "/w/default/static/%2e%2e/%2e%2e/pyproject.toml",
])
def test_no_path_leads_to_a_world_or_a_file_that_is_not_served(server: Simulator, path: str) -> None:
    """Wire format, assumed: /w/{world}/… with a world's exact name, and nothing else."""
    answer = raw_get(server, path)
    assert b" 404 " in answer.partition(b"\r\n")[0]
    assert b"[project]" not in answer
    assert b'"status":"ok"' not in answer


def test_worlds_live_in_a_temporary_folder_that_goes_with_the_server() -> None:
    """Wire format, assumed: without --data the worlds live in a temporary folder."""
    with running(fixture="empty") as server:
        folder = server.worlds.folder
        put(server, "another", {"fixture": "empty"})
        assert (folder / "worlds" / "another").is_dir()
    assert not folder.exists()


def test_a_fixture_of_ones_own_is_known_by_the_name_it_was_given_with(tmp_path: Path) -> None:
    """Wire format, assumed: --fixture PATH."""
    file = tmp_path / "mine.yaml"
    file.write_text("zones: []\norganisations: []\n", "utf-8")
    with running(fixture=str(file)) as server:
        assert put(server, "another", {"fixture": str(file)}).status_code == 201
        assert put(server, "third", {"fixture": "demo"}).status_code == 201
