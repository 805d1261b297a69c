"""The Snapshots page: copies of this world, taken, restored, carried away as files and brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import Field, StringField

from simulator import snapshots
from simulator.console.forms import go_to_first_error, typed
from simulator.downloads import large_file_to_keep
from simulator.market.errors import NotFound
from simulator.settings import SNAPSHOT_TYPE
from simulator.snapshots import SnapshotNameRefused, SnapshotRefused
from simulator.timekeeping.london import to_london
from simulator.web import current_world, current_worlds, stepped_out, work_of_request


class SnapshotForm(FlaskForm):
    """A snapshot to take."""

    name = StringField("Name")


class UploadForm(FlaskForm):
    """A snapshot to bring back."""

    snapshot = FileField("File of a snapshot")
    kept_as = StringField("Keep it as")


def add_routes(blueprint: Blueprint) -> None:
    """Look at the snapshots; take, restore, delete, download and upload one."""
    place = "/snapshots/<name>"
    blueprint.add_url_rule("/snapshots", "snapshots_page", snapshots_page)
    blueprint.add_url_rule("/snapshots", "take_snapshot", take, methods=["POST"])
    blueprint.add_url_rule("/snapshots/upload", "upload_snapshot", upload, methods=["POST"])
    blueprint.add_url_rule(f"{place}/restore", "restore_snapshot", restore, methods=["POST"])
    blueprint.add_url_rule(f"{place}/delete", "delete_snapshot", delete, methods=["POST"])
    blueprint.add_url_rule(f"{place}/file", "download_snapshot", download)


def snapshots_page() -> Any:
    """All snapshots of this world."""
    return _show(_blank(SnapshotForm), _blank(UploadForm))


def _blank(form: type[FlaskForm]) -> FlaskForm:
    return form(formdata=None, name=f"{to_london(current_world.now()):%Y-%m-%d-%H%M}")


def _show(form: FlaskForm, upload_form: FlaskForm, status: int = 200) -> Any:
    go_to_first_error(form)
    go_to_first_error(upload_form)
    return render_template("console/snapshots.html", form=form, upload_form=upload_form,
                           snapshots=snapshots.snapshots_of(current_worlds, current_world.name)), status


def take() -> Any:
    """Take a snapshot; one of the same name is replaced."""
    form = SnapshotForm()
    name = typed(form.name.data)
    try:
        if not name:
            raise SnapshotRefused("Give it a name, such as before-the-test.")
        with stepped_out():
            _, is_new = snapshots.take(current_worlds, current_world.name, name, work_of_request)
    except SnapshotRefused as refusal:
        return _refuse(form.name, refusal, form, _blank(UploadForm))
    flash(f"The snapshot {name} is taken." if is_new else f"The snapshot {name} is taken again.", "success")
    return redirect(url_for("console.snapshots_page"), 303)


def _refuse(field: Field, refusal: SnapshotRefused, form: FlaskForm, upload_form: FlaskForm) -> Any:
    field.errors = [*field.errors, str(refusal)]
    return _show(form, upload_form, 422)


def upload() -> Any:
    """Keep an uploaded file as a snapshot; it is checked from end to end first."""
    form = UploadForm()
    file, name = request.files.get("snapshot"), typed(form.kept_as.data)
    if file is None or not file.filename:
        return _refuse(form.snapshot, SnapshotRefused("Choose the file of a snapshot."), _blank(SnapshotForm), form)
    name = name or Path(file.filename).name.partition(".")[0].lower()
    try:
        with stepped_out():
            _, is_new = snapshots.add(current_worlds, current_world.name, name, file.stream)
    except SnapshotNameRefused as refusal:
        return _refuse(form.kept_as, refusal, _blank(SnapshotForm), form)
    except SnapshotRefused as refusal:
        return _refuse(form.snapshot, refusal, _blank(SnapshotForm), form)
    flash(f"The snapshot {name} is kept{'' if is_new else ' in place of the one before'}.", "success")
    return redirect(url_for("console.snapshots_page"), 303)


def restore(name: str) -> Any:
    """Let the world go back to a snapshot."""
    try:
        with stepped_out():
            snapshots.restore(current_worlds, current_world.name, name)
    except NotFound as error:
        abort(404, str(error))
    except SnapshotRefused as refusal:
        flash(str(refusal), "danger")
    else:
        flash(f"The world is as it was in the snapshot {name}.", "success")
    return redirect(url_for("console.snapshots_page"), 303)


def delete(name: str) -> Any:
    """Delete a snapshot."""
    try:
        with stepped_out():
            snapshots.remove(current_worlds, current_world.name, name)
    except NotFound as error:
        abort(404, str(error))
    flash(f"The snapshot {name} is deleted.", "success")
    return redirect(url_for("console.snapshots_page"), 303)


def download(name: str) -> Response:
    """The file of a snapshot."""
    try:
        file = snapshots.file_of(current_worlds, current_world.name, name)
        return large_file_to_keep(file, SNAPSHOT_TYPE, f"{current_world.name}-{name}{snapshots.ENDING}")
    except (NotFound, FileNotFoundError):
        abort(404, f"There is no snapshot {name[:80]!r} of this world.")
