"""SMP contracts unlike the default: what they take is read the same, what they answer and send is in their own form."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.contracts import CannotWrite, Credential, Given, NotReadable, WireRequest

from .smp_files import (
    ASSET_RECORD,
    CHANGED,
    UNIT_RECORD,
    faults,
    send,
    smp_contract,
    smp_document,
    smp_operation,
)
from .test_smp_answers import FAILED, SUCCEEDED, UNIT_MADE

ALL = ["default", *CHANGED]
TECHNOLOGY = {"default": "Batteries", "everything_renamed": "SUN", "nested": "pv", "texts": "7"}
MOST = {"default": 3, "everything_renamed": 3, "nested": 3, "texts": 1}

# Whole kW and kWh, so that contracts with whole numbers can say them.
AMOUNTS = st.integers(0, 10_000_000)
DAYS = st.dates(date(1970, 1, 1), date(2199, 12, 31))
WORDS = st.text("abcXYZ 0123-é", min_size=1, max_size=20).map(str.strip).filter(bool)
SERVICES = ("response", "quick_reserve", "slow_reserve", "balancing_reserve")


@st.composite
def contracts_and_assets(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    contract = draw(st.sampled_from(ALL))
    records = []
    for _ in range(draw(st.integers(1, MOST[contract]))):
        record = {
            "external_reference": draw(WORDS), "name": draw(WORDS), "mpan": "2100012345677", "postcode": "CF37 1AA",
            "technology_type": TECHNOLOGY[contract], "gsp_group_id": "_K",
            "connection_type": draw(st.sampled_from(["distribution", "transmission"])),
            "max_import_kw": draw(AMOUNTS), "max_export_kw": draw(AMOUNTS), "start_date": draw(DAYS)}  # fmt: skip
        if draw(st.booleans()):
            record |= {"export_mpan": "1800021679848", "latitude": draw(st.integers(-90, 90)) / 2,
                       "longitude": draw(st.integers(-180, 180)) / 2, "end_date": draw(DAYS),
                       "connection_voltage_kv": draw(st.sampled_from([0.4, 11, 33, 132, 400])),
                       "energy_capacity_kwh": draw(AMOUNTS)}  # fmt: skip
        records.append(record)
    return contract, records


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(contracts_and_assets())
def test_assets_survive_the_wire(case: tuple[str, list[dict[str, Any]]]) -> None:
    """read(write(records)) == records, whatever names, places and units a contract has."""
    contract, records = case
    operation = smp_operation("createAssets", contract)
    message = operation.read(operation.write(records))
    assert (message.problems, message.records) == ([], records)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ALL), st.lists(st.sampled_from(SERVICES), min_size=1, max_size=4, unique=True),
       st.lists(st.text("ABC-123", min_size=1, max_size=9), min_size=1, max_size=5), st.sampled_from(
           ["bmu", "secondary_bmu", "non_bmu", "aggregated"]))
def test_units_survive_the_wire(contract: str, services: list[str], assets: list[str], unit_type: str) -> None:
    """Lists of ids and of words too: as lists, as lists of objects, and as texts with commas."""
    record = {**UNIT_RECORD, "services": services, "assets": assets, "unit_type": unit_type,
              "end_date": date(2031, 1, 1)}  # fmt: skip
    operation = smp_operation("createUnit", contract)
    message = operation.read(operation.write([record]))
    assert (message.problems, message.records) == ([], [record])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["assets", "unit", "Unit", "data", "Resources", "transactionId", "query", "services", "name",
                         "members", "service", "a/b", "identity", "power", "in", "mpan", "maxImportMw", "startDate",
                         "connectionType", "TakesKw", "From", "username", "password", "credentials"]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(ALL), st.sampled_from(["authenticate", "createAssets", "createUnit", "getTransactionStatus"]),
       VALUES)
def test_no_body_crashes_the_reader(contract: str, operation_id: str, body: Any) -> None:
    """Whatever JSON is sent: a message or a refusal, every problem with a place and a sentence."""
    operation = smp_operation(operation_id, contract)
    request = WireRequest(operation.method, media_type=(*operation.media_types, "")[0], body=json.dumps(body).encode())
    try:
        message = operation.read(request)
    except NotReadable as error:
        assert error.detail.endswith(".")
        return
    assert all(problem.message.endswith((".", "?")) for problem in message.problems)
    for index, record in enumerate(message.records):
        assert message.pointer(index, "assets/1") is not None
        if Given.BROKEN in record.values():
            assert message.problems


@pytest.mark.parametrize("contract", ALL)
def test_inquiries_survive_the_wire(contract: str) -> None:
    """The id in the body, the path or the query."""
    operation = smp_operation("getTransactionStatus", contract)
    assert operation.read(operation.write([{"transaction_id": "TX-1"}])).records == [{"transaction_id": "TX-1"}]


@pytest.mark.parametrize("contract", ALL)
def test_every_contract_can_give_every_answer(contract: str) -> None:
    """Outcomes that a contract leaves out are the default's."""
    for operation_id, operation in smp_contract(contract).operations.items():
        assert set(operation.outcomes) == set(smp_operation(operation_id).outcomes)
        for outcome in operation.outcomes:
            assert operation.answer(outcome, FAILED).status == operation.status_of(outcome)


