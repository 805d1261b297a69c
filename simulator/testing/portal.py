"""A visitor of a world's portal without a browser: follows links and redirects, keeps cookies, sends forms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from simulator.testing.calls import Answer, ControlCalls, HttpClient, Refused, Upload
from simulator.testing.identities import Identity
from simulator.testing.pages import Page

_MOST_REDIRECTS = 5
_FORM_IS_WRONG = 422


class Portal:
    """The portal of one world, as one visitor sees it. `page` is where the visitor is.

        portal.sign_in()
        portal.get("/api-testing/dispatch-settings")
        portal.submit("Save", base_url=endpoint.url)
        assert portal.page.errors == []

    The forms' protection against foreign pages is dealt with: its hidden field is a field like any other.
    """

    def __init__(self, url: str, http: HttpClient, control: ControlCalls, identity: Identity | None = None) -> None:
        self.url = url
        self.identity = identity
        self._http = http
        self._control = control
        self._cookies: dict[str, str] = {}
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        """The page the visitor is on. Raises LookupError before the first."""
        if self._page is None:
            raise LookupError("no page was opened yet; begin with portal.get(path)")
        return self._page

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Go elsewhere for the length of a block, and be back on the present page afterwards."""
        kept = self._page
        try:
            yield
        finally:
            self._page = kept

    @property
    def text(self) -> str:
        """What a reader sees of the present page between header and footer."""
        return self.page.text

    def get(self, path: str, status: int | None = 200) -> Page:
        """Open a page by its path below the world, or by an address such as a link in a mail. Follows redirects.

        Raises Refused when the answer has another status than expected; with None, any will do.
        """
        return self._arrive(self._send("GET", self._address(path)), () if status is None else (status,))

    def follow(self, words: str) -> Page:
        """Follow the link with these words. Raises LookupError with the links there are."""
        links = self.page.links
        if words not in links:
            raise LookupError(f"{self.page.url} has no link {words!r}; its links: {', '.join(filter(None, links))}")
        return self.get(links[words])

    def submit(self, form: str | None = None, /, **fields: Any) -> Page:
        """Fill in the fields of a form of the present page and press its button; the page that comes.

        The form is named by the words on the button; no words mean the only form of the page. Fields that are not
        named keep what stands in them. A field may be a text, True or False for a box, a list, and for files a Path or
        (name, bytes). A form that is refused is shown again, with `page.errors`. Raises LookupError, Refused.
        """
        found = self.page.form(form)
        files = {name: _upload(value) for name, value in fields.items() if _is_file(value)}
        unknown = [name for name in files if name not in found.names]
        if unknown:
            raise LookupError(f"the form has no field for a file {unknown[0]!r}; it has {', '.join(found.names)}")
        values = found.filled(form, {name: value for name, value in fields.items() if name not in files})
        if found.method == "GET":
            return self._arrive(self._send("GET", found.action, query=dict(values)), (200,))
        # A form for files goes as one, even when none is chosen.
        answer = self._send("POST", found.action, form=values, files=files or (
            {"": ("", b"")} if found.is_multipart else None))
        return self._arrive(answer, (200, _FORM_IS_WRONG))

    def download(self, path: str) -> Answer:
        """Fetch a file with the visitor's cookies; `answer.body` is what it holds. Raises Refused."""
        return self._send("GET", self._address(path)).must_be(200)

    def sign_in(self, identity: Identity | None = None) -> Page:
        """Sign in with password and code; the page behind it. The code is the simulator's to tell (`/_sim`).

        Without an identity it is the one this visitor was made for. Raises Refused, LookupError.
        """
        who = identity or self.identity
        if who is None or who.email is None or who.password is None:
            raise LookupError("whose sign-in? Give an Identity with email and password")
        self.get("/sign-in")
        page = self.submit("Log in", email=who.email, password=who.password)
        if not page.errors and not page.alerts:
            page = self.submit("Verify", code=self._control.get(f"/participants/{who.participant}/totp")["code"])
        if page.status != 200:
            raise LookupError(f"{who.email} cannot sign in: {' '.join(page.errors + page.alerts) or page.heading}")
        return page

    def sign_out(self) -> Page:
        """Sign out."""
        return self.submit("Sign out")

    def _address(self, path: str) -> str:
        return path if path.startswith(("http://", "https://")) else self.url + path

    def _send(self, method: str, address: str, **options: Any) -> Answer:
        if not (address == self.url or address.startswith((f"{self.url}/", f"{self.url}?"))):
            raise LookupError(f"{address} is not in the world at {self.url}")
        headers = {"Accept": "text/html"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        path = address.removeprefix(self.url).partition("#")[0]
        answer = self._http.request(method, path, headers=headers, **options)
        self._keep_cookies(answer)
        return answer

    def _arrive(self, answer: Answer, statuses: tuple[int, ...]) -> Page:
        for _ in range(_MOST_REDIRECTS):
            if answer.status not in (301, 302, 303):
                break
            answer = self._send("GET", urljoin(answer.url, answer.headers["Location"]))
        if statuses and answer.status not in statuses:
            raise Refused(answer)
        self._page = Page(answer.url, answer.status, answer.text)
        return self._page

    def _keep_cookies(self, answer: Answer) -> None:
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, cookie in SimpleCookie(line).items():
                if cookie["max-age"] == "0" or not cookie.value:
                    self._cookies.pop(name, None)
                else:
                    self._cookies[name] = cookie.value


def _is_file(value: Any) -> bool:
    return isinstance(value, Path) or (isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], bytes))


def _upload(value: Path | Upload) -> Upload:
    return (value.name, value.read_bytes()) if isinstance(value, Path) else value
