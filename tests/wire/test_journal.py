"""/_sim/journal: what happened, oldest first, each entry with its cause, and without secrets (wire format, assumed)."""

from __future__ import annotations

import pytest

from tests.builders import kinds_of, reading, refusal
from tests.portal import sign_in
from tests.servers import NOW, TOKEN, WorldClient, subprocess_server


def test_entries_have_the_documented_form(world: WorldClient) -> None:
    """Wire format, assumed: {"id", "at", "kind", "world", "causedBy", "data"}."""
    world.send(reading())
    for entry in world.journal():
        assert sorted(entry) == ["at", "causedBy", "data", "id", "kind", "world"]
        assert entry["world"] == world.name
        assert entry["at"].startswith("2026-11-02T17:0")


def test_a_new_world_begins_with_its_beginning(world: WorldClient) -> None:
    """Ours: how a world began is its first fact, and the cause of what its fixture brought along."""
    entry, mail = world.journal()
    assert (mail["kind"], mail["causedBy"]) == ("mail.sent", 1)
    assert (entry["id"], entry["kind"]) == (1, "world.started")
    assert entry["data"] == {"fixture": "quiet", "reason": "created"}


def test_x_request_id_is_the_id_of_the_entry_of_the_request(world: WorldClient) -> None:
    """Wire format, assumed: every response carries X-Request-Id, the id of its journal entry."""
    answers = [world.send(reading()), world.send([]), world.get("/nothing"), world.get("/sign-in"),
               world.post("/_sim/clock/advance", {"by": "PT1S"}), world.post("/_sim/reset", [])]
    entries = {entry["id"]: entry for entry in world.journal("http.in")}
    for answer in answers:
        data = entries[int(answer.headers["X-Request-Id"])]["data"]
        assert data["method"] == answer.request.method
        assert data["path"] == f"/w/{world.name}{answer.request.path_url.removeprefix(f'/w/{world.name}')}"
        assert data["status"] == answer.status_code


def test_ids_rise_in_the_order_of_events(world: WorldClient) -> None:
    """Wire format, assumed: facts, oldest first."""
    for _ in range(5):
        world.send(reading())
    ids = [entry["id"] for entry in world.journal()]
    assert ids == sorted(set(ids))


def test_a_request_and_what_it_brought_about_are_linked(world: WorldClient) -> None:
    """Wire format, assumed: causedBy."""
    answer = world.send(reading())
    request_id = int(answer.headers["X-Request-Id"])
    caused = [entry for entry in world.journal() if entry["causedBy"] == request_id]
    assert kinds_of(caused) == ["readings.accepted"]


def test_what_was_sent_and_answered_is_kept(world: WorldClient) -> None:
    """Wire format, assumed: in- and outbound HTTP."""
    answer = world.send(reading(powerKw=7.25))
    data = world.journal("http.in")[-1]["data"]
    assert data["surface"] == "participant"
    assert '"powerKw": 7.25' in data["request_body"]
    assert data["answer_body"] == answer.text
    assert data["request_bytes"] == len(answer.request.body)
    assert data["request_headers"]["Content-Type"] == "application/json"
    assert data["ms"] >= 0


def test_a_large_message_is_kept_in_part(world: WorldClient) -> None:
    """Ours: setting journal_body_characters, 2,000."""
    world.send([reading(meterableUnitId="X")] * 1_000)
    data = world.journal("http.in")[-1]["data"]
    assert len(data["request_body"]) == len(data["answer_body"]) == 2_000
    assert data["request_bytes"] > 60_000


@pytest.mark.parametrize("path", ["/_sim/health", "/_sim/clock", "/_sim/journal", "/_sim/worlds",
                                  "/_sim/contracts/participant", "/static/portal.css"])
def test_watching_leaves_no_trace(world: WorldClient, path: str) -> None:
    """Ours: a console that polls must not bury what it shows."""
    assert world.get(path).status_code == 200
    assert kinds_of(world.journal()) == ["world.started", "mail.sent"], "the fixture's invitation, and nothing else"


def test_entries_can_be_filtered_by_kind(world: WorldClient) -> None:
    """Wire format, assumed: ?kind=; a kind that ends with a dot is a prefix."""
    world.send(reading())
    assert set(kinds_of(world.journal("http.in"))) == {"http.in"}
    assert kinds_of(world.journal("readings.")) == ["readings.accepted"]
    assert world.journal("readings") == []
    assert world.journal("%") == world.journal("%.") == []


def test_entries_can_be_read_in_portions(world: WorldClient) -> None:
    """Wire format, assumed: ?since=&limit=."""
    for _ in range(5):
        world.send(reading())
    whole = world.journal()
    portions, since = [], 0
    while portion := world.journal(since=since, limit=3):
        assert len(portion) <= 3
        portions += portion
        since = portion[-1]["id"]
    assert portions == whole


def test_the_newest_entries_can_be_asked_for(world: WorldClient) -> None:
    """Ours: ?newest= in place of ?limit=; oldest first as ever, and with the other filters."""
    for _ in range(3):
        world.send(reading())
    whole = world.journal()
    assert world.journal(newest=2) == whole[-2:]
    assert world.journal(newest=2, kind="readings.") == [
        entry for entry in whole if entry["kind"].startswith("readings.")][-2:]
    assert world.journal(newest=5, since=whole[-2]["id"]) == whole[-1:]
    assert world.journal(newest=0) == []


@pytest.mark.parametrize("query", [{"since": "x"}, {"limit": "-1"}, {"since": "1e3"}, {"limit": "9" * 40},
                                   {"newest": "x"}, {"newest": "2", "limit": "2"}])
def test_a_bad_filter_is_refused(world: WorldClient, query: dict[str, str]) -> None:
    """Wire format, assumed: errors of every call are problems."""
    assert len(refusal(world.get("/_sim/journal", params=query), 422)["errors"]) == 1


def test_secrets_never_reach_the_journal(world: WorldClient) -> None:
    """Wire format, assumed: secrets masked."""
    sign_in(world)
    cookie = world.session.cookies.get(f"flexsim-{world.name}")
    world.send(reading(), headers={"X-Api-Key": "key-5ecret", "Cookie": "other=cook1e"})
    world.send(reading(), token="mistyped-5ecret")
    world.get("/nothing", params={"access_token": "query-5ecret"})
    world.post("/_sim/clock", {"password": "body-5ecret"})
    text = world.get("/_sim/journal", params={"limit": 10_000}).text
    for secret in (TOKEN, cookie, "Brindle-demo-2026", "key-5ecret", "cook1e", "mistyped-5ecret", "query-5ecret",
                   "body-5ecret", "JBSWY3DPEHPK3PXP"):
        assert secret not in text, secret
    assert '"Authorization":"Bearer ***"' in text


def test_secrets_never_reach_the_output_of_the_server() -> None:
    """Ours: output ends up in logs that others read. The demo password is the demo fixture's, and public."""
    with subprocess_server(["--control-token", "control-5ecret", "--now", NOW]) as server:
        world = server.client()
        assert world.send(reading(), headers={"X-Api-Key": "key-5ecret"}).status_code == 200
        assert world.send(reading(), token="mistyped-5ecret").status_code == 401
        assert world.get("/_sim/clock", headers={"Authorization": "Bearer control-5ecret"}).ok
        world.get("/nothing", params={"access_token": "query-5ecret"})
        world.close()
        assert server.stop() == 0
        assert "5ecret" not in server.output()
        assert TOKEN not in server.output()
