"""axe finds nothing on any page, at a desktop's and at a phone's width, and no page scrolls sideways."""

from __future__ import annotations

from tests import endpoints
from tests.endpoints import endpoint, reads_and_waits, says
from tests.servers import WorldClient
from tests.stories.browsing import EMAIL, SECRET, Visitor, code_of
from tests.stories.judging import look
from tests.stories.links import GOOD, TAMAR, ask_for_link, newest_link, set_password

HEADER = "meterable_unit_id,timestamp,power_kw\n"
ONE_GOOD = HEADER + "MU-1002,2026-11-02T16:30:00Z,-12.5\n"
MANY_BAD = HEADER + "".join(f"MU-{number},2026-11-02T16:0{number % 10}:30,x\n" for number in range(9000, 9060))
LONG_NAME = "readings-of-all-our-sites-" * 7 + ".csv"


def test_the_way_in(visitor: Visitor, world: WorldClient) -> None:
    page = visitor.page
    page.goto(world.url)
    look(visitor, "log in")
    page.locator(".demo-help summary").click()
    look(visitor, "log in, with the demo's help")
    visitor.button("Log in").click()
    visitor.sees("Enter your password.")
    look(visitor, "log in, nothing filled in")
    visitor.give_password(password="wrong")
    visitor.sees("do not belong together")
    look(visitor, "log in, wrong password")
    visitor.give_password()
    visitor.sees_heading("Two-factor authentication")
    look(visitor, "code")
    page.locator(".demo-help summary").click()
    visitor.give_code("1")
    visitor.sees("That code is not right.")
    look(visitor, "wrong code")
    visitor.give_code(code_of(SECRET))
    visitor.sees_heading("Meterable Units")
    look(visitor, "units")
    visitor.button("Sign out").click()
    visitor.sees("You are signed out.")
    look(visitor, "signed out")


def test_the_set_up_of_an_authenticator(visitor: Visitor, frozen_world: WorldClient) -> None:
    visitor.page.goto(frozen_world.url)
    visitor.give_password("hello@newcomer.example", "Newcomer-story-2026")
    look(visitor, "set-up")
    visitor.give_code("1")
    visitor.sees("That code is not right.")
    look(visitor, "set-up, wrong code")


def test_the_pages_inside(visitor: Visitor, world: WorldClient) -> None:
    page = visitor.page
    visitor.sign_in(world.url)
    for menu in ("API Testing", "Availability", "Reports", "Documentation"):
        page.locator("summary", has_text=menu).click()
        look(visitor, f"the menu {menu}")
        page.keyboard.press("Escape")
    for path in ("/api-testing/readings", "/api-testing/readings?unit=MU-1003", "/api-testing/tokens", "/nothing",
                 "/api-testing/readings?unit=MU-2001"):
        page.goto(world.url + path)
        look(visitor, path)
    page.goto(world.url + "/api-testing/tokens")
    visitor.button("Create a new token").click()
    visitor.sees("A new token is in force.")
    look(visitor, "a new token")


def test_forgotten_passwords_and_links(visitor: Visitor, frozen_world: WorldClient, world: WorldClient) -> None:
    page = visitor.page
    page.goto(world.url + "/password/forgotten")
    look(visitor, "forgot your password")
    page.get_by_label("Email address").fill("x" * 300)
    visitor.button("Send the link").click()
    visitor.sees("Enter an email address, such as desk@company.example.")
    look(visitor, "forgot your password, with errors")
    page.get_by_label("Email address").fill("x" * 200 + "@company.example")
    visitor.button("Send the link").click()
    visitor.sees_heading("Check your email")
    look(visitor, "check your email")

    older, newer = newest_link(world, TAMAR), ask_for_link(world, TAMAR)
    used, expired = ask_for_link(world, EMAIL), ask_for_link(frozen_world, "desk@settled.example")
    set_password(world, used)
    frozen_world.advance("PT24H")
    for link, heading in ((older, "A newer link was sent"), (used, "This link was used already"),
                          (expired, "This link has expired"), (newer + "x", "This link is not one of ours")):
        page.goto(link)
        visitor.sees_heading(heading)
        look(visitor, heading)

    page.goto(newer)
    look(visitor, "a new password")
    page.get_by_label("New password", exact=True).fill("password")
    page.get_by_label("Repeat the new password").fill("other")
    page.get_by_label("Show password").check()
    visitor.button("Set password").click()
    visitor.sees("The two passwords are not the same.")
    look(visitor, "a new password, with errors")
    page.get_by_label("New password", exact=True).fill(GOOD)
    page.get_by_label("Repeat the new password").fill(GOOD)
    visitor.button("Set password").click()
    visitor.sees("Your password is set.")
    look(visitor, "log in with the new password")


