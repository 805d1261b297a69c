"""The console for everybody: axe finds nothing at two widths, the keyboard reaches all, no script is needed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.servers import WorldClient, running
from tests.stories.browsing import DESKTOP, EMAIL, PASSWORD, PHONE, SECRET, Visitor, code_of, visiting
from tests.stories.test_accessibility import look

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft<b>=1+1شركةالطاقةW"
LONG_EMAIL = f"{'a' * 120}@{'b' * 100}.example"

_STOPS = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary, iframe')]
  .filter((element) => element.checkVisibility({contentVisibilityAuto: true}) && !element.disabled
    && !(element.type === 'radio' && !element.checked))
  .map((element, place) => { element.dataset.stop = place; return element.outerHTML.slice(0, 160); })"""
_STOP = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const box = element.getClientRects()[0] ?? element.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + Math.min(box.width / 2, 20), box.y + Math.min(box.height / 2, 10));
  return {stop: Number(element.dataset.stop ?? -1), html: element.outerHTML.slice(0, 160),
    seen: element.tagName === 'IFRAME' || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
      && top !== null && (element.contains(top) || top.contains(element)))};
}"""


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def judged(browser: Browser, request: pytest.FixtureRequest) -> Visitor:
    """A visitor at each width."""
    with visiting(browser, viewport=request.param) as visitor:
        yield visitor


@pytest.fixture
def odd(world: WorldClient) -> WorldClient:
    """A world with mails, and an organisation whose name and unit are as long as they can be."""
    world.advance("P4D")
    unit = {"id": "M" * 64, "description": LONG * 2, "technology": "Pumped Storage", "capacityKw": 10_000_000,
            "granularity": "half_hour", "zone": "CMZ_T7B_SWA_0012"}
    answer = world.post("/_sim/participants", {"id": "x" * 63, "name": LONG, "portal": {"email": LONG_EMAIL},
                                               "units": [unit]})
    assert answer.status_code == 201, answer.text
    return world


def pages(world: WorldClient) -> list[str]:
    """The address of every page of the console, below the world."""
    attached = next(mail["id"] for mail in world.mails() if mail["attachments"])
    return ["/console", "/console/participants", "/console/participants/brindle", "/console/participants/tamar",
            f"/console/participants/{'x' * 63}", "/console/mailbox", f"/console/mailbox?q={'W' * 200}",
            "/console/mailbox/1", f"/console/mailbox/{attached}", f"/console/mailbox/{world.mails()[-1]['id']}",
            "/console/nothing"]


def test_axe_finds_nothing_on_any_page(judged: Visitor, odd: WorldClient) -> None:
    for path in pages(odd):
        judged.page.goto(odd.url + path)
        look(judged, path)


def test_axe_finds_nothing_after_mistakes_and_in_what_opens(judged: Visitor, odd: WorldClient) -> None:
    page = judged.page
    page.goto(odd.url + "/console/participants")
    page.get_by_label("Email address").fill(LONG_EMAIL)
    judged.button("Invite").click()
    judged.sees("The name is empty.")
    look(judged, "an invitation with mistakes")
    page.goto(odd.url + "/console/participants/tamar")
    page.locator("summary", has_text="Add a Meterable Unit").click()
    judged.button("Add the unit").click()
    judged.sees("The description is empty.")
    page.locator("summary", has_text="Change them").click()
    look(judged, "a unit with mistakes")
    judged.button("Send the invitation again").click()
    judged.sees("is sent")
    look(judged, "an invitation that was sent again")
    page.goto(odd.url + "/console/mailbox")
    page.locator("summary", has_text="Delete all mails").click()
    look(judged, "delete all mails?")
    judged.button("Yes, delete all").click()
    judged.sees("The mailbox is empty.")
    look(judged, "an empty mailbox")


def test_axe_finds_nothing_on_the_way_in(judged: Visitor) -> None:
    with running(control_token="sesame") as simulator:
        page = judged.page
        page.goto(simulator.url + "/console")
        look(judged, "the way in")
        page.get_by_label("Control token").fill("wrong")
        judged.button("Enter").click()
        judged.sees("That is not this server’s control token.")
        look(judged, "a wrong token")
        page.get_by_label("Control token").fill("sesame")
        judged.button("Enter").click()
        judged.sees_heading("Overview")
        look(judged, "inside")


def test_the_keyboard_reaches_everything(judged: Visitor, odd: WorldClient) -> None:
    page = judged.page
    for path in pages(odd):
        page.goto(odd.url + path)
        for summary in page.locator("main summary").all():
            summary.click()
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        stops = dict(enumerate(page.evaluate(_STOPS)))
        for _ in range(len(stops) + 8):
            page.keyboard.press("Tab")
            now = page.evaluate(_STOP)
            if now["stop"] in stops:
                assert now["seen"], f"{path}: focused and not to be seen: {now['html']}"
                del stops[now["stop"]]
        assert stops == {}, f"{path}: not reached with Tab"


def test_an_invitation_by_keyboard_alone(visitor: Visitor, world: WorldClient) -> None:
    page = visitor.page
    page.goto(world.url + "/console/participants")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    while page.evaluate("document.activeElement.id") != "name":
        page.keyboard.press("Tab")
    page.keyboard.type("Dart Storage Ltd")
    page.keyboard.press("Tab")
    page.keyboard.type("desk@dart.example")
    page.keyboard.press("Enter")
    visitor.sees_heading("Dart Storage Ltd")


def test_everything_works_without_javascript(browser: Browser, world: WorldClient) -> None:
    with visiting(browser, java_script_enabled=False) as visitor:
        page = visitor.page
        page.goto(world.url + "/sign-in")
        page.get_by_role("contentinfo").get_by_role("link", name="Simulator console").click()
        visitor.sees_heading("Overview")
        menu = page.get_by_role("navigation", name="Console menu")
        menu.get_by_role("link", name="Participants").click()
        page.get_by_label("Organisation’s name").fill("Dart Storage Ltd")
        page.get_by_label("Email address").fill("desk@dart.example")
        visitor.button("Invite").click()
        visitor.sees_heading("Dart Storage Ltd")
        page.locator("summary", has_text="Add a Meterable Unit").click()
        page.get_by_label("ID", exact=True).fill("MU-9001")
        page.get_by_label("Description").fill("Battery")
        page.get_by_label("Technology").select_option("Heat Pumps")
        page.get_by_label("Capacity in kW").fill("20")
        page.get_by_label("Minute by minute").check()
        page.get_by_label("Zone").select_option("CMZ_T9A_SWE_0050")
        visitor.button("Add the unit").click()
        visitor.sees("The Meterable Unit MU-9001 is added.")
        visitor.sees("Heat Pumps")
        menu.get_by_role("link", name="Mailbox").click()
        page.get_by_label("Search subject, address and text").fill("dart")
        visitor.button("Search").click()
        visitor.sees("1 of 2 mails with")
        page.get_by_role("link", name="Activate the Flexible").click()
        expect(page.frame_locator("iframe").get_by_role("link", name="Activate the account")).to_be_visible()
        menu.get_by_role("link", name="Mailbox").click()
        page.locator("summary", has_text="Delete all mails").click()
        visitor.button("Yes, delete all").click()
        visitor.sees("2 mails deleted.")


def test_a_user_who_lost_the_authenticator_is_helped(browser: Browser, world: WorldClient) -> None:
    with visiting(browser) as user, visiting(browser) as support:
        user.sign_in(world.url)
        support.page.goto(world.url + "/console/participants/brindle")
        expect(support.page.locator(".six-digits")).to_have_text(code_of(SECRET))
        support.button("Reset the authenticator").click()
        support.sees("Not set up yet")
        user.page.reload()
        user.sees_heading("Flexible Power Portal")
        user.give_password(EMAIL, PASSWORD)
        user.sees_heading("Set up two-factor authentication")
