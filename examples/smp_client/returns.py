"""The endpoint that takes batch returns: verifies who signed them, and hands each on once.

A return comes at least once: it may come twice, and it may come before the call that began the batch has been answered.
So returns are kept by transaction, and waited for there.
"""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

from flask import Flask, Response, request

from examples.smp_client.keys import KeysUnknown, NotTheirs, PlatformKeys
from examples.smp_client.platform import JOSE

_LOG = logging.getLogger("smp-client")


class Returns:
    """The batch returns that have come. Threads of the endpoint put them here; the main thread waits for them."""

    def __init__(self, keys: PlatformKeys) -> None:
        self.keys = keys
        self._changed = threading.Condition()
        self._deliveries: set[str] = set()
        self._transactions: dict[str, dict[str, Any]] = {}

    def take(self, body: bytes, delivery_id: str) -> None:
        """Keep a return whose signature was verified; one that came before changes nothing."""
        transaction = json.loads(body)
        with self._changed:
            if delivery_id and delivery_id in self._deliveries:
                _LOG.info("%s came again, and is known", delivery_id)
                return
            self._deliveries.add(delivery_id)
            self._transactions.setdefault(transaction["transactionId"], transaction)
            self._changed.notify_all()

    def wait_for(self, transaction_id: str, seconds: float) -> dict[str, Any] | None:
        """The transaction as its return tells it; None when none has come in time."""
        with self._changed:
            self._changed.wait_for(lambda: transaction_id in self._transactions, seconds)
            return self._transactions.get(transaction_id)


def create_app(returns: Returns) -> Flask:
    """The web application: `POST /batch-returns`."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 4_000_000

    @app.post("/batch-returns")
    def take_return() -> Response:
        # The bytes as they came: JSON that is read and written again may be other bytes.
        body = request.get_data()
        try:
            if request.mimetype == JOSE:
                body = returns.keys.open_compact(body)
            else:
                returns.keys.verify_detached(body, request.headers.get("X-JWS-Signature", ""))
        except NotTheirs as error:
            _LOG.warning("a message is not believed: %s", error)
            return Response(f"not signed by the platform: {error}\n", 401)
        except KeysUnknown as error:
            # 503 and not an acknowledgement: the platform will send it again.
            _LOG.warning("cannot verify just now: %s", error)
            return Response("the keys cannot be fetched\n", 503)
        returns.take(body, request.headers.get("X-Delivery-Id", ""))
        # Answer first, work afterwards: the platform waits for 10 seconds, then sends it again.
        return Response(status=204)

    return app
