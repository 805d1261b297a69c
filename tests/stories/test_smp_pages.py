"""The SMP in the console: a connection from step to step, the commissioning test, transactions, assets and units."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from pypdf import PdfReader

from simulator.market.journal_kinds import all_facts
from tests.commissioning import show_all_flows
from tests.pages import Page, PageClient
from tests.registering import BASE, Registrar, asset, connect
from tests.servers import WorldClient, running
from tests.stories.browsing import Visitor
from tests.stories.judging import look

BRINDLE, TAMAR = "/console/participants/brindle/smp", "/console/participants/tamar/smp"
GOOD = {"contact_1_name": "Morwenna Rowe", "contact_1_email": "dev@tamar-flex.example",
        "api_endpoints": "https://smp-client.tamar-flex.example\n10.0.0.7"}


@pytest.fixture
def console(world: WorldClient) -> PageClient:
    """A visitor of the console of a fresh demo world."""
    return PageClient(world.url)


@pytest.fixture(scope="module")
def busy() -> Iterator[WorldClient]:
    """A world in which Brindle has shown every flow, and has 120 more assets."""
    with running(smp_progress="immediate") as simulator:
        world = WorldClient(simulator.url, "default")
        show_all_flows(world)
        Registrar(world).register(*(asset(number) for number in range(100, 220)))
        yield world
        world.close()


@pytest.fixture
def stuck(busy: WorldClient) -> Iterator[str]:
    """A transaction that a fault keeps in PROCESSING."""
    fault = {"match": {"surface": "smp"}, "effect": {"stuck": True}, "when": {"times": 1}}
    assert busy.post("/_sim/faults", fault).status_code == 201
    yield Registrar(busy).send_assets(asset(mpan="1800021679847", externalReference="STUCK"))
    busy.delete("/_sim/faults")


def steps(page: Page) -> list[str]:
    return [item.find(class_="state").text for item in page.content.find("ol", class_="steps").find_all("li")]


def facts(page: Page) -> dict[str, str]:
    names = [element.text for element in page.content.find_all("dt")]
    return dict(zip(names, (element.text for element in page.content.find_all("dd")), strict=True))


# From step to step

@pytest.mark.proves("rule/connections.steps")
def test_a_connection_goes_through_the_four_steps(world: WorldClient, console: PageClient) -> None:
    """SMP overview, Establishing SMP connections."""
    world.post("/_sim/participants", {"id": "dart", "name": "Dart", "portal": {"email": "a@dart.example"}})
    place = "/console/participants/dart/smp"
    page = console.get(place)
    assert steps(page) == ["open", "later", "later", "later"]
    page = console.submit(page, "Send the pro-forma", to=place)
    assert steps(page) == ["done", "open", "later", "later"]
    page = console.submit(page, "Return the pro-forma", GOOD, to=place)
    assert page.alerts == ["The pro-forma is returned. The operator provides access next."]
    assert steps(page) == ["done", "done", "open", "later"]
    page = console.submit(page, "Provide access", {"username": "dart", "password": "Dart-smp-2026"}, to=place)
    assert steps(page) == ["done", "done", "done", "open"]
    answer = world.post(f"{BASE}/authenticate", {"username": "dart", "password": "Dart-smp-2026"})
    assert answer.status_code == 200


def test_a_made_password_is_shown_once(world: WorldClient, console: PageClient) -> None:
    """Ours: no page shows it again, and the journal never had it."""
    page = console.submit(console.get(BRINDLE), "Save with a new password made here", status=200)
    username, password = (element.text for element in page.content.find(class_="code-panel").find_all("dd"))
    assert (username, len(password)) == ("brindle-smp", 24)
    assert world.post(f"{BASE}/authenticate", {"username": "brindle-smp", "password": password}).status_code == 200
    assert password not in console.get(BRINDLE).html
    assert password not in world.get("/_sim/journal").text


def test_an_empty_password_keeps_the_one_that_is_set(world: WorldClient, console: PageClient) -> None:
    """Ours: Tamar's user is set up, and works from step 3 on."""
    page = console.submit(console.get(TAMAR), "Return the pro-forma", GOOD, to=TAMAR)
    console.submit(page, "Provide access", to=TAMAR)
    answer = world.post(f"{BASE}/authenticate", {"username": "tamar-smp", "password": "Tamar-smp-2026"})
    assert answer.status_code == 200


