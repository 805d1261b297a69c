"""Faults of shape: every one of them, at its place, with its code, in words that say how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.contracts import Given, WireRequest

from .contract_files import READING, codes, load_edited, operation_of, read, reading_of


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in READING.items() if name not in names}


SHAPES: list[tuple[Any, list[tuple[str, str]], str]] = [
    (without("timestamp"), [("", "required")], "timestamp is missing: add it."),
    ({**READING, "powerKw": "12"}, [("/powerKw", "type")], 'powerKw is text ("12"): send a number without quotes.'),
    (
        {**READING, "powerKw": True},
        [("/powerKw", "type")],
        "powerKw is true or false (true): send a number without quotes.",
    ),
    ({**READING, "powerKw": None}, [("/powerKw", "type")], "powerKw is null: send a number without quotes."),
    ({**READING, "powerKw": 10_000_001}, [("/powerKw", "maximum")], "the largest allowed is 10000000"),
    ({**READING, "powerKw": -1e9}, [("/powerKw", "minimum")], "the smallest allowed is -10000000"),
    ({**READING, "meterableUnitId": ""}, [("/meterableUnitId", "minLength")], "meterableUnitId is empty"),
    ({**READING, "meterableUnitId": "x" * 65}, [("/meterableUnitId", "maxLength")], "at most 64 characters"),
    ({**READING, "power": 3}, [("/power", "additionalProperties")], "did you mean powerKw?"),
    ({**READING, "a/b~c": 3}, [("/a~1b~0c", "additionalProperties")], "not a field of this message"),
    ({**READING, "energyKwh": 3}, [("", "power_or_energy")], "either powerKw or energyKwh"),
    (without("powerKw"), [("", "power_or_energy")], "either powerKw or energyKwh"),
    ([], [("", "minItems")], "empty list"),
    (3, [("", "type")], "send an object {...} or a list [...]"),
    (None, [("", "type")], "The message is null"),
    ([3], [("/0", "type")], "Item 0 (counted from 0) is a number (3): send an object {...}."),
    ([READING, [READING]], [("/1", "type")], "Item 1 (counted from 0) is a list"),
]


@pytest.mark.parametrize(("body", "expected", "words"), SHAPES)
def test_a_fault_of_shape(body: Any, expected: list[tuple[str, str]], words: str) -> None:
    """Each fault has its pointer, the name of the broken rule, and a sentence."""
    message = read(body)
    assert codes(message) == expected
    assert words in message.problems[0].message


def test_all_faults_of_a_message_are_listed() -> None:
    """Four faults in three readings are four problems, in the order of the readings."""
    message = read(
        [{**READING, "powerKw": "x", "timestamp": "2026-11-02T16:30:00"}, READING, {**without("timestamp"), "kw": 1}]
    )
    assert sorted(codes(message)) == [
        ("/0/powerKw", "type"),
        ("/0/timestamp", "naive_time"),
        ("/2", "required"),
        ("/2/kw", "additionalProperties"),
    ]
    assert [problem.index for problem in message.problems] == [0, 0, 2, 2]


def test_a_broken_field_is_marked_as_given() -> None:
    """A field that was sent and cannot be used is there, so that nobody calls it missing."""
    record = read({**READING, "powerKw": "12", "timestamp": "soon"}).records[0]
    assert record["powerKw" if "powerKw" in record else "power_kw"] is Given.BROKEN
    assert record["timestamp"] is Given.BROKEN
    assert record["meterable_unit_id"] == "MU-1001"


def test_readings_without_fault_are_still_read() -> None:
    """Beside a faulty reading the good ones keep their values and their place."""
    records = read([3, READING]).records
    assert records[0] == {}
    assert records[1]["power_kw"] == -12.5


def test_a_missing_field_is_not_in_the_record() -> None:
    """What was not sent is absent, not broken."""
    assert "timestamp" not in read(without("timestamp")).records[0]


def test_no_message_repeats_an_upload() -> None:
    """However long what was sent, no message or pointer grows with it."""
    long = "x" * 100_000
    bodies = [{**READING, "powerKw": long}, {**READING, long: 1}, [long], {**READING, "timestamp": long}, long]
    for body in bodies:
        for problem in read(body).problems:
            assert len(problem.message) < 300
            assert len(problem.pointer) < 100


def test_a_nested_list_is_pointed_into() -> None:
    """The pointer leads through outer objects to the field."""
    body = {"source": "x", "data": {"series": [{"mu": "A", "t": "2026-11-02T16:30:00Z", "kw": "3"}]}}
    assert codes(read(body, "nested_list")) == [("/data/series/0/kw", "type")]


def test_a_fault_outside_the_records_belongs_to_none() -> None:
    """The unit of a group belongs to no single reading; it is named once."""
    message = read(
        [{"unit": "", "readings": [{"end": "2026-11-02T16:30:00Z", "amount": {"kw": 1}}] * 3}], "grouped_by_unit"
    )
    assert [(problem.index, problem.pointer, problem.code) for problem in message.problems] == [
        (None, "/0/unit", "minLength")
    ]
    assert [record["meterable_unit_id"] for record in message.records] == [Given.BROKEN] * 3


def test_a_missing_group_field_is_named_once() -> None:
    """A group without its unit is one fault, not one for every reading in it."""
    reading = {"end": "2026-11-02T16:30:00Z", "amount": {"kw": 1}}
    message = read([{"unit": "A", "readings": [reading]}, {"readings": [reading] * 3}], "grouped_by_unit")
    assert codes(message) == [("/1", "required")]


def test_what_the_operation_needs_holds_without_the_contracts_help(tmp_path: Path) -> None:
    """A contract that forgets `required` and the power-or-energy rule does not let half a reading through."""

    def edit(document: dict[str, Any]) -> None:
        reading_of(document)["required"] = []
        del reading_of(document)["allOf"]

    operation = load_edited(tmp_path, edit).operations["postReadings"]
    message = operation.read(WireRequest("POST", media_type="application/json", body=b'[{"meterableUnitId": "A"}]'))
    assert codes(message) == [("/0", "required"), ("/0", "power_or_energy")]


def test_the_contracts_own_code_is_used_once() -> None:
    """x-code replaces the simulator's word, and the fault is not told a second time under it."""
    message = read({"Intervals": [{"Meter": "A", "Until": 0}]}, "everything_renamed")
    assert [(problem.code, problem.message) for problem in message.problems] == [("E07", "Send Mw or Mwh.")]


