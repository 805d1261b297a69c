"""Who mails come from: an address that is ours, and a setting."""

from __future__ import annotations

import pytest

from simulator import Simulator
from tests.servers import WorldClient, fresh_world, running


def _sender(world: WorldClient) -> str:
    mail = world.mails()[0]
    source = world.get(f"/_sim/mailbox/{mail['id']}/source").text
    return next(line for line in source.splitlines() if line.startswith("From:"))


@pytest.mark.proves("setting/mail_from")
def test_mails_come_from_an_address_that_nobody_has(server: Simulator) -> None:
    """Assumed: the guide names no sender; the top-level domain `invalid` is nobody's (RFC 2606)."""
    with fresh_world(server.url, "demo") as world:
        assert "<no-reply@flexsim.invalid>" in _sender(world) or _sender(world).endswith("no-reply@flexsim.invalid")


@pytest.mark.proves("setting/mail_from")
def test_the_sender_is_a_setting() -> None:
    """Ours: a mail server that mails are sent on to may want an address it knows."""
    with running(mail_from="portal@mail.example") as simulator, fresh_world(simulator.url, "demo") as world:
        assert "portal@mail.example" in _sender(world)
