"""The text of fixtures: YAML that is read with the place of everything, and nothing that stands for more than it is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from simulator.operations.fixture_text import OneLine, TextUnusable, read_text, write_text

PLAIN = some.none() | some.booleans() | some.integers(-10**17, 10**17) | some.text() | some.floats(
    allow_nan=False, allow_infinity=False)
CONTENT = some.recursive(PLAIN, lambda inner: some.lists(inner, max_size=4) | some.dictionaries(
    some.text(max_size=8), inner, max_size=4), max_leaves=12)


@given(CONTENT)
def test_what_was_written_is_read_as_it_was(content: Any) -> None:
    """Ours: every text, whatever signs are in it."""
    assert read_text(write_text(content))[0] == content


@given(CONTENT)
def test_what_was_written_is_yaml_for_everybody(content: Any) -> None:
    """Ours: other readers of YAML 1.1 find the same."""
    assert yaml.safe_load(write_text(content)) == content


@pytest.mark.parametrize("text", ["17:30", "2026-11-16", "2026-11-16T10:00:00Z", "no", "0x1F", "1_000", "1e5", "08"])
def test_words_that_yaml_reads_as_something_else_stay_texts(text: str) -> None:
    """Ours: who forgets the quotes gets what is written."""
    assert read_text(f"a: {text}")[0] == {"a": text}


def test_every_part_has_its_line_and_column() -> None:
    """Ours: counted from 1, as editors do."""
    _, places = read_text("a:\n- b: [1, 2]\n  c: x\n")
    assert [places.of(path) for path in (("a",), ("a", 0, "b"), ("a", 0, "b", 1), ("a", 0, "c"), ("a", 0, "d"))] == [
        (1, 1), (2, 3), (2, 10), (3, 3), (2, 3)]


def test_problems_are_told_in_the_order_of_the_text() -> None:
    """Ours: as one goes through a file."""
    _, places = read_text("a: 1\nb: 2\n")
    assert places.told([(("b",), "late"), (("a",), "early")]) == [
        "line 1, column 1: a: early", "line 2, column 1: b: late"]


def test_more_problems_than_anybody_reads_are_counted() -> None:
    """Ours: an answer stays of a size that can be read."""
    _, places = read_text("a: 1")
    assert places.told([(("a",), "x")] * 1_234)[-1] == "… and 1,034 more."


def test_aliases_stand_for_what_they_name() -> None:
    """Ours: programs that write YAML use them for what occurs twice."""
    assert read_text("a: &x {b: 1}\nc: *x\n")[0] == {"a": {"b": 1}, "c": {"b": 1}}


def bomb(lines: int) -> str:
    return "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{each}: &a{each} [{', '.join([f'*a{each - 1}'] * 10)}]\n" for each in range(1, lines))


@pytest.mark.parametrize(("text", "told"), [
    (bomb(12), "more than 2,000,000 values"),
    ("[" * 100_000, "more than 24 levels"),
    ("{a: " * 100_000, "more than 24 levels"),
    ("a0: &a0 [[[[[[[[x]]]]]]]]\na1: &a1 [[[[[[[[*a0]]]]]]]]\na2: [[[[[[[[[[*a1]]]]]]]]]]", "more than 24 levels"),
    ("a: &x [*x]", "stands for nothing that is complete"),
    ("a: *x", "line 1, column 4: .x stands for nothing"),
    ("a: !!python/object/apply:os.system [ls]", "is a tag"),
    ("a: 1\na: 2", "line 2, column 1: 'a' stands here a second time"),
    ("? [1]\n: 2", "only a text can be a name"),
    ("--- 1\n--- 2", "line 2, column 1: a second document"),
    ("a: [", "not YAML"), ("a: \x00", "not YAML"), ("\t", "line 1, column 1: this is not YAML"),
    ("x" * 64_000_001, "64,000,001 characters"),
], ids=range(14))
def test_what_is_no_fixture_s_yaml_is_refused(text: str, told: str) -> None:
    """Ours: refused before it is large; with its place."""
    with pytest.raises(TextUnusable, match=told.replace("'", ".")):
        read_text(text)


@pytest.mark.parametrize("text", ["password: *Nobody-sees", "api_token: !Nobody-sees x", "- secret: !!Nobody-sees x"])
def test_a_secret_that_yaml_takes_for_something_else_is_not_shown(text: str) -> None:
    """Ours: who forgets the quotes must not find the password in the answer and the log."""
    with pytest.raises(TextUnusable, match="what begins with") as caught:
        read_text(text)
    assert "Nobody" not in str(caught.value)


def test_rows_stand_on_one_line_with_their_lists() -> None:
    """Ours: so that people can read them as a table."""
    assert write_text({"rows": [OneLine(id="A", units=["x", "y"]), {"id": "B", "units": ["x"]}]}) == (
        "rows:\n- {id: A, units: [x, y]}\n- id: B\n  units: [x]\n")
