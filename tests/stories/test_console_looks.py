"""The console for everybody: axe finds nothing at two widths, the keyboard reaches all, no script is needed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.builders import instant
from tests.servers import NOW, WorldClient, running
from tests.stories.browsing import DESKTOP, EMAIL, PASSWORD, PHONE, SECRET, Visitor, code_of, visiting
from tests.stories.judging import look

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft<b>=1+1شركةالطاقةW"
LONG_EMAIL = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 30}.example"

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


@pytest.fixture
def odd(world: WorldClient) -> WorldClient:
    """A world with mails, and an organisation whose name and unit are as long as they can be."""
    world.advance("P4D")
    unit = {"id": "M" * 64, "description": LONG * 2, "technology": "Pumped Storage", "capacityKw": 10_000_000,
            "granularity": "half_hour", "zone": "CMZ_T7B_SWA_0012"}
    answer = world.post("/_sim/participants", {"id": "x" * 63, "name": LONG, "portal": {"email": LONG_EMAIL},
                                               "units": [unit]})
    assert answer.status_code == 201, answer.text
    begins, ends = (instant(world.now()) + timedelta(hours=hours) for hours in (1, 2))
    for organisation, unit_id in (("brindle", "MU-1001"), ("x" * 63, "M" * 64)):
        answer = world.post("/_sim/dispatches", {
            "participantId": organisation, "programme": "SAOU", "meterableUnitIds": [unit_id],
            "powerChangeKw": -0.000001, "startTime": begins.isoformat(), "endTime": ends.isoformat()})
        assert answer.status_code == 201, answer.text
    world.advance("PT46M")
    fault = {"match": {"surface": "dispatch", "route": "/" + "w" * 199, "participant": "x" * 63},
             "effect": {"delayMs": 120_000, "drop": "answer", "outOfOrder": True}}
    assert world.post("/_sim/faults", fault).status_code == 201
    assert world.put(f"/_sim/snapshots/{'s' * 63}").status_code == 201
    world.send([{"meterableUnitId": LONG * 3, "timestamp": "x", "powerKw": 1}])
    return world


def pages(world: WorldClient) -> list[str]:
    """The address of every page of the console, below the world."""
    attached = next(mail["id"] for mail in world.mails() if mail["attachments"])
    return ["/console", "/console/participants", "/console/participants/brindle", "/console/participants/tamar",
            f"/console/participants/{'x' * 63}", "/console/mailbox", f"/console/mailbox?q={'W' * 200}",
            "/console/mailbox/1", f"/console/mailbox/{attached}", f"/console/mailbox/{world.mails()[-1]['id']}",
            "/console/nothing", "/console/control-room", f"/console/control-room?participant={'x' * 63}",
            *(f"/console/control-room/{each['dispatchId']}"
              for each in world.get("/_sim/dispatches").json()["dispatches"]),
            "/console/journal", f"/console/journal?kind=Dispatches&order=oldest&q=d&unit={'M' * 64}",
            "/console/journal?q=nothing-has-this", f"/console/journal/{world.journal('http.in')[-1]['id']}",
            f"/console/journal/{world.journal('http.out')[-1]['id']}",
            f"/console/journal/{world.journal('dispatch.planned')[-1]['id']}", "/console/faults",
            "/console/availability", "/console/availability/2026-11-02", "/console/events", "/console/market-policy",
            "/console/clock", "/console/worlds", f"/console/worlds/{world.name}/delete", "/console/snapshots",
            "/console/fidelity", "/console/fidelity?kind=email&q=daily", f"/console/fidelity?q={'W' * 100}"]


def test_axe_finds_nothing_on_any_page(visitor: Visitor, odd: WorldClient) -> None:
    for path in pages(odd):
        visitor.page.goto(odd.url + path)
        look(visitor, path)


def test_axe_finds_nothing_after_mistakes_and_in_what_opens(visitor: Visitor, odd: WorldClient) -> None:
    page = visitor.page
    page.goto(odd.url + "/console/participants")
    page.get_by_label("Email address").fill(LONG_EMAIL)
    visitor.button("Invite").click()
    visitor.sees("The name is empty.")
    look(visitor, "an invitation with mistakes")
    page.goto(odd.url + "/console/participants/tamar")
    page.locator("summary", has_text="Add a Meterable Unit").click()
    visitor.button("Add the unit").click()
    visitor.sees("The description is empty.")
    page.locator("summary", has_text="Change them").click()
    look(visitor, "a unit with mistakes")
    visitor.button("Send the invitation again").click()
    visitor.sees("is sent")
    look(visitor, "an invitation that was sent again")
    page.goto(odd.url + "/console/mailbox")
    page.locator("summary", has_text="Delete all mails").click()
    look(visitor, "delete all mails?")
    visitor.button("Yes, delete all").click()
    visitor.sees("The mailbox is empty.")
    look(visitor, "an empty mailbox")
    page.goto(odd.url + "/console/control-room")
    page.get_by_label("Power change in kW").fill("much")
    visitor.button("Dispatch").click()
    visitor.sees("Name at least one Meterable Unit.")
    page.locator("summary", has_text="What the states mean").click()
    look(visitor, "a dispatch with mistakes")
    page.goto(odd.url + "/console/faults")
    page.get_by_label("Status instead").fill("9")
    page.get_by_label("Send it twice").check()
    visitor.button("Switch on").click()
    visitor.sees("status is 200 to 599.")
    look(visitor, "a fault with mistakes")


def test_axe_finds_nothing_on_the_way_in(visitor: Visitor) -> None:
    with running(control_token="sesame") as simulator:
        page = visitor.page
        page.goto(simulator.url + "/console")
        look(visitor, "the way in")
        page.get_by_label("Control token").fill("wrong")
        visitor.button("Enter").click()
        visitor.sees("That is not this server’s control token.")
        look(visitor, "a wrong token")
        page.get_by_label("Control token").fill("sesame")
        visitor.button("Enter").click()
        visitor.sees_heading("Overview")
        look(visitor, "inside")


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_keyboard_reaches_everything(browser: Browser, odd: WorldClient, window: dict[str, int]) -> None:
    """Every page on a phone; on a desktop, where only the frame around them is another, some."""
    with visiting(browser, viewport=window) as visitor:
        for path in pages(odd)[::1 if window is PHONE else 6]:
            _reach_all(visitor.page, odd.url, path)


def _reach_all(page: Page, url: str, path: str) -> None:
    """Tab through a page, everything unfolded: each link, button and field is reached, and seen when it is."""
    page.goto(url + path)
    for summary in page.locator("main summary").all():
        summary.click()
    # What renews itself stands still meanwhile: new links would not be those that were counted.
    page.evaluate("for (let timer = setInterval(() => {}, 1e6); timer > 0; timer--) clearInterval(timer)")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    stops = dict(enumerate(page.evaluate(_STOPS)))
    # A field for a date and a time stops at each of its parts.
    presses = len(stops) + 8 + 8 * page.locator("input[type=datetime-local]").count()
    # Tab goes round; on a busy machine the frame of a mail may not take part in the first round yet.
    for _ in range(2 * presses):
        if not stops:
            break
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


def test_dispatching_works_without_javascript(browser: Browser, world: WorldClient) -> None:
    with visiting(browser, java_script_enabled=False) as visitor:
        page = visitor.page
        page.goto(world.url + "/console/control-room")
        page.get_by_label("Participant").select_option("tamar")
        visitor.button("Choose").click()
        page.get_by_label("MU-2001").check()
        page.get_by_label("Power change in kW").fill("25")
        page.get_by_label("Notice in minutes").fill("1")
        visitor.button("Dispatch").click()
        visitor.sees("is planned.")
        visitor.sees("has set no Participant endpoint base url")
        page.locator("summary", has_text="Emergency stop").click()
        visitor.button("Yes, emergency stop").click()
        visitor.sees("is cancelled: nothing was sent.")
        page.get_by_role("link", name="All of it in the journal").click()
        visitor.sees_heading("Journal")
        page.get_by_role("link", name="planned → cancelled").click()
        visitor.sees("What led to it")
        menu = page.get_by_role("navigation", name="Console menu")
        menu.get_by_role("link", name="Faults").click()
        page.get_by_label("Pages of the portal").check()
        page.get_by_label("Delay, in milliseconds").fill("10")
        visitor.button("Switch on").click()
        visitor.sees("delayed by 10 ms")
        menu.get_by_role("link", name="Overview").click()
        visitor.sees("1 fault is on")
        menu.get_by_role("link", name="Faults").click()
        visitor.button("Switch all off").click()
        visitor.sees("No fault is on")


def test_a_dispatch_shows_by_itself_how_it_goes_on(visitor: Visitor, world: WorldClient) -> None:
    world.freeze(NOW)
    world.post("/_sim/dispatches", {
        "participantId": "tamar", "programme": "OU", "meterableUnitIds": ["MU-2001"], "powerChangeKw": 1,
        "startTime": "2026-11-02T17:30:00Z", "endTime": "2026-11-02T18:00:00Z"})
    visitor.page.goto(world.url + "/console/control-room/D-20261102-0001")
    visitor.sees("nothing was sent yet")
    world.advance("PT16M")
    visitor.sees("the start message is on its way, or is tried again")
    visitor.sees("Attempt 3")


def test_a_command_is_copied(visitor: Visitor, world: WorldClient) -> None:
    answer = world.send([])
    page = visitor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{world.url}/console/journal/{answer.headers['X-Request-Id']}")
    page.get_by_role("button", name="Copy: curl").click()
    visitor.sees("Copied to the clipboard.")
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl -X POST ")


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
