"""The endpoint that the platform calls, and a page of health for people."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import threading
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, jsonify, request

from examples.participant.instructions import Nonsense, read_instruction
from examples.participant.market_time import ClockUnknown
from examples.participant.readings import Reporter


@dataclass(frozen=True)
class Manners:
    """How the endpoint behaves. `bearer` and `hmac_secret` are what a caller must know; the other two are faults.

    `rude` first messages are answered with 500; every answer comes `slow` seconds late.
    """

    bearer: str | None = None
    hmac_secret: str | None = None
    rude: int = 0
    slow: float = 0.0


def create_app(reporter: Reporter, manners: Manners, stopping: threading.Event) -> Flask:
    """The web application: `POST /dispatch` for the platform, `GET /health` for people."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    fleet = reporter.fleet
    messages = itertools.count(1)

    @app.post("/dispatch")
    def take_dispatch() -> Response:
        if next(messages) <= manners.rude:
            return problem(500, [{"pointer": "", "code": "rude", "message": "Not in the mood (--rude)."}])
        if not is_signed(manners):
            return problem(401, [{"pointer": "", "code": "unauthorised",
                                  "message": "The Authorization or X-Signature header is missing or wrong."}])
        is_test = request.headers.get("X-Test", "").lower() == "true"
        try:
            instruction = read_instruction(request.get_data(), fleet.batteries)
            is_news = fleet.obey(instruction, is_test)
        except Nonsense as nonsense:
            return problem(nonsense.status, nonsense.errors)
        except ClockUnknown as error:
            # 503 and not an acknowledgement: the platform will send the message again, and we promise nothing.
            return problem(503, [{"pointer": "", "code": "clock", "message": str(error)}])
        # It is carried out first and answered late: the platform cannot know, and will send the message again.
        stopping.wait(manners.slow)
        return jsonify(dispatchId=instruction.dispatch_id, instruction=instruction.word, repeat=not is_news,
                       test=is_test)

    @app.get("/health")
    def show_health() -> Response:
        return jsonify(describe_health(reporter))

    return app


def is_signed(manners: Manners) -> bool:
    """Whether the present request carries every secret that is asked for. Compared in constant time."""
    asked: list[tuple[str, str]] = []
    if manners.bearer is not None:
        asked.append(("Authorization", f"Bearer {manners.bearer}"))
    if manners.hmac_secret is not None:
        # Over the bytes as they came: JSON that is read and written again may be other bytes.
        digest = hmac.new(manners.hmac_secret.encode(), request.get_data(), hashlib.sha256).hexdigest()
        asked.append(("X-Signature", f"sha256={digest}"))
    return all(hmac.compare_digest(request.headers.get(name, "").encode(), expected.encode())
               for name, expected in asked)


def problem(status: int, errors: list[dict[str, str]]) -> Response:
    """An answer that says everything that is wrong, in the form of RFC 9457."""
    answer = jsonify(type="about:blank", title="Dispatch message not accepted", status=status, errors=errors)
    answer.status_code = status
    answer.content_type = "application/problem+json"
    return answer


def describe_health(reporter: Reporter) -> dict[str, Any]:
    """How the participant is doing, in words and numbers. Asks for the time, as powers are those of now."""
    fleet = reporter.fleet
    try:
        now = fleet.clock.now()
    except ClockUnknown:
        now = None
    waiting = list(reporter.waiting)
    return {
        "state": reporter.state,
        "now": now and now.isoformat(),
        "powerKw": fleet.powers_at(now) if now else {},
        "waitingReadings": len(waiting),
        "oldestWaiting": waiting[0]["timestamp"] if waiting else None,
        "acceptedReadings": reporter.accepted,
        "refusedReadings": [
            {"reason": batch["reason"], "readings": len(batch["readings"]),
             "first": batch["readings"][0]["timestamp"], "last": batch["readings"][-1]["timestamp"]}
            for batch in list(reporter.refused)],
        "latestDispatches": list(fleet.latest),
    }
