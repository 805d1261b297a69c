"""The rules for assets of a batch: every error at once, with index, place and code (codes: wire format, assumed)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from simulator.market.batches import BatchError
from simulator.market.registration_of_assets import judge_assets

MPAN, OTHER_MPAN = "1800021679848", "1300035399160"
"""Of the distributors 18, whose group is _N, and 13, whose group is _D."""


def asset(**changes: Any) -> dict[str, Any]:
    """An asset with nothing wrong, but for the changes; None leaves a field out."""
    fields = {"external_reference": "A-1", "name": "Battery", "mpan": MPAN, "gsp_group_id": "_N",
              "max_import_kw": 500.0, "max_export_kw": 400.0, "start_date": date(2026, 11, 2), **changes}
    return {name: value for name, value in fields.items() if value is not None}


def judged(*assets: dict[str, Any], registered: dict[str, str] | None = None) -> list[BatchError]:
    """Everything wrong with the assets."""
    found = judge_assets(assets, registered or {}, lambda index, field: f"/{index}/{field}")
    assert all(error.message.endswith(".") for error in found)
    return found


def told(*assets: dict[str, Any], registered: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """(pointer, code) of everything wrong."""
    return [(error.pointer, error.code) for error in judged(*assets, registered=registered)]


def test_a_good_asset_has_no_errors() -> None:
    """Wire format, assumed."""
    assert judged(asset()) == []


@pytest.mark.parametrize(("changes", "expected"), [
    ({"mpan": "1800021679847"}, [("/0/mpan", "mpan_check_digit")]),
    ({"export_mpan": "1800021679847"}, [("/0/export_mpan", "mpan_check_digit")]),
    ({"gsp_group_id": "_A"}, [("/0/gsp_group_id", "gsp_group_mismatch")]),
    ({"export_mpan": OTHER_MPAN}, [("/0/gsp_group_id", "gsp_group_mismatch")]),
    ({"max_import_kw": 0, "max_export_kw": 0.0}, [("/0/max_import_kw", "capacity_missing")]),
    ({"end_date": date(2026, 11, 1)}, [("/0/end_date", "dates_inverted")]),
], ids=str)
def test_each_rule_has_its_code_and_its_place(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Wire format, assumed; MPAN and GSP Group: public."""
    assert told(asset(**changes)) == expected


@pytest.mark.parametrize("changes", [
    {"export_mpan": MPAN}, {"max_import_kw": 0}, {"max_export_kw": 0}, {"end_date": date(2026, 11, 2)},
    {"mpan": "2298765432108", "gsp_group_id": "_L"}, {"max_import_kw": None, "max_export_kw": None},
], ids=str)
def test_the_limits_themselves_are_allowed(changes: dict[str, Any]) -> None:
    """Assumed: one direction is enough, one day is enough, and what a contract does not ask for is not judged."""
    assert judged(asset(**changes)) == []


@pytest.mark.proves("rule/registrations.texts")
@pytest.mark.parametrize("field", ["external_reference", "name", "postcode"])
@pytest.mark.parametrize(("text", "code"), [
    (" ", "minLength"), ("\u00a0\u2003", "minLength"), ("A\x00B", "pattern"), ("A\x85B", "pattern"),
    ("A\nB", "pattern"), ("A\u2028B", "pattern")])
def test_texts_say_something_in_letters_that_can_be_seen(field: str, text: str, code: str) -> None:
    """Assumed; as names of organisations elsewhere in the simulator."""
    assert told(asset(**{field: text})) == [(f"/0/{field}", code)]


@pytest.mark.parametrize("text", ["Ynys Môn", " A ", "電池", "a\u00a0b", "\U0001f50b"])
def test_every_letter_that_can_be_seen_is_taken(text: str) -> None:
    """Assumed: names are people's own."""
    assert judged(asset(name=text)) == []


def test_an_independent_network_may_lie_in_any_group() -> None:
    """Domain: distributor ids from 24 fix no group, public."""
    mpan = "2400000000004"
    assert [judged(asset(mpan=mpan, gsp_group_id=group)) for group in ("_A", "_P")] == [[], []]


def test_a_mismatch_names_the_right_group() -> None:
    """Ours: in words what is wrong and what would be right."""
    (error,) = judged(asset(gsp_group_id="_A"))
    assert error.message == (f"The MPAN {MPAN} is of distributor 18, whose GSP Group is _N; this asset says _A. "
                             "Send _N, or the right MPAN.")


def test_two_mpans_of_one_wrong_group_are_one_error() -> None:
    """Ours: the group is wrong once."""
    assert told(asset(gsp_group_id="_A", export_mpan=MPAN)) == [("/0/gsp_group_id", "gsp_group_mismatch")]


def test_a_registered_reference_is_taken_and_its_asset_named() -> None:
    """Wire format, assumed: unique per participant."""
    (error,) = judged(asset(), registered={"A-1": "AST-000007"})
    assert (error.pointer, error.code) == ("/0/external_reference", "duplicate_reference")
    assert "AST-000007" in error.message


def test_a_reference_given_twice_is_wrong_where_it_comes_again() -> None:
    """Wire format, assumed; the first one is named."""
    errors = judged(asset(external_reference="B"), asset(), asset(), asset())
    assert [(error.index, error.code) for error in errors] == [(2, "duplicate_in_batch"), (3, "duplicate_in_batch")]
    assert all("at asset 1 (counted from 0)" in error.message for error in errors)


def test_all_errors_are_told_ordered_by_asset_and_field() -> None:
    """Ours: all of them in one answer, ordered."""
    bad = asset(mpan="1800021679847", export_mpan="1300035399161", gsp_group_id="_A", max_import_kw=0, max_export_kw=0,
                end_date=date(2026, 1, 1))
    errors = judged(asset(external_reference="B"), bad, bad, registered={"A-1": "AST-000001"})
    first = ["duplicate_reference", "mpan_check_digit", "mpan_check_digit", "gsp_group_mismatch", "gsp_group_mismatch",
             "capacity_missing", "dates_inverted"]
    assert [error.code for error in errors if error.index == 1] == first
    assert [error.code for error in errors if error.index == 2] == [first[0], "duplicate_in_batch", *first[1:]]
    assert [error.index for error in errors] == sorted(error.index or 0 for error in errors)
