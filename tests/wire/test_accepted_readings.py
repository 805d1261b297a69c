"""POST /api/v2/readings: what is accepted, and what the receipt says (wire format, assumed: participant API)."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from simulator import Simulator
from simulator.market.quantities import kw
from simulator.operations.units import latest_readings, units_of
from tests.builders import kinds_of, reading, readings_by_minute
from tests.portal import sign_in
from tests.servers import TOKEN, WorldClient, fresh_world


def stored(server: Simulator, world: WorldClient, unit: str = "MU-1001", organisation: str = "brindle"
           ) -> dict[str, Decimal]:
    """The latest 60 readings of a unit as the store has them: period end -> kW."""
    with server.worlds.using(world.name) as found, found.view() as view:
        wanted = next(known for known in units_of(view, organisation) if known.id == unit)
        return {f"{end:%Y-%m-%dT%H:%M:%SZ}": kw(milliwatts) for end, milliwatts in latest_readings(view, wanted)}


def receipt(accepted: int, created: int = 0, updated: int = 0, late: int = 0) -> dict[str, int]:
    return {"accepted": accepted, "created": created, "updated": updated, "late": late}


def test_one_reading_is_accepted(world: WorldClient) -> None:
    """Wire format, assumed: body one reading; 200 with accepted, created, updated, late."""
    answer = world.send(reading(timestamp="2026-11-02T17:01:00Z"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == receipt(1, created=1)


def test_an_array_of_readings_is_accepted(world: WorldClient) -> None:
    """Wire format, assumed: or an array."""
    units = [reading(meterableUnitId="MU-1002", timestamp="2026-11-02T17:00:00Z", energyKwh=40, powerKw=None),
             reading(timestamp="2026-11-02T17:01:00Z")]
    assert world.send(units).json() == receipt(2, created=1, updated=1)


def test_ten_thousand_readings_are_accepted_in_one_message(world: WorldClient) -> None:
    """Wire format, assumed: an array of 1 to 10,000."""
    answer = world.send(readings_by_minute(10_000, last="2026-09-30T16:30:00Z"))
    assert answer.json() == receipt(10_000, created=10_000, late=10_000)


@pytest.mark.proves("rule/readings.replaced")
def test_a_second_reading_of_the_same_period_replaces_the_first(server: Simulator, world: WorldClient) -> None:
    """Wire format, assumed: a second reading of the same unit and period replaces the first."""
    assert world.send(reading(timestamp="2026-11-02T17:01:00Z", powerKw=1)).json() == receipt(1, created=1)
    assert world.send(reading(timestamp="2026-11-02T17:01:00Z", powerKw=2)).json() == receipt(1, updated=1)
    assert stored(server, world)["2026-11-02T17:01:00Z"] == 2


@pytest.mark.parametrize(("unit", "sent", "kept_kw"), [
    ("MU-1001", {"powerKw": -12.5}, "-12.5"),
    ("MU-1001", {"powerKw": 0}, "0"),
    ("MU-1001", {"powerKw": 0.000001}, "0.000001"),
    ("MU-1001", {"powerKw": -123456.654321}, "-123456.654321"),
    ("MU-1001", {"energyKwh": -0.2}, "-12"),
    ("MU-1002", {"energyKwh": -6.25}, "-12.5"),
    ("MU-1002", {"powerKw": 12.5}, "12.5"),
])
def test_power_is_kept_exactly_and_energy_becomes_power(
        server: Simulator, world: WorldClient, unit: str, sent: dict, kept_kw: str) -> None:
    """Wire format, assumed: minute kWh = kW/60, half hour kWh = kW/2; positive is generation (portal FAQ page,
    public).
    """
    stamp = "2026-11-02T16:30:00Z"
    assert world.send({"meterableUnitId": unit, "timestamp": stamp, **sent}).status_code == 200
    assert stored(server, world, unit)[stamp] == Decimal(kept_kw)


def test_the_readings_page_shows_what_was_posted_as_power_and_as_energy(world: WorldClient) -> None:
    """Portal guide §3.1 (documented): latest readings per unit; kWh is kW/2 in a half-hour (wire format, assumed)."""
    world.freeze("2026-11-02T17:00:00Z")
    world.send(reading(meterableUnitId="MU-1002", timestamp="2026-11-02T17:00:00Z", powerKw=None, energyKwh=-6.25))
    sign_in(world)
    page = world.get("/api-testing/readings", params={"unit": "MU-1002"}).text
    row = next(row for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL) if "2026-11-02T17:00:00Z" in row)
    assert "−12.5" in row
    assert "−6.25" in row


@pytest.mark.parametrize("stamp", [
    "2026-11-02T16:30:00Z", "2026-11-02T16:30:00+00:00", "2026-11-02T17:30:00+01:00", "2026-11-02T16:30:00.000Z",
    "2026-11-02t16:30:00z", "2026-11-02T11:00:00-05:30",
])
def test_every_way_to_write_an_instant_with_its_offset_is_understood(
        server: Simulator, world: WorldClient, stamp: str) -> None:
    """Wire format, assumed: times on the wire are RFC 3339 with an offset."""
    assert world.send(reading(timestamp=stamp, powerKw=77.5)).status_code == 200
    assert stored(server, world)["2026-11-02T16:30:00Z"] == Decimal("77.5")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_taken_under_every_spelling_of_its_name(world: WorldClient, content_type: str) -> None:
    """RFC 9110: media types are without case and may have parameters."""
    answer = world.send(None, data='{"meterableUnitId": "MU-1001", "timestamp": "2026-11-02T16:30:00Z", "powerKw": 1}',
                        headers={"Content-Type": content_type})
    assert answer.status_code == 200


@pytest.mark.parametrize("authorization", [f"Bearer {TOKEN}", f"bearer {TOKEN}", f"BEARER {TOKEN}"])
def test_the_scheme_bearer_is_without_case(world: WorldClient, authorization: str) -> None:
    """RFC 9110: authentication schemes are without case."""
    assert world.send(reading(), token=None, headers={"Authorization": authorization}).status_code == 200


def test_a_body_sent_in_chunks_is_understood(world: WorldClient) -> None:
    """RFC 9112: meters and gateways stream without a length."""
    parts = iter([b'{"meterableUnitId": "MU-1001", ', b'"timestamp": "2026-11-02T16:30:00Z", "powerKw": 1}'])
    answer = world.send(None, data=parts, headers={"Content-Type": "application/json"})
    assert answer.json()["accepted"] == 1


@pytest.mark.proves("rule/months.late_readings")
def test_readings_of_a_finalised_month_are_accepted_and_counted_as_late(server: Simulator) -> None:
    """Portal FAQ page (public): accepted, but invoices do not change; wire format, assumed: late counts them."""
    with fresh_world(server.url) as world:
        world.freeze("2026-11-14T12:00:00Z")
        october = [reading(timestamp="2026-10-31T23:59:00Z"), reading(timestamp="2026-11-01T00:00:00Z")]
        november = [reading(timestamp="2026-11-01T00:01:00Z")]
        assert world.send(october + november).json()["late"] == 0
        world.advance(to="2026-11-15T00:00:00Z")
        assert world.send(october).json() == receipt(2, updated=2, late=2)
        assert world.send(november).json() == receipt(1, updated=1)


def test_a_month_in_summer_ends_at_london_midnight(server: Simulator) -> None:
    """Inferred: months are London months; the period that ends at 23:00 UTC is the last of a summer month."""
    with fresh_world(server.url, now="2026-08-20T12:00:00Z") as world:
        late = [world.send(reading(timestamp=stamp)).json()["late"]
                for stamp in ("2026-07-31T22:59:00Z", "2026-07-31T23:00:00Z", "2026-07-31T23:01:00Z")]
        assert late == [1, 1, 0]


def test_an_accepted_message_is_one_fact_in_the_journal(world: WorldClient) -> None:
    """Design: one bulk write and one journal fact, caused by the request."""
    answer = world.send([reading(timestamp="2026-11-02T16:58:00Z"), reading(timestamp="2026-11-02T16:59:00Z")])
    entry = world.journal("readings.accepted")[-1]
    assert entry["causedBy"] == int(answer.headers["X-Request-Id"])
    assert entry["data"] == {
        "organisation": "brindle", "source": "api", "units": ["MU-1001"], "accepted": 2, "created": 0, "updated": 2,
        "late": 0, "first": "2026-11-02T16:58:00+00:00", "last": "2026-11-02T16:59:00+00:00"}
    assert kinds_of(world.journal("readings.")) == ["readings.accepted"]
