"""A claimed message as an HTTP request, and an attempt as the journal keeps it (all assumed)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

from simulator.exchanges import MASK, mask_body, mask_values
from simulator.market.outbox import Message, MessageKind, Outcome
from simulator.market.provenance import Rule
from simulator.operations.delivering import Claimed
from simulator.outbound import outcomes
from simulator.outbound.transport import Message as Request

RULES = (
    Rule("dispatches.headers",
         "A dispatch message carries X-Dispatch-Id and X-Attempt, and X-Test on tests.",
         "assumed", "Nobody outside the platform can know it."),
    Rule("dispatches.proof_of_sender",
         "A dispatch message proves its sender by nothing, a bearer token, or X-Signature (HMAC-SHA-256 of the "
         "body), as the FSP chose.",
         "assumed", "Nobody outside the platform can know it."),
)

KIND = "http.out"
MEANING = "A message that the simulator sent to a participant, and the answer."

NO_ENDPOINT = "There is no endpoint to send it to: set the “Participant endpoint base url” in Dispatch Settings."
NO_CALLBACK = "There is no callback URL to send it to: the participant's connection to the SMP has none any more."
_SURFACES = {MessageKind.DISPATCH: "dispatch", MessageKind.TEST: "dispatch", MessageKind.CHECK: "check",
             MessageKind.BATCH_RETURN: "callback"}
_ANSWER_CHARACTERS = 4_000


def request_of(claimed: Claimed) -> Request:
    """The request of an attempt: id and number of the attempt in its headers, and proof of the sender where wanted.

    A batch return has all that in it already, as its contract says.
    """
    headers = dict(claimed.rendered.headers)
    if claimed.message.kind in (MessageKind.DISPATCH, MessageKind.TEST):
        headers |= {"X-Dispatch-Id": _header_text(claimed.message.content["dispatch_id"]),
                    "X-Attempt": str(claimed.number)}
    if claimed.message.kind is MessageKind.TEST:
        headers["X-Test"] = "true"
    body = claimed.rendered.body.encode()
    endpoint = claimed.endpoint
    if endpoint is not None and endpoint.auth == "bearer":
        headers["Authorization"] = f"Bearer {endpoint.secret}"
    elif endpoint is not None and endpoint.auth == "hmac":
        key = (endpoint.secret or "").encode()
        headers["X-Signature"] = f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}"
    return Request(claimed.rendered.method, _url_of(claimed), headers, body)


def no_endpoint_words(message: Message) -> str:
    """Why a message cannot be sent anywhere."""
    return NO_CALLBACK if message.kind is MessageKind.BATCH_RETURN else NO_ENDPOINT


def _url_of(claimed: Claimed) -> str:
    base_url = claimed.endpoint.base_url if claimed.endpoint is not None else ""
    return base_url.rstrip("/") + claimed.rendered.path if claimed.rendered.path else base_url


def _header_text(text: str) -> str:
    """Text of users as a header can carry it."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)


def outcome_of(claimed: Claimed, sent: outcomes.Outcome, now: datetime, ms: float) -> Outcome:
    """What the transport tells, in the market's words: the answer cut to what is kept, and without our own secret."""
    failure = sent.failure
    secret = None if claimed.endpoint is None else claimed.endpoint.secret
    body = _without(secret, sent.body.decode("utf-8", "replace"))
    return Outcome(
        _url_of(claimed), sent.status, None if failure is None else failure.code,
        None if failure is None else failure.reason, ms, tuple(sent.steps), sent.address,
        tuple((name, _without(secret, value)) for name, value in sent.headers), body[:_ANSWER_CHARACTERS],
        outcomes.retry_after(sent, now))


def exchange_of(claimed: Claimed, request: Request, outcome: Outcome | None, characters: int) -> dict[str, Any]:
    """An attempt as the journal keeps it, secrets masked; `outcome` is None while it is under way."""
    told: dict[str, Any] = {
        "surface": _SURFACES[claimed.message.kind], "participant": claimed.message.organisation_id,
        "message": claimed.message.id, "attempt": claimed.number, "method": request.method, "url": request.url,
        "request_headers": mask_values(request.headers), "request_body": mask_body(request.body, characters),
    }
    if claimed.message.kind is MessageKind.BATCH_RETURN:
        told["transaction"] = claimed.message.lane
    elif claimed.message.kind is not MessageKind.CHECK:
        told["dispatch"] = claimed.message.content["dispatch_id"]
    if outcome is not None:
        told |= {"status": outcome.status, "answer_headers": mask_values(dict(outcome.answer_headers)),
                 "answer_body": mask_body(outcome.answer_body.encode(), characters), "ms": outcome.ms,
                 "steps": outcome.steps, "failure": outcome.failure, "reason": outcome.reason}
    return told


def _without(secret: str | None, text: str) -> str:
    """A text of the other end, which may send back all that it was sent, without the secret."""
    return text.replace(secret, MASK) if secret else text
