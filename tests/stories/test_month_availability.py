"""Availability: declaring, the lock, static declarations, and Acceptance Decisions (portal guide §3.2)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from simulator import Simulator
from tests.pages import Page, PageClient
from tests.portal import EMAIL, PASSWORD
from tests.servers import WorldClient, fresh_world

PLACE = "/availability/declarations"
DECISIONS = "/availability/acceptance-decisions"
OPEN, LOCKED = "2026-11-23", "2026-11-02"
"""The clock stands on Monday 2 November 2026, 17:00."""

GOOD = {"meterable_unit_id": "MU-1001", "programme": "SU", "power_kw": "150", "utilisation_bid_price": "240",
        "start-0": "09:00", "end-0": "11:30"}
"""Monday to Friday, as the form begins."""


@pytest.fixture(scope="module")
def month(server: Simulator) -> Iterator[PageClient]:
    """The demo user of a world with a market month, for tests that only look. It is Monday 2 November 2026, 17:00."""
    with fresh_world(server.url, "demo") as world:
        client = PageClient(world.url)
        client.sign_in(EMAIL, PASSWORD, world.code())
        yield client


@pytest.fixture
def world(server: Simulator) -> Iterator[WorldClient]:
    """A demo world with its market month: it is Monday 2 November 2026, 17:00."""
    with fresh_world(server.url, "demo") as client:
        yield client



def declare(client: PageClient, to: str | None = PLACE, week: str = OPEN, **fields: Any) -> Page:
    """Fill in the form of a week; without `to` it must be refused."""
    return client.submit(client.get(f"{PLACE}?week={week}"), "Declare", {**GOOD, **fields}, to=to)


def own(page: Page, unit: str = "MU-1001", windows: str = "Monday 09:00–11:30") -> list[str]:
    """The row of a unit's declaration with these windows."""
    return next(row for row in page.rows("Declarations of the week") if row[2].startswith(unit) and windows in row[3])


@pytest.mark.proves("page/Declarations")
def test_a_declaration_is_listed_in_its_week(client: PageClient, world: WorldClient) -> None:
    """Ours: per week, unit, programme, windows, kW, bid price for auction programmes."""
    page = declare(client)
    row = own(page)
    assert page.alerts[0].startswith("DEC-") and page.alerts[0].endswith("is declared.")
    assert row[1:6] == ["SU", "MU-1001 CMZ_T7B_SWA_0012",
                        " ".join(f"{day} 09:00–11:30" for day in ("Monday", "Tuesday", "Wednesday", "Thursday",
                                                                  "Friday")),
                        "150 kW DTD/GTU", "£240.00"]
    fact = world.journal("declaration.made")[-1]["data"]
    assert (fact["week"], fact["unit"], fact["power_kw"]) == (OPEN, "MU-1001", "150")


def test_everything_wrong_is_told_at_once_at_its_field(client: PageClient, world: WorldClient) -> None:
    """Ours: every form says what is wrong and stores nothing; rules and unreadable values together."""
    before = len(world.journal("declaration.made"))
    page = declare(client, to=None, power_kw="9999", utilisation_bid_price="abc", **{"end-0": "08:00"})
    assert page.title.startswith("Error: ")
    told = " ".join(page.field_errors)
    assert "9999 kW is more than the capacity of MU-1001, 500 kW." in told
    assert "Enter a price in pounds" in told
    assert "MONDAY 09:00–08:00 ends before it starts." in told and "FRIDAY 09:00–08:00" in told
    assert page.form("Declare").find("input", name="utilisation_bid_price")["value"] == "abc"
    assert len(world.journal("declaration.made")) == before


@pytest.mark.parametrize(("field", "typed", "says"), [
    ("power_kw", "", "Enter a number of kW"), ("power_kw", "12,5", "Enter a number of kW"),
    ("power_kw", "0", "more than 0 kW"), ("power_kw", "0.0000001", "at most six decimals"),
    ("utilisation_bid_price", "", "SU is an auction programme"), ("utilisation_bid_price", "1.234", "two decimals"),
    ("availability_price", "5", "SU does not pay for availability"), ("start-0", "", "Enter start and end"),
    ("start-0", "25:00", "Enter start and end"), ("meterable_unit_id", "MU-2001", "not one of your Meterable Units"),
    ("programme", "XX", "There is no programme 'XX'"), ("week_commencing", "x", "Choose the week"),
    ("week_commencing", "2026-11-24", "is not a Monday"), ("week_commencing", LOCKED, "are locked since"),
    ("last_week", "2026-12-07", "This is for static declarations"), ("direction", "UP", "Choose a direction"),
    ("repeats", "often", "Choose how often")])
