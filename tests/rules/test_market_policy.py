"""Every number of the market month is in one object, with a sentence, a label and a source."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from simulator.market.dispatches import PROGRAMMES
from simulator.market.policy import DEFAULT_POLICY, MARKET_RULES, MarketPolicy, PolicyNumber, numbers_of
from simulator.market.programmes import programme_of, programmes_of
from simulator.market.provenance import Rule

LABELS = {"documented", "public", "inferred", "assumed"}


@pytest.mark.parametrize("number", numbers_of(DEFAULT_POLICY), ids=lambda number: number.name)
def test_every_number_is_explained_and_labelled(number: PolicyNumber) -> None:
    """Ours: nothing below documented may pass for the real platform's behaviour."""
    assert number.label in LABELS
    assert number.help.endswith(".")
    assert len(number.source) > 10


@pytest.mark.parametrize("rule", MARKET_RULES, ids=lambda rule: rule.name)
def test_every_rule_is_explained_and_labelled(rule: Rule) -> None:
    """Ours: rules that are no number stand in the same ledger."""
    assert rule.label in LABELS
    assert rule.words.endswith(".")
    assert rule.source


def test_every_field_is_a_number_of_the_policy() -> None:
    """Ours: none is forgotten where numbers are shown."""
    assert [number.name for number in numbers_of(DEFAULT_POLICY)] == [
        found.name for found in dataclasses.fields(MarketPolicy)]
    assert DEFAULT_POLICY.source_of("finalising_day").startswith("Portal guide")


def test_the_fifteenth_is_documented_and_the_thresholds_are_assumed() -> None:
    """Portal guide §3.3 and §3.4 (documented); thresholds: assumed."""
    assert (DEFAULT_POLICY.finalising_day, DEFAULT_POLICY.label_of("finalising_day")) == (15, "documented")
    assert (DEFAULT_POLICY.green_from_percent, DEFAULT_POLICY.amber_from_percent) == (95, 63)
    assert DEFAULT_POLICY.label_of("green_from_percent") == DEFAULT_POLICY.label_of("payment_slope") == "assumed"


@pytest.mark.proves("programme/SU", "programme/SAOU", "programme/OU", "programme/Secure", "programme/Dynamic",
                    "programme/Restore")
def test_todays_programmes_and_the_legacy_ones() -> None:
    """Domain: public. Auction programmes SU and SAOU: assumed."""
    assert [found.code for found in programmes_of(DEFAULT_POLICY)] == list(PROGRAMMES)
    found = programmes_of(DEFAULT_POLICY)
    assert {programme.code for programme in found if programme.is_auction} == {"SU", "SAOU"}
    assert {programme.code for programme in found if programme.is_legacy} == {"Secure", "Dynamic", "Restore"}


@pytest.mark.proves("policy/always_accepted_programmes", "programme/Restore")
def test_restore_is_always_accepted() -> None:
    """Domain: public, the brand's older pages."""
    assert [found.code for found in programmes_of(DEFAULT_POLICY) if found.is_always_accepted] == ["Restore"]


@pytest.mark.proves("policy/scheduled_programmes")
def test_scheduled_programmes_are_dispatched_from_their_acceptances() -> None:
    """Inferred: Scheduled Utilisation by its name, Secure from its notice of a week."""
    assert {found.code for found in programmes_of(DEFAULT_POLICY) if found.is_scheduled} == {"SU", "Secure"}


@pytest.mark.proves("policy/notice_minutes")
@pytest.mark.parametrize(("code", "minutes"), [("OU", 15), ("SAOU", 1_440), ("Dynamic", 15), ("Restore", 15)])
def test_notice_of_a_programme(code: str, minutes: int) -> None:
    """Domain: public; 15 minutes, SAOU day ahead."""
    assert programme_of(code, DEFAULT_POLICY).notice.total_seconds() == minutes * 60


@pytest.mark.proves("policy/availability_programmes")
def test_a_programme_follows_the_policy() -> None:
    """Ours: which programmes are auctions is a setting."""
    policy = MarketPolicy(auction_programmes=("OU",), notice_minutes={"OU": 5})
    assert programme_of("OU", policy).is_auction
    assert not programme_of("SU", policy).is_auction
    assert programme_of("OU", policy).notice.total_seconds() == 300


def test_a_programme_says_what_it_implies() -> None:
    """Ours: one sentence for people."""
    assert programme_of("SU", DEFAULT_POLICY).words == (
        "Scheduled Utilisation: its acceptances become dispatches, bids compete by price.")
    assert programme_of("Restore", DEFAULT_POLICY).words == (
        "Restore (legacy): the control room dispatches it, every declaration is accepted.")


@pytest.mark.proves("policy/utilisation_prices", "policy/availability_prices")
def test_every_programme_has_a_price_within_the_published_range() -> None:
    """Domain: public range of results, £7.02 to £1,812 a MWh and up to about £22 a MW and hour; the prices are ours."""
    assert set(DEFAULT_POLICY.utilisation_prices) == set(PROGRAMMES)
    assert all(Decimal("7.02") <= pounds <= 1_812 for pounds in DEFAULT_POLICY.utilisation_prices.values())
    assert set(DEFAULT_POLICY.availability_prices) == set(DEFAULT_POLICY.availability_programmes)
    assert all(0 < pounds <= 22 for pounds in DEFAULT_POLICY.availability_prices.values())
