"""What keeps strangers out: locks, forms that cannot be forged, cookies of one world, and no way to be led astray."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import quote, urljoin, urlsplit

import pytest
import requests

from simulator import Simulator
from tests.pages import Page, PageClient
from tests.servers import NOW, WorldClient, fresh_world, side_by_side
from tests.stories.browsing import EMAIL, PASSWORD, code_of
from tests.stories.conftest import FIRST_SIGN_IN

SETTLED = "desk@settled.example"
SETTLED_PASSWORD = "Settled-story-2026"
SETTLED_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
WRONG = "That email address and password do not belong together."


def try_password(client: PageClient, email: str, password: str) -> str:
    """What the log-in page says to a password that is not accepted."""
    page = client.submit(client.get("/sign-in"), "Log in", {"email": email, "password": password}, status=422)
    assert password not in page.html, "a password is never shown again"
    (message,) = page.field_errors
    return message


def give_password(client: PageClient) -> Page:
    return client.submit(client.get("/sign-in"), "Log in", {"email": SETTLED, "password": SETTLED_PASSWORD},
                         to="/sign-in/code")


def code_at(world: WorldClient, seconds: int = 0) -> str:
    return code_of(SETTLED_SECRET, datetime.fromisoformat(world.now()) + timedelta(seconds=seconds))


def wrong_code(world: WorldClient) -> str:
    """Six digits that are no code of this hour."""
    right = {code_at(world, 30 * step) for step in range(-60, 60)}
    return next(code for code in map("{:06}".format, range(1000)) if code not in right)


@pytest.mark.proves("setting/sign_in_attempts", "setting/sign_in_lock_minutes")
@pytest.mark.parametrize("email", [SETTLED, SETTLED.upper(), "nobody@nowhere.example"])
def test_five_wrong_passwords_lock_an_address_known_or_not(frozen_world: WorldClient, email: str) -> None:
    client = PageClient(frozen_world.url)
    for _ in range(5):
        assert try_password(client, email, "wrong-wrong-2026").startswith(WRONG)
    locked = "Too many attempts. Try again in 15 minutes."
    assert try_password(client, email, "wrong-wrong-2026") == locked
    # Not even the right password helps, nor another browser.
    assert try_password(PageClient(frozen_world.url), email, SETTLED_PASSWORD) == locked
    frozen_world.advance("PT14M")
    assert try_password(client, email, SETTLED_PASSWORD) == "Too many attempts. Try again in 1 minute."
    frozen_world.advance("PT1M1S")
    if email.lower() == SETTLED:
        client.sign_in(email, SETTLED_PASSWORD, code_at(frozen_world))
    else:
        assert try_password(client, email, SETTLED_PASSWORD).startswith(WRONG)


def test_a_right_password_and_code_forget_the_wrong_ones(frozen_world: WorldClient) -> None:
    client = PageClient(frozen_world.url)
    for attempt in range(3):
        for _ in range(3):
            assert try_password(client, SETTLED, "wrong-wrong-2026").startswith(WRONG)
        page = client.sign_in(SETTLED, SETTLED_PASSWORD, code_at(frozen_world))
        client.submit(page, "Sign out", to="/sign-in")
        frozen_world.advance("PT30S")
        assert attempt < 3


def test_wrong_codes_lock_and_typing_the_password_again_does_not_help(frozen_world: WorldClient) -> None:
    client = PageClient(frozen_world.url)
    wrong = wrong_code(frozen_world)
    for _ in range(2):
        page = give_password(client)
        for _ in range(2):
            page = client.submit(page, "Verify", {"code": wrong}, status=422)
            assert page.field_errors[0].startswith("That code is not right.")
    page = give_password(client)
    client.submit(page, "Verify", {"code": wrong}, status=422)
    page = client.submit(page, "Verify", {"code": code_at(frozen_world)}, status=422)
    assert page.field_errors == ["Too many attempts. Try again in 15 minutes."]
    assert try_password(client, SETTLED, SETTLED_PASSWORD).startswith("Too many attempts.")
    frozen_world.advance("PT16M")
    client.sign_in(SETTLED, SETTLED_PASSWORD, code_at(frozen_world))


def test_one_code_used_twice_at_the_same_moment_works_once(frozen_world: WorldClient) -> None:
    clients = [PageClient(frozen_world.url) for _ in range(4)]
    pages = [give_password(client) for client in clients]
    code = code_at(frozen_world)

    def send(client: PageClient, page: Page) -> int:
        form = page.form("Verify")
        data = {"csrf_token": form.find("input", name="csrf_token")["value"], "code": code}
        return client.raw("POST", "/sign-in/code", data=data).status_code

    answers = side_by_side([lambda client=client, page=page: send(client, page)
                            for client, page in zip(clients, pages, strict=True)])
    assert sorted(answers) == [302, 422, 422, 422]


def test_answers_tell_a_stranger_nothing_about_accounts(frozen_world: WorldClient) -> None:
    known = try_password(PageClient(frozen_world.url), SETTLED, "wrong-wrong-2026")
    unknown = try_password(PageClient(frozen_world.url), "nobody@nowhere.example", "wrong-wrong-2026")
    assert known == unknown


FORMS = ["/sign-in", "/sign-in/code", "/authenticator", "/sign-out", "/api-testing/tokens",
         "/api-testing/readings/uploads", "/password/forgotten", "/password/new", "/email-preferences/monthly_invoices",
         "/email-preferences/weekly_accepted_declarations", "/email-preferences/daily_schedules"]


@pytest.mark.parametrize("path", FORMS)
def test_a_form_from_elsewhere_changes_nothing(client: PageClient, world: WorldClient, path: str) -> None:
    foreign = PageClient(world.url).get("/sign-in").tree.find("input", name="csrf_token")["value"]
    for token in (None, "", "x", foreign):
        answer = client.raw("POST", path, data={} if token is None else {"csrf_token": token},
                            headers={"Origin": "http://evil.example"})
        assert answer.status_code == 400 and "This page is out of date" in answer.text
    assert "demo-token-brindle" in client.get("/api-testing/tokens").html


def test_every_form_there_is_was_tried() -> None:
    with_forms = set()
    with Simulator() as simulator, fresh_world(simulator.url) as world:
        client = PageClient(world.url)
        client.sign_in(EMAIL, PASSWORD, world.code())
        for path in ("/sign-in", "/sign-in/code", "/authenticator", "/meterable-units", "/api-testing/readings",
                     "/api-testing/tokens", "/email-preferences", "/password/forgotten"):
            answer = client.raw("GET", path)
            with_forms |= set(re.findall(r'method="post" action="/w/[^/]+([^"]+)"', answer.text))
    assert with_forms <= set(FORMS)


def test_the_cookie_is_for_this_world_and_out_of_reach_of_scripts(server: Simulator) -> None:
    with fresh_world(server.url, name="cookie-a") as world, fresh_world(server.url, name="cookie-b") as other:
        client = PageClient(world.url)
        client.sign_in(EMAIL, PASSWORD, world.code())
        (cookie,) = list(client.session.cookies)
        assert (cookie.name, cookie.path, cookie.domain) == ("flexsim-cookie-a", "/w/cookie-a/", "127.0.0.1")
        written = client.raw("GET", "/sign-in").headers.get("Set-Cookie") or requests.get(
            f"{world.url}/sign-in", timeout=30).headers["Set-Cookie"]
        assert "HttpOnly" in written and "SameSite=Lax" in written and "Path=/w/cookie-a/" in written

        # The browser would not send it elsewhere; sent by hand, under either name, it is no good.
        for name in ("flexsim-cookie-a", "flexsim-cookie-b"):
            answer = requests.get(f"{other.url}/meterable-units", cookies={name: cookie.value},
                                  allow_redirects=False, timeout=30)
            assert answer.status_code == 302 and "/sign-in" in answer.headers["Location"]
        for name in ("flexsim-cookie-a", "flexsim-default"):
            answer = requests.get(f"{server.url}/meterable-units", cookies={name: cookie.value},
                                  allow_redirects=False, timeout=30)
            assert answer.status_code == 302 and "/sign-in" in answer.headers["Location"]


@pytest.mark.parametrize("wanted", [
    "http://evil.example", "https://evil.example/x", "//evil.example", "///evil.example", "/\\evil.example",
    "\\\\evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example",
    "javascript:alert(1)", "data:text/html,x", "evil.example", "@evil.example", ".evil.example", ":80@evil.example",
    "/%0d%0aSet-Cookie:x=y", "/\r\nSet-Cookie: x=y", "http:evil.example", "http:///evil.example",
    "/\u2028/evil.example", "/w/other/../..//evil.example", "/..//evil.example", "",
])
def test_no_address_leads_away_after_signing_in(market_server: Simulator, wanted: str) -> None:
    # The world `default`, whose addresses have no prefix that would hide a mistake. A code works once.
    world = WorldClient(market_server.url, "default")
    world.advance("PT60S")
    client = PageClient(world.url)
    page = client.get(f"/sign-in?next={quote(wanted, safe='')}")
    page = client.submit(page, "Log in", {"email": SETTLED, "password": SETTLED_PASSWORD}, to="/sign-in/code")
    form = page.form("Verify")
    answer = client.raw("POST", "/sign-in/code", data={
        "csrf_token": form.find("input", name="csrf_token")["value"], "code": code_at(world)})
    assert answer.status_code == 302
    location = answer.headers["Location"]
    # Browsers take a backslash for a slash, and drop tabs and line ends.
    assert re.fullmatch(r"/(?![/\\])[!-~]*", location), location
    assert urlsplit(urljoin(answer.url, location)).hostname == "127.0.0.1"
    assert [cookie.name for cookie in client.session.cookies] == ["flexsim-default"]


@pytest.mark.proves("page/Log in")
@pytest.mark.parametrize("path", ["/api-testing/tokens", "/api-testing/readings?unit=MU-4001"])
def test_who_wanted_a_page_gets_there_after_signing_in(frozen_world: WorldClient, path: str) -> None:
    client = PageClient(frozen_world.url)
    page = client.get_redirected(path, to="/sign-in")
    page = client.submit(page, "Log in", {"email": SETTLED, "password": SETTLED_PASSWORD}, to="/sign-in/code")
    page = client.submit(page, "Verify", {"code": code_at(frozen_world)}, to=path)
    assert page.url == frozen_world.url + path


def test_signing_out_ends_the_session_on_the_server(client: PageClient, world: WorldClient) -> None:
    (cookie,) = list(client.session.cookies)
    stolen = {cookie.name: cookie.value}
    assert requests.get(f"{world.url}/api-testing/tokens", cookies=stolen, timeout=30).url.endswith("/tokens")
    page = client.submit(client.get("/meterable-units"), "Sign out", to="/sign-in")
    assert page.alerts == ["You are signed out."]
    answer = requests.get(f"{world.url}/api-testing/tokens", cookies=stolen, allow_redirects=False, timeout=30)
    assert answer.status_code == 302 and "/sign-in" in answer.headers["Location"]


@pytest.mark.proves("setting/session_hours")
def test_a_session_ends_by_itself(frozen_world: WorldClient) -> None:
    client = PageClient(frozen_world.url)
    client.sign_in(SETTLED, SETTLED_PASSWORD, code_at(frozen_world))
    frozen_world.advance("PT11H59M")
    client.get("/meterable-units")
    frozen_world.advance("PT2M")
    client.get_redirected("/meterable-units", to="/sign-in")


def test_the_password_alone_opens_nothing(frozen_world: WorldClient) -> None:
    client = PageClient(frozen_world.url)
    give_password(client)
    for path in ("/meterable-units", "/api-testing/readings", "/api-testing/tokens"):
        client.get_redirected(path, to="/sign-in")
    newcomer = PageClient(frozen_world.url)
    newcomer.submit(newcomer.get("/sign-in"), "Log in", {
        "email": "hello@newcomer.example", "password": "Newcomer-story-2026"}, to="/authenticator")
    newcomer.get_redirected("/api-testing/tokens", to="/sign-in")


def test_an_invited_user_without_password_cannot_sign_in(world: WorldClient) -> None:
    for password in ("", "None", "x"):
        client = PageClient(world.url)
        page = client.submit(client.get("/sign-in"), "Log in", {
            "email": "desk@tamar-flex.example", "password": password}, status=422)
        assert page.field_errors


def test_another_organisations_data_is_out_of_reach(market_server: Simulator) -> None:
    with fresh_world(market_server.url, str(FIRST_SIGN_IN)) as world:
        world.freeze(NOW)
        reading = {"meterableUnitId": "MU-3001", "timestamp": "2026-11-02T16:30:00Z", "powerKw": 42.4242}
        assert world.send(reading, token="story-token-newcomer").status_code == 200
        client = PageClient(world.url)
        client.sign_in(SETTLED, SETTLED_PASSWORD, code_at(world))
        client.get("/api-testing/readings?unit=MU-3001", status=404)
        for path in ("/meterable-units", "/api-testing/readings", "/api-testing/tokens"):
            html = client.get(path).html
            for secret in ("MU-3001", "42.4242", "story-token-newcomer", "newcomer.example", "Newcomer"):
                assert secret not in html, f"{secret} on {path}"


def test_downloads_and_refusals_are_not_kept_by_browsers(client: PageClient, world: WorldClient) -> None:
    assert client.get("/nothing-here", status=404).heading == "Not Found"
    assert client.raw("POST", "/meterable-units").headers["Cache-Control"] == "no-store"
    assert client.raw("GET", "/sign-out").status_code == 405