@pytest.mark.proves("rule/connections.pro_forma")
def test_what_is_wrong_with_a_pro_forma_stands_at_its_field(world: WorldClient, console: PageClient) -> None:
    """Ours: all errors at once; what was typed stays, nothing is stored."""
    page = console.submit(console.get(TAMAR), "Return the pro-forma", {
        "contact_2_name": "Only a name", "callback_url": "http://8.8.8.8/returns", "public_keys": "keys",
        "intermediate_host": "yes"})
    assert len(page.field_errors) == 5
    first = page.content.find(autofocus="")
    assert first["name"] == "contact_2_email"
    assert page.content.find("input", name="callback_url")["value"] == "http://8.8.8.8/returns"
    assert page.title.startswith("Error: ")
    assert steps(console.get(TAMAR)) == ["done", "open", "later", "later"]
    assert world.journal("connection.") == []


def test_a_saved_pro_forma_can_be_corrected(console: PageClient) -> None:
    """Ours: the form holds what was saved, with room for one more developer."""
    page = console.get(BRINDLE)
    assert page.content.find("input", name="contact_3_name")["value"] == ""
    page = console.submit(page, "Save the pro-forma", {"callback_url": "http://127.0.0.1:9900/returns"}, to=BRINDLE)
    told = facts(page)
    assert told["Callback URL"] == "http://127.0.0.1:9900/returns"
    assert told["API endpoints"] == "https://smp-client.brindle.example"
    assert told["Developers"].startswith("Imogen Hale, imogen.hale@brindle.example, +44 1632 960 114")


def test_a_wrong_user_is_refused_at_its_fields(console: PageClient) -> None:
    """Ours: names are unique, passwords have a least length, required signatures need keys."""
    page = console.submit(console.get(BRINDLE), "Save", {"username": "tamar-smp", "password": "short",
                                                         "signatures": "required"})
    assert [error.split(".")[0] for error in page.field_errors] == [
        "Another participant’s SMP user is called tamar-smp", "Use at least 12 characters; this has 5",
        "Signatures cannot be required as long as there is no public key to verify them with: give the participant’s "
        "keys as well"]
    assert "short" not in page.html


def test_a_connection_can_be_taken_back(world: WorldClient, console: PageClient) -> None:
    """Ours: for testers, so that the 403 can be seen again."""
    page = console.submit(console.get(BRINDLE), "Go back", {"step": "pro_forma_sent"}, to=BRINDLE)
    assert steps(page) == ["done", "open", "later", "later"]
    answer = world.post(f"{BASE}/authenticate", {"username": "brindle-smp", "password": "Brindle-smp-2026"})
    assert answer.status_code == 403


def test_pages_of_nobody_are_not_there(console: PageClient) -> None:
    for path in ("/participants/nobody/smp", "/participants/nobody/smp/commissioning", "/smp/transactions/TX-1",
                 "/smp/assets?participant=nobody"):
        console.get(f"/console{path}", 404)


# Commissioning

def test_the_commissioning_page_shows_what_is_seen_and_what_proves_it(world: WorldClient, console: PageClient) -> None:
    """Ours: each flow seen or not seen, with the journal entry that proves it."""
    Registrar(world)
    page = console.get(f"{BRINDLE}/commissioning")
    rows = page.rows()
    assert len(rows) == 9
    assert rows[0][0:3] == ["Authenticate", "A token is returned", "seen"]
    assert [row[2] for row in rows[1:]] == ["not seen"] * 8
    entry = re.search(r"Journal entry (\d+)", rows[0][4])
    assert entry and "/smp/api/v1/authenticate" in console.get(f"/console/journal/{entry[1]}").content.text
    assert "It can be confirmed when all flows have been seen." in page.content.text
    assert console.raw("GET", f"{BRINDLE}/commissioning/certificate").status_code == 409


def test_without_access_the_page_offers_no_confirmation_and_says_why(busy: WorldClient) -> None:
    """Ours: flows that were seen before count again when the connection has access."""
    console, place = PageClient(busy.url), f"{BRINDLE}/commissioning"
    step = busy.get("/_sim/participants/brindle").json()["smp"]["connection"]
    connect(busy, "brindle", connection="not_started")
    page = console.get(place)
    assert "it counts again, towards the test and its certificate, when the connection has access" in page.content.text
    assert "Confirm the commissioning test" not in page.html and "certificate (PDF)" not in page.html
    assert console.raw("GET", f"{place}/certificate").status_code == 409
    connect(busy, "brindle", connection=step)


