"""A strict client of the portal's pages, without a browser: every page it fetches is parsed and must be sound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from simulator.testing import pages
from tests.ledger_recording import RECORDING

SIMULATOR_LINE = "SIMULATOR — not National Grid’s platform"
CONSOLE_LINE = "SIMULATOR — not National Grid’s nor NESO’s platform"


class Element(pages.Element):
    """An element of a page that tests take apart: what is not there is a failure."""

    def find(self, *tags: str, **attributes: str) -> Element:
        """The one such element inside."""
        found = self.find_all(*tags, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tags} {attributes} in {self.text[:200]!r}"
        return found[0]

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]


class _StrictBuilder(pages.TreeBuilder):
    """Refuses what browsers would silently mend."""

    element = Element

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        super().handle_starttag(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in pages.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.tag == tag, f"</{tag}> at {self.getpos()} closes <{self.open.tag}>"
        assert self.open.parent is not None
        super().handle_endtag(tag)

    def tree(self) -> Element:
        assert self.open is self.root, f"<{self.open.tag}> is never closed"
        return self.root


def parse(html: str) -> Element:
    """The tree of a page; fails for crossed or missing end tags and for attributes given twice."""
    builder = _StrictBuilder()
    builder.feed(html)
    builder.close()
    return builder.tree()


@dataclass
class Page:
    """A page that was fetched and found sound."""

    url: str
    status: int
    html: str
    tree: Element

    @property
    def title(self) -> str:
        """What the browser's tab says."""
        return self.tree.find("head").find("title").text

    @property
    def heading(self) -> str:
        """The page's one heading of the first level."""
        return self.tree.find("h1").text

    @property
    def content(self) -> Element:
        """What stands between header and footer."""
        return self.tree.find("main")

    @property
    def field_errors(self) -> list[str]:
        """The messages at fields."""
        return [element.text for element in self.tree.find_all(class_="field-error")]

    @property
    def alerts(self) -> list[str]:
        """The messages above the content."""
        return [element.text for element in self.tree.find_all(class_="alert")]

    def rows(self, label: str | None = None) -> list[list[str]]:
        """Cells of the page's table (or of the one in the region `label`), without its head."""
        inside = self.content if label is None else self.tree.find(**{"aria-label": label})
        return [[cell.text for cell in row.find_all("td", "th")] for row in inside.find("tbody").find_all("tr")]

    def form(self, button: str) -> Element:
        """The form with a button of these words."""
        found = [form for form in self.tree.find_all("form")
                 if any(element.text == button for element in form.find_all("button"))]
        assert len(found) == 1, f"{len(found)} forms with the button {button!r} on {self.url}"
        return found[0]

    def links(self) -> list[str]:
        """Where the page's links lead, absolute and without fragments."""
        places = [urljoin(self.url, element["href"]).partition("#")[0]
                  for element in self.tree.find_all("a") if "href" in element.attributes]
        return [place for place in places if place]


