"""Inviting organisations and looking at them (wire format, assumed: `/_sim/participants`; portal guide §1.4, §2.1)."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Simulator
from tests.builders import kinds_of, refusal
from tests.servers import WorldClient, fresh_world, side_by_side

UNIT = {"id": "MU-9001", "description": "Battery at Dartmouth", "technology": "Batteries", "capacityKw": 150,
        "granularity": "minute", "zone": "CMZ_T9A_SWE_0050"}


def wanted(**changes: Any) -> dict[str, Any]:
    """An invitation as it is posted; `portal=None` leaves a part out."""
    parts = {"name": "Dart Storage Ltd", "portal": {"email": "desk@dart.example"}, **changes}
    return {name: value for name, value in parts.items() if value is not None}


def errors_of(world: WorldClient, body: Any, status: int = 422) -> list[tuple[str, str]]:
    answer = refusal(world.post("/_sim/participants", body), status)
    return [(error["pointer"], error["code"]) for error in answer["errors"]]


@pytest.mark.proves("email/invitation")
def test_an_organisation_is_invited(world: WorldClient) -> None:
    """Portal guide §2.1 (documented): once an account has been created, an invitation email is received."""
    answer = world.post("/_sim/participants", wanted(units=[UNIT]))
    assert answer.status_code == 201
    assert answer.json() == {
        "id": "dart-storage-ltd", "name": "Dart Storage Ltd",
        "portal": {"email": "desk@dart.example", "state": "invited", "twoFactor": False, "emails": []},
        "units": [UNIT], "dispatch": {"baseUrl": None, "auth": "none"},
        "smp": {"username": None, "callbackUrl": None, "jwks": None, "signatures": "optional",
                "connection": "not_started",
                "proForma": {"contacts": [], "apiEndpoints": [], "callbackUrl": "", "publicKeys": "",
                             "intermediateHost": False, "intermediateHostName": ""}}}
    assert world.get("/_sim/participants/dart-storage-ltd").json() == answer.json()
    assert [mail["to"] for mail in world.mails(since=1)] == ["desk@dart.example"]
    assert kinds_of(world.journal("participant.")) == ["participant.invited"]


def test_all_participants_are_listed(world: WorldClient) -> None:
    """Wire format, assumed: GET /_sim/participants."""
    listed = world.get("/_sim/participants").json()["participants"]
    assert [(each["id"], each["portal"]["state"], each["portal"]["twoFactor"]) for each in listed] == [
        ("brindle", "active", True), ("tamar", "invited", False)]
    assert [unit["id"] for unit in listed[0]["units"]] == ["MU-1001", "MU-1002", "MU-1003"]
    assert not {"password", "hash", "secret", "token"} & set(str(listed).lower().replace("'", " ").split())


@pytest.mark.proves("rule/accounts.one")
def test_each_organisation_has_one_account(world: WorldClient) -> None:
    """Portal guide §1.4 (documented): only one user account per organisation will be granted."""
    assert world.post("/_sim/participants", wanted()).ok
    before = world.get("/_sim/participants").json()
    assert errors_of(world, wanted(), 409) == [
        ("/name", "participant_exists"), ("/id", "participant_exists"), ("/portal/email", "email_taken")]
    assert errors_of(world, wanted(id="other", name="Other Ltd", portal={"email": "DESK@Dart.example"}), 409) == [
        ("/portal/email", "email_taken")]
    assert world.get("/_sim/participants").json() == before
    assert len(world.mails()) == 2


def test_of_two_invitations_at_the_same_moment_one_succeeds(world: WorldClient) -> None:
    """Ours: the check and the storing are one transaction."""
    answers = side_by_side([lambda: world.post("/_sim/participants", wanted()).status_code] * 4)
    assert sorted(answers) == [201, 409, 409, 409]


def test_all_errors_are_listed_at_once_and_nothing_is_stored(world: WorldClient) -> None:
    """Ours: where, what, and how to mend it."""
    bad = {**UNIT, "id": "MU 9", "capacityKw": 0, "zone": "CMZ_NO", "description": "x" * 201, "technology": ""}
    assert errors_of(world, wanted(id="Dart!", name="", portal={"email": "desk"}, units=[UNIT, bad, UNIT])) == [
        ("/name", "required"), ("/id", "pattern"), ("/portal/email", "format"),
        ("/units/0/id", "duplicate_in_request"), ("/units/1/id", "pattern"), ("/units/1/description", "maxLength"),
        ("/units/1/technology", "required"), ("/units/1/capacityKw", "range"), ("/units/1/zone", "unknown_zone"),
        ("/units/2/id", "duplicate_in_request")]
    assert len(world.mails()) == 1


@pytest.mark.parametrize(("body", "pointer"), [
    ({}, ""), (wanted(portal={}), "/portal"), (wanted(name=1), "/name"), (wanted(units={}), "/units"),
    (wanted(units=[{**UNIT, "granularity": "hour"}]), "/units/0/granularity"), (wanted(extra=1), ""), ([], ""),
    (wanted(units=[{**UNIT, "capacityKw": 1.5}]), "/units/0/capacityKw"),
    (wanted(portal={"state": "active"}), "/portal"),
])
def test_the_shape_is_checked(world: WorldClient, body: Any, pointer: str) -> None:
    """Ours: an unknown or wrong part is an error, not something to ignore."""
    assert pointer in {place for place, _ in errors_of(world, body)}


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "=HYPERLINK(1)", "Ωμέγα ☀ مرحبا", "x" * 100,
                                  "'; DROP TABLE"])
def test_text_is_text(world: WorldClient, name: str) -> None:
    """Ours: HTML, formulas and other alphabets are stored as text."""
    made = world.post("/_sim/participants", wanted(id="dart", name=name)).json()
    assert made["name"] == name
    assert name in world.mails(since=1)[0]["text"]


@pytest.mark.proves("rule/accounts.texts")
@pytest.mark.parametrize(("name", "code"), [
    ("x" * 101, "maxLength"), ("a\x00b", "control_character"), ("  ", "required")])
def test_text_that_no_name_can_be_is_refused(world: WorldClient, name: str, code: str) -> None:
    """Ours: a name is one line of at most 100 characters."""
    assert ("/name", code) in errors_of(world, wanted(id="dart", name=name))


@pytest.mark.proves("rule/accounts.texts")
@pytest.mark.parametrize("address", ["", "desk", "@dart.example", "desk@", "a b@dart.example", "a@b@c.example",
                                     "a@b..c", "dèsk@dart.example", "a@dart.example\x00", "a" * 250 + "@dart.example"])
def test_what_is_no_address_is_refused(world: WorldClient, address: str) -> None:
    """Ours: mails must be able to get there."""
    assert "/portal/email" in {place for place, _ in errors_of(world, wanted(portal={"email": address}))}


def test_an_invitation_can_be_sent_again_and_replaces_the_old_link(world: WorldClient) -> None:
    """Assumed: a newer link supersedes the older one."""
    assert world.post("/_sim/participants/tamar/invite").ok
    old, new = (mail["links"][0].removeprefix(world.url) for mail in world.mails())
    assert world.get(old).status_code == 410
    assert world.get(new).status_code == 200
    assert world.journal("participant.invited")[-1]["data"]["again"] is True


def test_an_active_user_is_not_invited_again(world: WorldClient) -> None:
    """Portal guide §2.1 (documented): the way on is "Forgot your password"."""
    answer = refusal(world.post("/_sim/participants/brindle/invite"), 409)
    assert "Forgot your password" in answer["errors"][0]["message"]
    assert world.mails(to="operations@brindle.example") == []


def test_any_part_can_be_changed(world: WorldClient) -> None:
    """Wire format, assumed: PATCH takes any part."""
    changed = world.request("PATCH", "/_sim/participants/tamar", json={
        "name": "Tamar Flex CIC", "portal": {"email": "new@tamar-flex.example"}, "units": [UNIT]}).json()
    assert (changed["name"], changed["portal"]["email"]) == ("Tamar Flex CIC", "new@tamar-flex.example")
    assert [unit["id"] for unit in changed["units"]] == ["MU-2001", "MU-9001"]
    same = world.request("PATCH", "/_sim/participants/tamar", json={"name": "Tamar Flex CIC"})
    assert same.ok, "its own name is not taken"
    assert world.journal("participant.changed")[0]["data"]["changed"] == ["name", "portal.email", "units"]


@pytest.mark.parametrize(("body", "status"), [
    ({}, 422), ({"id": "other"}, 422), ({"name": "Brindle Aggregation Ltd"}, 409),
    ({"units": [{**UNIT, "id": "MU-1001"}]}, 409),
    ({"portal": {"email": "operations@brindle.example"}}, 409), ({"name": "", "portal": {"email": "x"}}, 422)])
def test_a_change_that_cannot_be_made_changes_nothing(world: WorldClient, body: Any, status: int) -> None:
    """Ours: all or nothing."""
    before = world.get("/_sim/participants").json()
    assert refusal(world.request("PATCH", "/_sim/participants/tamar", json=body), status)["errors"]
    assert world.get("/_sim/participants").json() == before


@pytest.mark.parametrize(("method", "path"), [
    ("GET", ""), ("PATCH", ""), ("POST", "/invite"), ("GET", "/totp"), ("POST", "/reset-authenticator")])
def test_an_unknown_participant_is_not_found(server: Simulator, world: WorldClient, method: str, path: str) -> None:
    """Ours: also one of another world."""
    with fresh_world(server.url) as other:
        assert other.post("/_sim/participants", wanted(id="dart")).ok
        body = {"json": {"name": "x"}} if method == "PATCH" else {}
        refusal(world.request(method, f"/_sim/participants/dart{path}", **body), 404)


@pytest.mark.parametrize("name", ["TAMAR flexibility cic", " Tamar  Flexibility CIC "])
def test_capitals_and_spaces_make_no_other_organisation(world: WorldClient, name: str) -> None:
    """Portal guide §1.4 (documented): one account per organisation."""
    assert errors_of(world, wanted(name=name, id="other"), 409) == [("/name", "participant_exists")]
    refusal(world.request("PATCH", "/_sim/participants/brindle", json={"name": name}), 409)


@pytest.mark.parametrize("address", ["a,b@dart.example", "a..b@dart.example", ".a@dart.example", "a;b@dart.example",
                                     "<a@dart.example>", "a(b)@dart.example", "a@x,b.example", 'a"b@dart.example'])
def test_an_address_that_no_header_can_carry_is_refused(world: WorldClient, address: str) -> None:
    """Regression: such an address was accepted, and its mail stood in the way of all that came after it."""
    assert errors_of(world, wanted(portal={"email": address})) == [("/portal/email", "format")]


def test_a_link_to_an_address_that_was_changed_no_longer_works(world: WorldClient) -> None:
    """Portal guide §2.1 (documented): the address to log in with is the one the account was made with."""
    old = world.mails()[0]["links"][0].removeprefix(world.url)
    world.request("PATCH", "/_sim/participants/tamar", json={"portal": {"email": "right@tamar-flex.example"}})
    assert world.get(old).status_code == 410
    new = world.mails(to="right@tamar-flex.example")[0]["links"][0].removeprefix(world.url)
    assert world.get(new).status_code == 200
