"""Assets, units and status calls as the wire has them: immediate answers, limits, and errors of shape, all at once.

SMP overview, The SMP APIs: at most 1,000 assets a message, 1 unit of 1,000 aligned assets, 1 transaction id
(documented); codes and layout are assumed.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.registering import BASE, Registrar, asset, give_access, unit
from tests.servers import WorldClient
from tests.signing import one_error, send_bytes


@pytest.fixture
def brindle(world: WorldClient) -> Registrar:
    """Brindle's client."""
    return Registrar(world)


def errors_of(answer) -> list[tuple[int | None, str, str]]:
    """(index, pointer, code) of each error of a refusal for its shape."""
    assert answer.status_code == 422, answer.text
    return [(error["index"], error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_the_immediate_return_is_a_transaction_id(brindle: Registrar) -> None:
    """SMP overview, The SMP APIs, documented: immediate return, a Transaction ID."""
    answer = brindle.call("assets", {"assets": [asset()]})
    assert answer.status_code == 202
    told = answer.json()
    assert (told.pop("transactionId").startswith("TX-20261102-"), told) == (True, {"status": "RECEIVED"})
    assert answer.headers["Content-Type"] == "application/json"
    assert int(answer.headers["X-Request-Id"])


def test_a_batch_of_assets_and_then_a_unit_succeed(brindle: Registrar) -> None:
    """SMP overview, The SMP APIs, documented: both calls, and what comes of them."""
    transaction = brindle.ended(brindle.send_assets(asset(1), asset(2)))
    assert transaction["type"] == "ASSET_CREATE"
    assert [each["externalReference"] for each in transaction["result"]["assets"]] == ["B-1", "B-2"]
    ids = [each["assetId"] for each in transaction["result"]["assets"]]
    made = brindle.ended(brindle.send_unit("B-1", ids[1]))
    assert (made["type"], made["status"], made["errors"]) == ("UNIT_CREATE", "SUCCEEDED", [])
    assert made["result"]["unit"]["name"] == "Ashgrove"


def test_every_field_of_an_asset_is_taken(brindle: Registrar) -> None:
    """wire format, assumed: the fields of an asset."""
    whole = asset(exportMpan="1800021679848", latitude=55.95, longitude=-3.19, connectionVoltageKv=11,
                  energyCapacityMwh=1.25, endDate="2030-12-31")
    assert brindle.outcome(brindle.send_assets(whole)) == ("SUCCEEDED", [])


@pytest.mark.parametrize("count", [1, 1_000])
def test_up_to_1000_assets_are_one_message(brindle: Registrar, count: int) -> None:
    """SMP overview, The SMP APIs, documented: max 1000 assets."""
    ended = brindle.ended(brindle.send_assets(*map(asset, range(1, count + 1))))
    assert (ended["status"], len(ended["result"]["assets"])) == ("SUCCEEDED", count)


@pytest.mark.parametrize(("path", "body", "pointer", "told"), [
    ("assets", {"assets": [asset(number) for number in range(1_001)]}, "/assets",
     "One message creates at most 1,000 assets; this one has 1,001: send the rest in another."),
    ("units", {"unit": [unit("B-1"), unit("B-2")]}, "/unit",
     "One message creates 1 unit; this one has 2: send one message for each."),
    ("transactions/status", {"transactionId": ["TX-1", "TX-2"]}, "/transactionId",
     "One message asks for 1 transaction; this one has 2: send one message for each."),
])
def test_too_many_are_refused_at_once_and_the_maximum_is_named(brindle: Registrar, path: str, body: Any, pointer: str,
                                                               told: str) -> None:
    """Wire format, assumed: 1001 assets, 2 units, 2 ids are refused at once and name the maximum."""
    error = one_error(brindle.call(path, body), 422)
    assert error == {"index": None, "pointer": pointer, "code": "maxItems", "message": told}


def test_a_unit_has_at_most_1000_assets(brindle: Registrar) -> None:
    """SMP overview, The SMP APIs, documented: 1 unit and 1000 aligned assets."""
    answer = brindle.call("units", {"unit": unit(*(f"B-{number}" for number in range(1_001)))})
    [(index, pointer, code)] = errors_of(answer)
    assert (index, pointer, code) == (None, "/unit/assets", "maxItems")
    assert "at most 1000" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(("path", "body", "pointer"), [
    ("assets", {}, ""), ("assets", {"assets": []}, "/assets"), ("assets", {"assets": asset()}, "/assets"),
    ("assets", [asset()], ""), ("units", {}, ""), ("units", {"unit": None}, "/unit"),
    ("units", {"unit": unit()}, "/unit/assets"), ("transactions/status", {}, ""),
    ("transactions/status", {"transactionId": 7}, "/transactionId"), ("assets", None, ""), ("assets", 7, ""),
])
def test_a_message_of_another_form_is_refused_where_it_differs(brindle: Registrar, path: str, body: Any, pointer: str
                                                               ) -> None:
    """Wire format, assumed: shape errors are answered at once with 422."""
    answer = send_bytes(brindle, path, orjson.dumps(body))
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(("changes", "pointer"), [
    ({"externalReference": None}, ""), ({"externalReference": ""}, "/externalReference"),
    ({"externalReference": "x" * 65}, "/externalReference"), ({"name": "x" * 101}, "/name"), ({"name": None}, ""),
    ({"mpan": "123"}, "/mpan"), ({"mpan": 1_800_021_679_848}, "/mpan"), ({"mpan": None}, ""), ({"postcode": None}, ""),
    ({"technologyType": "Cold fusion"}, "/technologyType"), ({"connectionType": "distribution"}, "/connectionType"),
    ({"latitude": 91}, "/latitude"), ({"longitude": "west"}, "/longitude"), ({"gspGroupId": "_I"}, "/gspGroupId"),
    ({"gspGroupId": None}, ""), ({"maxImportMw": -1}, "/maxImportMw"), ({"maxExportMw": "0.5"}, "/maxExportMw"),
    ({"startDate": "02/11/2026"}, "/startDate"), ({"startDate": "2026-02-30"}, "/startDate"), ({"startDate": None}, ""),
    ({"endDate": "soon"}, "/endDate"), ({"colour": "green"}, "/colour"),
])
def test_a_field_that_is_wrong_in_itself_is_told_at_once(brindle: Registrar, changes: dict[str, Any], pointer: str
                                                         ) -> None:
    """Wire format, assumed: shape errors (contract) are answered at once with 422, with the asset's index and a JSON
    Pointer.
    """
    found = errors_of(brindle.call("assets", {"assets": [asset(1), asset(2, **changes)]}))
    assert [(index, place) for index, place, _ in found] == [(1, f"/assets/1{pointer}")]


@pytest.mark.parametrize(("changes", "pointer"), [
    ({"name": ""}, "/name"), ({"name": "x" * 101}, "/name"), ({"unitType": "MEDIUM"}, "/unitType"),
    ({"services": []}, "/services"), ({"services": ["Fast Reserve"]}, "/services/0"), ({"services": None}, ""),
    ({"startDate": None}, ""),
])
def test_an_error_of_a_unit_itself_has_no_index(brindle: Registrar, changes: dict[str, Any], pointer: str) -> None:
    """Wire format, assumed: `index` counts assets; a unit is one."""
    found = errors_of(brindle.call("units", {"unit": unit("B-1", **changes)}))
    assert [(index, place) for index, place, _ in found] == [(None, f"/unit{pointer}")]


def test_an_error_of_an_asset_of_a_unit_has_its_index(brindle: Registrar) -> None:
    """Wire format, assumed: `index` is the asset that the error is about, as in the batch return."""
    found = errors_of(brindle.call("units", {"unit": unit("B-1", assets=["B-1", 7])}))
    assert [(index, place) for index, place, _ in found] == [(1, "/unit/assets/1")]


def test_all_errors_are_told_in_order(brindle: Registrar) -> None:
    """Ours: errors are complete, ordered, with index and pointer."""
    bad = asset(mpan="1", name=7, startDate="x")
    found = errors_of(brindle.call("assets", {"assets": [bad, asset(), bad]}))
    assert [index for index, _, _ in found] == [0, 0, 0, 2, 2, 2]
    assert {pointer for _, pointer, _ in found} == {f"/assets/{index}/{name}" for index in (0, 2)
                                                   for name in ("mpan", "name", "startDate")}


def test_a_thousand_errors_are_all_told(brindle: Registrar) -> None:
    """Ours: 1,000 assets with 1,000 errors answered with all of them."""
    found = errors_of(brindle.call("assets", {"assets": [asset(number, mpan="x") for number in range(1_000)]}))
    assert [index for index, _, _ in found] == list(range(1_000))


def test_nothing_of_a_refused_message_is_a_transaction(brindle: Registrar) -> None:
    """Ours: nothing half-stored ever."""
    brindle.call("assets", {"assets": [asset(1), asset(2, mpan="x")]})
    assert brindle.world.journal("batch.received") == []
    assert brindle.send_assets(asset(1)).endswith("000001")


@pytest.mark.parametrize("path", ["assets", "units", "transactions/status"])
@pytest.mark.parametrize(("body", "media_type", "status", "told"), [
    (b'{"assets": [', "application/json", 400, "line 1"), (b"", "application/json", 400, "empty"),
    (b"\xff", "application/json", 400, "UTF-8"), (b"[" * 2_000, "application/json", 400, "nested too deeply"),
    (b'{"assets": ' + b"[" * 900 + b"]" * 900 + b"}", "application/json", 400, "nested too deeply"),
    (b"<assets/>", "application/xml", 415, "application/json"), (b"{}", "text/plain", 415, "application/json"),
])
def test_what_cannot_be_read_is_refused(brindle: Registrar, path: str, body: bytes, media_type: str, status: int,
                                        told: str) -> None:
    """Ours: body limit and depth limit, clear 413/400; wire format, assumed: 415 for other content types."""
    answer = send_bytes(brindle, path, body, Content_Type=media_type)
    assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_message_that_is_too_long_is_refused(brindle: Registrar) -> None:
    """Ours: body limit, clear 413, in the contract's own form."""
    answer = send_bytes(brindle, "assets", b" " * 4_000_001)
    assert (answer.status_code, "4,000,000 bytes" in answer.json()["detail"]) == (413, True)


@pytest.mark.parametrize("path", ["authenticate", "assets", "units", "transactions/status"])
def test_other_methods_are_refused(brindle: Registrar, path: str) -> None:
    """SMP overview, The SMP APIs: only Create is listed; no update, no delete, no list."""
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = brindle.world.request(method, f"{BASE}/{path}", headers=brindle.headers)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_another_participant_s_transaction_looks_like_none(brindle: Registrar) -> None:
    """Wire format, assumed: 404 unknown or another participant's."""
    tamar = give_access(brindle.world)
    theirs = tamar.send_assets(asset())
    wanted = [theirs, "TX-20261102-009999"]
    told = [one_error(brindle.call("transactions/status", {"transactionId": each}), 404)["message"] for each in wanted]
    assert told[0].replace(wanted[0], "") == told[1].replace(wanted[1], "")
    assert tamar.read(theirs)["transactionId"] == theirs


def test_the_request_is_the_cause_of_all_that_follows(brindle: Registrar) -> None:
    """Design, 5: causedBy links request -> moved -> created -> return."""
    answer = brindle.call("assets", {"assets": [asset()]})
    brindle.ended(answer.json()["transactionId"])
    [received] = brindle.world.journal("batch.received")
    assert received["causedBy"] == int(answer.headers["X-Request-Id"])
    assert {entry["causedBy"] for entry in brindle.world.journal("batch.moved")} == {received["causedBy"]}
