"""The mailbox of a world: every mail that was sent, and waiting for the next one.

Wire format, assumed: `/_sim/mailbox`.
"""

from __future__ import annotations

import email
import email.policy
import threading
from urllib.parse import urlsplit

import pytest

from simulator import Simulator
from tests.builders import refusal
from tests.servers import WorldClient, eventually, fresh_world, running, side_by_side

TAMAR = "desk@tamar-flex.example"


def invite(world: WorldClient, name: str = "Dart Storage Ltd", address: str = "desk@dart.example") -> None:
    answer = world.post("/_sim/participants", {"name": name, "portal": {"email": address}})
    assert answer.status_code == 201, answer.text


@pytest.mark.proves("email/invitation")
def test_an_invited_user_of_the_fixture_has_mail(world: WorldClient) -> None:
    """Wire format, assumed: the demo fixture's Tamar is invited, its mail in the mailbox."""
    message, = world.mails()
    assert sorted(message) == ["at", "attachments", "html", "id", "kind", "links", "relay", "subject", "text", "to"]
    assert (message["to"], message["kind"], message["attachments"]) == (TAMAR, "invitation", [])
    link, = message["links"]
    assert link.startswith(f"{world.url}/password/link?token=")
    assert link in message["text"] and link.replace("&", "&amp;") in message["html"]


def test_filters_find_by_address_and_by_part_of_a_subject(world: WorldClient) -> None:
    """Wire format, assumed: ?to= and ?subject=; capitals make no difference."""
    invite(world)
    assert [mail["to"] for mail in world.mails()] == [TAMAR, "desk@dart.example"]
    assert [mail["id"] for mail in world.mails(to="DESK@dart.example")] == [2]
    assert world.mails(to="dart.example") == []
    assert [mail["id"] for mail in world.mails(subject="account of dart")] == [2]
    assert world.mails(subject="%") == []
    assert [mail["id"] for mail in world.mails(since=1)] == [2]
    assert [mail["id"] for mail in world.mails(limit=1)] == [1]


@pytest.mark.parametrize("query", ["wait=x", "wait=-1", "wait=301", "since=one", "limit=1.5", "too=a", "Subject=x"])
def test_a_filter_that_cannot_be_meant_is_refused(world: WorldClient, query: str) -> None:
    """Ours: a misspelt filter would find everything, and the test that sent it would prove nothing."""
    assert refusal(world.get(f"/_sim/mailbox?{query}"), 422)["errors"]


def test_waiting_ends_with_the_mail(world: WorldClient) -> None:
    """Wire format, assumed: ?wait=SECONDS, so that a test can wait for a mail; the mail ends it, not the time."""
    answers = side_by_side([
        lambda: world.mails(to="desk@dart.example", wait=60), lambda: world.mails(to="late@dart.example", wait=60),
        lambda: [invite(world, f"Dart {number}", f"{name}@dart.example")
                 for number, name in enumerate(("other", "desk", "late"))]])
    assert [[mail["to"] for mail in found] for found in answers[:2]] == [["desk@dart.example"], ["late@dart.example"]]


def test_waiting_for_what_is_there_does_not_wait(world: WorldClient) -> None:
    """Wire format, assumed: ?wait=SECONDS; a minute would be noticed."""
    assert [mail["to"] for mail in world.mails(to=TAMAR, wait=60)] == [TAMAR]


def test_waiting_in_vain_answers_with_nothing(world: WorldClient) -> None:
    """Ours: the time is over, the list is empty."""
    assert world.mails(to="nobody@dart.example", wait=1) == []


def test_many_who_wait_keep_nobody_from_working(server: Simulator, world: WorldClient) -> None:
    """Ours: more waiting calls than the server has threads, and other calls are still answered."""
    waiting = [threading.Thread(target=lambda: world.mails(to="late@dart.example", wait=60)) for _ in range(20)]
    for thread in waiting:
        thread.start()
    assert world.send({"meterableUnitId": "MU-1001", "timestamp": world.now()[:16] + ":00Z", "powerKw": 1}).ok
    invite(world, address="late@dart.example")
    for thread in waiting:
        thread.join(30)
        assert not thread.is_alive()


def test_waiting_ends_when_the_world_does(server: Simulator) -> None:
    """Ours: nobody waits on for a mail of a world that is gone."""
    told = []
    with fresh_world(server.url) as world:
        thread = threading.Thread(
            target=lambda: told.append(world.get("/_sim/mailbox?to=nobody@x.example&wait=60").status_code))
        thread.start()
        eventually(lambda: server.worlds.announcements._listeners, "the call that waits")
    thread.join(30)
    assert told == [404]


def test_a_reset_puts_the_fixtures_mail_back(world: WorldClient) -> None:
    """Wire format, assumed: POST /_sim/reset, back to the world's fixture."""
    invite(world)
    assert world.delete("/_sim/mailbox").status_code == 204
    assert world.mails() == []
    assert world.post("/_sim/reset").ok
    assert [mail["to"] for mail in world.mails()] == [TAMAR]


