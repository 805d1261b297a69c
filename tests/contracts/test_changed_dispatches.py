"""Contracts that want the dispatch in another form: what is written, read by parsers that are not ours.

1793635200 is 2026-11-02 16:00 UTC in seconds since 1970 (`date -ud @1793635200`).
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote

import jsonschema_rs
import pytest
import yaml

import simulator.contracts
from simulator.contracts import CannotWrite, unlabelled
from simulator.contracts.references import look_up

from .contract_files import contract_named, load_text
from .dispatch_messages import (
    DISPATCH,
    INSTRUCTIONS,
    WEBHOOKS,
    contract_with,
    message_after,
    message_of,
    text_with,
    write,
)

NAMES = ["dispatchId", "instruction", "startTime", "endTime", "powerChangeKw", "meterableUnitIds"]


def body_of(name: str, **changes: Any) -> Any:
    return json.loads(write(name, **changes).body)


def test_every_name_may_change() -> None:
    """renamed: names, path and content type; constants, defaults and required examples are sent too."""
    request = write("renamed")
    assert (request.method, request.path) == ("POST", "/flex/v3/instructions")
    assert dict(request.headers)["Content-Type"] == "application/vnd.example.flex+json"
    assert json.loads(request.body) == {
        "version": "2", "channel": "api", "sender": "portal", "eventRef": "20261102", "command": "START",
        "from": "2026-11-02T16:00:00Z", "until": "2026-11-02T18:00:00Z", "kilowatts": 150,
        "mpids": ["MU-1001", "MU-1002"]}


@pytest.mark.parametrize(("word", "wire"), [("start", 1), ("stop", "OFF"), ("emergency_stop", "HALT")])
def test_words_may_change(word: str, wire: Any) -> None:
    """other_words: a number, ON and OFF; a numeric id; units as one text; the base url itself."""
    request = write("other_words", instruction=word)
    assert request.path == ""
    body = json.loads(request.body)
    assert (body["instruction"], body["dispatchId"], body["meterableUnitIds"]) == (wire, 20261102, "MU-1001,MU-1002")


def test_words_are_listed_in_the_contracts_order() -> None:
    """The drop-down follows the contract; a contract without labels has none."""
    words = message_of("other_words").words_of("instruction")
    assert [tuple(word) for word in words] == [("emergency_stop", "HALT", None), ("start", "1", None),
                                               ("stop", "OFF", None)]
    in_path = message_of("put_with_id_in_path").words_of("instruction")
    assert [(word.name, word.wire) for word in in_path] == [("start", "begin"), ("stop", "end"),
                                                            ("emergency_stop", "halt")]


def test_a_number_as_id_takes_no_letters() -> None:
    """other_words: said in words, not sent wrong."""
    with pytest.raises(CannotWrite, match="wants a whole number"):
        write("other_words", dispatch_id="D-1")
    with pytest.raises(CannotWrite, match="too long a number"):
        write("other_words", dispatch_id="9" * 30)


def test_the_id_may_stand_in_the_path() -> None:
    """put_with_id_in_path: PUT, id and word in the path, the units in a header, the rest in JSON."""
    request = write("put_with_id_in_path", dispatch_id="D 1/é", instruction="emergency_stop")
    assert (request.method, request.path) == ("PUT", "/events/D%201%2F%C3%A9/halt")
    assert request.path.isascii()
    assert [unquote(step) for step in request.path.split("/")] == ["", "events", "D 1/é", "halt"]
    assert request.target == f"{request.path}?lang=en%20gb"
    assert dict(request.headers) == {"Content-Type": "application/json", "X-Units": "MU-1001,MU-1002", "X-Version": "3"}
    assert json.loads(request.body) == {"startTime": "2026-11-02T16:00:00Z", "endTime": "2026-11-02T18:00:00Z",
                                        "powerChangeKw": 150}


@pytest.mark.parametrize("step", ["", ".", ".."])
def test_an_id_leads_to_no_other_path(step: str) -> None:
    """A step of dots is tidied away by clients, and the message would go elsewhere."""
    with pytest.raises(CannotWrite, match="in the path /events/"):
        write("put_with_id_in_path", dispatch_id=step)


@pytest.mark.parametrize("unit", ["MU\r\nX-Evil: 1", "MÜ", " MU", "MU\x00"])
def test_a_header_holds_plain_text_only(unit: str) -> None:
    """No value becomes a header of its own."""
    with pytest.raises(CannotWrite, match="header X-Units cannot hold"):
        write("put_with_id_in_path", meterable_unit_ids=(unit,))


def test_a_rule_of_a_parameter_is_checked_too() -> None:
    """The path's id has at most 20 characters."""
    (fault,) = message_of("put_with_id_in_path").find_faults({**DISPATCH, "dispatch_id": "D" * 21})
    assert (fault.field, "at most 20 characters" in fault.message) == ("dispatch_id", True)


