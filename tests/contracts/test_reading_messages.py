"""Reading a request in order: canonical names and values, wherever the contract puts the fields."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.contracts import Message, WireRequest

from .contract_files import HALF_PAST_FOUR, OVERRIDES, READING, operation_of, read, request_of

WRITTEN: dict[str, WireRequest] = {
    "demand_positive": request_of({**READING, "powerKw": 12.5}),
    "direction_words": request_of({**READING, "powerKw": 12.5, "flow": "IMPORT"}),
    "epoch_milliseconds": request_of({**READING, "timestamp": 1793637000000}),
    "epoch_seconds": request_of({"meterableUnitId": "MU-1001", "time": 1793637000, "powerKw": -12.5}),
    "everything_renamed": request_of(
        {"Intervals": [{"Meter": "MU-1001", "Until": 1793637000000, "Mw": 0.0125}]},
        "application/vnd.example.intervals+json",
    ),
    "form_body": request_of(
        b"unit=MU-1001&at=2026-11-02T16%3A30%3A00%2B00%3A00&kw=-12.5", "application/x-www-form-urlencoded"
    ),
    "get_in_query": WireRequest("GET", query={"v": "2", "mu": "MU-1001", "ts": "1793637000", "w": "-12500"}),
    "grouped_by_unit": request_of(
        [{"unit": "MU-1001", "readings": [{"end": "2026-11-02T16:30:00Z", "amount": {"kw": -12.5}}]}]
    ),
    "lower_limits": request_of(READING),
    "megawatts": request_of({"meterableUnitId": "MU-1001", "timestamp": "2026-11-02T16:30:00Z", "powerMw": -0.0125}),
    "nested_list": request_of(
        {"source": "x", "data": {"series": [{"mu": "MU-1001", "t": "2026-11-02T17:30:00+01:00", "kw": -12.5}]}}
    ),
    "one_unit_a_message": request_of({"values": [{"t": "2026-11-02T16:30:00Z", "kw": -12.5}], "unit": "MU-1001"}),
    "put_in_path_and_query": WireRequest(
        "PUT", path_params={"unit": "MU-1001", "at": "2026-11-02T16:30:00Z"}, query={"kw": "-12.5"}
    ),
    "text_and_nulls": request_of({"unitNumber": 1001, "time": "2026-11-02T16:30:00", "power": "-12.5", "energy": None}),
    "unit_in_header": request_of(
        [{"timestamp": "2026-11-02T16:30:00Z", "powerKw": -12.5}], headers={"x-metering-point": "MU-1001"}
    ),
    "watts": request_of({"meterableUnitId": "MU-1001", "timestamp": "2026-11-02T16:30:00Z", "powerW": -12500}),
}


def test_every_example_contract_is_read_here() -> None:
    """No example contract is without a message written by hand."""
    assert list(WRITTEN) == OVERRIDES


@pytest.mark.parametrize("contract", OVERRIDES)
def test_the_same_reading_comes_out_of_every_contract(contract: str) -> None:
    """12.5 kW of demand at 16:30 UTC is one and the same record, however a contract writes it."""
    message = operation_of(contract).read(WRITTEN[contract])
    unit = "1001" if contract == "text_and_nulls" else "MU-1001"
    assert message.problems == []
    assert message.records == [{"meterable_unit_id": unit, "timestamp": HALF_PAST_FOUR, "power_kw": -12.5}]


def test_one_reading_and_a_list_are_both_taken() -> None:
    """The default contract takes an object or a list of objects."""
    one, several = read(READING), read([READING, {**READING, "meterableUnitId": "MU-1002"}])
    assert [record["meterable_unit_id"] for record in one.records + several.records] == [
        "MU-1001",
        "MU-1001",
        "MU-1002",
    ]


def test_energy_stays_energy() -> None:
    """energyKwh is not turned into power: only the unit's period could tell how much that is."""
    reading = {"meterableUnitId": "MU-1001", "timestamp": "2026-11-02T16:30:00Z", "energyKwh": 6}
    assert read(reading).records[0]["energy_kwh"] == 6
    assert "power_kw" not in read(reading).records[0]


def test_times_become_utc() -> None:
    """17:30 at +01:00 is 16:30 UTC."""
    record = read({**READING, "timestamp": "2026-11-02T17:30:00+01:00"}).records[0]
    assert record["timestamp"] == HALF_PAST_FOUR
    assert record["timestamp"].utcoffset().total_seconds() == 0


def test_a_group_passes_its_fields_on() -> None:
    """In a message grouped by unit every reading has its group's unit."""
    body = [
        {"unit": unit, "readings": [{"end": f"2026-11-02T{hour}:00:00Z", "amount": {"kw": 1}} for hour in (10, 11)]}
        for unit in ("A", "B")
    ]
    assert [record["meterable_unit_id"] for record in read(body, "grouped_by_unit").records] == ["A", "A", "B", "B"]


def test_export_and_import_words_give_the_sign() -> None:
    """With direction words EXPORT is positive and IMPORT negative, and no direction is left in the record."""
    records = read(
        [{**READING, "powerKw": 2, "flow": word} for word in ("EXPORT", "IMPORT")], "direction_words"
    ).records
    assert [record["power_kw"] for record in records] == [2, -2]
    assert "direction" not in records[0]


def test_null_is_the_same_as_left_out() -> None:
    """Where a contract allows null, a null field is an absent one."""
    body = {"unitNumber": 7, "time": "2026-11-02T16:30:00", "power": None, "energy": "-3"}
    record = read(body, "text_and_nulls").records[0]
    assert "power_kw" not in record
    assert record["energy_kwh"] == -3


def test_content_type_parameters_do_not_matter() -> None:
    """application/json; charset=utf-8 is JSON, in any letter case."""
    assert operation_of("default").read(request_of(READING, "Application/JSON; charset=utf-8")).problems == []


def test_header_names_are_found_in_any_letter_case() -> None:
    """HTTP header names have no letter case."""
    for name in ("X-Metering-Point", "x-metering-point", "X-METERING-POINT"):
        message = read([{"timestamp": "2026-11-02T16:30:00Z", "powerKw": 1}], "unit_in_header", headers={name: "A"})
        assert message.records[0]["meterable_unit_id"] == "A"


@pytest.mark.parametrize("number", ["1e3", "1000.0", "1000"])
def test_numbers_in_the_query_may_be_written_as_in_json(number: str) -> None:
    """A number of the query is written as in JSON."""
    message = operation_of("put_in_path_and_query").read(
        WireRequest("PUT", path_params={"unit": "A", "at": "2026-11-02T16:30:00Z"}, query={"kw": number})
    )
    assert message.records[0]["power_kw"] == 1000


def test_a_long_list_keeps_its_order() -> None:
    """Record 3 of the message is record 3 of the list that was sent."""
    body: list[dict[str, Any]] = [{**READING, "meterableUnitId": f"MU-{number}"} for number in range(10_000)]
    message: Message = read(body)
    assert [record["meterable_unit_id"] for record in message.records] == [f"MU-{number}" for number in range(10_000)]
