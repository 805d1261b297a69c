"""What is wrong with a batch is told all at once, where it is wrong, and nothing of it is stored.

That a batch returns a success notification or a list of errors is documented (SMP overview, The SMP APIs); codes and
pointers are assumed (wire format).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulator import Simulator
from tests.registering import Registrar, asset, give_access, unit
from tests.servers import WorldClient, fresh_world, running

WRONG_MPAN = "1800021679847"


@pytest.fixture(scope="module")
def at_once() -> Iterator[Simulator]:
    """A server whose batches end at once, whole."""
    with running(smp_progress="immediate") as found:
        yield found


@pytest.fixture
def world(at_once: Simulator) -> Iterator[WorldClient]:
    """A fresh world there."""
    with fresh_world(at_once.url) as found:
        yield found


@pytest.fixture
def brindle(world: WorldClient) -> Registrar:
    """Brindle's client."""
    return Registrar(world)


@pytest.fixture
def tamar(world: WorldClient) -> Registrar:
    """Tamar's client; its connection has access as well."""
    return give_access(world)


def test_a_good_batch_tells_the_ids_of_its_assets_in_their_order(brindle: Registrar) -> None:
    """Wire format, assumed; ids are the world's own count."""
    found = brindle.read(brindle.send_assets(asset(2), asset(1)))
    assert found["result"] == {"assets": [{"externalReference": "B-2", "assetId": "AST-000001"},
                                          {"externalReference": "B-1", "assetId": "AST-000002"}]}
    assert (found["type"], found["status"], found["errors"]) == ("ASSET_CREATE", "SUCCEEDED", [])


def test_a_good_unit_tells_its_id(brindle: Registrar) -> None:
    """Wire format, assumed; AG-GEDF02 is a public example of an id."""
    brindle.register(asset(1), asset(2))
    found = brindle.read(brindle.send_unit("B-1", "AST-000002"))
    assert (found["type"], found["status"], found["errors"]) == ("UNIT_CREATE", "SUCCEEDED", [])
    assert found["result"] == {"unit": {"unitId": "AG-BRIN01", "name": "Ashgrove"}}


def test_the_same_world_gives_the_same_ids(at_once: Simulator) -> None:
    """Ours: the same inputs, the same ids."""

    def ids() -> tuple[str, list[str]]:
        with fresh_world(at_once.url) as world:
            registrar = Registrar(world)
            transaction = registrar.send_assets(asset(1))
            return transaction, [each["assetId"] for each in registrar.read(transaction)["result"]["assets"]]

    assert ids() == ids() == ("TX-20261102-000001", ["AST-000001"])


@pytest.mark.parametrize(("changes", "pointer", "code", "words"), [
    ({"mpan": WRONG_MPAN}, "mpan", "mpan_check_digit", "check digit of 1800021679847 is 7, should be 8"),
    ({"exportMpan": WRONG_MPAN}, "exportMpan", "mpan_check_digit", "should be 8"),
    ({"gspGroupId": "_A"}, "gspGroupId", "gsp_group_mismatch", "whose GSP Group is _N"),
    ({"maxImportMw": 0, "maxExportMw": 0}, "maxImportMw", "capacity_missing", "both 0"),
    ({"endDate": "2026-11-01"}, "endDate", "dates_inverted", "before it starts on 2026-11-02"),
], ids=lambda value: value if isinstance(value, str) and "_" in value else "")
def test_an_asset_that_breaks_a_rule(brindle: Registrar, changes: dict[str, Any], pointer: str, code: str, words: str
                                     ) -> None:
    """Wire format, assumed; the error says where, and what would be right."""
    found = brindle.read(brindle.send_assets(asset(1), asset(2, **changes)))
    assert (found["status"], "result" in found) == ("FAILED", False)
    (error,) = found["errors"]
    assert (error["index"], error["pointer"], error["code"]) == (1, f"/assets/1/{pointer}", code)
    assert words in error["message"]


def test_the_same_batch_sent_again_is_another_transaction_and_fails(brindle: Registrar) -> None:
    """Ours: two transactions, the second with duplicate_reference."""
    first, second = brindle.send_assets(asset(1), asset(2)), brindle.send_assets(asset(1), asset(2))
    assert first != second
    assert brindle.outcome(first) == ("SUCCEEDED", [])
    assert brindle.outcome(second) == ("FAILED", [
        (0, "/assets/0/externalReference", "duplicate_reference"),
        (1, "/assets/1/externalReference", "duplicate_reference")])


