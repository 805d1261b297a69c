"""`GET /_sim/health`."""

from __future__ import annotations

from flask import Blueprint, Response

from simulator import __version__
from simulator.web import current_world, json_answer


def add_routes(blueprint: Blueprint) -> None:
    """Health of the server, with the name and the time of the world."""
    blueprint.add_url_rule("/health", "health", health)


def health() -> Response:
    """`{"status": "ok", "version", "world", "now"}`."""
    return json_answer({"status": "ok", "version": __version__, "world": current_world.name,
                        "now": current_world.now()})
