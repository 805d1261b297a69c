"""A world saved as a fixture: readable YAML from which `PUT /_sim/worlds/{name}` makes one like it.

The other way round is in `fixtures` and `fixture_record`. What is worked out from the rest is not saved, and what only
tells of the past, such as the journal, is left out, and told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from simulator import assets
from simulator.market.acceptance import AcceptanceRule
from simulator.market.baselines import BaselineVersion
from simulator.market.connections import ProForma, SmpConnection, Step
from simulator.market.events import Direction
from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit
from simulator.market.outbox import MessageKind
from simulator.market.performance import ReportState
from simulator.operations.fixture_events import final_events
from simulator.operations.fixture_powers import MOST_POWERS, powers_text, runs_of, weigh_powers
from simulator.operations.fixture_record import STILL_TO_SEND, flows_of, record_of
from simulator.operations.fixture_text import write_text
from simulator.operations.fixtures import read_fixture
from simulator.operations.participants import Participant, participants
from simulator.passwords import password_matches
from simulator.store import baselines, decisions, month_tables, organisations, readings, smp_tables, tables, tokens
from simulator.store.connections import connection_of
from simulator.store.saved_rows import count_rows, decimal_number, instant_text, kw_number
from simulator.store.timetable import load_clock
from simulator.store.work import View
from simulator.timekeeping.clock import FROZEN, REAL

_HEAD = """\
# Saved by flexsim. Times are UTC, weeks are named by their Mondays, powers are kW.
# Not in it: journal, mails, sent messages, batches of the SMP, sessions and uploads. What is provisional or a draft is
# worked out again.
"""
_WITH_SECRETS = """\
# It holds secrets: password hashes, authenticators, API tokens, and keys of dispatch messages. Keep it to yourself.
"""


@dataclass(frozen=True)
class SavedFixture:
    """A world as text. `left_out`: a phrase for each thing that the text does not have, such as `120 journal entries`.
    """

    text: str
    left_out: tuple[str, ...]


def saved_fixture(view: View, now: datetime, secrets: bool = True) -> SavedFixture:
    """The world as it is at market time `now`. Without `secrets` users have to be invited again."""
    left_out = list(_left_out(view))
    if not secrets:
        left_out.append("all passwords, authenticators, tokens and keys of dispatch messages: users are invited")
    record = _record(view)
    has_readings = count_rows(view, tables.readings) + _other_powers(view, record) <= MOST_POWERS
    if not has_readings:
        left_out.append(f"{count_rows(view, tables.readings):,} readings: with events and baselines more than the "
                        f"{MOST_POWERS:,} powers that a fixture may have. Take a snapshot instead")
    content = {
        "about": f"A world as it was at {instant_text(now)}.",
        "starts_at": instant_text(now), **_clock(view, now),
        "zones": [{"code": zone.code, "name": zone.name, "licence_area": zone.licence_area}
                  for zone in organisations.zones(view)],
        "organisations": [_organisation(view, found, secrets, has_readings) for found in participants(view)],
        "record": record}
    return SavedFixture(_HEAD + (_WITH_SECRETS if secrets else "") + write_text(content), tuple(left_out))


def _other_powers(view: View, record: dict[str, Any]) -> int:
    """How many powers stand in events and baselines, which are never left out."""
    return sum(weigh_powers(meter[name]) for event in record.get("final_events", ()) for meter in event["meters"]
               for name in ("read_kw", "expected_kw")) + sum(
        len(version.baseline.milliwatts) for found in participants(view) for unit in found.units
        for version in baselines.versions_of(view, unit.number))


def _clock(view: View, now: datetime) -> dict[str, Any]:
    clock, jobs_through = load_clock(view)
    words = {FROZEN: "frozen", REAL: "real"}
    return {"clock": words.get(clock.mode) or {"rate": clock.rate},
            **({"jobs_ran_until": instant_text(jobs_through)} if jobs_through > now else {})}


def _record(view: View) -> dict[str, Any]:
    rule = decisions.load_rule(view)
    found = {**({} if rule is None else {"acceptance": _rule(rule)}), **record_of(view),
             "final_events": final_events(view)}
    return {name: part for name, part in found.items() if part}


def _rule(rule: AcceptanceRule) -> dict[str, Any]:
    requirements = [{
        "zone": found.zone, "day": found.window.day_of_week, "start": found.window.start.isoformat("minutes"),
        "end": "24:00" if found.window.end.isoformat("minutes") == "00:00" else found.window.end.isoformat("minutes"),
        "power_kw": kw_number(found.power_milliwatts),
        **({} if found.programme is None else {"programme": found.programme}),
        **({} if found.direction is Direction.UP else {"direction": "down"}),
    } for found in rule.requirements]
    return {"rule": rule.kind.value, "power_percent": decimal_number(str(rule.power_percent)),
            "starts_later_minutes": rule.starts_later_minutes, "ends_earlier_minutes": rule.ends_earlier_minutes,
            **({"requirements": requirements} if requirements else {})}


# Participants


def _organisation(view: View, found: Participant, secrets: bool, has_readings: bool) -> dict[str, Any]:
    organisation, token = found.organisation, tokens.token_of(view, found.organisation.id)
    connection = connection_of(view, organisation.id)
    return {
        "id": organisation.id, "name": organisation.name,
        **({"api_token": token.token, "api_token_made_at": instant_text(token.created_at)}
           if secrets and token is not None else {}),
        "portal": _portal(found, secrets),
        **({} if found.endpoint is None else {"dispatch_endpoint": _endpoint(found, secrets)}),
        **({} if connection is None else _smp(view, connection, secrets)),
        "units": [_unit(view, unit, has_readings) for unit in found.units]}


def _portal(found: Participant, secrets: bool) -> dict[str, Any]:
    account = found.account
    emails = sorted(email.value for email in found.emails)
    portal: dict[str, Any] = {"email": account.email}
    if secrets and account.password_hash is not None:
        portal |= _password(account.password_hash, account.email)
    if secrets and account.authenticator_enrolled and account.authenticator_secret:
        portal["authenticator_secret"] = account.authenticator_secret
    return {**portal, **({"email_preferences": emails} if emails else {})}


def _password(stored: str, user: str) -> dict[str, str]:
    """A password of a shipped fixture is public, and easier to use than its hash."""
    public = _public_passwords().get(user)
    known = public is not None and password_matches(stored, public)
    return {"password": public} if known and public is not None else {"password_hash": stored}


@cache
def _public_passwords() -> dict[str, str]:
    """The passwords of the shipped fixtures, by address or SMP user."""
    found: dict[str, str] = {}
    for file in assets.world_fixtures().values():
        for entry in read_fixture(file).content["organisations"]:
            for user in (entry["portal"], entry.get("smp", {})):
                if "password" in user:
                    found[user.get("email") or user["username"]] = user["password"]
    return found


def _endpoint(found: Participant, secrets: bool) -> dict[str, str]:
    endpoint = found.endpoint
    assert endpoint is not None  # asked before
    if endpoint.secret is None or not secrets:
        return {"base_url": endpoint.base_url}
    return {"base_url": endpoint.base_url, "auth": endpoint.auth, "secret": endpoint.secret}


def _smp(view: View, connection: SmpConnection, secrets: bool) -> dict[str, Any]:
    user: dict[str, Any] = {}
    if connection.username is not None:
        stored = connection.password_hash if secrets else None
        user = {"username": connection.username,
                **({"password_hash": None} if stored is None else _password(stored, connection.username))}
    pro_forma = _pro_forma(connection.pro_forma)
    flows = flows_of(view, connection.organisation_id)
    if connection.step is Step.NOT_STARTED and not (user or pro_forma or flows):
        return {}
    return {"smp": {
        "connection": connection.step.value, **user,
        **({} if connection.signatures == "optional" else {"signatures": connection.signatures}),
        **({"pro_forma": pro_forma} if pro_forma else {}), **({"flows_seen": flows} if flows else {})}}


def _pro_forma(said: ProForma) -> dict[str, Any]:
    contacts = [{"name": contact.name, "email": contact.email, **({"phone": contact.phone} if contact.phone else {})}
                for contact in said.contacts]
    parts = {"contacts": contacts, "api_endpoints": list(said.api_endpoints), "callback_url": said.callback_url,
             "public_keys": said.public_keys}
    return {**{name: part for name, part in parts.items() if part},
            **({"intermediate_host": said.intermediate_host_name} if said.intermediate_host else {})}


# Units


def _unit(view: View, unit: MeterableUnit, has_readings: bool) -> dict[str, Any]:
    step = unit.granularity.seconds
    found = readings.all_of(view, unit.number) if has_readings else []
    runs = [{"start": instant_text(datetime.fromtimestamp(start, UTC)), "kw": powers_text(powers)}
            for start, powers in runs_of(found, step)]
    versions = [_baseline(version, unit.granularity) for version in reversed(baselines.versions_of(view, unit.number))]
    return {
        "id": unit.id, "description": unit.description, "technology": unit.technology, "capacity_kw": unit.capacity_kw,
        "granularity": unit.granularity.value, "zone": unit.zone,
        **({"baselines": versions} if versions else {}), **({"readings": runs} if runs else {})}


def _baseline(version: BaselineVersion, usual: Granularity) -> dict[str, Any]:
    baseline = version.baseline
    return {"from": instant_text(version.in_force_from), "kind": baseline.kind.value,
            **({} if baseline.granularity is usual else {"granularity": baseline.granularity.value}),
            "kw": powers_text(baseline.milliwatts)}


# What is not in it


def _left_out(view: View) -> Iterator[str]:
    messages, events = tables.messages.c, month_tables.events.c
    is_dispatch = messages.kind == MessageKind.DISPATCH.value
    to_send = messages.state.in_([state.value for state in STILL_TO_SEND])
    for table, conditions, one, many in (
        (tables.journal, (), "journal entry", "journal entries"),
        (tables.mails, (), "mail", "mails"),
        (tables.messages, (is_dispatch, ~to_send), "dispatch message that was sent, or is not to be sent",
         "dispatch messages that were sent, or are not to be sent"),
        (tables.messages, (is_dispatch, to_send, messages.attempts > 0),
         "message's earlier attempts: it is tried again from its first attempt on",
         "messages' earlier attempts: they are tried again from their first attempt on"),
        (tables.messages, (~is_dispatch,), "test message, check or batch return",
         "test messages, checks and batch returns"),
        (month_tables.events, (events.state != ReportState.FINAL.value,),
         "provisional event: it is worked out again from the readings",
         "provisional events: they are worked out again from the readings"),
        (smp_tables.transactions, (), "batch of the SMP", "batches of the SMP"),
        (smp_tables.signing_keys, (), "signing key of the SMP: the server's own signs in its place",
         "signing keys of the SMP: the server's own signs in their place"),
        (tables.sessions, (), "signed-in session", "signed-in sessions"),
        (tables.password_links, (), "link that sets a password", "links that set a password"),
        (tables.reset_requests, (), "request for such a link", "requests for such a link"),
        (tables.uploads, (), "upload of readings, but not its readings", "uploads of readings, but not their readings"),
    ):
        count = count_rows(view, table, *conditions)
        if count:
            yield f"{count:,} {one if count == 1 else many}"
