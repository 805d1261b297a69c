"""What is sent and answered under each changed contract, written by hand from the contract's file.

Nothing here is made by the simulator's own writer of messages. The market time is 2026-11-02 17:00 UTC throughout.
1793637000 is 2026-11-02 16:30 UTC in seconds since 1970 (`date -ud @1793637000`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

BEARER = {"Authorization": "Bearer demo-token-brindle"}
JSON = {"Content-Type": "application/json"}
AT_1630 = "2026-11-02T16:30:00Z"
AT_1631 = "2026-11-02T16:31:00Z"
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Conversation:
    """One contract: a good message, a bad one and too long a one, with what the contract promises for each.

    `stored` is (unit, period end, kW with generation positive). `faults` are (pointer, code); None when the contract's
    refusal has a shape of its own, which `refusal` then gives. `too_many` repeats an item `limit` + 1 times; its
    answer has the status `too_many_status`.
    """

    method: str
    path: str
    body: str
    stored: list[tuple[str, str, str]]
    answer: Any
    bad_body: str
    faults: list[tuple[str, str]] | None
    path_moved: bool = False
    headers: dict[str, str] = field(default_factory=lambda: {**BEARER, **JSON})
    status: int = 200
    bad_path: str | None = None
    bad_headers: dict[str, str] = field(default_factory=dict)
    bad_status: int = 422
    refusal: Any = None
    limit: int | None = None
    too_many: tuple[str, str, str] = ("[", "{}", "]")
    too_many_status: int = 413


ONE = f'"meterableUnitId": "MU-1001", "timestamp": "{AT_1630}"'
TWO = f'"meterableUnitId": "MU-1002", "timestamp": "{AT_1630}"'
FUTURE = '"meterableUnitId": "MU-1001", "timestamp": "2026-11-03T16:30:00Z"'
NOBODYS = f'"meterableUnitId": "MU-9999", "timestamp": "{AT_1630}"'
BAD_TWO = [("/0/meterableUnitId", "unknown_unit"), ("/1/timestamp", "in_the_future")]

CONVERSATIONS = {
    "demand_positive": Conversation(
        "POST", "/api/v2/readings",
        f'[{{{ONE}, "powerKw": 12.345678}}, {{{TWO}, "energyKwh": -40}}]',
        [("MU-1001", AT_1630, "-12.345678"), ("MU-1002", AT_1630, "80")], {"accepted": 2},
        f'[{{{NOBODYS}, "powerKw": "1"}}, {{{FUTURE}, "powerKw": 1}}]',
        [*BAD_TWO, ("/0/powerKw", "type")], limit=10_000),
    "direction_words": Conversation(
        "POST", "/api/v2/readings",
        f'[{{{ONE}, "flow": "IMPORT", "powerKw": 7.5}},'
        f' {{{TWO}, "flow": "EXPORT", "energyKwh": 0.25}}]',
        [("MU-1001", AT_1630, "-7.5"), ("MU-1002", AT_1630, "0.5")], {"accepted": 2},
        f'[{{{NOBODYS}, "flow": "SIDEWAYS", "powerKw": 1}}, {{{ONE}, "powerKw": -1}}]',
        [("/0/meterableUnitId", "unknown_unit"), ("/0/flow", "enum"), ("/1", "required"), ("/1/powerKw", "minimum")],
        limit=10_000),
    "epoch_milliseconds": Conversation(
        "POST", "/api/v2/readings",
        '{"meterableUnitId": "MU-1001", "timestamp": 1793637000000, "powerKw": 3.25}',
        [("MU-1001", AT_1630, "3.25")], {"accepted": 1},
        '[{"meterableUnitId": "MU-1001", "timestamp": 1793637000500, "powerKw": 1},'
        f' {{"meterableUnitId": "MU-1001", "timestamp": "{AT_1630}", "powerKw": true}}]',
        [("/0/timestamp", "not_on_minute"), ("/1/timestamp", "type"), ("/1/powerKw", "type")], limit=10_000),
    "epoch_seconds": Conversation(
        "POST", "/api/v2/readings", '{"meterableUnitId": "MU-1002", "time": 1793637000, "energyKwh": 6}',
        [("MU-1002", AT_1630, "12")], {"accepted": 1},
        '[{"meterableUnitId": "MU-1002", "time": 1793637060, "powerKw": 1},'
        f' {{"meterableUnitId": "MU-1001", "timestamp": "{AT_1630}", "powerKw": 1}}]',
        [("/0/time", "not_on_half_hour"), ("/1", "required"), ("/1/timestamp", "additionalProperties")], limit=10_000),
    "everything_renamed": Conversation(
        "PATCH", "/flex/metering/intervals",
        '{"Intervals": [{"Meter": "MU-1001", "Until": 1793637000000, "Mw": 0.0123},'
        ' {"Meter": "MU-1002", "Until": 1793637000000, "Mwh": -0.05}]}',
        [("MU-1001", AT_1630, "-12.3"), ("MU-1002", AT_1630, "100")],
        {"Result": "OK", "Batch": None, "Stored": {"New": 2, "Replaced": 0}},
        '{"Intervals": [{"Meter": "MU-9999", "Until": 1793637000000, "Mw": 1},'
        ' {"Meter": "MU-1001", "Until": 1793723400000}]}',
        None, path_moved=True, headers={**BEARER, "Content-Type": "application/vnd.example.intervals+json"},
        status=201, bad_status=400,
        refusal={"Result": "REFUSED", "Faults": [("/Intervals/0/Meter", "E01"), ("/Intervals/1", "E07"),
                                                 ("/Intervals/1/Until", "E02")]},
        limit=96, too_many=('{"Intervals": [', "{}", "]}"), too_many_status=409),
    "form_body": Conversation(
        "POST", "/v1/reading", "unit=MU-1001&at=2026-11-02T17%3A30%3A00%2B01%3A00&kw=-4.75",
        [("MU-1001", AT_1630, "-4.75")], {"accepted": 1}, "unit=MU-9999&at=2026-11-02T16%3A30%3A00Z&kw=much",
        [("/unit", "unknown_unit"), ("/kw", "type")], path_moved=True,
        headers={**BEARER, "Content-Type": "application/x-www-form-urlencoded"}),
    "get_in_query": Conversation(
        "GET", "/push?v=2&mu=MU-1001&ts=1793637000&w=-1234.5", "", [("MU-1001", AT_1630, "-1.2345")], {"accepted": 1},
        "", [("query v", "const"), ("query mu", "unknown_unit"), ("query w", "type")], path_moved=True, headers=BEARER,
        bad_path="/push?v=3&mu=MU-9999&ts=1793637000&w=much"),
    "grouped_by_unit": Conversation(
        "POST", "/api/v2/readings",
        f'[{{"unit": "MU-1001", "readings": [{{"end": "{AT_1630}", "amount": {{"kw": 1.5}}}},'
        f' {{"end": "{AT_1631}", "amount": {{"kwh": -0.25}}}}]}},'
        f' {{"unit": "MU-1002", "readings": [{{"end": "{AT_1630}", "amount": {{"kw": 2}}}}]}}]',
        [("MU-1001", AT_1630, "1.5"), ("MU-1001", AT_1631, "-15"), ("MU-1002", AT_1630, "2")], {"accepted": 3},
        f'[{{"unit": "MU-1001", "readings": [{{"end": "2026-11-02T16:30:30Z", "amount": {{"kw": 1}}}}]}},'
        f' {{"unit": "MU-9999", "readings": [{{"end": "{AT_1630}", "amount": {{"kw": []}}}}]}}]',
        [("/0/readings/0/end", "not_on_minute"), ("/1/unit", "unknown_unit"), ("/1/readings/0/amount/kw", "type")],
        limit=1_440, too_many=('[{"unit": "MU-1001", "readings": [', "{}", "]}]")),
    "lower_limits": Conversation(
        "POST", "/api/v2/readings", f'{{{ONE}, "powerKw": -500}}', [("MU-1001", AT_1630, "-500")], {"accepted": 1},
        f'[{{"meterableUnitId": "MU-100100", "timestamp": "{AT_1630}", "powerKw": 500.5}},'
        f' {{{FUTURE}, "powerKw": -501}}]',
        [("/0/meterableUnitId", "maxLength"), ("/0/powerKw", "maximum"), ("/1/powerKw", "minimum"),
         ("/1/timestamp", "in_the_future")], limit=3),
    "megawatts": Conversation(
        "POST", "/api/v2/readings",
        f'[{{{ONE}, "powerMw": -0.0125}}, {{{TWO}, "energyMwh": 0.1}}]',
        [("MU-1001", AT_1630, "-12.5"), ("MU-1002", AT_1630, "200")], {"accepted": 2},
        f'[{{{NOBODYS}, "powerKw": 1}}, {{{FUTURE}, "powerMw": null}}]',
        [*BAD_TWO, ("/0", "power_or_energy"), ("/0/powerKw", "additionalProperties"), ("/1/powerMw", "type")],
        limit=10_000),
    "nested_list": Conversation(
        "POST", "/api/v2/series",
        f'{{"source": "us", "data": {{"series": [{{"mu": "MU-1001", "t": "{AT_1630}", "kw": 8.125}},'
        f' {{"mu": "MU-1001", "t": "{AT_1631}", "kwh": -2}}]}}}}',
        [("MU-1001", AT_1630, "8.125"), ("MU-1001", AT_1631, "-120")], {"accepted": 2},
        f'{{"source": 1, "data": {{"series": [{{"mu": "MU-1001", "t": "{AT_1630}", "kw": 1, "kwh": 1}},'
        f' {{"mu": "MU-1001", "t": "{AT_1631}", "kw": 1}}, {{"mu": "MU-1001", "t": "{AT_1631}", "kw": 1}},'
        ' {"mu": "MU-1001", "t": "2026-11-02T16:30:00", "kw": 1}]}}',
        [("/source", "type"), ("/data/series/0", "power_or_energy"), ("/data/series/2/t", "duplicate_in_request"),
         ("/data/series/3/t", "naive_time")],
        path_moved=True, limit=1_000, too_many=('{"source": "us", "data": {"series": [', "{}", "]}}")),
    "one_unit_a_message": Conversation(
        "POST", "/v1/values",
        f'{{"unit": "MU-1001", "values": [{{"t": "{AT_1630}", "kw": 1}}, {{"t": "{AT_1631}", "kw": -0.001}}]}}',
        [("MU-1001", AT_1630, "1"), ("MU-1001", AT_1631, "-0.001")], {"accepted": 2},
        f'{{"unit": "MU-9999", "values": [{{"t": "{AT_1630}"}}, {{"t": "2026-11-02", "kw": 1}},'
        f' {{"t": "{AT_1631}", "kw": 1}}]}}',
        [("/unit", "unknown_unit"), ("/values/0", "required"), ("/values/1/t", "format")], path_moved=True),
    "put_in_path_and_query": Conversation(
        "PUT", "/telemetry/MU-1002/2026-11-02T16%3A30%3A00Z?kwh=-1.5", "", [("MU-1002", AT_1630, "-3")], None,
        "", None, path_moved=True, headers=BEARER, status=204, bad_status=400,
        bad_path="/telemetry/MU-9999/2026-11-02T16%3A30%3A00?kw=1",
        refusal={"error": "2 errors; nothing of this message was stored."}),
    "text_and_nulls": Conversation(
        "POST", "/api/v2/readings",
        '{"unitNumber": 77, "time": "2026-11-02T16:30:00", "power": "-12.50", "energy": null}',
        [("77", AT_1630, "-12.5")], {"accepted": 1},
        f'[{{"unitNumber": 78, "time": "{AT_1630}", "power": null, "energy": "one"}},'
        ' {"unitNumber": 77, "time": "2026-11-02T16:30:00", "power": null, "energy": null}]',
        [("/0/unitNumber", "unknown_unit"), ("/0/time", "format"), ("/0/energy", "type"), ("/1", "power_or_energy")],
        limit=10_000),
    "unit_in_header": Conversation(
        "POST", "/v3/readings",
        f'[{{"timestamp": "{AT_1630}", "powerKw": 2.5}}, {{"timestamp": "{AT_1631}", "energyKwh": 1}}]',
        [("MU-1001", AT_1630, "2.5"), ("MU-1001", AT_1631, "60")], {"accepted": 2},
        f'[{{"timestamp": "{AT_1630}", "powerKw": "2"}}, {{"timestamp": "{AT_1631}", "powerKw": 1}}]',
        [("/0/powerKw", "type"), ("header X-Metering-Point", "unknown_unit")], path_moved=True,
        headers={**BEARER, **JSON, "X-Metering-Point": "MU-1001"}, bad_headers={"X-Metering-Point": "MU-9999"},
        limit=500),
    "watts": Conversation(
        "POST", "/api/v2/readings",
        f'[{{{ONE}, "powerW": -12345.678}}, {{{TWO}, "energyWh": 500}}]',
        [("MU-1001", AT_1630, "-12.345678"), ("MU-1002", AT_1630, "1")], {"accepted": 2},
        f'[{{{NOBODYS}, "powerW": "1"}}, {{{FUTURE}, "powerW": 1}}]',
        [*BAD_TWO, ("/0/powerW", "type")], limit=10_000),
    "api_key_in_header": Conversation(
        "POST", "/v1/demand", f'[{{{ONE}, "kw": 20}}]', [("MU-1001", AT_1630, "-20")], None,
        f'[{{{NOBODYS}, "kw": 20}}, {{{FUTURE}, "kw": 1.5}}]',
        [*BAD_TWO, ("/1/kw", "type")], path_moved=True,
        headers={**JSON, "X-Key": "demo-token-brindle"}, status=202, limit=10),
    "api_key_in_query": Conversation(
        "PUT", "/hub/meters/MU-1002/energy?apikey=demo-token-brindle", '{"end": "2026-11-02T16:30:00", "mwh": 0.05}',
        [("MU-1002", AT_1630, "100")], {"created": 1}, '{"end": "2026-11-02T16:40:00", "kwh": 1}',
        [("path mu", "unknown_unit"), ("", "required"), ("/kwh", "additionalProperties")], path_moved=True,
        headers=JSON, status=201, bad_path="/hub/meters/MU-9999/energy?apikey=demo-token-brindle"),
}
