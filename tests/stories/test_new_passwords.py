"""New passwords: the rules and their messages, and what becomes of sessions and half-done sign-ins."""

from __future__ import annotations

from datetime import datetime

import pytest
import requests

from tests.pages import PageClient
from tests.servers import WorldClient, fresh_world, running
from tests.stories.browsing import code_of
from tests.stories.links import GOOD, TAMAR, ask_for_link, log_in, newest_link, open_link, set_password, twice

SETTLED, SETTLED_PASSWORD = "desk@settled.example", "Settled-story-2026"


@pytest.mark.proves("setting/password_characters", "setting/password_strength")
@pytest.mark.parametrize(("password", "message"), [
    ("", "Enter a new password."),
    ("Xq7-vT2_mw9", "Use at least 12 characters; this has 11."),
    ("marmot velvet 73 tugboat " * 5 + "1234", "Use at most 128 characters; this has 129."),
    ("x" * 60_000, "Use at most 128 characters; this has 60,000."),
    ("password1234", "This password is too easy to guess."),
    ("aaaaaaaaaaaaaaa", "This password is too easy to guess."),
    ("qwertyuiop[]", "This password is too easy to guess."),
    ("desk@tamar-flex.example", "This password is too easy to guess."),
    ("Tamar Flexibility CIC", "This password is too easy to guess."),
    ("tamarflexibility", "This password is too easy to guess."),
])
def test_a_password_that_breaks_a_rule_is_refused_and_says_which(world: WorldClient, password: str, message: str
                                                                 ) -> None:
    client = PageClient(world.url)
    page = client.submit(open_link(client, newest_link(world, TAMAR)), "Set password", twice(password))
    assert page.title.startswith("Error: ")
    assert page.field_errors[0].startswith(message)
    assert [field["value"] for field in page.content.find_all("input", type="password") if
            field.attributes.get("value")] == []
    assert world.journal("password.set") == []


@pytest.mark.proves("page/Create a password")
def test_all_mistakes_are_told_at_once(world: WorldClient) -> None:
    client = PageClient(world.url)
    page = open_link(client, newest_link(world, TAMAR))
    page = client.submit(page, "Set password", {"password": "short", "repeat": "shorter"})
    assert page.field_errors == ["Use at least 12 characters; this has 5.", "The two passwords are not the same."]
    page = client.submit(page, "Set password", {"password": "short", "repeat": ""})
    assert page.field_errors == ["Use at least 12 characters; this has 5.", "Enter the new password once more."]
    page = client.submit(page, "Set password")
    assert page.field_errors == ["Enter a new password.", "Enter the new password once more."]
    page = client.submit(page, "Set password", {"password": GOOD, "repeat": GOOD.upper()})
    assert page.field_errors == ["The two passwords are not the same."]
    client.submit(page, "Set password", twice(GOOD), to="/sign-in")


@pytest.mark.proves("setting/password_characters", "setting/password_strength")
def test_the_rules_are_settings(world: WorldClient) -> None:
    rules = open_link(PageClient(world.url), newest_link(world, TAMAR)).content.find(class_="rules").text
    assert "At least 12 characters, at most 128." in rules and "three or four unrelated words do well" in rules
    with running(password_characters=4, password_strength=0) as simulator, fresh_world(simulator.url) as other:
        client = PageClient(other.url)
        page = open_link(client, newest_link(other, TAMAR))
        assert page.content.find(class_="rules").text == (
            "At least 4 characters, at most 128. Any characters, spaces too.")
        page = client.submit(page, "Set password", twice("aaa"))
        assert page.field_errors == ["Use at least 4 characters; this has 3."]
        client.submit(page, "Set password", twice("aaaa"), to="/sign-in")


@pytest.mark.parametrize("password", [("marmot velvet 73 tugboat " * 6)[:128], "  marmot velvet 73 tugboat  ",
                                      "Ωμέγα-مرحبا-☀-9-жук", "marmot\"<b>'&velvet%00 73"])
def test_any_password_within_the_rules_can_be_used(world: WorldClient, password: str) -> None:
    set_password(world, newest_link(world, TAMAR), password)
    assert log_in(world, TAMAR, password) == "/authenticator"
    assert log_in(world, TAMAR, password[:-1]) == "422"