def test_a_reference_twice_in_a_batch(brindle: Registrar) -> None:
    """Wire format, assumed."""
    assert brindle.outcome(brindle.send_assets(asset(1), asset(2), asset(1))) == (
        "FAILED", [(2, "/assets/2/externalReference", "duplicate_in_batch")])


def test_references_are_each_participants_own(brindle: Registrar, tamar: Registrar) -> None:
    """Wire format, assumed: unique per participant."""
    assert brindle.register(asset(1)) == ["AST-000001"]
    assert tamar.register(asset(1)) == ["AST-000002"]


@pytest.mark.proves("setting/smp_batch")
def test_one_bad_asset_refuses_all_and_nothing_is_stored(brindle: Registrar) -> None:
    """A sibling API: if the validation of one fails, none is saved (public); the mended batch is taken whole."""
    assert brindle.outcome(brindle.send_assets(asset(1), asset(2, mpan=WRONG_MPAN)))[0] == "FAILED"
    assert brindle.outcome(brindle.send_unit("B-1"))[1] == [(0, "/unit/assets/0", "unknown_asset")]
    assert brindle.register(asset(1), asset(2)) == ["AST-000001", "AST-000002"]


def test_a_thousand_assets_with_two_faults_each_are_told_all_of_them(brindle: Registrar) -> None:
    """Ours: errors are complete and ordered."""
    status, errors = brindle.outcome(brindle.send_assets(
        *(asset(number, mpan=WRONG_MPAN, endDate="2026-01-01") for number in range(1_000))))
    assert status == "FAILED"
    assert errors == [(index, f"/assets/{index}/{field}", code) for index in range(1_000)
                      for field, code in (("mpan", "mpan_check_digit"), ("endDate", "dates_inverted"))]


def test_a_thousand_assets_and_a_unit_of_them(brindle: Registrar) -> None:
    """SMP overview, The SMP APIs: 1000 assets, 1 unit with 1000 aligned assets (documented)."""
    ids = brindle.register(*(asset(number) for number in range(1_000)))
    assert (ids[0], ids[-1]) == ("AST-000001", "AST-001000")
    assert brindle.outcome(brindle.send_unit(*ids)) == ("SUCCEEDED", [])


def test_a_unit_that_breaks_every_rule_is_told_all_of_them(brindle: Registrar, tamar: Registrar) -> None:
    """Ours: all in one answer, the unit's first and then its assets' in their order."""
    brindle.register(asset(1), asset(2), asset(3, mpan="1300035399160", gspGroupId="_D"))
    (foreign,) = tamar.register(asset(9))
    assert brindle.outcome(brindle.send_unit("B-1"))[0] == "SUCCEEDED"
    transaction = brindle.send_unit("B-1", "B-2", "B-3", foreign, "B-9", "AST-000002", unitType="SECONDARY_BMU",
                                    endDate="2026-11-01")
    assert brindle.outcome(transaction) == ("FAILED", [
        (None, "/unit/name", "duplicate_unit_name"), (None, "/unit/endDate", "dates_inverted"),
        (None, "/unit/assets", "mixed_gsp_groups"), (0, "/unit/assets/0", "asset_already_aligned"),
        (3, "/unit/assets/3", "asset_not_yours"), (4, "/unit/assets/4", "unknown_asset"),
        (5, "/unit/assets/5", "duplicate_in_batch")])


def test_a_service_that_the_unit_may_not_offer(brindle: Registrar) -> None:
    """Assumed: Balancing Reserve is for units of the Balancing Mechanism."""
    brindle.register(asset(1))
    services = ["Response", "Balancing Reserve"]
    assert brindle.outcome(brindle.send_unit("B-1", services=services)) == (
        "FAILED", [(None, "/unit/services/1", "service_not_offered")])
    assert brindle.outcome(brindle.send_unit("B-1", services=services, unitType="BMU")) == ("SUCCEEDED", [])


def test_a_failed_unit_aligns_nothing(brindle: Registrar) -> None:
    """Ours: nothing half-stored."""
    brindle.register(asset(1))
    assert brindle.outcome(brindle.send_unit("B-1", "B-2"))[0] == "FAILED"
    assert brindle.outcome(brindle.send_unit("B-1"))[0] == "SUCCEEDED"


def test_anothers_reference_is_simply_unknown(brindle: Registrar, tamar: Registrar) -> None:
    """Ours: nobody learns what others call their assets; ids are public knowledge and only say whose it is not."""
    tamar.register(asset(9))
    assert brindle.outcome(brindle.send_unit("B-9"))[1] == [(0, "/unit/assets/0", "unknown_asset")]


