"""What came of a message that was sent to the participant's own endpoint, in words and lines for pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from simulator.exchanges import mask_values
from simulator.market.outbox import Attempt, Message, MessageState, Outcome
from simulator.operations.delivering import words_of
from simulator.outbound.outcomes import FAILURE_CODES

_UNFINISHED = frozenset({MessageState.WAITING, MessageState.UNDER_WAY})
_INTERRUPTED = "The simulator was ended before the answer came. Send it again."


@dataclass(frozen=True)
class Stage:
    """A stage of a connection: `state` is ok, failed, unused or skipped; `ms` is how long it took, if it was begun."""

    name: str
    state: str
    ms: float | None
    note: str


def is_under_way(message: Message) -> bool:
    """Whether the outcome is still to come."""
    return message.state in _UNFINISHED


def is_success(message: Message) -> bool:
    """Whether the endpoint acknowledged the message."""
    return message.state is MessageState.DELIVERED


def status_words(status: int) -> str:
    """A status with its name: 503 Service Unavailable."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def result_words(message: Message, attempt: Attempt | None) -> str:
    """What came of a test message, in a sentence or two."""
    outcome = attempt.outcome if attempt is not None else None
    if outcome is None:
        return _INTERRUPTED
    if outcome.status is None or outcome.failure is not None or outcome.reason is not None:
        return words_of(outcome)
    answered = f"Your endpoint answered {status_words(outcome.status)}"
    if is_success(message):
        return f"{answered} within {milliseconds(outcome.ms)}."
    if 300 <= outcome.status < 400:
        return f"{answered}, a redirect. Redirects are not followed: enter the address that it leads to, if that is it."
    if outcome.status >= 500:
        return f"{answered}: the message reached it, and it failed. Its own log may say why."
    return (f"{answered}, and only 200 to 299 acknowledges. Is the base url right, and does your endpoint know this "
            "path and method?")


def short_result(message: Message, attempt: Attempt | None) -> str:
    """What came of a test message, in a few words for a table."""
    outcome = attempt.outcome if attempt is not None else None
    if outcome is None:
        return "interrupted"
    if outcome.failure is not None or outcome.status is None:
        return f"no success: {(outcome.failure or 'no answer').replace('_', ' ')}"
    return f"{'success' if is_success(message) else 'no success'}: {status_words(outcome.status)}"


def milliseconds(ms: float) -> str:
    """A duration as people read it: 0.4 ms, 12 ms, 10.0 s."""
    if ms >= 9_950:
        return f"{ms / 1000:.1f} s"
    return f"{ms:.1f} ms" if ms < 10 else f"{ms:,.0f} ms"


def stages_of(outcome: Outcome) -> list[Stage]:
    """How far a connection came: DNS, TCP, TLS, HTTP."""
    took = dict(outcome.steps)
    total = took.pop("total", outcome.ms)
    is_secured = outcome.url.lower().startswith("https://")
    answered = outcome.status is not None and outcome.failure is None
    http = sum(took.get(step, 0.0) for step in ("sent", "first_byte")) if answered else None
    known = [("DNS", took.get("dns"), _dns_words(outcome)),
             ("TCP", took.get("tcp"), f"connected to {outcome.address}"),
             ("TLS", took.get("tls") if is_secured else 0.0, "certificate accepted" if is_secured else "not used: the "
              "url begins with http://"),
             ("HTTP", http, f"answered {status_words(outcome.status)}" if outcome.status is not None else "")]
    stages: list[Stage] = []
    for name, ms, note in known:
        if any(stage.state == "failed" for stage in stages):
            stages.append(Stage(name, "skipped", None, "not reached"))
        elif ms is None:
            spent = max(total - sum(stage.ms or 0.0 for stage in stages), 0.0)
            note = FAILURE_CODES.get(outcome.failure or "", "failed")
            stages.append(Stage(name, "failed", spent, note))
        elif name == "TLS" and not is_secured:
            stages.append(Stage(name, "unused", None, note))
        else:
            stages.append(Stage(name, "ok", ms, note))
    return stages


def _dns_words(outcome: Outcome) -> str:
    try:
        ip_address(urlsplit(outcome.url).hostname or "")
    except ValueError:
        return "name looked up, and it leads to a safe address"
    return "an address, so there was no name to look up"


def request_text(message: Message, told: Mapping[str, Any] | None) -> str:
    """The request as it went out, secrets masked. `told` is the journal's entry, the message has the whole body."""
    rendered = message.rendered
    if rendered is None:
        return ""
    method, url = rendered.method, f"{message.content['base_url'].rstrip('/')}{rendered.path}"
    headers = mask_values(dict(rendered.headers))
    if told is not None:
        method, url, headers = told["method"], told["url"], told["request_headers"]
    return _http_text(f"{method} {url}", headers, rendered.body)


def answer_text(outcome: Outcome) -> str:
    """The answer as it came, secrets masked, or nothing when there was none."""
    if outcome.status is None:
        return ""
    return _http_text(status_words(outcome.status), mask_values(dict(outcome.answer_headers)), outcome.answer_body)


def _http_text(first: str, headers: Mapping[str, str], body: str) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    return "\n".join([*lines, *(["", body] if body else [])])
