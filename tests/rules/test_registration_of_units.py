"""The rules for a unit of a batch, and for its assets (codes: wire format, assumed; one GSP Group: public)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import pytest

from simulator.market.batches import BatchError
from simulator.market.registration_of_units import Registry, judge_unit
from simulator.market.registrations import RegisteredAsset
from simulator.market.unit_ids import unit_stem, unit_tail
from tests.builders import instant

SERVICES = ["response", "quick_reserve", "slow_reserve", "balancing_reserve"]
ON_TRANSMISSION = {"connection_type": "transmission"}


def registered(number: int, group: str = "_N", unit: str | None = None, **details: str) -> RegisteredAsset:
    """An asset with the reference A-number and the id AST-number."""
    return RegisteredAsset(number, f"AST-{number}", "brindle", f"A-{number}", "Battery", "1800021679848", group, unit,
                           {"connection_type": "distribution", **details}, instant("2026-11-02 17:00"))


def judged(known: Collection[RegisteredAsset] = (registered(1),), name_taken: bool = False,
           not_yours: Collection[str] = (), **changes: Any) -> list[BatchError]:
    """Everything wrong with a unit that is right but for the changes; `known` are the participant's assets."""
    record = {"name": "Ashgrove", "unit_type": "aggregated", "services": ["response"], "start_date": date(2026, 11, 2),
              "assets": ["A-1"], **changes}
    named = {asset.id: asset for asset in known} | {asset.external_reference: asset for asset in known}
    registry = Registry(name_taken, {name: named[name] for name in record["assets"] if name in named},
                        frozenset(not_yours))
    found = judge_unit(record, registry, lambda index, field: f"/unit/{field}")
    assert all(error.message.endswith(".") for error in found)
    return found


def told(*known: RegisteredAsset, **changes: Any) -> list[tuple[int | None, str, str]]:
    """(index, pointer, code) of everything wrong."""
    return [(error.index, error.pointer, error.code) for error in judged(known or (registered(1),), **changes)]


@pytest.mark.parametrize("name", ["A-1", "AST-1"])
def test_assets_are_named_by_reference_or_id(name: str) -> None:
    """Wire format, assumed."""
    assert told(assets=[name]) == []


@pytest.mark.parametrize(("changes", "expected"), [
    ({"name_taken": True}, [(None, "/unit/name", "duplicate_unit_name")]),
    ({"end_date": date(2026, 11, 1)}, [(None, "/unit/end_date", "dates_inverted")]),
    ({"services": SERVICES}, [(None, "/unit/services/3", "service_not_offered")]),
    ({"assets": ["A-1", "A-9"]}, [(1, "/unit/assets/1", "unknown_asset")]),
    ({"assets": ["A-1", "AST-9"], "not_yours": ["AST-9"]}, [(1, "/unit/assets/1", "asset_not_yours")]),
    ({"assets": ["A-1", "AST-1"]}, [(1, "/unit/assets/1", "duplicate_in_batch")]),
], ids=str)
def test_each_rule_has_its_code_and_its_place(changes: dict[str, Any], expected: list[Any]) -> None:
    """Wire format, assumed."""
    assert told(**changes) == expected


def test_an_asset_of_another_unit_is_not_aligned_again() -> None:
    """Wire format, assumed; the unit is named."""
    (error,) = judged([registered(1, unit="AG-BRIN01")])
    assert (error.index, error.code) == (0, "asset_already_aligned")
    assert "AST-1 (A-1) is aligned to the unit AG-BRIN01." in error.message


@pytest.mark.proves("rule/units.balancing_reserve")
@pytest.mark.parametrize(("unit_type", "expected"), [
    ("bmu", []), ("secondary_bmu", []), ("non_bmu", ["service_not_offered"]), ("aggregated", ["service_not_offered"])])
def test_balancing_reserve_is_for_units_of_the_balancing_mechanism(unit_type: str, expected: list[str]) -> None:
    """Assumed: the other three services are open to every unit, and so are services that only a contract knows."""
    assert [error.code for error in judged(unit_type=unit_type, services=SERVICES)] == expected
    assert judged(unit_type=unit_type, services=[*SERVICES[:3], "restoration"]) == []


@pytest.mark.proves("rule/units.secondary_bmu")
@pytest.mark.parametrize(("unit_type", "expected"), [
    ("bmu", []), ("secondary_bmu", ["mixed_gsp_groups"]), ("non_bmu", []), ("aggregated", [])])
def test_a_secondary_bmu_lies_in_one_group(unit_type: str, expected: list[str]) -> None:
    """Domain: public; the groups are named with their assets counted, each asset once."""
    found = judged([registered(1), registered(2, "_D")], unit_type=unit_type, assets=["A-1", "A-2"])
    assert [error.code for error in found] == expected
    assert all("_D (1), _N (1)" in error.message and error.pointer == "/unit/assets" for error in found)


def test_all_errors_are_told_the_unit_first_and_then_its_assets() -> None:
    """Ours: all of them in one answer, ordered."""
    assert told(registered(1, unit="AG-1"), registered(2, "_D"), name_taken=True, unit_type="secondary_bmu",
                end_date=date(2026, 1, 1), assets=["A-9", "A-1", "A-2", "A-1", "A-9"]) == [
        (None, "/unit/name", "duplicate_unit_name"), (None, "/unit/end_date", "dates_inverted"),
        (None, "/unit/assets", "mixed_gsp_groups"),
        (0, "/unit/assets/0", "unknown_asset"), (1, "/unit/assets/1", "asset_already_aligned"),
        (3, "/unit/assets/3", "asset_already_aligned"), (3, "/unit/assets/3", "duplicate_in_batch"),
        (4, "/unit/assets/4", "unknown_asset"), (4, "/unit/assets/4", "duplicate_in_batch")]


@pytest.mark.proves("rule/units.ids")
@pytest.mark.parametrize(("unit_type", "details", "number", "expected"), [
    ("aggregated", {}, 1, "AG-BRIN01"), ("non_bmu", {}, 100, "NB-BRIN100"), ("bmu", {}, 2, "E_BRIN-2"),
    ("bmu", ON_TRANSMISSION, 1, "T_BRIN-1"), ("secondary_bmu", {}, 7, "V__NBRIN007")])
def test_unit_ids_look_like_public_ones(unit_type: str, details: dict[str, str], number: int, expected: str) -> None:
    """Domain: AG-GEDF02, ARBRB-1 and the prefixes are public; the letters of the participant are assumed."""
    assert unit_stem(unit_type, "brindle", [registered(1, **details)]) + unit_tail(unit_type, number) == expected


@pytest.mark.parametrize(("organisation", "expected"), [
    ("7-up", "AG-UPXX"), ("42", "AG-XXXX"), ("a-b-c-d-e", "AG-ABCD")])
def test_a_short_name_is_filled_up(organisation: str, expected: str) -> None:
    """Assumed: four letters."""
    assert unit_stem("aggregated", organisation, [registered(1)]) == expected


@pytest.mark.parametrize(("name", "code"), [("  ", "minLength"), ("A\tB", "pattern")])
def test_a_unit_s_name_says_something_in_letters_that_can_be_seen(name: str, code: str) -> None:
    """Assumed; as for assets."""
    assert [(error.pointer.rpartition("/")[2], error.code) for error in judged(name=name)] == [("name", code)]