@pytest.mark.proves("setting/smp_unit_names")
def test_a_units_name_is_taken_on_the_whole_platform(brindle: Registrar, tamar: Registrar) -> None:
    """Assumed: unique on the platform, unless it is set otherwise."""
    brindle.register(asset(1))
    tamar.register(asset(1))
    assert brindle.outcome(brindle.send_unit("B-1"))[0] == "SUCCEEDED"
    assert tamar.outcome(tamar.send_unit("B-1")) == ("FAILED", [(None, "/unit/name", "duplicate_unit_name")])


@pytest.mark.parametrize(("assets", "pointer", "index"), [
    (["B-1", 3], "/unit/assets/1", 1), ([], "/unit/assets", None), (["x", "no-such"], "/unit/assets/1", 1)],
    ids=["of its shape", "of the list", "of a rule"])
def test_an_error_has_the_index_of_the_asset_it_points_to(brindle: Registrar, assets: list[Any], pointer: str,
                                                          index: int | None) -> None:
    """Wire format, assumed: the asset it is about, at once or later; null for all that is about no single one."""
    answer = brindle.call("units", {"unit": unit(*assets)}).json()
    errors = answer["errors"] if "errors" in answer else brindle.read(answer["transactionId"])["errors"]
    assert (errors[-1]["pointer"], errors[-1]["index"]) == (pointer, index)


def test_a_fault_of_a_unit_itself_has_no_index(brindle: Registrar) -> None:
    """Wire format, assumed: a service is no asset."""
    [error] = brindle.call("units", {"unit": unit("B-1", services=["x"])}).json()["errors"]
    assert (error["pointer"], error["index"]) == ("/unit/services/0", None)


def test_a_refusal_has_the_title_of_the_rfc(brindle: Registrar) -> None:
    """RFC 9110 §15.5.21: Unprocessable Content."""
    assert brindle.call("units", {}).json()["title"] == "Unprocessable Content"


@pytest.fixture(scope="module")
def lenient() -> Iterator[Simulator]:
    """A server that takes each asset for itself, and whose unit names are unique per participant."""
    with running(smp_progress="immediate", smp_batch="per_item", smp_unit_names="participant") as found:
        yield found


@pytest.mark.proves("setting/smp_batch")
def test_per_item_stores_the_good_assets_and_tells_the_others(lenient: Simulator) -> None:
    """Assumed: it has succeeded if any was created."""
    with fresh_world(lenient.url) as world:
        brindle = Registrar(world)
        found = brindle.read(brindle.send_assets(asset(1), asset(2, mpan=WRONG_MPAN), asset(1), asset(3)))
        assert found["status"] == "SUCCEEDED"
        assert [each["externalReference"] for each in found["result"]["assets"]] == ["B-1", "B-3"]
        assert [(error["index"], error["code"]) for error in found["errors"]] == [
            (1, "mpan_check_digit"), (2, "duplicate_in_batch")]


def test_per_item_without_one_good_asset_has_failed(lenient: Simulator) -> None:
    """Assumed."""
    with fresh_world(lenient.url) as world:
        brindle = Registrar(world)
        found = brindle.read(brindle.send_assets(asset(1, mpan=WRONG_MPAN)))
        assert (found["status"], "result" in found) == ("FAILED", False)


def test_per_item_makes_no_unit_with_a_part_of_its_assets(lenient: Simulator) -> None:
    """Assumed: a unit is one item."""
    with fresh_world(lenient.url) as world:
        brindle = Registrar(world)
        brindle.register(asset(1))
        assert brindle.outcome(brindle.send_unit("B-1", "B-2")) == (
            "FAILED", [(1, "/unit/assets/1", "unknown_asset")])


@pytest.mark.proves("setting/smp_unit_names")
def test_unit_names_can_be_each_participants_own(lenient: Simulator) -> None:
    """Assumed, by setting smp_unit_names."""
    with fresh_world(lenient.url) as world:
        brindle, tamar = Registrar(world), give_access(world)
        for participant in (brindle, tamar):
            participant.register(asset(1), asset(2))
            assert participant.outcome(participant.send_unit("B-1"))[0] == "SUCCEEDED"
        assert tamar.outcome(tamar.send_unit("B-2"))[1] == [(None, "/unit/name", "duplicate_unit_name")]