def test_email_preferences(visitor: Visitor, world: WorldClient) -> None:
    page = visitor.page
    visitor.sign_in(world.url)
    page.goto(world.url + "/email-preferences")
    look(visitor, "email preferences")
    visitor.button("Opt out of the Daily Schedules email").click()
    visitor.sees("You opted out of the Daily Schedules email.")
    look(visitor, "email preferences, one opted out")
    page.goto(ask_for_link(world, TAMAR))
    visitor.sees("which is another account")
    look(visitor, "a link of another account")


def test_uploads(visitor: Visitor, world: WorldClient) -> None:
    page = visitor.page
    visitor.sign_in(world.url)
    page.goto(world.url + "/api-testing/readings")
    visitor.button("Upload readings").click()
    visitor.sees("Choose a CSV file.")
    look(visitor, "no file chosen")
    visitor.upload(world.url, ONE_GOOD)
    visitor.sees("1 reading stored.")
    look(visitor, "stored")
    visitor.upload(world.url, MANY_BAD, name=LONG_NAME)
    visitor.sees("Nothing of this file was stored.")
    look(visitor, "refused")
    page.get_by_role("link", name="Next").click()
    look(visitor, "second page of errors")
    page.get_by_role("link", name="Back to Readings").click()
    visitor.sees("Your latest uploads")
    look(visitor, "readings with uploads")


def test_dispatch_settings_and_testing(visitor: Visitor, world: WorldClient) -> None:
    """Every state: nothing set, errors, under way, success, failure, all unfolded."""
    page = visitor.page
    visitor.sign_in(world.url)
    settings, testing = (f"{world.url}/api-testing/{name}" for name in ("dispatch-settings", "dispatch-testing"))

    def save(url: str) -> None:
        page.goto(settings)
        page.get_by_label("Participant endpoint base url").fill(url)
        visitor.button("Save").click()

    def send(dispatch_id: str, sees: str) -> None:
        page.goto(testing)
        for label, text in (("Dispatch ID", dispatch_id), ("Power change", "150"), ("MU IDs", "MU-1001")):
            page.get_by_label(label).fill(text)
        visitor.button("Send V2 Message").click()
        visitor.sees(sees)
        look(visitor, f"Dispatch V2 Testing, {sees}")

    for place in (settings, testing):
        page.goto(place)
        look(visitor, place)
    visitor.button("Send V2 Message").click()
    visitor.sees("Enter a Dispatch ID")
    look(visitor, "Dispatch V2 Testing, errors")
    save("http://8.8.8.8/?" + "x" * 200)
    look(visitor, "Dispatch Settings, errors")
    save("http://nobody.invalid/" + "x" * 200)
    visitor.sees("could not be looked up")
    look(visitor, "Dispatch Settings, saved with a warning")
    visitor.button("Check connection").click()
    visitor.sees("No connection.")
    look(visitor, "no connection")
    with endpoint(says(endpoints.GOOD)) as quick, endpoint(reads_and_waits) as slow:
        save(quick.url)
        visitor.button("Check connection").click()
        visitor.sees("Something answers there:")
        look(visitor, "a good connection")
        send("x" * 100, "Success:")
        page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
        look(visitor, "Dispatch V2 Testing, unfolded")
        save(slow.url)
        send("TEST-2", "Under way")
        page.goto(settings)
        visitor.button("Check connection").click()
        visitor.sees("Waiting for the answer")
        look(visitor, "a check under way")
