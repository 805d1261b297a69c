"""Email preferences: three e-mails, opted in to or out of at once, and heeded when they are sent (guide §3.6)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from simulator import Simulator
from tests.pages import Page, PageClient
from tests.servers import NOW, WorldClient, fresh_world
from tests.stories.browsing import DESKTOP, EMAIL, PASSWORD, PHONE, SECRET, Visitor, code_of, visiting
from tests.stories.conftest import FIRST_SIGN_IN
from tests.stories.links import GOOD, TAMAR, log_in, newest_link, set_password

MONTHLY, WEEKLY, DAILY = ("Monthly Invoices email", "Weekly Accepted Declarations email", "Daily Schedules email")
GETS, GETS_NOT = "You get this email", "You do not get this email"


def states(page: Page) -> dict[str, str]:
    """Each e-mail's title and the present state in words."""
    return {article.find("h2").text: article.find(class_="preference-state").text
            for article in page.content.find_all("article")}


def switch(client: PageClient, page: Page, button: str) -> Page:
    """Press a button; the page comes back with the new state."""
    return client.submit(page, button, to="/email-preferences")


def sent_since(world: WorldClient, time: str) -> list[tuple[str, str]]:
    """(when, kind) of the batch e-mails that came after an instant."""
    return [(mail["at"][:16], mail["kind"]) for mail in world.mails(to=EMAIL) if mail["at"] > time]


def signed_in(world: WorldClient) -> PageClient:
    client = PageClient(world.url)
    client.sign_in(EMAIL, PASSWORD, world.code())
    return client


@pytest.mark.proves("page/Email preferences")
def test_the_page_has_the_guides_words_and_times(client: PageClient, world: WorldClient) -> None:
    world.freeze(NOW)
    page = client.get("/email-preferences")
    assert page.heading == "Email preferences"
    assert list(states(page)) == [MONTHLY, WEEKLY, DAILY]
    told = [article.text for article in page.content.find_all("article")]
    for words, when, due in zip(told, (
        "1st of every month at 04:00 London time", "Every Thursday at 12:05 London time",
        "Every day at 08:00 London time",
    ), ("Tue 01 Dec 2026 04:00 GMT", "Thu 05 Nov 2026 12:05 GMT", "Tue 03 Nov 2026 08:00 GMT"), strict=True):
        assert when in words and f"Next one: {due}" in words
    assert EMAIL in page.content.text


@pytest.mark.parametrize(("javascript", "viewport"), [(True, DESKTOP), (False, PHONE)], ids=["desktop", "plain phone"])
def test_a_user_opts_out_and_in_again_by_the_name_at_the_top_right(browser: Browser, world: WorldClient,
                                                                   javascript: bool, viewport: dict[str, int]) -> None:
    with visiting(browser, java_script_enabled=javascript, viewport=viewport) as visitor:
        page = visitor.page
        visitor.sign_in(world.url)
        page.get_by_role("link", name="Brindle Aggregation Ltd").click()
        visitor.sees_heading("Email preferences")
        daily = page.get_by_role("article", name=DAILY)
        expect(daily.get_by_text(GETS, exact=True)).to_be_visible()
        visitor.button(f"Opt out of the {DAILY}").click()
        visitor.sees(f"You opted out of the {DAILY}. It no longer goes to {EMAIL}.")
        expect(daily.get_by_text(GETS_NOT, exact=True)).to_be_visible()
        page.reload()
        expect(daily.get_by_text(GETS_NOT, exact=True)).to_be_visible()
        expect(page.get_by_text(GETS, exact=True)).to_have_count(2)
        visitor.button(f"Opt in to the {DAILY}").click()
        visitor.sees(f"You opted in to the {DAILY}. It goes to {EMAIL}, every day at 08:00 London time.")
        expect(daily.get_by_text(GETS, exact=True)).to_be_visible()
    assert [entry["data"] for entry in world.journal("email_preference.changed")] == [
        {"account": EMAIL, "email": "daily_schedules", "opted_in": opted_in} for opted_in in (False, True)]


