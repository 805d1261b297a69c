"""The one table that the benchmark prints, with the promises under it."""

from __future__ import annotations

from collections.abc import Callable

from bench.dispatching import MESSAGES, OTHERS
from bench.figures import RunFigures, ServerFigures
from bench.load import ASSET_BATCHES, BATCH, BATCHES, GET, READING, LoadFigures
from bench.market_month import DAYS, EVENTS, MANY_EVENTS, UNITS
from bench.promises import Promise
from bench.registering import BATCHES as REGISTERED
from bench.registering import SETTLED

_NONE = "–"
_LABEL_WIDTH = 48
_COLUMN_WIDTH = 13

Cell = Callable[[ServerFigures], str]
FindLoad = Callable[[ServerFigures], LoadFigures | None]


def table(run: RunFigures) -> str:
    """Figures down, servers across."""
    servers = list(run.servers.values())
    lines = [_line("", [server.name for server in servers]), _line("version", [s.version for s in servers])]
    lines.append("-" * len(lines[0]))
    lines += [_line(label, [cell(server) for server in servers]) for label, cell in _ROWS]
    lines += _store_lines(run)
    lines += _document_lines(run)
    return "\n".join(lines)


def promise_lines(promises: list[Promise]) -> str:
    """One line per promise."""
    return "\n".join(promise.line() for promise in promises)


def _line(label: str, cells: list[str]) -> str:
    return f"{label:<{_LABEL_WIDTH}}" + "".join(f"{cell:>{_COLUMN_WIDTH}}" for cell in cells)


def _figure(value: float | None, digits: int = 0) -> str:
    return _NONE if value is None else f"{value:,.{digits}f}"


def _of_load(name: str, of: FindLoad, show: Callable[[LoadFigures], str]) -> Cell:
    def cell(server: ServerFigures) -> str:
        figures = of(server)
        if figures:
            return show(figures)
        return "INVALID" if name in server.invalid_loads else _NONE

    return cell


def _load_rows(label: str, name: str, of: FindLoad) -> list[tuple[str, Cell]]:
    per_request = BATCH if name == BATCHES.name else 1
    unit = "readings/s" if per_request > 1 else "requests/s"
    return [
        (f"{label}: {unit}", _of_load(name, of, lambda f: _figure(f.requests_per_second * per_request))),
        (f"{label}: p99 (ms)", _of_load(name, of, lambda f: _figure(f.p99_ms, 1))),
        (f"{label}: errors", _of_load(name, of, lambda f: str(sum(f.errors.values())))),
    ]


def _worst_other_work(server: ServerFigures) -> float | None:
    shares = [f.other_work for f in (server.get, server.reading, server.batches, server.asset_batches) if f]
    if server.other_work is not None:
        shares.append(server.other_work)
    return max(shares) * 100 if shares else None


