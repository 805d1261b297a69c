"""World fixtures: readable YAML that says which organisations, units and readings a new world holds.

In the shipped ones everything is relative to the world's start, so that they are as full on any day of the year; saved
ones are absolute. The form of the file is `fixtures/world.schema.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator import assets
from simulator.market.connections import Step, has_access
from simulator.market.organisations import Zone
from simulator.market.policy import MarketPolicy
from simulator.operations.fixture_checks import problems_of_record, twice
from simulator.operations.fixture_form import problems_of_form
from simulator.operations.fixture_market import problems_of_market, start_market
from simulator.operations.fixture_participants import (
    add_participant,
    problems_of_participant,
    problems_of_unit,
    weight_of_unit,
)
from simulator.operations.fixture_powers import MOST_POWERS, weigh_powers
from simulator.operations.fixture_record import start_record
from simulator.operations.fixture_text import Place, Problem, TextUnusable, read_text
from simulator.store import organisations
from simulator.store.work import Work
from simulator.timekeeping.clock import Clock, frozen_clock, real_clock, scaled_clock
from simulator.timekeeping.instants import read_instant

GIVEN = "given"
"""What a fixture is called that came as a text."""


_TOO_MANY = (f"up to here there are more than {MOST_POWERS:,} powers in readings, baselines and events together, the "
             "most that one fixture may have. For worlds of this size, take a snapshot.")


class FixtureUnusable(Exception):
    """A fixture that cannot be used; `problems` has a sentence for each thing that is wrong."""

    def __init__(self, file: Path | str, problems: list[str]) -> None:
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
    """A fixture that was read and checked. `text` is what it was read from."""

    content: dict[str, Any]
    text: str = ""

    @property
    def starts_at(self) -> datetime | None:
        """The market time at which its world starts, if it says so itself."""
        return read_instant(self.content["starts_at"]) if "starts_at" in self.content else None

    @property
    def is_saved(self) -> bool:
        """Whether it has a record of what happened before its start, at absolute times: it cannot start at another."""
        return "record" in self.content

    def clock(self, start: datetime, wall: datetime) -> Clock:
        """The clock of a world made from it, at first: it shows `start` at wall time `wall`."""
        wanted = self.content.get("clock")
        if isinstance(wanted, dict):
            return scaled_clock(start, wall, wanted["rate"])
        return frozen_clock(start, wall) if wanted == "frozen" else real_clock(wall, start)

    def jobs_ran_until(self, start: datetime) -> datetime:
        """The instant through which its jobs have run: later than the start where the clock was set back."""
        said = self.content.get("jobs_ran_until")
        return start if said is None else max(start, read_instant(said))

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
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FixtureUnusable(file, [str(error)]) from error
    return fixture_from_text(text, file)


def fixture_from_text(text: str, file: Path | str = GIVEN) -> Fixture:
    """A fixture from its text, checked; `file` is what messages call it.

    Raises FixtureUnusable with everything that is wrong, each with its line, column and path.
    """
    try:
        content, places = read_text(text)
        if isinstance(content, dict) and "like" in content:
            content = _derived(content, assets.world_fixtures())
    except TextUnusable as error:
        raise FixtureUnusable(file, [str(error)]) from error
    problems = list(problems_of_form(content)) or list(_excess(content)) or list(_inconsistencies(content))
    if problems:
        raise FixtureUnusable(file, places.told(problems))
    return Fixture(content, text)


def _derived(content: dict[str, Any], shipped: dict[str, Path]) -> dict[str, Any]:
    """A fixture that is like a shipped one, without some of its parts, and with its own in their place.

    An unknown name is left for the form of the file to refuse.
    """
    other = shipped.get(str(content["like"]))
    if other is None:
        return content
    base, _ = read_text(other.read_text("utf-8"))
    left_out = content.get("without") or ()
    if "market" in left_out:
        for entry in base["organisations"]:
            for part in ("declarations", "dispatches"):
                entry.pop(part, None)
    return {**{name: part for name, part in base.items() if name not in left_out},
            **{name: part for name, part in content.items() if name not in ("like", "without")}}


def _excess(content: dict[str, Any]) -> Iterator[Problem]:
    """One problem if all powers together are more than a fixture may have, where they are too many.

    A few signs can stand for millions of powers, so that nothing is made of any before all are counted.
    """
    count = 0
    for place, entry in enumerate(content["organisations"]):
        for number, unit in enumerate(entry["units"]):
            count += weight_of_unit(unit)
            if count > MOST_POWERS:
                yield ("organisations", place, "units", number), _TOO_MANY
                return
    for place, row in enumerate(content.get("record", {}).get("final_events", ())):
        for meter in row["meters"]:
            count += weigh_powers(meter["read_kw"]) + weigh_powers(meter["expected_kw"])
            if count > MOST_POWERS:
                yield ("record", "final_events", place, "meters"), _TOO_MANY
                return


def _inconsistencies(content: dict[str, Any]) -> Iterator[Problem]:
    entries = list(enumerate(content["organisations"]))
    units = [(("organisations", place, "units", number), unit)
             for place, entry in entries for number, unit in enumerate(entry["units"])]
    zones = [zone["code"] for zone in content["zones"]]

    def of_entries(*names: str) -> Iterator[tuple[Place, str]]:
        for place, entry in entries:
            value: Any = entry
            for name in names:
                value = value.get(name, {})
            if value != {}:
                yield ("organisations", place, *names), value

    for what, values in {
        "zone": [(("zones", place, "code"), code) for place, code in enumerate(zones)],
        "organisation id": of_entries("id"), "organisation name": of_entries("name"),
        "e-mail address": ((path, email.lower()) for path, email in of_entries("portal", "email")),
        "api_token": of_entries("api_token"), "unit": [((*path, "id"), unit["id"]) for path, unit in units],
        "SMP username": of_entries("smp", "username"),
    }.items():
        yield from twice(what, values)
    for place, entry in entries:
        here = ("organisations", place)
        for path, message in problems_of_participant(entry):
            yield (*here, *path), f"organisation {entry['id']}: {message}"
    for path, unit in units:
        if unit["zone"] not in zones:
            yield (*path, "zone"), f"unit {unit['id']}: its zone {unit['zone']!r} is not among the zones"
        for inner, message in problems_of_unit(unit):
            yield (*path, *inner), f"unit {unit['id']}: {message}"
    yield from problems_of_market(content)
    yield from problems_of_record(content)


def start_world(work: Work, fixture: Fixture, policy: MarketPolicy) -> None:
    """Fill an empty world."""
    zones = {}
    for zone in fixture.content["zones"]:
        zones[zone["code"]] = Zone(zone["code"], zone["name"], zone["licence_area"])
        organisations.add_zone(work, zones[zone["code"]])
    for entry in fixture.content["organisations"]:
        add_participant(work, entry, zones)
    if "record" in fixture.content:
        start_record(work, fixture.content, policy)
    else:
        start_market(work, fixture.content, policy)
