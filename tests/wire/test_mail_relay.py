"""Mails that are sent on to a mail server, judged by aiosmtpd (ours: `--smtp HOST:PORT`; none is lost)."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from simulator.settings import Settings, SettingsUnusable
from tests.servers import WorldClient, eventually, fresh_world, running, subprocess_server


class Inbox:
    """A mail server's inbox that takes everything but mail for addresses with `refused` in them."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], email.message.EmailMessage]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if "refused" in address:
            return "550 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.taken.append((envelope.rcpt_tos, message))
        return "250 OK"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def mail_server(port: int | None = None) -> Iterator[tuple[Inbox, str]]:
    """A real SMTP server of another maker, and its address."""
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port or free_port())
    controller.start()
    try:
        yield inbox, f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def invite(world: WorldClient, name: str) -> None:
    answer = world.post("/_sim/participants", {"name": name, "portal": {"email": f"{name}@dart.example"}})
    assert answer.status_code == 201, answer.text


def relays(world: WorldClient) -> dict[str, str]:
    return {mail["to"].partition("@")[0]: mail["relay"] for mail in world.mails()}


def test_mails_reach_the_mail_server_as_they_stand_in_the_mailbox() -> None:
    """Ours: the invitation is also sent on by SMTP, with a link to the right world."""
    with mail_server() as (inbox, address), running(smtp=address) as simulator, fresh_world(simulator.url) as world:
        invite(world, "dart")
        eventually(lambda: relays(world) == {"desk": "relayed", "dart": "relayed"}, "both mails sent on")
        recipients, message = next(mail for mail in inbox.taken if mail[0] == ["dart@dart.example"])
        source = world.get("/_sim/mailbox/2/source").content
        assert message.as_bytes() == email.message_from_bytes(source, policy=email.policy.default).as_bytes()
        assert f"{world.url}/password/link?token=" in message.get_body(("plain",)).get_content()
        relayed = world.journal("mail.relayed")[-1]
        sent = next(entry for entry in world.journal("mail.sent") if entry["id"] == relayed["causedBy"])
        assert relayed["data"] == {"mail": 2, "server": address} and sent["data"]["mail"] == 2
        # The default world's own invitation went there too.
        assert sorted(recipients[0] for recipients, _ in inbox.taken) == [
            "dart@dart.example", "desk@tamar-flex.example", "desk@tamar-flex.example"]


def test_a_refused_mail_stays_in_the_mailbox_and_the_next_one_goes() -> None:
    """Ours: a relay that fails loses no mail; the failure is in the journal."""
    with mail_server() as (inbox, address), running(smtp=address, fixture="empty") as simulator:
        world = WorldClient(simulator.url, "default")
        invite(world, "refused")
        invite(world, "dart")
        eventually(lambda: relays(world) == {"refused": "failed", "dart": "relayed"}, "both mails tried")
        assert [recipients for recipients, _ in inbox.taken] == [["dart@dart.example"]]
        failure, = world.journal("mail.relay_failed")
        assert failure["data"] == {"mail": 1, "server": address,
                                   "reason": f"{address} refused it: 550 No such user here"}
        world.close()


def test_without_an_answering_server_nothing_is_lost_and_nobody_waits() -> None:
    """Ours: a relay that fails loses no mail."""
    address = f"127.0.0.1:{free_port()}"
    with running(smtp=address, fixture="empty") as simulator:
        world = WorldClient(simulator.url, "default")
        for name in ("one", "two"):
            invite(world, name)
        eventually(lambda: relays(world) == {"one": "failed", "two": "failed"}, "both mails tried")
        assert all("refused" in entry["data"]["reason"].lower() for entry in world.journal("mail.relay_failed"))
        assert all(mail["links"] for mail in world.mails())
        world.close()


def test_a_server_that_never_answers_delays_nobody() -> None:
    """Ours: one thread sends, and holds no world while it does; a reset goes through, and the end is quick."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with running(smtp=address, fixture="empty") as simulator:
            world = WorldClient(simulator.url, "default")
            invite(world, "dart")
            connection, _ = silent.accept()
            with connection:
                assert world.post("/_sim/reset").ok
                assert world.mails() == []
            world.close()


def test_mails_that_were_waiting_when_the_server_was_killed_are_sent_at_the_next_start(tmp_path: Path) -> None:
    """Ours: nothing accepted is ever lost, kill -9 included."""
    port = free_port()
    options = ["--data", str(tmp_path), "--fixture", "empty", "--smtp", f"127.0.0.1:{port}"]
    with socket.create_server(("127.0.0.1", port)) as silent, subprocess_server(options) as server:
        invite(server.client(), "dart")
        connection, _ = silent.accept()
        server.kill()
        connection.close()
    with mail_server(port) as (inbox, _), subprocess_server(options) as server:
        eventually(lambda: inbox.taken, "the mail")
        assert inbox.taken[0][0] == ["dart@dart.example"]
        assert server.url in inbox.taken[0][1].get_body(("plain",)).get_content(), "the link leads to where it is now"


@pytest.mark.parametrize("smtp", ["mail.example", "127.0.0.1:", ":25", "smtp://x:25", "a b:25", "x:123456"])
def test_a_server_that_cannot_be_meant_is_refused_at_the_start(smtp: str) -> None:
    """Ours: said at the start, not with the first mail."""
    with pytest.raises(SettingsUnusable, match="HOST:PORT"):
        Settings(smtp=smtp)


def test_public_url_is_where_links_of_mails_sent_on_lead() -> None:
    """Ours: behind a port mapping the server does not know its own address."""
    with mail_server() as (inbox, address), \
            running(smtp=address, public_url="http://flexsim.test:9000", fixture="empty") as simulator:
        world = WorldClient(simulator.url, "default")
        invite(world, "dart")
        eventually(lambda: inbox.taken, "the mail")
        assert "http://flexsim.test:9000/password/link?token=" in inbox.taken[0][1].get_body(("plain",)).get_content()
        assert world.mails()[0]["links"][0].startswith(simulator.url), "read here, they lead here"
        world.close()
