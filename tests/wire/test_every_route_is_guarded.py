"""Every guard proven: all routes there are, asked by a stranger. A new route cannot be forgotten here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from simulator.app import PAGE_PREFIXES, load_contracts
from simulator.contracts.vocabulary import RESERVED_PREFIXES
from simulator.pages import build_pages
from simulator.settings import Settings
from simulator.worlds import Worlds
from tests.builders import refusal
from tests.portal import fields_of, sign_in
from tests.servers import WorldClient, running

OPEN_PAGES = {"portal.sign_in_page", "portal.sign_in", "portal.code_page", "portal.verify_code", "portal.setup_page",
              "portal.verify_setup", "portal.forgotten_page", "portal.request_link", "portal.link_sent_page",
              "portal.follow_link", "portal.new_password_page", "portal.set_password"}
"""Pages of the way in; the code and set-up pages ask for the password's success themselves, those that set a password
for a link that works."""

FILES = {"static", "bootstrap.static"}
"""Style sheets, scripts and icons: they hold nothing that is secret."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application that is served, to read its routes from."""
    settings = Settings(data=Path(tmp_path_factory.mktemp("routes")), fixture="empty")
    worlds = Worlds(settings)
    yield build_pages(worlds, load_contracts(settings))
    worlds.close()


def calls(app: Flask, surface: str) -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of every route of a surface, with something in place of each parameter."""
    return [(rule.endpoint, method, _path(rule)) for rule in app.url_map.iter_rules()
            if rule.endpoint.startswith(f"{surface}.") for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]


def _path(rule: Rule) -> str:
    return rule.build(dict.fromkeys(rule.arguments, "1"), append_unknown=False)[1]


def test_every_route_belongs_to_a_surface_or_is_a_file(app: Flask) -> None:
    """Design: (blueprint, guard) pairs are registered together; there is no route without a surface."""
    stray = {rule.endpoint for rule in app.url_map.iter_rules()
             if rule.endpoint.split(".")[0] not in app.extensions["flexsim.surfaces"]}
    assert stray == FILES
    assert all(surface.guard is not None for surface in app.extensions["flexsim.surfaces"].values())


def test_no_contract_can_put_a_call_where_a_page_is(app: Flask) -> None:
    """An override names paths of its own; pages and /_sim keep theirs."""
    reserved = (*RESERVED_PREFIXES, *PAGE_PREFIXES)
    for rule in app.url_map.iter_rules():
        assert rule.rule == "/" or rule.rule.startswith(reserved), rule.rule


def test_every_page_sends_a_stranger_to_the_sign_in_page(app: Flask, world: WorldClient) -> None:
    """Portal guide §2 (documented): sign-in comes first."""
    pages = [call for call in calls(app, "portal") if call[0] not in OPEN_PAGES]
    assert len(pages) > 8
    for endpoint, method, path in pages:
        page = world.get("/sign-in")
        answer = world.request(method, path, allow_redirects=False,
                               data=None if method == "GET" else fields_of(page.text))
        assert answer.status_code == 302, endpoint
        assert answer.headers["Location"].startswith(f"/w/{world.name}/sign-in"), endpoint


def test_only_the_pages_of_the_way_in_are_open(app: Flask) -> None:
    """Portal guide §2 (documented): password first, then the code."""
    surfaces = app.extensions["flexsim.surfaces"]
    assert surfaces["portal"].open_to_all == OPEN_PAGES
    assert surfaces["control"].open_to_all == surfaces["console"].open_to_all == frozenset()


@pytest.mark.parametrize("path", ["/sign-in/code", "/authenticator"])
def test_the_second_step_needs_the_first(world: WorldClient, path: str) -> None:
    """Portal guide §2.3 (documented): email and password, then the code."""
    answer = world.get(path, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/w/{world.name}/sign-in")


def test_every_form_needs_its_token(app: Flask, world: WorldClient) -> None:
    """CSRF protection on every form, signed in or not."""
    forms = [call for surface in ("portal", "console") for call in calls(app, surface) if call[1] != "GET"]
    assert len(forms) > 12
    for signed_in in (False, True):
        if signed_in:
            sign_in(world)
        for endpoint, method, path in forms:
            for data in ({}, {"csrf_token": "forged"}):
                answer = world.request(method, path, data=data, allow_redirects=False)
                assert answer.status_code == 400, (endpoint, signed_in)
                assert "CSRF" in answer.text


def test_every_control_call_refuses_a_foreign_page(app: Flask, world: WorldClient) -> None:
    """Ours: a web page that a tester has open must not drive the simulator."""
    guarded = calls(app, "control")
    assert len(guarded) > 10
    for _, method, path in guarded:
        refusal(world.request(method, path, headers={"Origin": "https://evil.example"}), 403)


def test_every_page_of_the_console_refuses_a_foreign_page(app: Flask, world: WorldClient) -> None:
    """Ours: the console drives the simulator as /_sim does; it says so with a page."""
    guarded = calls(app, "console")
    assert len(guarded) > 12
    token = fields_of(world.get("/console/participants").text)["csrf_token"]
    for endpoint, method, path in guarded:
        answer = world.request(method, path, headers={"Origin": "https://evil.example"}, allow_redirects=False,
                               data=None if method == "GET" else {"csrf_token": token})
        assert answer.status_code == 403, endpoint
        assert "may not drive the simulator" in answer.text


def test_every_page_of_the_console_needs_the_control_token(app: Flask) -> None:
    """Wire format, assumed: the console is open on loopback; with --control-token it is checked."""
    with running(control_token="control-secret") as server:
        world = WorldClient(server.url, "default")
        token = fields_of(world.get("/console/enter").text)["csrf_token"]
        for endpoint, method, path in calls(app, "console"):
            if endpoint in ("console.enter_page", "console.enter"):
                continue
            answer = world.request(method, path, allow_redirects=False,
                                   data=None if method == "GET" else {"csrf_token": token})
            assert answer.status_code == 302, endpoint
            assert answer.headers["Location"].partition("?")[0] == "/console/enter", endpoint
        world.close()


def test_every_participant_call_needs_a_token(world: WorldClient) -> None:
    """Wire format, assumed: Authorization: Bearer on every call; the routes are those of the contract in force."""
    contract = world.get("/_sim/contracts/participant").json()
    routes = [(path, method) for path, item in contract["paths"].items() for method in item]
    assert routes
    for path, method in routes:
        refusal(world.request(method.upper(), path), 401)


def test_every_page_carries_the_protective_headers(app: Flask, world: WorldClient) -> None:
    """A strict Content-Security-Policy without inline script, on pages and errors alike."""
    sign_in(world)
    for endpoint, method, path in (*calls(app, "portal"), *calls(app, "console")):
        answer = world.request(method, path, allow_redirects=False)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        # The HTML of a mail has styles of its own, and is locked up for it.
        is_mail = endpoint == "console.mail_html"
        assert policy.startswith("sandbox ") if is_mail else "unsafe" not in policy, endpoint
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
