"""Taking, restoring, downloading and uploading snapshots of a world, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from simulator import Simulator
from tests.servers import WorldClient

MEDIA_TYPE = "application/vnd.sqlite3"


def take(world: WorldClient, name: str = "one") -> dict[str, Any]:
    """Take a snapshot; what the server says of it."""
    answer = world.put(f"/_sim/snapshots/{name}")
    assert answer.ok, answer.text
    return answer.json()


def restore(world: WorldClient, name: str = "one") -> dict[str, Any]:
    """Go back to a snapshot; what the server says of the world."""
    answer = world.post(f"/_sim/snapshots/{name}/restore")
    assert answer.ok, answer.text
    return answer.json()


def names(world: WorldClient) -> list[str]:
    """Names of all snapshots, as they are listed."""
    return [each["name"] for each in world.get("/_sim/snapshots").json()["snapshots"]]


def file_of(server: Simulator, world: WorldClient, name: str = "one") -> Path:
    """The file of a snapshot in the server's folder."""
    return server.worlds.folder / "worlds" / world.name / "snapshots" / f"{name}.sqlite"


def downloaded(world: WorldClient, name: str = "one") -> bytes:
    """What is in the file of a snapshot."""
    answer = world.get(f"/_sim/snapshots/{name}/file")
    assert answer.status_code == 200
    return answer.content


def upload(world: WorldClient, content: bytes, name: str = "one", media_type: str = MEDIA_TYPE
           ) -> requests.Response:
    """Send a file to be kept as a snapshot."""
    return world.request("PUT", f"/_sim/snapshots/{name}", data=content, headers={"Content-Type": media_type})
