"""What the SMP answers and sends: transactions, tokens, errors and batch returns, in the contract's names and words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from simulator.contracts import CannotWrite, WireAnswer

from .smp_files import load_smp, smp_contract, smp_document, smp_operation

SUBMITTED_AT = datetime(2026, 11, 2, 16, 0, 0, 250_000, tzinfo=UTC)
RECEIVED: dict[str, Any] = {
    "transaction_id": "TX-1", "type": "asset_create", "status": "received", "submitted_at": SUBMITTED_AT,
    "completed_at": None, "result": None, "errors": []}  # fmt: skip
SUCCEEDED = {
    **RECEIVED, "status": "succeeded", "completed_at": datetime(2026, 11, 2, 16, 0, 2, tzinfo=UTC),
    "result": {"assets": [{"external_reference": "BESS-0001", "asset_id": "AST-000001"}]}}  # fmt: skip
UNIT_MADE = {**SUCCEEDED, "type": "unit_create", "result": {"unit": {"unit_id": "AG-BRIN01", "name": "Ashgrove"}}}
ERROR = {"index": None, "pointer": "/unit/name", "code": "duplicate_unit_name", "message": "It is taken."}
FAILED = {**UNIT_MADE, "status": "failed", "result": None, "errors": [ERROR]}
PROBLEM = {"type": "about:blank", "title": "x", "status": 0, "detail": "No.", "errors": [ERROR]}
ALL = {"received": RECEIVED, "succeeded": SUCCEEDED, "unit": UNIT_MADE, "failed": FAILED}


def status_of(transaction: dict[str, Any]) -> WireAnswer:
    return smp_operation("getTransactionStatus").answer("accepted", transaction)


def body_of(transaction: dict[str, Any]) -> Any:
    return json.loads(status_of(transaction).body)


def test_a_batch_that_was_received_has_no_end_yet() -> None:
    """Wire format, assumed: completedAt and result are absent, errors is empty; the status is the batch's own."""
    assert body_of(RECEIVED) == {
        "transactionId": "TX-1", "type": "ASSET_CREATE", "status": "RECEIVED",
        "submittedAt": "2026-11-02T16:00:00.250000Z", "errors": []}  # fmt: skip


def test_a_batch_of_assets_tells_their_ids() -> None:
    """SMP overview, The SMP APIs, Batch Return: a success notification, documented; the layout is assumed."""
    body = body_of(SUCCEEDED)
    assert (body["status"], body["completedAt"]) == ("SUCCEEDED", "2026-11-02T16:00:02Z")
    assert body["result"] == {"assets": [{"externalReference": "BESS-0001", "assetId": "AST-000001"}]}


def test_a_unit_tells_its_id() -> None:
    """The same, for a unit."""
    assert body_of(UNIT_MADE)["result"] == {"unit": {"unitId": "AG-BRIN01", "name": "Ashgrove"}}


def test_a_batch_that_failed_lists_its_errors() -> None:
    """SMP overview, The SMP APIs, Batch Return: a list of errors; null is the index of what is about no asset."""
    body = body_of(FAILED)
    assert ("result" in body, body["status"], body["errors"]) == (False, "FAILED", [ERROR])


@pytest.mark.parametrize("name", ALL)
def test_every_transaction_fits_the_published_schema(name: str) -> None:
    """A judge that is not ours."""
    schema = smp_document()["components"]["schemas"]["Transaction"]
    assert list(jsonschema_rs.Draft202012Validator(schema).iter_errors(body_of(ALL[name]))) == []


@pytest.mark.parametrize("name", ALL)
def test_the_batch_return_is_the_body_of_the_status(name: str) -> None:
    """Wire format, assumed: whoever reads the one can read the other."""
    request = smp_contract().outbound["sendBatchReturn"].write(ALL[name])
    assert (request.method, request.target, request.headers) == ("POST", "", (("Content-Type", "application/json"),))
    assert request.body == status_of(ALL[name]).body


