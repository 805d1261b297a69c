"""`flexsim participant`: the participants of a world."""

from __future__ import annotations

from typing import Any

import click

from simulator.cli.asking import Server, asks_server, part
from simulator.cli.loading import TaughtGroup
from simulator.cli.printing import give, pairs, table


@click.group(cls=TaughtGroup)
def command() -> None:
    """List and invite participants; their codes and endpoints."""


@command.command("list", examples=["flexsim participant list"])
@asks_server
def list_(server: Server, as_json: bool) -> None:
    """List the participants of a world."""
    answer = server.ask("GET", "/_sim/participants")
    give(as_json, answer, table(
        ("Id", "Name", "Portal user", "State", "Units", "Endpoint"),
        [(each["id"], each["name"], each["portal"]["email"], each["portal"]["state"], len(each["units"]),
          each["dispatch"]["baseUrl"]) for each in answer["participants"]],
        "There are no participants. `flexsim participant invite NAME EMAIL` invites one."))


@command.command("show", examples=["flexsim participant show brindle"])
@click.argument("participant")
@asks_server
def show(server: Server, as_json: bool, participant: str) -> None:
    """Show one participant: its user, units, endpoint and SMP connection."""
    _tell(as_json, server.ask("GET", f"/_sim/participants/{part(participant)}"))


@command.command("invite", examples=['flexsim participant invite "Dart Storage Ltd" desk@dart.example'])
@click.argument("name")
@click.argument("email")
@click.option("--id", "id_", metavar="ID", help="Its id in calls.  [made from the name]")
@asks_server
def invite(server: Server, as_json: bool, name: str, email: str, id_: str | None) -> None:
    """Give the organisation NAME an account; the invitation goes to EMAIL, in the world's mailbox."""
    _tell(as_json, server.ask("POST", "/_sim/participants", {"id": id_, "name": name, "portal": {"email": email}}))


@command.command("code", examples=["flexsim participant code brindle"])
@click.argument("participant")
@asks_server
def code(server: Server, as_json: bool, participant: str) -> None:
    """Print the six digits that a participant's authenticator shows now."""
    answer = server.ask("GET", f"/_sim/participants/{part(participant)}/totp")
    give(as_json, answer, [answer["code"]])


@command.command("reset-authenticator", examples=["flexsim participant reset-authenticator brindle"])
@click.argument("participant")
@asks_server
def reset_authenticator(server: Server, as_json: bool, participant: str) -> None:
    """Forget a user's authenticator, as Collar Support does; the next sign-in sets up a new one."""
    server.ask("POST", f"/_sim/participants/{part(participant)}/reset-authenticator")
    give(as_json, {"reset": participant}, ["The next sign-in sets up a new authenticator."])


@command.command("endpoint", examples=["flexsim participant endpoint brindle http://127.0.0.1:9000",
                                       "flexsim participant endpoint brindle --remove"])
@click.argument("participant")
@click.argument("base_url", required=False)
@click.option("--remove", is_flag=True, help="Have no endpoint any more.")
@asks_server
def endpoint(server: Server, as_json: bool, participant: str, base_url: str | None, remove: bool) -> None:
    """Set where a participant's dispatch messages go to.

    Messages go to loopback and private addresses only, and to the hosts of `flexsim serve --allow-target`.
    """
    if (base_url is None) != remove:
        raise click.UsageError("Give the address, such as http://127.0.0.1:9000, or --remove.")
    answer = server.ask("PATCH", f"/_sim/participants/{part(participant)}", {"dispatch": {"baseUrl": base_url}})
    _tell(as_json, answer)
    for warning in answer.get("warnings", ()):
        click.echo(warning["message"], err=True)


def _tell(as_json: bool, found: dict[str, Any]) -> None:
    smp = found.get("smp") or {}
    give(as_json, found, [
        *pairs([("Id", found["id"]), ("Name", found["name"]),
                ("Portal user", f"{found['portal']['email']}, {found['portal']['state']}"),
                ("Endpoint", found["dispatch"]["baseUrl"]), ("SMP user", smp.get("username")),
                ("SMP connection", smp.get("connection"))]),
        *table(("Unit", "Description", "kW", "Granularity", "Zone"),
               [(unit["id"], unit["description"], unit["capacityKw"], unit["granularity"], unit["zone"])
                for unit in found["units"]])])
