"""A contract that cannot work is refused at load, with every problem, its line and how to mend it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.contracts import ContractUnusable, load_contract

from .contract_files import (
    OVERRIDES,
    contract_named,
    load_edited,
    load_text,
    problems_after,
    problems_of_text,
    reading_of,
    route_of,
)

Edit = Callable[[dict[str, Any]], object]


def properties_of(document: dict[str, Any]) -> dict[str, Any]:
    return reading_of(document)["properties"]


def drop_unit(document: dict[str, Any]) -> None:
    del properties_of(document)["meterableUnitId"]


def drop_time(document: dict[str, Any]) -> None:
    properties_of(document)["timestamp"]["x-canonical"] = None


def drop_amounts(document: dict[str, Any]) -> None:
    for name in ("powerKw", "energyKwh"):
        properties_of(document)[name] = {"type": "number", "x-canonical": None, "example": 1}


def add_direction(document: dict[str, Any], **words: str) -> None:
    properties_of(document)["flow"] = {
        "type": "string",
        "enum": ["IN", "OUT"],
        "x-canonical": "direction",
        "x-words": words or {"IN": "demand", "OUT": "generation"},
    }


def double_unit(document: dict[str, Any]) -> None:
    properties_of(document)["mpid"] = {"type": "string", "x-canonical": "meterable_unit_id"}


def unit_in_query_too(document: dict[str, Any]) -> None:
    parameter = {"in": "query", "name": "unit", "x-canonical": "meterable_unit_id", "schema": {"type": "string"}}
    route_of(document)["parameters"] = [parameter]


def move_route(document: dict[str, Any], path: str) -> None:
    document["paths"] = {path: document["paths"].pop("/api/v2/readings")}


def copy_route(document: dict[str, Any], path: str, **changes: Any) -> None:
    document["paths"][path] = {"post": {**route_of(document), **changes}}


def equal_routes(document: dict[str, Any]) -> None:
    parameter = {"in": "path", "name": "a", "required": True, "schema": {"type": "string"}}
    document["paths"]["/x/{a}"] = {"get": {"parameters": [parameter], "responses": {"200": {"description": "ok"}}}}
    other = {**parameter, "name": "b"}
    document["paths"]["/x/{b}"] = {"get": {"parameters": [other], "responses": {"200": {"description": "ok"}}}}


def refer(document: dict[str, Any], reference: str) -> None:
    properties_of(document)["timestamp"] = {"$ref": reference}


def refer_in_a_circle(document: dict[str, Any]) -> None:
    properties_of(document)["part"] = {"$ref": "#/components/schemas/Reading"}


def set_on(name: str, **extensions: Any) -> Edit:
    keys = {key.replace("_", "-"): value for key, value in extensions.items()}
    return lambda document: properties_of(document)[name].update(keys)


def set_response(status: str, **changes: Any) -> Edit:
    keys = {key.replace("_", "-"): value for key, value in changes.items()}
    return lambda document: route_of(document)["responses"][status].update(keys)


def number_as_time(document: dict[str, Any]) -> None:
    properties_of(document)["timestamp"] = {"type": "integer"}


def body_of_type(media_type: str) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        content = route_of(document)["requestBody"]["content"]
        content[media_type] = content.pop("application/json")

    return edit


def require_a_stranger(document: dict[str, Any]) -> None:
    properties_of(document)["batch"] = {"type": "string"}
    reading_of(document)["required"].append("batch")


def rename_schema_key(name: str, old: str, new: str) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        properties_of(document)[name][new] = properties_of(document)[name].pop(old)

    return edit


def name_answer_field(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["Receipt"]["properties"]["late"]["x-canonical"] = "tardy"


def list_late_readings(document: dict[str, Any]) -> None:
    late = document["components"]["schemas"]["Receipt"]["properties"]["late"]
    late.update(type="array", items={"type": "string"})


BROKEN: dict[str, tuple[Edit, str, str]] = {
    "no place for the unit": (drop_unit, "paths > /api/v2/readings > post", "no place for meterable_unit_id"),
    "no place for the time": (drop_time, "paths > /api/v2/readings > post", "no place for timestamp"),
    "no place for an amount": (drop_amounts, "post", "no place for power_kw (average power"),
    "no list item is a record": (lambda d: reading_of(d).pop("x-record"), "Readings", "what one record is"),
    "unknown record": (lambda d: reading_of(d).update({"x-record": "meter"}), "x-record", "no record"),
    "unknown canonical name": (set_on("powerKw", x_canonical="power"), "powerKw", "power is not a field"),
    "two places for one field": (double_unit, "mpid", "both stand for meterable_unit_id"),
    "body and query for one field": (unit_in_query_too, "meterableUnitId", "both stand for meterable_unit_id"),
    "unknown unit": (set_on("powerKw", x_unit="GW"), "powerKw > x-unit", "not a unit we know"),
    "power in a unit of energy": (set_on("powerKw", x_unit="MWh"), "x-unit", "does not measure power"),
    "energy in a unit of power": (set_on("energyKwh", x_unit="kW"), "x-unit", "does not measure energy"),
    "unknown sign": (set_on("powerKw", x_sign="import-positive"), "x-sign", "not a word we know"),
    "unknown time form": (set_on("timestamp", x_time="unix"), "timestamp > x-time", "not a word we know"),
    "a number as time without its form": (number_as_time, "timestamp", "does not say of what"),
    "unit on a time": (set_on("timestamp", x_unit="kW"), "timestamp > x-unit", "does nothing here"),
    "word without a meaning": (lambda d: add_direction(d, IN="import", OUT="generation"), "flow", "has no meaning"),
    "enum word left out": (lambda d: add_direction(d, IN="demand"), "x-words", "says nothing about 'OUT'"),
    "word that enum lacks": (
        lambda d: add_direction(d, IN="demand", OUT="generation", UP="demand"),
        "x-words",
        "which enum does not allow",
    ),
    "sign and direction": (add_direction, "x-sign", "both give this amount its sign"),
    "no operation of ours": (lambda d: route_of(d).pop("operationId"), "paths", "No route has operationId"),
    "unknown operation": (
        lambda d: route_of(d).update(operationId="postReading"),
        "operationId",
        "no operation of this platform",
    ),
    "operation on two routes": (lambda d: copy_route(d, "/again"), "/again > post > operationId", "second route"),
    "two equal routes": (equal_routes, "/x/{b} > get", "the same route"),
    "undeclared path parameter": (lambda d: move_route(d, "/r/{unit}"), "post", "The path has {unit}"),
    "path parameter outside the path": (
        lambda d: route_of(d).update(
            parameters=[{"in": "path", "name": "unit", "required": True, "schema": {"type": "string"}, "example": "a"}]
        ),
        "parameters",
        "unit is not in the path",
    ),
    "required cookie": (
        lambda d: route_of(d).update(
            parameters=[{"in": "cookie", "name": "c", "required": True, "schema": {"type": "string"}}]
        ),
        "parameters",
        "cannot read the parameter c",
    ),
    "reference to nothing": (lambda d: refer(d, "#/components/schemas/Time"), "$ref", "not there"),
    "reference to another file": (lambda d: refer(d, "times.yaml#/Time"), "$ref", "outside this file"),
    "reference in a circle": (refer_in_a_circle, "$ref", "goes round in a circle"),
    "no accepted response": (lambda d: route_of(d)["responses"].pop("200"), "responses", "x-outcome: accepted"),
    "unknown outcome": (set_response("422", x_outcome="refused"), "x-outcome", "refused is not a word we know"),
    "outcome of other operations": (set_response("422", x_outcome="not_found"), "x-outcome", "not one of this"),
    "outcome on two responses": (set_response("400", x_outcome="invalid"), "x-outcome", "on two responses"),
    "outcome without a status": (
        lambda d: route_of(d)["responses"].update(default=route_of(d)["responses"].pop("422")),
        "default",
        "no single status",
    ),
    "unknown name in an answer": (name_answer_field, "late", "nothing this answer can say"),
    "answer that cannot hold its values": (list_late_readings, "responses > 200", "cannot hold what it has to say"),
    "answer of the wrong type": (
        lambda d: d["components"]["schemas"]["Receipt"]["properties"]["late"].update(type="boolean"),
        "responses > 200",
        "would not fit its own schema",
    ),
    "extension of the wrong kind": (set_on("powerKw", x_unit=["kW"]), "powerKw > x-unit", "wrong kind"),
    "XML body": (body_of_type("application/xml"), "application/xml", "cannot read application/xml"),
    "required field nobody can fill": (require_a_stranger, "batch", "does not know what to put there"),
    "rule that is no JSON Schema": (
        set_on("powerKw", maximum="high"),
        "powerKw > maximum",
        "no rule JSON Schema knows",
    ),
    "pattern that is no pattern": (set_on("meterableUnitId", pattern="("), "pattern", "no rule JSON Schema knows"),
    "nullable of OpenAPI 3.0": (set_on("powerKw", nullable=True), "nullable", "does nothing in 3.1"),
    "misspelt extension": (rename_schema_key("powerKw", "x-unit", "x-units"), "x-units", "x-units does nothing"),
    "misspelt OpenAPI word": (
        lambda d: route_of(d).update(respones={}),
        "paths > /api/v2/readings > post",
        "does not know 'respones'",
    ),
    "response without description": (
        lambda d: route_of(d)["responses"]["200"].pop("description"),
        "200",
        "description",
    ),
    "unknown security scheme": (lambda d: d.update(security=[{"key": []}]), "security", "key is not there"),
    "security scheme we cannot check": (
        lambda d: d["components"]["securitySchemes"]["bearerToken"].update(scheme="digest"),
        "bearerToken",
        "cannot check",
    ),
    "OpenAPI 3.0": (lambda d: d.update(openapi="3.0.3"), "openapi", "The file is OpenAPI 3.0.3"),
    "no version": (lambda d: d.pop("openapi"), "", "does not say which OpenAPI"),
    "no paths": (lambda d: d.pop("paths"), "", "has no paths"),
    "unknown CSV name": (
        lambda d: d["x-csv"]["columns"].update(kw={"x-canonical": "power"}),
        "x-csv > columns > kw",
        "which we do not know",
    ),
    "unit on a CSV column": (
        lambda d: d["x-csv"]["columns"]["power_kw"].update({"x-unit": "MW"}),
        "power_kw > x-unit",
        "does nothing on a CSV column",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_contract_that_cannot_work_is_refused(name: str, tmp_path: Path) -> None:
    """Each fault is named with its place, its line, what is wrong and how to mend it."""
    edit, where, what = BROKEN[name]
    problems = problems_after(tmp_path, edit)
    problem = next((one for one in problems if what in one.what and where in one.where), None)
    assert problem, "\n".join(map(str, problems))
    assert problem.line is not None
    assert problem.mend.endswith(".")
    assert problem.file.endswith("my.yaml")


@pytest.mark.parametrize("path", ["/_sim/readings", "/console", "/w/demo/readings", "/static/x"])
def test_the_simulators_own_paths_are_reserved(path: str, tmp_path: Path) -> None:
    """No contract may take a path of the simulator itself."""
    problems = problems_after(tmp_path, lambda document: move_route(document, path))
    assert any("belongs to the simulator" in problem.what for problem in problems)


def test_a_path_that_only_looks_reserved_is_free(tmp_path: Path) -> None:
    """/consoles is not /console, and /watts is not /w/."""
    load_edited(tmp_path, lambda document: move_route(document, "/consoles"))
    load_edited(tmp_path, lambda document: move_route(document, "/watts"))


def test_the_list_of_reserved_paths_can_be_given(tmp_path: Path) -> None:
    """The one who serves the contract knows which paths are taken."""
    with pytest.raises(ContractUnusable, match="begins with /api"):
        load_contract("participant", reserved=("/api",))


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    """Three faults, three problems: nobody mends one to be told of the next."""

    def edit(document: dict[str, Any]) -> None:
        set_on("powerKw", x_unit="GW")(document)
        set_on("timestamp", x_time="unix")(document)
        set_response("422", x_outcome="refused")(document)

    assert len(problems_after(tmp_path, edit)) == 3


def test_a_line_number_is_the_line_of_the_fault(tmp_path: Path) -> None:
    """The line in the message is the one an editor shows."""
    text = (Path(__file__).parent / "overrides" / "megawatts.yaml").read_text().replace("x-unit: MWh", "x-unit: TWh")
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "TWh" in one)
    (problem,) = problems_of_text(tmp_path, text)
    assert problem.line == line
    assert f"my.yaml, line {line} " in str(problem)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A wrong file name is said in words, not as a traceback."""
    with pytest.raises(ContractUnusable, match="no such file"):
        load_contract("participant", tmp_path / "none.yaml")


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    """A folder cannot be read as a contract."""
    with pytest.raises(ContractUnusable, match="cannot be read"):
        load_contract("participant", tmp_path)


