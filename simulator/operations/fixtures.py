"""World fixtures: readable YAML that says which organisations, units and readings a new world holds.

Everything is relative to the world's start, so that a fixture is as full on any day of the year. The form of the file
is `fixtures/world.schema.yaml`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import isodate
import jsonschema_rs
import yaml

from simulator import assets
from simulator.ids import new_api_token
from simulator.market.addresses import is_address
from simulator.market.connections import Step, has_access
from simulator.market.intervals import Granularity, last_period_end
from simulator.market.letters import BatchEmail
from simulator.market.organisations import MeterableUnit, Organisation, Zone
from simulator.market.policy import MarketPolicy
from simulator.market.readings import Reading
from simulator.operations.fixture_connections import connection_from, problems_of_connection
from simulator.operations.fixture_market import problems_of_market, start_market
from simulator.operations.password_links import send_invitation
from simulator.passwords import hash_public_password
from simulator.store import accounts, email_opt_ins, organisations, readings, tokens
from simulator.store.connections import save_connection
from simulator.store.work import Work


class FixtureUnusable(Exception):
    """A fixture that cannot be used; `problems` has a sentence for each thing that is wrong."""

    def __init__(self, file: Path, problems: list[str]) -> None:
        super().__init__(f"The fixture {file} cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class DemoSignIn:
    """A public sign-in of a shipped fixture, shown on the sign-in page."""

    organisation_id: str
    email: str
    password: str


@dataclass(frozen=True)
class DemoSmpUser:
    """A public SMP user of a shipped fixture whose connection has access."""

    organisation_id: str
    username: str
    password: str


@dataclass(frozen=True)
class Fixture:
    """A fixture that was read and checked."""

    content: dict[str, Any]

    @property
    def frozen(self) -> bool:
        """Whether the clock of a world made from it stands still at first."""
        return self.content.get("clock") == "frozen"

    @property
    def demo_sign_in(self) -> DemoSignIn | None:
        """The first user who has a password."""
        for entry in self.content["organisations"]:
            if "password" in entry["portal"]:
                return DemoSignIn(entry["id"], entry["portal"]["email"], entry["portal"]["password"])
        return None

    @property
    def demo_smp_user(self) -> DemoSmpUser | None:
        """The first SMP user whose calls are answered."""
        for entry in self.content["organisations"]:
            smp = entry.get("smp")
            if smp is not None and has_access(Step(smp["connection"])):
                return DemoSmpUser(entry["id"], smp["username"], smp["password"])
        return None


def read_fixture(file: Path) -> Fixture:
    """Read and check a fixture. Raises FixtureUnusable with everything that is wrong."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(file.read_text("utf-8"), loader)
        if isinstance(content, dict) and "like" in content:
            content = _derived(content, assets.world_fixtures(), loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FixtureUnusable(file, [str(error)]) from error
    schema = yaml.load((assets.folder("fixtures") / "world.schema.yaml").read_text("utf-8"), loader)
    problems = [
        f"{'/'.join(str(part) for part in error.instance_path) or 'the file'}: {error.message}"
        for error in jsonschema_rs.validator_for(schema).iter_errors(content)]
    problems = problems or list(_inconsistencies(content))
    if problems:
        raise FixtureUnusable(file, problems)
    return Fixture(content)


def _derived(content: dict[str, Any], shipped: dict[str, Path], loader: Any) -> dict[str, Any]:
    """A fixture that is like a shipped one, without some of its parts, and with its own in their place.

    An unknown name is left for the form of the file to refuse.
    """
    other = shipped.get(str(content["like"]))
    if other is None:
        return content
    base = yaml.load(other.read_text("utf-8"), loader)
    left_out = content.get("without", ())
    return {**{name: part for name, part in base.items() if name not in left_out},
            **{name: part for name, part in content.items() if name not in ("like", "without")}}


def _inconsistencies(content: dict[str, Any]) -> Iterator[str]:
    zones = [zone["code"] for zone in content["zones"]]
    entries = content["organisations"]
    units = [unit for entry in entries for unit in entry["units"]]
    for what, values in {
        "zone": zones, "organisation id": [entry["id"] for entry in entries],
        "organisation name": [entry["name"] for entry in entries],
        "e-mail address": [entry["portal"]["email"].lower() for entry in entries],
        "api_token": [entry["api_token"] for entry in entries if "api_token" in entry],
        "unit": [unit["id"] for unit in units],
        "SMP username": [entry["smp"]["username"] for entry in entries if "username" in entry.get("smp", {})],
    }.items():
        for value, count in Counter(values).items():
            if count > 1:
                yield f"the {what} {value!r} occurs {count} times"
    for entry in entries:
        if not is_address(entry["portal"]["email"]):
            yield f"organisation {entry['id']}: {entry['portal']['email']!r} is not an email address"
        if len(entry["portal"].get("authenticator_secret", "")) % 8 in (1, 3, 6):
            yield f"organisation {entry['id']}: its authenticator_secret is not base32; 16 or 32 characters are usual"
        if "smp" in entry:
            for problem in problems_of_connection(entry["smp"]):
                yield f"organisation {entry['id']}: smp: {problem}"
    for unit in units:
        if unit["zone"] not in zones:
            yield f"unit {unit['id']}: its zone {unit['zone']!r} is not among the zones"
        if "readings" in unit and unit["readings"]["before"].endswith(("P", "T")):
            yield f"unit {unit['id']}: {unit['readings']['before']!r} is not a duration; write it like PT6H or P3D"
    yield from problems_of_market(content)


def start_world(work: Work, fixture: Fixture, policy: MarketPolicy) -> None:
    """Fill an empty world."""
    zones = {}
    for zone in fixture.content["zones"]:
        zones[zone["code"]] = Zone(zone["code"], zone["name"], zone["licence_area"])
        organisations.add_zone(work, zones[zone["code"]])
    for entry in fixture.content["organisations"]:
        _add_organisation(work, entry, zones)
    start_market(work, fixture.content, policy)


def _add_organisation(work: Work, entry: dict[str, Any], zones: dict[str, Zone]) -> None:
    organisations.add_organisation(work, Organisation(entry["id"], entry["name"]))
    portal = entry["portal"]
    password = portal.get("password")
    accounts.add_account(work, accounts.NewAccount(
        entry["id"], portal["email"],
        None if password is None else hash_public_password(password),
        portal.get("authenticator_secret"), "authenticator_secret" in portal))
    if password is not None:
        tokens.add_token(work, entry.get("api_token") or new_api_token(), entry["id"])
    account = accounts.account_of(work, entry["id"])
    assert account is not None  # just added
    for email in portal.get("email_preferences", ()):
        email_opt_ins.opt_in(work, account.id, BatchEmail(email))
    for unit in entry["units"]:
        zone = zones[unit["zone"]]
        organisations.add_unit(work, MeterableUnit(
            0, unit["id"], entry["id"], unit["description"], unit["technology"], unit["capacity_kw"],
            Granularity(unit["granularity"]), zone.code, zone.name, zone.licence_area))
    if "smp" in entry:
        save_connection(work, connection_from(entry["id"], entry["smp"]))
    stored = organisations.units_of(work, entry["id"])
    for unit in entry["units"]:
        if "readings" in unit:
            recent = list(_recent_readings(stored[unit["id"]], unit["readings"], work.now))
            readings.store_readings(work, recent)
    if password is None:
        send_invitation(work, account)


def _recent_readings(unit: MeterableUnit, shape: dict[str, Any], now: datetime) -> Iterator[Reading]:
    """Readings of the time before the start: a level in kW with a daily and an hourly swing, the same every time."""
    step = timedelta(seconds=unit.granularity.seconds)
    end = last_period_end(now, unit.granularity)
    count = isodate.parse_duration(shape["before"]) // step
    for place in range(count):
        instant = end - step * place
        day = instant.timestamp() / 86_400 % 1 * 2 * math.pi
        hour = instant.timestamp() / 3_600 % 1 * 2 * math.pi
        kw = shape["level_kw"] + shape["swing_kw"] * (0.8 * math.sin(day) + 0.2 * math.sin(hour))
        yield Reading(unit.number, int(instant.timestamp()), round(kw * 10) * 100_000)
