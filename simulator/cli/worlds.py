"""`flexsim world`: the worlds of a server."""

from __future__ import annotations

from typing import Any

import click

from simulator.cli import snapshots
from simulator.cli.asking import SaidNo, Server, asks_server, part
from simulator.cli.loading import TaughtGroup
from simulator.cli.printing import both, give, london, pairs, table, utc
from simulator.cli.times import read_moment
from simulator.settings import DEFAULT_WORLD
from simulator.timekeeping.clock import wall_now


@click.group(cls=TaughtGroup)
def command() -> None:
    """Make, reset and delete worlds; take and restore snapshots.

    A world is a database, a clock and a journal of its own. Its portal, APIs and console are below /w/NAME; the world
    'default' is there without that.
    """


@command.command("list", examples=["flexsim world list"])
@asks_server
def list_(server: Server, as_json: bool) -> None:
    """List the worlds, with their fixture, market time and snapshots."""
    answer = server.ask("GET", "/_sim/worlds")
    details = {each["name"]: each for each in answer.get("details", ())}
    give(as_json, answer, table(
        ("Name", "Fixture", "London", "UTC", "Clock", "Snapshots"),
        [_row(name, details.get(name, {})) for name in answer["worlds"]]))


def _row(name: str, details: dict[str, Any]) -> tuple[object, ...]:
    return (name, details.get("fixture"), london(details.get("now")), utc(details.get("now")), details.get("mode"),
            details.get("snapshots"))


@command.command("make", examples=[
    "flexsim world make training --fixture demo",
    "flexsim world make monday --fixture quiet --now 2026-11-02T16:00:00Z",
    "flexsim world make default --replace"])
@click.argument("name")
@click.option("--fixture", metavar="NAME", help="What it holds at first: demo, quiet, empty, or the file that the "
              "server was started with; `flexsim fixture load` sends a file of yours.  [demo]")
@click.option("--now", metavar="TIME", help="Market time to start at, exact or in London words.  [the real time]")
@click.option("--replace", is_flag=True, help="Make a world anew that is there, and forget all it holds.")
@asks_server
def make(server: Server, as_json: bool, name: str, fixture: str | None, now: str | None, replace: bool) -> None:
    """Make the world NAME from a fixture.

    NAME has small letters, digits and hyphens.
    """
    make_world(server, as_json, name, {"fixture": fixture, "now": start_of(now)}, replace)


def start_of(words: str | None) -> str | None:
    """A market time as the server takes it, from the user's words; None for None. They count from the real time."""
    return None if words is None else read_moment(words, wall_now(), "--now").isoformat()


def make_world(server: Server, as_json: bool, name: str, content: dict[str, Any], replace: bool) -> None:
    """Make a world, and say where it is. One that is there is only made anew if the user said so."""
    root = server.in_world(DEFAULT_WORLD)
    if not replace and name in root.ask("GET", "/_sim/worlds")["worlds"]:
        raise SaidNo(f"There is a world {name!r}, and making it anew forgets all it holds. Say --replace if you mean "
                     "that, or choose another name.")
    answer = root.ask("PUT", f"/_sim/worlds/{part(name)}", {**content, "replace": replace}, seconds=None)
    world = server.in_world(name)
    give(as_json, answer, [f"The world {name!r} is made.", *_addresses(world)])


@command.command("reset", examples=["flexsim world reset", "flexsim world reset training"])
@click.argument("name", required=False)
@asks_server
def reset(server: Server, as_json: bool, name: str | None) -> None:
    """Put a world back to its fixture: NAME, or the one of --world. Snapshots stay."""
    answer = server.in_world(name).ask("POST", "/_sim/reset", seconds=None)
    give(as_json, answer, [f"The world {answer['world']!r} is as it began; market time is {both(answer['now'])}."])


@command.command("delete", examples=["flexsim world delete training"])
@click.argument("name")
@asks_server
def delete(server: Server, as_json: bool, name: str) -> None:
    """Delete the world NAME and all it holds, its snapshots too."""
    server.in_world(DEFAULT_WORLD).ask("DELETE", f"/_sim/worlds/{part(name)}", seconds=None)
    give(as_json, {"deleted": name}, [f"The world {name!r} is gone."])


@command.command("open", examples=["flexsim world open training --no-browser", "flexsim world open --json"])
@click.argument("name", required=False)
@click.option("--no-browser", is_flag=True, help="Only print the addresses.")
@asks_server
def open_(server: Server, as_json: bool, name: str | None, no_browser: bool) -> None:
    """Print where a world's portal and console are, and open the console in your browser."""
    world = server.in_world(name)
    world.ask("GET", "/_sim/clock")  # so that nobody is sent to a world that is not there
    places = {"world": world.world, "portal": f"{world.world_url}/", "console": f"{world.world_url}/console"}
    give(as_json, places, _addresses(world))
    if not (as_json or no_browser):
        click.launch(places["console"])


def _addresses(world: Server) -> list[str]:
    return pairs([("Portal", f"{world.world_url}/"), ("Console", f"{world.world_url}/console")])


snapshots.add_commands(command)