_ROWS: list[tuple[str, Cell]] = [
    ("start to first answer, median (s)", lambda s: _figure(s.start_s, 2)),
    ("idle memory, PSS of the process tree (MB)", lambda s: _figure(s.idle and s.idle.pss)),
    ("idle memory, RSS of the process tree (MB)", lambda s: _figure(s.idle and s.idle.rss)),
    ("processes", lambda s: _figure(s.idle and s.idle.processes)),
    *_load_rows("small GET", GET, lambda s: s.get),
    *_load_rows("posted reading", READING.name, lambda s: s.reading),
    *_load_rows("batches of 1,000", BATCHES.name, lambda s: s.batches),
    ("memory after all load, PSS (MB)", lambda s: _figure(s.after_load and s.after_load.pss)),
    ("reset, median (ms)", lambda s: _figure(s.reset_ms, 1)),
    ("upload of 1,000,000 rows: PSS over idle (MB)", lambda s: _figure(s.upload and s.upload.pss_over_idle)),
    ("upload of 1,000,000 rows: RSS over idle (MB)", lambda s: _figure(s.upload and s.upload.rss_over_idle)),
    ("upload of 1,000,000 rows: time (s)", lambda s: _figure(s.upload and s.upload.seconds, 1)),
    ("restore at 1,000,000 readings, median (ms)", lambda s: _figure(s.worlds and s.worlds.restore_ms, 1)),
    ("restore at 1,000,000 readings, slowest (ms)", lambda s: _figure(s.worlds and s.worlds.slowest_restore_ms, 1)),
    ("snapshot of 1,000,000 readings, median (ms)", lambda s: _figure(s.worlds and s.worlds.take_ms, 1)),
    ("fresh world quiet, median of 50 (ms)", lambda s: _figure(s.worlds and s.worlds.quiet_ms, 1)),
    ("fresh world demo, median of 50 (ms)", lambda s: _figure(s.worlds and s.worlds.demo_ms, 1)),
    ("world deleted, median (ms)", lambda s: _figure(s.worlds and s.worlds.delete_ms, 1)),
    (f"{MESSAGES} dispatch messages, due to acknowledged (s)",
     lambda s: _figure(s.dispatching and s.dispatching.all_s, 2)),
    (f"{OTHERS} of them, all endpoints answer (s)",
     lambda s: _figure(s.dispatching and s.dispatching.without_hanging_s, 2)),
    (f"{OTHERS} of them, one more endpoint hangs (s)",
     lambda s: _figure(s.dispatching and s.dispatching.with_hanging_s, 2)),
    (f"advancing {DAYS} days, {UNITS} units, {EVENTS} events (s)", lambda s: _figure(s.month and s.month.advance_s, 2)),
    (f"finalising a month of {MANY_EVENTS:,} events (s)", lambda s: _figure(s.month and s.month.finalise_s, 2)),
    (f"page of {MANY_EVENTS:,} events: first byte, median (ms)", lambda s: _figure(s.month and s.month.page_ms, 1)),
    (f"{ASSET_BATCHES.name}: batches/s",
     _of_load(ASSET_BATCHES.name, lambda s: s.asset_batches, lambda f: _figure(f.requests_per_second, 1))),
    (f"{ASSET_BATCHES.name}: p99 (ms)",
     _of_load(ASSET_BATCHES.name, lambda s: s.asset_batches, lambda f: _figure(f.p99_ms, 1))),
    (f"{ASSET_BATCHES.name}: errors",
     _of_load(ASSET_BATCHES.name, lambda s: s.asset_batches, lambda f: str(sum(f.errors.values())))),
    ("1,000 assets, call to signed return, median (ms)",
     lambda s: _figure(s.registering and s.registering.return_ms, 1)),
    ("1,000 assets, the same, 95th percentile (ms)",
     lambda s: _figure(s.registering and s.registering.return_p95_ms, 1)),
    ("1,000 bad assets, call to 422, median (ms)",
     lambda s: _figure(s.registering and s.registering.bad_form_ms, 1)),
    ("1,000 bad assets, to the return, median (ms)",
     lambda s: _figure(s.registering and s.registering.bad_return_ms, 1)),
    (f"memory after {SETTLED} batches of assets, PSS (MB)",
     lambda s: _figure(s.registering and s.registering.settled_pss, 1)),
    (f"memory after {REGISTERED} batches of assets, PSS (MB)",
     lambda s: _figure(s.registering and s.registering.last_pss, 1)),
    ("other work on the cores, at its worst (%)", lambda s: _figure(_worst_other_work(s))),
]

_STORE_ROWS = [
    ("store", "own store, 1,000 rows a transaction (rows/s)"),
    ("raw_by_thousand", "raw executemany, the same (rows/s)"),
    ("raw_at_once", "raw executemany, one transaction (rows/s)"),
]


def _store_lines(run: RunFigures) -> list[str]:
    if not run.store:
        return []
    lines = ["", _line("", ["new periods", "replaced"])]
    for key, label in _STORE_ROWS:
        rates = run.store[key]
        lines.append(_line(label, [_figure(rates["new"]), _figure(rates["replaced"])]))
    return lines


_DOCUMENT_ROWS = [
    ("ours", "PDFs of a month in a zip (CPU s)"),
    ("bare", "as many bare pages of reportlab (CPU s)"),
    ("without_ascii85", "the same, pages not in letters (CPU s)"),
    ("with_chart", "bare pages, each chart worked out (CPU s)"),
]


def _document_lines(run: RunFigures) -> list[str]:
    if not run.documents:
        return []
    lines = ["", _line("", [f"{run.documents['documents']:,.0f} PDFs"])]
    return lines + [_line(label, [_figure(run.documents[key], 2)]) for key, label in _DOCUMENT_ROWS]
