"""Smaller parts of a contract: base path, token, CSV columns, references, labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.contracts import CannotWrite, Credential, WireRequest, unlabelled

from .contract_files import (
    HALF_PAST_FOUR,
    contract_named,
    default_document,
    load_edited,
    operation_of,
    reading_of,
    request_of,
    route_of,
)


def test_the_servers_base_path_comes_first() -> None:
    """servers: https://portal.example/flex puts /flex before every path."""
    assert operation_of("everything_renamed").path == "/flex/metering/intervals"


def test_the_token_is_a_bearer_token() -> None:
    """Authorization: Bearer TOKEN, in any letter case of Bearer."""
    credential = operation_of("default").credential
    assert credential == Credential("header", "Authorization", "Bearer ")
    assert credential.read(WireRequest("POST", headers={"authorization": "bearer abc"})) == "abc"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer "}])
def test_anything_else_is_no_token(headers: dict[str, str]) -> None:
    """No header, another scheme or nothing after it is no token."""
    assert operation_of("default").credential.read(WireRequest("POST", headers=headers)) is None


@pytest.mark.parametrize("where", ["header", "query"])
def test_a_contract_may_want_an_api_key(where: str, tmp_path: Path) -> None:
    """The token may stand in a header or in the query under a name of the contract's."""

    def edit(document: dict[str, Any]) -> None:
        scheme = {"type": "apiKey", "in": where, "name": "X-Key"}
        document["components"]["securitySchemes"]["bearerToken"] = scheme

    credential = load_edited(tmp_path, edit).operations["postReadings"].credential
    sent = {"headers" if where == "header" else "query": {"X-Key": "abc"}}
    assert credential.read(WireRequest("POST", **sent)) == "abc"
    assert credential.write("abc") == (where, "X-Key", "abc")


def test_a_contract_may_ask_for_no_token(tmp_path: Path) -> None:
    """security: [] means that the route is open."""
    contract = load_edited(tmp_path, lambda document: document.update(security=[]))
    assert contract.operations["postReadings"].credential is None


def test_csv_columns_can_be_renamed(tmp_path: Path) -> None:
    """A column has the name the contract gives it; those it does not mention keep theirs."""
    columns = {"mpid": {"x-canonical": "meterable_unit_id"}}
    contract = load_edited(tmp_path, lambda document: document.update({"x-csv": {"columns": columns}}))
    assert contract.csv == {
        "mpid": "meterable_unit_id",
        "timestamp": "timestamp",
        "power_kw": "power_kw",
        "energy_kwh": "energy_kwh",
    }


def test_a_contract_without_csv_has_the_default_columns() -> None:
    """x-csv may be left out."""
    assert contract_named("watts").csv == contract_named("default").csv


def test_the_document_is_kept_as_written() -> None:
    """What is published is the file in force, references and extensions included."""
    document = contract_named("watts").document
    assert document["info"]["title"] == "Participant API: watts"
    items = route_of(document)["requestBody"]["content"]["application/json"]["schema"]["oneOf"][1]["items"]
    assert items == {"$ref": "#/components/schemas/Reading"}


