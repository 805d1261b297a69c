"""A running simulator, in this process or anywhere else, as the clients reach it: by HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from simulator.ids import new_unique_part
from simulator.testing.calls import ControlCalls, HttpClient, Refused
from simulator.testing.contracts import Contracts
from simulator.testing.worlds import World

DEFAULT_WORLD = "default"
"""The world that addresses without /w/NAME mean."""

_LONGEST_NAME = 63


class Server:
    """A server by its address, such as `Server("http://127.0.0.1:8000")`. Close it, or use it in a `with` statement.

    For tests and programs; commands have a client of their own, in `simulator.cli.asking`. Neither serves anything:
    `simulator.Simulator` does.

    `control_token` is needed where the server was started with one; `ca_file` where it serves TLS by an authority of
    its own. `simulator` is the Simulator, if it runs in this process.
    """

    def __init__(self, url: str, control_token: str | None = None, ca_file: Path | None = None,
                 simulator: Any = None) -> None:
        self.url = url.rstrip("/")
        self.simulator = simulator
        self._secret = {"Authorization": f"Bearer {control_token}"} if control_token else {}
        self._http = HttpClient(self.url, ca_file=ca_file)
        self.control = ControlCalls(self._http.below("/_sim", self._secret))

    @cached_property
    def contracts(self) -> Contracts:
        """The contracts in force."""
        return Contracts(self.control)

    def health(self) -> dict[str, Any]:
        """`status`, `version`, and the market time of the world `default`. Raises NoAnswer when it is not there."""
        found: dict[str, Any] = self.control.get("/health")
        return found

    def world_url(self, name: str = DEFAULT_WORLD) -> str:
        """Where a world is served."""
        return self.url if name == DEFAULT_WORLD else f"{self.url}/w/{name}"

    def world(self, name: str = DEFAULT_WORLD) -> World:
        """A client of a world that is there."""
        http = self._http if name == DEFAULT_WORLD else self._http.below(f"/w/{name}")
        return World(self, name, http, ControlCalls(http.below("/_sim", self._secret)))

    def worlds(self) -> list[str]:
        """The names of all worlds."""
        return list(self.control.get("/worlds")["worlds"])

    def make_world(self, name: str, fixture: str | None = None, now: datetime | str | None = None,
                   fixture_text: str | None = None) -> World:
        """Make a world from a fixture by name (`quiet` if none is named), or from the YAML of one.

        It starts at `now`, or at the real time. A world of that name that is there is replaced. Raises Refused.
        """
        source = {"fixture": fixture or "quiet"} if fixture_text is None else {"fixtureText": fixture_text}
        start = now.isoformat() if isinstance(now, datetime) else now
        self.control.put(f"/worlds/{name}", {**source, **({"now": start} if start else {})})
        return self.world(name)

    def delete_world(self, name: str) -> None:
        """Remove a world and all it holds; nothing happens if it is not there. Raises Refused."""
        try:
            self.control.delete(f"/worlds/{name}")
        except Refused as refusal:
            if refusal.status != 404:
                raise

    @contextmanager
    def fresh_world(self, fixture: str | None = None, now: datetime | str | None = None,
                    fixture_text: str | None = None, about: str = "test") -> Iterator[World]:
        """A new world for the length of a block, under a name nobody else has, which begins with `about`."""
        world = self.make_world(free_name(about), fixture, now, fixture_text)
        try:
            yield world
        finally:
            self.delete_world(world.name)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def free_name(about: str) -> str:
    """A world name that nobody else has, beginning with what can be kept of a text about it."""
    unique = new_unique_part()
    letters = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in about.lower())
    kept = "-".join(filter(None, letters.split("-")))[:_LONGEST_NAME - len(unique) - 1].rstrip("-")
    return f"{kept or 'w'}-{unique}"
