"""API Testing, Readings (portal guide §3.1): the latest 60 readings of each unit, and an example that runs."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, render_template, request

from simulator.contracts import BEARER, BoundOperation, CannotWrite, Contract, WireRequest
from simulator.market.intervals import last_period_end, period_start
from simulator.market.organisations import MeterableUnit
from simulator.market.quantities import energy_kwh
from simulator.operations.tokens import token_of
from simulator.operations.units import latest_readings, units_of
from simulator.operations.uploads import latest_uploads
from simulator.portal.charts import chart_of
from simulator.portal.guard import my_organisation
from simulator.portal.uploads import UploadForm
from simulator.web import current_world

_EXAMPLE_KW = (12.5, -12.5, 60, -60, 1_000, -1_000, 60_000, -60_000)
"""Powers to choose the example's from: a contract may take whole numbers, whole MW, or one direction only."""


def add_routes(blueprint: Blueprint, contract: Contract) -> None:
    """The page; its example follows the contract in force."""
    operation = contract.operations["postReadings"]
    blueprint.add_url_rule("/api-testing/readings", "readings_page", lambda: readings_page(operation))


def readings_page(operation: BoundOperation) -> Any:
    """The readings of one unit, chosen by `?unit=`; the first unit otherwise."""
    organisation = my_organisation()
    with current_world.view() as view:
        units = units_of(view, organisation.id)
        unit = _chosen(units)
        readings = latest_readings(view, unit) if unit else []
        token = token_of(view, organisation.id)
        uploads = latest_uploads(view, organisation.id)
    return render_template(
        "portal/readings.html", units=units, unit=unit, chart=chart_of(readings),
        rows=[_row(unit, end, milliwatts) for end, milliwatts in readings] if unit else [],
        example=example_call(operation, unit, token.token) if unit and token else None,
        form=UploadForm(), uploads=uploads)


def _chosen(units: list[MeterableUnit]) -> MeterableUnit | None:
    wanted = request.args.get("unit")
    if wanted is None:
        return units[0] if units else None
    return next((unit for unit in units if unit.id == wanted), None) or abort(404)


def _row(unit: MeterableUnit, end: Any, milliwatts: int) -> dict[str, Any]:
    energy = energy_kwh(milliwatts, unit.granularity)
    return {"end": end, "start": period_start(end, unit.granularity), "milliwatts": milliwatts,
            "kwh": f"{round(energy, 6).normalize() + 0:f}".replace("-", "−")}


def example_call(operation: BoundOperation, unit: MeterableUnit, token: str) -> str | None:
    """A curl command that posts the unit's last complete period and works as it stands, whatever the contract.

    None when the contract has no way to say it, such as a contract that takes numbers for ids of units.
    """
    wire = _example_request(operation, unit)
    if wire is None:
        return None
    where, name, value = (operation.credential or BEARER).write(token)
    headers = dict(wire.headers)
    if where == "header":
        headers = {name: value, **{other: text for other, text in headers.items() if other.lower() != name.lower()}}
    else:
        wire = replace(wire, query={**wire.query, name: value})
    target = request.host_url.rstrip("/") + request.script_root + wire.target
    parts = [f"curl -X {wire.method} {shlex.quote(target)}"]
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    if wire.body:
        parts += [f"-H {shlex.quote(f'Content-Type: {wire.media_type}')}", f"-d {shlex.quote(wire.body.decode())}"]
    return " \\\n  ".join(parts)


def _example_request(operation: BoundOperation, unit: MeterableUnit) -> WireRequest | None:
    """The first of the example amounts that the contract can say and finds nothing wrong with."""
    known = {"meterable_unit_id": unit.id, "timestamp": last_period_end(current_world.now(), unit.granularity)}
    for kw in _EXAMPLE_KW:
        for amount in ({"power_kw": kw}, {"energy_kwh": kw * unit.granularity.seconds / 3600}):
            try:
                wire = operation.write([{**known, **amount}])
            except CannotWrite:
                continue
            if not operation.read(wire).problems:
                return wire
    return None
