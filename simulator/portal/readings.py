"""API Testing, Readings (portal guide §3.1): the latest 60 readings of each unit, and an example that runs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request

from simulator.contracts import BoundOperation, Contract
from simulator.market.intervals import period_start
from simulator.market.organisations import MeterableUnit
from simulator.market.quantities import energy_kwh
from simulator.operations.tokens import token_of
from simulator.operations.units import latest_readings, units_of
from simulator.operations.uploads import latest_uploads
from simulator.portal.charts import chart_of
from simulator.portal.examples import example_call
from simulator.portal.guard import my_organisation
from simulator.portal.uploads import UploadForm
from simulator.web import current_world


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
    return next((unit for unit in units if unit.id == wanted), None) or abort(
        404, f"{wanted[:80]!r} is not one of your Meterable Units.")


def _row(unit: MeterableUnit, end: Any, milliwatts: int) -> dict[str, Any]:
    energy = energy_kwh(milliwatts, unit.granularity)
    return {"end": end, "start": period_start(end, unit.granularity), "milliwatts": milliwatts,
            "kwh": f"{round(energy, 6).normalize() + 0:f}".replace("-", "−")}