class PageClient:
    """A visitor of one world's portal. Each GET parses the page and checks it; redirects must be announced.

    `url` is where the world is served; paths are below it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.hooks["response"].append(RECORDING.note_exchange)
        self._known_actions: set[tuple[str, str]] = set()

    def raw(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request, as it is; redirects are not followed."""
        place = path if path.startswith("http") else self.url + path
        options.setdefault("headers", {}).setdefault("Accept", "text/html")
        return self.session.request(method, place, allow_redirects=False, timeout=60, **options)

    def get(self, path: str, status: int = 200) -> Page:
        """A page that answers with `status` and is sound."""
        return self._page(self.raw("GET", path), status)

    def get_redirected(self, path: str, to: str) -> Page:
        """The page that a GET is sent on to, which must be `to`."""
        return self._follow(self.raw("GET", path), to)

    def submit(self, page: Page, button: str, fields: Mapping[str, str] | None = None, to: str | None = None,
               status: int = 422, files: Any = None) -> Page:
        """Send the form with this button, its own values and `fields`.

        With `to` the answer must be a redirect there, which is followed; else a page with `status`.
        """
        form = page.form(button)
        names = {element.attributes.get("name") for element in form.find_all("input", "select", "textarea")}
        unknown = set(fields or {}) - names
        assert not unknown, f"the form has no fields {unknown}"
        pressed = {element["name"]: element.attributes.get("value", "") for element in form.find_all("button")
                   if element.text == button and "name" in element.attributes}
        values = {**dict(pages.Form(form, page.url).standing()), **pressed, **(fields or {})}
        answer = self.raw("POST", urljoin(page.url, form["action"]), data=values, files=files)
        return self._page(answer, status) if to is None else self._follow(answer, to)

    def sign_in(self, email: str, password: str, code: str, to: str = "/meterable-units") -> Page:
        """Sign in with password and code, through the forms."""
        page = self.submit(self.get("/sign-in"), "Log in", {"email": email, "password": password}, to="/sign-in/code")
        return self.submit(page, "Verify", {"code": code}, to=to)

    def _follow(self, answer: requests.Response, to: str) -> Page:
        assert answer.status_code in (302, 303), f"{answer.url}: {answer.status_code}, not a redirect to {to}"
        place = urljoin(answer.url, answer.headers["Location"])
        if not place.startswith(self.url + to):
            # Some pages only pass on: the first page leads to the units.
            answer = self.raw("GET", place)
            assert answer.is_redirect, f"{place} is not {to}"
            place = urljoin(place, answer.headers["Location"])
        assert place.startswith(self.url + to), f"sent to {place}, not to {to}"
        return self._page(self.raw("GET", place), 200)

    def _page(self, answer: requests.Response, status: int) -> Page:
        assert answer.status_code == status, f"{answer.url}: {answer.status_code}, not {status}: {answer.text[:500]}"
        page = Page(answer.url, status, answer.text, parse(answer.text))
        self._check_headers(answer)
        check_page(page)
        self._check_actions(page)
        return page

    def _check_headers(self, answer: requests.Response) -> None:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store", answer.url
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy, policy

    def _check_actions(self, page: Page) -> None:
        for form in page.tree.find_all("form"):
            place, method = urljoin(page.url, form["action"]), form["method"].upper()
            if (place, method) not in self._known_actions:
                allowed = self.raw("OPTIONS", place).headers.get("Allow", "")
                assert method in allowed.split(", "), f"{page.url}: a form is sent by {method} to {place}: {allowed!r}"
                self._known_actions.add((place, method))


def check_page(page: Page) -> None:
    """What holds for every page; each assertion says what is wrong and where."""
    tree, where = page.tree, page.url
    is_console = re.match(r"(/w/[^/]+)?/console(/|$)", urlsplit(where).path)
    assert page.title.endswith(f" – {'Simulator console' if is_console else 'Flexible Power Portal simulator'}"), where
    assert tree.find("html")["lang"] == "en-GB", where
    assert len(tree.find_all("h1")) == 1, f"{where}: {len(tree.find_all('h1'))} first headings"
    assert (CONSOLE_LINE if is_console else SIMULATOR_LINE) in tree.find(class_="simulator-line").text, where
    ids = [element["id"] for element in tree.walk() if "id" in element.attributes]
    assert len(ids) == len(set(ids)), f"{where}: ids given twice: {sorted(name for name in ids if ids.count(name) > 1)}"
    _check_fields(tree, set(ids), where)
    _check_content_policy(tree, where)


def _check_fields(tree: Element, ids: set[str], where: str) -> None:
    labelled = {element.attributes.get("for") for element in tree.find_all("label") if element.text}
    for element in tree.walk():
        for attribute in ("for", "aria-describedby", "aria-labelledby"):
            missing = set(element.attributes.get(attribute, "").split()) - ids
            assert not missing, f"{where}: {attribute} of <{element.tag}> names {missing}, which are not there"
        if element.tag in ("input", "select", "textarea") and element.attributes.get("type") != "hidden":
            assert element.attributes.get("id") in labelled, f"{where}: no label for {element.attributes}"
        if element.tag == "button":
            assert element.text or element.attributes.get("aria-label"), f"{where}: a button without words"
        if element.tag == "form" and element["method"].lower() == "post":
            assert element.find("input", name="csrf_token")["value"], f"{where}: a form without protection"


def _check_content_policy(tree: Element, where: str) -> None:
    here = urlsplit(where).netloc
    for element in tree.walk():
        assert "style" not in element.attributes and element.tag != "style", f"{where}: inline style"
        assert not [name for name in element.attributes if name.startswith("on")], f"{where}: inline script"
        assert element.tag != "script" or element.attributes.get("src"), f"{where}: inline script"
        for attribute in ("src", "href", "action"):
            target = urlsplit(urljoin(where, element.attributes.get(attribute, "")))
            assert target.netloc == here, f"{where}: {attribute} leads to {target.netloc}"
