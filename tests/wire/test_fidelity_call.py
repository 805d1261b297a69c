"""`/_sim/fidelity` and the console's page of it tell the ledger of the contracts in force."""

from __future__ import annotations

import pytest

from tests.ledger_judging import own_entries
from tests.pages import PageClient
from tests.servers import WorldClient


def test_the_whole_ledger_is_published(world: WorldClient) -> None:
    """wire format: every route, field, rule and number with its label and source."""
    answer = world.get("/_sim/fidelity").json()
    ours = own_entries()
    assert [entry["id"] for entry in answer["entries"]] == [entry.id for entry in ours]
    assert answer["summary"]["entries"] == len(ours)
    assert answer["entries"][0] == {
        "id": ours[0].id, "kind": ours[0].kind, "name": ours[0].name, "label": ours[0].label, "source": ours[0].source,
        "proofs": list(ours[0].proofs), "where": ours[0].where, "platform": ours[0].platform, "unproven": ""}


def test_it_is_filtered_by_label_kind_platform_and_words(world: WorldClient) -> None:
    """Ours."""
    query = {"label": "documented", "kind": "email", "platform": "portal", "q": "daily"}
    answer = world.get("/_sim/fidelity", params=query).json()
    assert [entry["id"] for entry in answer["entries"]] == ["email/daily_schedules"]
    assert answer["summary"]["entries"] == answer["summary"]["labels"]["documented"] == 1


def test_a_filter_that_there_is_not_is_refused(world: WorldClient) -> None:
    """Ours: an empty list would say that nothing is certain."""
    answer = world.get("/_sim/fidelity", params={"label": "certain", "kind": "emails"})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["query label", "query kind"]


def test_looking_at_it_leaves_no_entry(world: WorldClient) -> None:
    """Ours: watching leaves no journal entries."""
    before = len(world.journal())
    world.get("/_sim/fidelity")
    PageClient(world.url).get("/console/fidelity")
    assert len(world.journal()) == before


def test_the_page_shows_how_much_is_what(world: WorldClient) -> None:
    """Ours: a summary, and every entry with its label, its source and the tests that exercise it, fifty on a page."""
    page = PageClient(world.url).get("/console/fidelity")
    ours = own_entries()
    assert page.heading == "Fidelity"
    assert len(page.rows("Entries")) == 50
    assert f"{len(ours):,} entries" in page.content.text
    assumed = sum(entry.label == "assumed" for entry in ours)
    assert f"assumed : {assumed} (" in page.content.text.replace("assumed:", "assumed :")
    assert "not that the real platform does" in page.content.text


def test_the_pages_of_the_ledger_lead_on(world: WorldClient) -> None:
    """Ours: all of it can be reached without JavaScript."""
    client = PageClient(world.url)
    pages = -(-len(own_entries()) // 50)
    last = client.get(f"/console/fidelity?page={pages}")
    assert f"Page {pages} of {pages}" in last.content.text
    assert 1 <= len(last.rows("Entries")) <= 50


@pytest.mark.parametrize(("query", "row"), [
    ("label=public&kind=rule&q=readings.half_hours", "A half-hourly unit takes :00 and :30 only."),
    ("platform=smp&kind=route&q=assets", "POST /smp/api/v1/assets"),
    ("kind=email&q=daily", "Daily Schedules email"),
])
def test_the_page_is_filtered(world: WorldClient, query: str, row: str) -> None:
    """Ours: by label, kind, platform and words, and the choice stays in the form."""
    page = PageClient(world.url).get(f"/console/fidelity?{query}")
    rows = page.rows("Entries")
    assert len(rows) == 1 and row in rows[0][0]


def test_a_filter_that_fits_nothing_has_good_words(world: WorldClient) -> None:
    """Ours; and what is typed in is shown as text."""
    page = PageClient(world.url).get("/console/fidelity?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "No entry is like that." in page.content.text
    assert page.tree.find("input", id="q")["value"] == "<script>alert(1)</script>"


def test_what_has_no_proof_says_why(world: WorldClient) -> None:
    """Ours: a word that the simulator never sends is proven by nothing, and the ledger tells that."""
    query = "Submitted status SUCCEEDED"
    [entry] = world.get("/_sim/fidelity", params={"q": query}).json()["entries"]
    assert (entry["proofs"], entry["unproven"]) == ([], "The simulator answers a submission with RECEIVED, always.")
    page = PageClient(world.url).get(f"/console/fidelity?q={query.replace(' ', '+')}")
    assert "none of ours. The simulator answers a submission with RECEIVED, always." in page.content.text
