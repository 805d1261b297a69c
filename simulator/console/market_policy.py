"""The Market policy page: every number and rule of the market month, how sure it is, and how to set it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from simulator.market.policy import MARKET_RULES, numbers_of
from simulator.web import current_world


def add_routes(blueprint: Blueprint) -> None:
    """Look at the policy."""
    blueprint.add_url_rule("/market-policy", "market_policy_page", market_policy_page)


def market_policy_page() -> Any:
    """The numbers in force with their labels and sources, and the rules that are no numbers."""
    numbers = [(number, f"FLEXSIM_MARKET_{number.name.upper()}")
               for number in numbers_of(current_world.settings.market)]
    return render_template("console/market_policy.html", numbers=numbers, rules=MARKET_RULES)