def test_what_was_done_is_told_where_it_is_seen(browser: Browser, world: WorldClient) -> None:
    """Ours: a page that is shown again begins at its top, where it says what was done, however far down the button is.
    """
    with visiting(browser, viewport=PHONE) as visitor:
        visitor.sign_in(world.url)
        visitor.page.goto(f"{world.url}/email-preferences")
        visitor.button("Opt out of the Daily Schedules email").click()
        expect(visitor.page.get_by_text("You opted out of the Daily Schedules email.")).to_be_in_viewport()


def test_choices_are_kept_and_belong_to_one_account(world: WorldClient) -> None:
    set_password(world, newest_link(world, TAMAR))
    assert log_in(world, TAMAR, GOOD) == "/authenticator"
    client = PageClient(world.url)
    page = client.submit(client.get("/sign-in"), "Log in", {"email": TAMAR, "password": GOOD}, to="/authenticator")
    client.submit(page, "Verify", {"code": world.code("tamar")}, to="/meterable-units")
    page = client.get("/email-preferences")
    assert states(page) == {MONTHLY: GETS_NOT, WEEKLY: GETS_NOT, DAILY: GETS_NOT}, "who chose nothing gets none"
    page = switch(client, page, f"Opt in to the {WEEKLY}")
    assert page.alerts == [f"You opted in to the {WEEKLY}. It goes to {TAMAR}, every Thursday at 12:05 London time."]
    assert states(page) == {MONTHLY: GETS_NOT, WEEKLY: GETS, DAILY: GETS_NOT}

    brindle = signed_in(world)
    page = brindle.get("/email-preferences")
    assert set(states(page).values()) == {GETS}
    switch(brindle, page, f"Opt out of the {WEEKLY}")
    assert states(client.get("/email-preferences")) == {MONTHLY: GETS_NOT, WEEKLY: GETS, DAILY: GETS_NOT}
    # Another browser of the same account sees the same.
    assert states(brindle.get("/email-preferences")) == {MONTHLY: GETS, WEEKLY: GETS_NOT, DAILY: GETS}


def test_a_page_left_open_says_the_same_twice_and_changes_nothing_more(client: PageClient, world: WorldClient) -> None:
    old = client.get("/email-preferences")
    for _ in range(2):
        page = switch(client, old, f"Opt out of the {MONTHLY}")
        assert page.alerts == [f"You opted out of the {MONTHLY}. It no longer goes to {EMAIL}."]
        assert states(page)[MONTHLY] == GETS_NOT
    assert len(world.journal("email_preference.changed")) == 1


@pytest.mark.parametrize(("path", "fields", "status"), [
    ("daily_schedules", {"opted_in": "maybe"}, 400), ("daily_schedules", {"opted_in": ""}, 400),
    ("daily_schedules", {}, 400), ("daily_schedules", {"opted_in": "\x00"}, 400), ("nothing", {"opted_in": "no"}, 404),
    ("DAILY_SCHEDULES", {"opted_in": "no"}, 404), ("%00", {"opted_in": "no"}, 404),
    ("x" * 5_000, {"opted_in": "no"}, 404)])
def test_what_is_no_choice_changes_nothing(client: PageClient, world: WorldClient, path: str, fields: dict[str, str],
                                           status: int) -> None:
    token = client.get("/email-preferences").tree.find_all("input", name="csrf_token")[0]["value"]
    answer = client.raw("POST", f"/email-preferences/{path}", data={"csrf_token": token, **fields})
    assert answer.status_code == status
    assert set(states(client.get("/email-preferences")).values()) == {GETS}
    assert world.journal("email_preference.changed") == []


@pytest.mark.proves("rule/emails.opt_in", "job/send_daily_schedules", "job/send_monthly_invoices",
                    "job/send_weekly_acceptances", "email/daily_schedules", "email/monthly_invoices",
                    "email/weekly_accepted_declarations")
