"""Every kind of entry that the market writes into the journal."""

from __future__ import annotations

from simulator.market import facts, month_facts, registration_facts
from simulator.market.facts import Fact

VOCABULARIES = (facts, registration_facts, month_facts)


def all_facts() -> list[type[Fact]]:
    """Every fact there is, in the order of their definition."""
    return [value for module in VOCABULARIES for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Fact) and value.__module__ == module.__name__
            and value is not Fact]


def kinds() -> dict[str, str]:
    """Every journal kind of the market -> what it says."""
    return {fact.kind: (fact.__doc__ or "").strip() for fact in all_facts()}
