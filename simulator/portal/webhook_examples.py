"""What the platform sends to the participant, shown: a message of its own units, and a small endpoint that takes it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from simulator.contracts import CannotWrite, OutboundMessage, OutboundRequest
from simulator.market.organisations import MeterableUnit

BASE_URL = "http://127.0.0.1:9000"
"""Where the example's endpoint listens."""

_IDS = ("D-20261102-0007", "20261102")
_KW = (Decimal(150), Decimal(-150), Decimal(1_000), Decimal(60_000))
_HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True)
class WebhookExample:
    """A message as it goes over the wire, a curl command that sends it, and an endpoint in Python that takes it."""

    message: str
    curl: str
    python: str


def webhook_example(message: OutboundMessage, units: list[MeterableUnit], now: datetime) -> WebhookExample | None:
    """A start of one of the units, soon; None when the contract has no way to say it."""
    start = now.replace(minute=0, second=0, microsecond=0) + 2 * _HALF_HOUR
    for dispatch_id, kw, units_named in _candidates(units):
        values = {"dispatch_id": dispatch_id, "instruction": "start", "start_time": start,
                  "end_time": start + 4 * _HALF_HOUR, "power_change_kw": kw, "meterable_unit_ids": units_named}
        try:
            if not message.find_faults(values):
                request = message.write(values)
                return WebhookExample(_as_text(request, dispatch_id), _as_curl(request, dispatch_id),
                                      _endpoint_program(message))
        except CannotWrite:
            continue
    return None


def _candidates(units: list[MeterableUnit]) -> Iterator[tuple[str, Decimal, tuple[str, ...]]]:
    named = [tuple(unit.id for unit in units[:2]), *((unit.id,) for unit in units)] if units else []
    yield from ((dispatch_id, kw, some) for some in named for dispatch_id in _IDS for kw in _KW)


def _headers(request: OutboundRequest, dispatch_id: str) -> dict[str, str]:
    return {**dict(request.headers), "X-Dispatch-Id": dispatch_id, "X-Attempt": "1"}


def _as_text(request: OutboundRequest, dispatch_id: str) -> str:
    lines = [f"{request.method} {BASE_URL}{request.target}",
             *(f"{name}: {value}" for name, value in _headers(request, dispatch_id).items())]
    return "\n".join([*lines, *(["", request.body.decode()] if request.body else [])])


def _as_curl(request: OutboundRequest, dispatch_id: str) -> str:
    parts = [f"curl -X {request.method} {shlex.quote(BASE_URL + request.target)}",
             *(f"-H {shlex.quote(f'{name}: {value}')}" for name, value in _headers(request, dispatch_id).items())]
    if request.body:
        parts.append(f"-d {shlex.quote(request.body.decode())}")
    return " \\\n  ".join(parts)


def _endpoint_program(message: OutboundMessage) -> str:
    """A Flask program that prints what comes and acknowledges it."""
    # What stands in braces in the contract can have any name there, and only some names in Flask.
    numbers = iter(range(1, 100))
    path = re.sub(r"\{[^{}]*\}", lambda _: f"<part{next(numbers)}>", message.path) or "/"
    media_type = message.media_type.partition(";")[0].strip().lower()
    read, what = "request.args.to_dict(flat=False)", "query"
    if media_type == "application/x-www-form-urlencoded":
        read, what = "request.form.to_dict(flat=False)", "form"
    elif media_type:
        read, what = "request.get_json()", "message"
    parts = f"print(request.path, {what}, flush=True)"
    arguments: Any = "**parts" if "<part" in path else ""
    return (f"""from flask import Flask, request

app = Flask(__name__)


@app.route({path!r}, methods=[{message.method!r}])
def take_dispatch({arguments}):
    {what} = {read}
    {parts}
    # Any 2xx within 10 seconds acknowledges: answer first, then do what takes longer.
    return {{"acknowledged": True}}


app.run(port={BASE_URL.rpartition(":")[2]})""")
