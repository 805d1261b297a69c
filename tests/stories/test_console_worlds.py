"""The console's Worlds and Snapshots pages: worlds made, opened, reset, deleted; snapshots taken, restored, carried."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from simulator import Simulator
from tests.pages import Page, PageClient
from tests.servers import NOW, WorldClient, fresh_name, fresh_world, running
from tests.stories.browsing import visiting
from tests.stories.test_console import errors_of

WORLDS = "/console/worlds"
SNAPSHOTS = "/console/snapshots"
TABLE = "Worlds of this server"
GIVEN = "given"
OWN = "like: empty\n"


@pytest.fixture
def frozen(world: WorldClient) -> WorldClient:
    """A quiet demo world whose clock stands on Monday, 2 November 2026, 17:00."""
    world.freeze(NOW)
    return world


@pytest.fixture
def console(frozen: WorldClient) -> PageClient:
    """A visitor of its console."""
    return PageClient(frozen.url)


@pytest.fixture
def wanted(server: Simulator) -> Iterator[str]:
    """The name of a world to be made, which is deleted in the end."""
    name = fresh_name("made")
    yield name
    with fresh_world(server.url, "empty", name=name):
        pass


def make(console: PageClient, **fields: str) -> Page:
    return console.submit(console.get(WORLDS), "Make the world", fields, to=WORLDS)


def row_of(page: Page, name: str) -> list[str]:
    return next(row for row in page.rows(TABLE) if row[0].split()[0] == name)


def names_of(server: Simulator) -> list[str]:
    return WorldClient(server.url, "default").get("/_sim/worlds").json()["worlds"]


def test_the_worlds_of_the_server_are_listed(server: Simulator, frozen: WorldClient, console: PageClient) -> None:
    row = row_of(console.get(WORLDS), frozen.name)
    assert row[:4] == [f"{frozen.name} this one its portal", "quiet", "Mon 02 Nov 2026 17:00 GMT frozen", "0"]
    assert row[4].endswith("B") and row[5].endswith("Delete")
    page = console.get(WORLDS)
    assert {frozen.url + "/console", frozen.url + "/", server.url + "/console", server.url + "/"} <= set(page.links())


def test_a_world_is_made_of_a_shipped_fixture(server: Simulator, console: PageClient, wanted: str) -> None:
    page = make(console, name=wanted, fixture="quiet", now="2 November 2026 17:00")
    assert page.alerts == [f"The world {wanted} is made."]
    assert row_of(page, wanted)[1:3] == ["quiet", "Mon 02 Nov 2026 17:00 GMT real time"]
    assert PageClient(f"{server.url}/w/{wanted}").get("/console").heading == "Overview"


def test_a_world_is_made_of_a_fixture_of_one_s_own(frozen: WorldClient, console: PageClient, wanted: str) -> None:
    assert row_of(make(console, name=wanted, fixture=GIVEN, text=OWN), wanted)[1] == GIVEN
    console.submit(console.get(f"{WORLDS}/{wanted}/delete"), "Yes, delete it", to=WORLDS)
    saved = console.raw("GET", "/console/fixture")
    assert saved.headers["Content-Disposition"] == f"attachment; filename={frozen.name}.yaml"
    page = console.submit(console.get(WORLDS), "Make the world", {"name": wanted, "fixture": GIVEN}, to=WORLDS,
                          files={"file": ("mine.yaml", saved.content)})
    assert row_of(page, wanted)[1:3] == [GIVEN, "Mon 02 Nov 2026 17:00 GMT frozen"]


@pytest.mark.parametrize(("fields", "file", "errors"), [
    ({}, None, {"name": "Give it a name"}),
    ({"name": "Not A Name"}, None, {"name": "1 to 63 small letters"}),
    ({"name": "../up"}, None, {"name": "1 to 63 small letters"}),
    ({"name": "default"}, None, {"name": "There is a world default already."}),
    ({"name": "x", "now": "soon"}, None, {"now": "Write it like"}),
    ({"name": "", "now": "x", "fixture": "nothing"}, None, {
        "name": "Give it a name", "now": "Write it like", "fixture": "Choose a fixture."}),
    ({"name": "x", "fixture": GIVEN}, None, {"text": "Choose a file, or paste the text"}),
    ({"name": "x", "fixture": GIVEN, "text": "organisations: 7\nzones: x"}, None, {"text": "line 1"}),
    ({"name": "x", "fixture": GIVEN}, b"zones: 1\n", {"file": "line 1"}),
    ({"name": "x", "fixture": GIVEN}, b"\xff\xfe\x00", {"file": "no text in UTF-8"}),
])
def test_every_mistake_about_a_world_is_at_its_field(server: Simulator, console: PageClient, fields: dict[str, str],
                                                     file: bytes | None, errors: dict[str, str]) -> None:
    before = names_of(server)
    page = console.submit(console.get(WORLDS), "Make the world", fields,
                          files={"file": ("mine.yaml", file)} if file else None)
    found = errors_of(page)
    assert sorted(found) == sorted(errors)
    assert all(words in found[field] for field, words in errors.items()), found
    assert page.title.startswith("Error: ") and names_of(server) == before


def test_this_world_and_others_are_reset(server: Simulator, frozen: WorldClient, console: PageClient) -> None:
    with fresh_world(server.url) as other:
        for world in (frozen, other):
            world.post("/_sim/faults", {"match": {"surface": "participant"}, "effect": {"delayMs": 20}})
            form = next(each for each in console.get(WORLDS).tree.find_all("form")
                        if each["action"].endswith(f"/{world.name}/reset"))
            token = form.find("input", name="csrf_token")["value"]
            answer = console.raw("POST", f"{WORLDS}/{world.name}/reset", data={"csrf_token": token})
            assert answer.status_code == 303
            assert console.get(WORLDS).alerts == [f"The world {world.name} is as it was at its start."]
            assert world.get("/_sim/faults").json() == {"faults": []}


def test_a_world_is_deleted_after_a_question(server: Simulator, console: PageClient) -> None:
    with fresh_world(server.url) as other:
        place = next(link for link in console.get(WORLDS).links() if link.endswith(f"/{other.name}/delete"))
        page = console.get(place.removeprefix(console.url))
        assert page.heading == f"Delete the world {other.name}?"
        page = console.submit(page, "Yes, delete it", to=WORLDS)
        assert page.alerts == [f"The world {other.name} is deleted."] and other.name not in names_of(server)


def test_a_world_that_deletes_itself_leads_to_the_default_one(server: Simulator) -> None:
    with fresh_world(server.url) as other:
        console = PageClient(other.url)
        page = console.get(f"{WORLDS}/{other.name}/delete")
        answer = console.raw("POST", f"{WORLDS}/{other.name}/delete",
                             data={"csrf_token": page.form("Yes, delete it").find("input", name="csrf_token")["value"]})
        assert (answer.status_code, answer.headers["Location"]) == (303, WORLDS)
        assert other.name not in names_of(server)


def test_the_default_world_is_not_deleted(server: Simulator, console: PageClient) -> None:
    page = console.get(f"{WORLDS}/default/delete")
    assert "cannot be deleted" in page.content.text and not page.content.find_all("form")
    token = console.get(WORLDS).form("Make the world").find("input", name="csrf_token")["value"]
    assert console.raw("POST", f"{WORLDS}/default/delete", data={"csrf_token": token}).status_code == 409
    assert "default" in names_of(server)


def test_a_world_there_is_not_is_not_found(console: PageClient) -> None:
    assert "There is no world" in console.get(f"{WORLDS}/nobody/delete", 404).content.text
    token = console.get(WORLDS).form("Make the world").find("input", name="csrf_token")["value"]
    for place in ("reset", "delete"):
        assert console.raw("POST", f"{WORLDS}/nobody/{place}", data={"csrf_token": token}).status_code == 404


def take(console: PageClient, name: str) -> Page:
    return console.submit(console.get(SNAPSHOTS), "Take it", {"name": name}, to=SNAPSHOTS)


def test_a_snapshot_is_taken_restored_and_deleted(frozen: WorldClient, console: PageClient) -> None:
    assert "No snapshot has been taken" in console.get(SNAPSHOTS).content.text
    page = take(console, "before")
    assert page.alerts == ["The snapshot before is taken."]
    row = page.rows()[0]
    assert row[0] == "before from quiet" and row[1].startswith("Mon 02 Nov 2026 17:00 GMT taken ")
    frozen.advance(by="P1D")
    page = console.submit(console.get(SNAPSHOTS), "Yes, restore it", to=SNAPSHOTS)
    assert page.alerts == ["The world is as it was in the snapshot before."]
    assert frozen.now() == "2026-11-02T17:00:00+00:00"
    assert take(console, "before").alerts == ["The snapshot before is taken again."]
    page = console.submit(page, "Yes, delete it", to=SNAPSHOTS)
    assert page.alerts == ["The snapshot before is deleted."] and not page.tree.find_all("table")


def test_a_snapshot_is_carried_to_another_world(server: Simulator, frozen: WorldClient, console: PageClient) -> None:
    take(console, "mine")
    file = console.raw("GET", f"{SNAPSHOTS}/mine/file")
    assert file.headers["Content-Disposition"] == f"attachment; filename={frozen.name}-mine.sqlite"
    assert file.content.startswith(b"SQLite format 3")
    with fresh_world(server.url, "empty") as other:
        there = PageClient(other.url)
        page = there.submit(there.get(SNAPSHOTS), "Upload it", to=SNAPSHOTS,
                            files={"snapshot": ("Mine.sqlite", file.content)})
        assert page.alerts == ["The snapshot mine is kept."]
        there.submit(page, "Yes, restore it", to=SNAPSHOTS)
        assert len(other.get("/_sim/participants").json()["participants"]) == 2


@pytest.mark.parametrize(("button", "fields", "content", "field", "says"), [
    ("Take it", {"name": ""}, None, "name", "Give it a name"),
    ("Take it", {"name": "../up"}, None, "name", "1 to 63 small letters"),
    ("Upload it", {}, None, "snapshot", "Choose the file"),
    ("Upload it", {"kept_as": "a b"}, b"x", "kept_as", "1 to 63 small letters"),
    ("Upload it", {"kept_as": "x"}, b"no database", "snapshot", "no SQLite database"),
])
def test_mistakes_about_snapshots_are_at_their_field(console: PageClient, button: str, fields: dict[str, str],
                                                     content: bytes | None, field: str, says: str) -> None:
    page = console.submit(console.get(SNAPSHOTS), button, fields,
                          files={"snapshot": ("x.sqlite", content)} if content else None)
    assert list(errors_of(page)) == [field] and says in errors_of(page)[field]
    assert page.title.startswith("Error: ") and not page.tree.find_all("table")


def test_a_snapshot_there_is_not_is_not_found(console: PageClient) -> None:
    token = console.get(SNAPSHOTS).form("Take it").find("input", name="csrf_token")["value"]
    assert console.raw("GET", f"{SNAPSHOTS}/nobody/file").status_code == 404
    for place in ("restore", "delete"):
        assert console.raw("POST", f"{SNAPSHOTS}/nobody/{place}", data={"csrf_token": token}).status_code == 404


def test_a_snapshot_that_cannot_be_used_says_what_helps(tmp_path: Path) -> None:
    with running(data=tmp_path, fixture="empty") as simulator:
        console = PageClient(simulator.url)
        take(console, "old")
        with closing(sqlite3.connect(tmp_path / "worlds" / "default" / "snapshots" / "old.sqlite")) as file, file:
            file.execute("UPDATE meta SET value = '1' WHERE name = 'schema_version'")
        row = console.get(SNAPSHOTS).rows()[0]
        assert "cannot be used" in row[1] and "Start that version" in row[1] and "Restore" not in row[3]


def test_worlds_and_snapshots_work_without_javascript(browser: Browser, frozen: WorldClient, wanted: str,
                                                      tmp_path: Path) -> None:
    with visiting(browser, java_script_enabled=False) as visitor:
        page = visitor.page
        page.goto(frozen.url + "/console")
        menu = page.get_by_role("navigation", name="Console menu")
        menu.get_by_role("link", name="Worlds").click()
        page.get_by_label("Name").fill(wanted)
        page.get_by_label("Fixture", exact=True).select_option("empty")
        visitor.button("Make the world").click()
        visitor.sees(f"The world {wanted} is made.")
        page.get_by_role("link", name=f"Delete {wanted}").click()
        visitor.button("Yes, delete it").click()
        visitor.sees(f"The world {wanted} is deleted.")
        menu.get_by_role("link", name="Snapshots").click()
        page.get_by_label("Name").fill("first")
        visitor.button("Take it").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download first").click()
        download.value.save_as(tmp_path / "second.sqlite")
        page.get_by_label("File of a snapshot").set_input_files(tmp_path / "second.sqlite")
        visitor.button("Upload it").click()
        visitor.sees("The snapshot second is kept.")
        page.locator("summary", has_text="Restore").first.click()
        page.get_by_role("button", name="Yes, restore it: second").click()
        visitor.sees("The world is as it was in the snapshot second.")
