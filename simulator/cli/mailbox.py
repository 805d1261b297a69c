"""`flexsim mailbox`: the mails that the simulated platforms sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from simulator.cli.asking import SaidNo, Server, asks_server
from simulator.cli.loading import TaughtGroup
from simulator.cli.printing import both, give, london, pairs, table, utc
from simulator.timekeeping.clock import stopwatch

_LONGEST_WAIT_SECONDS = 30
"""The server is asked again so often: connections that stay silent for longer are cut by some networks."""
_MOST = 1_000


def _filters(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
            click.option("--since", type=int, metavar="NUMBER", help="Mails with a higher number than this only."),
            click.option("--subject", metavar="TEXT", help="Mails with this in their subject only."),
            click.option("--to", metavar="ADDRESS", help="Mails to this address only.")):
        function = option(function)
    return function


@click.group(cls=TaughtGroup)
def command() -> None:
    """Read the mails that the platforms sent, and wait for the next."""


@command.command("list", examples=["flexsim mailbox list", "flexsim mailbox list --to desk@tamar-flex.example"])
@_filters
@click.option("--limit", type=click.IntRange(1, _MOST), metavar="N", help=f"At most so many.  [{_MOST}]")
@asks_server
def list_(server: Server, as_json: bool, **query: Any) -> None:
    """List the mails of a world, oldest first."""
    answer = server.ask("GET", "/_sim/mailbox", query=query)
    give(as_json, answer, table(
        ("Number", "London", "UTC", "To", "Subject", "Files"),
        [(mail["id"], london(mail["at"]), utc(mail["at"]), mail["to"], mail["subject"], len(mail["attachments"]))
         for mail in answer["messages"]], "There is no such mail."))


@command.command("show", examples=["flexsim mailbox show 1", "flexsim mailbox show 1 --source"])
@click.argument("number", type=click.IntRange(1))
@click.option("--source", is_flag=True, help="As a mail server gets it (message/rfc822).")
@asks_server
def show(server: Server, as_json: bool, number: int, source: bool) -> None:
    """Show the mail NUMBER: its text, its links and its files."""
    if source and as_json:
        raise click.UsageError("Give --source or --json, not both: the source is no JSON.")
    if source:
        click.echo(server.text(f"/_sim/mailbox/{number}/source"), nl=False)
        return
    mail = server.ask("GET", f"/_sim/mailbox/{number}")
    give(as_json, mail, _in_full(mail))


@command.command("wait", examples=["flexsim mailbox wait --to desk@tamar-flex.example --timeout 10"])
@_filters
@click.option("--timeout", type=click.FloatRange(min=0), default=30, metavar="SECONDS", help="How long.  [30]")
@asks_server
def wait(server: Server, as_json: bool, timeout: float, **query: Any) -> None:
    """Wait until there is a mail, and show the oldest; exit code 1 if none comes.

    A mail that is there already counts. To wait for the next one, give --since with the number of the last.
    """
    began = stopwatch()
    while True:
        left = max(0, timeout - (stopwatch() - began))
        seconds = min(_LONGEST_WAIT_SECONDS, int(left + 0.999))
        found = server.ask("GET", "/_sim/mailbox", query={**query, "limit": 1, "wait": seconds})["messages"]
        if found:
            give(as_json, found[0], _in_full(found[0]))
            return
        if stopwatch() - began >= timeout:
            told = ", ".join(f"{name} {value}" for name, value in query.items() if value is not None)
            raise SaidNo(f"No mail{f' ({told})' if told else ''} came within {timeout:g} s. `flexsim mailbox list` "
                         "shows those that did.")


@command.command("empty", examples=["flexsim mailbox empty"])
@asks_server
def empty(server: Server, as_json: bool) -> None:
    """Delete all mails of a world."""
    server.ask("DELETE", "/_sim/mailbox")
    give(as_json, {"emptied": True}, ["The mailbox is empty."])


def _in_full(mail: dict[str, Any]) -> list[str]:
    files = [f"{each['filename']} ({each['url']})" for each in mail["attachments"]]
    head = [("Number", mail["id"]), ("At", both(mail["at"])), ("To", mail["to"]), ("Subject", mail["subject"])]
    return [*pairs([*head, *(("Link", link) for link in mail["links"]), *(("File", file) for file in files)]), "",
            *mail["text"].rstrip().splitlines()]
