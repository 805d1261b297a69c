"""What axe says about a page, at a desktop's and at a phone's width, and whether it scrolls sideways."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.stories.browsing import DESKTOP, PHONE, Visitor

# Colours are the same at every width, and contrast takes most of the time.
_AXE = """async (rules) => (await axe.run(document, {resultTypes: ['violations'], preload: false, rules})).violations"""
_PHONE_RULES = {"color-contrast": {"enabled": False}}


def look(visitor: Visitor, about: str) -> None:
    """Let axe judge the page as it stands, at both widths, and measure whether it is wider than its window.

    The page keeps what was filled in and opened; afterwards it is as wide as a desktop's again.
    """
    page = visitor.page
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    _judge(page, f"{about}, on a desktop", {})
    page.set_viewport_size(PHONE)
    _judge(page, f"{about}, on a phone", _PHONE_RULES)
    page.set_viewport_size(DESKTOP)


def _judge(page: Page, about: str, rules: dict[str, Any]) -> None:
    found = page.evaluate(_AXE, rules)
    told = [f"{violation['impact']} {violation['id']}: {node['html'][:200]} {node['failureSummary']}"
            for violation in found for node in violation["nodes"]]
    assert told == [], f"{about}: " + "\n".join(told)
    excess = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert excess <= 0, f"{about}: scrolls sideways by {excess} px"
