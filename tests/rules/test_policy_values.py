"""The policy is a setting: it is taken from plain values, with everything that is wrong said at once."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from simulator.market.errors import Refused
from simulator.market.policy import DEFAULT_POLICY
from simulator.market.policy_values import policy_from, policy_values


def refused(values: dict[str, Any]) -> list[str | None]:
    with pytest.raises(Refused) as refusal:
        policy_from(values)
    assert all(breach.message.endswith(".") for breach in refusal.value.breaches)
    return [breach.field for breach in refusal.value.breaches]


def test_a_policy_can_be_written_down_and_taken_back() -> None:
    """Ours: as JSON, so that a fixture can carry it."""
    assert policy_from(json.loads(json.dumps(policy_values(DEFAULT_POLICY)))) == DEFAULT_POLICY


def test_what_is_not_named_stays() -> None:
    """Ours: a fixture names what it changes."""
    policy = policy_from({"green_from_percent": 90.5, "notice_minutes": {"OU": 30}, "auction_programmes": ["OU"],
                          "utilisation_prices": {"OU": "812.35"}, "awarded_price": "pay_as_bid"})
    assert (policy.green_from_percent, policy.amber_from_percent) == (Decimal("90.5"), 63)
    assert (policy.notice_minutes["OU"], policy.notice_minutes["SAOU"]) == (30, 1_440)
    assert (policy.auction_programmes, policy.awarded_price) == (("OU",), "pay_as_bid")
    assert (policy.utilisation_prices["OU"], policy.utilisation_prices["SU"]) == (Decimal("812.35"), 300)


def test_everything_may_be_a_text() -> None:
    """Ours: variables of the environment are."""
    policy = policy_from({"green_from_percent": "90.5", "finalising_day": "16", "auction_programmes": "SU, OU",
                          "notice_minutes": "OU=30, SAOU=60", "utilisation_prices": "OU=812.35",
                          "always_accepted_programmes": ""})
    assert (policy.green_from_percent, policy.finalising_day) == (Decimal("90.5"), 16)
    assert (policy.auction_programmes, policy.always_accepted_programmes) == (("SU", "OU"), ())
    assert (policy.notice_minutes["OU"], policy.notice_minutes["SAOU"]) == (30, 60)
    assert policy.utilisation_prices["OU"] == Decimal("812.35")


@pytest.mark.parametrize("values", [
    {"green_from_percent": 101}, {"green_from_percent": -1}, {"green_from_percent": "many"},
    {"green_from_percent": True}, {"green_from_percent": None}, {"green_from_percent": "NaN"}, {"finalising_day": 29},
    {"finalising_day": 15.5}, {"finalising_hour": 24}, {"awarded_price": "pay"}, {"auction_programmes": "SU SAOU"},
    {"auction_programmes": 3}, {"notice_minutes": "OU"}, {"notice_minutes": "OU=x"}, {"notice_minutes": "15"},
    {"auction_programmes": ["SUU"]}, {"notice_minutes": 15}, {"notice_minutes": {"OU": -1}},
    {"utilisation_prices": {"XX": 3}}, {"amber_from_percent": 96}, {"no_payment_up_to_percent": 95.01},
    {"draft_day": 16}, {"lock_days_before_week": 3}])
def test_what_cannot_be_a_policy(values: dict[str, Any]) -> None:
    """Ours: each number has a range, and some an order."""
    found = refused(values)
    assert len(found) == 1
    assert set(found) <= {*values, "decision_days_before_week"}


def test_everything_wrong_is_said_at_once() -> None:
    """Ours: with the name of each number."""
    assert refused({"green": 90, "amber_from_percent": "x", "decision_hour": 25}) == [
        "green", "amber_from_percent", "decision_hour"]
