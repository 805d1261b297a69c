"""The portal by keyboard alone: Tab, Enter and Space, and always to be seen where one is."""

from __future__ import annotations

from playwright.sync_api import Browser, TimeoutError, expect

from tests.servers import WorldClient
from tests.stories.browsing import EMAIL, PASSWORD, SECRET, Visitor, code_of, visiting
from tests.stories.links import GOOD, newest_link

_A_MOMENT_MS = 5_000

_FOCUSED = r"""() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const box = element.getBoundingClientRect(), style = getComputedStyle(element);
  const line = document.querySelector('.simulator-line').getBoundingClientRect();
  const middle = document.elementFromPoint(box.x + Math.min(box.width / 2, 20), box.y + Math.min(box.height / 2, 10));
  return {
    words: (element.innerText || element.getAttribute('aria-label') || element.id || '').trim().replace(/\s+/g, ' '),
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    inView: box.bottom > line.bottom - 1 && box.top < innerHeight && box.width > 0,
    onTop: middle !== null && (element.contains(middle) || middle.contains(element) || element.id === middle.htmlFor),
  };
}"""


def tab_to(visitor: Visitor, words: str, most: int = 40) -> None:
    """Press Tab until the focus is on what has these words; every stop on the way must be seen."""
    # A page that is shown again is scrolled to where it was, at the latest when all of it is loaded.
    visitor.page.wait_for_load_state("load")
    for _ in range(most):
        visitor.page.keyboard.press("Tab")
        focused = visitor.page.evaluate(_FOCUSED)
        assert focused is not None, f"the focus left the page on the way to {words!r}"
        assert focused["ring"], f"no ring around {focused['words']!r}"
        _wait_until_seen(visitor, focused["words"])
        if focused["words"] == words:
            return
    raise AssertionError(f"{words!r} is not reached with Tab")


def _wait_until_seen(visitor: Visitor, words: str) -> None:
    """Scrolling to what has the focus may take the browser a moment."""
    try:
        visitor.page.wait_for_function(f"() => {{ const at = ({_FOCUSED})(); return at.inView && at.onTop; }}",
                                       timeout=_A_MOMENT_MS)
    except TimeoutError:
        raise AssertionError(f"{words!r} is focused and not to be seen") from None


def press(visitor: Visitor, key: str) -> None:
    visitor.page.keyboard.press(key)


def the_whole_visit(visitor: Visitor, world: WorldClient) -> None:
    page = visitor.page
    page.goto(world.url)
    tab_to(visitor, "email")
    page.keyboard.type(EMAIL)
    tab_to(visitor, "password")
    page.keyboard.type(PASSWORD)
    press(visitor, "Enter")
    visitor.sees_heading("Two-factor authentication")
    if page.evaluate("document.activeElement.id") != "code":
        tab_to(visitor, "code")
    page.keyboard.type(code_of(SECRET))
    tab_to(visitor, "Verify")
    press(visitor, "Space")
    visitor.sees_heading("Meterable Units")

    tab_to(visitor, "API Testing")
    press(visitor, "Enter")
    tab_to(visitor, "Readings")
    press(visitor, "Enter")
    visitor.sees_heading("Readings")

    # The skip link is the first stop and leads past the menu.
    tab_to(visitor, "Skip to content", most=1)
    press(visitor, "Enter")
    tab_to(visitor, "MU-1001", most=1)
    tab_to(visitor, "Refresh readings")
    press(visitor, "Space")
    page.wait_for_url("**/api-testing/readings?unit=MU-1001")
    visitor.sees_heading("Readings")

    tab_to(visitor, "Brindle Aggregation Ltd")
    press(visitor, "Enter")
    visitor.sees_heading("Email preferences")
    tab_to(visitor, "Opt out of the Daily Schedules email")
    press(visitor, "Space")
    visitor.sees("You opted out of the Daily Schedules email.")

    # No key in between: Space on a link scrolls the page, and goes on scrolling after the next Tab.
    tab_to(visitor, "Brindle Aggregation Ltd")
    tab_to(visitor, "Sign out", most=1)
    press(visitor, "Enter")
    visitor.sees("You are signed out.")


def test_the_whole_visit_by_keyboard(visitor: Visitor, world: WorldClient) -> None:
    the_whole_visit(visitor, world)


def test_the_whole_visit_by_keyboard_in_a_narrow_window(browser: Browser, world: WorldClient) -> None:
    with visiting(browser, viewport={"width": 500, "height": 700}) as visitor:
        the_whole_visit(visitor, world)


def test_a_password_is_set_by_keyboard(visitor: Visitor, world: WorldClient) -> None:
    page = visitor.page
    page.goto(world.url)
    tab_to(visitor, "Forgot your password")
    press(visitor, "Enter")
    visitor.sees_heading("Forgot your password")
    tab_to(visitor, "email")
    page.keyboard.type(EMAIL)
    press(visitor, "Enter")
    visitor.sees_heading("Check your email")
    page.goto(newest_link(world, EMAIL))
    visitor.sees_heading("Create a new password")
    tab_to(visitor, "password")
    page.keyboard.type(GOOD)
    tab_to(visitor, "repeat", most=1)
    page.keyboard.type(GOOD)
    tab_to(visitor, "show-password", most=1)
    press(visitor, "Space")
    tab_to(visitor, "Set password", most=1)
    press(visitor, "Space")
    visitor.sees("Your password is set.")


def test_menus_close_with_escape_and_when_the_focus_moves_on(signed_in: Visitor) -> None:
    page = signed_in.page
    first = page.locator("details", has_text="API Testing").first
    tab_to(signed_in, "API Testing")
    press(signed_in, "Space")
    expect(first).to_have_attribute("open", "")
    tab_to(signed_in, "Readings")
    press(signed_in, "Escape")
    expect(first).not_to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.innerText").strip() == "API Testing"
    press(signed_in, "Space")
    tab_to(signed_in, "Availability")
    expect(first).not_to_have_attribute("open", "")