def test_the_test_is_confirmed_and_certified(busy: WorldClient) -> None:
    """Ours: a PDF certificate when all flows are seen."""
    console, place = PageClient(busy.url), f"{BRINDLE}/commissioning"
    page = console.get(place)
    assert {row[2] for row in page.rows()} == {"seen"}
    page = console.submit(page, "Confirm the commissioning test", to=place)
    assert page.alerts == ["The commissioning test is confirmed: all four steps are done."]
    assert steps(console.get(BRINDLE)) == ["done"] * 4
    pdf = console.raw("GET", f"{place}/certificate")
    text = PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    assert "Commissioning test confirmed" in " ".join(text.split())


# The SMP's pages

def test_transactions_are_listed_with_their_errors(busy: WorldClient) -> None:
    """Ours: the console shows transactions, errors, links to the journal and the attempts."""
    console = PageClient(busy.url)
    page = console.get("/console/smp?participant=brindle")
    rows = [row for row in page.content.find_all("tr") if "TX-" in row.text]
    failed = next(row for row in rows if "failed" in row.text and "Manage Asset" in row.text)
    page = console.get(failed.find("a")["href"])
    assert "mpan_check_digit" in page.content.text and "should be 8" in page.content.text
    assert "acknowledged with status 200" in page.content.text


def test_assets_and_units_are_listed(busy: WorldClient) -> None:
    """Ours: registered assets, paged."""
    console = PageClient(busy.url)
    page = console.get("/console/smp/assets")
    assert len(page.rows("Assets")) == 50
    assert "Page 1 of 3" in page.content.text
    assert len(console.get("/console/smp/assets?page=3").rows("Assets")) >= 21
    assert console.get("/console/smp/assets?page=99").rows("Assets") == console.get(
        "/console/smp/assets?page=3").rows("Assets")
    [unit] = console.get("/console/smp/units").rows("Units")
    assert len(console.get(f"/console/smp/assets?unit={unit[0]}").rows("Assets")) == 1


def test_a_stuck_transaction_is_let_go_on(busy: WorldClient, stuck: str) -> None:
    """Ours: transaction stuck in PROCESSING."""
    console = PageClient(busy.url)
    place = f"/console/smp/transactions/{stuck}"
    page = console.get(place)
    assert "A fault keeps it in PROCESSING" in page.content.text
    page = console.submit(page, "Let it go on", to=place)
    assert page.alerts == [f"The transaction {stuck} went on, and failed."]
    assert "mpan_check_digit" in page.content.text


def test_every_entry_of_the_smp_is_told_in_words(busy: WorldClient, stuck: str) -> None:
    """Ours: a line in words for each kind of entry."""
    busy.post(f"{BASE}/authenticate", {"username": "nobody", "password": "x"})
    console = PageClient(busy.url)
    happened = {entry["kind"] for entry in busy.journal()}
    kinds = [fact.kind for fact in all_facts() if fact.__module__.endswith("registration_facts")]
    for kind in [kind for kind in kinds if kind in happened]:
        page = console.get(f"/console/journal?kind={kind}&order=oldest")
        words = page.content.find_all(class_="entry-words")[0].text
        assert not re.search(r"\((organisation|transaction) ", words), f"{kind}: {words}"
    assert happened >= {"connection.changed", "flow.seen", "smp_token.issued", "smp_token.refused", "batch.received",
                        "batch.moved", "assets.created", "unit.created", "batch.return_queued"}


# For everybody

def test_the_pages_are_for_everybody(visitor: Visitor, busy: WorldClient, stuck: str) -> None:
    """Ours: axe is silent, and no page scrolls sideways."""
    failed = next(each["transactionId"] for each in busy.get("/_sim/transactions").json()["transactions"]
                  if each["errors"])
    for path in ("/smp", "/smp/assets", "/smp/units", f"/smp/transactions/{stuck}", f"/smp/transactions/{failed}",
                 "/participants/brindle/smp/commissioning", "/participants/brindle"):
        visitor.page.goto(f"{busy.url}/console{path}")
        look(visitor, path)


def test_the_forms_are_for_everybody(visitor: Visitor, world: WorldClient) -> None:
    """Ours: axe is silent, also where a form is wrong."""
    page = visitor.page
    page.goto(world.url + BRINDLE)
    for words in ("Correct it", "Change them", "Go back to an earlier step"):
        page.get_by_text(words, exact=True).click()
    look(visitor, "connection, everything open")
    page.get_by_role("button", name="Save with a new password made here").click()
    visitor.sees_heading("SMP connection")
    look(visitor, "a password made")
    page.goto(world.url + TAMAR)
    page.get_by_label("Callback URL").fill("http://8.8.8.8/" + "x" * 300)
    page.get_by_role("button", name="Return the pro-forma").click()
    visitor.sees("is a public address")
    look(visitor, "pro-forma, wrong")
