"""axe finds nothing on any page, at a desktop's and at a phone's width, and no page scrolls sideways."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests import endpoints
from tests.endpoints import endpoint, reads_and_waits, says
from tests.servers import WorldClient
from tests.stories.browsing import DESKTOP, EMAIL, PHONE, SECRET, Visitor, code_of, visiting
from tests.stories.links import GOOD, TAMAR, ask_for_link, newest_link, set_password

HEADER = "meterable_unit_id,timestamp,power_kw\n"
ONE_GOOD = HEADER + "MU-1002,2026-11-02T16:30:00Z,-12.5\n"
MANY_BAD = HEADER + "".join(f"MU-{number},2026-11-02T16:0{number % 10}:30,x\n" for number in range(9000, 9060))
LONG_NAME = "readings-of-all-our-sites-" * 7 + ".csv"

_axe = Axe()


def look(visitor: Visitor, about: str) -> None:
    """Let axe judge the page as it stands, and measure its width."""
    found = _axe.run(visitor.page, options={"resultTypes": ["violations"]}).response["violations"]
    told = [f"{violation['impact']} {violation['id']}: {node['html'][:200]} {node['failureSummary']}"
            for violation in found for node in violation["nodes"]]
    assert told == [], f"{about}: " + "\n".join(told)
    excess = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert excess <= 0, f"{about}: scrolls sideways by {excess} px"


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def judged(browser: Browser, request: pytest.FixtureRequest) -> Visitor:
    """A visitor at each width."""
    with visiting(browser, viewport=request.param) as visitor:
        yield visitor


def test_the_way_in(judged: Visitor, world: WorldClient) -> None:
    page = judged.page
    page.goto(world.url)
    look(judged, "log in")
    page.locator(".demo-help summary").click()
    look(judged, "log in, with the demo's help")
    judged.button("Log in").click()
    judged.sees("Enter your password.")
    look(judged, "log in, nothing filled in")
    judged.give_password(password="wrong")
    judged.sees("do not belong together")
    look(judged, "log in, wrong password")
    judged.give_password()
    judged.sees_heading("Two-factor authentication")
    look(judged, "code")
    page.locator(".demo-help summary").click()
    judged.give_code("1")
    judged.sees("That code is not right.")
    look(judged, "wrong code")
    judged.give_code(code_of(SECRET))
    judged.sees_heading("Meterable Units")
    look(judged, "units")
    judged.button("Sign out").click()
    judged.sees("You are signed out.")
    look(judged, "signed out")


def test_the_set_up_of_an_authenticator(judged: Visitor, frozen_world: WorldClient) -> None:
    judged.page.goto(frozen_world.url)
    judged.give_password("hello@newcomer.example", "Newcomer-story-2026")
    look(judged, "set-up")
    judged.give_code("1")
    judged.sees("That code is not right.")
    look(judged, "set-up, wrong code")


def test_the_pages_inside(judged: Visitor, world: WorldClient) -> None:
    page = judged.page
    judged.sign_in(world.url)
    for menu in ("API Testing", "Availability", "Reports", "Documentation"):
        page.locator("summary", has_text=menu).click()
        look(judged, f"the menu {menu}")
        page.keyboard.press("Escape")
    for path in ("/api-testing/readings", "/api-testing/readings?unit=MU-1003", "/api-testing/tokens", "/nothing",
                 "/api-testing/readings?unit=MU-2001"):
        page.goto(world.url + path)
        look(judged, path)
    page.goto(world.url + "/api-testing/tokens")
    judged.button("Create a new token").click()
    judged.sees("A new token is in force.")
    look(judged, "a new token")


def test_forgotten_passwords_and_links(judged: Visitor, frozen_world: WorldClient, world: WorldClient) -> None:
    page = judged.page
    page.goto(world.url + "/password/forgotten")
    look(judged, "forgot your password")
    page.get_by_label("Email address").fill("x" * 300)
    judged.button("Send the link").click()
    judged.sees("Enter an email address, such as desk@company.example.")
    look(judged, "forgot your password, with errors")
    page.get_by_label("Email address").fill("x" * 200 + "@company.example")
    judged.button("Send the link").click()
    judged.sees_heading("Check your email")
    look(judged, "check your email")

    older, newer = newest_link(world, TAMAR), ask_for_link(world, TAMAR)
    used, expired = ask_for_link(world, EMAIL), ask_for_link(frozen_world, "desk@settled.example")
    set_password(world, used)
    frozen_world.advance("PT24H")
    for link, heading in ((older, "A newer link was sent"), (used, "This link was used already"),
                          (expired, "This link has expired"), (newer + "x", "This link is not one of ours")):
        page.goto(link)
        judged.sees_heading(heading)
        look(judged, heading)

    page.goto(newer)
    look(judged, "a new password")
    page.get_by_label("New password", exact=True).fill("password")
    page.get_by_label("Repeat the new password").fill("other")
    page.get_by_label("Show password").check()
    judged.button("Set password").click()
    judged.sees("The two passwords are not the same.")
    look(judged, "a new password, with errors")
    page.get_by_label("New password", exact=True).fill(GOOD)
    page.get_by_label("Repeat the new password").fill(GOOD)
    judged.button("Set password").click()
    judged.sees("Your password is set.")
    look(judged, "log in with the new password")


def test_email_preferences(judged: Visitor, world: WorldClient) -> None:
    page = judged.page
    judged.sign_in(world.url)
    page.goto(world.url + "/email-preferences")
    look(judged, "email preferences")
    judged.button("Opt out of the Daily Schedules email").click()
    judged.sees("You opted out of the Daily Schedules email.")
    look(judged, "email preferences, one opted out")
    page.goto(ask_for_link(world, TAMAR))
    judged.sees("which is another account")
    look(judged, "a link of another account")


def test_uploads(judged: Visitor, world: WorldClient) -> None:
    page = judged.page
    judged.sign_in(world.url)
    page.goto(world.url + "/api-testing/readings")
    judged.button("Upload readings").click()
    judged.sees("Choose a CSV file.")
    look(judged, "no file chosen")
    judged.upload(world.url, ONE_GOOD)
    judged.sees("1 reading stored.")
    look(judged, "stored")
    judged.upload(world.url, MANY_BAD, name=LONG_NAME)
    judged.sees("Nothing of this file was stored.")
    look(judged, "refused")
    page.get_by_role("link", name="Next").click()
    look(judged, "second page of errors")
    page.get_by_role("link", name="Back to Readings").click()
    judged.sees("Your latest uploads")
    look(judged, "readings with uploads")


def test_dispatch_settings_and_testing(judged: Visitor, world: WorldClient) -> None:
    """Every state: nothing set, errors, under way, success, failure, all unfolded."""
    page = judged.page
    judged.sign_in(world.url)
    settings, testing = (f"{world.url}/api-testing/{name}" for name in ("dispatch-settings", "dispatch-testing"))

    def save(url: str) -> None:
        page.goto(settings)
        page.get_by_label("Participant endpoint base url").fill(url)
        judged.button("Save").click()

    def send(dispatch_id: str, sees: str) -> None:
        page.goto(testing)
        for label, text in (("Dispatch ID", dispatch_id), ("Power change", "150"), ("MU IDs", "MU-1001")):
            page.get_by_label(label).fill(text)
        judged.button("Send V2 Message").click()
        judged.sees(sees)
        look(judged, f"Dispatch V2 Testing, {sees}")

    for place in (settings, testing):
        page.goto(place)
        look(judged, place)
    judged.button("Send V2 Message").click()
    judged.sees("Enter a Dispatch ID")
    look(judged, "Dispatch V2 Testing, errors")
    save("http://8.8.8.8/?" + "x" * 200)
    look(judged, "Dispatch Settings, errors")
    save("http://nobody.invalid/" + "x" * 200)
    judged.sees("could not be looked up")
    look(judged, "Dispatch Settings, saved with a warning")
    judged.button("Check connection").click()
    judged.sees("No connection.")
    look(judged, "no connection")
    with endpoint(says(endpoints.GOOD)) as quick, endpoint(reads_and_waits) as slow:
        save(quick.url)
        judged.button("Check connection").click()
        judged.sees("Something answers there:")
        look(judged, "a good connection")
        send("x" * 100, "Success:")
        page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
        look(judged, "Dispatch V2 Testing, unfolded")
        save(slow.url)
        send("TEST-2", "Under way")
        page.goto(settings)
        judged.button("Check connection").click()
        judged.sees("Waiting for the answer")
        look(judged, "a check under way")
