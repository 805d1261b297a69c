"""Batch returns in the tests: endpoints that take them, what became of each attempt, who judges their signatures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from tests.dispatching import Taken, Taker, taking
from tests.registering import connect
from tests.servers import WorldClient

NOON = "2026-11-02T12:00:00Z"

ENDED = "2026-11-02T12:00:02Z"
"""When a batch of NOON has been worked through by the default progress."""


@contextmanager
def returns_of(world: WorldClient, *answers: Any) -> Iterator[Taker]:
    """Brindle's endpoint for batch returns; `answers` as for `taking`."""
    with taking(*answers) as taker:
        connect(world, "brindle", callbackUrl=taker.url)
        yield taker


def attempts_at(world: WorldClient, transaction: str) -> list[tuple[str, Any]]:
    """(market time, status or failure) of each attempt to return a batch, in order."""
    found = [entry for entry in world.journal("http.out") if entry["data"].get("transaction") == transaction]
    return [(entry["at"][11:19], entry["data"].get("status") or entry["data"].get("failure")) for entry in found]


def facts(world: WorldClient, kind: str) -> list[dict[str, Any]]:
    """What the journal's entries of a kind say."""
    return [entry["data"] for entry in world.journal(kind)]


def flows_seen(world: WorldClient) -> list[str]:
    """The flows of the commissioning test that were seen, in order."""
    return [fact["flow"] for fact in facts(world, "flow.seen")]


def is_signed(keys: KeySet, message: Taken, body: bytes | None = None) -> bool:
    """Whether joserfc finds a good detached signature of a key of the set over a message's bytes, or over others."""
    header, payload, seal = message.headers["x-jws-signature"].split(".")
    assert payload == "", "the signature stands beside the body, and does not repeat it"
    try:
        jws.deserialize_compact(f"{header}..{seal}", keys, ["RS256"],
                                payload=message.body if body is None else body)
    except BadSignatureError:
        return False
    return True


def problem_of(answer: requests.Response, status: int) -> dict[str, Any]:
    """The refusal of a call, after checking that it is one with this status (RFC 9457)."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status and problem["detail"]
    return problem
