"""World fixtures: what is wrong with one is said at once, in plain words (ours: fixtures are readable YAML)."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
import yaml

from simulator.assets import world_fixtures
from simulator.operations.fixtures import Fixture, FixtureUnusable, fixture_from_text, read_fixture
from tests.servers import ROOT

ZONE = {"code": "CMZ_X", "name": "Ashgrove", "licence_area": "South Wales"}


def unit(**changes) -> dict:
    return {"id": "MU-1", "description": "Battery", "technology": "Batteries", "capacity_kw": 500,
            "granularity": "minute", "zone": "CMZ_X", **changes}


def organisation(**changes) -> dict:
    return {"id": "one", "name": "One Ltd", "portal": {"email": "a@one.example"}, "units": [unit()], **changes}


def read(folder: Path, content: object) -> Fixture:
    file = folder / "world.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content), "utf-8")
    return read_fixture(file)


def problems_of(folder: Path, content: object) -> list[str]:
    with pytest.raises(FixtureUnusable) as caught:
        read(folder, content)
    assert str(folder / "world.yaml") in str(caught.value)
    return caught.value.problems


def world(*organisations: dict, **changes) -> dict:
    return {"zones": [ZONE], "organisations": list(organisations), **changes}


@pytest.mark.parametrize("name", ["demo", "quiet", "empty"])
def test_the_shipped_fixtures_can_be_used(name: str) -> None:
    """Wire format, assumed: --fixture demo|empty."""
    assert read_fixture(world_fixtures()[name]).content["organisations"] is not None


def test_the_demo_fixture_is_the_one_that_is_documented() -> None:
    """Wire format, assumed: the demo fixture; tests, README and trainers rely on it."""
    organisations = {entry["id"]: entry for entry in read_fixture(world_fixtures()["demo"]).content["organisations"]}
    brindle, tamar = organisations["brindle"], organisations["tamar"]
    assert (brindle["name"], tamar["name"]) == ("Brindle Aggregation Ltd", "Tamar Flexibility CIC")
    assert brindle["portal"] == {"email": "operations@brindle.example", "password": "Brindle-demo-2026",
                                 "authenticator_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
                                 "email_preferences": ["monthly_invoices", "weekly_accepted_declarations",
                                                       "daily_schedules"]}
    assert brindle["api_token"] == "demo-token-brindle"
    assert tamar["portal"] == {"email": "desk@tamar-flex.example"}
    shapes = [(unit["id"], unit["granularity"], unit["capacity_kw"]) for unit in brindle["units"] + tamar["units"]]
    assert shapes == [("MU-1001", "minute", 500), ("MU-1002", "half_hour", 300), ("MU-1003", "half_hour", 1200),
                      ("MU-2001", "minute", 250)]


def test_a_small_fixture_is_enough(tmp_path: Path) -> None:
    """Ours: everything that is not needed may be left out."""
    assert read(tmp_path, world(organisation())).demo_sign_in is None


def test_the_first_user_with_a_password_is_the_demo_user(tmp_path: Path) -> None:
    """Ours: shown on the sign-in page of shipped fixtures."""
    second = organisation(id="two", name="Two Ltd", units=[],
                          portal={"email": "b@two.example", "password": "a-long-password"})
    assert read(tmp_path, world(organisation(), second)).demo_sign_in.email == "b@two.example"


def test_all_shape_problems_are_listed_with_their_places(tmp_path: Path) -> None:
    """Ours: everything that is wrong, not the first thing."""
    bad = organisation(units=[unit(granularity="hourly", capacity_kw=0), {}], colour="red")
    found = "\n".join(problems_of(tmp_path, world(bad, clock="slow")))
    for part in ("clock:", "organisations/0/units/0/granularity:", "organisations/0/units/0/capacity_kw:",
                 "organisations/0/units/1:", "colour"):
        assert part in found


def test_all_contradictions_are_listed(tmp_path: Path) -> None:
    """Ours: everything that is wrong, not the first thing."""
    twice = organisation(
        api_token="same-token", portal={"email": "a@one.example", "password": "a-long-password",
                                        "authenticator_secret": "A" * 17},
        units=[unit(), unit(zone="CMZ_Y"), unit(id="MU-2", readings={"before": "PT", "level_kw": 1, "swing_kw": 1})])
    other = organisation(api_token="same-token", units=[],
                         portal={"email": "A@One.example", "password": "a-long-password"})
    found = problems_of(tmp_path, world(twice, other, zones=[ZONE, ZONE]))
    for part in ("zone 'CMZ_X'", "organisation id 'one'", "organisation name 'One Ltd'",
                 "e-mail address 'a@one.example'", "api_token occurs 2 times", "unit 'MU-1'", "not base32",
                 "zone 'CMZ_Y' is not among", "'PT' is not a duration"):
        assert len([problem for problem in found if part in problem]) == 1, part
    assert len(found) == 9


SECRET = "Nobody-may-see-me"


@pytest.mark.parametrize("changes", [
    {"api_token": f"{SECRET} "}, {"api_token": [SECRET]}, {"api_token": SECRET * 20},
    {"portal": {"email": "a@one.example", "password": SECRET * 20}},
    {"portal": {"email": "a@one.example", "password": {"is": SECRET}}},
    {"portal": {"email": "a@one.example", "password_hash": SECRET}},
    {"portal": {"email": "a@one.example", "authenticator_secret": SECRET}},
    {"portal": [{"password": SECRET}]},
    {"dispatch_endpoint": {"base_url": "https://a.example", "auth": "bearer", "secret": f"{SECRET} é"}},
    {"smp": {"connection": "not_started", "username": "u", "password_hash": SECRET}},
    {"smp": {"connection": "not_started", "username": "u", "password_hash": [SECRET]}},
    {"units": [unit(readings={"secret": SECRET})]},
])
def test_what_is_wrong_with_a_secret_is_told_without_it(tmp_path: Path, changes: dict) -> None:
    """Ours: messages are shown in answers and logs, and a secret with a typing error is as good as the right one."""
    found = problems_of(tmp_path, world(organisation(**changes)))
    assert found and not any("Nobody" in problem for problem in found)


def test_what_is_wrong_with_anything_else_is_shown(tmp_path: Path) -> None:
    """Ours: seeing it is the quickest way to mend it."""
    found = "\n".join(problems_of(tmp_path, world(organisation(id="One!", units=[unit(capacity_kw=0)]))))
    assert "'One!' is not written as it should be" in found and "0 is less than the minimum of 1" in found


def test_two_organisations_with_one_token_are_told_without_it(tmp_path: Path) -> None:
    """Ours: the place is enough."""
    both = [organisation(id=name, name=name, api_token=SECRET, units=[],
                         portal={"email": f"a@{name}.example", "password": "a-long-password"}) for name in ("a", "b")]
    found = problems_of(tmp_path, world(*both))
    assert len(found) == 1 and "organisations/1/api_token: the api_token occurs 2 times" in found[0]


MANY = [{"start": f"2026-11-0{day}T00:00:00Z", "kw": "0*2000000"} for day in range(1, 4)]
MADE_UP = {"level_kw": 1, "swing_kw": 1}


@pytest.mark.parametrize("units", [
    [unit(readings=MANY)],
    [unit(id=f"MU-{place}", readings=[run]) for place, run in enumerate(MANY)],
    [unit(baselines=[{"from": run["start"], "kind": "flat", "kw": run["kw"]} for run in MANY])],
    [unit(readings=[{**run, "kw": f"{run['kw']} x"} for run in MANY])],
    [unit(readings={"before": "P4000D", **MADE_UP})],
    [unit(readings={"before": f"P{'9' * 40}D", **MADE_UP})],
], ids=["runs", "units", "baselines", "unreadable", "made up", "beyond all time"])
def test_powers_are_counted_over_the_whole_fixture(units: list[dict]) -> None:
    """Ours: a few signs can stand for more than any memory holds; nothing is made before all are counted."""
    content = world(organisation(units=units))
    with pytest.raises(FixtureUnusable, match="more than 5,000,000 powers in readings, baselines and events together"):
        fixture_from_text(orjson.dumps(content).decode())


def test_an_api_token_of_a_user_who_is_only_invited_is_refused(tmp_path: Path) -> None:
    """Ours: it would be dropped, for the user gets a token with the first password."""
    found = problems_of(tmp_path, world(organisation(api_token="a-token-of-one")))
    assert len(found) == 1 and "leave api_token out" in found[0]


def test_declarations_without_a_market_are_refused(tmp_path: Path) -> None:
    """Ours: they are a part of it, and would be dropped without a word."""
    declared = [{"unit": "MU-1", "programme": "SU", "power_kw": 5,
                 "windows": [{"days": ["MONDAY"], "start": "10:00", "end": "11:00"}]}]
    found = problems_of(tmp_path, world(organisation(declarations=declared)))
    assert len(found) == 1 and "declarations: these need a market" in found[0]


def test_the_demo_fixture_s_smp_users_are_the_documented_ones() -> None:
    """Wire format, assumed: the demo fixture; Brindle is connected, Tamar's user works from step 3 on (assumed)."""
    demo = read_fixture(world_fixtures()["demo"])
    users = {entry["id"]: (entry["smp"]["username"], entry["smp"]["password"], entry["smp"]["connection"])
             for entry in demo.content["organisations"]}
    assert users == {"brindle": ("brindle-smp", "Brindle-smp-2026", "access_provided"),
                     "tamar": ("tamar-smp", "Tamar-smp-2026", "pro_forma_sent")}
    assert demo.demo_smp_user is not None and demo.demo_smp_user.username == "brindle-smp"


