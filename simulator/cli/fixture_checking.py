"""`flexsim fixture check`: the one command about fixtures that needs the fixtures' code, and so loads it."""

from __future__ import annotations

from pathlib import Path

import click

from simulator.cli.asking import SaidNo
from simulator.cli.loading import TaughtCommand
from simulator.cli.printing import counted, give
from simulator.operations.fixtures import FixtureUnusable, read_fixture


@click.command("check", cls=TaughtCommand, examples=["flexsim fixture check world.yaml"])
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on standard output.")
def command(file: Path, as_json: bool) -> None:
    """Check a fixture, without a server.

    Lists everything that is wrong with FILE; exit code 1 then.
    """
    try:
        read_fixture(file)
    except FixtureUnusable as error:
        if as_json:
            give(True, {"file": str(file), "problems": error.problems}, [])
        lines = [f"  {problem}" for problem in error.problems]
        raise SaidNo("\n".join([f"{file}: {counted(len(lines), 'problem')}.", *lines])) from None
    give(as_json, {"file": str(file), "problems": []}, [f"{file} is a good fixture."])
