"""Puts load on one route with `wrk` and refuses figures that hold anything but good answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.assets import ASSETS_PATH, RUN, batch, token_for
from bench.exchanges import LOOPBACK, READING_HEADERS, TOKEN, Answer, exchange
from bench.problems import InvalidMeasurement
from bench.processes import OtherWork, Running

CONNECTIONS = 8
THREADS = 1
BATCH = 1_000
READINGS_PATH = "/api/v2/readings"

_SCRIPTS = Path(__file__).resolve().parent / "wrk"
_WARM_UP_AGE = timedelta(days=400)  # the warm-up's readings lie well before those that count
_NEWEST_AGE = timedelta(hours=1)
_ERRORS = ("refused", "connect", "read", "write", "timeout")


@dataclass(frozen=True)
class Load:
    """What is asked of a server: the path, the script that makes the requests, and readings per request.

    An answer that takes longer than `patience` seconds is an error.
    """

    name: str
    path: str
    script: str
    readings: int = 0
    patience: int = 2


GET = "small GET"
READING = Load("posted reading", READINGS_PATH, "reading.lua", 1)
BATCHES = Load("batches of 1,000", READINGS_PATH, "batch.lua", BATCH)
ASSET_BATCHES = Load("batches of 1,000 assets", ASSETS_PATH, "assets.lua", patience=10)


@dataclass(frozen=True)
class LoadFigures:
    """One counted run. `errors` counts answers over 399 as `refused`, and failed or slow connections.

    `other_work` is the share of all cores (0 to 1) that neither the server nor the load generator used.
    """

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    requests: int
    errors: dict[str, int]
    other_work: float


def get_of(path: str) -> Load:
    """The load of a plain GET."""
    return Load(GET, path, "get.lua")


def measure(
    wrk: str, running: Running, load: Load, *, warm_up: int, seconds: int, stores: bool
) -> LoadFigures:
    """Warm the server up, count, and check that the answers are good before and afterwards.

    `stores` says that the server keeps the readings: then a reading that was sent under load must be
    known afterwards. Raises InvalidMeasurement when any answer was not the expected one.
    """
    newest = _whole_minute(datetime.now(UTC) - _NEWEST_AGE)
    port = running.port
    _check_answer(port, load, newest - _WARM_UP_AGE, "before the load", stores=stores, known=False)
    if warm_up:
        _run(wrk, running, load, newest - _WARM_UP_AGE, warm_up)
    figures = _run(wrk, running, load, newest, seconds)
    if any(figures.errors.values()) or not figures.requests:
        raise InvalidMeasurement(
            f"{load.name}: INVALID, of {figures.requests} requests {_describe(figures.errors)}"
        )
    _check_answer(port, load, newest, "after the load", stores=stores, known=True)
    return figures


def measure_assets(
    wrk: str, running: Running, *, warm_up: int, seconds: int, is_ours: bool, folder: Path
) -> LoadFigures:
    """Batches of 1,000 assets, each with references of its own. Raises InvalidMeasurement as `measure` does."""
    body = folder / "assets.json"
    body.write_text(batch())
    # Prism takes any token.
    extra = {"BENCH_BODY": str(body), "BENCH_TOKEN": token_for(running.port) if is_ours else TOKEN}
    now = datetime.now(UTC)
    figures = None
    for counted, length in ((False, warm_up), (True, seconds)):
        _check_batch(running.port, f"{'before' if counted else 'first'}-{int(now.timestamp())}", extra["BENCH_TOKEN"])
        if length:
            figures = _run(wrk, running, ASSET_BATCHES, now + timedelta(seconds=counted), length, extra)
    _check_batch(running.port, f"after-{int(now.timestamp())}", extra["BENCH_TOKEN"])
    assert figures is not None  # the counted run takes at least a second
    if any(figures.errors.values()) or not figures.requests:
        raise InvalidMeasurement(
            f"{ASSET_BATCHES.name}: INVALID, of {figures.requests} requests {_describe(figures.errors)}"
        )
    return figures


def _check_batch(port: int, run: str, token: str) -> None:
    """Send one batch by hand and insist on a 202."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    answer = exchange(port, "POST", ASSETS_PATH, body=batch().replace(RUN, run).encode(), headers=headers)
    if answer.status != 202:
        raise InvalidMeasurement(f"{ASSET_BATCHES.name}: INVALID, a batch was answered {_quote(answer)}")


