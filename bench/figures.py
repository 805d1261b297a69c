"""All figures of one run of the benchmark; a figure that was not taken is None."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from bench.dispatching import DispatchFigures
from bench.load import LoadFigures
from bench.market_month import MonthFigures
from bench.processes import Memory
from bench.registering import RegisteringFigures
from bench.upload_memory import UploadFigures
from bench.world_files import WorldFigures


@dataclass
class ServerFigures:
    """What was measured of one server. Times in seconds or milliseconds as named, memory in MB."""

    name: str
    version: str
    starts_s: list[float] = field(default_factory=list)
    start_s: float | None = None
    idle: Memory | None = None
    other_work: float | None = None  # share of all cores while the server was idle
    get: LoadFigures | None = None
    reading: LoadFigures | None = None
    batches: LoadFigures | None = None
    readings_per_second: float | None = None
    invalid_loads: list[str] = field(default_factory=list)
    after_load: Memory | None = None
    reset_ms: float | None = None
    upload: UploadFigures | None = None
    worlds: WorldFigures | None = None
    dispatching: DispatchFigures | None = None
    month: MonthFigures | None = None
    asset_batches: LoadFigures | None = None
    registering: RegisteringFigures | None = None


@dataclass
class RunFigures:
    """Every server's figures, the store's, and what stood in the way."""

    servers: dict[str, ServerFigures] = field(default_factory=dict)
    store: dict[str, dict[str, float]] = field(default_factory=dict)
    documents: dict[str, float] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists for `--json`."""
        return asdict(self)
