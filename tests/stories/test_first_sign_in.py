"""The first sign-in sets up an authenticator (portal guide §2.2); codes work once and for a short while (§2.3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.servers import WorldClient
from tests.stories.browsing import PHONE, Visitor, code_of, read_qr_code, visiting

NEWCOMER = ("hello@newcomer.example", "Newcomer-story-2026")


def secret_of_qr_code(visitor: Visitor, folder: Path) -> str:
    """Photograph the screen, let zbarimg read the QR code, and check what it says."""
    expect(visitor.page.get_by_role("img", name="QR code")).to_be_visible()
    picture = folder / "screen.png"
    visitor.page.screenshot(path=picture, full_page=True)
    told = urlsplit(read_qr_code(picture))
    assert (told.scheme, told.netloc) == ("otpauth", "totp")
    assert told.path.endswith(":hello%40newcomer.example")
    words = parse_qs(told.query)
    assert words["issuer"] == ["Flexible Power Portal (simulator)"]
    assert set(words) <= {"secret", "issuer"}, "SHA-1, six digits and 30 seconds are what apps assume"
    return words["secret"][0]


def market_now(world: WorldClient) -> datetime:
    return datetime.fromisoformat(world.now())


def begin(visitor: Visitor, world: WorldClient) -> None:
    visitor.page.goto(world.url + "/sign-in")
    visitor.give_password(*NEWCOMER)


@pytest.mark.proves("rule/accounts.second_factor", "rule/accounts.standard_codes", "page/Set up authentication")
def test_the_first_sign_in_sets_up_the_authenticator(visitor: Visitor, frozen_world: WorldClient, tmp_path: Path
                                                     ) -> None:
    begin(visitor, frozen_world)
    visitor.sees_heading("Set up two-factor authentication")
    secret = secret_of_qr_code(visitor, tmp_path)
    key = visitor.page.locator(".key").inner_text()
    assert key.replace(" ", "") == secret, "who has no camera types the same key"
    visitor.give_code(code_of(secret, market_now(frozen_world)))
    visitor.sees_heading("Meterable Units")
    visitor.sees("MU-3001")

    # Afterwards only the code is asked for, and the key is never shown again.
    visitor.button("Sign out").click()
    frozen_world.advance("PT30S")
    visitor.give_password(*NEWCOMER)
    visitor.sees_heading("Two-factor authentication")
    assert secret not in visitor.page.content()
    visitor.page.goto(frozen_world.url + "/authenticator")
    visitor.sees_heading("Two-factor authentication")
    visitor.give_code(code_of(secret, market_now(frozen_world)))
    visitor.sees_heading("Meterable Units")


def test_the_qr_code_can_be_read_on_a_phone_too(browser: Browser, frozen_world: WorldClient, tmp_path: Path) -> None:
    with visiting(browser, viewport=PHONE, device_scale_factor=2) as visitor:
        begin(visitor, frozen_world)
        visitor.give_code(code_of(secret_of_qr_code(visitor, tmp_path), market_now(frozen_world)))
        visitor.sees_heading("Meterable Units")


def test_wrong_expired_and_reused_codes_are_refused_in_plain_words(visitor: Visitor, frozen_world: WorldClient,
                                                                   tmp_path: Path) -> None:
    begin(visitor, frozen_world)
    secret = secret_of_qr_code(visitor, tmp_path)
    now = market_now(frozen_world)
    right = code_of(secret, now)

    visitor.give_code("000000" if right != "000000" else "000001")
    visitor.sees("That code is not right.")
    assert secret_of_qr_code(visitor, tmp_path) == secret, "a wrong code must not make the user scan again"
    visitor.give_code(code_of(secret, now - timedelta(seconds=90)))
    visitor.sees("That code has expired.")
    visitor.give_code("")
    visitor.sees("Enter the six-digit code.")
    visitor.give_code(f" {right[:3]} {right[3:]} ")
    visitor.sees_heading("Meterable Units")

    visitor.button("Sign out").click()
    visitor.give_password(*NEWCOMER)
    visitor.give_code(right)
    visitor.sees("That code was used already.")
    # A code of the previous 30 seconds that was not used is still within the drift, but older than the used one.
    visitor.give_code(code_of(secret, now - timedelta(seconds=30)))
    visitor.sees("That code was used already.")
    # The next one is taken a little early: clocks drift.
    visitor.give_code(code_of(secret, now + timedelta(seconds=30)))
    visitor.sees_heading("Meterable Units")


@pytest.mark.proves("setting/totp_drift_steps")
def test_a_code_two_steps_early_or_late_is_refused(visitor: Visitor, frozen_world: WorldClient, tmp_path: Path) -> None:
    begin(visitor, frozen_world)
    secret = secret_of_qr_code(visitor, tmp_path)
    for seconds in (-60, 60):
        visitor.give_code(code_of(secret, market_now(frozen_world) + timedelta(seconds=seconds)))
        expect(visitor.page.locator(".field-error")).to_be_visible()
        visitor.sees_heading("Set up two-factor authentication")


@pytest.mark.proves("rule/accounts.reset_authenticator")
def test_after_a_reset_the_session_is_over_and_set_up_starts_again(visitor: Visitor, frozen_world: WorldClient,
                                                                   tmp_path: Path) -> None:
    begin(visitor, frozen_world)
    old = secret_of_qr_code(visitor, tmp_path)
    visitor.give_code(code_of(old, market_now(frozen_world)))
    visitor.sees_heading("Meterable Units")

    # What Collar Support does.
    assert frozen_world.post("/_sim/participants/newcomer/reset-authenticator").status_code == 204
    visitor.page.reload()
    visitor.sees_heading("Flexible Power Portal")
    visitor.give_password(*NEWCOMER)
    visitor.sees_heading("Set up two-factor authentication")
    new = secret_of_qr_code(visitor, tmp_path)
    assert new != old
    visitor.give_code(code_of(old, market_now(frozen_world)))
    visitor.sees("That code is not right.")
    visitor.give_code(code_of(new, market_now(frozen_world)))
    visitor.sees_heading("Meterable Units")


@pytest.mark.proves("setting/pending_sign_in_minutes")
def test_a_password_typed_long_ago_must_be_typed_again(visitor: Visitor, frozen_world: WorldClient) -> None:
    begin(visitor, frozen_world)
    visitor.sees_heading("Set up two-factor authentication")
    frozen_world.advance("PT11M")
    visitor.give_code("123456")
    visitor.sees("Enter your email address and password first.")