def test_a_transaction_that_was_kept_as_text_says_the_same() -> None:
    """The outbox keeps times as ISO texts, with either form of UTC."""
    message = smp_contract().outbound["sendBatchReturn"]
    for offset in ("Z", "+00:00"):
        kept = {**SUCCEEDED, "submitted_at": f"2026-11-02T16:00:00.250000{offset}",
                "completed_at": f"2026-11-02T16:00:02{offset}"}  # fmt: skip
        assert message.write(kept).body == message.write(SUCCEEDED).body


def test_a_batch_return_without_its_id_is_not_sent() -> None:
    """Said in words; nobody could tell what it is about."""
    with pytest.raises(CannotWrite, match="There is no transaction_id"):
        smp_contract().outbound["sendBatchReturn"].write({**RECEIVED, "transaction_id": None})


def test_a_batch_return_is_held_against_the_contracts_own_rules() -> None:
    """Such as a limit."""
    message = smp_contract().outbound["sendBatchReturn"]
    assert message.find_faults(FAILED) == []
    faulty = {**FAILED, "errors": [{**ERROR, "index": -1}]}
    assert "smallest allowed is 0" in message.find_faults(faulty)[0].message


def test_a_batch_is_answered_with_its_id() -> None:
    """SMP overview, The SMP APIs, Immediate Return: Transaction ID, documented; status and names are assumed."""
    answer = smp_operation("createAssets").answer("accepted", RECEIVED)
    assert (answer.status, json.loads(answer.body)) == (202, {"transactionId": "TX-1", "status": "RECEIVED"})


def test_a_token_is_not_to_be_kept_on_the_way() -> None:
    """RFC 6749 §5.1: Cache-Control: no-store; names as there."""
    answer = smp_operation("authenticate").answer(
        "accepted", {"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 3600})
    assert answer.headers == {"Cache-Control": "no-store"}
    assert json.loads(answer.body) == {"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 3600}


def test_one_status_has_an_answer_for_each_content_type() -> None:
    """RFC 6749 §5.2 for the form; RFC 9457 for a body that is no JSON."""
    operation = smp_operation("authenticate")
    form = operation.answer("invalid_grant", {"error": "invalid_grant", "error_description": "Wrong."})
    assert (form.status, form.media_type) == (400, "application/json")
    assert json.loads(form.body) == {"error": "invalid_grant", "error_description": "Wrong."}
    broken = operation.answer("broken_json", {"detail": "No.", "errors": []})
    assert (broken.status, broken.media_type) == (400, "application/problem+json")
    assert json.loads(broken.body)["title"] == "Bad Request"


@pytest.mark.parametrize("outcome", [
    "broken_json", "unauthorised", "forbidden", "not_found", "too_many", "wrong_content_type", "invalid"])
def test_every_refusal_fits_the_problem_schema(outcome: str) -> None:
    """RFC 9457; the status in the body is that of the answer."""
    answer = smp_operation("getTransactionStatus").answer(outcome, PROBLEM)
    body, schema = json.loads(answer.body), smp_document()["components"]["schemas"]["Problem"]
    assert answer.media_type == "application/problem+json"
    assert list(jsonschema_rs.Draft202012Validator(schema).iter_errors(body)) == []
    assert (body["status"], body["errors"]) == (answer.status, [ERROR])


def test_the_keys_are_a_jwks() -> None:
    """RFC 7517 §5: an object with keys."""
    keys = [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": "0w", "e": "AQAB"}]
    assert json.loads(smp_operation("getKeys").answer("accepted", {"keys": keys}).body) == {"keys": keys}


def test_an_example_is_no_answer(tmp_path: Path) -> None:
    """A required field that has nothing to say is null where it may be, whatever example the contract shows."""

    def edit(document: dict[str, Any]) -> None:
        schema = document["components"]["schemas"]["Transaction"]
        schema["required"].append("completedAt")
        schema["properties"]["completedAt"] = {"type": ["string", "null"], "examples": ["2026-11-02T16:00:02Z"]}

    operation = load_smp(tmp_path, edit).operations["getTransactionStatus"]
    assert json.loads(operation.answer("accepted", RECEIVED).body)["completedAt"] is None
