"""Upload of readings as CSV on the Readings page, with its progress and its result."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectChoice

from simulator.contracts import Contract
from simulator.contracts.problems import Unfit
from simulator.contracts.times import read_rfc3339
from simulator.documents.csv_files import ReadingColumns, TimeNotRead, write_rows
from simulator.operations import uploads
from simulator.operations.units import units_of
from simulator.portal.guard import my_organisation
from simulator.upload_runs import UploadRuns
from simulator.web import current_world, json_answer, work_of_request

_PLACE = "/api-testing/readings/uploads"
_MOST = 2**53
_WAIT_SECONDS = 1.5
_KINDS = {"power": ("power_kw", "energy_kwh"), "energy": ("energy_kwh", "power_kw")}


class UploadForm(FlaskForm):
    """A CSV file, and whether it holds power or energy."""

    quantity = RadioField("The file holds", default="power", choices=[
        SelectChoice("power", "Power in kW"), SelectChoice("energy", "Energy in kWh")])
    file = FileField("CSV file", [FileRequired("Choose a CSV file.")])


def add_routes(blueprint: Blueprint, contract: Contract, runs: UploadRuns) -> None:
    """Taking the file, and the page of an upload."""
    names = {canonical: wire for wire, canonical in contract.csv.items()}

    def upload_readings() -> Any:
        return take_upload(names, runs)

    def upload_page(upload_id: int) -> Any:
        return show_upload(upload_id, runs)

    def upload_progress(upload_id: int) -> Any:
        return tell_progress(upload_id, runs)

    blueprint.add_url_rule(_PLACE, "upload_readings", upload_readings, methods=["POST"])
    # A refused form stands at this address, and a browser may ask for it again.
    blueprint.add_url_rule(_PLACE, "no_upload", lambda: redirect(url_for("portal.readings_page")))
    blueprint.add_url_rule(f"{_PLACE}/<int(max={_MOST}):upload_id>", "upload_page", upload_page)
    blueprint.add_url_rule(f"{_PLACE}/<int(max={_MOST}):upload_id>/progress", "upload_progress", upload_progress)
    blueprint.add_url_rule(f"{_PLACE}/<int(max={_MOST}):upload_id>/errors.csv", "upload_errors", upload_errors)


def read_time(text: str) -> datetime:
    """A time of a CSV cell, by the same rules as in the API."""
    try:
        return read_rfc3339(text)
    except Unfit as error:
        raise TimeNotRead(error.code, f"The timestamp {error.message}") from None


def columns_for(quantity: str, names: dict[str, str]) -> ReadingColumns:
    """The columns of a file that holds power or energy; `names` maps our names to the contract's."""
    amount, other = _KINDS[quantity]
    return ReadingColumns(names["meterable_unit_id"], names["timestamp"], names[amount], amount, names[other])


def take_upload(names: dict[str, str], runs: UploadRuns) -> Any:
    """Take a file and begin to store it; a short file is done by the time the next page shows."""
    form = UploadForm()
    organisation_id = my_organisation().id
    if not form.validate_on_submit():
        with current_world.view() as view:
            units = units_of(view, organisation_id)
        return render_template("portal/upload_form.html", form=form, units=units), 422
    # A file of our own: the request's goes with the request, and the upload may take longer.
    # The run closes it.
    file = tempfile.TemporaryFile(dir=current_world.folder)  # noqa: SIM115
    shutil.copyfileobj(form.file.data.stream, file, 1 << 20)
    file.seek(0)
    with work_of_request() as work:
        upload_id = uploads.begin_upload(work, organisation_id, (form.file.data.filename or "upload.csv")[:200])
        cause = work.cause
    run = runs.begin(current_world._get_current_object(), organisation_id, upload_id, cause)
    run.start(file, columns_for(form.quantity.data, names), read_time)
    run.done.wait(_WAIT_SECONDS)
    return redirect(url_for("portal.upload_page", upload_id=upload_id))


def _upload_or_404(upload_id: int) -> uploads.Upload:
    with current_world.view() as view:
        upload = uploads.upload_of(view, my_organisation().id, upload_id)
    if upload is None:
        abort(404)
    return upload


def show_upload(upload_id: int, runs: UploadRuns) -> Any:
    """Progress while it runs, then what was stored or what is wrong."""
    run = runs.find(current_world._get_current_object(), upload_id)
    upload = _upload_or_404(upload_id)
    with current_world.view() as view:
        codes = uploads.error_codes_of(view, upload_id)
        listed = sum(count for _, count in codes)
        pages = -(-listed // uploads.ERRORS_A_PAGE)
        page = max(1, min(request.args.get("page", 1, int), pages))
        errors = uploads.errors_of(view, upload_id, (page - 1) * uploads.ERRORS_A_PAGE, uploads.ERRORS_A_PAGE)
    return render_template(
        "portal/upload.html", upload=upload, run=run if upload.state == "running" else None, errors=errors,
        codes=codes, page=page, listed=listed, pages=pages)


def tell_progress(upload_id: int, runs: UploadRuns) -> Response:
    """`{"state", "rows", "percent"}` for the page's progress bar."""
    run = runs.find(current_world._get_current_object(), upload_id)
    upload = _upload_or_404(upload_id)
    if run is None or upload.state != "running":
        return json_answer({"state": upload.state, "rows": upload.row_count, "percent": 100})
    return json_answer({"state": "running", "rows": run.rows, "percent": round(run.share * 100),
                        "step": run.step})


def upload_errors(upload_id: int) -> Response:
    """All listed errors as CSV."""
    _upload_or_404(upload_id)
    with current_world.view() as view:
        errors = uploads.errors_of(view, upload_id)
    body = write_rows(("line", "column", "code", "message"),
                      [(error.line, error.column or "", error.code, error.message) for error in errors])
    return Response(body, content_type="text/csv; charset=utf-8", headers={
        "Content-Disposition": f'attachment; filename="upload-{upload_id}-errors.csv"'})