def test_each_bad_field_is_refused_in_words(month: PageClient, field: str, typed: str, says: str) -> None:
    """Ours: where, what, and how to mend it."""
    page = declare(month, to=None, **{field: typed})
    assert any(says in error for error in page.field_errors), page.field_errors


def test_a_programme_without_auction_takes_no_bid(client: PageClient) -> None:
    """Assumed: which programmes are auctions; the page says so."""
    page = declare(client, to=None, programme="OU")
    assert page.field_errors == ["OU takes no bid price; auction programmes are: SU, SAOU. Leave it empty."]
    assert own(declare(client, programme="OU", utilisation_bid_price=""))[5] == "–"


def test_windows_that_are_declared_already_are_refused(client: PageClient) -> None:
    """Ours: one offer for each unit, programme and hour."""
    declare(client)
    page = declare(client, to=None, power_kw="20")
    assert "is already declared for SU on MONDAY 09:00–11:30 (150 kW, DEC-" in page.field_errors[0]


def test_a_declaration_is_changed_in_its_place(client: PageClient) -> None:
    """Ours: declarations can change until they lock."""
    row = own(declare(client))
    page = client.get(f"{PLACE}?week={OPEN}&change={row[0]}")
    form = page.form("Save the change")
    assert form.find("input", name="power_kw")["value"] == "150"
    assert form.find("input", name="start-0")["value"] == "09:00"
    page = client.submit(page, "Save the change", {"power_kw": "75.5"}, to=PLACE)
    assert own(page)[4] == "75.5 kW DTD/GTU"
    assert len([each for each in page.rows("Declarations of the week") if "09:00–11:30" in each[3]]) == 1


def test_a_declaration_is_withdrawn(client: PageClient, world: WorldClient) -> None:
    """Ours: what is not wanted any more."""
    row = own(declare(client))
    page = client.submit(client.get(f"{PLACE}?week={OPEN}"), f"Withdraw {row[0]}", to=PLACE)
    assert page.alerts == [f"{row[0]} is withdrawn."]
    assert "09:00–11:30" not in page.content.find("table", **{"aria-label": "Declarations of the week"}).text
    assert world.journal("declaration.withdrawn")[-1]["data"]["declaration"] == row[0]


def test_declarations_lock_at_the_end_of_wednesday(client: PageClient, world: WorldClient) -> None:
    """Public (the brand's older pages): locked at the end of Wednesday for the following Monday to Sunday."""
    page = declare(client, week="2026-11-09")
    assert "Open until the end of Wed 04 Nov 2026, London time" in page.content.text
    stale = client.get(f"{PLACE}?week=2026-11-09")
    row = own(stale)
    world.advance(to="2026-11-05T00:00:00Z")
    page = client.submit(stale, f"Withdraw {row[0]}", to=PLACE)
    assert "are locked since" in page.alerts[0]
    assert "Locked since the end of Wed 04 Nov 2026." in page.content.text
    assert [button.text for button in page.content.find_all("button") if "Withdraw" in button.text] == []
    assert "are locked since" in declare(client, to=None, week="2026-11-09", week_commencing="2026-11-09",
                                         **{"start-0": "01:00", "end-0": "02:00"}).field_errors[0]
    assert own(page), "what was declared stays"


def test_a_static_declaration_repeats_until_it_is_ended(month: PageClient) -> None:
    """Public (the brand's older pages): declarations can be static. An own one counts instead of it (assumed)."""
    page = declare(month, repeats="repeats")
    number = page.alerts[0].split()[0]
    for week in (OPEN, "2026-12-07", "2027-03-01"):
        assert own(month.get(f"{PLACE}?week={week}"))[0] == f"{number} static, each week"
    other = month.get(f"{PLACE}?week=2026-12-07&change={number}-2026-12-07")
    assert f"{number} repeats every week." in other.content.text
    month.submit(other, "Declare", {"power_kw": "10"}, to=PLACE)
    assert own(month.get(f"{PLACE}?week=2026-12-07"))[4] == "10 kW DTD/GTU"
    assert own(month.get(f"{PLACE}?week=2026-12-14"))[4] == "150 kW DTD/GTU"
    page = month.submit(month.get(PLACE), f"End {number}", to=PLACE)
    assert page.alerts == [f"{number} repeats no longer; weeks that are locked keep it."]
    page = month.get(f"{PLACE}?week=2026-12-14")
    assert number not in page.content.find("table", **{"aria-label": "Declarations of the week"}).text


