"""The SMP connection in `/_sim`: pro-forma, four steps, and the commissioning test (SMP overview, Establishing SMP
connections, documented; what the pro-forma asks and the forms of the calls are assumed).
"""

from __future__ import annotations

import io
from typing import Any

import pytest
import requests
from pypdf import PdfReader

from tests.builders import faults, refusal
from tests.commissioning import FLOWS, commissioning_of, seen, show_all_flows
from tests.registering import BASE, USERS, Registrar, asset, connect
from tests.servers import WorldClient, running
from tests.signing import new_key

CONTACT = {"name": "Morwenna Rowe", "email": "dev@tamar-flex.example", "phone": "+44 1632 960 200"}
COMPLETE = {"contacts": [CONTACT], "apiEndpoints": ["https://smp-client.tamar-flex.example"]}


def patch(world: WorldClient, participant: str = "tamar", **smp: Any) -> requests.Response:
    return world.request("PATCH", f"/_sim/participants/{participant}", json={"smp": smp})


def changed(world: WorldClient, participant: str = "tamar", **smp: Any) -> dict[str, Any]:
    answer = patch(world, participant, **smp)
    assert answer.status_code == 200, answer.text
    return answer.json()["smp"]


def smp_of(world: WorldClient, participant: str = "tamar") -> dict[str, Any]:
    return world.get(f"/_sim/participants/{participant}").json()["smp"]


def authenticate(world: WorldClient, participant: str = "tamar", password: str | None = None) -> requests.Response:
    username, usual = USERS[participant]
    return world.post(f"{BASE}/authenticate", {"username": username, "password": password or usual})


def moves(world: WorldClient) -> list[tuple[str, str]]:
    return [(entry["data"]["before"], entry["data"]["after"]) for entry in world.journal("connection.moved")]


# The demo world

def test_brindle_is_connected_and_tamar_is_to_return_its_pro_forma(world: WorldClient) -> None:
    """Ours: the demo's `brindle-smp` is connected; wire format, assumed: the demo fixture."""
    told = [(smp["username"], smp["connection"]) for smp in (smp_of(world, name) for name in ("brindle", "tamar"))]
    assert told == [("brindle-smp", "access_provided"), ("tamar-smp", "pro_forma_sent")]
    assert sorted(smp_of(world)) == ["callbackUrl", "connection", "jwks", "proForma", "signatures", "username"]


def test_who_was_invited_has_no_connection_yet(world: WorldClient) -> None:
    """SMP overview, step 1: it begins with the operator's pro-forma."""
    made = world.post("/_sim/participants", {"name": "Dart", "portal": {"email": "a@dart.example"}}).json()
    assert (made["smp"]["connection"], made["smp"]["username"]) == ("not_started", None)


# Step by step

def test_the_four_steps_one_by_one(world: WorldClient) -> None:
    """SMP overview, Establishing SMP connections: pro-forma out, pro-forma back, access, commissioning."""
    world.post("/_sim/participants", {"id": "dart", "name": "Dart", "portal": {"email": "a@dart.example"}})
    assert changed(world, "dart", connection="pro_forma_sent")["connection"] == "pro_forma_sent"
    assert changed(world, "dart", proForma=COMPLETE)["connection"] == "pro_forma_returned"
    given = changed(world, "dart", connection="access_provided", username="dart", password="Dart-smp-2026")
    assert (given["connection"], given["username"]) == ("access_provided", "dart") and "password" not in given
    assert moves(world) == [("not_started", "pro_forma_sent"), ("pro_forma_sent", "pro_forma_returned"),
                            ("pro_forma_returned", "access_provided")]
    answer = world.post(f"{BASE}/authenticate", {"username": "dart", "password": "Dart-smp-2026"})
    assert answer.status_code == 200


@pytest.mark.parametrize(("step", "words"), [
    ("not_started", "Step 1 of 4 is open: the operator has yet to send the technical pro-forma"),
    ("pro_forma_sent", "Step 2 of 4 is open: the participant has yet to return the completed pro-forma"),
    ("pro_forma_returned", "Step 3 of 4 is open: the operator has yet to provide access")])
def test_until_access_is_provided_calls_get_403_that_says_which_step_is_open(world: WorldClient, step: str, words: str
                                                                             ) -> None:
    """Ours: until step 3 is done, calls get 403 saying which step is open."""
    token = Registrar(world)
    changed(world, "brindle", connection=step)
    for answer in (authenticate(world, "brindle"), token.call("assets", {"assets": [asset()]})):
        assert answer.status_code == 403
        assert words in answer.json()["detail"]


