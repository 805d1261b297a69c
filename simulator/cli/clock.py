"""`flexsim clock`: a world's clock."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from simulator.cli.asking import SaidNo, Server, asks_server
from simulator.cli.loading import TaughtGroup
from simulator.cli.printing import both, give, instant, london, pairs, table, utc
from simulator.cli.times import read_duration, read_moment
from simulator.timekeeping.clock import FASTEST
from simulator.timekeeping.moments import EXAMPLES

_UNSEEN_SECONDS = 0.3
"""What takes no longer than this needs no progress bar."""
_LOOK_SECONDS = 0.2
_MODES = {"real": "runs like the real clock", "frozen": "stands still", "scaled": "runs at its own speed"}


@click.group(cls=TaughtGroup)
def command() -> None:
    """Look at a world's clock, stop it, let it run, move it.

    Moving it forward does everything that becomes due on the way, each thing at its own instant. Setting it back does
    nothing twice.
    """


@command.command("show", examples=["flexsim clock show", "flexsim clock show --world default --json"])
@asks_server
def show(server: Server, as_json: bool) -> None:
    """Show the market time, in London and UTC, and how the clock runs."""
    _tell(as_json, server.ask("GET", "/_sim/clock"))


@command.command("freeze", examples=["flexsim clock freeze"])
@asks_server
def freeze(server: Server, as_json: bool) -> None:
    """Stop the clock where it stands."""
    _tell(as_json, server.ask("PUT", "/_sim/clock", {"mode": "frozen"}))


@command.command("run", examples=["flexsim clock run", "flexsim clock run --speed 60", "flexsim clock run --real"])
@click.option("--speed", type=click.FloatRange(min=0, min_open=True, max=FASTEST), metavar="N",
              help="So many times as fast as the real clock; 60 is an hour a minute.  [1]")
@click.option("--real", is_flag=True, help="Show the real time again, and run with it.")
@asks_server
def run(server: Server, as_json: bool, speed: float | None, real: bool) -> None:
    """Let the clock run: from where it stands, or with the real time."""
    if real and speed is not None:
        raise click.UsageError("Give --speed or --real, not both: the real time runs at its own speed.")
    wanted = {"mode": "real"} if real else {"mode": "scaled", "rate": speed or 1}
    _tell(as_json, server.ask("PUT", "/_sim/clock", wanted, seconds=None))


@command.command("set", examples=["flexsim clock set 2026-11-02T16:00:00Z", 'flexsim clock set "tomorrow 08:00"'])
@click.argument("time")
@asks_server
def set_(server: Server, as_json: bool, time: str) -> None:
    """Set the clock to TIME, forward or back; it goes on in the way it did.

    TIME is in London words, such as "next Thursday 12:05" or "15 November 12:00", or exact: 2026-11-02T16:00:00Z.
    """
    clock = server.ask("GET", "/_sim/clock")
    target = read_moment(time, instant(clock["now"]), "TIME")
    wanted = {"mode": clock["mode"], "now": target.isoformat(),
              "rate": clock["rate"] if clock["mode"] == "scaled" else None}
    _tell(as_json, server.ask("PUT", "/_sim/clock", wanted, seconds=None))


@command.command("advance", examples=[
    "flexsim clock advance --by PT24H", 'flexsim clock advance --to "next Thursday 12:05"',
    "flexsim clock advance --to 2027-01-15T00:05:00Z --json"])
@click.option("--by", metavar="DURATION", help="How far, such as PT15M, P7D (ISO 8601) or “2 hours”.")
@click.option("--to", metavar="TIME", help=f"Where to: in London words, such as “{EXAMPLES[0]}” or “{EXAMPLES[5]}”, "
                                           "or exact, such as 2026-11-15T00:00:00Z.")
@asks_server
def advance(server: Server, as_json: bool, by: str | None, to: str | None) -> None:
    """Move the clock forward, and do everything that becomes due on the way, in order.

    Lists the jobs that ran; exit code 1 if one of them failed, or if the clock was stopped on the way.
    """
    if (by is None) == (to is None):
        raise click.UsageError("Give either --by, such as PT24H, or --to, such as “next Thursday 12:05”.")
    start = instant(server.ask("GET", "/_sim/clock")["now"])
    target = _target(start, by, to)
    # Words are read here, for the bar and for the server alike; a length of time may reach further than dates go.
    wanted = {"by": by} if to is None or target is None else {"to": target.isoformat()}
    answer = _showing_progress(server, start, target, lambda: server.ask(
        "POST", "/_sim/clock/advance", wanted, seconds=None))
    jobs = answer["jobs"]
    give(as_json, answer, [
        f"Market time is {both(answer['now'])}.",
        *table(("Job", "Due in London", "Due in UTC", "Outcome"),
               [(job["job"], london(job["dueAt"]), utc(job["dueAt"]), job["outcome"]) for job in jobs],
               "No job was due on the way.")])
    _tell_of_a_stop(answer)
    failed = [job["job"] for job in jobs if job["outcome"] == "failed"]
    if failed:
        raise SaidNo(f"Failed: {', '.join(failed)}. `flexsim journal --kind job` says why.")


def _target(start: datetime, by: str | None, to: str | None) -> datetime | None:
    """Where an advance will end; None when a length of time leads further than dates go."""
    try:
        return read_moment(to, start, "--to") if to else start + read_duration(by or "", start, "--by")
    except OverflowError:
        return None


def _showing_progress(server: Server, start: datetime, target: datetime | None, work: Callable[[], Any]) -> Any:
    """Do the work, and meanwhile show how far market time has come, if it takes a while and a person is looking."""
    done: dict[str, Any] = {}

    def do() -> None:
        try:
            done["answer"] = work()
        except BaseException as error:
            done["error"] = error

    worker = threading.Thread(target=do, name="flexsim-advance", daemon=True)
    worker.start()
    try:
        worker.join(_UNSEEN_SECONDS)
        if worker.is_alive() and target is not None and target > start and sys.stderr.isatty():
            _watch(server, worker, start, target)
        worker.join()
    except KeyboardInterrupt:
        raise SaidNo("The server goes on with the advance; `flexsim clock show` tells how far it is.") from None
    if "error" in done:
        raise done["error"]
    return done["answer"]


def _watch(server: Server, worker: threading.Thread, start: datetime, target: datetime) -> None:
    seconds = int((target - start).total_seconds())
    reached = 0
    with click.progressbar(length=seconds, label="Advancing", file=sys.stderr, show_pos=False,
                           item_show_func=lambda text: text) as bar:
        while worker.is_alive():
            worker.join(_LOOK_SECONDS)
            now = instant(server.ask("GET", "/_sim/clock")["now"]).astimezone(UTC)
            gone = min(seconds, max(reached, int((now - start).total_seconds())))
            bar.update(gone - reached, london(now.isoformat()))
            reached = gone


def _tell(as_json: bool, clock: dict[str, Any]) -> None:
    speed = f", {clock['rate']:g} times as fast as the real one" if clock["mode"] == "scaled" else ""
    give(as_json, clock, pairs([("London", london(clock["now"])), ("UTC", utc(clock["now"])),
                                ("Clock", f"{clock['mode']}: it {_MODES[clock['mode']]}{speed}")]))
    _tell_of_a_stop(clock)


def _tell_of_a_stop(answer: dict[str, Any]) -> None:
    if answer.get("stopped"):
        raise SaidNo(f"The clock was stopped on the way at {london(answer['now'])}: {answer['because']}. What was done "
                     "until then stays done.")
