"""The command `python -m bench`; `python -m bench soak` is another one."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import soak
from bench.contestants import OUR_COMMAND, OURS, Contestant, all_makers
from bench.dispatching import measure_dispatching
from bench.figures import RunFigures, ServerFigures
from bench.installs import ROOT, WORKSHOP, find_wrk, prepare_workshop
from bench.load import (
    ASSET_BATCHES,
    BATCH,
    BATCHES,
    CONNECTIONS,
    READING,
    THREADS,
    get_of,
    measure,
    measure_assets,
    time_resets,
)
from bench.market_month import measure_month
from bench.problems import BenchProblem, InvalidMeasurement, PeerSkipped, tell
from bench.processes import OtherWork, Running, memory_of, serving
from bench.promises import judge
from bench.registering import BATCHES as REGISTERED
from bench.registering import measure_registering
from bench.report import promise_lines, table
from bench.upload_memory import measure_upload
from bench.world_files import measure_worlds

_SETTLING = 2.0  # seconds of idleness before memory is read
_RESETS = 20
_NOISE = 0.10  # of all cores
_PARTS = (OURS, "moto_server", "prism", "prism quiet", "wiremock", "store", "documents")


def main() -> int:
    """Measure everything that is asked for; the exit code."""
    if sys.argv[1:2] == ["soak"]:
        return soak.main(sys.argv[2:])
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended on the way out
    prepare_workshop()
    run = RunFigures()
    try:
        wrk = find_wrk()
    except BenchProblem as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    makers = all_makers(options.server, options.contract)
    for name in options.only:
        if name in makers:
            try:
                contestant = makers[name]()
                _measure_server(contestant, wrk, options, run)
            except PeerSkipped as reason:
                run.skipped.append(f"{name}: skipped, {reason}")
                tell(run.skipped[-1])
            except (BenchProblem, OSError) as problem:
                _invalid(run, f"{name}: {problem}")
    if "store" in options.only:
        _measure_store(run)
    if "documents" in options.only:
        _measure_documents(run)
    _print(run, options)
    return 1 if run.invalid else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=list(_PARTS), help="measure only these")
    parser.add_argument("--seconds", type=int, default=5, help="counted seconds of each load (default 5)")
    parser.add_argument("--warm-up", type=int, default=3, help="seconds of load before each (default 3)")
    parser.add_argument("--starts", type=int, default=5, help="starts of which the median counts (default 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures there")
    parser.add_argument("--contract", type=Path, help="contract for Prism, instead of the published one")
    parser.add_argument("--server", default=OUR_COMMAND, help="starts our server; {port} is filled in")
    options = parser.parse_args()
    if not (1 <= options.seconds <= 60 and 0 <= options.warm_up <= 60 and 1 <= options.starts <= 50):
        parser.error("--seconds 1 to 60, --warm-up 0 to 60, --starts 1 to 50")
    return options


def _invalid(run: RunFigures, text: str) -> None:
    run.invalid.append(text)
    tell(f"!! {text}")


def _measure_server(contestant: Contestant, wrk: str, options: argparse.Namespace, run: RunFigures) -> None:
    """Take all figures of one server; what was taken before a failure stays in the table."""
    figures = run.servers[contestant.name] = ServerFigures(contestant.name, contestant.version)
    log = WORKSHOP / "logs" / f"{contestant.name.replace(' ', '-')}.log"
    log.unlink(missing_ok=True)
    for number in range(1, options.starts + 1):
        tell(f"{contestant.name}: start {number} of {options.starts}")
        with serving(contestant.command, contestant.get_path, log) as running:
            figures.starts_s.append(running.seconds_to_answer)
            if number < options.starts:
                continue
            figures.start_s = statistics.median(figures.starts_s)
            _measure_idle(contestant, running, figures, run)
            _measure_loads(contestant, running, figures, wrk, options, run)
            figures.after_load = memory_of(running.pid)
            if contestant.reset_path:
                tell(f"{contestant.name}: {_RESETS} resets")
                took = time_resets(
                    running.port, contestant.reset_path, times=_RESETS, stores=contestant.stores
                )
                figures.reset_ms = statistics.median(took)
    if contestant.stores:
        _measure_upload(contestant, figures, log, run)
        tell(f"{contestant.name}: dispatch messages that are due at once")
        figures.dispatching = measure_dispatching(contestant.command, contestant.get_path, log)
        tell(f"{contestant.name}: a market month")
        figures.month = measure_month(contestant.command, contestant.get_path, log)
    if contestant.smp_command is not None:
        _measure_smp(contestant, contestant.smp_command, figures, wrk, options, run, log)


def _measure_smp(contestant: Contestant, command: list[str], figures: ServerFigures, wrk: str,
                 options: argparse.Namespace, run: RunFigures, log: Path) -> None:
    """Batches of assets, on a fresh server."""
    tell(f"{contestant.name}: {ASSET_BATCHES.name}, {options.warm_up} s warm-up, {options.seconds} s counted")
    try:
        with serving(command, contestant.get_path, log) as running:
            figures.asset_batches = measure_assets(wrk, running, warm_up=options.warm_up, seconds=options.seconds,
                                                   is_ours=contestant.stores, folder=WORKSHOP)
        _note_other_work(contestant, ASSET_BATCHES.name, figures.asset_batches.other_work, run)
    except InvalidMeasurement as problem:
        _invalid(run, f"{contestant.name}: {problem}")
        figures.invalid_loads.append(ASSET_BATCHES.name)
    if contestant.stores:
        tell(f"{contestant.name}: {REGISTERED:,} batches of assets, from the call to the signed return")
        figures.registering = measure_registering(command, contestant.get_path, WORKSHOP, log)


def _measure_idle(
    contestant: Contestant, running: Running, figures: ServerFigures, run: RunFigures
) -> None:
    tell(f"{contestant.name}: idle")
    others = OtherWork(running.pid)
    time.sleep(_SETTLING)
    figures.other_work = others.share()
    figures.idle = memory_of(running.pid)
    _note_other_work(contestant, "idle", figures.other_work, run)


def _note_other_work(contestant: Contestant, when: str, share: float, run: RunFigures) -> None:
    if share > _NOISE:
        run.notes.append(
            f"{contestant.name}, {when}: other work on this machine took {share:.0%} of its cores meanwhile; "
            "the figures suffer from it"
        )


def _measure_loads(
    contestant: Contestant,
    running: Running,
    figures: ServerFigures,
    wrk: str,
    options: argparse.Namespace,
    run: RunFigures,
) -> None:
    for load in (get_of(contestant.get_path), *contestant.loads):
        tell(f"{contestant.name}: {load.name}, {options.warm_up} s warm-up, {options.seconds} s counted")
        try:
            found = measure(
                wrk,
                running,
                load,
                warm_up=options.warm_up,
                seconds=options.seconds,
                stores=contestant.stores,
            )
        except InvalidMeasurement as problem:
            _invalid(run, f"{contestant.name}: {problem}")
            figures.invalid_loads.append(load.name)
            continue
        _note_other_work(contestant, load.name, found.other_work, run)
        if load is READING:
            figures.reading = found
        elif load is BATCHES:
            figures.batches = found
            figures.readings_per_second = found.requests_per_second * BATCH
        else:
            figures.get = found


def _measure_upload(contestant: Contestant, figures: ServerFigures, log: Path, run: RunFigures) -> None:
    """On a fresh server, because the loads before leave memory behind."""
    tell(f"{contestant.name}: upload of 1,000,000 rows")
    with serving(contestant.command, contestant.get_path, log) as running:
        time.sleep(_SETTLING)
        figures.upload = measure_upload(running, memory_of(running.pid))
        tell(f"{contestant.name}: worlds made, and taken back to a snapshot of those rows")
        figures.worlds = measure_worlds(running)


def _measure_store(run: RunFigures) -> None:
    tell("store: rows a second beside sqlite3.executemany")
    run.store = _measure_apart("store", "bench.store_rate", run)


def _measure_documents(run: RunFigures) -> None:
    tell("documents: the PDFs of a month beside bare pages of reportlab")
    run.documents = _measure_apart("documents", "bench.documents", run)


def _measure_apart(name: str, module: str, run: RunFigures) -> dict[str, Any]:
    """In a process of its own, so that neither its imports nor ours weigh on the other."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        _invalid(run, f"{name}: INVALID, {module} failed: {last}")
        return {}
    return json.loads(done.stdout)


def _print(run: RunFigures, options: argparse.Namespace) -> None:
    promises = judge(run)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    when = datetime.now(UTC).isoformat(timespec="seconds")
    print(
        f"{when}; {machine}; wrk with {CONNECTIONS} connections and {THREADS} thread on the same cores, "
        f"{options.warm_up} s to warm up, {options.seconds} s counted\n"
    )
    print(table(run), promise_lines(promises), sep="\n\n")
    for line in (*run.skipped, *run.notes):
        print(f"note: {line}")
    for line in run.invalid:
        print(f"\n!!! INVALID MEASUREMENT: {line}")
    if options.json:
        figures = {
            "at": when,
            "machine": machine,
            "seconds": options.seconds,
            "warm_up": options.warm_up,
            "connections": CONNECTIONS,
            **run.as_json(),
            "promises": [
                {"what": p.what, "sense": p.sense, "limit": p.limit, "measured": p.measured, "met": p.met}
                for p in promises
            ],
        }
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