def test_it_may_be_a_form() -> None:
    """form: the units with commas; a constant is sent."""
    request = write("form", dispatch_id="D 1&2")
    assert dict(request.headers) == {"Content-Type": "application/x-www-form-urlencoded"}
    assert b"meterableUnitIds=MU-1001,MU-1002" in request.body
    assert dict(parse_qsl(request.body.decode(), strict_parsing=True)) == {
        "id": "D 1&2", "v": "2", "instruction": "start", "startTime": "2026-11-02T16:00:00Z",
        "endTime": "2026-11-02T18:00:00Z", "powerChangeKw": "150", "meterableUnitIds": "MU-1001,MU-1002"}


def test_a_form_repeats_the_name_of_a_list() -> None:
    """form_repeated: the usual form of OpenAPI, explode: true."""
    request = write("form_repeated")
    assert request.method == "PATCH"
    assert parse_qs(request.body.decode())["meterableUnitIds"] == ["MU-1001", "MU-1002"]


@pytest.mark.parametrize(("name", "units"), [("get_in_query", ["MU-1001|MU-1002"]),
                                             ("get_repeated", ["MU-1001", "MU-1002"])])
def test_everything_may_stand_in_the_query(name: str, units: list[str]) -> None:
    """get_in_query: GET, no body and no content type."""
    request = write(name, dispatch_id="D+1 2")
    assert (request.method, request.path, request.headers, request.body) == ("GET", "/signal", (), b"")
    assert re.fullmatch(r"[!-~]+", request.query)
    assert parse_qs(request.query, strict_parsing=True) == {
        "id": ["D+1 2"], "do": ["on"], "a": ["2026-11-02T16:00:00"], "b": ["2026-11-02T18:00:00"], "kw": ["150"],
        "unit": units}


@pytest.mark.parametrize(("kw", "watts"), [(Decimal(150), -150_000), (-12, 12_000), (Decimal("0.001"), -1), (0, 0)])
def test_power_may_be_watts_with_demand_positive(kw: Any, watts: int) -> None:
    """watts_demand_positive: whole watts, the sign turned round."""
    assert body_of("watts_demand_positive", power_change_kw=kw)["watts"] == watts


def test_half_a_watt_does_not_fit_into_whole_watts() -> None:
    """Said in words, not rounded."""
    with pytest.raises(CannotWrite, match="0.5 on the wire, and the contract takes whole numbers only"):
        write("watts_demand_positive", power_change_kw=Decimal("-0.0005"))


@pytest.mark.parametrize(("kw", "mw", "way"), [(Decimal(150), "0.15", "UP"), (-1500, "1.5", "DOWN"), (0, "0", "UP")])
def test_power_may_have_a_word_for_its_sign(kw: Any, mw: str, way: str) -> None:
    """direction: megawatts in quotes, and UP or DOWN."""
    body = body_of("direction", power_change_kw=kw)
    assert (body["mw"], body["way"]) == (mw, way)


def test_objects_may_hold_objects() -> None:
    """nested: references followed, a required object of the contract's own filled, the units a list of objects."""
    assert body_of("nested") == {
        "header": {"version": 2, "sender": "portal"},
        "dispatch": {
            "id": "20261102", "what": "start", "kw": 150,
            "window": {"start": "2026-11-02T16:00:00Z", "end": "2026-11-02T18:00:00Z"},
            "assets": [{"mu": "MU-1001", "kind": "MU"}, {"mu": "MU-1002", "kind": "MU"}]}}
    document = contract_with("nested").document
    envelope = {"$ref": "#/components/schemas/Envelope", "components": document["components"]}
    jsonschema_rs.Draft202012Validator(envelope).validate(body_of("nested"))


