"""Meterable Units: details, the baseline in force, templates and flat baselines (portal FAQ page, public)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from simulator import Simulator
from tests.pages import Page, PageClient
from tests.portal import EMAIL, PASSWORD
from tests.servers import WorldClient, fresh_world

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
HEADER = "day_of_week,local_time,power_kw"
HALF_HOURS = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)]


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



def template(kw: float = -100, **other: float) -> str:
    """A full week of half-hours; `MONDAY_1630=-5` gives one row another power."""
    rows = [f"{day},{at},{other.get(day + '_' + at.replace(':', ''), kw)}" for day in DAYS for at in HALF_HOURS]
    return "\n".join([HEADER, *rows, ""])


def upload(client: PageClient, text: str, unit: str = "MU-1002", to: str | None = None) -> Page:
    """Upload a template on the page of a unit; without `to` it must be refused."""
    page = client.get(f"/meterable-units/{unit}")
    return client.submit(page, "Upload template", to=to, files={"file": ("baseline.csv", text.encode(), "text/csv")})


def facts(page: Page) -> dict[str, str]:
    """The unit's details."""
    inside = page.content.find("dl", class_="unit-facts")
    return dict(zip([name.text for name in inside.find_all("dt")], [value.text for value in inside.find_all("dd")],
                    strict=True))


def test_a_unit_shows_its_details_and_its_programmes(month: PageClient) -> None:
    """Ours: details, programme membership, baseline in force."""
    page = month.get("/meterable-units/MU-1002")
    assert page.heading == "MU-1002"
    told = facts(page)
    assert told["Capacity"] == "300 kW" and told["Metered"] == "half-hourly"
    assert told["Zone"] == "Ashgrove, South Wales CMZ_T7B_SWA_0012"
    assert "SU" in told["Programmes"] and told["Programmes"].endswith("assumed")
    assert "Template of 336 rows, half-hourly, in force since" in page.content.text


@pytest.mark.proves("page/Meterable Units")
def test_the_list_leads_to_each_unit_and_names_its_baseline(month: PageClient) -> None:
    """Portal FAQ page, public: baseline templates are uploaded on the Meterable Units page."""
    page = month.get("/meterable-units")
    assert f"{month.url}/meterable-units/MU-1003" in page.links()
    assert [row[6] for row in page.rows()] == ["flat, −20 kW", "weekly template", "weekly template"]


def test_a_template_is_in_force_from_its_upload_on(client: PageClient, world: WorldClient) -> None:
    """Portal FAQ page, public: a full week of rows, each with the London time of its block's start."""
    page = upload(client, template(MONDAY_1630=-5.5), to="/meterable-units/MU-1002")
    assert page.alerts == ["The baseline of MU-1002 is in force from now on: template of 336 rows, half-hourly."]
    chart = page.content.find("svg", class_="power-chart")
    assert chart.find("title").text == "Baseline of MU-1002 over a week"
    assert "Baseline is from −100 to −5.5 kW." in chart.find("desc").text
    fact = world.journal("baseline.set")[-1]["data"]
    assert (fact["organisation"], fact["unit"]) == ("brindle", "MU-1002")
    versions = [row[1] for row in page.rows("Baselines so far")]
    assert versions[0] == "template of 336 rows, half-hourly" and len(versions) == 2


