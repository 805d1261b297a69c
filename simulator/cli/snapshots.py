"""The snapshots of a world: part of `flexsim world`."""

from __future__ import annotations

from pathlib import Path

import click

from simulator.cli.asking import Server, asks_server, part
from simulator.cli.files import own_file
from simulator.cli.loading import TaughtCommand, TaughtGroup
from simulator.cli.printing import both, counted, give, london, size, table, utc
from simulator.settings import SNAPSHOT_TYPE


def add_commands(group: TaughtGroup) -> None:
    """The commands about snapshots."""
    for each in (list_, take, restore, download, upload, forget):
        group.add_command(each)


@click.command("snapshots", cls=TaughtCommand, examples=["flexsim world snapshots"])
@asks_server
def list_(server: Server, as_json: bool) -> None:
    """List the snapshots of a world, the newest first."""
    answer = server.ask("GET", "/_sim/snapshots")
    found = answer["snapshots"]
    helps = [f"{each['name']}: {each['whatHelps']}" for each in found if not each["usable"]]
    give(as_json, answer, [
        *table(("Name", "Market time in London", "Market time in UTC", "Taken at (UTC)", "Fixture", "Size", "Usable"),
               [(each["name"], london(each["marketNow"]), utc(each["marketNow"]), utc(each["takenAt"]),
                 each["fixture"], size(each["bytes"]), each["usable"]) for each in found],
               "There is no snapshot of this world. `flexsim world snapshot NAME` takes one."), *helps])


@click.command("snapshot", cls=TaughtCommand, examples=["flexsim world snapshot before-trial"])
@click.argument("name")
@asks_server
def take(server: Server, as_json: bool, name: str) -> None:
    """Take the snapshot NAME of a world; one of that name is replaced."""
    answer = server.ask("PUT", f"/_sim/snapshots/{part(name)}", seconds=None)
    give(as_json, answer, [f"Snapshot {name!r} taken at market time {both(answer['marketNow'])}."])


@click.command("restore", cls=TaughtCommand, examples=["flexsim world restore monday"])
@click.argument("name")
@asks_server
def restore(server: Server, as_json: bool, name: str) -> None:
    """Put a world back to the snapshot NAME."""
    answer = server.ask("POST", f"/_sim/snapshots/{part(name)}/restore", seconds=None)
    give(as_json, answer, [f"The world {answer['world']!r} is as it was; market time is {both(answer['now'])}."])


@click.command("download", cls=TaughtCommand, examples=[
    "flexsim world download monday", "flexsim world download monday saved.sqlite --force"])
@click.argument("name")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@asks_server
def download(server: Server, as_json: bool, name: str, file: Path | None, force: bool) -> None:
    """Save the snapshot NAME as a file.  [NAME.sqlite]

    It holds the world's secrets, so only you may read it.
    """
    target = file or Path(f"{Path(name).name}.sqlite")
    with own_file(target, force) as sink:
        server.fetch(f"/_sim/snapshots/{part(name)}/file", sink)
    written = target.stat().st_size
    give(as_json, {"file": str(target), "bytes": written}, [f"{target}: {size(written)}"])


@click.command("upload", cls=TaughtCommand, examples=["flexsim world upload tuesday saved.sqlite"])
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@asks_server
def upload(server: Server, as_json: bool, name: str, file: Path) -> None:
    """Send FILE, a snapshot that was downloaded, to a world as the snapshot NAME."""
    answer = server.send_file(f"/_sim/snapshots/{part(name)}", file, SNAPSHOT_TYPE)
    give(as_json, answer, [f"Snapshot {name!r} is there, from market time {both(answer['marketNow'])}. "
                           f"`flexsim world restore {name}` goes back to it."])


@click.command("forget", cls=TaughtCommand, examples=["flexsim world forget monday"])
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@asks_server
def forget(server: Server, as_json: bool, names: tuple[str, ...]) -> None:
    """Delete snapshots of a world."""
    for name in names:
        server.ask("DELETE", f"/_sim/snapshots/{part(name)}")
    give(as_json, {"deleted": list(names)}, [f"{counted(len(names), 'snapshot')} deleted."])
