"""Settings, journal kinds and fixtures are explained where they are defined (style: docs as tests)."""

from __future__ import annotations

import dataclasses
import re

import pytest

from simulator.exchanges import KIND, MEANING
from simulator.market.facts import Fact
from simulator.market.journal_kinds import all_facts, kinds
from simulator.settings import Settings

SETTINGS = dataclasses.fields(Settings)
FACTS = all_facts()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_explained(setting: dataclasses.Field) -> None:
    """Style: every setting has a sentence, and a label where it stands in for a rule nobody can know."""
    assert re.fullmatch(r"[A-Z].{15,}\.", setting.metadata["help"])
    assert setting.metadata["label"] in (None, "documented", "public", "inferred", "assumed")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_unit_of_a_number_stands_in_its_name(setting: dataclasses.Field) -> None:
    """Ours: times are in the unit that the name ends with."""
    counts = {"port", "threads", "sign_in_attempts", "totp_drift_steps", "upload_error_limit", "journal_limit",
              "mailbox_limit", "password_strength"}
    if setting.type == "int":
        units = ("_minutes", "_hours", "_seconds", "_bytes", "_characters", "_hour")
        assert setting.name in counts or setting.name.endswith(units)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_every_fact_has_a_kind_and_a_meaning(fact: type[Fact]) -> None:
    """Design, 5: facts are the journal's vocabulary."""
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", fact.kind)
    assert re.fullmatch(r"[A-Z].{10,}\.", (fact.__doc__ or "").strip(), re.DOTALL)
    assert not (fact.__doc__ or "").startswith(fact.__name__)
    assert dataclasses.is_dataclass(fact)
    assert fact.__dataclass_params__.frozen


def test_kinds_are_unique() -> None:
    """Design, 5: a kind means one thing."""
    all_kinds = [fact.kind for fact in FACTS] + [KIND]
    assert len(set(all_kinds)) == len(all_kinds)
    assert MEANING.endswith(".")


def test_every_kind_is_listed_with_its_meaning() -> None:
    """Design, 5: the vocabulary can be shown to users."""
    assert set(kinds()) == {fact.kind for fact in FACTS}
    assert all(kinds().values())
    assert {fact.kind for fact in Fact.__subclasses__()} == set(kinds())
