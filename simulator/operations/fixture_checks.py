"""What is wrong with the record of a fixture, before anything is made of it: all of it, each with its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.faults.rules import Fault, fault_problems
from simulator.market.dispatches import Dispatch
from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit
from simulator.operations.fixture_events import line_from_row, report_from
from simulator.operations.fixture_record import declared, dispatch_from
from simulator.operations.fixture_rows import (
    DECISIONS,
    DECLARATIONS,
    DISPATCHES,
    FINAL_MONTHS,
    INVOICES,
    PAYMENTS,
    SMP_ASSETS,
    SMP_UNITS,
    STATIC_DECLARATIONS,
    WEEKS,
)
from simulator.operations.fixture_text import Place, Problem
from simulator.secret_names import SECRET_NAME
from simulator.store.saved_rows import Saved
from simulator.timekeeping.instants import read_instant

_RELATIVE = ("declarations", "dispatches")
_LISTS: dict[str, Saved] = {
    "final_months": FINAL_MONTHS, "static_declarations": STATIC_DECLARATIONS, "declarations": DECLARATIONS,
    "weeks": WEEKS, "dispatches": DISPATCHES, "invoices": INVOICES, "smp_units": SMP_UNITS, "smp_assets": SMP_ASSETS,
}
_NEEDED = ("id", "organisation", "unit", "programme", "windows", "power_kw", "direction")
_NAMES = {"final_months": "month", "weeks": "week", "invoices": "number", "static_declarations": "id",
          "declarations": "id", "dispatches": "id", "final_events": "id", "smp_units": "id", "smp_assets": "id"}


def twice(what: str, values: Iterable[tuple[Place, Any]]) -> Iterator[Problem]:
    """A problem for each value that occurs more than once, at its second place; a secret one is not shown."""
    places: dict[Any, list[Place]] = defaultdict(list)
    for path, value in values:
        places[value].append(path)
    for value, found in places.items():
        if len(found) > 1:
            shown = what if SECRET_NAME.search(what) else f"{what} {value!r}"
            yield found[1], f"the {shown} occurs {len(found)} times"


def problems_of_record(content: Mapping[str, Any]) -> Iterator[Problem]:
    """What of a fixture's start and record cannot be; its form is right."""
    for name in ("starts_at", "jobs_ran_until"):
        if name in content:
            yield from _unreadable(read_instant, content[name], (name,))
    if "record" not in content:
        return
    if "starts_at" not in content:
        yield ("record",), (
            "its times are absolute, so the fixture needs starts_at: the market time at which its world starts")
    if "market" in content:
        yield ("market",), "a fixture has a market, which is relative to its start, or a record; not both"
    for place, entry in enumerate(content["organisations"]):
        for name in _RELATIVE:
            if name in entry:
                yield ("organisations", place, name), f"beside a record, {name} are in the record"
        for number, unit in enumerate(entry["units"]):
            if "baseline" in unit:
                yield ("organisations", place, "units", number, "baseline"), (
                    "beside a record, a unit has baselines, each with the time from which it is in force")
    yield from _Record(content).problems()


@dataclass(frozen=True)
class _Known:
    """What rows of a record may name."""

    units: dict[str, dict[str, MeterableUnit]]
    dispatches: dict[str, Dispatch]
    windows: dict[str, int]
    named: dict[str, set[str]]