def test_each_email_is_sent_at_its_london_time_to_those_who_opted_in(world: WorldClient) -> None:
    client = signed_in(world)
    world.freeze(NOW)
    world.advance(to="2026-12-01T12:00:00Z")
    sent = sent_since(world, NOW)
    assert [when for when, kind in sent if kind == "daily_schedules"] == [
        *(f"2026-11-{day:02}T08:00" for day in range(3, 31)), "2026-12-01T08:00"]
    assert [when for when, kind in sent if kind == "weekly_accepted_declarations"] == [
        f"2026-11-{day:02}T12:05" for day in (5, 12, 19, 26)]
    assert [when for when, kind in sent if kind == "monthly_invoices"] == ["2026-12-01T04:00"]

    page = client.get("/email-preferences")
    for email in (MONTHLY, WEEKLY, DAILY):
        page = switch(client, page, f"Opt out of the {email}")
    world.advance(to="2027-01-07T12:30:00Z")
    assert sent_since(world, "2026-12-01T12:00:00Z") == []
    switch(client, page, f"Opt in to the {WEEKLY}")
    world.advance(to="2027-02-01T12:00:00Z")
    assert sent_since(world, "2026-12-01T12:00:00Z") == [
        (f"2027-01-{day}T12:05", "weekly_accepted_declarations") for day in (14, 21, 28)]


def test_the_choice_at_the_time_of_sending_counts(client: PageClient, world: WorldClient) -> None:
    world.freeze("2026-11-03T07:59:59Z")
    page = switch(client, client.get("/email-preferences"), f"Opt out of the {DAILY}")
    world.advance("PT1S")
    assert sent_since(world, "2026-11-03T07:00:00Z") == []
    switch(client, page, f"Opt in to the {DAILY}")
    world.advance("PT1H")
    assert sent_since(world, "2026-11-03T07:00:00Z") == [], "what was missed is not sent later"
    world.advance("PT23H")
    assert sent_since(world, "2026-11-03T07:00:00Z") == [("2026-11-04T08:00", "daily_schedules")]


def test_on_both_sides_of_a_clock_change_it_is_eight_in_london(server: Simulator) -> None:
    """The clocks go back on Sunday 25 October 2026, and forward on Sunday 28 March 2027."""
    with fresh_world(server.url, now="2026-10-23T12:00:00Z") as world:
        client = signed_in(world)
        world.freeze("2026-10-23T12:00:00Z")
        assert "Next one: Sat 24 Oct 2026 08:00 BST" in client.get("/email-preferences").content.text
        world.advance(to="2026-10-24T12:00:00Z")
        assert "Next one: Sun 25 Oct 2026 08:00 GMT" in client.get("/email-preferences").content.text
        world.advance(to="2026-10-26T12:00:00Z")
        page = switch(client, client.get("/email-preferences"), f"Opt out of the {DAILY}")
        world.advance(to="2027-03-27T00:00:00Z")
        switch(client, page, f"Opt in to the {DAILY}")
        world.advance(to="2027-03-29T12:00:00Z")
        assert [when for when, kind in sent_since(world, "2026-10-23T12:00:00Z") if kind == "daily_schedules"] == [
            "2026-10-24T07:00", "2026-10-25T08:00", "2026-10-26T08:00",
            "2027-03-27T08:00", "2027-03-28T07:00", "2027-03-29T07:00"]


def test_a_reset_brings_the_fixtures_choices_back(client: PageClient, world: WorldClient) -> None:
    switch(client, client.get("/email-preferences"), f"Opt out of the {DAILY}")
    assert world.post("/_sim/reset").status_code == 200
    assert set(states(signed_in(world).get("/email-preferences")).values()) == {GETS}


def test_a_stranger_comes_back_to_the_page_after_signing_in(market_server: Simulator, visitor: Visitor) -> None:
    with fresh_world(market_server.url, str(FIRST_SIGN_IN)) as world:
        world.freeze(NOW)
        visitor.page.goto(world.url + "/email-preferences")
        visitor.give_password("desk@settled.example", "Settled-story-2026")
        visitor.give_code(world.code("settled"))
        visitor.sees_heading("Email preferences")
        expect(visitor.page.get_by_text(GETS_NOT, exact=True)).to_have_count(3)


def test_the_link_in_the_mail_leads_to_the_page(visitor: Visitor, world: WorldClient) -> None:
    """A mail that was opted in to says where to opt out."""
    world.freeze(NOW)
    world.advance("PT24H")
    (mail,) = world.mails(to=EMAIL)
    visitor.page.goto(mail["links"][0])
    visitor.give_password()
    visitor.give_code(code_of(SECRET))
    visitor.sees_heading("Email preferences")
