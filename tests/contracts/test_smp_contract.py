"""The SMP contract that the simulator ships: valid, labelled throughout, and as its descriptions promise."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

import simulator.contracts
from simulator.contracts import BEARER, WireRequest, unlabelled
from simulator.contracts.vocabulary import PLATFORMS

from .smp_files import load_smp, smp_contract, smp_document, smp_operation

README = (Path(simulator.contracts.__file__).parent / "README.md").read_text()

TOKEN_CALLS = ("createAssets", "createUnit", "getTransactionStatus")
CODES = [
    "invalid_signature", "mpan_check_digit", "gsp_group_mismatch", "duplicate_reference", "duplicate_in_batch",
    "duplicate_unit_name", "unknown_asset", "asset_not_yours", "asset_already_aligned", "mixed_gsp_groups",
    "dates_inverted", "service_not_offered", "capacity_missing", "required", "type", "enum", "format", "pattern",
    "minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
    "additionalProperties",
]  # fmt: skip


def test_it_is_a_valid_openapi_document() -> None:
    """The document follows OpenAPI 3.1, so any tool can read it."""
    assert list(OpenAPIV31SpecValidator(smp_document()).iter_errors()) == []


def test_everything_in_it_says_how_far_it_can_be_trusted() -> None:
    """Every route, parameter, property, response, limit and word has a label and a source."""
    assert unlabelled(smp_document()) == []


@pytest.mark.parametrize(("operation_id", "method", "path"), [
    ("authenticate", "POST", "/smp/api/v1/authenticate"),
    ("createAssets", "POST", "/smp/api/v1/assets"),
    ("createUnit", "POST", "/smp/api/v1/units"),
    ("getTransactionStatus", "POST", "/smp/api/v1/transactions/status"),
    ("getKeys", "GET", "/smp/.well-known/jwks.json"),
])
def test_each_call_of_the_overview_has_its_route(operation_id: str, method: str, path: str) -> None:
    """SMP overview, The SMP APIs, documented; the paths are the wire format, assumed."""
    operation = smp_operation(operation_id)
    assert (operation.method, operation.path) == (method, path)


def test_a_token_is_asked_for_by_json_or_by_a_form() -> None:
    """Wire format, assumed: JSON, or the form of OAuth 2, so that standard clients work."""
    assert smp_operation("authenticate").media_types == ("application/json", "application/x-www-form-urlencoded")


def test_a_message_has_at_most_a_thousand_assets() -> None:
    """SMP overview, The SMP APIs: 1000 Assets, documented."""
    assert smp_operation("createAssets").max_items == 1_000


@pytest.mark.parametrize("operation_id", TOKEN_CALLS)
def test_calls_carry_a_token_and_perhaps_a_signature(operation_id: str) -> None:
    """SMP overview: a token in the headers of the calls, documented; the signature's header is assumed."""
    operation = smp_operation(operation_id)
    assert (operation.credential, operation.signature_header) == (BEARER, "X-JWS-Signature")


@pytest.mark.parametrize("operation_id", ["authenticate", "getKeys"])
def test_who_has_no_token_yet_needs_none(operation_id: str) -> None:
    """A token cannot be asked for with a token; keys are public."""
    operation = smp_operation(operation_id)
    assert (operation.credential, operation.signature_header) == (None, None)


@pytest.mark.parametrize("operation_id", ["createAssets", "createUnit"])
def test_a_batch_is_accepted_with_202(operation_id: str) -> None:
    """Wire format, assumed: 202 at once, 422 for faults of shape and for too many."""
    assert smp_operation(operation_id).outcomes == {
        "accepted": 202, "broken_json": 400, "unauthorised": 401, "forbidden": 403, "wrong_content_type": 415,
        "invalid": 422, "too_many": 422}


def test_a_status_is_answered_with_200_or_404() -> None:
    """Wire format, assumed."""
    outcomes = smp_operation("getTransactionStatus").outcomes
    assert (outcomes["accepted"], outcomes["not_found"], outcomes["too_many"]) == (200, 404, 422)


def test_wrong_credentials_have_a_status_for_json_and_one_for_the_form() -> None:
    """Wire format, assumed: 401 for JSON, 400 invalid_grant for the form (RFC 6749 §5.2)."""
    assert smp_operation("authenticate").outcomes == {
        "accepted": 200, "broken_json": 400, "invalid_grant": 400, "unauthorised": 401, "forbidden": 403,
        "wrong_content_type": 415, "invalid": 422}


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_listed_with_its_meaning(code: str) -> None:
    """A tester finds each code of an error in the document; one entry may stand for several."""
    entries = smp_document()["paths"]["/smp/api/v1/assets"]["post"]["x-error-codes"]
    meanings = {word.strip(): entry["meaning"] for entry in entries for word in entry["code"].split(",")}
    assert meanings[code]


CODE_AT = {"_refuse": 0, "refuse": 0, "TokenRefused": 0, "one_error": 1, "_unauthorised": 2, "BatchError": 2}
"""What is called with a code -> the place of the code among its arguments."""


def _raised_codes() -> set[str]:
    """Codes in the source of all that refuses a call of the SMP or a batch: tokens, signatures, the rules of assets."""
    root = Path(simulator.contracts.__file__).parents[1]
    files = [*root.glob("smp/*.py"), *root.glob("jose/*.py"), *root.glob("market/registration_of_*.py"),
             root / "operations/smp_tokens.py", root / "operations/batches.py"]  # fmt: skip
    return {code for file in files for node in ast.walk(ast.parse(file.read_text())) for code in _codes_at(node)}


