"""The record of a saved world: what is wrong with one is said at once, each with its line, column and path."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from simulator.operations.fixture_text import write_text
from simulator.operations.fixtures import FixtureUnusable, fixture_from_text

LINE = {"kind": "utilisation", "description": "x", "watt_hours": 1, "rate": 300, "factor": 1, "pence": 1,
        "because": "x", "label": "assumed"}

SOUND: dict[str, Any] = {
    "starts_at": "2026-11-16T10:00:00Z", "clock": "frozen",
    "zones": [{"code": "CMZ_A", "name": "Ashgrove", "licence_area": "South Wales"}],
    "organisations": [
        {"id": "acme", "name": "Acme", "portal": {"email": "a@acme.example"}, "units": [
            {"id": "MU-1", "description": "Battery", "technology": "Batteries", "capacity_kw": 500,
             "granularity": "half_hour", "zone": "CMZ_A", "baselines": [
                 {"from": "2026-10-01T00:00:00Z", "kind": "flat", "kw": -20}],
             "readings": [{"start": "2026-11-10T16:00:00Z", "kw": "1 2 3"}]}]},
        {"id": "bolt", "name": "Bolt", "portal": {"email": "b@bolt.example"}, "units": []}],
    "record": {
        "final_months": [{"month": "2026-10", "final_at": "2026-11-15T00:00:00Z"}],
        "static_declarations": [
            {"id": "DEC-1", "organisation": "acme", "unit": "MU-1", "programme": "OU", "power_kw": 5, "direction": "up",
             "windows": ["MONDAY 10:00-24:00"], "made_at": "2026-10-01T00:00:00Z", "first_week": "2026-10-05"}],
        "declarations": [{"static": "DEC-1", "week": "2026-10-12", "made_at": "2026-10-08T11:00:00Z"}],
        "dispatches": [
            {"id": "D-1", "organisation": "acme", "programme": "OU", "units": ["MU-1"],
             "start": "2026-10-12T16:00:00Z", "end": "2026-10-12T17:00:00Z", "power_kw": 5, "notice_seconds": 900,
             "state": "stopped", "made_at": "2026-10-08T11:00:00Z", "stopped_at": "2026-10-12T17:00:00Z"}],
        "weeks": [{"week": "2026-10-12", "decided_at": "2026-10-08T11:00:00Z", "rule": "all", "decisions": [
            {"declaration": "DEC-1-2026-10-12", "window": 0, "verdict": "accepted", "power_kw": 5, "dispatch": "D-1",
             "because": "x", "start": "2026-10-12T16:00:00Z", "end": "2026-10-12T17:00:00Z"}]}],
        "invoices": [{"number": "INV-1", "organisation": "acme", "name": "Acme", "month": "2026-10", "zone": "CMZ_A",
                      "zone_name": "Ashgrove", "as_of": "2026-11-15T00:00:00Z", "events": 1, "utilisation_pence": 1,
                      "availability_pence": 0}],
        "final_events": [
            {"id": "D-1", "dispatch": "D-1", "units": ["MU-1"], "start": "2026-10-12T16:00:00Z",
             "end": "2026-10-12T17:00:00Z", "power_kw": 5, "price": "300.00", "price_label": "assumed",
             "price_because": "x", "status": "green", "rule": "x", "as_of": "2026-11-15T00:00:00Z", "policy": "p",
             "invoice": "INV-1", "lines": [LINE],
             "meters": [{"baseline": "flat", "read_kw": "5 -", "expected_kw": "0*2"}]}],
        "faults": [{"surface": "smp", "effect": {"status": 500}}],
        "smp_units": [{"id": "U-1", "organisation": "acme", "name": "One", "type": "AGGREGATED",
                       "made_at": "2026-10-01T00:00:00Z", "details": {}}],
        "smp_assets": [{"id": "AST-000001", "organisation": "acme", "unit": "U-1", "made_at": "2026-10-01T00:00:00Z",
                        "details": {"external_reference": "B-1"}}]}}


def changed(place: str, value: Any) -> dict[str, Any]:
    """The sound fixture with something else at a place; None removes what is there, + adds a second one to a list."""
    content = deepcopy(SOUND)
    inside: Any = content
    *way, last = [int(part) if part.isdigit() else part for part in place.split("/")]
    for part in way:
        inside = inside[part]
    if last == "+":
        inside.append(value)
    elif value is None:
        del inside[last]
    else:
        inside[last] = value
    return content


def problems_of(content: dict[str, Any]) -> list[str]:
    with pytest.raises(FixtureUnusable) as caught:
        fixture_from_text(write_text(content))
    return caught.value.problems


def test_the_sound_one_is_sound() -> None:
    """Or the others would prove nothing."""
    assert fixture_from_text(write_text(SOUND)).is_saved


@pytest.mark.parametrize(("place", "value", "told"), [
    ("starts_at", None, "record: its times are absolute, so the fixture needs starts_at"),
    ("starts_at", "2026-02-30T00:00:00Z", "starts_at: '2026-02-30T00:00:00Z' is not a time"),
    ("starts_at", "0001-01-01T00:00:00Z", "starts_at: '0001-01-01T00:00:00Z' is out of range"),
    ("market", {"months": 1}, "market: a fixture has a market, which is relative to its start, or a record"),
    ("organisations/0/declarations", [], "organisations/0/declarations: beside a record"),
    ("organisations/0/units/0/baseline", {"flat_kw": 1}, "units/0/baseline: beside a record, a unit has baselines"),
    ("organisations/0/units/0/baselines/0/kw", "1 2", "a baseline of this kind has 1 powers, and this one 2"),
    ("organisations/0/units/0/baselines/0/kind", "template", "has 336 powers, and this one 1"),
    ("organisations/0/units/0/baselines/0/kw", "lots", "baselines/0/kw: unit MU-1: 'lots' is not a power"),
    ("organisations/0/units/0/readings/0/kw", "1 -", "readings/0/kw: unit MU-1: '-' is not a power"),
    ("organisations/0/units/0/readings/0/start", "2026-11-10T16:10:00Z", "30 minutes begin on the grid"),
    ("organisations/0/units/0/readings/+", {"start": "2026-11-10T17:00:00Z", "kw": "1"}, "begins before the readings"),
    ("organisations/0/portal/password_hash", "$argon2id$x", "this is not a hash of argon2id"),
    ("organisations/0/portal/password_hash", "$argon2id$v=19$m=1048576,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "this is not a hash of argon2id"),
    ("organisations/0/dispatch_endpoint", {"base_url": "http://a", "auth": "hmac"}, "bearer and hmac need a secret"),
    ("organisations/0/dispatch_endpoint", {"base_url": "ftp://a"}, "is not written as it should be"),
    ("record/final_months/+", SOUND["record"]["final_months"][0], "month of final_months '2026-10' occurs 2 times"),
    ("record/static_declarations/0/unit", "MU-9", "organisation acme has no unit 'MU-9'"),
    ("record/static_declarations/0/first_week", "2026-10-06", "is not a Monday"),
    ("record/static_declarations/0/windows", ["MONDAY 25:00-26:00"], "A day and London times of it"),
    ("record/declarations/0/static", "DEC-9", "'DEC-9' is not among the static declarations"),
    ("record/declarations/0/static", None, "it needs id, organisation, unit, programme, windows, power_kw, direction"),
    ("record/dispatches/0/units", ["MU-9"], "organisation acme has no unit 'MU-9'"),
    ("record/dispatches/0/organisation", "cob", "there is no organisation 'cob'"),
    ("record/dispatches/0/end", "2026-10-12T16:00:00Z", "its end is not after its start"),
    ("record/dispatches/0/messages", [{"says": "stop", "due_at": "2026-13-12T16:00:00Z"}], "messages/0/due_at:"),
    ("record/dispatches/+", SOUND["record"]["dispatches"][0], "id of dispatches 'D-1' occurs 2 times"),
    ("record/weeks/0/decisions/0/declaration", "DEC-9", "'DEC-9' is not among the declarations"),
    ("record/weeks/0/decisions/0/window", 1, "has no window 1 (0 is the first)"),
    ("record/weeks/0/decisions/0/dispatch", "D-9", "'D-9' is not among the dispatches"),
    ("record/weeks/0/decisions/0/bid_price", "dear", "'dear' is not a number"),
    ("record/final_events/0/dispatch", "D-9", "'D-9' is not among the dispatches"),
    ("record/final_events/0/invoice", "INV-9", "'INV-9' is not among the invoices"),
    ("record/final_events/0/units", ["MU-9"], "units of an event are among those of its dispatch: MU-1"),
    ("record/final_events/0/meters", [], "there are 1 units, and 0 meters"),
    ("record/final_events/0/meters/0/read_kw", "5", "2 periods of half-hourly have as many powers; here are 1 and 2"),
    ("record/final_events/0/power_kw", 0, "nothing was instructed in it"),
    ("record/final_events/0/end", "2026-10-12T15:00:00Z", "its end is not after its start"),
    ("record/final_events/0/price", "NaN", "is not a number that can be used"),
    ("record/invoices/0/organisation", "cob", "there is no organisation 'cob'"),
    ("record/faults/0/effect", {"stuck": False}, "record/faults/0/effect"),
    ("record/faults/0/participant", "cob", "there is no organisation 'cob'"),
    ("record/smp_assets/0/unit", "U-9", "'U-9' is not among the smp units"),
    ("record/smp_assets/+", {**SOUND["record"]["smp_assets"][0], "id": "AST-000002"}, "participant and external_ref"),
    ("record/smp_units/0/organisation", "cob", "there is no organisation 'cob'"),
])
def test_what_cannot_be_is_refused_in_words(place: str, value: Any, told: str) -> None:
    """Ours: a mistake is said with its line, column and path."""
    found = problems_of(changed(place, value))
    assert any(told in problem for problem in found), found
    # What names the wrong thing is wrong as well.
    assert len(found) <= 2, found
    assert all(problem.startswith("line ") for problem in found), found


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """Ours: in the order of the text."""
    content = changed("record/final_events/0/dispatch", "D-9")
    content["record"]["smp_assets"][0]["unit"] = "U-9"
    content["organisations"][1]["portal"]["email"] = "b@bolt..example"
    found = problems_of(content)
    assert [next(word for word in ("bolt..", "D-9", "U-9") if word in problem) for problem in found] == [
        "bolt..", "D-9", "U-9"]