def test_kilowatts_and_volts_are_whole_numbers_there() -> None:
    """everything_renamed: units and words of its own, path and method too."""
    operation = smp_operation("createAssets", "everything_renamed")
    request = operation.write([{**ASSET_RECORD, "technology_type": "SUN", "connection_voltage_kv": 0.4}])
    assert (request.method, request.path, request.media_type) == (
        "PUT", "/gateway/resources", "application/vnd.smp+json")
    (sent,) = json.loads(request.body)["Resources"]
    assert (sent["TakesKw"], sent["Volts"], sent["Network"], sent["From"]) == (500, 400, "D", "2026-11-02")
    assert operation.credential == Credential("header", "X-Token", "")
    with pytest.raises(CannotWrite, match="whole numbers only"):
        operation.write([{**ASSET_RECORD, "technology_type": "SUN", "max_import_kw": 0.5}])


def test_its_limit_is_its_own() -> None:
    """everything_renamed: three assets a message; the sentence names that maximum."""
    body = {"Resources": [{}] * 4}
    with pytest.raises(NotReadable) as error:
        send("createAssets", body, "application/vnd.smp+json", "everything_renamed")
    assert error.value.detail == (
        "One message creates at most 3 assets; this one has 4: send the rest in another.")
    assert error.value.problems[0].pointer == "/Resources"


def test_the_signature_is_no_field() -> None:
    """everything_renamed: its header is required there, and whether it is missing is not the contract's business."""
    operation = smp_operation("createAssets", "everything_renamed")
    assert operation.signature_header == "X-Sig"
    message = operation.read(operation.write([{**ASSET_RECORD, "technology_type": "SUN"}]))
    assert message.problems == []
    assert smp_operation("createUnit", "everything_renamed").signature_header is None


def test_a_transaction_may_be_flat() -> None:
    """everything_renamed: what was made stands beside the status; times are counts, which drop what they cannot say."""
    answer = smp_operation("getTransactionStatus", "everything_renamed").answer("accepted", {
        **SUCCEEDED, "submitted_at": datetime(2026, 11, 2, 16, 0, 0, 999_999, tzinfo=UTC),
        "completed_at": datetime(2026, 11, 2, 16, tzinfo=UTC) + timedelta(microseconds=1_500)})
    # 1793635200 is 2026-11-02 16:00 UTC in seconds since 1970 (`date -ud @1793635200`).
    assert json.loads(answer.body) == {
        "Batch": "TX-1", "Kind": "A", "State": "OK", "In": 1793635200, "Out": 1793635200001,
        "Made": [{"Ref": "BESS-0001", "Id": "AST-000001"}], "Faults": []}
    unit = smp_operation("createUnit", "everything_renamed").answer("accepted", UNIT_MADE)
    assert json.loads(unit.body)["UnitId"] == "AG-BRIN01"