def test_all_contradictions_of_a_connection_are_listed(tmp_path: Path) -> None:
    """Ours: everything that is wrong, not the first thing."""
    one = organisation(smp={"connection": "access_provided", "username": "an smp", "signatures": "required",
                            "pro_forma": {"contacts": [{"name": "A", "email": "x"}]}})
    two = organisation(id="two", name="Two Ltd", portal={"email": "b@two.example"}, units=[],
                       smp={"connection": "pro_forma_sent", "username": "an smp", "password": "a-long-password",
                            "pro_forma": {"public_keys": "no keys"}})
    found = problems_of(tmp_path, world(one, two))
    for part in ("SMP username 'an smp' occurs 2", "one: smp: an SMP user has both", "one: smp: A username is",
                 "one: smp: pro_forma: Give the developer’s email", "one: smp: pro_forma: Name at least one API",
                 "one: smp: signatures cannot be required", "two: smp: A username is",
                 "two: smp: pro_forma: public_keys: This is neither"):
        assert len([problem for problem in found if part in problem]) == 1, part
    assert len(found) == 8


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "\t", "zones: []\norganisations: 7"])
def test_a_file_that_is_no_fixture_is_refused(tmp_path: Path, text: str) -> None:
    """Ours: with its name, and without a traceback."""
    assert problems_of(tmp_path, text)


def test_the_fixture_in_the_documentation_can_be_used() -> None:
    """Docs as tests: readers begin with it."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    found = [block for page in pages for block in re.findall(r"```yaml\n(zones:.*?)```", page.read_text("utf-8"), re.S)]
    assert found
    for block in found:
        assert fixture_from_text(block).content["organisations"]


def test_editors_find_the_whole_form() -> None:
    """Ours: the files of the form refer to each other by names that are there."""
    names = {file.name for file in (ROOT / "fixtures").glob("*.schema.yaml")}
    for name in names:
        text = (ROOT / "fixtures" / name).read_text("utf-8")
        assert set(re.findall(r"[a-z]+\.schema\.yaml", text)) <= names
        assert yaml.safe_load(text)["$schema"]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Ours: with its name."""
    with pytest.raises(FixtureUnusable, match="none.yaml"):
        read_fixture(tmp_path / "none.yaml")