class _Record:
    """One record, and what its rows may name."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._record: Mapping[str, Any] = content["record"]
        zones = {zone["code"]: zone for zone in content["zones"]}
        units = {entry["id"]: {unit["id"]: _unit(entry["id"], unit, zones) for unit in entry["units"]}
                 for entry in content["organisations"]}
        self._declared = declared(self._record)
        self._known = _Known(
            units, {}, {row.get("id", ""): len(row.get("windows", ())) for row in self._declared},
            {name: {row.get(key) for row in self._rows(name)} for name, key in _NAMES.items()})

    def _rows(self, name: str) -> list[dict[str, Any]]:
        return self._declared if name == "declarations" else self._record.get(name, [])

    def problems(self) -> Iterator[Problem]:
        """All of them."""
        for name, saved in _LISTS.items():
            for place, row in enumerate(self._rows(name)):
                for column, message in saved.problems(row):
                    yield ("record", name, place, column), message
        for name, key in _NAMES.items():
            yield from twice(f"{key} of {name}", ((("record", name, place, key), row[key])
                                                  for place, row in enumerate(self._rows(name)) if key in row))
        for check, names in ((self._of_declared, ("static_declarations", "declarations")),
                             (self._of_week, ("weeks",)), (self._of_dispatch, ("dispatches",)),
                             (self._of_event, ("final_events",)), (self._of_invoice, ("invoices",)),
                             (self._of_registered, ("smp_units", "smp_assets")), (self._of_fault, ("faults",))):
            for name in names:
                for place, row in enumerate(self._rows(name)):
                    for path, message in check(row):
                        yield ("record", name, place, *path), message
        references = ((("record", "smp_assets", place, "details", "external_reference"),
                       (row["organisation"], row["details"]["external_reference"]))
                      for place, row in enumerate(self._rows("smp_assets")))
        yield from twice("participant and external_reference", references)

    def _of_participant(self, row: Mapping[str, Any]) -> Iterator[Problem]:
        if row["organisation"] not in self._known.units:
            yield ("organisation",), f"there is no organisation {row['organisation']!r}"

    def _of_declared(self, row: Mapping[str, Any]) -> Iterator[Problem]:
        unknown = list(self._unknown(row, "static", "static_declarations"))
        yield from unknown
        if unknown:
            return
        missing = [name for name in _NEEDED if name not in row]
        if missing:
            yield (), f"it needs {', '.join(missing)}, or the static declaration that it was written down from"
            return
        yield from self._of_participant(row)
        if row["organisation"] in self._known.units and row["unit"] not in self._known.units[row["organisation"]]:
            yield ("unit",), f"organisation {row['organisation']} has no unit {row['unit']!r}"

    def _of_week(self, week: Mapping[str, Any]) -> Iterator[Problem]:
        for place, row in enumerate(week["decisions"]):
            here = ("decisions", place)
            for column, message in DECISIONS.problems(row):
                yield (*here, column), message
            for path, message in self._unknown(row, "declaration", "declarations"):
                yield (*here, *path), message
            for path, message in self._unknown(row, "dispatch", "dispatches"):
                yield (*here, *path), message
            if row["window"] >= self._known.windows.get(row["declaration"], row["window"] + 1):
                yield (*here, "window"), (
                    f"declaration {row['declaration']} has no window {row['window']} (0 is the first)")

    def _of_dispatch(self, row: Mapping[str, Any]) -> Iterator[Problem]:
        yield from self._of_participant(row)
        own = self._known.units.get(row["organisation"], {})
        for place, unit in enumerate(row["units"]):
            if own and unit not in own:
                yield ("units", place), f"organisation {row['organisation']} has no unit {unit!r}"
        for place, message in enumerate(row.get("messages", ())):
            for name in ("due_at", "end"):
                if name in message:
                    yield from _unreadable(read_instant, message[name], ("messages", place, name))
        try:
            dispatch = dispatch_from(row)
        except ValueError:
            return  # told already, with its column
        if dispatch.end_at <= dispatch.start_at:
            yield ("end",), "its end is not after its start"
        elif set(row["units"]) <= own.keys():
            self._known.dispatches[dispatch.id] = dispatch

    def _of_event(self, row: Mapping[str, Any]) -> Iterator[Problem]:
        yield from self._unknown(row, "dispatch", "dispatches")
        yield from self._unknown(row, "invoice", "invoices")
        dispatch = self._known.dispatches.get(row["dispatch"])
        if dispatch is None:
            return
        units = self._known.units[dispatch.organisation_id]
        if not set(row["units"]) <= set(dispatch.unit_ids):
            yield ("units",), f"units of an event are among those of its dispatch: {', '.join(dispatch.unit_ids)}"
        elif len({units[unit].zone for unit in row["units"]}) > 1:
            yield ("units",), "the units of an event are in one zone"
        elif len(row["meters"]) != len(row["units"]):
            yield ("meters",), f"there are {len(row['units'])} units, and {len(row['meters'])} meters"
        else:
            try:
                report_from(row, dispatch, units)
            except ValueError as error:
                yield (), str(error)

    def _of_invoice(self, row: Mapping[str, Any]) -> Iterator[Problem]:
        yield from self._of_participant(row)
        for place, payment in enumerate(row.get("availability", ())):
            for column, message in PAYMENTS.problems(payment):
                yield ("availability", place, column), message
            yield from _unreadable(line_from_row, payment["line"], ("availability", place, "line"))

    def _of_registered(self, row: Mapping[str, Any]) -> Iterator[Problem]:
        yield from self._of_participant(row)
        yield from self._unknown(row, "unit", "smp_units")

    def _of_fault(self, row: Mapping[str, Any]) -> Iterator[Problem]:
        fault = Fault(0, row["surface"], row.get("route"), row.get("participant"), row["effect"])
        for pointer, message in fault_problems(fault):
            yield tuple(pointer.strip("/").split("/"))[:2], message
        if row.get("participant") is not None and row["participant"] not in self._known.units:
            yield ("participant",), f"there is no organisation {row['participant']!r}"

    def _unknown(self, row: Mapping[str, Any], name: str, among: str) -> Iterator[Problem]:
        if name in row and row[name] not in self._known.named[among]:
            yield (name,), f"{row[name]!r} is not among the {among.replace('_', ' ')}"


def _unreadable(read: Any, value: Any, path: Place) -> Iterator[Problem]:
    try:
        read(value)
    except ValueError as error:
        yield path, str(error)


def _unit(organisation_id: str, unit: Mapping[str, Any], zones: Mapping[str, Any]) -> MeterableUnit:
    zone = zones.get(unit["zone"], {"name": "", "licence_area": ""})
    return MeterableUnit(0, unit["id"], organisation_id, unit["description"], unit["technology"], unit["capacity_kw"],
                         Granularity(unit["granularity"]), unit["zone"], zone["name"], zone["licence_area"])