def test_letters_that_devices_write_in_two_ways_are_the_same(world: WorldClient) -> None:
    composed = "cr\u00e8me br\u00fbl\u00e9e \u00e0 la Zo\u00eb 77"
    decomposed = "cre\u0300me bru\u0302le\u0301e a\u0300 la Zoe\u0308 77"
    client = PageClient(world.url)
    page = open_link(client, newest_link(world, TAMAR))
    client.submit(page, "Set password", {"password": composed, "repeat": decomposed}, to="/sign-in")
    assert log_in(world, TAMAR, composed) == log_in(world, TAMAR, decomposed) == "/authenticator"
    # Lengths are counted alike as well: 128 letters and their accents.
    longest = ("marmot velvet 73 tugboat " * 5)[:124] + "éèüû"
    set_password(world, ask_for_link(world, TAMAR), longest)
    spelled = longest[:124] + "e\u0301e\u0300u\u0308u\u0302"
    assert log_in(world, TAMAR, spelled) == "/authenticator"


# Sessions


def settled(world: WorldClient) -> PageClient:
    """Another browser in which the user is signed in."""
    world.advance("PT30S")
    client = PageClient(world.url)
    client.sign_in(SETTLED, SETTLED_PASSWORD, settled_code(world))
    return client


def settled_code(world: WorldClient) -> str:
    return code_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", datetime.fromisoformat(world.now()))


def test_a_new_password_ends_every_session_and_half_done_sign_in(frozen_world: WorldClient) -> None:
    inside = [settled(frozen_world), settled(frozen_world)]
    half = PageClient(frozen_world.url)
    code_page = half.submit(half.get("/sign-in"), "Log in", {"email": SETTLED, "password": SETTLED_PASSWORD},
                            to="/sign-in/code")
    set_password(frozen_world, ask_for_link(frozen_world, SETTLED))
    for client in inside:
        client.get_redirected("/meterable-units", to="/sign-in")
    frozen_world.advance("PT30S")
    page = half.submit(code_page, "Verify", {"code": settled_code(frozen_world)}, to="/sign-in")
    assert page.alerts == ["Enter your email address and password first."]
    half.get_redirected("/meterable-units", to="/sign-in")
    half.sign_in(SETTLED, GOOD, settled_code(frozen_world))
    assert [entry["data"]["sessions_ended"] for entry in frozen_world.journal("password.set")] == [2]


def test_a_half_done_set_up_of_an_authenticator_ends_too(frozen_world: WorldClient) -> None:
    email, password = "hello@newcomer.example", "Newcomer-story-2026"
    half = PageClient(frozen_world.url)
    half.submit(half.get("/sign-in"), "Log in", {"email": email, "password": password}, to="/authenticator")
    set_password(frozen_world, ask_for_link(frozen_world, email))
    half.get_redirected("/authenticator", to="/sign-in")


def test_who_is_signed_in_stays_so_and_other_sessions_end(frozen_world: WorldClient) -> None:
    own, other = settled(frozen_world), settled(frozen_world)
    link = ask_for_link(frozen_world, SETTLED)
    page = own.submit(open_link(own, link), "Set password", twice(GOOD), to="/meterable-units")
    assert page.alerts == ["Your new password is set. All other sessions of your account have ended."]
    other.get_redirected("/meterable-units", to="/sign-in")
    own.get("/meterable-units")


def test_a_link_of_another_account_signs_the_browser_out(frozen_world: WorldClient) -> None:
    client = settled(frozen_world)
    stolen = {cookie.name: cookie.value for cookie in client.session.cookies}
    page = open_link(client, ask_for_link(frozen_world, "hello@newcomer.example"))
    assert "You are logged in as desk@settled.example, which is another account." in page.content.text
    page = client.submit(page, "Set password", twice(GOOD), to="/sign-in")
    assert page.alerts == ["Your password is set. Log in with it."]
    client.get_redirected("/meterable-units", to="/sign-in")
    answer = requests.get(f"{frozen_world.url}/meterable-units", cookies=stolen, allow_redirects=False, timeout=30)
    assert answer.status_code == 302
    assert log_in(frozen_world, SETTLED, SETTLED_PASSWORD) == "/sign-in/code", "its own password is as it was"


def test_a_page_of_one_link_never_sets_the_password_of_another(frozen_world: WorldClient) -> None:
    client = PageClient(frozen_world.url)
    first = open_link(client, ask_for_link(frozen_world, "hello@newcomer.example"))
    open_link(client, ask_for_link(frozen_world, SETTLED))
    page = client.submit(first, "Set password", twice(GOOD), to="/password/new")
    assert page.alerts[0].startswith("You opened another link in this browser meanwhile.")
    assert page.content.find("input", id="email")["value"] == SETTLED
    assert frozen_world.journal("password.set") == []