def test_a_static_declaration_may_have_a_last_week(client: PageClient) -> None:
    """Ours."""
    page = declare(client, to=None, repeats="repeats", last_week="2026-11-24")
    assert "The last week is given by its Monday" in page.field_errors[0]
    declare(client, repeats="repeats", last_week="2026-11-30")
    assert own(client.get(f"{PLACE}?week=2026-11-30"))
    with pytest.raises(StopIteration):
        own(client.get(f"{PLACE}?week=2026-12-07"))


def test_what_is_said_of_a_static_declaration_names_its_last_week(client: PageClient) -> None:
    """Ours: it does not repeat for ever."""
    page = declare(client, repeats="repeats", last_week="2026-11-30")
    assert page.alerts[0].endswith("is declared for every week until the week of Monday 30 November 2026.")


def test_declarations_of_others_are_not_there(month: PageClient) -> None:
    """What belongs to others looks like what does not exist."""
    for place in (f"{PLACE}?change=DEC-99999", f"{PLACE}?week=yesterday", f"{DECISIONS}?week=2026-13-01",
                  f"{DECISIONS}?week=0001-01-01"):
        assert month.get(place, status=404).heading == "Not Found"


@pytest.mark.parametrize("place", [PLACE, DECISIONS])
def test_arrows_lead_from_week_to_week(month: PageClient, place: str) -> None:
    """Portal guide §3.2 (documented): the week from the week commencing section using the arrows."""
    page = month.get(f"{place}?week=2026-11-11")
    arrows = page.content.find("nav", **{"aria-label": "Week"})
    assert "Week commencing Monday 9 November 2026" in arrows.text
    back, on, present = arrows.find_all("a")
    assert (back["href"][-10:], on["href"][-10:], present["href"][-10:]) == ("2026-11-02", "2026-11-16", "2026-11-02")


@pytest.mark.proves("rule/declarations.acceptance_csv", "page/Acceptance Decisions")
def test_the_acceptance_csv_has_every_declaration_and_the_documented_columns(month: PageClient) -> None:
    """Portal guide §3.2 (documented): accepted rows have start and end, auctions their two prices."""
    page = month.get(f"{DECISIONS}?week={LOCKED}")
    rows = page.rows("Decisions of the week")
    link = next(element for element in page.content.find_all("a") if element.text == "Download Acceptance CSV")
    answer = month.raw("GET", link["href"].removeprefix(month.url[month.url.index("/w/"):]))
    assert answer.headers["Content-Disposition"] == "attachment; filename=acceptance_2026-11-02.csv"
    table = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(table) == len(rows) > 3
    accepted = [row for row in table if row["decision"].startswith("accepted")]
    assert accepted and any(row["decision"] == "rejected" for row in table)
    for row in table:
        is_accepted, is_auction = row in accepted, row["programme"] in ("SU", "SAOU")
        assert bool(row["acceptance_start"]) == bool(row["acceptance_end"]) == is_accepted
        assert bool(row["utilisation_awarded_price"]) == (is_accepted and is_auction)
    words = {"accepted": "Accepted", "accepted_in_part": "Accepted in part", "rejected": "Not accepted"}
    assert [row["meterable_unit_id"] for row in table] == [row[0].split()[0] for row in rows]
    assert all(row[3].startswith(words[line["decision"]]) for row, line in zip(rows, table, strict=True))


@pytest.mark.proves("page/Acceptance Decisions")
def test_a_week_is_undecided_until_thursday_noon(client: PageClient, world: WorldClient) -> None:
    """Public (the brand's older pages): decisions are out Thursday 12:00 London."""
    place = f"{DECISIONS}?week=2026-11-09"
    page = client.get(place)
    assert {row[3] for row in page.rows("Decisions of the week")} == {"Not decided yet"}
    world.advance(to="2026-11-05T12:00:00Z")
    page = client.get(place)
    assert "Decided Thu 05 Nov 2026 12:00 GMT." in page.content.text
    assert not any(row[3].startswith("Not decided yet") for row in page.rows("Decisions of the week"))


def test_a_week_without_declarations_has_good_words_for_it(month: PageClient) -> None:
    """Ours."""
    assert "There is nothing declared for this week." in month.get(f"{DECISIONS}?week=2020-01-06").content.text
    assert "Nothing is declared for this week." in month.get(f"{PLACE}?week=2020-01-06").content.text
