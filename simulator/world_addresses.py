"""Where a world is served: the world `default` at the server's own address, every other below /w/NAME."""

from __future__ import annotations

from simulator.settings import DEFAULT_WORLD


def path_of_world(name: str) -> str:
    """What stands between the server's address and a world's own paths: nothing, or /w/one."""
    return "" if name == DEFAULT_WORLD else f"/w/{name}"
