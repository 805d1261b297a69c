"""Judging a rule by which weeks are decided, before anything is decided by it."""

from __future__ import annotations

from simulator.market.acceptance import AcceptanceRule
from simulator.market.acceptance_rules import breaches_of_rule
from simulator.market.errors import Refused
from simulator.store import organisations
from simulator.store.work import View


def sound_rule(view: View, rule: AcceptanceRule) -> AcceptanceRule:
    """The rule, if it can decide a week of this world. Raises Refused with everything that is wrong."""
    breaches = list(breaches_of_rule(rule, {zone.code for zone in organisations.zones(view)}))
    if breaches:
        raise Refused(breaches)
    return rule
