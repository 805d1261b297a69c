"""The command line, `flexsim`. Exit codes: 0 good; 1 a check failed or the server said no; 2 wrong usage or no server.

A module for each command or group of commands, loaded when it is called for. `asking` talks to the running server,
`printing` writes tables, times and JSON, `loading` has the commands' help.
"""

from __future__ import annotations

import click

from simulator import __version__
from simulator.cli.loading import TaughtGroup

_COMMANDS = {
    "serve": ("simulator.cli.serving", "Serve the simulated platforms until Ctrl+C."),
    "health": ("simulator.cli.health", "Ask the server on this machine how it is."),
    "clock": ("simulator.cli.clock", "Look at a world's clock, stop it, let it run, move it."),
    "world": ("simulator.cli.worlds", "Make, reset and delete worlds; take and restore snapshots."),
    "fixture": ("simulator.cli.fixtures", "Save a world to readable YAML, and load it into another."),
    "mailbox": ("simulator.cli.mailbox", "Read the mails that the platforms sent, and wait for the next."),
    "journal": ("simulator.cli.journal", "Show what happened in a world."),
    "participant": ("simulator.cli.participants", "List and invite participants; their codes and endpoints."),
    "dispatch": ("simulator.cli.dispatches", "Send dispatches as the DSO's control room does, and stop them."),
    "fault": ("simulator.cli.faults", "Let things go wrong on purpose."),
    "fidelity": ("simulator.cli.fidelity", "Tell how faithful each route, field, rule and number is."),
    "completion": ("simulator.cli.completion", "Print what makes your shell complete flexsim's commands."),
}


@click.group(cls=TaughtGroup, late=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="flexsim")
def main() -> None:
    """Offline simulator of two UK flexibility platforms.

    Not affiliated with their operators, and never a substitute for their own test environments.

    `flexsim serve` runs the server; most other commands talk to a running one, at --url or FLEXSIM_URL.

    Exit codes: 0 good; 1 a check failed, or the server said no; 2 wrong usage, or no server answers.
    """