def test_a_transaction_may_lie_in_an_envelope() -> None:
    """nested: with the simulator's own words, as the contract gives none."""
    answer = smp_operation("getTransactionStatus", "nested").answer("accepted", UNIT_MADE)
    assert json.loads(answer.body) == {"envelope": {
        "transactionId": "TX-1", "status": "succeeded", "submittedAt": "2026-11-02T16:00:00.250000Z",
        "outcome": {"unit": {"id": "AG-BRIN01"}}}}


def test_lists_of_objects_are_written_whole() -> None:
    """nested: what the contract says itself stands beside the id or the word."""
    sent = json.loads(smp_operation("createUnit", "nested").write([UNIT_RECORD]).body)["unit"]
    assert sent["services"] == [{"kind": "service", "service": "response"},
                                {"kind": "service", "service": "quick_reserve"}]
    assert sent["members"] == [{"a/b": "BESS-0001"}, {"a/b": "AST-000002"}]


def test_one_object_of_a_list_can_be_pointed_at() -> None:
    """RFC 6901 writes / in a name as ~1; a text with commas can only be pointed at whole."""
    for contract, pointers in {"nested": ("/unit/members", "/unit/members/1/a~1b"),
                               "texts": ("header Assets", "header Assets")}.items():
        operation = smp_operation("createUnit", contract)
        message = operation.read(operation.write([UNIT_RECORD]))
        assert (message.pointer(0, "assets"), message.pointer(0, "assets/1")) == pointers


def test_faults_deep_inside_are_pointed_into() -> None:
    """nested: the pointer leads through outer objects, and an item of a list that lacks its id is told."""
    asset = {"identity": {"name": 3}, "power": {"in": "5"}, "dates": {"startDate": "soon"}}
    pointers = {place for _, place, _ in faults(send("createAssets", {"data": {"assets": [asset]}}, name="nested"))}
    assert {"/data/assets/0/identity/name", "/data/assets/0/power/in", "/data/assets/0/dates/startDate"} <= pointers
    message = send("createUnit", {"unit": {"services": [{"service": "heat"}], "members": [{}]}}, name="nested")
    codes = {(place, code) for _, place, code in faults(message)}
    assert {("/unit/services/0/service", "enum"), ("/unit/members/0", "required")} <= codes


@pytest.mark.parametrize(("services", "code"), [("response,heat", "enum"), (" response , slow_reserve,", None)])
def test_a_text_with_commas_holds_words(services: str, code: str | None) -> None:
    """texts: spaces around a word do no harm; an unknown word is told."""
    operation = smp_operation("createUnit", "texts")
    request = operation.write([UNIT_RECORD])
    message = operation.read(dataclasses.replace(request, query={**request.query, "services": services}))
    assert [problem.code for problem in message.problems] == ([code] if code else [])
    if code is None:
        assert message.records[0]["services"] == ["response", "slow_reserve"]


def test_a_batch_return_may_go_elsewhere() -> None:
    """everything_renamed: PUT, the id in the path, the status in the query, the signature in a header of its own."""
    message = smp_contract("everything_renamed").outbound["sendBatchReturn"]
    request = message.write(FAILED)
    assert (request.method, request.target) == ("PUT", "/done/TX-1?state=KO")
    assert dict(request.headers) == {"Content-Type": "application/vnd.smp+json"}
    assert json.loads(request.body)["Faults"] == [{"Where": "/unit/name", "Text": "It is taken."}]
    assert (message.signature_header, message.from_default) == ("X-Sig", False)


def test_a_contract_without_webhooks_sends_the_default_return_and_shows_it() -> None:
    """nested: as with dispatches."""
    contract = smp_contract("nested")
    message = contract.outbound["sendBatchReturn"]
    assert message.from_default
    assert message.write(FAILED) == smp_contract().outbound["sendBatchReturn"].write(FAILED)
    assert contract.document["webhooks"] == smp_document()["webhooks"]


@pytest.mark.parametrize("name", CHANGED)
def test_a_contract_without_keys_has_the_defaults_and_shows_them(name: str) -> None:
    """Signatures have to be checked with something, whatever the contract says of it."""
    contract, path = smp_contract(name), "/smp/.well-known/jwks.json"
    assert contract.operations["getKeys"].path == path
    assert contract.document["paths"][path] == smp_document()["paths"][path]
