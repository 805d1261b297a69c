"""Clients for tests: a running simulator as your tests drive it, and an endpoint that takes what it sends.

    from simulator import Settings, Simulator

    with Simulator(Settings(port=0)) as simulator:
        world = simulator.client()
        world.participant().send_readings(reading("MU-1001", world.clock.now, power_kw=12.5))
        world.journal.assert_happened("readings.accepted", units=["MU-1001"])

They know the server by HTTP only, so `Server("http://…")` does the same with one in a container. The pytest plugin
(`simulator.pytest_plugin`) gives each of them as a fixture. They need nothing but this package, are typed, and may be
used from several threads; what a server refuses raises `Refused`, what does not come in time `NotSeen`.
"""

from simulator.testing.calls import Answer, ControlCalls, HttpClient, NoAnswer, Refused
from simulator.testing.control_room import ControlRoom
from simulator.testing.endpoints import Endpoint, Message, NotSigned, running_endpoint
from simulator.testing.faults import Faults
from simulator.testing.identities import SHIPPED, Identity, identity_of
from simulator.testing.journal import Entry, Journal
from simulator.testing.mailbox import Mail, Mailbox
from simulator.testing.market_clock import Job, MarketClock
from simulator.testing.pages import Form, Page
from simulator.testing.participants import Participant, reading
from simulator.testing.portal import Portal
from simulator.testing.servers import Server
from simulator.testing.smp import BatchFailed, Smp, asset, unit
from simulator.testing.waiting import NotSeen, wait_until
from simulator.testing.worlds import World

__all__ = [
    "SHIPPED", "Answer", "BatchFailed", "ControlCalls", "ControlRoom", "Endpoint", "Entry", "Faults", "Form",
    "HttpClient", "Identity", "Job", "Journal", "Mail", "Mailbox", "MarketClock", "Message", "NoAnswer", "NotSeen",
    "NotSigned", "Page", "Participant", "Portal", "Refused", "Server", "Smp", "World", "asset", "identity_of",
    "reading", "running_endpoint", "unit", "wait_until",
]
