"""One HTTP request and its answer, to this machine only."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

LOOPBACK = "127.0.0.1"
TOKEN = "demo-token-brindle"  # of the demo fixture
READING_HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True)
class Answer:
    """Status and raw body."""

    status: int
    body: bytes

    def as_json(self) -> Any:
        """The body as JSON; None when it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def exchange(
    port: int,
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 30.0,
) -> Answer:
    """Send one request over a new connection. Raises OSError when the server cannot be reached."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.read())
    except http.client.HTTPException as broken:
        raise ConnectionError(f"no proper HTTP answer: {broken!r}") from broken
    finally:
        connection.close()
