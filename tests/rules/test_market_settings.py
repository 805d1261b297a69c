"""Every number of the market month is a setting: of the environment, of a file, of the program that starts it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from simulator.market.policy import DEFAULT_POLICY
from simulator.settings import Settings, SettingsUnusable, read_settings


def test_without_settings_the_default_policy_is_in_force() -> None:
    """Domain, §1: assumed numbers are settings."""
    assert Settings().market == DEFAULT_POLICY == read_settings({}, {}).market


def test_numbers_from_the_environment() -> None:
    """README: lists and numbers by programme are written with commas."""
    policy = read_settings({}, {
        "FLEXSIM_MARKET_GREEN_FROM_PERCENT": "92.5", "FLEXSIM_MARKET_AUCTION_PROGRAMMES": "SU, OU",
        "FLEXSIM_MARKET_UTILISATION_PRICES": "SU=310.50", "FLEXSIM_MARKET_FINALISING_HOUR": "9"}).market
    assert (policy.green_from_percent, policy.auction_programmes, policy.finalising_hour) == (
        Decimal("92.5"), ("SU", "OU"), 9)
    assert (policy.utilisation_prices["SU"], policy.utilisation_prices["OU"]) == (Decimal("310.50"), Decimal(360))


def test_numbers_from_a_file(tmp_path: Path) -> None:
    """README: in a table of their own, or each by its whole name; variables come before the file."""
    file = tmp_path / "settings.toml"
    file.write_text('market_amber_from_percent = 60\n[market]\ngreen_from_percent = 91\nnotice_minutes = {OU = 5}\n')
    policy = read_settings({}, {"FLEXSIM_MARKET_GREEN_FROM_PERCENT": "90"}, file).market
    assert (policy.amber_from_percent, policy.green_from_percent, policy.notice_minutes["OU"]) == (60, 90, 5)


@pytest.mark.parametrize(("variable", "value", "words"), [
    ("FLEXSIM_MARKET_GREEN_FROM_PERCENT", "150", "market_green_from_percent: Give a number from 0 to 100."),
    ("FLEXSIM_MARKET_REDNESS", "1", "market_redness: There is no such number."),
    ("FLEXSIM_MARKET", "1", "give each number by its own name, such as market_green_from_percent"),
    ("FLEXSIM_MARKET_FINALISING_DAY", "3", "Give a whole number from 8 to 28."),
])
def test_what_cannot_be_is_said(variable: str, value: str, words: str) -> None:
    """Ours: where, what, and how to mend it. A dispatch lasts up to a week, so no month is final before the 8th."""
    with pytest.raises(SettingsUnusable) as refusal:
        read_settings({}, {variable: value})
    assert len(refusal.value.problems) == 1
    assert words in refusal.value.problems[0]
