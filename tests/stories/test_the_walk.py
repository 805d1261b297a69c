"""What a new user does first: sign in, take the token, post a reading by the example, see it; then upload CSV files."""

from __future__ import annotations

import re
import subprocess

import pytest
from playwright.sync_api import Browser, expect

from tests.servers import WorldClient, clean_environment
from tests.stories.browsing import SECRET, Visitor, code_of, needed, visiting

POWER = "meterable_unit_id,timestamp,power_kw\nMU-1002,2026-11-02T17:00:00Z,-77.5\nMU-1002,2026-11-02T16:30:00Z,-76\n"
ENERGY = "meterable_unit_id,timestamp,energy_kwh\nMU-1003,2026-11-02T17:00:00Z,123.25\n"


def run_in_a_shell(command: str) -> str:
    """Run what was copied, exactly as it stands, as a user would in a terminal."""
    needed("curl", package="curl")
    done = subprocess.run([needed("bash", package="bash"), "-c", command], capture_output=True, text=True, timeout=60,
                          env=clean_environment({"no_proxy": "*"}), check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def clipboard(visitor: Visitor) -> str:
    """What Ctrl+V would paste."""
    return visitor.page.evaluate("navigator.clipboard.readText()")


def test_the_walk_of_a_new_user(browser: Browser, world: WorldClient) -> None:
    with visiting(browser, permissions=["clipboard-read", "clipboard-write"]) as visitor:
        page = visitor.page
        page.goto(world.url)
        visitor.sees_heading("Flexible Power Portal")
        visitor.give_password()
        visitor.sees_heading("Two-factor authentication")
        visitor.give_code(code_of(SECRET))

        visitor.open_menu("API Testing", "My API Access Tokens")
        visitor.button("Copy the token to the clipboard").click()
        visitor.sees("Copied to the clipboard.")
        token = clipboard(visitor)
        assert token == page.get_by_label("API access token").input_value()

        visitor.open_menu("API Testing", "Readings")
        visitor.button("Copy the example").click()
        visitor.sees("Copied to the clipboard.")
        example = clipboard(visitor)
        assert token in example
        assert '"accepted":1' in run_in_a_shell(example)

        visitor.button("Refresh readings").click()
        timestamp = re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z", example)
        assert timestamp is not None
        posted = [row for row in visitor.reading_rows() if row[0] == timestamp[0]]
        assert [row[1:3] for row in posted] == [["12.5", "0.208333"]]

        visitor.upload(world.url, POWER)
        visitor.sees("2 readings stored.")
        page.goto(world.url + "/api-testing/readings?unit=MU-1002")
        assert visitor.reading_rows()[:2] == [
            ["2026-11-02T17:00:00Z", "−77.5", "−38.75", "Mon 02 Nov 16:30 – 17:00 GMT"],
            ["2026-11-02T16:30:00Z", "−76", "−38", "Mon 02 Nov 16:00 – 16:30 GMT"]]

        visitor.upload(world.url, ENERGY, "Energy in kWh")
        visitor.sees("1 reading stored.")
        page.goto(world.url + "/api-testing/readings")
        page.get_by_role("navigation", name="Meterable Units").get_by_role("link", name="MU-1003").click()
        assert visitor.reading_rows()[0][1:3] == ["246.5", "123.25"]


def test_the_walk_without_javascript(browser: Browser, world: WorldClient) -> None:
    with visiting(browser, java_script_enabled=False) as visitor:
        page = visitor.page
        visitor.sign_in(world.url)
        visitor.open_menu("API Testing", "My API Access Tokens")
        expect(page.get_by_label("API access token")).to_have_value("demo-token-brindle")
        expect(page.locator("[data-copy]")).to_be_hidden()

        visitor.open_menu("API Testing", "Readings")
        assert '"accepted":1' in run_in_a_shell(page.locator("#example").inner_text())
        visitor.button("Refresh readings").click()
        assert visitor.reading_rows()[0][1] == "12.5"

        visitor.upload(world.url, POWER)
        visitor.sees("2 readings stored.")
        page.get_by_role("link", name="Back to Readings").click()
        visitor.sees("2 readings stored")

        visitor.button("Sign out").click()
        visitor.sees("You are signed out.")


@pytest.mark.parametrize("unit", ["MU-1001", "MU-1002", "MU-1003"])
def test_the_example_of_each_unit_works_as_it_stands(signed_in: Visitor, world: WorldClient, unit: str) -> None:
    signed_in.page.goto(f"{world.url}/api-testing/readings?unit={unit}")
    example = signed_in.page.locator("#example").inner_text()
    assert unit in example
    assert '"accepted":1' in run_in_a_shell(example)


@pytest.mark.proves("rule/tokens.one", "page/My API Access Tokens")
def test_a_new_token_revokes_the_old_one_at_once(signed_in: Visitor, world: WorldClient) -> None:
    reading = {"meterableUnitId": "MU-1001", "timestamp": "2026-11-02T16:00:00Z", "powerKw": 1}
    assert world.send(reading, token="demo-token-brindle").status_code == 200
    signed_in.open_menu("API Testing", "My API Access Tokens")
    signed_in.sees("A new token revokes the old one immediately")
    signed_in.button("Create a new token").click()
    signed_in.sees("A new token is in force.")
    token = signed_in.page.get_by_label("API access token").input_value()
    assert token != "demo-token-brindle"
    refused = world.send(reading, token="demo-token-brindle")
    assert refused.status_code == 401 and refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert world.send(reading, token=token).status_code == 200

    signed_in.open_menu("API Testing", "Readings")
    example = signed_in.page.locator("#example").inner_text()
    assert token in example and "demo-token-brindle" not in example
