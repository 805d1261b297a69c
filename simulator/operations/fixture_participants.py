"""The participants that a fixture describes: organisations with their users, units, baselines and readings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import isodate

from simulator.ids import new_api_token
from simulator.market.addresses import is_address
from simulator.market.baselines import Baseline, BaselineKind, BaselineVersion
from simulator.market.intervals import Granularity, last_period_end
from simulator.market.letters import BatchEmail
from simulator.market.organisations import MeterableUnit, Organisation, Zone
from simulator.market.outbox import Endpoint
from simulator.market.readings import Reading
from simulator.operations.fixture_connections import connection_from, problems_of_connection
from simulator.operations.fixture_powers import MOST_POWERS, count_powers, read_powers, weigh_powers
from simulator.operations.fixture_text import Problem
from simulator.operations.password_links import send_invitation
from simulator.passwords import hash_public_password, is_password_hash
from simulator.store import accounts, dispatches, email_opt_ins, organisations, readings, tokens
from simulator.store.baselines import add_version
from simulator.store.connections import save_connection
from simulator.store.work import Work
from simulator.timekeeping.instants import read_instant

_WEEK_SECONDS = 7 * 86_400
_AT_A_TIME = 50_000
"""Readings that are made and stored together: all of a fixture at once need more memory than the server has."""


def add_participant(work: Work, entry: Mapping[str, Any], zones: Mapping[str, Zone]) -> None:
    """Put an organisation with all that is its own into a new world; who has no password is invited."""
    organisations.add_organisation(work, Organisation(entry["id"], entry["name"]))
    portal = entry["portal"]
    password_hash = portal.get("password_hash")
    if "password" in portal:
        password_hash = hash_public_password(portal["password"])
    accounts.add_account(work, accounts.NewAccount(
        entry["id"], portal["email"], password_hash, portal.get("authenticator_secret"),
        "authenticator_secret" in portal))
    if password_hash is not None:
        made_at = read_instant(entry["api_token_made_at"]) if "api_token_made_at" in entry else None
        tokens.add_token(work, entry.get("api_token") or new_api_token(), entry["id"], made_at)
    account = accounts.account_of(work, entry["id"])
    assert account is not None  # just added
    for email in portal.get("email_preferences", ()):
        email_opt_ins.opt_in(work, account.id, BatchEmail(email))
    if "dispatch_endpoint" in entry:
        said = entry["dispatch_endpoint"]
        dispatches.set_endpoint(work, Endpoint(
            entry["id"], said["base_url"], said.get("auth", "none"), said.get("secret")))
    if "smp" in entry:
        save_connection(work, connection_from(entry["id"], entry["smp"]))
    _add_units(work, entry, zones)
    if password_hash is None:
        send_invitation(work, account)


def _add_units(work: Work, entry: Mapping[str, Any], zones: Mapping[str, Zone]) -> None:
    for unit in entry["units"]:
        zone = zones[unit["zone"]]
        organisations.add_unit(work, MeterableUnit(
            0, unit["id"], entry["id"], unit["description"], unit["technology"], unit["capacity_kw"],
            Granularity(unit["granularity"]), zone.code, zone.name, zone.licence_area))
    stored = organisations.units_of(work, entry["id"])
    for unit in entry["units"]:
        for version in unit.get("baselines", ()):
            add_version(work, stored[unit["id"]].number, _baseline_version(version, unit))
        shape = unit.get("readings", [])
        found = (_recent_readings(stored[unit["id"]], shape, work.now) if isinstance(shape, dict)
                 else _given_readings(stored[unit["id"]], shape))
        while some := list(islice(found, _AT_A_TIME)):
            readings.store_readings(work, some)


def problems_of_participant(entry: Mapping[str, Any]) -> Iterator[Problem]:
    """What of an organisation cannot be, or cannot be together; paths are within it."""
    portal = entry["portal"]
    if not is_address(portal["email"]):
        yield ("portal", "email"), f"{portal['email']!r} is not an email address"
    if len(portal.get("authenticator_secret", "")) % 8 in (1, 3, 6):
        yield ("portal", "authenticator_secret"), (
            "its authenticator_secret is not base32; 16 or 32 characters are usual")
    if "password" in portal and "password_hash" in portal:
        yield ("portal", "password_hash"), "a user has a password or the hash of one, not both"
    if not ({"password", "password_hash"} & portal.keys()):
        for name in ({"api_token", "api_token_made_at"} & entry.keys()):
            yield (name,), f"its user has no password, so is invited, and gets an API token then: leave {name} out"
    yield from _hash_problems(portal, ("portal", "password_hash"))
    endpoint = entry.get("dispatch_endpoint", {})
    if (endpoint.get("auth", "none") == "none") == ("secret" in endpoint):
        yield ("dispatch_endpoint",), "bearer and hmac need a secret, and nothing else has one"
    yield from _instant_problems(entry, "api_token_made_at")
    if "smp" in entry:
        yield from _hash_problems(entry["smp"], ("smp", "password_hash"))
        for problem in problems_of_connection(entry["smp"]):
            yield ("smp",), f"smp: {problem}"
        for place, flow in enumerate(entry["smp"].get("flows_seen", ())):
            for path, message in _instant_problems(flow, "at"):
                yield ("smp", "flows_seen", place, *path), message


def weight_of_unit(unit: Mapping[str, Any]) -> int:
    """How many powers a unit's baselines and readings stand for, whether they can be read or not."""
    shape = unit.get("readings", [])
    count = sum(weigh_powers(version["kw"]) for version in unit.get("baselines", ()))
    if not isinstance(shape, dict):
        return count + sum(weigh_powers(run["kw"]) for run in shape)
    try:
        return count + isodate.parse_duration(shape["before"]) // timedelta(
            seconds=Granularity(unit["granularity"]).seconds)
    except isodate.ISO8601Error:
        return count  # told with what else is wrong
    except OverflowError:
        return MOST_POWERS + 1


