"""GET /_sim/fixture and PUT /_sim/worlds/{name} with its text: a world is saved, and another one like it is made."""

from __future__ import annotations

import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator import Simulator
from simulator.passwords import password_matches
from simulator.store.accounts import account_of
from tests.builders import reading, refusal
from tests.dispatching import plan, take_messages_at, taking
from tests.full_worlds import LATER, OWN_PASSWORD, full_world, held
from tests.portal import sign_in
from tests.registering import Registrar, asset
from tests.servers import NOW, WorldClient, fresh_name, fresh_world, running

ZONE = "zones: [{code: CMZ_A, name: Ashgrove, licence_area: South Wales}]\n"
SMALL = ZONE + "organisations: []\n"


@pytest.fixture(scope="module")
def full(server: Simulator) -> Iterator[WorldClient]:
    """A world that holds something of every kind."""
    with full_world(server) as client:
        yield client


@pytest.fixture(scope="module")
def copy(server: Simulator, full: WorldClient) -> Iterator[WorldClient]:
    """The world that was made of its fixture."""
    with made(server, save(full)["fixture"]) as client:
        yield client


@pytest.fixture
def changed(server: Simulator, full: WorldClient) -> Iterator[WorldClient]:
    """Another one, for tests that change it."""
    with made(server, save(full)["fixture"]) as client:
        yield client


