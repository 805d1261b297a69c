"""Measures worlds that are made, and taken back to a snapshot: `python -m bench.world_files` prints its figures (JSON).

The snapshot is of a world with a million readings, which came as a CSV file on the Readings page. Before each restore a
reading is posted, so that there is something to undo; after it, another is, so that a world that is not there yet would
be found out. Time is counted from the call to its answer.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.exchanges import READING_HEADERS, exchange
from bench.problems import InvalidMeasurement
from bench.processes import Running, serving
from bench.upload_memory import ROWS, send_to_readings_page, write_csv

WORLDS = 50
_RESTORES = 20
_OLD = "2020-01-01T00:00:00Z"
_NOW = "2026-11-02T17:00:00Z"
_JSON = {"Content-Type": "application/json"}
_COMMAND = [sys.executable, "-m", "simulator", "serve", "--port", "{port}"]
_GET = "/_sim/health"


@dataclass(frozen=True)
class WorldFigures:
    """Medians in milliseconds; `slowest_restore_ms` is the highest. `snapshot_mb` is the size of the snapshot."""

    restore_ms: float
    slowest_restore_ms: float
    take_ms: float
    quiet_ms: float
    demo_ms: float
    delete_ms: float
    snapshot_mb: float


def measure_worlds(running: Running) -> WorldFigures:
    """Of a server whose world `default` holds a million readings already."""
    took = [_time(running, "PUT", "/_sim/snapshots/bench", 201 if number == 0 else 200) for number in range(5)]
    restored = []
    for number in range(_RESTORES):
        _post_reading(running, "new before a restore", 1 if number == 0 else 0)
        restored.append(_time(running, "POST", "/_sim/snapshots/bench/restore", 200))
        _post_reading(running, "new after it", 1)
    made, deleted = {}, []
    for fixture in ("quiet", "demo"):
        # The first world of a fixture is filled; those after it are what a test waits for.
        _time(running, "PUT", f"/_sim/worlds/{fixture}-first", 201, {"fixture": fixture, "now": _NOW})
        names = [f"{fixture}-{number}" for number in range(WORLDS)]
        made[fixture] = statistics.median(
            _time(running, "PUT", f"/_sim/worlds/{name}", 201, {"fixture": fixture, "now": _NOW}) for name in names)
        deleted += [_time(running, "DELETE", f"/_sim/worlds/{name}", 204) for name in names]
    size = json.loads(exchange(running.port, "GET", "/_sim/snapshots/bench").body)["bytes"]
    return WorldFigures(statistics.median(restored), max(restored), statistics.median(took), made["quiet"],
                        made["demo"], statistics.median(deleted), size / 1e6)


def _time(running: Running, method: str, path: str, expected: int, body: dict[str, str] | None = None) -> float:
    began = time.perf_counter()
    answer = exchange(running.port, method, path, body=json.dumps(body or {}).encode(), headers=_JSON)
    took = (time.perf_counter() - began) * 1_000
    if answer.status != expected:
        raise InvalidMeasurement(f"worlds: INVALID, {method} {path} was answered {answer.status} {answer.body[:200]!r}")
    return took


def _post_reading(running: Running, when: str, created: int) -> None:
    """The same reading each time, older than all others, which the snapshot does not hold."""
    body = {"meterableUnitId": "MU-1001", "timestamp": _OLD, "powerKw": -1}
    answer = exchange(running.port, "POST", "/api/v2/readings", body=json.dumps(body).encode(),
                      headers=READING_HEADERS)
    if answer.status != 200 or (answer.as_json() or {}).get("created") != created:
        raise InvalidMeasurement(f"worlds: INVALID, a reading that is {when} was answered {answer.status} "
                                 f"{answer.body[:200]!r}")


def _with_readings(measure: Callable[[Running], WorldFigures]) -> WorldFigures:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        csv = Path(folder) / "readings.csv"
        write_csv(csv, ROWS)
        with serving(_COMMAND, _GET, Path(folder) / "server.log") as running:
            send_to_readings_page(running, csv)
            return measure(running)


if __name__ == "__main__":
    json.dump(asdict(_with_readings(measure_worlds)), sys.stdout, indent=2)
    print()
