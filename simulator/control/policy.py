"""`/_sim/policy`: every number and rule of the market month, how far it can be trusted, and where it comes from."""

from __future__ import annotations

from flask import Blueprint, Response

from simulator.market.policy import MARKET_RULES, numbers_of
from simulator.market.policy_values import policy_values
from simulator.web import current_world, json_answer


def add_routes(blueprint: Blueprint) -> None:
    """Read the policy. Its numbers are settings of the server."""
    blueprint.add_url_rule("/policy", "read_policy", read_policy)


def read_policy() -> Response:
    """Numbers with the setting that changes each, and rules that are no numbers; all with label and source."""
    policy = current_world.settings.market
    values = policy_values(policy)
    return json_answer({
        "numbers": [{"name": found.name, "value": values[found.name], "help": found.help, "label": found.label,
                     "source": found.source, "setting": f"FLEXSIM_MARKET_{found.name.upper()}"}
                    for found in numbers_of(policy)],
        "rules": [{"name": found.name, "words": found.words, "label": found.label, "source": found.source}
                  for found in MARKET_RULES]})