def sample_body(load: Load, newest: datetime) -> bytes:
    """The body of the first request that the load's script sends."""
    readings = [
        {
            "meterableUnitId": "MU-1001",
            "timestamp": (newest - timedelta(minutes=back)).strftime("%Y-%m-%dT%H:%M:00Z"),
            "powerKw": -12.5,
        }
        for back in range(load.readings)
    ]
    return json.dumps(readings[0] if load.readings == 1 else readings).encode()


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _check_answer(
    port: int, load: Load, newest: datetime, when: str, *, stores: bool, known: bool
) -> None:
    """Send one request of the load by hand and insist on a 200, and on a true receipt from a store."""
    if not load.readings:
        answer = exchange(port, "GET", load.path)
    else:
        answer = exchange(port, "POST", load.path, body=sample_body(load, newest), headers=READING_HEADERS)
    receipt: Any = answer.as_json()
    good = answer.status == 200
    if good and load.readings and stores:
        good = isinstance(receipt, dict) and receipt.get("accepted") == load.readings
        good = good and (not known or receipt.get("updated") == load.readings)
    if not good:
        raise InvalidMeasurement(f"{load.name}: INVALID, {when} the answer was {_quote(answer)}")


def _quote(answer: Answer) -> str:
    return f"{answer.status} {answer.body[:300].decode(errors='replace')}"


def _run(wrk: str, running: Running, load: Load, newest: datetime, seconds: int,
         extra: dict[str, str] | None = None) -> LoadFigures:
    """One run of `wrk`; its script prints the figures in one line of its own."""
    command = [
        wrk,
        f"--threads={THREADS}",
        f"--connections={CONNECTIONS}",
        f"--duration={seconds}s",
        f"--timeout={load.patience}s",
        "--latency",
        f"--script={_SCRIPTS / load.script}",
        f"http://{LOOPBACK}:{running.port}{load.path}",
    ]
    environment = {
        **os.environ,
        "BENCH_WRK": str(_SCRIPTS),
        "BENCH_NEWEST": str(int(newest.timestamp())),
        "BENCH_PATH": load.path,
        "BENCH_TOKEN": TOKEN,
        **(extra or {}),
    }
    others = OtherWork(running.pid)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=seconds + 60, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise InvalidMeasurement(f"{load.name}: INVALID, wrk did not end after {seconds} s") from late
    other_work = others.share()
    line = re.search(r"^FIGURES (.*)$", done.stdout, re.MULTILINE)
    if done.returncode != 0 or not line:
        said = (done.stderr or done.stdout).strip()[-400:]
        raise InvalidMeasurement(f"{load.name}: INVALID, wrk said: {said}")
    values = {name: int(value) for name, value in (pair.split("=") for pair in line[1].split())}
    return LoadFigures(
        requests_per_second=values["requests"] / (values["microseconds"] / 1e6),
        p50_ms=values["p50"] / 1000,
        p99_ms=values["p99"] / 1000,
        requests=values["requests"],
        errors={name: values[name] for name in _ERRORS},
        other_work=other_work,
    )


def _describe(errors: dict[str, int]) -> str:
    words = {
        "refused": "had an error status",
        "connect": "could not connect",
        "read": "broke while reading",
        "write": "broke while writing",
        "timeout": "took too long",
    }
    said = [f"{count} {words[name]}" for name, count in errors.items() if count]
    return ", ".join(said) or "none was answered"


def time_resets(port: int, path: str, *, times: int, stores: bool) -> list[float]:
    """Milliseconds of each of `times` resets; before each, a store gets a reading that it has to undo."""
    newest = _whole_minute(datetime.now(UTC) - _NEWEST_AGE)
    took = []
    for _ in range(times):
        if stores:
            _check_answer(port, READING, newest, "before a reset", stores=True, known=False)
        began = time.perf_counter()
        answer = exchange(
            port, "POST", path, body=b"{}", headers={"Content-Type": "application/json"}
        )
        took.append((time.perf_counter() - began) * 1000)
        if answer.status not in (200, 204):
            raise InvalidMeasurement(f"reset: INVALID, the answer was {_quote(answer)}")
    return took
