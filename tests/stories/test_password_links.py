"""Links by e-mail: the invitation, "Forgot your password", and what a link is good for (portal guide §2.1)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, expect

from simulator import Simulator
from tests.pages import PageClient
from tests.servers import NOW, WorldClient, fresh_world, running, side_by_side
from tests.stories.browsing import EMAIL, PHONE, Visitor, code_of, read_qr_code, visiting
from tests.stories.links import (
    GOOD,
    TAMAR,
    ask_for_link,
    log_in,
    newest_link,
    open_link,
    set_password,
    token_of,
    twice,
)

DAY_LATER = "2026-11-03T17:00:00Z"
SECOND_BEFORE = "2026-11-03T16:59:59Z"


def refused(world: WorldClient, link: str, status: int = 410) -> str:
    """The heading of the page that says why a link does not work."""
    page = PageClient(world.url).get(link, status=status)
    assert page.content.find("a", class_="btn")["href"].endswith("/password/forgotten")
    assert {"Forgot your password", "Log in"} <= {element.text for element in page.content.find_all("a")}
    return page.heading


# From the mail to the account


def test_an_invited_user_comes_in_by_the_link_in_the_mail(visitor: Visitor, world: WorldClient, tmp_path: Path) -> None:
    page = visitor.page
    (mail,) = world.mails(to=TAMAR)
    assert mail["subject"] == "Activate the Flexible Power Portal account of Tamar Flexibility CIC"
    page.goto(mail["links"][0])
    visitor.sees_heading("Create your password")
    assert page.url == world.url + "/password/new", "the secret is not in the address bar"
    expect(page.get_by_label("Email address")).to_have_value(TAMAR)
    visitor.sees("At least 12 characters, at most 128.")
    page.get_by_label("New password", exact=True).fill(GOOD)
    page.get_by_label("Repeat the new password").fill(GOOD)
    page.get_by_label("Show password").check()
    expect(page.get_by_label("New password", exact=True)).to_have_attribute("type", "text")
    page.get_by_label("Show password").uncheck()
    expect(page.get_by_label("New password", exact=True)).to_have_attribute("type", "password")
    visitor.button("Set password").click()
    visitor.sees("Your password is set. Log in with it.")

    visitor.give_password(TAMAR, GOOD)
    visitor.sees_heading("Set up two-factor authentication")
    picture = tmp_path / "screen.png"
    page.screenshot(path=picture, full_page=True)
    visitor.give_code(code_of(parse_qs(urlsplit(read_qr_code(picture)).query)["secret"][0]))
    visitor.sees_heading("Meterable Units")
    visitor.sees("MU-2001")
    visitor.open_menu("API Testing", "My API Access Tokens")
    assert len(page.get_by_label("API access token").input_value()) > 20, "the account is active and has its token"
    assert [entry["data"]["purpose"] for entry in world.journal("password.set")] == ["activation"]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_forgotten_password_is_replaced(browser: Browser, world: WorldClient, javascript: bool) -> None:
    with visiting(browser, viewport=PHONE, java_script_enabled=javascript) as visitor:
        page = visitor.page
        page.goto(world.url)
        page.get_by_role("link", name="Forgot your password").click()
        visitor.sees_heading("Forgot your password")
        page.get_by_label("Email address").fill(f" {EMAIL.upper()} ")
        visitor.button("Send the link").click()
        visitor.sees_heading("Check your email")
        visitor.sees(EMAIL.upper())
        page.goto(newest_link(world, EMAIL))
        visitor.sees_heading("Create a new password")
        expect(page.get_by_label("Show password")).to_be_visible(visible=javascript)
        page.get_by_label("New password", exact=True).fill(GOOD)
        page.get_by_label("Repeat the new password").fill(GOOD)
        visitor.button("Set password").click()
        visitor.sees("Your password is set.")
        visitor.give_password(password="Brindle-demo-2026")
        visitor.sees("do not belong together")
        visitor.give_password(password=GOOD)
        visitor.give_code(code_of("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"))
        visitor.sees_heading("Meterable Units")


@pytest.mark.proves("rule/accounts.forgotten_password")
def test_after_the_invitation_has_expired_forgot_your_password_helps(world: WorldClient) -> None:
    world.freeze(DAY_LATER)
    assert refused(world, newest_link(world, TAMAR)) == "This link has expired"
    link = ask_for_link(world, TAMAR)
    client = PageClient(world.url)
    page = open_link(client, link)
    assert page.heading == "Create a new password"
    client.submit(page, "Set password", twice(GOOD), to="/sign-in")
    assert log_in(world, TAMAR, GOOD) == "/authenticator"


# What a link is good for


@pytest.mark.proves("rule/accounts.activation_link")
def test_a_link_works_for_24_hours_of_market_time(world: WorldClient) -> None:
    link = newest_link(world, TAMAR)
    client = PageClient(world.url)
    world.freeze(SECOND_BEFORE)
    page = open_link(client, link)
    world.freeze(DAY_LATER)
    assert refused(world, link) == "This link has expired"
    # A page that was opened in time does not help.
    late = client.submit(page, "Set password", twice(GOOD), status=410)
    assert late.heading == "This link has expired"
    assert client.get("/password/new", status=410).heading == "This link has expired"
    assert log_in(world, TAMAR, GOOD) == "422"
    world.freeze(SECOND_BEFORE)
    set_password(world, link)
    assert log_in(world, TAMAR, GOOD) == "/authenticator"


@pytest.mark.proves("setting/reset_link_hours")
def test_a_reset_link_is_valid_as_long_as_the_setting_says(world: WorldClient) -> None:
    world.freeze(NOW)
    link = ask_for_link(world, EMAIL)
    world.advance("PT23H59M59S")
    open_link(PageClient(world.url), link)
    world.advance("PT1S")
    assert refused(world, link) == "This link has expired"

    with running(reset_link_hours=1) as simulator, fresh_world(simulator.url) as other:
        other.freeze(NOW)
        client = PageClient(other.url)
        page = client.submit(client.get("/password/forgotten"), "Send the link", {"email": EMAIL}, to="/password/sent")
        assert "The link is valid for 1 hour and works once." in page.content.text
        link = newest_link(other, EMAIL)
        other.advance("PT59M59S")
        open_link(PageClient(other.url), link)
        other.advance("PT1S")
        assert refused(other, link) == "This link has expired"
        set_password(other, newest_link(other, TAMAR))


@pytest.mark.proves("rule/accounts.activation_link")
def test_a_link_works_once(world: WorldClient) -> None:
    link = newest_link(world, TAMAR)
    # Opening it is not using it: mail programs open links to look for dangers.
    for _ in range(3):
        assert PageClient(world.url).raw("HEAD", link).status_code == 303
        open_link(PageClient(world.url), link)
    client = PageClient(world.url)
    client.submit(open_link(client, link), "Set password", twice(GOOD), to="/sign-in")
    assert refused(world, link) == "This link was used already"
    page = client.get_redirected("/password/new", to="/sign-in")
    alert, = page.alerts
    assert alert.startswith("To create a password, open the link in the email.") and "cookies" in alert
    assert client.submit(page, "Log in", {"email": TAMAR, "password": GOOD}, to="/authenticator")


def test_of_two_uses_at_the_same_moment_one_succeeds(world: WorldClient) -> None:
    link = newest_link(world, TAMAR)
    clients = [PageClient(world.url) for _ in range(4)]
    fields = []
    for number, client in enumerate(clients):
        form = open_link(client, link).form("Set password")
        fields.append({"csrf_token": form.find("input", name="csrf_token")["value"],
                       "link": form.find("input", name="link")["value"], **twice(f"{GOOD} {number}")})
    answers = side_by_side([lambda client=client, data=data: client.raw("POST", "/password/new", data=data)
                            for client, data in zip(clients, fields, strict=True)])
    assert sorted(answer.status_code for answer in answers) == [302, 410, 410, 410]
    assert all("This link was used already" in answer.text for answer in answers if answer.status_code == 410)
    works = [log_in(world, TAMAR, f"{GOOD} {number}") == "/authenticator" for number in range(4)]
    assert works == [answer.status_code == 302 for answer in answers]
    assert len(world.journal("password.set")) == 1


@pytest.mark.proves("email/password_reset")
def test_a_newer_link_supersedes_an_older_one(world: WorldClient) -> None:
    first = newest_link(world, TAMAR)
    client = PageClient(world.url)
    page = open_link(client, first)
    second = ask_for_link(world, TAMAR)
    assert refused(world, first) == "A newer link was sent"
    assert client.submit(page, "Set password", twice(GOOD), status=410).heading == "A newer link was sent"
    set_password(world, second)
    assert refused(world, first) == "A newer link was sent"
    assert [entry["data"]["reason"] for entry in world.journal("password.link_refused")] == ["superseded"] * 3


@pytest.mark.parametrize("token", ["", "x", "ü" * 40, "%00", "%FF", quote("<script>alert(1)</script>"), "a" * 8_000,
                                   "A" * 43])
def test_a_forged_link_is_not_ours(world: WorldClient, token: str) -> None:
    assert refused(world, f"/password/link?token={token}", status=404) == "This link is not one of ours"
    assert refused(world, "/password/link", status=404) == "This link is not one of ours"


def test_a_link_with_a_letter_changed_or_missing_is_not_ours(world: WorldClient) -> None:
    link = newest_link(world, TAMAR)
    for changed in (link[:-1], link + "x", f"/password/link?token={token_of(link).swapcase()}"):
        assert refused(world, changed, status=404) == "This link is not one of ours"


def test_a_link_of_another_world_is_not_ours(server: Simulator) -> None:
    with fresh_world(server.url) as world, fresh_world(server.url) as other:
        link = newest_link(world, TAMAR)
        foreign = f"/password/link?token={token_of(link)}"
        page = PageClient(other.url).get(foreign, status=404)
        assert page.heading == "This link is not one of ours"
        assert f"This is the world {other.name}." in page.content.text
        open_link(PageClient(world.url), link)


# Nothing is told to strangers


@pytest.mark.proves("email/password_reset")
def test_known_and_unknown_addresses_get_the_same_answer(world: WorldClient) -> None:
    unknown = "nobody" + EMAIL[6:]
    assert len(unknown) == len(EMAIL)
    told = []
    for email in (EMAIL, unknown):
        client = PageClient(world.url)
        form = client.get("/password/forgotten").form("Send the link")
        sent = client.raw("POST", "/password/forgotten", data={
            "csrf_token": form.find("input", name="csrf_token")["value"], "email": email})
        shown = client.raw("GET", "/password/sent")
        told.append([(answer.status_code, answer.text.replace(email, "X"), _comparable(answer))
                     for answer in (sent, shown)])
    assert told[0] == told[1]
    assert [status for status, _, _ in told[0]] == [303, 200]
    assert len(world.mails(to=EMAIL)) == 1
    assert world.mails(to=unknown) == []
    assert len(world.mails()) == 2, "the invitation and one answer"
    assert [entry["data"]["account"] for entry in world.journal("password.reset_requested")] == [EMAIL, None]


def _comparable(answer: requests.Response) -> dict[str, str]:
    """An answer's headers, without what differs between any two answers."""
    kept = {name.lower(): value for name, value in answer.headers.items()}
    del kept["date"], kept["x-request-id"]
    name, _, rest = kept.pop("set-cookie", "").partition("=")
    return {**kept, "set-cookie": name + rest.partition(";")[2]}


