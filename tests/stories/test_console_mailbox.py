"""The console's mailbox: finding mails, reading them safely, and everything that travels with them."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from playwright.sync_api import expect

from tests.pages import Page, PageClient, parse
from tests.servers import WorldClient, eventually, fresh_world, running
from tests.stories.browsing import EMAIL, Visitor
from tests.stories.links import TAMAR
from tests.wire.test_mail_relay import mail_server


@pytest.fixture
def busy(world: WorldClient) -> WorldClient:
    """A world in which every kind of mail but resets was sent: 1 invitation, then Brindle's of 10 days."""
    world.advance("P10D")
    return world


@pytest.fixture
def console(busy: WorldClient) -> PageClient:
    """A visitor of its console."""
    return PageClient(busy.url)


def mailbox(client: PageClient, words: str | None = None) -> Page:
    return client.get("/console/mailbox" + (f"?q={words}" if words else ""))


def subjects(page: Page) -> list[str]:
    return [row.find("a").text for row in page.tree.find("tbody").find_all("tr")]


def with_attachment(world: WorldClient) -> int:
    return next(mail["id"] for mail in world.mails() if mail["attachments"])


def source_of(client: PageClient, mail_id: int) -> EmailMessage:
    answer = client.raw("GET", f"/console/mailbox/{mail_id}/source")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    message = email.message_from_bytes(answer.content, policy=email.policy.default)
    assert message.defects == []
    return message


def test_mails_stand_newest_first(busy: WorldClient, console: PageClient) -> None:
    page = mailbox(console)
    assert subjects(page) == [mail["subject"] for mail in reversed(busy.mails())]
    assert page.rows()[-1] == ["Mon 02 Nov 2026 17:00 GMT", f"Tamar Flexibility CIC {TAMAR}",
                               "Activate the Flexible Power Portal account of Tamar Flexibility CIC invitation"]


@pytest.mark.parametrize(("words", "count"), [
    ("activate the FLEXIBLE", 1), (TAMAR, 1), ("desk%40tamar", 1), ("Tamar+Flexibility", 1),
    ("create+your+password", 1), ("Weekly+Accepted", 2), (EMAIL, 12), ("%25", 0), ("nothing+like+it", 0),
    ("+", 13), ("%22%5C", 0), ("x" * 5_000, 0), ("%00", 13),
])
def test_search_looks_at_subject_address_and_text(console: PageClient, words: str, count: int) -> None:
    page = mailbox(console, words)
    assert len(page.tree.find_all("tr")[1:]) == count
    if not count:
        assert "No mail has these words." in page.content.text


def test_a_search_is_shown_as_it_was_typed(console: PageClient) -> None:
    page = mailbox(console, "%3Cb%3E%22%26")
    assert page.tree.find("input", id="q")["value"] == '<b>"&'
    assert "0 of 13 mails with “<b>\"&”" in page.content.text


def test_fifty_mails_stand_on_a_page(world: WorldClient) -> None:
    client = PageClient(world.url)
    world.advance("P100D")
    total = len(world.mails())
    seen, path = [], "/console/mailbox?q=brindle"
    while path:
        page = client.get(path)
        seen += subjects(page)
        older = [link["href"] for link in page.tree.find_all("a") if link.text == "Older"]
        path = older[0].removeprefix(f"/w/{world.name}") if older else ""
        assert len(subjects(page)) == 50 or not older
    assert len(seen) == total - 1 and len(seen) > 100
    assert "Page 3 of 3" in page.content.text
    for number in ("0", "-1", "x", "99999999999999999999", "٣"):
        assert client.get(f"/console/mailbox?page={number}").status == 200
    assert "Page 3 of 3" in client.get("/console/mailbox?page=777").content.text