def save(world: WorldClient, **query: str) -> dict[str, Any]:
    """The world as a fixture, and what was left out."""
    answer = world.get("/_sim/fixture", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def put(server: Simulator, text: str, name: str | None = None, **more: str) -> requests.Response:
    place = f"{server.url}/_sim/worlds/{name or fresh_name()}"
    return requests.put(place, json={"fixtureText": text, **more}, timeout=60)


@contextmanager
def made(server: Simulator, text: str) -> Iterator[WorldClient]:
    """A new world of a fixture's text, deleted afterwards."""
    name = fresh_name("given")
    answer = put(server, text, name)
    assert answer.status_code == 201, answer.text
    client = WorldClient(f"{server.url}/w/{name}", name)
    try:
        yield client
    finally:
        client.close()
        requests.delete(f"{server.url}/_sim/worlds/{name}", timeout=60)


def refused(answer: requests.Response) -> list[str]:
    """The sentences of a refusal, all of which are about the text."""
    errors = refusal(answer, 422)["errors"]
    assert {error["pointer"] for error in errors} == {"/fixtureText"}
    return [error["message"] for error in errors]


# A world and its copy


def test_what_a_fixture_saves_is_the_same_in_the_world_made_of_it(
        server: Simulator, full: WorldClient, copy: WorldClient) -> None:
    """Ours: every row of every table that is not left out, final events and their periods too."""
    original, other = held(server, full.name), held(server, copy.name)
    assert other.keys() == original.keys()
    for table, rows in original.items():
        assert other[table] == rows, table
        assert rows, f"the full world has nothing in {table}, so this proves nothing about it"


def test_a_saved_copy_is_the_same_text(full: WorldClient, copy: WorldClient) -> None:
    """Ours: byte by byte, so that fixtures can be kept under version control."""
    assert save(copy)["fixture"] == save(full)["fixture"]


@pytest.mark.parametrize("fixture", ["demo", "quiet", "empty"])
def test_every_shipped_world_can_be_saved_and_made_again(server: Simulator, fixture: str) -> None:
    """Ours: one second is all that saving takes; here it has a slow machine's time."""
    with fresh_world(server.url, fixture) as world:
        world.freeze(NOW)
        began = time.monotonic()
        text = save(world)["fixture"]
        assert time.monotonic() - began < 5
        with made(server, text) as other:
            assert save(other)["fixture"] == text


def test_what_is_left_out_is_told(full: WorldClient) -> None:
    """Ours: nothing is dropped without a word."""
    told = save(full)["leftOut"]
    for pattern in (r"\d+ journal entries", r"\d+ mails", r"\d+ dispatch messages that were sent",
                    r"1 message's earlier attempts", r"\d+ provisional events: they are worked out again",
                    r"4 batches of the SMP", r"\d+ links that set a password"):
        assert len([phrase for phrase in told if re.match(pattern, phrase)]) == 1, pattern


def test_saving_leaves_no_trace(full: WorldClient) -> None:
    """Ours: saving is watching, and the journal has no word of the secrets."""
    before = full.journal()
    save(full)
    assert full.journal() == before


def test_a_world_goes_on_where_it_was_saved(server: Simulator) -> None:
    """Ours: a dispatch that was planned is sent by the copy, at its time."""
    with fresh_world(server.url) as world, taking() as taker:
        world.freeze("2026-11-02T15:00:00Z")
        take_messages_at(world, taker.url)
        dispatch = plan(world)
        with made(server, save(world)["fixture"]) as other:
            other.advance("PT4H")
            assert taker.words(dispatch) == ["START", "STOP"]
            assert other.get(f"/_sim/dispatches/{dispatch}").json()["state"] == "stopped"


def test_ids_are_counted_on(changed: WorldClient) -> None:
    """Ours: the next asset has the next id, and no id is given twice."""
    Registrar(changed).send_assets(asset(77))
    changed.advance("PT10S")
    ids = [each["assetId"] for each in changed.get("/_sim/assets").json()["assets"]]
    assert sorted(ids) == [f"AST-{number:06}" for number in range(1, 5)]


# Secrets


def test_users_sign_in_with_the_same_password_code_and_token(server: Simulator) -> None:
    """Ours: a saved world is as good as the first."""
    with fresh_world(server.url) as world, made(server, save(world)["fixture"]) as other:
        sign_in(other)
        assert other.send(reading(timestamp=NOW)).status_code == 200


def test_a_password_of_a_user_s_own_is_saved_as_its_hash(server: Simulator, full: WorldClient, copy: WorldClient
                                                         ) -> None:
    """Ours: nobody can read it there, and it works."""
    assert OWN_PASSWORD not in save(full)["fixture"]
    found = server.worlds.find(copy.name)
    assert found is not None
    with found.view() as view:
        account = account_of(view, "tamar")
    assert account is not None and password_matches(account.password_hash, OWN_PASSWORD)


def test_secrets_can_be_left_out_and_users_are_invited_then(server: Simulator, full: WorldClient) -> None:
    """Ours: for files that are shown to others."""
    saved = save(full, secrets="no")
    for secret in ("password", "argon2", "authenticator_secret", "demo-token", "api_token", "a-secret"):
        assert secret not in saved["fixture"].replace("password_hash: null", ""), secret
    assert any("users are invited" in phrase for phrase in saved["leftOut"])
    with made(server, saved["fixture"]) as other:
        participants = other.get("/_sim/participants").json()["participants"]
        assert {each["portal"]["state"] for each in participants} == {"invited"}
        assert {mail["to"] for mail in other.mails()} >= {"operations@brindle.example", "desk@tamar-flex.example"}


def test_secrets_is_yes_or_no(full: WorldClient) -> None:
    """Ours: a mistake in it must not show the secrets."""
    refusal(full.get("/_sim/fixture", params={"secrets": "false"}), 422)


# Time


def test_the_clock_stands_where_it_was_saved(copy: WorldClient) -> None:
    """Ours: absolute, unlike the shipped fixtures."""
    clock = copy.get("/_sim/clock").json()
    assert (clock["mode"], clock["now"]) == ("frozen", LATER.replace("Z", "+00:00"))


def test_a_clock_that_runs_runs_on_at_its_rate(server: Simulator) -> None:
    """Ours: from the instant at which it was saved."""
    with fresh_world(server.url) as world:
        world.put("/_sim/clock", {"mode": "scaled", "now": NOW, "rate": 2.5})
        with made(server, save(world)["fixture"]) as other:
            clock = other.get("/_sim/clock").json()
            assert (clock["mode"], clock["rate"]) == ("scaled", 2.5)
            assert clock["now"] >= NOW[:16]


def test_jobs_do_not_run_twice_in_a_copy_whose_clock_was_set_back(server: Simulator) -> None:
    """Ours: setting the clock back runs nothing twice, here as there."""
    with fresh_world(server.url) as world:
        world.freeze("2026-11-20T00:00:00Z")
        world.freeze("2026-11-10T00:00:00Z")
        with made(server, save(world)["fixture"]) as other:
            assert other.advance(to="2026-11-19T00:00:00Z") == []
            assert other.advance(to="2026-11-20T09:00:00Z")


def test_a_saved_world_has_no_other_start(server: Simulator, full: WorldClient) -> None:
    """Ours: its times are absolute."""
    answer = put(server, save(full)["fixture"], now=NOW)
    assert "leave out the start" in refusal(answer, 422)["errors"][0]["message"]


# Worlds of a text


def test_reset_puts_a_given_world_back(server: Simulator, full: WorldClient) -> None:
    """Wire format, assumed: back to the world's fixture."""
    text = save(full)["fixture"]
    with made(server, text) as other:
        other.post("/_sim/faults", {"match": {"surface": "smp"}, "effect": {"status": 500}})
        other.advance("P3D")
        assert save(other)["fixture"] != text
        assert other.post("/_sim/reset").status_code == 200
        assert save(other)["fixture"] == text


def test_the_journal_names_the_fixture_given(server: Simulator) -> None:
    """Ours: it has no other name."""
    with made(server, SMALL) as other:
        assert other.journal("world.started")[0]["data"] == {"fixture": "given", "reason": "created"}


def test_a_given_world_outlives_a_restart(tmp_path: Path) -> None:
    """Ours: --data keeps it, with the text it was made of, which nobody else may read."""
    with running(data=tmp_path, fixture="empty") as server:
        assert put(server, SMALL, "mine").status_code == 201
    with running(data=tmp_path, fixture="empty") as server:
        text = requests.get(f"{server.url}/w/mine/_sim/fixture", timeout=60).json()["fixture"]
        assert "CMZ_A" in text
        assert requests.post(f"{server.url}/w/mine/_sim/reset", timeout=60).status_code == 200
    kept = tmp_path / "worlds" / "mine" / "fixture.yaml"
    assert kept.read_text() == SMALL
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_server_can_be_started_with_a_saved_fixture(full: WorldClient, tmp_path: Path) -> None:
    """Ours: --fixture FILE."""
    file = tmp_path / "saved.yaml"
    file.write_text(save(full)["fixture"], "utf-8")
    with running(fixture=str(file)) as server:
        assert requests.get(f"{server.url}/_sim/fixture", timeout=60).json()["fixture"] == file.read_text("utf-8")


def test_a_text_may_be_as_long_as_an_upload(server: Simulator) -> None:
    """Ours: a month of readings is longer than a message."""
    padded = SMALL + f"# {'x' * 4_100_000}\n"
    with made(server, padded) as other:
        assert other.get("/_sim/clock").status_code == 200


# Bad texts


def test_all_that_is_wrong_is_said_with_its_line_and_nothing_is_made(server: Simulator) -> None:
    """Ours: line, column and path of everything at once."""
    name = fresh_name()
    text = SMALL.replace("South Wales", "Wales") + "clock: slow\ncolour: red\n"
    found = refused(put(server, text, name))
    assert found == [
        "line 1, column 39: zones/0/licence_area: 'Wales' is not one of East Midlands, West Midlands, South Wales, "
        "South West",
        'line 3, column 1: clock: "slow" is not one of "real" or "frozen"; and "slow" is not of type "object"',
        "line 4, column 1: colour: 'colour' has no meaning here"]
    assert name not in requests.get(f"{server.url}/_sim/worlds", timeout=60).json()["worlds"]


def test_a_world_of_the_name_stays_when_the_text_is_bad(server: Simulator) -> None:
    """Ours: nothing is changed."""
    with made(server, SMALL) as other:
        put(server, "zones: 7", other.name)
        assert "CMZ_A" in save(other)["fixture"]


def test_a_name_and_a_text_are_too_much(server: Simulator) -> None:
    """Ours: one of them would be dropped without a word."""
    refused(put(server, SMALL, fixture="demo"))