def test_password_and_link_are_on_no_page_and_in_no_journal_entry(world: WorldClient) -> None:
    used, refused_one = ask_for_link(world, EMAIL), newest_link(world, TAMAR)
    ask_for_link(world, TAMAR)
    client = PageClient(world.url)
    pages = [open_link(client, used)]
    pages.append(client.submit(pages[-1], "Set password", {"password": GOOD, "repeat": "other"}))
    pages.append(client.submit(pages[-1], "Set password", {"password": "short-Xq7", "repeat": "short-Xq7"}))
    # Whatever a program says about where it comes from.
    client.raw("GET", "/password/new", headers={"Referer": used})
    pages.append(client.submit(pages[-1], "Set password", twice(GOOD), to="/sign-in"))
    for link in (used, refused_one, "/password/link?token=forged-Xq7"):
        pages.append(client.get(link, status=404 if "forged" in link else 410))
        client.raw("GET", "/password/forgotten", headers={"Referer": link})
    pages.append(client.submit(client.get("/sign-in"), "Log in", {"email": EMAIL, "password": GOOD},
                               to="/sign-in/code"))
    secrets = [GOOD, quote(GOOD), GOOD.replace(" ", "+"), "short-Xq7", "forged-Xq7", token_of(used),
               token_of(refused_one)]
    journal = world.get("/_sim/journal", params={"limit": 10_000}).text
    assert "/password/link" in journal
    for secret in secrets:
        assert secret not in journal
        assert [page.url for page in pages if secret in page.html] == []


