"""What the contract writes, it reads back the same: for the default and for contracts very unlike it."""

from __future__ import annotations

import dataclasses
import json
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.contracts import CannotWrite, Given, NotReadable, WireRequest

from .contract_files import HALF_PAST_FOUR, OVERRIDES, operation_of

ALL = ["default", *OVERRIDES]
SINGLE = ("form_body", "get_in_query", "put_in_path_and_query")
ONE_UNIT = (*SINGLE, "unit_in_header", "one_unit_a_message")
POWER_ONLY = ("get_in_query", "one_unit_a_message")
FEW = {"lower_limits": 3, "everything_renamed": 96}

# Milliwatts, up to 400 kW, so that every contract's limits hold.
AMOUNTS = st.integers(-400_000_000, 400_000_000).map(lambda milliwatts: milliwatts / 1_000_000)
MOMENTS = st.integers(0, 4_000_000_000).map(
    lambda seconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
UNITS = st.integers(1, 99_999_999).map(str)


@st.composite
def contracts_and_records(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    contract = draw(st.sampled_from(ALL))
    most = 1 if contract in SINGLE else FEW.get(contract, 12)
    unit = draw(UNITS)
    records = []
    for _ in range(draw(st.integers(1, min(most, 12)))):
        name = "power_kw" if contract in POWER_ONLY else draw(st.sampled_from(["power_kw", "energy_kwh"]))
        own_unit = unit if contract in ONE_UNIT else draw(st.sampled_from([unit, "77", "78"]))
        records.append({"meterable_unit_id": own_unit, "timestamp": draw(MOMENTS), name: draw(AMOUNTS)})
    return contract, records


def rounded(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Amounts to the milliwatt."""
    return [
        {name: round(value, 6) if name in ("power_kw", "energy_kwh") else value for name, value in record.items()}
        for record in records
    ]


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(contracts_and_records())
def test_records_survive_the_wire(case: tuple[str, list[dict[str, Any]]]) -> None:
    """read(write(records)) == records, to the milliwatt, in their order, for every contract."""
    contract, records = case
    message = operation_of(contract).read(operation_of(contract).write(records))
    assert message.problems == []
    assert rounded(message.records) == records


@pytest.mark.parametrize("contract", [name for name in ALL if name not in SINGLE])
def test_a_faulty_neighbour_does_not_change_a_reading(contract: str) -> None:
    """The careful way, taken beside a fault, reads the same values as the quick way."""
    operation = operation_of(contract)
    good = {"meterable_unit_id": "77", "timestamp": HALF_PAST_FOUR, "power_kw": -12.5}
    request = operation.write([good, good])
    body = json.loads(request.body)
    node = body
    while not (isinstance(node, list) and len(node) == 2):
        node = next(
            part for part in (node.values() if isinstance(node, dict) else node) if isinstance(part, dict | list)
        )
    node.append(3)
    message = operation.read(dataclasses.replace(request, body=json.dumps(body).encode()))
    assert message.problems
    assert message.records[:2] == [good, good]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(
            ["unit", "readings", "data", "series", "values", "Intervals", "meterableUnitId", "timestamp", "powerKw",
             "energyKwh", "t", "kw", "kwh", "mu", "end", "amount", "Meter", "Until", "Mw", "Mwh", "flow", "source"]
        )
        | st.text(string.ascii_letters, max_size=3),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(ALL), VALUES)
def test_no_body_crashes_the_reader(contract: str, body: Any) -> None:
    """Whatever JSON is sent: a message or a refusal, every problem with a place and a sentence."""
    operation = operation_of(contract)
    request = WireRequest(operation.method, media_type=(*operation.media_types, "")[0], body=json.dumps(body).encode())
    try:
        message = operation.read(request)
    except NotReadable:
        return
    for problem in message.problems:
        assert problem.message.endswith((".", "?"))
        assert problem.index is None or 0 <= problem.index < len(message.records)
    for index, record in enumerate(message.records):
        assert set(record) <= {"meterable_unit_id", "timestamp", "power_kw", "energy_kwh"}
        assert message.pointer(index, "timestamp") is not None
        if Given.BROKEN in record.values():
            assert message.problems


def test_nothing_cannot_be_written() -> None:
    """An example needs at least one reading."""
    with pytest.raises(CannotWrite, match="at least one"):
        operation_of("default").write([])


@pytest.mark.parametrize("contract", SINGLE)
def test_two_readings_do_not_fit_where_one_goes(contract: str) -> None:
    """A contract with one reading a request says so instead of dropping one."""
    record = {"meterable_unit_id": "77", "timestamp": HALF_PAST_FOUR, "power_kw": 1.0}
    with pytest.raises(CannotWrite, match="one request for each"):
        operation_of(contract).write([record, record])


@pytest.mark.parametrize("contract", ["unit_in_header", "one_unit_a_message"])
def test_two_units_do_not_fit_where_one_goes(contract: str) -> None:
    """A header or a field of the whole message has one value."""
    record = {"meterable_unit_id": "77", "timestamp": HALF_PAST_FOUR, "power_kw": 1.0}
    with pytest.raises(CannotWrite, match="these records have several"):
        operation_of(contract).write([record, {**record, "meterable_unit_id": "78"}])


def test_a_field_without_a_place_cannot_be_written() -> None:
    """A contract without energy does not silently drop an energy."""
    with pytest.raises(CannotWrite, match="no place for energy_kwh"):
        operation_of("get_in_query").write(
            [{"meterable_unit_id": "77", "timestamp": HALF_PAST_FOUR, "energy_kwh": 1.0}]
        )


def test_half_a_second_does_not_fit_into_whole_seconds() -> None:
    """A time the contract cannot say is refused, not rounded."""
    record = {"meterable_unit_id": "77", "timestamp": HALF_PAST_FOUR.replace(microsecond=500_000), "power_kw": 1.0}
    with pytest.raises(CannotWrite, match="no whole number of seconds"):
        operation_of("epoch_seconds").write([record])


def test_a_written_request_can_be_sent_as_it_stands() -> None:
    """Path and query are expanded and encoded; method, content type and body are complete."""
    record = {"meterable_unit_id": "a/b c", "timestamp": HALF_PAST_FOUR, "power_kw": -12.5}
    request = operation_of("put_in_path_and_query").write([record])
    assert (request.method, request.body) == ("PUT", b"")
    assert request.target == "/telemetry/a%2Fb%20c/2026-11-02T16%3A30%3A00Z?kw=-12.5"
    assert request.path == "/telemetry/a%2Fb%20c/2026-11-02T16%3A30%3A00Z"


def test_one_reading_is_written_as_an_object() -> None:
    """Where a contract takes both, a single reading is written plainly and several as a list."""
    record = {"meterable_unit_id": "MU-1001", "timestamp": HALF_PAST_FOUR, "power_kw": -12.5}
    request = operation_of("default").write([record])
    assert request.media_type == "application/json"
    assert json.loads(request.body) == {
        "meterableUnitId": "MU-1001",
        "timestamp": "2026-11-02T16:30:00Z",
        "powerKw": -12.5,
    }
    assert len(json.loads(operation_of("default").write([record, record]).body)) == 2


def test_a_field_that_is_none_of_ours_is_filled() -> None:
    """Required fields of the contract that we know nothing of get the contract's own example."""
    record = {"meterable_unit_id": "77", "timestamp": HALF_PAST_FOUR, "power_kw": 1.0}
    assert json.loads(operation_of("nested_list").write([record]).body)["source"] == "aggregator-1"
    assert operation_of("get_in_query").write([record]).query["v"] == "2"