def test_a_contract_without_the_rule_still_has_it() -> None:
    """nested_list.yaml does not say "power or energy"; the simulator does."""
    body = {"source": "x", "data": {"series": [{"mu": "A", "t": "2026-11-02T16:30:00Z", "kw": 1, "kwh": 1}]}}
    assert codes(read(body, "nested_list")) == [("/data/series/0", "power_or_energy")]


def test_parameters_are_pointed_at_by_name() -> None:
    """A fault in path, query or header says which and where."""
    message = operation_of("put_in_path_and_query").read(
        WireRequest("PUT", path_params={"unit": "A" * 65, "at": "2026-11-02"}, query={"kw": "much"})
    )
    assert sorted(codes(message)) == [("path at", "format"), ("path unit", "maxLength"), ("query kw", "type")]
    assert {problem.index for problem in message.problems} == {0}


@pytest.mark.parametrize("number", ["1,5", " 1", "1e999", "NaN", "0x10", "", "٣", "1" * 5000])
def test_text_that_is_no_number_stays_text(number: str) -> None:
    """What JSON would not take as a number is a fault of type in the query too."""
    request = WireRequest("GET", query={"v": "2", "mu": "A", "ts": "1793637000", "w": number})
    assert codes(operation_of("get_in_query").read(request)) == [("query w", "type")]


def test_a_missing_parameter_is_named() -> None:
    """The pointer of a missing parameter says where it has to stand."""
    message = operation_of("get_in_query").read(WireRequest("GET", query={"v": "2", "mu": "A", "w": "1"}))
    assert codes(message) == [("query ts", "required")]
    assert message.problems[0].message == "query ts is missing: add it."


def test_a_missing_header_is_named_once() -> None:
    """A header that holds for all readings is missed once."""
    message = read([{"timestamp": "2026-11-02T16:30:00Z", "powerKw": 1}] * 3, "unit_in_header")
    assert [(problem.index, problem.pointer) for problem in message.problems] == [(None, "header X-Metering-Point")]


def test_faults_of_parameters_and_body_come_together() -> None:
    """A wrong header does not hide a wrong body."""
    body = [{"timestamp": "2026-11-02T16:30:00Z", "powerKw": "1"}]
    message = read(body, "unit_in_header", headers={"X-Metering-Point": "A" * 21})
    assert codes(message) == [("header X-Metering-Point", "maxLength"), ("/0/powerKw", "type")]


def test_an_amount_with_direction_has_no_sign() -> None:
    """Where a word gives the direction, a negative amount could mean two things."""
    edited = read({**READING, "flow": "IMPORT", "powerKw": -1}, "direction_words")
    assert codes(edited) == [("/powerKw", "minimum")]


def test_an_unknown_direction_leaves_the_amount_unknown() -> None:
    """Without a direction nobody knows the amount's sign."""
    message = read({**READING, "powerKw": 1, "flow": "UP"}, "direction_words")
    assert codes(message) == [("/flow", "enum")]
    assert message.records[0]["power_kw"] is Given.BROKEN


def test_limits_are_the_contracts() -> None:
    """501 kW are too much only where the contract says so."""
    reading = {**READING, "powerKw": 501}
    assert read(reading).problems == []
    assert codes(read(reading, "lower_limits")) == [("/powerKw", "maximum")]