def test_an_unknown_platform_names_the_known_ones() -> None:
    """--contract participent=my.yaml is answered with the names there are."""
    with pytest.raises(ContractUnusable, match="Use participant"):
        load_contract("participent")


def test_broken_yaml_has_line_and_column(tmp_path: Path) -> None:
    """A colon too many is found where it stands."""
    (problem,) = problems_of_text(tmp_path, "openapi: 3.1.0\ninfo: {title: a: b}\n")
    assert problem.line == 2
    assert "column" in problem.what


@pytest.mark.parametrize("text", [b"", b"[]", b"just text", b"3"])
def test_a_file_that_is_no_map(text: bytes, tmp_path: Path) -> None:
    """An empty file or a list is no contract."""
    assert "not a map" in problems_of_text(tmp_path, text)[0].what


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """A spreadsheet renamed to .yaml is refused in words."""
    assert "not YAML" in problems_of_text(tmp_path, b"PK\x03\x04\x00\xff\xfe")[0].what


def test_the_same_key_twice(tmp_path: Path) -> None:
    """Of two equal keys YAML would silently take the last; we name both lines' place."""
    (problem,) = problems_of_text(tmp_path, "openapi: 3.1.0\npaths: {}\nopenapi: 3.1.0\n")
    assert (problem.line, "second time" in problem.what) == (3, True)


