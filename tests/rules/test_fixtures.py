"""World fixtures: what is wrong with one is said at once, in plain words (issue: fixtures are readable YAML)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from simulator.assets import world_fixtures
from simulator.operations.fixtures import Fixture, FixtureUnusable, read_fixture

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
    """wire: --fixture demo|empty."""
    assert read_fixture(world_fixtures()[name]).content["organisations"] is not None


def test_the_demo_fixture_is_the_one_that_is_documented() -> None:
    """wire: the demo fixture; tests, README and trainers rely on it."""
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
        api_token="same-token", portal={"email": "a@one.example", "authenticator_secret": "A" * 17},
        units=[unit(), unit(zone="CMZ_Y"), unit(id="MU-2", readings={"before": "PT", "level_kw": 1, "swing_kw": 1})])
    other = organisation(api_token="same-token", portal={"email": "A@One.example"}, units=[])
    found = problems_of(tmp_path, world(twice, other, zones=[ZONE, ZONE]))
    for part in ("zone 'CMZ_X'", "organisation id 'one'", "organisation name 'One Ltd'",
                 "e-mail address 'a@one.example'", "api_token 'same-token'", "unit 'MU-1'", "not base32",
                 "zone 'CMZ_Y' is not among", "'PT' is not a duration"):
        assert len([problem for problem in found if part in problem]) == 1, part
    assert len(found) == 9


def test_the_demo_fixture_s_smp_users_are_the_documented_ones() -> None:
    """wire: the demo fixture; Brindle is connected, Tamar's user works from step 3 on (assumed)."""
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


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Ours: with its name."""
    with pytest.raises(FixtureUnusable, match="none.yaml"):
        read_fixture(tmp_path / "none.yaml")