def problems_of_unit(unit: Mapping[str, Any]) -> Iterator[Problem]:
    """What of a unit's baselines and readings cannot be; paths are within it."""
    shape = unit.get("readings", [])
    if isinstance(shape, dict):
        if shape["before"].endswith(("P", "T")):
            yield ("readings", "before"), f"{shape['before']!r} is not a duration; write it like PT6H or P3D"
    else:
        yield from _problems_of_runs(shape, Granularity(unit["granularity"]).seconds)
    for place, version in enumerate(unit.get("baselines", ())):
        here = ("baselines", place)
        for path, message in _instant_problems(version, "from"):
            yield (*here, *path), message
        blocks = _WEEK_SECONDS // Granularity(version.get("granularity", unit["granularity"])).seconds
        wanted = 1 if version["kind"] == BaselineKind.FLAT.value else blocks
        try:
            count = count_powers(version["kw"])
        except ValueError as error:
            yield (*here, "kw"), str(error)
            continue
        if count != wanted:
            yield (*here, "kw"), f"a baseline of this kind has {wanted:,} powers, and this one {count:,}"


def _problems_of_runs(runs: Any, step: int) -> Iterator[Problem]:
    last = None
    for place, run in enumerate(runs):
        try:
            start = int(read_instant(run["start"]).timestamp())
        except ValueError as error:
            yield ("readings", place, "start"), str(error)
            continue
        try:
            count = count_powers(run["kw"])
        except ValueError as error:
            yield ("readings", place, "kw"), str(error)
            continue
        if start % step:
            yield ("readings", place, "start"), f"periods of {step // 60} minutes begin on the grid of the clock"
        if last is not None and start < last:
            yield ("readings", place, "start"), "it begins before the readings above end"
        last = start + count * step


def _hash_problems(user: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Problem]:
    stored = user.get("password_hash")
    if stored is not None and not is_password_hash(stored):
        yield path, "this is not a hash of argon2id; to set a password, give it as password"


def _instant_problems(row: Mapping[str, Any], name: str) -> Iterator[Problem]:
    try:
        read_instant(row[name]) if name in row else None
    except ValueError as error:
        yield (name,), str(error)


def _baseline_version(version: Mapping[str, Any], unit: Mapping[str, Any]) -> BaselineVersion:
    granularity = Granularity(version.get("granularity", unit["granularity"]))
    powers = tuple(power for power in read_powers(version["kw"]) if power is not None)
    return BaselineVersion(Baseline(BaselineKind(version["kind"]), granularity, powers), read_instant(version["from"]))


def _given_readings(unit: MeterableUnit, runs: Any) -> Iterator[Reading]:
    step = unit.granularity.seconds
    for run in runs:
        end = int(read_instant(run["start"]).timestamp()) + step
        for place, power in enumerate(read_powers(run["kw"])):
            assert power is not None  # checked before
            yield Reading(unit.number, end + place * step, power)


def _recent_readings(unit: MeterableUnit, shape: Mapping[str, Any], now: datetime) -> Iterator[Reading]:
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