def test_an_alias_that_contains_itself(tmp_path: Path) -> None:
    """A YAML loop is refused, it does not hang the start."""
    assert "alias inside itself" in problems_of_text(tmp_path, "openapi: 3.1.0\npaths: &a {x: *a}\n")[0].what


def test_enum_words_stay_words(tmp_path: Path) -> None:
    """ON, OFF, NO and a bare date are text, though YAML 1.1 would read booleans and a date."""

    def edit(document: dict[str, Any]) -> None:
        properties_of(document)["mode"] = {"type": "string", "enum": ["WORDS"]}

    document = load_edited(tmp_path, edit).document
    assert properties_of(document)["mode"]["enum"] == ["WORDS"]
    text = (tmp_path / "my.yaml").read_text().replace("- WORDS", "- ON\n          - NO\n          - 2026-11-02")
    contract = _load(tmp_path, text)
    assert properties_of(contract.document)["mode"]["enum"] == ["ON", "NO", "2026-11-02"]


JUNK = st.sampled_from(
    [None, True, 3, -1.5, "x", "", [], {}, [1], ["x"], [{}], [[]], {"a": 1}, {"type": "object"}, {"oneOf": []}, "kW",
     "accepted", {"$ref": "#/components/schemas/Reading"}, {"type": "array", "items": {"type": "string"}},
     {"properties": {"powerKw": {"type": "number"}}}]
)  # fmt: skip


