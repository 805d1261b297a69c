"""The console: the overview, inviting organisations, and looking after participants."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import expect

from simulator import Simulator
from tests.builders import instant
from tests.pages import Page, PageClient
from tests.servers import NOW, WorldClient, fresh_world, running
from tests.stories.browsing import EMAIL, PASSWORD, SECRET, Visitor, code_of
from tests.stories.links import open_link
from tests.stories.test_sign_in_security import SETTLED_SECRET

INVITED = {"name": "Dart Storage Ltd", "email": "desk@dart.example"}
UNIT = {"id": "MU-9001", "description": "Battery at the quay", "technology": "Batteries", "capacity_kw": "1,250",
        "granularity": "minute", "zone": "CMZ_T7B_SWA_0012"}

ODD_TEXTS = ["<script>alert(1)</script>", "=1+1", "{{ 7 * 7 }}", "🔋 ⚡ Ænergi", "شركة الطاقة", "W" * 100,
             "a\"b'c&amp;d", "%s %(x)s {}", "'; DROP TABLE organisations; --"]


@pytest.fixture
def console(world: WorldClient) -> PageClient:
    """A visitor of the console of a fresh demo world."""
    return PageClient(world.url)


def invite(client: PageClient, fields: Mapping[str, str], to: str) -> Page:
    return client.submit(client.get("/console/participants"), "Invite", fields, to=f"/console/participants/{to}")


def refused(client: PageClient, fields: Mapping[str, str]) -> Page:
    return client.submit(client.get("/console/participants"), "Invite", fields, status=422)


def errors_of(page: Page) -> dict[str, str]:
    """The message at each field that has one."""
    return {element["id"].removesuffix("-error"): element.text for element in page.tree.find_all(class_="field-error")}


def value_of(page: Page, field: str) -> str:
    return page.tree.find("input", id=field)["value"]


def code_on(page: Page) -> str:
    return page.tree.find(class_="six-digits").text.replace(" ", "")


def test_the_overview_shows_where_the_world_stands(server: Simulator, world: WorldClient, console: PageClient) -> None:
    world.freeze(NOW)
    with fresh_world(server.url) as other:
        page = console.get("/console")
        assert page.heading == "Overview"
        assert page.tree.find("section", **{"aria-label": "Participants"}).text == (
            "Participants 2 1 active, 1 invited Look at them, or invite one")
        assert "Mailbox 1 mail that" in page.content.text
        clock = page.tree.find("section", **{"aria-label": "Clock"}).text
        assert "17:00:00 GMT Monday 02 November 2026, in UTC 2026-11-02T17:00:00Z. The clock is frozen." in clock
        assert "Tue 03 Nov 08:00 GMT Send daily schedules" in page.tree.find(class_="due").text
        assert f"{other.url}/console" in page.links() and f"{server.url}/console" in page.links()
        assert f"{world.url}/console" in page.links() and world.url + "/" in page.links()
    header = page.tree.find("header")
    assert [link.text for link in header.find("nav").find_all("a")] == [
        "Overview", "Clock", "Worlds", "Snapshots", "Participants", "Control room", "Availability", "Events", "SMP",
        "Mailbox", "Journal", "Faults", "Market policy", "Fidelity", "Documentation"]
    assert "Simulator console" in header.text and world.name in header.text


def test_an_invitation_reaches_the_mailbox_and_its_link_opens_the_portal(world: WorldClient, console: PageClient
                                                                         ) -> None:
    page = invite(console, INVITED, to="dart-storage-ltd")
    assert page.heading == "Dart Storage Ltd"
    assert page.alerts == ["The invitation of Dart Storage Ltd is sent: look at it in the mailbox."]
    assert "Not set up yet" in page.content.text
    (place,) = [link for link in page.links() if "/console/mailbox/" in link]
    mail = console.get(place.removeprefix(world.url))
    assert mail.heading == "Activate the Flexible Power Portal account of Dart Storage Ltd"
    (link,) = [link for link in mail.links() if "/password/" in link]
    assert link.startswith(world.url + "/")
    assert open_link(PageClient(world.url), link).status == 200
    assert ["Dart Storage Ltd", "dart-storage-ltd", INVITED["email"], "invited", "not set up", "none"] in (
        console.get("/console/participants").rows("All participants"))


@pytest.mark.parametrize(("fields", "errors"), [
    ({}, {"name": "The name is empty.", "email": "The email address is empty."}),
    ({"name": "Tamar Flexibility CIC", "email": "x@x.example"}, {"name": "has an account already"}),
    ({"name": "New", "email": "x@x.example", "id": "tamar"}, {"id": "There is a participant 'tamar' already."}),
    ({"name": "New", "email": EMAIL.upper()}, {"email": "Another account logs in with this address."}),
    ({"name": "New", "email": "not an address", "id": "Not An Id"}, {
        "email": "That is not an email address", "id": "An id is 1 to 63 small letters"}),
    ({"name": "日本電力", "email": "x@x.example"}, {"id": "Give one, or a name that one can be made of."}),
    ({"name": "N" * 101, "email": "e" * 250 + "@x.example", "id": "i" * 64}, {
        "name": "The name has 101 characters", "email": "The email address has 260", "id": "An id is 1 to 63"}),
    ({"name": "N\x07", "email": "x\x00@x.example"}, {"name": "control character", "email": "control character"}),
    ({"name": "   ", "email": "  "}, {"name": "The name is empty.", "email": "The email address is empty."}),
])
def test_every_error_of_an_invitation_is_at_its_field(console: PageClient, world: WorldClient, fields: dict[str, str],
                                                      errors: dict[str, str]) -> None:
    page = refused(console, fields)
    found = errors_of(page)
    assert sorted(found) == sorted(errors)
    assert all(words in found[field] for field, words in errors.items()), found
    assert all(value_of(page, field) == text for field, text in fields.items())
    assert page.title.startswith("Error: ")
    assert [row[1] for row in console.get("/console/participants").rows("All participants")] == ["brindle", "tamar"]
    assert len(world.mails()) == 1


def test_each_organisation_has_one_account(console: PageClient) -> None:
    invite(console, INVITED, to="dart-storage-ltd")
    page = refused(console, INVITED)
    assert sorted(errors_of(page)) == ["email", "name"]
    assert "Each organisation has one" in errors_of(page)["name"]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_what_is_typed_is_shown_as_text(console: PageClient, text: str) -> None:
    page = invite(console, {"name": text, "email": "odd@x.example", "id": "odd"}, to="odd")
    assert page.heading == " ".join(text.split())
    page = console.submit(page, "Add the unit", {**UNIT, "description": text}, to="/console/participants/odd")
    assert page.rows()[0][1].strip() == " ".join(text.split())
    assert "alert(1)" not in [script.text for script in page.tree.find_all("script")]
    assert text in [row[0] for row in console.get("/console/participants").rows("All participants")]
    page = refused(console, {"name": text, "email": "odd"})
    assert value_of(page, "name") == text


def test_an_invitation_can_be_sent_again_until_it_is_used(world: WorldClient, console: PageClient) -> None:
    page = console.get("/console/participants/tamar")
    page = console.submit(page, "Send the invitation again", to="/console/participants/tamar")
    assert page.alerts == ["The invitation of Tamar Flexibility CIC is sent: look at it in the mailbox."]
    first, second = (mail["links"][0] for mail in world.mails(to="desk@tamar-flex.example"))
    assert first != second
    assert open_link(PageClient(world.url), second).status == 200
    active = console.get("/console/participants/brindle")
    assert "Send the invitation again" not in active.html
    token = active.form("Reset the authenticator").find("input", name="csrf_token")["value"]
    answer = console.raw("POST", "/console/participants/brindle/invitation", data={"csrf_token": token})
    assert answer.status_code == 303
    assert "is active." in console.get("/console/participants/brindle").alerts[0]
    assert len(world.mails(to=EMAIL)) == 0


def test_a_reset_ends_the_sessions_and_starts_the_set_up_again(world: WorldClient, console: PageClient) -> None:
    user = PageClient(world.url)
    user.sign_in(EMAIL, PASSWORD, world.code())
    page = console.get("/console/participants/brindle")
    page = console.submit(page, "Reset the authenticator", to="/console/participants/brindle")
    assert page.alerts == ["The authenticator of Brindle Aggregation Ltd is reset. The next sign-in sets up a new one."]
    assert "Not set up yet" in page.content.text
    user.get_redirected("/meterable-units", to="/sign-in")
    user.submit(user.get("/sign-in"), "Log in", {"email": EMAIL, "password": PASSWORD}, to="/authenticator")


def test_the_code_shown_is_the_authenticators(console: PageClient) -> None:
    before = code_of(SECRET)
    page = console.get("/console/participants/brindle")
    assert code_on(page) in (before, code_of(SECRET))
    assert "Simulator only: no real platform shows this" in page.content.text
    seconds = int(re.search(r"The next code comes in (\d+) s", page.content.text)[1])
    assert 1 <= seconds <= 30


def test_the_code_renews_itself(visitor: Visitor, frozen_world: WorldClient) -> None:
    page = visitor.page
    page.goto(frozen_world.url + "/console/participants/settled")
    visitor.sees("which stands still")
    shown = page.locator(".six-digits")
    for _ in range(2):
        expect(shown).to_have_text(code_of(SETTLED_SECRET, instant(frozen_world.now())))
        frozen_world.advance("PT30S")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(shown).to_have_text(code_of(SETTLED_SECRET, instant(frozen_world.now())))


def test_units_can_be_added(world: WorldClient, console: PageClient) -> None:
    page = console.get("/console/participants/brindle")
    page = console.submit(page, "Add the unit", UNIT, to="/console/participants/brindle")
    assert page.alerts == ["The Meterable Unit MU-9001 is added."]
    assert page.rows()[-1] == ["MU-9001", "Battery at the quay", "Ashgrove, South Wales CMZ_T7B_SWA_0012", "Batteries",
                               "1,250 kW", "minute by minute"]
    sent = [{"meterableUnitId": "MU-9001", "timestamp": "2026-11-02T16:31:00Z", "powerKw": 1}]
    assert world.send(sent).status_code == 200


@pytest.mark.parametrize(("changes", "errors"), [
    (dict.fromkeys(("id", "description", "capacity_kw"), ""), {
        "id": "A unit's ID is", "description": "The description is empty.", "capacity_kw": "a whole number"}),
    ({"id": "MU-2001"}, {"id": "There is a unit MU-2001 in this world already."}),
    ({"capacity_kw": "12.5"}, {"capacity_kw": "a whole number"}),
    ({"capacity_kw": "-1"}, {"capacity_kw": "a whole number"}),
    ({"capacity_kw": "9" * 5_000}, {"capacity_kw": "a whole number"}),
    ({"capacity_kw": "٣"}, {"capacity_kw": "a whole number"}),
    ({"technology": "Fusion", "zone": "CMZ_X", "granularity": "hour"}, {
        "technology": "Not a valid choice", "zone": "Not a valid choice", "granularity": "Not a valid choice"}),
])
def test_every_error_of_a_unit_is_at_its_field(console: PageClient, changes: dict[str, str], errors: dict[str, str]
                                               ) -> None:
    fields = {**UNIT, **changes}
    page = console.submit(console.get("/console/participants/brindle"), "Add the unit", fields, status=422)
    found = errors_of(page)
    assert sorted(found) == sorted(errors)
    assert all(words in found[field] for field, words in errors.items()), found
    assert all(value_of(page, field) == fields[field] for field in ("id", "description", "capacity_kw"))
    assert len(page.rows()) == 3


def test_name_and_address_can_be_changed(world: WorldClient, console: PageClient) -> None:
    def change(status: int = 422, to: str | None = None, **fields: str) -> Page:
        return console.submit(console.get("/console/participants/brindle"), "Save", fields, to=to, status=status)

    page = change(name="", email=" ")
    assert errors_of(page) == {"name": "The name is empty.", "email": "The email address is empty."}
    assert "name" in errors_of(change(name="Tamar Flexibility CIC"))
    here = "/console/participants/brindle"
    assert change(to=here).alerts == ["Name and address are as they were."]
    page = change(to=here, name="Brindle & Sons", email="new@brindle.example")
    assert (page.heading, page.alerts) == ("Brindle & Sons", ["Name and address are saved."])
    PageClient(world.url).sign_in("new@brindle.example", PASSWORD, world.code())


@pytest.mark.parametrize("path", ["/console/participants/nobody", "/console/mailbox/999999",
                                  "/console/mailbox/99999999999999999999999", "/console/mailbox/1/attachments/1",
                                  "/console/mailbox/1/attachments/0", "/console/nothing", "/console/participants/%00"])
def test_what_is_not_there_is_told_in_the_consoles_look(console: PageClient, path: str) -> None:
    page = console.get(path, status=404)
    assert page.heading == "Not Found"
    assert "Simulator console" in page.tree.find("header").text


def test_a_world_without_participants_has_good_words_for_it() -> None:
    with running(fixture="empty") as simulator:
        client = PageClient(simulator.url)
        assert "Nobody takes part in this world yet." in client.get("/console/participants").content.text
        assert "The mailbox is empty." in client.get("/console/mailbox").content.text
        overview = client.get("/console").content.text
        assert "0 active, 0 invited" in overview and "There is no other world on this server." in overview
        page = invite(client, INVITED, to="dart-storage-ltd")
        assert "No units yet." in page.content.text


def test_looking_leaves_no_trace_and_changing_does(world: WorldClient, console: PageClient) -> None:
    entries = len(world.journal())
    for path in ("/console", "/console/participants", "/console/participants/brindle", "/console/mailbox",
                 "/console/mailbox/1", "/console/mailbox/1/html", "/console/mailbox/1/source", "/console/control-room",
                 "/console/journal", "/console/journal/1", "/console/journal/har", "/console/faults"):
        assert console.raw("GET", path).status_code == 200
    assert len(world.journal()) == entries
    invite(console, INVITED, to="dart-storage-ltd")
    call = next(entry for entry in world.journal("http.in") if entry["data"]["surface"] == "console")
    assert call["data"]["status"] == 303
    assert [entry["kind"] for entry in world.journal() if entry["causedBy"] == call["id"]] == [
        "participant.invited", "mail.sent"]
