"""Meterable Units: the organisation's units and their ids."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from simulator.operations.baselines import baseline_of
from simulator.operations.units import latest_reading, units_of
from simulator.portal.guard import my_organisation
from simulator.web import current_world


def add_routes(blueprint: Blueprint) -> None:
    """The page."""
    blueprint.add_url_rule("/meterable-units", "units_page", units_page)


def units_page() -> Any:
    """All units, with zone, granularity, baseline in force and the latest reading."""
    now = current_world.now()
    with current_world.view() as view:
        units = units_of(view, my_organisation().id)
        latest = {unit.id: latest_reading(view, unit) for unit in units}
        baselines = {unit.id: version.baseline for unit in units if (version := baseline_of(view, unit, now))}
    return render_template("portal/units.html", units=units, latest=latest, baselines=baselines)
