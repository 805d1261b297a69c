"""Where a record's field stood, for rules that are checked after reading."""

from __future__ import annotations

import pytest

from simulator.contracts import WireRequest

from .contract_files import READING, operation_of, read


@pytest.mark.parametrize("field", ["meterable_unit_id", "timestamp", "power_kw"])
def test_a_single_reading_is_the_whole_body(field: str) -> None:
    """A field of a single reading is one step down."""
    wire = {"meterable_unit_id": "meterableUnitId", "timestamp": "timestamp", "power_kw": "powerKw"}[field]
    assert read(READING).pointer(0, field) == f"/{wire}"


def test_a_listed_reading_has_its_number() -> None:
    """Numbers of a JSON Pointer count from 0."""
    assert read([READING] * 4).pointer(3, "timestamp") == "/3/timestamp"


def test_an_absent_field_points_at_the_record() -> None:
    """What was not sent has no place of its own."""
    assert read([READING]).pointer(0, "energy_kwh") == "/0"
    assert read(READING).pointer(0, "energy_kwh") == ""


def test_pointers_work_on_faulty_messages() -> None:
    """A rule may speak about the good readings of a message that has bad ones."""
    message = read([3, READING])
    assert (message.pointer(0, "timestamp"), message.pointer(1, "timestamp")) == ("/0", "/1/timestamp")


def test_inherited_fields_point_at_their_group() -> None:
    """The unit of a grouped reading stands on the group."""
    reading = {"end": "2026-11-02T16:30:00Z", "amount": {"kw": 1}}
    message = read([{"unit": "A", "readings": [reading]}, {"unit": "B", "readings": [reading] * 2}], "grouped_by_unit")
    assert message.pointer(2, "meterable_unit_id") == "/1/unit"
    assert message.pointer(2, "power_kw") == "/1/readings/1/amount/kw"
    assert message.pointer(2, "energy_kwh") == "/1/readings/1"


def test_parameters_are_named() -> None:
    """Path, query and header have no JSON Pointer, so they are named."""
    message = operation_of("put_in_path_and_query").read(
        WireRequest("PUT", path_params={"unit": "A", "at": "2026-11-02T16:30:00Z"}, query={"kw": "1"})
    )
    names = ("meterable_unit_id", "timestamp", "power_kw", "energy_kwh")
    assert [message.pointer(0, name) for name in names] == ["path unit", "path at", "query kw", "query kwh"]
    body = [{"timestamp": "2026-11-02T16:30:00Z", "powerKw": 1}]
    headed = read(body, "unit_in_header", headers={"X-Metering-Point": "A"})
    assert headed.pointer(0, "meterable_unit_id") == "header X-Metering-Point"


def test_a_record_that_does_not_exist() -> None:
    """Asking for a record beyond the last is a fault of the program."""
    with pytest.raises(IndexError):
        read(READING).pointer(1, "timestamp")
