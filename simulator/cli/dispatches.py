"""`flexsim dispatch`: what the DSO's control room does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from simulator.cli.asking import Server, asks_server, part
from simulator.cli.loading import TaughtGroup
from simulator.cli.printing import give, instant, london, pairs, table, utc
from simulator.cli.times import read_moment

_USUAL_NOTICE = timedelta(minutes=15)
_USUAL_MINUTES = 60


@click.group(cls=TaughtGroup)
def command() -> None:
    """Send dispatches as the DSO's control room does, and stop them."""


@command.command("list", examples=["flexsim dispatch list"])
@asks_server
def list_(server: Server, as_json: bool) -> None:
    """List the dispatches of a world, the newest first."""
    answer = server.ask("GET", "/_sim/dispatches")
    give(as_json, answer, table(
        ("Id", "Participant", "Programme", "Units", "kW", "Start in London", "End in London", "State"),
        [(each["dispatchId"], each["participantId"], each["programme"], each["meterableUnitIds"],
          f"{each['powerChangeKw']:g}", london(each["startTime"]), london(each["endTime"]), each["state"])
         for each in answer["dispatches"]], "There is no dispatch."))


@command.command("show", examples=["flexsim dispatch show D-20261102-0001"])
@click.argument("dispatch")
@asks_server
def show(server: Server, as_json: bool, dispatch: str) -> None:
    """Show one dispatch, with its messages and every attempt at them."""
    _tell(as_json, server.ask("GET", f"/_sim/dispatches/{part(dispatch)}"))


@command.command("send", examples=[
    "flexsim dispatch send brindle MU-1001 --kw 150",
    'flexsim dispatch send brindle MU-1001 MU-1002 --kw 150 --start "tomorrow 16:00" --minutes 120 --programme SU'])
@click.argument("participant")
@click.argument("units", nargs=-1, required=True, metavar="UNIT...")
@click.option("--kw", type=float, required=True, metavar="KW", help="Change of power; more generation is positive.")
@click.option("--start", metavar="TIME", help="When it starts, exact or in London words.  [as soon as 15 minutes' "
                                              "notice allow]")
@click.option("--end", metavar="TIME", help="When it ends, exact or in London words.")
@click.option("--minutes", type=click.IntRange(1), metavar="N", help=f"How long it is, instead of --end.  "
                                                                     f"[{_USUAL_MINUTES}]")
@click.option("--programme", default="OU", metavar="NAME", help="SU, SAOU, OU, Secure, Dynamic or Restore.  [OU]")
@click.option("--notice", type=int, metavar="MINUTES", help="How long before the start the message goes out.  [15]")
@asks_server
def send(server: Server, as_json: bool, participant: str, units: tuple[str, ...], kw: float, start: str | None,
         end: str | None, minutes: int | None, programme: str, notice: int | None) -> None:
    """Dispatch UNITS of a PARTICIPANT. START goes out at the notice, STOP at the end."""
    if end is not None and minutes is not None:
        raise click.UsageError("Give --end or --minutes, not both.")
    now = instant(server.ask("GET", "/_sim/clock")["now"])
    begin = _soon(now) if start is None else read_moment(start, now, "--start")
    finish = read_moment(end, begin, "--end") if end else begin + timedelta(minutes=minutes or _USUAL_MINUTES)
    _tell(as_json, server.ask("POST", "/_sim/dispatches", {
        "participantId": participant, "programme": programme, "meterableUnitIds": list(units),
        "startTime": begin.isoformat(), "endTime": finish.isoformat(), "powerChangeKw": kw, "noticeMinutes": notice}))


@command.command("stop", examples=["flexsim dispatch stop D-20261102-0001",
                                   "flexsim dispatch stop D-20261102-0001 --emergency"])
@click.argument("dispatch")
@click.option("--emergency", is_flag=True, help="Send EMERGENCY_STOP.")
@asks_server
def stop(server: Server, as_json: bool, dispatch: str, emergency: bool) -> None:
    """End a dispatch early."""
    path = "emergency-stop" if emergency else "stop"
    _tell(as_json, server.ask("POST", f"/_sim/dispatches/{part(dispatch)}/{path}"))


def _soon(now: datetime) -> datetime:
    """The first whole minute that leaves the usual notice, and time for the call itself."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1) + _USUAL_NOTICE


def _tell(as_json: bool, found: dict[str, Any]) -> None:
    attempts = [(message["instruction"], message["state"], attempt["number"], london(attempt["at"]),
                 utc(attempt["at"]), attempt.get("status") or attempt.get("reason"))
                for message in found.get("messages", ()) for attempt in message["attempts"]]
    give(as_json, found, [
        *pairs([("Id", found["dispatchId"]), ("State", found["state"]),
                ("For", f"{', '.join(found['meterableUnitIds'])} of {found['participantId']}"),
                ("Programme", found["programme"]), ("kW", f"{found['powerChangeKw']:g}"),
                *((name, f"{london(found[key])} ({utc(found[key])})") for name, key in (
                    ("Message", "startMessageAt"), ("Start", "startTime"), ("End", "endTime")))]),
        *table(("Message", "State", "Attempt", "London", "UTC", "Answer"), attempts)])
