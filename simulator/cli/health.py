"""`flexsim health`."""

from __future__ import annotations

import sys

import click

from simulator.cli.loading import TaughtCommand
from simulator.liveness import NoAnswer, ask_health
from simulator.settings import CannotStart, read_settings


@click.command("health", cls=TaughtCommand, examples=["flexsim health", "flexsim health --port 9000"])
@click.option("--port", type=int, help="Port of the server on this machine.  [8000]")
def command(port: int | None) -> None:
    """Ask the server on this machine how it is.

    With or without TLS. Exit code 0: it answers; 1: it does not.
    """
    try:
        settings = read_settings({"port": port})
        click.echo(ask_health(settings.port, ("https",) if settings.tls else ("http", "https")))
    except CannotStart as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        sys.exit(2)
    except NoAnswer as error:
        click.echo(str(error), err=True)
        sys.exit(1)