def _codes_at(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", "")
        values, place = node.args, CODE_AT.get(name, len(node.args))
    elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
        name, values, place = "", node.value.elts, 1
    else:
        return
    code = values[place] if len(values) > place else None
    if isinstance(code, ast.Constant) and isinstance(code.value, str):
        yield f"token_{code.value}" if name in ("_refuse", "refuse") else code.value


@pytest.mark.parametrize("code", sorted(_raised_codes()))
def test_every_code_that_can_be_raised_stands_in_the_contract(code: str) -> None:
    """Design: the document says what every code means, also when somebody adds one."""
    paths = smp_document()["paths"].values()
    listed = {word.strip() for path in paths for call in path.values() for entry in call.get("x-error-codes", ())
              for word in entry["code"].split(",")}  # fmt: skip
    assert code in listed


def test_the_codes_that_can_be_raised_are_found() -> None:
    """The search above finds what it has to: a code of each kind."""
    assert _raised_codes() >= {"token_subject", "token_expired", "token_malformed", "token_missing", "no_access",
                               "invalid_signature", "invalid_credentials", "mpan_check_digit", "unknown_asset",
                               "not_readable"}  # fmt: skip


@pytest.mark.parametrize("field", ["status", "errors"])
def test_a_batch_that_has_succeeded_may_have_errors(field: str) -> None:
    """Setting per_item: the contract says so where a client looks first."""
    description = smp_document()["components"]["schemas"]["Transaction"]["properties"][field]["description"]
    assert "per_item" in description and "SUCCEEDED" in description


@pytest.mark.parametrize("part", ["webhooks", "keys"])
def test_what_is_put_into_other_contracts_stands_alone(part: str) -> None:
    """The batch return and the keys are shown in contracts that know nothing of our components and tokens."""
    document = smp_document()
    shown = document["webhooks"] if part == "webhooks" else document["paths"]["/smp/.well-known/jwks.json"]
    assert "$ref" not in json.dumps(shown)
    method = shown["batchReturn"]["post"] if part == "webhooks" else shown["get"]
    assert method["security"] == []


def test_the_batch_return_is_posted_to_the_callback_url_itself() -> None:
    """Wire format, assumed: no path of its own; signature, delivery and attempt stand in headers."""
    message = smp_contract().outbound["sendBatchReturn"]
    assert (message.method, message.path, message.media_type) == ("POST", "", "application/json")
    assert message.signature_header == "X-JWS-Signature"
    assert message.carried == {
        "signature": "X-JWS-Signature", "delivery_id": "X-Delivery-Id", "attempt": "X-Attempt"}


def test_the_batch_return_says_what_the_status_says() -> None:
    """Wire format, assumed: the body is the Transaction; one schema in the file serves both."""
    document = smp_document()
    body = document["webhooks"]["batchReturn"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == document["components"]["schemas"]["Transaction"]


def test_its_examples_are_taken() -> None:
    """A tester who copies the examples of the Asset gets an asset that fits."""
    properties = smp_document()["components"]["schemas"]["Asset"]["properties"]
    record = {"external_reference": "BESS-0001", "name": "x", "mpan": properties["mpan"]["examples"][0],
              "postcode": properties["postcode"]["examples"][0], "technology_type": "Batteries",
              "connection_type": "distribution", "gsp_group_id": properties["gspGroupId"]["examples"][0],
              "max_import_kw": 500, "max_export_kw": 500, "start_date": date(2026, 11, 2)}  # fmt: skip
    operation = smp_operation("createAssets")
    message = operation.read(operation.write([record]))
    assert (message.records, message.problems) == ([record], [])
    # The check digit of 210001234567 is 7 (domain: public, weights 3 5 7 13 17 19 23 29 31 37 41 43).
    digits, weights = record["mpan"], (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
    assert sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11 % 10 == int(digits[-1])


@pytest.mark.parametrize("operation_id", ["authenticate", "createAssets", "createUnit", "getTransactionStatus"])
def test_every_field_is_named_in_the_readme(operation_id: str) -> None:
    """Who writes a contract needs the names; those in brackets need no place."""
    (row,) = re.findall(rf"^\| `{operation_id}` \| (.*) \|$", README, re.MULTILINE)
    needed, _, optional = row.partition("[")
    needs = PLATFORMS["smp"].operations[operation_id]
    assert set(re.findall(r"`(\w+)`", needed)) == set(needs.required)
    assert set(re.findall(r"`(\w+)`", row)) == set(needs.fields)
    assert bool(optional) == (len(needs.fields) > len(needs.required))


def test_the_example_of_the_readme_works_as_it_stands(tmp_path: Path) -> None:
    """README.md of the package: other words, ids in objects, another header for the signature."""
    example = next(text for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "x-record: unit" in text)
    part = yaml.safe_load(example)
    unit = part["requestBody"]["content"]["application/json"]["schema"]["properties"]["unit"]
    others = {"name": {"type": "string"}, "unitType": {"enum": ["bmu", "secondary_bmu", "non_bmu", "aggregated"]},
              "startDate": {"type": "string"}}  # fmt: skip
    unit["properties"] |= others

    operation = load_smp(tmp_path, lambda document: document["paths"]["/smp/api/v1/units"]["post"].update(part)
                         ).operations["createUnit"]  # fmt: skip
    body = {"unit": {"services": ["RESP", "QR"], "members": [{"id": "BESS-0001"}], "name": "A", "unitType": "bmu",
                     "startDate": "2026-11-02"}}  # fmt: skip
    message = operation.read(WireRequest("POST", media_type="application/json", body=json.dumps(body).encode()))
    assert message.problems == []
    assert (message.records[0]["services"], message.records[0]["assets"]) == (
        ["response", "quick_reserve"], ["BESS-0001"])
    assert operation.signature_header == "X-Body-Signature"