def test_who_does_not_know_the_password_is_not_told_the_step(world: WorldClient) -> None:
    """Ours: the step is the participant's business."""
    assert authenticate(world, password="wrong").status_code == 401


def test_several_steps_at_once_are_several_facts(world: WorldClient) -> None:
    """Ours: a set-up in one call; the journal tells each step."""
    changed(world, connection="access_provided", proForma=COMPLETE)
    assert moves(world) == [("pro_forma_sent", "pro_forma_returned"), ("pro_forma_returned", "access_provided")]
    assert authenticate(world).status_code == 200


def test_a_pro_forma_cannot_be_returned_before_it_was_sent(world: WorldClient) -> None:
    """SMP overview: step 1 comes before step 2."""
    changed(world, connection="not_started")
    assert faults(refusal(patch(world, proForma=COMPLETE), 409)) == [("/smp/proForma", "not_yet")]


def test_a_connection_can_be_taken_back_and_comes_forward_again(world: WorldClient) -> None:
    """Ours: for testers; the pro-forma and the user stay as they are."""
    changed(world, "brindle", connection="not_started")
    assert changed(world, "brindle", connection="access_provided")["username"] == "brindle-smp"
    assert authenticate(world, "brindle").status_code == 200


# The pro-forma

def test_a_pro_forma_comes_back_as_it_was_given(world: WorldClient) -> None:
    """Ours: developer contacts, API endpoints, callback URL, public key, intermediate host yes/no."""
    key = new_key()
    form = {**COMPLETE, "callbackUrl": "http://127.0.0.1:9900/returns", "intermediateHost": True,
            "intermediateHostName": "Gateway Vendor Ltd", "publicKeys": key.as_pem(private=False).decode()}
    told = changed(world, proForma=form)
    assert told["proForma"] == form
    assert told["callbackUrl"] == form["callbackUrl"]
    assert [each["n"] for each in told["jwks"]["keys"]] == [key.as_dict(private=False)["n"]]


def test_everything_that_is_wrong_with_a_pro_forma_is_said_at_once(world: WorldClient) -> None:
    """Ours: all errors at once, nothing stored."""
    before = smp_of(world)
    form = {"contacts": [{"name": " ", "email": "x", "phone": "call me"}], "apiEndpoints": [""],
            "callbackUrl": "http://8.8.8.8/returns", "publicKeys": "keys", "intermediateHost": True}
    assert faults(refusal(patch(world, proForma=form, username="brindle-smp", password="short"), 422)) == [
        ("/smp/password", "password"), ("/smp/proForma/apiEndpoints/0", "required"),
        ("/smp/proForma/callbackUrl", "unsafe_target"), ("/smp/proForma/contacts/0/email", "format"),
        ("/smp/proForma/contacts/0/name", "required"), ("/smp/proForma/contacts/0/phone", "format"),
        ("/smp/proForma/intermediateHostName", "required"), ("/smp/proForma/publicKeys", "keys"),
        ("/smp/username", "username_taken")]
    assert smp_of(world) == before
    assert world.journal("connection.") == []


def test_errors_of_several_parts_of_a_participant_come_together(world: WorldClient) -> None:
    """Ours: all errors at once."""
    answer = world.request("PATCH", "/_sim/participants/tamar", json={
        "name": " ", "dispatch": {"baseUrl": "http://8.8.8.8"}, "smp": {"callbackUrl": "http://9.9.9.9"}})
    assert faults(refusal(answer, 422)) == [
        ("/dispatch/baseUrl", "unsafe_target"), ("/name", "required"), ("/smp/callbackUrl", "unsafe_target")]


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://1.1.1.1", "ftp://127.0.0.1", "callback",
                                 "http://user:secret@127.0.0.1/"])
def test_only_safe_callback_urls_are_taken(world: WorldClient, url: str) -> None:
    """Wire format, assumed: only safe targets; the same rule as for dispatch messages."""
    body = refusal(patch(world, "brindle", callbackUrl=url), 422)
    assert {pointer for pointer, _ in faults(body)} == {"/smp/callbackUrl"}
    assert smp_of(world, "brindle")["callbackUrl"] is None


def test_a_callback_url_can_be_taken_away(world: WorldClient) -> None:
    """Ours: null for none."""
    changed(world, "brindle", callbackUrl="http://127.0.0.1:9900/returns")
    assert changed(world, "brindle", callbackUrl=None)["callbackUrl"] is None


def test_a_private_key_is_refused_and_not_repeated(world: WorldClient) -> None:
    """Ours: secrets never reach answers or the journal."""
    key = new_key()
    answer = patch(world, "brindle", jwks={"keys": [key.as_dict(private=True)]})
    assert faults(refusal(answer, 422)) == [("/smp/jwks", "keys")]
    secret = key.as_dict(private=True)["d"]
    assert secret not in answer.text and secret not in world.get("/_sim/journal").text


