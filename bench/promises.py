"""What the project promises about its speed and size, judged on one run's figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.contestants import OURS
from bench.dispatching import MESSAGES, OTHERS
from bench.figures import RunFigures, ServerFigures
from bench.market_month import DAYS, EVENTS, MANY_EVENTS, UNITS
from bench.registering import BATCHES as REGISTERED
from bench.registering import SETTLED

Sense = Literal["at most", "at least"]


@dataclass(frozen=True)
class Promise:
    """One promise; `measured` and `limit` are in `unit`, and `measured` is None when the run lacks it."""

    what: str
    sense: Sense
    limit: float
    unit: str
    measured: float | None
    detail: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it is kept; None when not measured."""
        if self.measured is None:
            return None
        return self.measured <= self.limit if self.sense == "at most" else self.measured >= self.limit

    def line(self) -> str:
        """The promise, what was measured, and the verdict, on one line."""
        sign = "≤" if self.sense == "at most" else "≥"
        promised = f"promise {self.what} {sign} {_number(self.limit)}{self.unit}"
        if self.measured is None:
            return f"{promised:<58} not measured"
        detail = f" ({self.detail})" if self.detail else ""
        verdict = "met" if self.met else f"missed by {_number(abs(self.measured - self.limit))}{self.unit}"
        return f"{promised:<58} measured {_number(self.measured)}{self.unit}{detail}: {verdict}"


def judge(run: RunFigures) -> list[Promise]:
    """All promises, in the order in which they are printed."""
    us = run.servers.get(OURS) or ServerFigures(OURS, "")
    moto = run.servers.get("moto_server") or ServerFigures("moto_server", "")
    prism = run.servers.get("prism") or ServerFigures("prism", "")
    store = run.store.get("store", {}).get("new")
    raw = run.store.get("raw_by_thousand", {}).get("new")
    reading = us.reading.requests_per_second if us.reading else None
    prism_reading = prism.reading.requests_per_second if prism.reading else None
    dispatching = us.dispatching
    return [
        Promise(
            "start", "at most", 1.0, " × moto_server's", _ratio(us.start_s, moto.start_s),
            _pair(us.start_s, moto.start_s, "s"),
        ),
        Promise("idle memory (PSS)", "at most", 80, " MB", us.idle.pss if us.idle else None),
        Promise(
            "single posted readings", "at least", 1.0, " × Prism's", _ratio(reading, prism_reading),
            _pair(reading, prism_reading, "/s"),
        ),
        Promise("p99 of those", "at most", 60, " ms", us.reading.p99_ms if us.reading else None),
        Promise("readings in batches of 1,000", "at least", 50_000, "/s", us.readings_per_second),
        Promise(
            "store", "at least", 0.5, " × raw executemany", _ratio(store, raw), _pair(store, raw, "rows/s")
        ),
        Promise("reset", "at most", 50, " ms", us.reset_ms),
        Promise("restore at 1,000,000 readings", "at most", 100, " ms", us.worlds and us.worlds.restore_ms, "median"),
        Promise("fresh world", "at most", 20, " ms", us.worlds and max(us.worlds.quiet_ms, us.worlds.demo_ms),
                "median of 50, the slower of quiet and demo"),
        Promise("memory over idle for a CSV of 1,000,000 rows", "at most", 150, " MB",
                us.upload.pss_over_idle if us.upload else None),
        Promise(f"{MESSAGES} dispatch messages acknowledged", "at most", 3, " s",
                dispatching.all_s if dispatching else None),
        Promise(
            f"{OTHERS} of them while another endpoint hangs", "at most", 1.5, " × without",
            dispatching and _ratio(dispatching.with_hanging_s, dispatching.without_hanging_s),
            _pair(dispatching.with_hanging_s, dispatching.without_hanging_s, "s") if dispatching else "",
        ),
        *_of_the_month(us, run.documents),
        *_smp_promises(us, [prism, run.servers.get("prism quiet") or prism]),
    ]


def _of_the_month(us: ServerFigures, documents: dict[str, float]) -> list[Promise]:
    """The promises about the market month."""
    month, ours, bare = us.month, documents.get("ours"), documents.get("bare")
    return [
        Promise(f"advancing {DAYS} days, {UNITS} units, {EVENTS} events", "at most", 3, " s",
                month.advance_s if month else None),
        Promise(f"finalising {MANY_EVENTS:,} events", "at most", 5, " s", month.finalise_s if month else None),
        Promise(f"zip of the PDFs of {MANY_EVENTS:,} events", "at most", 2, " × bare pages", _ratio(ours, bare),
                _pair(ours, bare, "s")),
        Promise(f"first byte of a page of {MANY_EVENTS:,} events", "at most", 150, " ms",
                month.page_ms if month else None),
    ]


def _smp_promises(us: ServerFigures, prisms: list[ServerFigures]) -> list[Promise]:
    """Prism is taken at its best: with bodies this long, most of its time goes into what it logs by default."""
    batches = us.asset_batches.requests_per_second if us.asset_batches else None
    prism_batches = max((each.asset_batches.requests_per_second for each in prisms if each.asset_batches), default=None)
    found = us.registering
    return [
        Promise("batches of 1,000 assets accepted", "at least", 0.5, " × Prism's", _ratio(batches, prism_batches),
                _pair(batches, prism_batches, "/s")),
        Promise("from such a batch to its signed return", "at most", 300, " ms", found and found.return_p95_ms,
                "95th percentile"),
        Promise(f"memory growth, batch {SETTLED} to {REGISTERED}", "at most", 10, " MB", found and found.growth),
        Promise("1,000 errors of form answered", "at most", 300, " ms", found and found.bad_form_p95_ms,
                "95th percentile"),
        Promise("1,000 errors of content returned", "at most", 300, " ms", found and found.bad_return_p95_ms,
                "95th percentile"),
    ]


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return ours / theirs if ours is not None and theirs else None


def _pair(ours: float | None, theirs: float | None, unit: str) -> str:
    if ours is None or theirs is None:
        return ""
    return f"{_number(ours)} to {_number(theirs)} {unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
