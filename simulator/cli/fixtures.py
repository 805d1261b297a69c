"""`flexsim fixture`: what a world holds, as readable YAML."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import yaml

from simulator import assets
from simulator.cli.asking import SaidNo, Server, asks_server
from simulator.cli.files import own_file
from simulator.cli.loading import TaughtGroup
from simulator.cli.printing import give, table
from simulator.cli.worlds import make_world, start_of

_LATE = {"check": ("simulator.cli.fixture_checking", "Check a fixture, without a server.")}


@click.group(cls=TaughtGroup, late=_LATE)
def command() -> None:
    """Save a world to readable YAML, and load it into another.

    A fixture says which participants, units, readings, declarations and so on a world begins with. Its form is the file
    fixtures/world.schema.yaml.
    """


@command.command("list", examples=["flexsim fixture list"])
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on standard output.")
def list_(as_json: bool) -> None:
    """List the fixtures that come with the simulator."""
    found = [{"name": name, "about": _about(file), "file": str(file)}
             for name, file in assets.world_fixtures().items()]
    give(as_json, {"fixtures": found}, table(("Name", "About"), [
        (each["name"], each["about"].partition(". ")[0].rstrip(".") + ".") for each in found]))


def _about(file: Path) -> str:
    """What a shipped fixture says about itself."""
    content = yaml.load(file.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return content["about"].strip()


@command.command("show", examples=["flexsim fixture show quiet"])
@click.argument("name")
def show(name: str) -> None:
    """Print the YAML of the fixture NAME, to begin one of your own with."""
    shipped = assets.world_fixtures()
    if name not in shipped:
        raise click.UsageError(f"There is no fixture {name!r}; there are {', '.join(shipped)}.")
    click.echo(shipped[name].read_text("utf-8"), nl=False)


@command.command("save", examples=["flexsim fixture save saved.yaml", "flexsim fixture save - --no-secrets"])
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--no-secrets", is_flag=True, help="Leave out passwords, tokens and secrets; users are invited instead.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@asks_server
def save(server: Server, as_json: bool, file: Path, no_secrets: bool, force: bool) -> None:
    """Save a world to FILE as a fixture; - is standard output.

    It holds the world's passwords and tokens unless you say --no-secrets, so only you may read the file. What a fixture
    cannot hold, such as the journal, is named on standard error.
    """
    answer = server.ask("GET", "/_sim/fixture", query={"secrets": "no" if no_secrets else None}, seconds=None)
    text = answer["fixture"]
    if str(file) == "-":
        give(as_json, answer, text.splitlines())
    else:
        with own_file(file, force) as sink:
            sink.write(text.encode())
        give(as_json, {"file": str(file), "leftOut": answer["leftOut"]},
             [f"{file}: {len(text.splitlines()):,} lines. `flexsim fixture load {file} --world NAME` makes a world of "
              "it."])
    if answer["leftOut"] and not as_json:
        click.echo(f"Left out: {', '.join(answer['leftOut'])}.", err=True)


@command.command("load", examples=["flexsim fixture load world.yaml --world saved",
                                   "flexsim fixture load world.yaml --replace"])
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path))
@click.option("--now", metavar="TIME", help="Market time to start at, exact or in London words.")
@click.option("--replace", is_flag=True, help="Make a world anew that is there, and forget all it holds.")
@asks_server
def load(server: Server, as_json: bool, file: Path, now: str | None, replace: bool) -> None:
    """Make the world of --world from FILE; - is standard input.

    What is wrong with the file is listed, all of it, and nothing is made then.
    """
    try:
        text = (sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()).decode()
    except UnicodeDecodeError as error:
        raise SaidNo(f"{file} is no text in UTF-8: {error}") from None
    make_world(server, as_json, server.world, {"fixtureText": text, "now": start_of(now)}, replace)