def test_rules_beside_a_reference_hold_too(tmp_path: Path) -> None:
    """A $ref with a rule beside it means both (JSON Schema 2020-12)."""

    def edit(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["Id"] = {"type": "string", "maxLength": 64}
        properties = reading_of(document)["properties"]
        properties["meterableUnitId"] = {
            "$ref": "#/components/schemas/Id",
            "pattern": "^MU-",
            "description": "the unit",
        }

    operation = load_edited(tmp_path, edit).operations["postReadings"]
    body = {"meterableUnitId": "X" * 65, "timestamp": "2026-11-02T16:30:00Z", "powerKw": 1}
    assert {problem.code for problem in operation.read(request_of(body)).problems} == {"pattern", "maxLength"}


def test_extensions_beside_a_reference_count(tmp_path: Path) -> None:
    """A shared schema can get its meaning where it is used."""

    def edit(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["Number"] = {"type": "number"}
        properties = reading_of(document)["properties"]
        properties["powerKw"] = {"$ref": "#/components/schemas/Number", "x-unit": "MW"}

    operation = load_edited(tmp_path, edit).operations["postReadings"]
    body = {"meterableUnitId": "MU-1", "timestamp": "2026-11-02T16:30:00Z", "powerKw": 0.25}
    assert operation.read(request_of(body)).records[0]["power_kw"] == 250


def test_amounts_keep_their_digits() -> None:
    """1.1 MW are 1100 kW, not 1100.0000000000002."""
    body = {"meterableUnitId": "MU-1", "timestamp": "2026-11-02T16:30:00Z", "powerMw": 1.1}
    assert operation_of("megawatts").read(request_of(body)).records[0]["power_kw"] == 1100


def test_whole_numbers_only_where_the_contract_says_so(tmp_path: Path) -> None:
    """Integer watts take 12,500 W; half a watt cannot be written."""

    def edit(document: dict[str, Any]) -> None:
        power = {"type": "integer", "x-canonical": "power_kw", "x-unit": "W"}
        reading_of(document)["properties"]["powerKw"] = power

    operation = load_edited(tmp_path, edit).operations["postReadings"]
    record = {"meterable_unit_id": "MU-1", "timestamp": HALF_PAST_FOUR, "power_kw": 12.5}
    assert b":12500}" in operation.write([record]).body
    with pytest.raises(CannotWrite, match="whole numbers only"):
        operation.write([{**record, "power_kw": 0.0005}])


def drop(document: dict[str, Any], *steps: Any) -> None:
    for step in steps:
        document = document[step]
    del document["x-provenance"]


POST = ("paths", "/api/v2/readings", "post")


@pytest.mark.parametrize(
    ("steps", "pointer"),
    [
        (POST, "/paths/~1api~1v2~1readings/post"),
        ((*POST, "responses", "413"), "/paths/~1api~1v2~1readings/post/responses/413"),
        (
            ("components", "schemas", "Reading", "properties", "powerKw"),
            "/components/schemas/Reading/properties/powerKw",
        ),
        (("components", "schemas", "Readings"), "/components/schemas/Readings"),
        (("components", "securitySchemes", "bearerToken"), "/components/securitySchemes/bearerToken"),
        (("x-csv", "columns", "timestamp"), "/x-csv/columns/timestamp"),
    ],
)
def test_a_missing_label_is_found(steps: tuple[str, ...], pointer: str) -> None:
    """A route, response, property, limit, security scheme or column without a label is pointed at."""
    document = default_document()
    drop(document, *steps)
    assert unlabelled(document) == [pointer]


@pytest.mark.parametrize(
    "label", [None, "documented", {"label": "sure", "source": "x"}, {"label": "assumed", "source": " "}]
)
def test_a_label_has_one_of_four_words_and_a_source(label: Any) -> None:
    """documented, public, inferred or assumed, and where it comes from."""
    document = default_document()
    reading_of(document)["properties"]["timestamp"]["x-provenance"] = label
    assert unlabelled(document) == ["/components/schemas/Reading/properties/timestamp"]


def test_every_enum_word_needs_its_own_label() -> None:
    """A word list is labelled word by word."""
    document = default_document()
    schema = reading_of(document)["properties"]["meterableUnitId"]
    schema["enum"] = ["A", "B"]
    schema["x-provenance"]["words"] = {"A": {"label": "public", "source": "portal FAQ page"}}
    assert unlabelled(document) == ["/components/schemas/Reading/properties/meterableUnitId/enum/1"]


def test_parameters_and_headers_need_labels() -> None:
    """Parameters and response headers are part of the wire as well."""
    document = default_document()
    route_of(document)["parameters"] = [{"in": "query", "name": "x", "schema": {"type": "string"}}]
    del route_of(document)["responses"]["401"]["headers"]["WWW-Authenticate"]["x-provenance"]
    assert unlabelled(document) == [
        "/paths/~1api~1v2~1readings/post/parameters/0",
        "/paths/~1api~1v2~1readings/post/responses/401/headers/WWW-Authenticate",
    ]
