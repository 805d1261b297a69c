"""Measures batches of 1,000 assets from the call to the signed return: `python -m bench.registering` prints JSON.

The server ends batches at once (`smp_progress = immediate`); the participant's endpoint is in this process. The time
runs from before the call is sent until the last byte of the return is read, by this process's clock; that its
signature is the platform's is checked after that.
"""

from __future__ import annotations

import json
import queue
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path

from joserfc import jws
from joserfc.jwk import KeySet

from bench.assets import ASSETS, ASSETS_PATH, RUN, batch, token_for
from bench.endpoints import acknowledging
from bench.exchanges import Answer, exchange
from bench.problems import InvalidMeasurement
from bench.processes import memory_of, serving

BATCHES = 500
SETTLED = 100
"""Batches after which memory counts as settled."""

_BAD = 20
_PATIENCE = 30.0
_SETTLING = 2.0


@dataclass
class RegisteringFigures:
    """Milliseconds of a batch from the call to its return (median, 95th percentile), and of refusals of 1,000 bad
    assets: at once for their form, and with the return for what they say. Memory (PSS, MB) over many batches."""

    return_ms: float
    return_p95_ms: float
    bad_form_ms: float
    bad_form_p95_ms: float
    bad_return_ms: float
    bad_return_p95_ms: float
    settled_pss: float
    last_pss: float

    @property
    def growth(self) -> float:
        """MB that memory has grown by from the 100th to the last batch."""
        return self.last_pss - self.settled_pss


@dataclass(frozen=True)
class _Return:
    at: float
    body: bytes
    signature: str


class _Returns:
    """The returns that have come to the participant's endpoint."""

    def __init__(self) -> None:
        self._come: queue.Queue[_Return] = queue.Queue()

    def take(self, headers: Message, body: bytes) -> bool:
        """Keep a return, and when it came; it is to be acknowledged."""
        self._come.put(_Return(time.perf_counter(), body, headers.get("X-JWS-Signature", "")))
        return True

    def next(self) -> _Return:
        """The next return. Raises queue.Empty when none comes in time."""
        return self._come.get(timeout=_PATIENCE)


class _Participant:
    """Hands batches in, one after the other, and takes their returns."""

    def __init__(self, port: int, url: str, returns: _Returns) -> None:
        self._port = port
        self._returns = returns
        self._sent = 0
        answer = exchange(port, "PATCH", "/_sim/participants/brindle", headers={"Content-Type": "application/json"},
                          body=json.dumps({"smp": {"callbackUrl": f"{url}/returns"}}).encode())
        if answer.status != 200:
            raise InvalidMeasurement(f"assets: INVALID, the callback URL was answered {answer.status} {answer.body!r}")
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token_for(port)}"}
        self._keys = KeySet.import_key_set(exchange(port, "GET", "/smp/.well-known/jwks.json").as_json())

    def call(self, body: str) -> tuple[float, Answer]:
        """Send a batch; when that began, and the answer."""
        self._sent += 1
        sent = body.replace(RUN, str(self._sent)).encode()
        began = time.perf_counter()
        return began, exchange(self._port, "POST", ASSETS_PATH, body=sent, headers=self._headers)

    def time_return(self, body: str, status: str, errors: int) -> float:
        """Milliseconds from the call to the return, which has to be what is expected, and signed."""
        began, answer = self.call(body)
        if answer.status != 202:
            raise InvalidMeasurement(f"assets: INVALID, answered {answer.status} {answer.body[:300]!r}")
        try:
            came = self._returns.next()
        except queue.Empty:
            raise InvalidMeasurement(f"assets: INVALID, no return in {_PATIENCE:g} s") from None
        jws.deserialize_compact(came.signature, self._keys, ["RS256"], payload=came.body)
        told = json.loads(came.body)
        if (told["status"], len(told["errors"])) != (status, errors):
            raise InvalidMeasurement(f"assets: INVALID, the return says {told['status']} with {len(told['errors'])} "
                                     f"errors: {came.body[:300]!r}")
        return (came.at - began) * 1000

    def time_refusal(self, body: str) -> float:
        """Milliseconds from the call to the end of an answer with an error for each asset."""
        began, answer = self.call(body)
        took = (time.perf_counter() - began) * 1000
        told = answer.as_json()
        if answer.status != 422 or len(told["errors"]) != ASSETS:
            raise InvalidMeasurement(f"assets: INVALID, bad ones were answered {answer.status} {answer.body[:300]!r}")
        return took


def measure_registering(command: list[str], ready_path: str, folder: Path, log: Path) -> RegisteringFigures:
    """All figures, on a fresh server; `folder` is for its settings. Raises BenchProblem."""
    config = folder / "immediate.toml"
    config.write_text('smp_progress = "immediate"\n')
    good = batch()
    returns = _Returns()
    with (acknowledging(returns.take) as url,
          serving([*command, "--config", str(config)], ready_path, log) as running):
        participant = _Participant(running.port, url, returns)
        took = [participant.time_return(good, "SUCCEEDED", 0) for _ in range(SETTLED)]
        time.sleep(_SETTLING)
        settled = memory_of(running.pid).pss
        took += [participant.time_return(good, "SUCCEEDED", 0) for _ in range(BATCHES - SETTLED)]
        time.sleep(_SETTLING)
        last = memory_of(running.pid).pss
        bad_form = [participant.time_refusal(batch(maxImportMw=-1)) for _ in range(_BAD)]
        bad_return = [participant.time_return(batch(mpan="1800021679847"), "FAILED", ASSETS) for _ in range(_BAD)]
    return RegisteringFigures(*_figures(took[SETTLED:]), *_figures(bad_form), *_figures(bad_return), settled, last)


def _figures(took: list[float]) -> tuple[float, float]:
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


if __name__ == "__main__":
    found = measure_registering([sys.executable, "-m", "simulator", "serve", "--port", "{port}"], "/_sim/health",
                                Path("/tmp"), Path("/dev/null"))
    print(json.dumps({**asdict(found), "growth": found.growth}))