def test_the_baseline_can_be_downloaded_and_uploaded_again(client: PageClient) -> None:
    """Ours: the way to change a few rows of a baseline."""
    text = template(SUNDAY_2330=12.25)
    upload(client, text, to="/meterable-units/MU-1002")
    answer = client.raw("GET", "/meterable-units/MU-1002/baseline.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=MU-1002_baseline.csv"
    lines = answer.content.decode().splitlines()
    assert (lines[0], len(lines), lines[-1]) == (HEADER, 337, "SUNDAY,23:30,12.25")
    upload(client, answer.content.decode(), to="/meterable-units/MU-1002")


def test_everything_wrong_with_a_template_is_told_by_line_and_nothing_stored(client: PageClient) -> None:
    """Ours: full-week check, errors by line."""
    lines = template().splitlines()
    lines[1], lines[2], lines[5] = "MONDAY,00:10,1", "MONDAY,00:30,x", "NODAY,02:00,1"
    lines[7] = lines[8]
    page = upload(client, "\n".join(lines))
    assert page.title.startswith("Error: ")
    assert page.alerts == ["4 errors in baseline.csv. Nothing of it was stored. Mend them and upload the file again."]
    found = [(line, column, code) for line, column, code, _ in page.rows("What is wrong")]
    assert found == [("2", "local_time", "not_on_half_hour"), ("3", "power_kw", "type"),
                     ("6", "day_of_week", "day_of_week"), ("9", "local_time", "duplicate_row")]
    assert client.get("/meterable-units/MU-1002").tree.find_all("table") == [], "there is one baseline as before"


def test_missing_rows_are_named(month: PageClient) -> None:
    """Ours: full-week check."""
    text = "\n".join(line for line in template().splitlines() if not line.startswith("TUESDAY,1"))
    row, = upload(month, text).rows("What is wrong")
    assert row[:3] == ["–", "–", "missing_rows"]
    assert "A full week has 336 rows" in row[3] and "TUESDAY 10:00" in row[3] and "12 more" in row[3]


@pytest.mark.parametrize(("text", "code"), [("", "header"), ("a,b,c\n", "header"), (HEADER + "\n", "minItems"),
                                            ("day_of_week;local_time;power_kw\n", "header")])
def test_a_file_that_is_no_template_is_refused_in_words(month: PageClient, text: str, code: str) -> None:
    """Ours: bad input gets an error that says where, what and how to mend it."""
    row, = upload(month, text).rows("What is wrong")
    assert row[2] == code and row[3].endswith(".")


def test_a_file_must_be_chosen(month: PageClient) -> None:
    """Ours."""
    page = month.submit(month.get("/meterable-units/MU-1002"), "Upload template")
    assert page.field_errors == ["Choose a CSV file."]
    month.get_redirected("/meterable-units/MU-1002/baseline/template", to="/meterable-units/MU-1002")


@pytest.mark.parametrize(("typed", "words"), [("-180.5", "flat, −180.5 kW"), ("−20", "flat, −20 kW"),
                                              (" 0 ", "flat, 0 kW")])
def test_a_flat_baseline_is_set(client: PageClient, typed: str, words: str) -> None:
    """Ours: a flat baseline too. Assumed, and marked so."""
    page = client.submit(client.get("/meterable-units/MU-1001"), "Set flat baseline", {"power_kw": typed},
                         to="/meterable-units/MU-1001")
    assert page.alerts == [f"The baseline of MU-1001 is in force from now on: {words}."]


@pytest.mark.parametrize(("typed", "says"), [
    ("", "Enter a number of kW"), ("12,5", "Enter a number of kW"), ("1e9", "Enter a number of kW"),
    ("20000000", "at most 10,000,000 kW"), ("0.0000001", "at most six decimals"), ("nan", "Enter a number of kW")])
def test_a_bad_flat_baseline_is_refused_in_words(month: PageClient, typed: str, says: str) -> None:
    """Ours: a decimal comma must not become a hundred times the power."""
    page = month.submit(month.get("/meterable-units/MU-1001"), "Set flat baseline", {"power_kw": typed})
    assert re.search(says, page.field_errors[0]), page.field_errors
    assert page.form("Set flat baseline").find("input", name="power_kw").attributes["value"] == typed


def test_a_unit_of_another_organisation_is_not_there(month: PageClient) -> None:
    """What belongs to others looks like what does not exist."""
    for place in ("/meterable-units/MU-2001", "/meterable-units/MU-9999", "/meterable-units/MU-2001/baseline.csv"):
        assert "is not one of your Meterable Units" in month.get(place, status=404).content.text