def test_signatures_cannot_be_required_without_a_key(world: WorldClient) -> None:
    """Ours: no request could ever be answered."""
    assert faults(refusal(patch(world, "brindle", signatures="required"), 422)) == [("/smp/signatures", "no_keys")]


# The SMP user

def test_a_password_that_is_made_is_told_once_and_works(world: WorldClient) -> None:
    """Ours: username and password made or given."""
    world.post("/_sim/participants", {"id": "dart", "name": "Dart", "portal": {"email": "a@dart.example"}})
    told = changed(world, "dart", connection="access_provided", proForma=COMPLETE)
    assert told["username"] == "dart-smp" and len(told["password"]) == 24
    assert "password" not in smp_of(world, "dart")
    assert told["password"] not in world.get("/_sim/journal").text
    answer = world.post(f"{BASE}/authenticate", {"username": "dart-smp", "password": told["password"]})
    assert answer.status_code == 200


def test_a_new_password_replaces_the_old_one(world: WorldClient) -> None:
    """Ours: null asks for one that is made."""
    made = changed(world, "brindle", password=None)["password"]
    assert authenticate(world, "brindle").status_code == 401
    assert authenticate(world, "brindle", made).status_code == 200


@pytest.mark.parametrize(("change", "pointer"), [
    ({"smp": {"callbackUrl": "http://battery-room.invalid:9000"}}, "/smp/callbackUrl"),
    ({"smp": {"proForma": {"callbackUrl": "http://battery-room.invalid:9000"}}}, "/smp/proForma/callbackUrl"),
    ({"dispatch": {"baseUrl": "http://battery-room.invalid:9000"}}, "/dispatch/baseUrl"),
], ids=str)
def test_a_host_that_is_not_known_now_is_taken_with_a_warning(world: WorldClient, change: dict, pointer: str) -> None:
    """Ours: the machine may come up later; whoever mistyped it learns at once."""
    answer = world.request("PATCH", "/_sim/participants/brindle", json=change)
    assert answer.status_code == 200, answer.text
    [warning] = answer.json()["warnings"]
    assert (warning["pointer"], "battery-room.invalid could not be looked up" in warning["message"]) == (pointer, True)


def test_a_change_without_a_catch_has_no_warnings(world: WorldClient) -> None:
    """Ours: there is nothing to read then."""
    answer = world.request("PATCH", "/_sim/participants/brindle", json={"smp": {"callbackUrl": "http://127.0.0.1:9"}})
    assert (answer.status_code, "warnings" in answer.json()) == (200, False)


def test_an_unknown_participant_is_told(world: WorldClient) -> None:
    """Ours: 404, whatever is asked."""
    for method, path in (("PATCH", ""), ("GET", "/commissioning"), ("POST", "/commissioning"),
                         ("GET", "/commissioning/certificate")):
        body = {"smp": {"signatures": "optional"}} if method == "PATCH" else None
        refusal(world.request(method, f"/_sim/participants/nobody{path}", json=body), 404)


# The commissioning test

@pytest.fixture(scope="module")
def commissioned():
    """A world in which Brindle has shown every flow."""
    with running(smp_progress="immediate") as simulator:
        world = WorldClient(simulator.url, "default")
        show_all_flows(world)
        yield world
        world.close()


def test_nothing_is_seen_before_anything_happens(world: WorldClient) -> None:
    """SMP overview: the test covers all flows of the table."""
    told = commissioning_of(world)
    assert [flow["flow"] for flow in told["flows"]] == FLOWS
    assert (told["allSeen"], seen(world)) == (False, [])


def test_a_flow_is_seen_once_with_the_entry_that_proves_it(world: WorldClient) -> None:
    """Ours: each flow seen or not, with the journal entry that proves it."""
    first = authenticate(world, "brindle")
    authenticate(world, "brindle")
    flow = commissioning_of(world)["flows"][0]
    assert (flow["seen"], str(flow["journalEntry"])) == (True, first.headers["X-Request-Id"])
    assert [entry["data"]["flow"] for entry in world.journal("flow.seen")] == ["authenticate"]


@pytest.mark.proves("rule/connections.all_flows")
def test_every_flow_is_proven_by_an_exchange(commissioned: WorldClient) -> None:
    """Ours: with the journal entry that proves it."""
    told = commissioning_of(commissioned)
    assert told["allSeen"]
    kinds = {entry["id"]: entry["kind"] for entry in commissioned.journal()}
    proofs = {flow["flow"]: kinds[flow["journalEntry"]] for flow in told["flows"]}
    assert proofs == {flow: "http.out" if flow.endswith("_returned") else "http.in" for flow in FLOWS}