def test_times_may_be_seconds_since_1970() -> None:
    """epoch_seconds: seconds and milliseconds; the body is a list of one dispatch."""
    (body,) = body_of("epoch_seconds")
    assert (body["startTime"], body["endTime"]) == (1793635200, 1793642400000)
    with pytest.raises(CannotWrite, match="no whole number of seconds"):
        write("epoch_seconds", start_time=DISPATCH["start_time"].replace(microsecond=1))


@pytest.mark.parametrize("name", [name for name in WEBHOOKS if not name.startswith("get") and name != "nested"])
@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_what_is_written_fits_the_contracts_own_schema(name: str, instruction: str) -> None:
    """A judge that is not ours, on the schema as it stands in the file."""
    request, message = write(name, instruction=instruction), message_of(name)
    content = look_up(contract_with(name).document, message.route.path)["requestBody"]["content"]
    schema = content[message.media_type]["schema"]
    if "form" in message.media_type:
        assert set(schema["properties"]) == {pair[0] for pair in parse_qsl(request.body.decode())}
    else:
        jsonschema_rs.Draft202012Validator(schema).validate(json.loads(request.body))


@pytest.mark.parametrize("index", [0, 1])
def test_the_examples_of_the_readme_work_as_they_stand(index: int, tmp_path: Path) -> None:
    """README.md of the package: what it shows can be copied."""
    text = (Path(simulator.contracts.__file__).parent / "README.md").read_text()
    example = re.findall(r"```yaml\n(webhooks:.*?)```", text, re.DOTALL)[index]
    request = load_text(tmp_path, text_with(example)).outbound["sendDispatch"].write(DISPATCH)
    if index == 0:
        assert (request.method, request.path) == ("POST", "/flex/instructions")
        assert request.body == (b"version=2&ref=20261102&action=BEGIN&from=1793635200&to=1793642400&watts=150000"
                                b"&units=MU-1001,MU-1002")
    else:
        assert (request.method, request.path) == ("PUT", "/events/20261102")
        assert json.loads(request.body) == {
            "command": "start", "window": {"start": "2026-11-02T16:00:00Z", "end": "2026-11-02T18:00:00Z"},
            "powerChangeKw": 150, "meterableUnitIds": ["MU-1001", "MU-1002"]}


def test_the_first_body_that_can_be_written_is_sent(tmp_path: Path) -> None:
    """A document may offer XML as well."""
    document = yaml.safe_load(text_with(yaml.safe_dump({"webhooks": contract_named("default").document["webhooks"]})))
    content = document["webhooks"]["dispatch"]["post"]["requestBody"]["content"]
    json_body = content.pop("application/json")
    content.update({"application/xml": {"schema": {"type": "object"}}, "application/json; charset=utf-8": json_body})
    message = load_text(tmp_path, yaml.safe_dump(document, sort_keys=False)).outbound["sendDispatch"]
    assert message.media_type == "application/json; charset=utf-8"


def test_a_property_that_looks_like_ours_may_be_none(tmp_path: Path) -> None:
    """x-canonical: null leaves a property to the contract."""
    def edit(schema: dict[str, Any]) -> None:
        schema["properties"]["direction"] = {"type": "string", "x-canonical": None}
    assert set(json.loads(message_after(tmp_path, edit).write(DISPATCH).body)) == set(NAMES)


def test_other_webhooks_are_left_alone(tmp_path: Path) -> None:
    """The real document may describe messages that the simulator does not send."""
    hooks = {**contract_named("default").document["webhooks"],
             "news": {"post": {"responses": {"200": {"description": "ok"}}}}}
    contract = load_text(tmp_path, text_with(yaml.safe_dump({"webhooks": hooks})))
    assert list(contract.outbound) == ["sendDispatch"]
    assert set(contract.document["webhooks"]) == {"dispatch", "news"}


def test_labels_of_a_webhook_are_asked_for() -> None:
    """documented, public, inferred or assumed: for the message, its parameters, properties and words."""
    document = contract_with("put_with_id_in_path").document
    places = [place.removeprefix("/webhooks/dispatch") for place in unlabelled(document)]
    assert {"/parameters/0", "/put", "/put/parameters/0", "/put/parameters/0/schema/enum/2", "/put/responses/2XX",
            "/put/requestBody/content/application~1json/schema/properties/powerChangeKw"} <= set(places)