def test_a_mail_tells_who_when_and_what(busy: WorldClient, console: PageClient) -> None:
    mail_id = with_attachment(busy)
    page = console.get(f"/console/mailbox/{mail_id}")
    facts = page.tree.find("section", **{"aria-label": "Headers"}).text
    assert "From Flexible Power Portal (simulator) <no-reply@flexsim.invalid>" in facts
    assert f"To Brindle Aggregation Ltd <{EMAIL}>" in facts
    assert "Sent Thu 05 Nov 2026 12:05 GMT market time, 2026-11-05T12:05:00Z" in facts
    assert "Kind weekly accepted declarations" in facts
    mail = next(mail for mail in busy.mails() if mail["id"] == mail_id)
    assert " ".join(mail["text"].split()) in page.content.text
    assert mail["links"][0] in page.links()
    around = page.tree.find("nav", **{"aria-label": "Mails"}).find_all("a")
    assert [link["href"].rpartition("/")[2] for link in around] == ["mailbox", str(mail_id + 1), str(mail_id - 1)]
    assert "Newer mail" not in console.get(f"/console/mailbox/{busy.mails()[-1]['id']}").html
    assert "Older mail" not in console.get("/console/mailbox/1").html


def test_the_html_of_a_mail_is_locked_in(console: PageClient) -> None:
    page = console.raw("GET", "/console/mailbox/1")
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    frame = parse(page.text).find("iframe")
    assert frame["sandbox"] == "allow-popups allow-popups-to-escape-sandbox"
    assert frame["title"]
    answer = console.raw("GET", "/console/mailbox/1/html")
    assert answer.headers["Content-Security-Policy"] == (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        "frame-ancestors 'self'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert parse(answer.text.removeprefix("<!doctype html>")).find_all("script", "img", "link") == []


def test_a_mail_is_read_in_its_frame_and_its_link_opens_the_portal(visitor: Visitor, world: WorldClient) -> None:
    page = visitor.page
    page.goto(world.url + "/console/mailbox")
    page.get_by_role("link", name="Activate the Flexible").click()
    frame = page.frame_locator("iframe")
    link = frame.get_by_role("link", name="Activate the account")
    expect(link).to_be_visible()
    assert page.frames[1].evaluate("self.origin") == "null", "the mail is a stranger to the console"
    with page.context.expect_page() as opened:
        link.click()
    expect(opened.value.get_by_role("heading", level=1)).to_be_visible()
    assert opened.value.url.startswith(world.url + "/password/")
    assert opened.value.title().endswith("Flexible Power Portal simulator")
    page.get_by_role("region", name="Headers").get_by_role("link", name="Activate the account").click()
    page.wait_for_url(world.url + "/password/**")


def test_what_an_organisation_is_called_cannot_become_part_of_a_mail(world: WorldClient) -> None:
    name = '</title><script>alert(1)</script><a href="https://evil.example">x'
    answer = world.post("/_sim/participants", {"id": "odd", "name": name, "portal": {"email": "odd@x.example"}})
    assert answer.status_code == 201
    client = PageClient(world.url)
    html = client.raw("GET", "/console/mailbox/2/html").text
    tree = parse(html.removeprefix("<!doctype html>"))
    assert tree.find_all("script") == []
    assert all(link["href"].startswith(world.url) for link in tree.find_all("a"))
    assert client.get("/console/mailbox/2").heading.endswith(name)
    assert name in source_of(client, 2)["Subject"]


def test_an_attachment_comes_byte_by_byte(busy: WorldClient, console: PageClient) -> None:
    mail_id = with_attachment(busy)
    page = console.get(f"/console/mailbox/{mail_id}")
    (link,) = [link for link in page.tree.find_all("a") if link.text.endswith(".csv")]
    answer = console.raw("GET", page.url.partition("/w/")[0] + link["href"])
    assert answer.headers["Content-Disposition"] == f"attachment; filename={link.text}"
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    (attached,) = source_of(console, mail_id).iter_attachments()
    assert attached.get_filename() == link.text
    assert attached.get_payload(decode=True) == answer.content
    assert busy.get(f"/_sim/mailbox/{mail_id}/attachments/1").content == answer.content


def words_of(text: str) -> list[str]:
    """The words of a text, links and punctuation aside."""
    return re.findall(r"\w+", re.sub(r"https?://\S+", "", text))


def test_the_source_says_the_same_in_text_and_html(busy: WorldClient, console: PageClient) -> None:
    message = source_of(console, 1)
    assert message.get_content_type() == "multipart/alternative"
    assert message["To"].addresses[0].addr_spec == TAMAR
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    (link,) = re.findall(r"http\S+", text)
    tree = parse(html.removeprefix("<!doctype html>"))
    assert tree.find("a")["href"] == link
    assert link.startswith(f"{busy.url}/password/link?token=")
    shown = tree.find("body").text.removeprefix(message["Subject"])
    assert words_of(shown) == words_of(text)
    assert words_of(console.get("/console/mailbox/1").content.find("pre").text) == words_of(text)


def test_links_lead_to_where_the_reader_is(world: WorldClient) -> None:
    for host in ("localhost:8123", "flexsim.localhost"):
        answer = world.get("/console/mailbox/1/source", headers={"Host": host})
        assert f"http://{host}/w/{world.name}/password/link?token=" in answer.text


def test_the_source_can_be_kept_as_a_file(visitor: Visitor, world: WorldClient) -> None:
    page = visitor.page
    page.goto(world.url + "/console/mailbox/1")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as .eml").click()
    assert download.value.suggested_filename == "mail-1.eml"
    kept = email.message_from_bytes(download.value.path().read_bytes(), policy=email.policy.default)
    assert kept["Subject"] == "Activate the Flexible Power Portal account of Tamar Flexibility CIC"


def test_all_mails_are_deleted_after_a_second_click(visitor: Visitor, busy: WorldClient) -> None:
    page = visitor.page
    page.goto(busy.url + "/console/mailbox?q=weekly")
    confirm = visitor.button("Yes, delete all")
    expect(confirm).to_be_hidden()
    page.locator("summary", has_text="Delete all mails").click()
    visitor.sees("All 13 mails of this world will be gone.")
    confirm.click()
    visitor.sees("13 mails deleted.")
    visitor.sees("The mailbox is empty.")
    assert busy.mails() == []
    assert busy.journal("mailbox.emptied")[0]["data"] == {"mails": 13}


@pytest.fixture
def with_mail_server() -> Iterator[WorldClient]:
    """A world whose mails are sent on to a server that refuses some."""
    with mail_server() as (_, address), running(smtp=address) as simulator, fresh_world(simulator.url) as world:
        yield world


def test_a_mail_that_the_mail_server_refused_can_be_sent_on_again(with_mail_server: WorldClient) -> None:
    world = with_mail_server
    client = PageClient(world.url)
    form = client.get("/console/participants")
    client.submit(form, "Invite", {"name": "Good", "email": "good@x.example"}, to="/console/participants/good")
    client.submit(form, "Invite", {"name": "Bad", "email": "refused@x.example"}, to="/console/participants/bad")
    eventually(lambda: {mail["relay"] for mail in world.mails(to="refused@x.example")} == {"failed"}, "a failed relay")
    eventually(lambda: {mail["relay"] for mail in world.mails(to="good@x.example")} == {"relayed"}, "a good relay")
    rows = [row[2] for row in mailbox(client).rows()]
    assert rows[0].endswith("invitation sending on failed") and rows[1].endswith("invitation sent on")
    bad, good = (world.mails(to=f"{name}@x.example")[0]["id"] for name in ("refused", "good"))
    page = client.get(f"/console/mailbox/{bad}")
    client.submit(page, "Send on again", to=f"/console/mailbox/{bad}")
    eventually(lambda: len(world.journal("mail.relay_failed")) == 2, "the second try")
    assert "Send on again" not in client.get(f"/console/mailbox/{good}").html
    token = page.form("Send on again").find("input", name="csrf_token")["value"]
    client.raw("POST", f"/console/mailbox/{good}/relay", data={"csrf_token": token})
    assert client.get(f"/console/mailbox/{good}").alerts == ["This mail need not be sent on again."]
