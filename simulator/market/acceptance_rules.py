"""What can be wrong with a rule by which a week is decided, before it decides anything. All of it is assumed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import time

from simulator.market.acceptance import AcceptanceRule, Requirement, RuleKind
from simulator.market.dispatches import PROGRAMMES
from simulator.market.errors import RuleBreach
from simulator.market.intervals import WEEKDAYS
from simulator.market.quantities import LARGEST_KW, LARGEST_MILLIWATTS

_LONGEST_CUT = 1_440
MOST_REQUIREMENTS = 200
"""More make no sense in one week, and would take long to decide by."""


def breaches_of_rule(rule: AcceptanceRule, zones: Collection[str]) -> Iterator[RuleBreach]:
    """Everything wrong with a rule; `zones` are the codes that there are. `index` counts the requirements."""
    if rule.kind is RuleKind.IN_PART:
        if not (rule.power_percent.is_finite() and 0 < rule.power_percent <= 100):
            yield RuleBreach(None, "power_percent", "range", "Give more than 0 and at most 100 per cent.")
        for field in ("starts_later_minutes", "ends_earlier_minutes"):
            if not 0 <= getattr(rule, field) <= _LONGEST_CUT:
                yield RuleBreach(None, field, "range", f"Give whole minutes, 0 to {_LONGEST_CUT:,}.")
    if rule.kind is not RuleKind.MERIT_ORDER:
        return
    if not rule.requirements:
        yield RuleBreach(None, "requirements", "required", "Merit order needs at least one requirement: a zone, a "
                         "window and how many kW are wanted in it.")
    if len(rule.requirements) > MOST_REQUIREMENTS:
        yield RuleBreach(None, "requirements", "too_many", f"Give at most {MOST_REQUIREMENTS} requirements.")
        return
    for index, requirement in enumerate(rule.requirements):
        yield from _requirement_breaches(index, requirement, zones)


def _requirement_breaches(index: int, wanted: Requirement, zones: Collection[str]) -> Iterator[RuleBreach]:
    if wanted.zone not in zones:
        yield RuleBreach(index, "zone", "unknown_zone", f"There is no zone {wanted.zone[:64]!r}; there are "
                         f"{', '.join(sorted(zones)) or 'none'}.")
    if wanted.programme is not None and wanted.programme not in PROGRAMMES:
        yield RuleBreach(index, "programme", "unknown_programme", f"There is no programme {wanted.programme[:40]!r}; "
                         f"there are {', '.join(PROGRAMMES)}.")
    if wanted.window.day_of_week not in WEEKDAYS:
        yield RuleBreach(index, "day_of_week", "day_of_week", "Write MONDAY, TUESDAY, … SUNDAY.")
    if wanted.window.end != time(0) and wanted.window.end <= wanted.window.start:
        yield RuleBreach(index, "end", "end_before_start", "The end must be later than the start; 24:00 is the "
                         "midnight after the day.")
    if not 0 < wanted.power_milliwatts <= LARGEST_MILLIWATTS:
        yield RuleBreach(index, "power_kw", "range", f"Require more than 0 and at most {LARGEST_KW:,} kW.")