def test_it_cannot_be_confirmed_before_all_flows_are_seen(world: WorldClient) -> None:
    """SMP overview, note V: simulation and testing of all flows."""
    authenticate(world, "brindle")
    body = refusal(world.post("/_sim/participants/brindle/commissioning"), 409)
    assert faults(body) == [("", "flows_not_seen")]
    assert "signed request" in body["detail"] and "authenticate" not in body["detail"]
    refusal(world.get("/_sim/participants/brindle/commissioning/certificate"), 409)


def test_the_certificate_names_the_participant_and_every_flow(commissioned: WorldClient) -> None:
    """Ours: a PDF certificate when all are seen; the simulator's mark is on it."""
    answer = commissioned.get("/_sim/participants/brindle/commissioning/certificate")
    assert answer.headers["Content-Type"] == "application/pdf"
    text = " ".join(PdfReader(io.BytesIO(answer.content)).pages[0].extract_text().split())
    for words in ("SIMULATOR", "Not affiliated with NESO", "Brindle Aggregation Ltd (brindle)", "brindle-smp",
                  "a request carries a signature that verifies", "All 9 message flows"):
        assert words in text
    for flow in commissioning_of(commissioned)["flows"]:
        assert str(flow["journalEntry"]) in text


def test_the_same_facts_make_the_same_certificate(commissioned: WorldClient) -> None:
    """Ours: same data, same bytes."""
    first, second = (commissioned.get("/_sim/participants/brindle/commissioning/certificate").content
                     for _ in range(2))
    assert first == second


def test_without_access_there_is_nothing_to_confirm_and_no_certificate() -> None:
    """Ours: what was seen stays seen, and counts again when the connection has access again."""
    with running(smp_progress="immediate") as simulator:
        world = WorldClient(simulator.url, "default")
        show_all_flows(world)
        place = "/_sim/participants/brindle/commissioning"
        connect(world, "brindle", connection="not_started")
        assert commissioning_of(world)["allSeen"]
        assert faults(refusal(world.post(place), 409)) == [("", "not_yet")]
        assert "Step 1 of 4 is open" in refusal(world.get(f"{place}/certificate"), 409)["detail"]
        connect(world, "brindle", connection="access_provided")
        assert world.get(f"{place}/certificate").status_code == 200
        world.close()


def test_confirming_it_is_the_last_step(commissioned: WorldClient) -> None:
    """SMP overview, step 4."""
    answer = commissioned.post("/_sim/participants/brindle/commissioning")
    assert (answer.status_code, answer.json()["connection"]) == (200, "commissioned")
    assert moves(commissioned) == [("access_provided", "commissioned")]
    assert authenticate(commissioned, "brindle").status_code == 200


# What is registered

def test_transactions_assets_and_units_are_listed(commissioned: WorldClient) -> None:
    """Ours: what participants submitted, and what the SMP holds."""
    told = commissioned.get("/_sim/transactions?participant=brindle&limit=2").json()
    assert told["total"] == 5 and len(told["transactions"]) == 2
    [only] = commissioned.get("/_sim/assets").json()["assets"]
    assert (only["fields"]["external_reference"], only["participantId"]) == ("B-1", "brindle")
    [unit] = commissioned.get("/_sim/units?participant=brindle").json()["units"]
    assert unit["assets"] == 1
    assert commissioned.get(f"/_sim/assets?unit={unit['unitId']}").json()["total"] == 1
    assert commissioned.get("/_sim/assets?participant=tamar").json() == {"assets": [], "total": 0}
    refusal(commissioned.get("/_sim/units?participant=nobody"), 404)


def test_a_transaction_shows_its_return_and_attempts(commissioned: WorldClient) -> None:
    """Ours: the way from the request to what was sent."""
    newest = commissioned.get("/_sim/transactions").json()["transactions"][-1]["transactionId"]
    told = commissioned.get(f"/_sim/transactions/{newest}").json()
    [sent] = told["returns"]
    assert (sent["state"], [attempt["status"] for attempt in sent["attempts"]]) == ("delivered", [200])
    assert faults_of_release(commissioned, newest) == [("", "not_stuck")]
    refusal(commissioned.get("/_sim/transactions/TX-0"), 404)


def faults_of_release(world: WorldClient, transaction: str) -> list[tuple[str, str]]:
    return faults(refusal(world.post(f"/_sim/transactions/{transaction}/release"), 409))
