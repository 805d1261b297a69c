"""One world of a running simulator, with everything a test does in it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from simulator.testing.calls import ControlCalls, HttpClient
from simulator.testing.control_room import ControlRoom
from simulator.testing.faults import Faults
from simulator.testing.identities import Identity, identity_of
from simulator.testing.journal import Journal
from simulator.testing.mailbox import Mailbox
from simulator.testing.market_clock import MarketClock
from simulator.testing.participants import Participant
from simulator.testing.portal import Portal
from simulator.testing.smp import Smp

if TYPE_CHECKING:
    from simulator.testing.servers import Server


class World:
    """A world: a database, a clock and a journal of its own. `url` is where it is served.

    This is a client, which knows it by HTTP; `simulator.world.World` is the world itself, inside the server.

    `http` makes any call below the world, `control` those below `/_sim`.
    """

    def __init__(self, server: Server, name: str, http: HttpClient, control: ControlCalls) -> None:
        self.server = server
        self.name = name
        self.url = http.url
        self.console_url = f"{http.url}/console"
        self.http = http
        self.control = control

    @cached_property
    def clock(self) -> MarketClock:
        """Its market clock."""
        return MarketClock(self.control)

    @cached_property
    def mailbox(self) -> Mailbox:
        """The mails sent in it."""
        return Mailbox(self.name, self.control)

    @cached_property
    def journal(self) -> Journal:
        """What happened in it."""
        return Journal(self.name, self.control, self.console_url)

    @cached_property
    def control_room(self) -> ControlRoom:
        """Its control room, which dispatches."""
        return ControlRoom(self.control)

    @cached_property
    def faults(self) -> Faults:
        """What goes wrong in it on purpose."""
        return Faults(self.control)

    def participant(self, participant: str = "brindle", token: str | None = None) -> Participant:
        """A participant's client of the participant API; `token` if it is none of the shipped fixtures'."""
        known = identity_of(participant)
        identity = replace(known, api_token=token) if token is not None else known
        return Participant(identity, self.http, self.control, self.server.contracts)

    def smp(self, participant: str = "brindle", username: str | None = None, password: str | None = None) -> Smp:
        """A participant's client of the SMP; user and password if it is none of the shipped fixtures'."""
        known = identity_of(participant)
        identity = replace(known, smp_username=username or known.smp_username,
                           smp_password=password or known.smp_password)
        return Smp(identity, self.http, self.control, self.server.contracts)

    def portal(self, identity: Identity | str = "brindle") -> Portal:
        """A new visitor of the portal, not signed in."""
        who = identity_of(identity) if isinstance(identity, str) else identity
        return Portal(self.url, self.http, self.control, who)

    def invite(self, name: str, email: str, units: list[dict[str, Any]] | None = None) -> str:
        """Invite an organisation; its id. The invitation is in the mailbox then."""
        wanted = {"name": name, "portal": {"email": email}, **({"units": units} if units else {})}
        return str(self.control.post("/participants", wanted)["id"])

    def reset(self) -> None:
        """Put the world back to its fixture."""
        self.control.post("/reset")

    def take_snapshot(self, name: str) -> None:
        """Keep a copy of the world under a name, in place of an older one."""
        self.control.put(f"/snapshots/{name}")

    def restore_snapshot(self, name: str) -> None:
        """Put the world back to a copy."""
        self.control.post(f"/snapshots/{name}/restore")

    def __repr__(self) -> str:
        return f"<World {self.name} at {self.url}>"