def test_a_mailbox_is_its_worlds_own(server: Simulator, world: WorldClient) -> None:
    """Wire format, assumed: each world has its own mailbox; nobody reads another world's."""
    with fresh_world(server.url) as other:
        invite(other)
        assert len(other.mails()) == 2
        assert len(world.mails()) == 1
        refusal(world.get("/_sim/mailbox/2"), 404)
        assert urlsplit(other.mails()[1]["links"][0]).path.startswith(f"/w/{other.name}/")


def test_one_mail_and_its_source(world: WorldClient) -> None:
    """Ours: a proper multipart message, text and HTML, with a working absolute link in the right world."""
    message = world.get("/_sim/mailbox/1").json()
    assert message == world.mails()[0]
    source = world.get("/_sim/mailbox/1/source")
    assert source.headers["Content-Type"] == "message/rfc822"
    parsed = email.message_from_bytes(source.content, policy=email.policy.default)
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert parsed["to"].addresses[0].addr_spec == TAMAR
    assert parsed["date"].datetime.isoformat() == message["at"][:19] + "+00:00"
    assert parsed.get_body(("plain",)).get_content().splitlines() == message["text"].splitlines()
    assert parsed.get_body(("html",)).get_content().splitlines() == message["html"].splitlines()
    assert not parsed.defects
    assert world.get(message["links"][0].removeprefix(world.url)).status_code == 200
    assert world.get("/_sim/mailbox/1/source").content == source.content, "the same mail is the same bytes"


def test_an_attachment_can_be_fetched(world: WorldClient) -> None:
    """Portal guide §3.6 (documented time): the weekly email; that it brings its CSV along is assumed."""
    world.freeze("2026-11-05T12:04:00Z")
    world.advance("PT1M")
    message, = world.mails(subject="Weekly Accepted Declarations")
    attachment, = message["attachments"]
    file = world.get(attachment["url"].removeprefix(world.url))
    assert (attachment["filename"], attachment["mediaType"]) == ("accepted-declarations-2026-11-09.csv", "text/csv")
    assert len(file.content) == attachment["size"]
    text = file.content.decode("utf-8")
    assert text.startswith("week_commencing,"), "no byte order mark stands before the first column"
    assert text.endswith("\r\n") and "utilisation_awarded_price" in text
    assert "attachment" in file.headers["Content-Disposition"]
    source = world.get(f"/_sim/mailbox/{message['id']}/source").content
    parts = list(email.message_from_bytes(source, policy=email.policy.default).iter_attachments())
    assert [(part.get_filename(), part.get_content()) for part in parts] == [(attachment["filename"], text)]
    refusal(world.get(f"/_sim/mailbox/{message['id']}/attachments/2"), 404)


def test_names_and_subjects_cannot_add_headers(world: WorldClient) -> None:
    """RFC 5322: a line break ends a header; text of people must not get that far."""
    errors = refusal(world.post("/_sim/participants", {
        "name": "Dart\r\nBcc: all@x.example", "portal": {"email": "a@b.example\nBcc: x@x.example"}}), 422)["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [
        ("/name", "control_character"), ("/portal/email", "control_character")]
    invite(world, "Ωμέγα “Dart” <b> & =1+1 ☀, Ltd")
    parsed = email.message_from_bytes(world.get("/_sim/mailbox/2/source").content, policy=email.policy.default)
    assert parsed["to"].addresses[0].display_name == "Ωμέγα “Dart” <b> & =1+1 ☀, Ltd"
    assert "&lt;b&gt; &amp; =1+1" in world.mails(since=1)[0]["html"]


def test_the_journal_tells_of_a_mail_and_what_caused_it(world: WorldClient) -> None:
    """Design, 5: request, mail; the link's secret is in neither."""
    invite(world)
    told = world.journal("mail.sent")[-1]
    cause = next(entry for entry in world.journal() if entry["id"] == told["causedBy"])
    assert (cause["kind"], cause["data"]["path"]) == ("http.in", f"/w/{world.name}/_sim/participants")
    assert told["data"] == {"mail": 2, "letter": "invitation", "to": "desk@dart.example",
                            "subject": "Activate the Flexible Power Portal account of Dart Storage Ltd"}
    secret = world.mails(since=1)[0]["links"][0].partition("token=")[2]
    assert len(secret) > 40 and secret not in str(world.journal())


def test_the_mailbox_keeps_the_newest() -> None:
    """Ours: FLEXSIM_MAILBOX_LIMIT; memory and disk do not grow without end."""
    with running(mailbox_limit=3) as simulator:
        world = WorldClient(simulator.url, "default")
        for number in range(5):
            invite(world, f"Dart {number}", f"desk{number}@dart.example")
        assert [mail["to"] for mail in world.mails()] == [f"desk{number}@dart.example" for number in (2, 3, 4)]
        world.close()
