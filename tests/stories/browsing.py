"""A real Chromium for the stories, and independent tools: oathtool for codes, zbarimg for QR codes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, Response, expect

EMAIL = "operations@brindle.example"
PASSWORD = "Brindle-demo-2026"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}

# Each process that is not started saves time: with the second line a file of stories took 51 s in place of 66 s.
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--in-process-gpu", "--disable-features=SpareRendererForSitePerProcess",
          "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
_WATCH_POLICY = """document.addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`));"""


def needed(*names: str, package: str) -> str:
    """Where a program is; a clear failure when it is missing, never a skip."""
    for name in names:
        place = shutil.which(name)
        if place is not None:
            return place
    pytest.fail(f"{' or '.join(names)} is missing. Install it with: apt-get install {package}", pytrace=False)


def launch(playwright: Playwright) -> Browser:
    """Headless Chromium that can resolve no host but this machine."""
    return playwright.chromium.launch(
        executable_path=needed("chromium", "chromium-browser", "google-chrome", package="chromium"), args=_FLAGS)


def code_of(secret: str, at: datetime | None = None) -> str:
    """The six digits that oathtool computes for a secret, now or at an instant."""
    moment = (at or datetime.now(UTC)).astimezone(UTC)
    command = [needed("oathtool", package="oathtool"), "--totp", "--base32",
               "--now", moment.strftime("%Y-%m-%d %H:%M:%S UTC"), secret]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def read_qr_code(picture: Path) -> str:
    """What zbarimg reads in a picture."""
    return subprocess.run([needed("zbarimg", package="zbar-tools"), "--quiet", "--raw", str(picture)],
                          capture_output=True, text=True, check=True).stdout.strip()


class Visitor:
    """A person with a browser window. What goes wrong behind the scenes is kept in `problems`.

    A page that answers 4xx makes Chromium write a line to its console; that line alone is no problem, for stories about
    refusals see those pages on purpose.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self._error_pages: set[str] = set()
        page.add_init_script(_WATCH_POLICY)
        page.on("request", self._note_request)
        page.on("response", self._note_response)
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.problems.append(f"script failed: {error}"))
        page.set_default_timeout(15_000)

    def _note_request(self, request: Request) -> None:
        if urlsplit(request.url).hostname != "127.0.0.1" and not request.url.startswith(("data:", "blob:", "about:")):
            self.problems.append(f"request to another host: {request.url}")

    def _note_response(self, response: Response) -> None:
        if 400 <= response.status < 500 and response.request.is_navigation_request():
            self._error_pages.add(response.url)

    def _note_console(self, message: ConsoleMessage) -> None:
        is_error_page = (message.text.startswith("Failed to load resource")
                         and message.location.get("url") in self._error_pages)
        if message.type in ("error", "warning") and not is_error_page:
            self.problems.append(f"console {message.type}: {message.text}")

    def button(self, words: str) -> Any:
        """A button by its words."""
        return self.page.get_by_role("button", name=words, exact=True)

    def open_menu(self, menu: str, page: str) -> None:
        """Choose a page from a menu of the portal."""
        self.page.locator("summary", has_text=menu).click()
        self.page.get_by_role("navigation", name="Main menu").get_by_role("link", name=page, exact=True).click()
        self.sees_heading(page)

    def sees_heading(self, words: str) -> None:
        """The page's first heading says this."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words)

    def sees(self, words: str) -> None:
        """Words are to be read on the page."""
        expect(self.page.get_by_text(words).first).to_be_visible()

    def give_password(self, email: str = EMAIL, password: str = PASSWORD) -> None:
        """Fill in the log-in page and send it."""
        self.page.get_by_label("Email address").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.button("Log in").click()

    def give_code(self, code: str) -> None:
        """Fill in a six-digit code and send it."""
        self.page.get_by_label("Six-digit code").fill(code)
        self.button("Verify").click()

    def sign_in(self, url: str) -> None:
        """Sign in as the demo user of the world at `url`."""
        self.page.goto(url + "/sign-in")
        self.give_password()
        self.give_code(code_of(SECRET))
        self.sees_heading("Meterable Units")

    def upload(self, url: str, text: str | bytes, quantity: str = "Power in kW", name: str = "readings.csv") -> None:
        """Upload a CSV file on the Readings page; ends on the page of the upload."""
        self.page.goto(url + "/api-testing/readings")
        self.page.get_by_label(quantity).check()
        content = text.encode() if isinstance(text, str) else text
        self.page.get_by_label("CSV file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
        self.button("Upload readings").click()

    def reading_rows(self) -> list[list[str]]:
        """The cells of the readings table: timestamp, power, energy, period."""
        rows = self.page.get_by_role("region", name="Latest readings").locator("tbody tr").all()
        return [row.locator("td").all_inner_texts() for row in rows]


@contextmanager
def visiting(browser: Browser, **options: Any) -> Iterator[Visitor]:
    """A new browser window, without memories; anything that went wrong behind the scenes fails the test at the end."""
    context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
    try:
        visitor = Visitor(context.new_page())
        yield visitor
        assert visitor.problems == [], "\n".join(visitor.problems)
    finally:
        context.close()
