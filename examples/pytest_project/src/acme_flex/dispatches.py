"""Taking dispatch messages of the platform: each is obeyed once, however often it comes."""

from __future__ import annotations

import hashlib
import hmac
import threading
from dataclasses import dataclass, field

from flask import Flask, Response, request


@dataclass
class Battery:
    """A battery that follows instructions."""

    unit: str
    power_kw: float = 0.0
    obeyed: list[tuple[str, str]] = field(default_factory=list)

    def obey(self, dispatch: str, instruction: str, power_kw: float) -> None:
        """Follow an instruction; one that was followed before changes nothing."""
        if (dispatch, instruction) in self.obeyed:
            return
        self.obeyed.append((dispatch, instruction))
        self.power_kw = power_kw if instruction == "START" else 0.0


def create_app(batteries: list[Battery], secret: str) -> Flask:
    """The web application: `POST /dispatch`, signed with the secret that is set in Dispatch Settings."""
    app = Flask(__name__)
    lock = threading.Lock()

    @app.post("/dispatch")
    def take_dispatch() -> Response:
        expected = hmac.new(secret.encode(), request.get_data(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(request.headers.get("X-Signature", ""), f"sha256={expected}"):
            return Response("not signed by the platform\n", 401)
        message = request.get_json()
        called = [battery for battery in batteries if battery.unit in message["meterableUnitIds"]]
        if request.headers.get("X-Test") != "true":
            with lock:
                for battery in called:
                    battery.obey(message["dispatchId"], message["instruction"],
                                 message["powerChangeKw"] / len(called))
        return Response(status=204)

    return app
