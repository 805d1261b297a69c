"""Signing in over TLS, in a real browser: forms work, cookies never leave the secured connection."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.servers import running
from tests.stories.browsing import visiting


def test_a_person_signs_in_over_https(browser: Browser) -> None:
    """Ours: the portal over --tls; the browser is told to take the certificate, which other tests check."""
    with running(tls=True) as simulator, visiting(browser, ignore_https_errors=True) as visitor:
        visitor.sign_in(simulator.url)
        cookies = visitor.page.context.cookies()
        assert cookies
        assert all(cookie["secure"] and cookie["httpOnly"] for cookie in cookies)
        visitor.page.goto(simulator.url + "/api-testing/readings")
        assert f"curl -X POST {simulator.url}" in visitor.page.locator("pre.example").first.inner_text()