def test_a_refused_link_tells_its_secret_to_no_other_page(visitor: Visitor, world: WorldClient) -> None:
    link = newest_link(world, TAMAR)
    ask_for_link(world, TAMAR)
    heard: list[str] = []
    visitor.page.on("request", lambda request: heard.append(request.headers.get("referer", "")))
    visitor.page.goto(link)
    visitor.sees_heading("A newer link was sent")
    visitor.page.get_by_role("link", name="Forgot your password").click()
    visitor.sees_heading("Forgot your password")
    assert len(heard) > 3
    assert [referer for referer in heard if token_of(link) in referer] == []


# The form


@pytest.mark.parametrize("email", [
    "", "   ", "desk", "<script>alert(1)</script>", "\x00", "a\x00b@x.example", "a b@x.example",
    "x" * 250 + "@y.example",
    "a@b@c.example", "line\nbreak@x.example"])
def test_what_is_no_address_is_refused_and_shown_again(world: WorldClient, email: str) -> None:
    client = PageClient(world.url)
    page = client.submit(client.get("/password/forgotten"), "Send the link", {"email": email})
    assert page.title == "Error: Forgot your password – Flexible Power Portal simulator"
    assert len(page.field_errors) == 1
    shown = page.content.find("input", id="email")["value"]
    assert shown == email.strip().replace("\x00", "\ufffd").replace("\n", "\ufffd")
    assert len(world.mails()) == 1, "the invitation alone"


@pytest.mark.parametrize("email", ["<b>bold</b>@x.example", "=HYPERLINK(1)@x.example", "';DROP/**/TABLE--@x.example",
                                   "Ωμέγα@x.example", "\"'&lt;@x.example"])
def test_text_in_the_address_is_shown_as_text(world: WorldClient, email: str) -> None:
    client = PageClient(world.url)
    page = client.submit(client.get("/password/forgotten"), "Send the link", {"email": email}, to="/password/sent")
    assert page.content.find("strong", class_="long-name").text == email
    assert "works once" in client.get("/password/sent").content.text, "a reload shows the page again, and sends nothing"


def test_the_pages_need_what_comes_before_them(world: WorldClient) -> None:
    client = PageClient(world.url)
    client.get_redirected("/password/sent", to="/password/forgotten")
    page = client.get_redirected("/password/new", to="/sign-in")
    alert, = page.alerts
    assert alert.startswith("To create a password, open the link in the email.") and "cookies" in alert


def test_a_signed_in_user_finds_the_own_address_in_the_form(client: PageClient) -> None:
    assert client.get("/password/forgotten").content.find("input", id="email")["value"] == EMAIL
