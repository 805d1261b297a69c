"""A server with a changed contract takes, stores and refuses what that contract says, over real HTTP (ours)."""

from __future__ import annotations

import subprocess

import pytest

from tests.overrides.calling import (
    HERE,
    body_of,
    contract_file,
    readings_page,
    readings_shown,
    send_bad,
    send_good,
    send_items,
    sign_in_to,
)
from tests.overrides.conftest import Serve
from tests.overrides.conversations import AT_1630, BEARER, CONVERSATIONS, JSON, PROBLEM
from tests.servers import ROOT

LIMITED = [name for name, told in CONVERSATIONS.items() if told.limit]
MOVED = [name for name, told in CONVERSATIONS.items() if told.path_moved]
DEFAULT_READING = f'{{"meterableUnitId": "MU-1001", "timestamp": "{AT_1630}", "powerKw": 1}}'


def test_every_changed_contract_has_its_conversation() -> None:
    """A contract file added to either folder is tried here too."""
    files = [*(ROOT / "tests" / "contracts" / "overrides").iterdir(), *(HERE / "contracts").iterdir()]
    assert sorted(file.stem for file in files) == sorted(CONVERSATIONS)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_good_message_gets_the_promised_answer(served: Serve, name: str) -> None:
    """Status and body are those of the contract's response marked `accepted`."""
    told = CONVERSATIONS[name]
    answer = send_good(served(name), told)
    assert (answer.status_code, body_of(answer)) == (told.status, told.answer), answer.text


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_portal_shows_what_was_sent(served: Serve, name: str) -> None:
    """Right unit, period end in UTC, kW to the milliwatt, generation positive (sign: portal FAQ page)."""
    told, world = CONVERSATIONS[name], served(name)
    send_good(world, told)
    visitor = sign_in_to(world)
    shown = [reading for unit in ("77", "MU-1001", "MU-1002") for reading in readings_shown(visitor, unit)]
    assert shown == told.stored


@pytest.mark.parametrize("name", [name for name, told in CONVERSATIONS.items() if told.faults is not None])
def test_a_bad_message_gets_every_fault_at_its_place(served: Serve, name: str) -> None:
    """Faults of shape and of rules, all at once, with pointers into what was sent; the default's form (RFC 9457)."""
    told = CONVERSATIONS[name]
    answer = send_bad(served(name), told)
    body = answer.json()
    assert sorted((error["pointer"], error["code"]) for error in body["errors"]) == sorted(told.faults or [])
    assert (answer.status_code, body["status"]) == (told.bad_status, told.bad_status)
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_nothing_of_a_bad_message_is_stored(served: Serve, name: str) -> None:
    """Wire format, assumed: all or nothing, whatever the contract."""
    world = served(name)
    assert send_bad(world, CONVERSATIONS[name]).status_code == CONVERSATIONS[name].bad_status
    assert world.journal(kind="readings.accepted") == []


