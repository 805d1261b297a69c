"""Meterable Units, one of them: its details, its programmes, and its baseline (templates: portal FAQ page, public)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField

from simulator.documents.bundles import file_name
from simulator.documents.chart_svg import chart_svg, legend
from simulator.documents.charts import ChartPeriod, PowerChart, power_chart
from simulator.documents.csv_files import CsvUnreadable
from simulator.documents.template_files import read_template_rows, write_template
from simulator.downloads import file_to_keep
from simulator.market.baselines import NO_BASELINE, Baseline, BaselineVersion, row_count
from simulator.market.declarations import monday_of
from simulator.market.errors import Refused
from simulator.market.intervals import Granularity
from simulator.market.organisations import MeterableUnit
from simulator.market.performance import average
from simulator.operations import baselines, declarations
from simulator.operations.units import latest_reading, units_of
from simulator.portal.guard import my_organisation
from simulator.portal.month_words import surroundings
from simulator.timekeeping.london import from_london
from simulator.web import current_world, work_of_request

_PLACE = "/meterable-units/<unit_id>"
_LISTED_ERRORS = 100
_LISTED_VERSIONS = 10
_WEEKS_AHEAD = 4
_WINTER_MONDAY = datetime(2026, 1, 5)
"""Of a week without a change of clocks: a template's week has none."""

_LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class TemplateError:
    """One thing wrong with a template file; the line counts from 1, column is None for the whole line."""

    line: int | None
    column: str | None
    code: str
    message: str


class TemplateForm(FlaskForm):
    """A baseline template as CSV."""

    file = FileField("CSV file", [FileRequired("Choose a CSV file.")])


class FlatForm(FlaskForm):
    """One power at all times."""

    power_kw = StringField("Power in kW")


def add_routes(blueprint: Blueprint) -> None:
    """The page of a unit, both ways of setting its baseline, and the baseline as a file."""
    blueprint.add_url_rule(_PLACE, "unit_page", unit_page)
    for place, endpoint, view in (("template", "upload_template", upload_template), ("flat", "set_flat", set_flat)):
        blueprint.add_url_rule(f"{_PLACE}/baseline/{place}", endpoint, view, methods=["POST"])
        # A refused form stands at this address, and a browser may ask for it again.
        blueprint.add_url_rule(f"{_PLACE}/baseline/{place}", f"no_{endpoint}", back_to_unit)
    blueprint.add_url_rule(f"{_PLACE}/baseline.csv", "baseline_file", baseline_file)


def unit_page(unit_id: str) -> Any:
    """Everything about a unit."""
    return _show(_unit_or_404(unit_id), TemplateForm(formdata=None), FlatForm(formdata=None))


def back_to_unit(unit_id: str) -> Any:
    """The page of the unit."""
    return redirect(url_for("portal.unit_page", unit_id=unit_id))


def upload_template(unit_id: str) -> Any:
    """Take a template, or say everything that is wrong with it."""
    unit = _unit_or_404(unit_id)
    form = TemplateForm()
    if not form.validate_on_submit():
        return _show(unit, form, FlatForm(formdata=None)), 422
    try:
        rows = read_template_rows(form.file.data.stream)
        with work_of_request() as work:
            version = baselines.set_template(work, my_organisation().id, unit.id, rows)
    except CsvUnreadable as error:
        return _show(unit, form, FlatForm(formdata=None), [
            TemplateError(error.line, error.column, error.code, str(error))], form.file.data.filename), 422
    except Refused as refusal:
        return _show(unit, form, FlatForm(formdata=None), [
            TemplateError(int(breach.pointer) if breach.pointer else None, breach.field, breach.code, breach.message)
            for breach in refusal.breaches], form.file.data.filename), 422
    return _done(unit, version)


