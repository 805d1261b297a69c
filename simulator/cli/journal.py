"""`flexsim journal`: what happened in a world."""

from __future__ import annotations

import json
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from simulator.cli.asking import SaidNo, Server, asks_server
from simulator.cli.files import own_file
from simulator.cli.loading import TaughtGroup
from simulator.cli.printing import both, give, london, one_line, pairs, size, utc

_AT_ONCE = 10_000
_USUAL = 50
_LOOK_SECONDS = 0.5
_LONGEST = 160
_STARTS = ("snapshot.restored", "world.started")
"""Kinds of the entry with which a journal goes on whose numbers begin lower again."""
_OWN_OPTIONS = ("kind", "since", "limit", "url", "world", "control_token", "ca_file")


@click.group(cls=TaughtGroup, invoke_without_command=True, examples=[
    "flexsim journal", "flexsim journal --kind http.in --limit 5", "flexsim journal --kind dispatch. --json",
    "flexsim journal --since 0 --limit 3 --follow"])
@click.option("--kind", metavar="KIND", help="One kind, such as http.in; with a dot at its end, such as dispatch., "
              "all that begin so.")
@click.option("--since", type=click.IntRange(0), metavar="NUMBER", help="What came after this entry, oldest first.")
@click.option("--limit", type=click.IntRange(1), metavar="N",
              help=f"At most so many: the newest, or the first after --since.  [{_USUAL}]")
@click.option("--follow", is_flag=True, help="Go on with what happens next, until Ctrl+C or --limit; with --json, an "
              "entry a line.")
@asks_server
def command(server: Server, as_json: bool, kind: str | None, since: int | None, limit: int | None, follow: bool
            ) -> None:
    """Show what happened in a world.

    Exchanges over HTTP, dispatches, mails, jobs and all else, a line each; `show` tells all of one, its cause too.
    """
    context = click.get_current_context()
    if context.invoked_subcommand is not None:
        if follow or as_json or any(context.params[name] is not None for name in _OWN_OPTIONS):
            raise click.UsageError(f"Give the options behind {context.invoked_subcommand}: `flexsim journal "
                                   f"{context.invoked_subcommand} --help` lists them.")
        return
    if follow:
        _follow(server, as_json, kind, since, limit)
        return
    most = limit or _USUAL
    entries = _newest(server, kind, most) if since is None else _after(server, kind, since, most)
    give(as_json, {"entries": entries},
         [_line(entry) for entry in entries] or ["There is no such entry." if kind or since else "Nothing yet."])


@command.command("show", examples=["flexsim journal show 1"])
@click.argument("number", type=click.IntRange(1))
@asks_server
def show(server: Server, as_json: bool, number: int) -> None:
    """Show the entry NUMBER in full."""
    found = _after(server, None, number - 1, 1)
    if not found or found[0]["id"] != number:
        raise SaidNo(f"There is no entry {number} in the journal of this world.")
    entry = found[0]
    give(as_json, entry, [
        *pairs([("Number", entry["id"]), ("At", both(entry["at"])), ("Kind", entry["kind"]),
                ("Caused by", entry["causedBy"])]),
        *json.dumps(entry["data"], indent=2, ensure_ascii=False).splitlines()])


@command.command("har", examples=["flexsim journal har exchanges.har", "flexsim journal har - --limit 10"])
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--limit", type=click.IntRange(1), metavar="N", help="The newest so many exchanges.  [10000]")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@asks_server
def har(server: Server, as_json: bool, file: Path, limit: int | None, force: bool) -> None:
    """Save the exchanges over HTTP to FILE as HAR 1.2, for your browser's tools; - is standard output."""
    if str(file) == "-":
        server.fetch("/_sim/journal/har", sys.stdout.buffer, {"limit": limit})
        return
    with own_file(file, force) as sink:
        server.fetch("/_sim/journal/har", sink, {"limit": limit})
    written = file.stat().st_size
    give(as_json, {"file": str(file), "bytes": written}, [f"{file}: {size(written)}"])


def _page(server: Server, kind: str | None, since: int, limit: int) -> list[dict[str, Any]]:
    query = {"kind": kind, "since": since, "limit": min(limit, _AT_ONCE)}
    return server.ask("GET", "/_sim/journal", query=query)["entries"]


def _pages(server: Server, kind: str | None, since: int, limit: int = _AT_ONCE) -> Iterator[list[dict[str, Any]]]:
    """Entries after `since`, page by page, to the end of the journal."""
    while page := _page(server, kind, since, limit):
        yield page
        since = page[-1]["id"]


def _after(server: Server, kind: str | None, since: int, most: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in _pages(server, kind, since, most):
        found += page
        if len(found) >= most:
            break
    return found[:most]


def _newest(server: Server, kind: str | None, most: int) -> list[dict[str, Any]]:
    if most <= _AT_ONCE:
        return server.ask("GET", "/_sim/journal", query={"kind": kind, "newest": most})["entries"]
    newest: deque[dict[str, Any]] = deque(maxlen=most)
    for page in _pages(server, kind, 0):
        newest.extend(page)
    return list(newest)


def _follow(server: Server, as_json: bool, kind: str | None, since: int | None, limit: int | None) -> None:
    """Print entries as they come. Begins with what is new, or after `since`; goes on when the world was put back."""
    if since is None:
        since = _last_number(server)
    pause, left = threading.Event(), limit
    try:
        while left is None or left > 0:
            for page in _pages(server, kind, since, left or _AT_ONCE):
                for entry in page[:left]:
                    click.echo(json.dumps(entry, ensure_ascii=False) if as_json else _line(entry))
                since = page[-1]["id"]
                if left is not None:
                    left -= len(page)
                    if left <= 0:
                        return
            pause.wait(_LOOK_SECONDS)
            if _last_number(server) < since:
                since = _before_its_new_start(server)
    except KeyboardInterrupt:
        return


def _last_number(server: Server) -> int:
    newest = _newest(server, None, 1)
    return newest[-1]["id"] if newest else 0


def _before_its_new_start(server: Server) -> int:
    """The number before the entry with which a world goes on that was restored, reset or made anew."""
    starts = [entry["id"] for kind in _STARTS for entry in _newest(server, kind, 1)]
    return max(starts, default=1) - 1


def _line(entry: Mapping[str, Any]) -> str:
    """An entry in one line: number, time, kind, and what it says."""
    return (f"{entry['id']:>6}  {london(entry['at'])}  {utc(entry['at'])}  {entry['kind']:<24}  "
            f"{_words(entry['data'])[:_LONGEST]}")


def _words(data: Mapping[str, Any]) -> str:
    if "method" in data and ("path" in data or "url" in data):
        came = data.get("reason") or data.get("status") or "no answer"
        return one_line(f"{data['method']} {data.get('url') or data['path']} → {came}")
    told = {name: value for name, value in data.items() if value not in (None, [], {}, "")}
    return one_line(", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in told.items()))


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
