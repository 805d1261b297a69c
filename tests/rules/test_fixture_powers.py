"""Powers as fixtures write them: kW one after the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from simulator.market.quantities import kw_text
from simulator.operations.fixture_powers import count_powers, powers_text, read_powers, runs_of, weigh_powers

POWERS = some.lists(some.none() | some.sampled_from([0, -1, 164_900_000]) | some.integers(-10**13, 10**13))


@given(POWERS)
def test_powers_are_read_as_they_were_written(powers: list[int | None]) -> None:
    """Ours: exact, to the milliwatt."""
    assert read_powers(powers_text(powers), may_miss=True) == powers
    assert count_powers(powers_text(powers), may_miss=True) == weigh_powers(powers_text(powers)) == len(powers)


@given(some.integers(-10**13, 10**13))
def test_a_power_is_written_as_everywhere_else(power: int) -> None:
    """Ours: no exponent, no zeros at the end."""
    assert powers_text([power]) == kw_text(power)


def test_powers_look_like_this() -> None:
    """Ours: four equal ones and more are written once; a period without a reading is a hyphen."""
    assert powers_text([-20_000_000, 18_500_000, 1] + [0] * 30 + [None, 5_000_000, 5_000_000]) == (
        "-20 18.5 0.000001 0*30 - 5 5")


def test_a_single_number_needs_no_quotes() -> None:
    """Ours: YAML reads it as a number."""
    assert read_powers(-20) == read_powers(-20.0) == [-20_000_000]


@pytest.mark.parametrize("text", ["x", "1,5", "1.1234567", "1*0", "1*-2", "--1", "1e3", "+1", "-", "nan", "1*9999999",
                                  "10000001", "0x1", "1**2", "٣"])
def test_what_is_no_power_is_refused_in_words(text: str) -> None:
    """Ours: with the word that is wrong, and how to write it."""
    with pytest.raises(ValueError, match=r"is not a power in kW|is more than any unit has|more than 5,000,000"):
        read_powers(text)
    with pytest.raises(ValueError, match=r"is not a power in kW|is more than any unit has|more than 5,000,000"):
        count_powers(text)


def test_a_text_weighs_at_least_what_its_length_costs() -> None:
    """Ours: a long text without powers, named a thousand times by aliases, would be read a thousand times."""
    assert weigh_powers(" " * 320_000) == 10_000
    assert weigh_powers("x " * 7_000) == 7_000
    assert weigh_powers("0*5000000 1 " * 1_000) == 5_000_001


@given(some.sets(some.integers(1, 60)))
def test_runs_have_no_gap_and_lose_nothing(places: set[int]) -> None:
    """Ours: a run is consecutive periods; its start is that of the first period."""
    found = [(place * 60, place) for place in sorted(places)]
    runs = runs_of(found, 60)
    assert [(start + 60 * (place + 1), power) for start, powers in runs for place, power in enumerate(powers)] == found
    ends = [start + 60 * len(powers) for start, powers in runs]
    assert all(end < start for end, (start, _) in zip(ends, runs[1:], strict=False))
