"""Answers: the contract's status, names, words, headers and shape, filled with canonical values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from simulator.contracts import UnknownOutcome, WireAnswer

from .contract_files import OVERRIDES, default_document, load_edited, operation_of, route_of

RECEIPT = {"accepted": 3, "created": 2, "updated": 1, "late": 0}
PROBLEM = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "1 error; nothing was stored.",
    "errors": [{"pointer": "/0/timestamp", "code": "in_the_future", "message": "The period has not ended."}],
}
REFUSALS = ["broken_json", "unauthorised", "too_many", "wrong_content_type", "invalid"]


def body_of(answer: WireAnswer) -> Any:
    return json.loads(answer.body)


def test_a_receipt_has_the_default_names() -> None:
    """200 with accepted, created, updated and late."""
    answer = operation_of("default").answer("accepted", RECEIPT)
    assert (answer.status, answer.media_type, body_of(answer)) == (200, "application/json", RECEIPT)


@pytest.mark.parametrize("outcome", REFUSALS)
def test_refusals_are_problem_documents_as_documented(outcome: str) -> None:
    """Every refusal of the default contract is application/problem+json and fits its own schema."""
    answer = operation_of("default").answer(outcome, PROBLEM)
    schema = default_document()["components"]["schemas"]["Problem"]
    assert answer.media_type == "application/problem+json"
    assert jsonschema_rs.is_valid(schema, body_of(answer))
    assert body_of(answer)["errors"] == PROBLEM["errors"]


def test_a_refused_token_names_the_scheme() -> None:
    """401 carries WWW-Authenticate: Bearer."""
    assert operation_of("default").answer("unauthorised", PROBLEM).headers == {"WWW-Authenticate": "Bearer"}


def test_the_body_has_the_contracts_status() -> None:
    """The status in a problem document is the status of the answer, whatever the caller thought."""
    answer = operation_of("default").answer("too_many", PROBLEM)
    assert (answer.status, body_of(answer)["status"]) == (413, 413)


def test_type_and_title_may_be_left_out() -> None:
    """RFC 9457: about:blank goes with the status's own phrase."""
    body = body_of(operation_of("default").answer("unauthorised", {"detail": "No token.", "errors": []}))
    assert (body["type"], body["title"]) == ("about:blank", "Unauthorized")


def test_a_renamed_receipt() -> None:
    """Names, a constant, a nested object, a null and a header of the contract's own."""
    answer = operation_of("everything_renamed").answer("accepted", RECEIPT)
    assert answer.status == 201
    assert answer.headers == {"X-Stored": "3"}
    assert body_of(answer) == {"Result": "OK", "Batch": None, "Stored": {"New": 2, "Replaced": 1}}


def test_a_renamed_refusal() -> None:
    """The contract's own error body, with its own word for our code."""
    answer = operation_of("everything_renamed").answer("invalid", PROBLEM)
    assert (answer.status, answer.media_type) == (400, "application/json")
    assert body_of(answer) == {
        "Result": "REFUSED",
        "Reason": "1 error; nothing was stored.",
        "Faults": [{"Where": "/0/timestamp", "Number": "E02", "Text": "The period has not ended."}],
    }


def test_two_outcomes_may_share_a_response() -> None:
    """x-outcome may be a list."""
    operation = operation_of("everything_renamed")
    assert operation.status_of("invalid") == operation.status_of("broken_json") == 400


def test_an_outcome_the_contract_leaves_out_is_the_defaults() -> None:
    """A contract need not describe every refusal."""
    answer = operation_of("everything_renamed").answer("wrong_content_type", PROBLEM)
    assert (answer.status, answer.media_type) == (415, "application/problem+json")


def test_an_answer_without_content_is_empty() -> None:
    """204 has no body and no content type."""
    assert operation_of("put_in_path_and_query").answer("accepted", RECEIPT) == WireAnswer(204, "", {}, b"")


def test_an_unknown_outcome_is_a_fault_of_the_program() -> None:
    """Asking for an answer the operation does not have names those it has."""
    with pytest.raises(UnknownOutcome, match="accepted"):
        operation_of("default").answer("postponed", {})
    with pytest.raises(UnknownOutcome):
        operation_of("default").status_of("postponed")


@pytest.mark.parametrize("contract", OVERRIDES)
def test_every_contract_can_give_every_answer(contract: str) -> None:
    """Whatever a contract describes, all six outcomes have an answer."""
    operation = operation_of(contract)
    assert 200 <= operation.answer("accepted", RECEIPT).status < 300
    assert all(operation.answer(outcome, PROBLEM).status >= 400 for outcome in REFUSALS)


def respond(document: dict[str, Any], schema: dict[str, Any], media_type: str = "application/json") -> None:
    route_of(document)["responses"]["422"]["content"] = {media_type: {"schema": schema}}


def answer_with(folder: Path, schema: dict[str, Any], media_type: str = "application/json") -> WireAnswer:
    contract = load_edited(folder, lambda document: respond(document, schema, media_type))
    return contract.operations["postReadings"].answer("invalid", PROBLEM)


def test_a_bare_list_of_errors(tmp_path: Path) -> None:
    """A list as the whole body is the list of errors."""
    item = {"type": "object", "properties": {"field": {"type": "string", "x-canonical": "pointer"}}}
    assert body_of(answer_with(tmp_path, {"type": "array", "items": item})) == [{"field": "/0/timestamp"}]


def test_errors_as_sentences(tmp_path: Path) -> None:
    """A list of texts holds the messages."""
    schema = {"type": "object", "properties": {"errors": {"type": "array", "items": {"type": "string"}}}}
    assert body_of(answer_with(tmp_path, schema)) == {"errors": ["The period has not ended."]}


def test_an_error_inside_an_object(tmp_path: Path) -> None:
    """An object that is none of our names is passed through to what it holds."""
    inner = {"type": "object", "properties": {"text": {"type": "string", "x-canonical": "detail"}}}
    body = body_of(answer_with(tmp_path, {"type": "object", "properties": {"error": inner}}))
    assert body == {"error": {"text": "1 error; nothing was stored."}}


def test_a_required_field_we_know_nothing_of(tmp_path: Path) -> None:
    """The contract's default, or else the plainest value of its type, keeps the answer valid."""
    properties = {
        "retry": {"type": "boolean"},
        "help": {"type": "string", "default": "call us"},
        "note": {"type": "string"},
    }
    schema = {"type": "object", "required": ["retry", "help"], "properties": properties}
    assert body_of(answer_with(tmp_path, schema)) == {"retry": False, "help": "call us"}


def test_a_status_as_text(tmp_path: Path) -> None:
    """Values take the type the contract gives them."""
    schema = {"type": "object", "properties": {"status": {"type": "string"}}}
    assert body_of(answer_with(tmp_path, schema)) == {"status": "422"}


def test_a_text_no_longer_than_allowed(tmp_path: Path) -> None:
    """maxLength of an answer's field is kept."""
    schema = {"type": "object", "properties": {"detail": {"type": "string", "maxLength": 7}}}
    assert body_of(answer_with(tmp_path, schema)) == {"detail": "1 error"}


def test_a_plain_text_answer(tmp_path: Path) -> None:
    """An answer that is no JSON is the detail as text."""
    answer = answer_with(tmp_path, {"type": "string"}, "text/plain")
    assert (answer.media_type, answer.body) == ("text/plain", b"1 error; nothing was stored.")
