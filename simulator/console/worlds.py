"""The Worlds page: every world of this server, made from a fixture, opened, put back to its start, deleted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import Field, SelectChoice, SelectField, StringField, TextAreaField

from simulator import assets, snapshots
from simulator.console.clock_words import mode_words
from simulator.console.forms import go_to_first_error, typed
from simulator.console.overview import console_of
from simulator.downloads import file_to_keep
from simulator.market.errors import NotFound
from simulator.operations.fixture_saving import saved_fixture
from simulator.operations.fixtures import GIVEN, Fixture, FixtureUnusable, fixture_from_text
from simulator.settings import DEFAULT_WORLD
from simulator.timekeeping.clock import wall_now
from simulator.timekeeping.moments import moment_from_words
from simulator.web import current_world, current_worlds, stepped_out
from simulator.world import World
from simulator.worlds import WorldIsThere, WorldRefused

_MOST_PROBLEMS = 50
_FIXTURE_WORDS = {"demo": "two organisations, with the history of two months", "quiet": "the same, with nothing going "
                  "on: for tests", "empty": "no organisation at all"}
_USUAL_FIXTURE = "demo"


class WorldForm(FlaskForm):
    """A world to make."""

    name = StringField("Name")
    fixture = SelectField("Fixture", validate_choice=False)
    file = FileField("Fixture file")
    text = TextAreaField("Fixture text")
    now = StringField("Market time at its start")


@dataclass(frozen=True, slots=True)
class ShownWorld:
    """A world as a line of the page. `bytes` is the size of all its files."""

    name: str
    fixture: str
    now: datetime
    mode: str
    snapshots: int
    bytes: int
    console: str
    portal: str
    is_here: bool
    can_be_deleted: bool


def add_routes(blueprint: Blueprint) -> None:
    """Look at the worlds, make one, reset one, delete one; save this one as a fixture."""
    blueprint.add_url_rule("/worlds", "worlds_page", worlds_page)
    blueprint.add_url_rule("/worlds", "make_world", make, methods=["POST"])
    blueprint.add_url_rule("/fixture", "download_fixture", download_fixture)
    blueprint.add_url_rule("/worlds/<name>/reset", "reset_world", reset, methods=["POST"])
    blueprint.add_url_rule("/worlds/<name>/delete", "delete_world_page", delete_page)
    blueprint.add_url_rule("/worlds/<name>/delete", "delete_world", delete, methods=["POST"])


def worlds_page() -> Any:
    """All worlds."""
    return _show(_form(formdata=None, fixture=_USUAL_FIXTURE))


def _form(**options: Any) -> WorldForm:
    form = WorldForm(**options)
    form.fixture.choices = [
        *(SelectChoice(value=name, label=f"{name}: {_FIXTURE_WORDS[name]}" if name in _FIXTURE_WORDS else name)
          for name in assets.world_fixtures()),
        SelectChoice(value=GIVEN, label="one of your own, below")]
    return form


def _show(form: WorldForm, status: int = 200) -> Any:
    go_to_first_error(form)
    found = [shown for name in current_worlds.names() if (shown := _shown(name)) is not None]
    return render_template("console/worlds.html", worlds=found, form=form, given=GIVEN), status


def _shown(name: str) -> ShownWorld | None:
    """A world for people; None for one that has just been deleted."""
    world = current_worlds.find(name)
    if world is None:
        return None
    console = console_of(name)
    with suppress(NotFound):
        return ShownWorld(name, world.fixture, world.now(), mode_words(world.clock.mode, world.clock.rate),
                          snapshots.count_of(world), _size_of(world.folder), console,
                          f"{console.removesuffix('/console')}/", name == current_world.name, name != DEFAULT_WORLD)
    return None


def _size_of(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with suppress(OSError):  # SQLite makes and removes files beside its own
            total += file.stat().st_size
    return total


def make() -> Any:
    """Make a world."""
    form = _form()
    name = typed(form.name.data)
    problems: list[tuple[Field, str]] = []
    content = _content(form, problems)
    now = _start(form, problems)
    if not name:
        problems.append((form.name, "Give it a name, such as regression-1."))
    elif current_worlds.find(name) is not None:
        # Told now, beside what else is wrong; should somebody else be making it, `create` says so.
        problems.append((form.name, str(WorldIsThere(name))))
    if not problems:
        try:
            with stepped_out():
                current_worlds.create(name, GIVEN if content else form.fixture.data or "", now, content, replace=False)
        except WorldRefused as error:
            problems.append((form.name, str(error)))
        except FixtureUnusable as error:
            problems += [(form.fixture, line) for line in error.problems]
    if problems:
        for field, message in problems[:_MOST_PROBLEMS]:
            field.errors = [*field.errors, message]
        return _show(form, 422)
    flash(f"The world {name} is made.", "success")
    return redirect(url_for("console.worlds_page"), 303)


def _content(form: WorldForm, problems: list[tuple[Field, str]]) -> Fixture | None:
    """The fixture that was given as a file or a text; None when a shipped one was chosen, or something is wrong."""
    if form.fixture.data in assets.world_fixtures():
        return None
    if form.fixture.data != GIVEN:
        problems.append((form.fixture, "Choose a fixture."))
        return None
    file = request.files.get("file")
    field, text = form.text, form.text.data or ""
    if file is not None and file.filename:
        field = form.file
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            problems.append((field, "The file is no text in UTF-8. A fixture is a YAML file."))
            return None
    if not text.strip():
        problems.append((field, "Choose a file, or paste the text of a fixture."))
        return None
    try:
        return fixture_from_text(text)
    except FixtureUnusable as error:
        problems += [(field, line) for line in error.problems]
        return None


def _start(form: WorldForm, problems: list[tuple[Field, str]]) -> datetime | None:
    """When the world begins; None for this machine's time."""
    words = typed(form.now.data)
    try:
        return moment_from_words(words, wall_now()) if words else None
    except ValueError as error:
        problems.append((form.now, str(error)))
        return None


def reset(name: str) -> Any:
    """Put a world back to its start."""
    _find(name)
    try:
        with stepped_out():
            current_worlds.reset(name)
    except NotFound as error:
        abort(404, str(error))
    flash(f"The world {name} is as it was at its start.", "success")
    return redirect(url_for("console.worlds_page"), 303)


def delete_page(name: str) -> Any:
    """Ask whether a world shall really be deleted."""
    _find(name)
    return render_template("console/delete_world.html", world=_shown(name), form=FlaskForm())


def delete(name: str) -> Any:
    """Delete a world."""
    _find(name)
    is_here = name == current_world.name
    try:
        with stepped_out():
            current_worlds.delete(name)
    except NotFound as error:
        abort(404, str(error))
    except WorldRefused as error:
        abort(409, str(error))
    if is_here:
        # This world's pages are gone; nothing can be told on them any more.
        return redirect(f"{console_of(DEFAULT_WORLD)}/worlds", 303)
    flash(f"The world {name} is deleted.", "success")
    return redirect(url_for("console.worlds_page"), 303)


def download_fixture() -> Response:
    """This world as a fixture, YAML."""
    with current_world.view() as view:
        saved = saved_fixture(view, current_world.now())
    return file_to_keep(saved.text, "application/yaml", f"{current_world.name}.yaml")


def _find(name: str) -> World:
    return current_worlds.find(name) or abort(404, f"There is no world {name[:80]!r} on this server.")
