"""What the gateway answers by itself, when there is no world to ask, no room for the body, or nothing loaded yet."""

from __future__ import annotations

from html import escape
from http import HTTPStatus

import orjson

from simulator.arrivals import Arrival
from simulator.holding import Answer

UNRECORDED = [("X-Request-Id", "not-recorded"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
              ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
              ("Cross-Origin-Resource-Policy", "same-origin")]
"""Headers of answers that leave no entry in a journal."""


def bare_problem(status: int, title: str, detail: str) -> Answer:
    """An RFC 9457 problem."""
    body = orjson.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": []})
    return status, [("Content-Type", "application/problem+json"), *UNRECORDED], body


def too_large(limit: int) -> Answer:
    """413 for an API call; `limit` in bytes."""
    status, headers, body = bare_problem(
        413, "Content Too Large", f"The message is larger than {limit:,} bytes. Send it in several smaller ones.")
    return status, [*headers, ("Connection", "close")], body


def strangers_name(arrival: Arrival) -> Answer:
    """No page of the portal and no API either: the demo's passwords are public, so they would keep nobody out."""
    host = arrival.headers["Host"][:100]
    return _explained(arrival, 403, "Forbidden", f"This server listens to this machine only, and was addressed as "
                      f"{host!r}. Use 127.0.0.1 or localhost; or, if that name is yours, start the server with "
                      f"FLEXSIM_PUBLIC_URL={arrival.scheme}://{host}.")


def no_such_world(arrival: Arrival) -> Answer:
    """404 for a world that is not there, or not any more."""
    return _explained(arrival, 404, "No such world", f"There is no world {arrival.world[:80]!r}. Make it with PUT "
                      "/_sim/worlds/NAME, or list those there are with GET /_sim/worlds.")


def _explained(arrival: Arrival, status: int, title: str, words: str) -> Answer:
    """A problem for a program, a bare page for a person."""
    if "text/html" not in arrival.headers.get("Accept", "") and not arrival.path.startswith("/console"):
        return bare_problem(status, HTTPStatus(status).phrase, words)
    page = (f'<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>{title} – simulator</title>'
            f'<h1>{title}</h1><p>{escape(words)}</p><p><a href="/console">Simulator console</a></p></html>')
    return status, [("Content-Type", "text/html; charset=utf-8"), *UNRECORDED], page.encode()