def test_a_refusal_of_the_contracts_own_shape_has_its_names_and_words(served: Serve) -> None:
    """everything_renamed: 400, `Faults` with `Where` and `Number`, E01 for an unknown unit, its own code E07."""
    told = CONVERSATIONS["everything_renamed"]
    answer = send_bad(served("everything_renamed"), told)
    body = answer.json()
    body["Faults"] = sorted((fault["Where"], fault["Number"]) for fault in body["Faults"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")
    assert body.pop("Reason")
    assert body == told.refusal


def test_a_refusal_may_be_one_sentence(served: Serve) -> None:
    """put_in_path_and_query: 400 with nothing but `error`."""
    told = CONVERSATIONS["put_in_path_and_query"]
    answer = send_bad(served("put_in_path_and_query"), told)
    assert (answer.status_code, answer.json()) == (400, told.refusal)


@pytest.mark.parametrize("name", LIMITED)
def test_one_reading_too_many_is_answered_as_such(served: Serve, name: str) -> None:
    """`maxItems` is the limit; one more has the outcome too_many: 413, or what the contract says."""
    told = CONVERSATIONS[name]
    answer = send_items(served(name), told, (told.limit or 0) + 1)
    assert answer.status_code == told.too_many_status
    assert str(told.limit) in answer.text


@pytest.mark.parametrize("name", [name for name in LIMITED if (CONVERSATIONS[name].limit or 0) <= 500])
def test_as_many_readings_as_allowed_are_looked_at(served: Serve, name: str) -> None:
    """At the limit the list is read, and its empty items are refused for what they lack."""
    told = CONVERSATIONS[name]
    assert send_items(served(name), told, told.limit or 0).status_code == told.bad_status


@pytest.mark.parametrize("name", MOVED)
def test_the_default_path_is_gone(served: Serve, name: str) -> None:
    """Paths follow the contract in force: the default's is not served beside it."""
    answer = served(name).post("/api/v2/readings", data=DEFAULT_READING, headers={**BEARER, **JSON})
    assert answer.status_code == 404


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_another_method_is_refused(served: Serve, name: str) -> None:
    """405, and Allow names the contract's method."""
    told = CONVERSATIONS[name]
    answer = served(name).request("DELETE", told.path, headers=told.headers)
    assert (answer.status_code, answer.headers["Allow"]) == (405, told.method)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_wrong_token_is_refused(served: Serve, name: str) -> None:
    """401, or what the contract says; the token stands where its security scheme says."""
    told = CONVERSATIONS[name]
    headers = {key: value.replace("demo-token-brindle", "not-a-token") for key, value in told.headers.items()}
    path = told.path.replace("demo-token-brindle", "not-a-token")
    answer = served(name).request(told.method, path, data=told.body, headers=headers)
    assert answer.status_code == (403 if name == "everything_renamed" else 401)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_journal_does_not_tell_the_token(served: Serve, name: str) -> None:
    """Wire format, assumed: secrets are masked in the journal, wherever the contract puts the token."""
    world = served(name)
    send_good(world, CONVERSATIONS[name])
    (entry,) = [entry for entry in world.journal(kind="http.in") if entry["data"]["surface"] == "participant"]
    assert "demo-token-brindle" not in str(entry)
    assert "***" in str(entry)


@pytest.mark.parametrize("name", ["api_key_in_header", "api_key_in_query"])
def test_a_bearer_token_is_no_api_key(served: Serve, name: str) -> None:
    """A contract that wants an API key does not take the default's Authorization header."""
    told = CONVERSATIONS[name]
    headers = {key: value for key, value in told.headers.items() if key != "X-Key"}
    answer = served(name).request(told.method, told.path.partition("?")[0], data=told.body,
                                  headers={**headers, **BEARER})
    assert answer.status_code == 401


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_example_of_the_readings_page_runs_as_it_stands(served: Serve, name: str) -> None:
    """portal guide §3.1, Readings: the example below the table works in a shell, and its reading is in the table."""
    world, unit = served(name), "77" if name == "text_and_nulls" else "MU-1002"
    visitor = sign_in_to(world)
    command = readings_page(visitor, unit).tree.find(id="example").children[0]
    subprocess.run(["sh", "-ec", f"{command} --silent --show-error --fail --max-time 30"], check=True,
                   capture_output=True, text=True)
    (shown,) = readings_shown(visitor, unit)
    assert shown[1] == "2026-11-02T17:00:00Z"


def test_a_page_without_a_possible_example_still_opens(served: Serve) -> None:
    """Ids of units are numbers in text_and_nulls, and MU-1001 is none: no example, but the page and its upload."""
    page = readings_page(sign_in_to(served("text_and_nulls")), "MU-1001")
    assert page.heading == "Readings"
    assert page.tree.find_all(id="example") == []


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_contract_in_force_is_published(served: Serve, name: str) -> None:
    """Wire format, assumed: GET /_sim/contracts/participant is the OpenAPI contract in force, as JSON."""
    title = contract_file(name).read_text().partition("title: '")[2].partition("'")[0]
    answer = served(name).get("/_sim/contracts/participant")
    assert (answer.headers["Content-Type"], answer.json()["info"]["title"]) == ("application/json", title)
    operations = [operation["operationId"] for item in answer.json()["paths"].values()
                  for method, operation in item.items() if method == CONVERSATIONS[name].method.lower()]
    assert operations == ["postReadings"]


def test_a_contract_that_says_nothing_of_dispatches_shows_the_default_message(served: Serve) -> None:
    """Ours: what the platform will send stands in the published contract, also where the user's file has none of it."""
    assert "webhooks" not in contract_file("watts").read_text()
    hook = served("watts").get("/_sim/contracts/participant").json()["webhooks"]["dispatch"]
    assert (hook["x-path"], hook["post"]["operationId"]) == ("/dispatch", "sendDispatch")
