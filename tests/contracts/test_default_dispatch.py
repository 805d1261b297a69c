"""The dispatch message of the default contract: exactly as promised, and described for people and programs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import jsonschema_rs
import pytest

from simulator.contracts import CannotWrite

from .contract_files import OVERRIDES, contract_named
from .dispatch_messages import DISPATCH, INSTRUCTIONS, hook_of, message_of, schema_of, write


def test_it_is_written_as_the_wire_document_has_it() -> None:
    """Wire format, assumed: POST {base}/dispatch with dispatchId, instruction, startTime, endTime, powerChangeKw,
    meterableUnitIds.
    """
    request = write("default", dispatch_id="D-20261102-0007")
    assert (request.method, request.path, request.query) == ("POST", "/dispatch", "")
    assert request.headers == (("Content-Type", "application/json"),)
    assert json.loads(request.body) == {
        "dispatchId": "D-20261102-0007",
        "instruction": "START",
        "startTime": "2026-11-02T16:00:00Z",
        "endTime": "2026-11-02T18:00:00Z",
        "powerChangeKw": 150.0,
        "meterableUnitIds": ["MU-1001", "MU-1002"],
    }


@pytest.mark.parametrize("word", INSTRUCTIONS)
def test_every_instruction_has_its_word(word: str) -> None:
    """Wire format, assumed: START, STOP, EMERGENCY_STOP; each message fits the contract's own schema."""
    body = json.loads(write("default", instruction=word).body)
    assert body["instruction"] == word.upper()
    schema = schema_of(contract_named("default").document)
    assert list(jsonschema_rs.Draft202012Validator(schema).iter_errors(body)) == []


def test_the_drop_down_has_the_words_with_their_labels() -> None:
    """portal guide §3.1: start and stop messages are documented; emergency stop is public."""
    words = message_of("default").words_of("instruction")
    assert [(word.name, word.wire) for word in words] == [
        ("start", "START"), ("stop", "STOP"), ("emergency_stop", "EMERGENCY_STOP")]
    assert [(word.provenance or {})["label"] for word in words] == ["documented", "documented", "public"]


def test_its_answers_are_described() -> None:
    """Wire format, assumed: 2xx acknowledges, 429 and 5xx are retried, 3xx and other 4xx are final; all of it
    assumed.
    """
    answers = hook_of(contract_named("default").document)["responses"]
    assert set(answers) == {"2XX", "429", "5XX", "3XX", "4XX"}
    assert {answer["x-provenance"]["label"] for answer in answers.values()} == {"assumed"}


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    """The portal guide's times are London's for people; on the wire they are UTC."""
    summer = datetime(2026, 7, 1, 17, tzinfo=timezone(timedelta(hours=1)))
    assert json.loads(write("default", start_time=summer).body)["startTime"] == "2026-07-01T16:00:00Z"


@pytest.mark.parametrize("name", OVERRIDES)
def test_a_contract_without_webhooks_sends_the_default_message_and_shows_it(name: str) -> None:
    """Ours: an override from before dispatches keeps working, and what is sent stands in the published contract."""
    contract, default = contract_named(name), contract_named("default")
    message = contract.outbound["sendDispatch"]
    assert message.from_default
    assert not default.outbound["sendDispatch"].from_default
    assert message.write(DISPATCH) == write("default")
    assert contract.document["webhooks"] == default.document["webhooks"]


def test_the_default_webhook_stands_alone() -> None:
    """It is put into contracts that know nothing of our components and of our tokens."""
    hook = contract_named("default").document["webhooks"]
    assert "$ref" not in json.dumps(hook)
    assert hook["dispatch"]["post"]["security"] == []


@pytest.mark.parametrize(("changes", "said"), [
    ({"dispatch_id": None}, "There is no dispatch_id: the message has to say the id of the dispatch."),
    ({"instruction": "pause"}, "no word for pause"),
    ({"price": 3}, "price is no part of this message"),
    ({"dispatch_id": "\ud800"}, "broken character"),
])
def test_what_cannot_be_said_is_refused_in_words(changes: dict[str, Any], said: str) -> None:
    """A message is sent whole or not at all."""
    with pytest.raises(CannotWrite, match=said):
        write("default", **changes)


def test_a_broken_rule_of_the_contract_is_named_with_its_field() -> None:
    """A form can say beside its field what the contract does not allow."""
    faults = message_of("default").find_faults({**DISPATCH, "meterable_unit_ids": ()})
    assert [(fault.field, fault.message) for fault in faults] == [
        ("meterable_unit_ids", "meterableUnitIds is an empty list: put at least 1 item in it.")]
    assert message_of("default").find_faults(DISPATCH) == []
