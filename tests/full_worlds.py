"""A world that holds something of every kind, and what worlds hold, read from their databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from simulator import Simulator
from simulator.operations import baselines, tokens
from simulator.passwords import hash_password
from simulator.store import accounts
from tests.dispatching import comes_to, plan, state_of, stop, take_messages_at, taking
from tests.registering import Registrar, asset, connect, give_access
from tests.servers import WorldClient, eventually, fresh_world

OPEN = "2026-11-02T12:00:00Z"
LATER = "2026-11-16T10:20:30.123456Z"
"""After the 15th: October is final, November is not."""

OWN_PASSWORD = "a password of Tamar's own"

DECLARED = {"participantId": "brindle", "weekCommencing": "2026-11-09", "programme": "SU", "meterableUnitId": "MU-1002",
            "windows": [{"dayOfWeek": "SUNDAY", "start": "16:00", "end": "24:00"}], "powerKw": 12.345678,
            "utilisationBidPrice": 300.10}
INVITED = {"name": "Cob: Flex, #1 'Ltd'", "portal": {"email": "desk@cob.example"}, "units": [
    {"id": "MU-7001", "description": "- [a] {b}: \"c\" # é", "technology": "Batteries", "capacityKw": 10,
     "granularity": "minute", "zone": "CMZ_T9A_SWE_0050"}]}
ON = ({"match": {"surface": "dispatch", "participant": "tamar"}, "effect": {"status": 503},
       "when": {"nth": 2, "times": 3, "probability": 0.25}, "seed": 7},
      {"match": {"surface": "smp", "route": "/smp/api/v1/assets"}, "effect": {"delayMs": 5, "drop": "answer"},
       "when": {"nth": 9}})


@contextmanager
def full_world(server: Simulator) -> Iterator[WorldClient]:
    """A demo world in the middle of November whose clock stands, and in which much has happened."""
    with fresh_world(server.url, "demo", now=OPEN) as world, taking() as taker, taking(*[500] * 50) as broken:
        world.freeze(OPEN)
        _change_participants(server, world)
        _declare(world)
        _register(world)
        take_messages_at(world, taker.url, auth="hmac", secret="a-secret:{'of'}#brindle's")
        take_messages_at(world, broken.url, "tamar", auth="bearer", secret="tamar's")
        world.advance(to=LATER)
        _dispatch(world)
        for fault in ON:
            _good(world.post("/_sim/faults", fault), 201)
        yield world


def _change_participants(server: Simulator, world: WorldClient) -> None:
    _good(world.post("/_sim/participants", INVITED), 201)
    found = server.worlds.find(world.name)
    assert found is not None
    with found.work() as work:
        account = accounts.account_of(work, "tamar")
        assert account is not None
        accounts.change_account(work, account.id, password_hash=hash_password(OWN_PASSWORD))
        tokens.create_token(work, "tamar")
        baselines.set_flat(work, "brindle", "MU-1001", Decimal("-17.123456"))


def _declare(world: WorldClient) -> None:
    _good(world.post("/_sim/declarations", DECLARED), 201)
    _good(world.post("/_sim/declarations", {
        **DECLARED, "repeats": True, "programme": "OU", "utilisationBidPrice": None}), 201)
    withdrawn = _good(world.post("/_sim/declarations", {**DECLARED, "meterableUnitId": "MU-1001"}), 201)
    _good(world.delete(f"/_sim/declarations/{withdrawn['declarationId']}"), 204)
    _good(world.put("/_sim/acceptance-rule", {
        "rule": "accept_in_part", "powerPercent": 62.5, "startsLaterMinutes": 5, "endsEarlierMinutes": 10}), 200)


def _register(world: WorldClient) -> None:
    brindle, tamar = Registrar(world), give_access(world)
    brindle.send_assets(asset(1), asset(2, name="Battery: 'two' #2"))
    tamar.send_assets(asset(1, externalReference="T-1"))
    world.advance("PT10S")
    brindle.send_unit("B-1")
    brindle.send_assets(asset(3, gspGroupId="_A"))
    world.advance("PT10S")
    connect(world, "brindle", callbackUrl="https://127.0.0.1:9/returns")


def _dispatch(world: WorldClient) -> None:
    day = LATER[:10]
    plan(world, meterableUnitIds=["MU-1001", "MU-1003"], startTime="2026-11-20T16:00:00Z",
         endTime="2026-11-20T18:00:00Z", powerChangeKw=-99.5)
    called_off = plan(world, startTime="2026-11-21T16:00:00Z", endTime="2026-11-21T18:00:00Z")
    stop(world, called_off)
    running = plan(world, startTime=f"{day}T10:00:00Z", endTime=f"{day}T12:00:00Z")
    comes_to(world, running, "running")
    ended = plan(world, startTime=f"{day}T10:05:00Z", endTime=f"{day}T12:00:00Z")
    comes_to(world, ended, "running")
    stop(world, ended)
    comes_to(world, ended, "stopped")
    failing = plan(world, participantId="tamar", meterableUnitIds=["MU-2001"], startTime=f"{day}T10:10:00Z",
                   endTime=f"{day}T10:50:00Z")
    eventually(lambda: world.get(f"/_sim/dispatches/{failing}").json()["messages"][0]["attempts"], "an attempt")
    assert state_of(world, failing) == "sent"


_ELSEWHERE = frozenset({
    "meta", "clock", "job_runs", "journal", "mails", "mail_attachments", "attempts", "sessions", "sign_in_attempts",
    "password_links", "reset_requests", "uploads", "upload_errors", "smp_transactions", "smp_signing_keys",
    "sqlite_sequence"})
"""Tables that tell only of the past, or are secrets of one world; a fixture says so."""

_LIGHT = "$argon2id$v=19$m=8,"

_OTHER = frozenset({"journal_entry", "cause", "since", "last_code_step"})
"""Columns that name entries of a journal, or an instant that nobody is shown."""


def held(server: Simulator, world: str) -> dict[str, list[dict[str, Any]]]:
    """What a world holds: the rows of every table that a fixture saves; units by their ids."""
    found = server.worlds.find(world)
    assert found is not None
    with sqlite3.connect(f"file:{found.file}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        names = [row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")]
                  for name in names if name not in _ELSEWHERE}
    connection.close()
    units = {row["number"]: row["id"] for row in tables["units"]}
    tables["messages"] = [row for row in tables["messages"]
                          if row["kind"] == "dispatch" and row["state"] in ("waiting", "under_way", "held")]
    return {name: sorted((_plain(name, row, units, tables) for row in rows), key=repr)
            for name, rows in tables.items()}


def _plain(table: str, row: dict[str, Any], units: dict[int, str], tables: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in _OTHER}
    if "unit" in kept:
        kept["unit"] = units[kept["unit"]]
    if table == "events" and row["state"] == "provisional":
        kept.pop("as_of")
    if table == "event_periods":
        kept["event"] = next(event["id"] for event in tables["events"] if event["number"] == row["event"])
    if table == "messages":
        kept = {name: kept[name] for name in ("kind", "organisation_id", "lane", "content", "due_at")}
    if str(kept.get("password_hash")).startswith(_LIGHT):
        kept["password_hash"] = "of a public password, salted anew"
    if table in ("units", "events", "baselines", "accounts", "dispatches", "faults", "decisions"):
        kept.pop("number", None)
        kept.pop("id", None) if table in ("accounts", "faults") else None
    return kept


def _good(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None