def list_places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [*([path] if path else []), *(place for key, value in steps for place in list_places(value, (*path, key)))]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["default", *OVERRIDES]), st.data())
def test_no_edit_crashes_the_loader(tmp_path: Path, name: str, data: st.DataObject) -> None:
    """Whatever a user writes into a contract, it loads and works, or is refused with its problems."""
    document = copy.deepcopy(contract_named(name).document)
    place = data.draw(st.sampled_from(list_places(document)))
    node = document
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = data.draw(JUNK)
    try:
        contract = load_text(tmp_path, yaml.safe_dump(document))
    except ContractUnusable as error:
        assert error.problems
    else:
        answer = contract.operations["postReadings"].answer("invalid", {"detail": "x", "errors": []})
        assert answer.status >= 100


def _load(folder: Path, text: str) -> Any:
    (folder / "words.yaml").write_text(text)
    return load_contract("participant", folder / "words.yaml")


def test_a_contract_may_be_json(tmp_path: Path) -> None:
    """The real document may come as JSON; it is taken as it is."""
    document = load_edited(tmp_path, lambda document: None).document
    assert _load(tmp_path, json.dumps(document)).document == document


def test_routes_without_an_operation_id_are_left_alone(tmp_path: Path) -> None:
    """The real document has routes we do not simulate; without operationId they are no fault."""
    other = {"get": {"responses": {"200": {"description": "ok"}}}}
    contract = load_edited(tmp_path, lambda document: document["paths"].update({"/other": other}))
    assert list(contract.operations) == ["postReadings"]