def set_flat(unit_id: str) -> Any:
    """Set one power at all times."""
    unit = _unit_or_404(unit_id)
    form = FlatForm()
    power = _kw(form.power_kw.data or "")
    try:
        if power is None:
            form.power_kw.errors = ["Enter a number of kW, such as -180.5; demand is negative."]
        else:
            with work_of_request() as work:
                version = baselines.set_flat(work, my_organisation().id, unit.id, power)
            return _done(unit, version)
    except Refused as refusal:
        form.power_kw.errors = [breach.message for breach in refusal.breaches]
    return _show(unit, TemplateForm(formdata=None), form), 422


def baseline_file(unit_id: str) -> Response:
    """The baseline in force as a template file, to be changed and uploaded again; rows of 0 kW without one."""
    unit = _unit_or_404(unit_id)
    with current_world.view() as view:
        version = baselines.baseline_of(view, unit, current_world.now())
    return file_to_keep(write_template(version.baseline if version else NO_BASELINE, unit.granularity),
                        "text/csv; charset=utf-8", file_name((unit.id, "baseline"), ".csv"))


def week_chart(unit: MeterableUnit, baseline: Baseline) -> PowerChart:
    """A baseline over the week, in half-hours; those of a unit metered by minute are averages."""
    powers = list(baseline.milliwatts)
    blocks = row_count(Granularity.HALF_HOUR)
    if len(powers) == 1:
        powers *= blocks
    size = len(powers) // blocks
    halves = [average(sum(powers[place * size:(place + 1) * size]), size) for place in range(blocks)]
    start = int(from_london(_WINTER_MONDAY.date(), _WINTER_MONDAY.time()).timestamp())
    step = Granularity.HALF_HOUR.seconds
    periods = [ChartPeriod(start + place * step, start + (place + 1) * step, None, power)
               for place, power in enumerate(halves)]
    return power_chart(f"Baseline of {unit.id} over a week", periods, axis="Day of the week, London time")


def _show(unit: MeterableUnit, template: TemplateForm, flat: FlatForm, errors: Sequence[TemplateError] = (),
          refused_file: str | None = None) -> str:
    now = current_world.now()
    with current_world.view() as view:
        versions = baselines.baselines_of(view, unit)
        latest = latest_reading(view, unit)
        weeks = [monday_of(now) + timedelta(days=7 * place) for place in range(_WEEKS_AHEAD)]
        declared = [found for week in weeks for found in declarations.declarations_of(view, unit.organisation_id, week)
                    if found.unit_id == unit.id]
    in_force = next((version for version in versions if version.in_force_from <= now), None)
    chart = week_chart(unit, in_force.baseline) if in_force else None
    return render_template(
        "portal/unit.html", unit=unit, latest=latest, in_force=in_force, versions=versions[:_LISTED_VERSIONS],
        version_count=len(versions), declared=declared, weeks=weeks, drawing=chart_svg(chart) if chart else None,
        samples=legend(chart) if chart else [], rows=row_count(unit.granularity), template=template, flat=flat,
        errors=errors[:_LISTED_ERRORS], error_count=len(errors), refused_file=refused_file,
        **surroundings(current_world.settings.market, (), ("baseline_in_force",)))


def _done(unit: MeterableUnit, version: BaselineVersion) -> Any:
    flash(f"The baseline of {unit.id} is in force from now on: {version.baseline.words.replace(' -', ' −')}.",
          "success")
    return redirect(url_for("portal.unit_page", unit_id=unit.id), 303)


def _unit_or_404(unit_id: str) -> MeterableUnit:
    with current_world.view() as view:
        units = units_of(view, my_organisation().id)
    return next((unit for unit in units if unit.id == unit_id), None) or abort(
        404, f"{unit_id[:80]!r} is not one of your Meterable Units.")


def _kw(text: str) -> Decimal | None:
    plain = text.strip().replace("\N{MINUS SIGN}", "-")
    if not plain or len(plain) > _LONGEST_NUMBER or not plain.isascii() or plain.strip("+-.0123456789"):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None
