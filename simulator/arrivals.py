"""A request as the HTTP server gives it, and as the pages' web framework takes it (WSGI)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from simulator.settings import DEFAULT_WORLD

if TYPE_CHECKING:
    # For checkers only: it loads the store, and this module must be there before it.
    from simulator.world import World

WORLD_PREFIX = "/w/"
ENVIRON_KEY = "flexsim.world"
ENTRY_KEY = "flexsim.entry"
"""In a page's environ: the id of the journal entry that was reserved for the request."""


@dataclass(frozen=True)
class Arrival:
    """A request as the server gives it. `prefix` is `/w/NAME` or nothing, `path` what follows it, both decoded.

    `entry` is the journal entry that was reserved for it, if something happened to it before it was answered. `body`
    is there when it had to be read before that.
    """

    method: str
    world: str
    prefix: str
    path: str
    query: str
    headers: dict[str, str]
    scheme: str
    client: str
    entry: int | None = None
    body: bytes | None = None


class FileBody:
    """An open file as the body of an answer: it goes out bit by bit, and never lies in memory as a whole.

    It is what a page's web framework knows as the `wsgi.file_wrapper` (PEP 3333).
    """

    def __init__(self, file: IO[bytes], block: int = 1 << 18) -> None:
        self._file = file
        self._block = block

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.read, b"")

    def read(self) -> bytes:
        """The next bit; nothing at the end."""
        return self._file.read(self._block)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def arrival_of(scope: Any) -> Arrival:
    """The request of an RSGI scope."""
    path, prefix, world = scope.path, "", DEFAULT_WORLD
    if path.startswith(WORLD_PREFIX):
        world, slash, rest = path[len(WORLD_PREFIX):].partition("/")
        prefix, path = f"{WORLD_PREFIX}{world}", slash + rest
    headers: dict[str, str] = {}
    for name, value in scope.headers.items():
        title = name.title()
        headers[title] = f"{headers[title]}, {value}" if title in headers else value
    if "Host" not in headers and scope.authority:
        headers["Host"] = scope.authority
    return Arrival(scope.method, world, prefix, path, scope.query_string, headers, scope.scheme, scope.client)


def announced_length(arrival: Arrival) -> int:
    """How long the body says it is, in bytes."""
    text = arrival.headers.get("Content-Length", "0")
    return int(text) if text.isdigit() else 0


def has_body(arrival: Arrival) -> bool:
    """Whether a body follows."""
    return "Transfer-Encoding" in arrival.headers or announced_length(arrival) > 0


def environ_of(arrival: Arrival, body: IO[bytes], length: int, world: World) -> dict[str, Any]:
    """The request as WSGI has it."""
    body.seek(0)
    host, _, port = arrival.headers.get("Host", "localhost").rpartition(":")
    environ = {
        "REQUEST_METHOD": arrival.method, "SCRIPT_NAME": arrival.prefix, "QUERY_STRING": arrival.query,
        "PATH_INFO": arrival.path.encode().decode("latin-1"), "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": host or "localhost", "SERVER_PORT": port or "80",
        "REMOTE_ADDR": arrival.client.rpartition(":")[0], "CONTENT_LENGTH": str(length),
        "CONTENT_TYPE": arrival.headers.get("Content-Type", ""), "wsgi.version": (1, 0),
        "wsgi.url_scheme": arrival.scheme, "wsgi.input": body,
        "wsgi.input_terminated": True, "wsgi.errors": sys.stderr, "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False, ENVIRON_KEY: world, ENTRY_KEY: arrival.entry,
        "wsgi.file_wrapper": FileBody,
    }
    for name, value in arrival.headers.items():
        if name not in ("Content-Type", "Content-Length", "Transfer-Encoding"):
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return environ
