"""`flexsim fault`: what testers let go wrong on purpose."""

from __future__ import annotations

import json
from typing import Any

import click

from simulator.cli.asking import Server, asks_server
from simulator.cli.loading import TaughtGroup
from simulator.cli.printing import give, table
from simulator.faults.rules import EFFECTS, SURFACES


@click.group(cls=TaughtGroup)
def command() -> None:
    """Let things go wrong on purpose.

    The same seed gives the same faults. Each is in the journal: `flexsim journal --kind fault.`
    """


@command.command("list", examples=["flexsim fault list"])
@asks_server
def list_(server: Server, as_json: bool) -> None:
    """List the faults that are on, with how many exchanges each has seen and touched."""
    _tell(as_json, (answer := server.ask("GET", "/_sim/faults")), answer["faults"])


@command.command("effects", examples=["flexsim fault effects"])
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on standard output.")
def effects(as_json: bool) -> None:
    """List what can go wrong, and where."""
    known = {"surfaces": dict(SURFACES), "effects": [
        {"name": name, "surfaces": list(effect.surfaces), "words": effect.words} for name, effect in EFFECTS.items()]}
    give(as_json, known, [
        *table(("Surface", "What it is"), SURFACES.items()), "",
        *table(("Effect", "Value", "Surfaces", "What happens"),
               [(name, {int: "number", str: "word", bool: "true"}[effect.kind],
                 "all" if len(effect.surfaces) == len(SURFACES) else ", ".join(effect.surfaces), effect.words)
                for name, effect in EFFECTS.items()])])


@command.command("on", examples=[
    "flexsim fault on participant status=503 --times 2", "flexsim fault on participant delayMs=500 --route '/api/*'",
    "flexsim fault on dispatch drop=answer --participant brindle --probability 0.5 --seed 7",
    "flexsim fault on smp stuck"])
@click.argument("surface", type=click.Choice(list(SURFACES)), metavar="SURFACE")
@click.argument("effects", nargs=-1, required=True, metavar="EFFECT[=VALUE]...")
@click.option("--route", metavar="PATTERN", help="Only paths like this, such as /api/*.")
@click.option("--participant", metavar="ID", help="Only this participant's exchanges.")
@click.option("--nth", type=int, metavar="N", help="From the Nth matching exchange on.  [1]")
@click.option("--times", type=int, metavar="N", help="So many times at most.  [always]")
@click.option("--probability", type=float, metavar="SHARE", help="In this share of the exchanges, 0 to 1.  [1]")
@click.option("--seed", type=int, metavar="N", help="The same seed draws the same exchanges.  [0]")
@asks_server
def on(server: Server, as_json: bool, surface: str, effects: tuple[str, ...], route: str | None,
       participant: str | None, nth: int | None, times: int | None, probability: float | None,
       seed: int | None) -> None:
    """Switch a fault on at a SURFACE. `flexsim fault effects` lists surfaces and effects."""
    match = {"surface": surface, "route": route, "participant": participant}
    when = {"nth": nth, "times": times, "probability": probability}
    made = server.ask("POST", "/_sim/faults", {
        "match": _given(match), "effect": dict(map(_effect, effects)), "when": _given(when) or None, "seed": seed})
    _tell(as_json, made, [made])


@command.command("off", examples=["flexsim fault off 1", "flexsim fault off --all"])
@click.argument("number", type=int, required=False)
@click.option("--all", "all_", is_flag=True, help="All of them.")
@asks_server
def off(server: Server, as_json: bool, number: int | None, all_: bool) -> None:
    """Switch the fault NUMBER off, or all."""
    if (number is None) != all_:
        raise click.UsageError("Give the number of a fault, from `flexsim fault list`, or --all.")
    server.ask("DELETE", "/_sim/faults" if all_ else f"/_sim/faults/{number}")
    give(as_json, {"off": "all" if all_ else number}, ["All faults are off." if all_ else f"Fault {number} is off."])


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _effect(text: str) -> tuple[str, Any]:
    """`status=503` is ("status", 503), `drop=answer` is a word, `duplicate` alone is true."""
    name, equals, value = text.partition("=")
    if not equals:
        return name, True
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _tell(as_json: bool, value: Any, faults: list[dict[str, Any]]) -> None:
    give(as_json, value, table(
        ("Number", "Surface", "Route", "Participant", "Effect", "When", "Seed", "Seen", "Touched"),
        [(each["id"], each["match"]["surface"], each["match"].get("route"), each["match"].get("participant"),
          _named(each["effect"]), _when(each["when"]), each["seed"], each["seen"], each["applied"])
         for each in faults], "No fault is on."))


def _when(values: dict[str, Any]) -> str:
    """What is not as usual."""
    usual = {"nth": 1, "probability": 1.0}
    return _named({name: value for name, value in values.items() if usual.get(name) != value}) or "always"


def _named(values: dict[str, Any]) -> str:
    return ", ".join(name if value is True else f"{name} {value}" for name, value in values.items())
