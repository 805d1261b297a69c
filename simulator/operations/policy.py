"""The numbers of the market month that this server was set up with."""

from __future__ import annotations

from simulator.market.policy import MarketPolicy
from simulator.settings import Settings


def policy_of(settings: Settings) -> MarketPolicy:
    """The policy in force in every world of a server; each number with its label and source."""
    return settings.market
