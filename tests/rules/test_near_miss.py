"""What a failed assertion of the clients for tests says: what fits, what does not, and what came closest (ours)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from simulator.testing.near_miss import MISSING, closest, compare, expectation

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def fits(expected: Any, found: Any) -> bool:
    """Whether everything that is expected is there."""
    return all(field.fits for field in compare(expected, found))


@pytest.mark.parametrize(("expected", "found"), [
    ({"a": 1}, {"a": 1, "b": 2}),
    ({"a": {"b": 2}}, {"a": {"b": 2, "c": 3}}),
    ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2, "c": 3}]}),
    ({"a": (1, 2)}, {"a": [1, 2]}),
    ({"a": re.compile("15 min")}, {"a": "in 15 minutes"}),
    ({"a": NOON}, {"a": "2026-11-02T12:00:00Z"}),
    ({"a": NOON.astimezone(timezone(timedelta(hours=1)))}, {"a": "2026-11-02T12:00:00+00:00"}),
    ({"a": lambda value: value > 3}, {"a": 4}),
    ({"a": ...}, {"a": None}),
    ({"a": 150}, {"a": 150.0}),
    ({"body": {"status": 422}}, {"body": '{"status": 422, "title": "x"}'}),
    ({"a": None}, {"a": None}),
])
def test_what_fits(expected: Any, found: Any) -> None:
    """Values, parts of mappings, lists, patterns, instants, functions, anything at all, and JSON inside a text."""
    assert fits(expected, found)


@pytest.mark.parametrize(("expected", "found"), [
    ({"a": 1}, {"a": 2}),
    ({"a": 1}, {}),
    ({"a": ...}, {}),
    ({"a": None}, {}),
    ({"a": [1]}, {"a": [1, 2]}),
    ({"a": [1, 2]}, {"a": [2, 1]}),
    ({"a": {"b": 1}}, {"a": 1}),
    ({"a": re.compile("x")}, {"a": 7}),
    ({"a": NOON}, {"a": "2026-11-02T12:00:01Z"}),
    ({"a": NOON}, {"a": "2026-11-02T12:00:00"}),
    ({"a": NOON}, {"a": "noon"}),
    ({"a": lambda value: value > 3}, {"a": "text"}),
    ({"a": 1}, "no mapping"),
])
def test_what_does_not_fit(expected: Any, found: Any) -> None:
    """One field that is not as expected is enough, and what is not there fits nothing."""
    assert not fits(expected, found)


def test_each_field_is_told_with_its_place() -> None:
    """The reader sees at once which part of a nested message is wrong."""
    fields = compare({"body": {"units": ["MU-1", "MU-2"], "power": 3}}, {"body": {"units": ["MU-1", "MU-3"]}})
    assert [(field.path, field.expected, field.found, field.fits) for field in fields] == [
        ("body.units[0]", "MU-1", "MU-1", True), ("body.units[1]", "MU-2", "MU-3", False),
        ("body.power", 3, MISSING, False)]


def test_the_closest_is_that_with_the_most_fields_that_fit() -> None:
    """Of two that fit as well, the later is shown."""
    candidates = [{"a": 1, "b": 2, "c": 0}, {"a": 1, "b": 0, "c": 0}, {"a": 1, "b": 2, "c": 9}, {"a": 0}]
    miss = closest({"a": 1, "b": 2, "c": 3}, candidates)
    assert miss is not None
    assert (miss.index, miss.score, miss.fits) == (2, 2, False)


def test_one_that_fits_entirely_is_found_and_not_a_later_one_that_does_not() -> None:
    """What was expected did happen, whatever came after."""
    miss = closest({"a": 1}, [{"a": 1}, {"a": 2}])
    assert miss is not None
    assert (miss.index, miss.fits) == (0, True)


def test_nothing_comes_close_where_nothing_is() -> None:
    """No candidates, no near miss."""
    assert closest({"a": 1}, []) is None


def test_the_words_name_expected_and_found() -> None:
    """What fits stands first, what does not with both values, and a missing field with those that are there."""
    miss = closest({"a": 1, "b": 2, "c": 3}, [{"a": 1, "b": 5, "d": 0}])
    assert miss is not None
    assert miss.in_words() == [
        "  fits   a  1",
        "  wrong  b  expected 2", "            found    5",
        "  wrong  c  expected 3", "            found    not there   (there: a, b, d)"]


def test_a_function_that_trips_is_told_with_what_it_tripped_over() -> None:
    """A mistake in the test's own function must not look like a value that does not fit."""
    [field] = compare({"a": lambda value: value["x"]}, {"a": 7})
    assert not field.fits
    assert field.note.startswith("raised TypeError")


def test_the_expectation_is_told_in_words() -> None:
    """Patterns, instants and functions are named, not shown as objects."""

    def is_even(value: int) -> bool:
        return value % 2 == 0

    assert expectation({"a": {"b": re.compile("x+")}, "c": NOON, "d": is_even, "e": ...}) == [
        "  a.b  a text that matches 'x+'", "  c  2026-11-02T12:00:00+00:00", "  d  what is_even says yes to",
        "  e  anything"]


def test_long_values_are_shortened() -> None:
    """A body of a megabyte is no message for people."""
    [field] = compare({"a": 1}, {"a": "x" * 10_000})
    miss = closest({"a": 1}, [{"a": "x" * 10_000}])
    assert miss is not None and not field.fits
    assert max(map(len, miss.in_words())) < 250
