"""The Clock page: freeze market time, let it run at any speed, move it forward or set it back, and see what ran."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from wtforms import Field, StringField

from simulator.clock_moves import ClockMove, ClockMoves, MoveRefused
from simulator.console.clock_words import SPEEDS, STEPS, clock_words, job_words, places
from simulator.console.forms import go_to_first_error, typed
from simulator.market_time import LONGEST_ADVANCE
from simulator.settings import LAST_YEAR
from simulator.timekeeping.clock import FASTEST, Clock, frozen_clock, real_clock, scaled_clock, wall_now
from simulator.timekeeping.durations import duration_from_words
from simulator.timekeeping.london import london_time, to_london
from simulator.timekeeping.moments import moment_from_words
from simulator.timekeeping.moves import TimeMove
from simulator.timekeeping.scheduler import JobRun
from simulator.web import current_world, current_worlds, market_now, work_of_request
from simulator.world import World

_SOON_SECONDS = 0.8
"""A move that takes longer goes on in the background, and the page shows how far it is."""
_RATE = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?")
_RUNS_SHOWN = 100
_RUNS_SHOWN_ON_THE_WAY = 10


class ClockForm(FlaskForm):
    """What can be typed on the page; each form of it has one of these fields."""

    rate = StringField("So many times as fast as real time")
    by = StringField("By another length of time")
    to = StringField("To another moment")
    at = StringField("Set back to")


def add_routes(blueprint: Blueprint, moves: ClockMoves) -> None:
    """Look at the clock, and move it."""
    page = _ClockPage(moves)
    blueprint.add_url_rule("/clock", "clock_page", page.show)
    for path, endpoint, view in (
            ("mode", "set_clock_mode", page.set_mode), ("advance", "advance_clock", page.advance),
            ("set-back", "set_clock_back", page.set_back), ("stop", "stop_clock", page.stop)):
        blueprint.add_url_rule(f"/clock/{path}", endpoint, view, methods=["POST"])


class _Mistake(Exception):
    """What was typed cannot be; it stands at the field."""


class _ClockPage:
    """The page and its forms, with the moves that they began."""

    def __init__(self, moves: ClockMoves) -> None:
        self._moves = moves

    def show(self) -> Any:
        """The clock."""
        return self._show(ClockForm(formdata=None))

    def _show(self, form: ClockForm, status: int = 200) -> Any:
        go_to_first_error(form)
        world, now = _this_world(), market_now()
        begun, move = self._moves.last(world), world.time.last_move
        is_moving = world.time.is_moving or self._moves.under_way(world) is not None
        return render_template(
            "console/clock.html", form=form, clock=clock_words(world.clock), mode=world.clock.mode, steps=STEPS,
            speeds=SPEEDS, now=now, today=f"{to_london(now):%A %d %B %Y}", wall=wall_now(),
            places=places(now) if now.year < LAST_YEAR else [], is_moving=is_moving,
            move=move, runs=_shown_runs(move, _RUNS_SHOWN_ON_THE_WAY if is_moving else _RUNS_SHOWN),
            failure=begun.refusal if begun else None, was_refused="refused" in request.args,
            longest_days=LONGEST_ADVANCE.days), status

    def set_mode(self) -> Any:
        """Freeze the clock, let it run, or set it to real time again."""
        form, world = ClockForm(), _this_world()
        if world.time.is_moving:
            return _tell_of_the_move()
        mode, rate = request.form.get("mode", ""), 1.0
        if mode not in ("freeze", "run", "real", "scaled"):
            return self._refuse(form, None, "Choose how the clock shall run.")
        if mode == "scaled":
            try:
                rate = _read_rate(form.rate.data)
            except _Mistake as mistake:
                return self._refuse(form, form.rate, str(mistake))

        def clock() -> Clock:
            wall, now = wall_now(), world.now()
            if mode == "real":
                return real_clock(wall)
            if mode == "run":
                return real_clock(wall, now)
            return frozen_clock(now, wall) if mode == "freeze" else scaled_clock(now, wall, rate)

        target = wall_now() if mode == "real" else None
        return self._move(form, None, target, lambda cause: world.time.set_clock(clock(), cause))

    def advance(self) -> Any:
        """Move the clock forward, by a length of time or to a moment."""
        form, world = ClockForm(), _this_world()
        if world.time.is_moving:
            return _tell_of_the_move()
        now = world.now()
        field = form.by if form.by.data is not None else form.to
        try:
            target = _read(field, now)
            if target < now:
                raise _Mistake(f"{_shown(target)} is past: market time is {_shown(now)}. Below, the clock is set back.")
        except _Mistake as mistake:
            return self._refuse(form, field, str(mistake))
        if field is form.by:
            length = target - now
            return self._move(form, field, target, lambda cause: world.time.advance_by(length, cause))
        return self._move(form, field, target, lambda cause: world.time.advance(target, cause))

    def set_back(self) -> Any:
        """Set the clock to a moment in its past. Nothing runs again."""
        form, world = ClockForm(), _this_world()
        if world.time.is_moving:
            return _tell_of_the_move()
        now = world.now()
        try:
            target = _read(form.at, now)
            if target > now:
                raise _Mistake(f"{_shown(target)} is ahead: market time is {_shown(now)}. Above, the clock is moved "
                               "forward.")
        except _Mistake as mistake:
            return self._refuse(form, form.at, str(mistake))
        return self._move(form, form.at, target, lambda cause: world.time.set_clock(
            world.clock.moved_to(target, wall_now()), cause))

    def stop(self) -> Any:
        """Stop a move where it is."""
        move = self._moves.under_way(_this_world())
        current_world.time.stop_moving()
        if move is not None:
            move.done.wait(_SOON_SECONDS)
        return redirect(url_for("console.clock_page"), 303)

    def _refuse(self, form: ClockForm, field: Field | None, message: str) -> Any:
        # What a button of the page sent stands in no field that could be seen.
        if field is None or "typed" not in request.form:
            form.form_errors.append(message)
            form.to.data = form.by.data = ""
        else:
            field.errors = [*field.errors, message]
        return self._show(form, 422)

    def _move(self, form: ClockForm, field: Field | None, target: datetime | None,
              operation: Callable[[int | None], list[JobRun]]) -> Any:
        world = _this_world()
        with work_of_request() as work:
            cause = work.cause
        try:
            worlds = current_worlds._get_current_object()  # type: ignore[attr-defined]
            move = self._moves.begin(worlds, world, target, cause, lambda: operation(cause))
        except MoveRefused as refusal:
            return _tell_of_the_move() if world.time.is_moving else self._refuse(form, None, str(refusal))
        if move.done.wait(_SOON_SECONDS) and not move.was_stopped:
            if move.refusal is not None:
                told, move.refusal = move.refusal, None
                return self._refuse(form, field, told)
            flash(_done_words(move), "success")
            if request.form.get("from") == "overview":
                return redirect(url_for("console.overview_page"), 303)
        return redirect(url_for("console.clock_page"), 303)


def _tell_of_the_move() -> Any:
    """To the page, which says that nothing was added: the address tells it, however often the page is renewed."""
    return redirect(url_for("console.clock_page", refused="moving"), 303)


def _this_world() -> World:
    return current_world._get_current_object()  # type: ignore[attr-defined]


def _read(field: Field, now: datetime) -> datetime:
    """The moment that a field names, or that lies as far ahead as it says. Raises _Mistake."""
    words = typed(field.data)
    if not words:
        raise _Mistake("Enter how far, such as PT36H." if field.name == "by" else "Enter a moment, such as “next "
                       "Thursday 12:05”.")
    try:
        return now + duration_from_words(words, now) if field.name == "by" else moment_from_words(words, now)
    except ValueError as error:
        raise _Mistake(str(error)) from None
    except OverflowError:
        raise _Mistake("That is further ahead than dates go.") from None


def _read_rate(text: str | None) -> float:
    words = typed(text).replace(",", "")
    if _RATE.fullmatch(words) and 0 < float(words) <= FASTEST:
        return float(words)
    raise _Mistake(f"Enter a number above 0 and up to {FASTEST:,}: 60 is a minute a second.")


def _shown(instant: datetime) -> str:
    return london_time(instant, "%a %d %b %Y %H:%M:%S")


def _shown_runs(move: TimeMove | None, most: int) -> list[tuple[str, JobRun]]:
    return [] if move is None else [(job_words(run.job), run) for run in move.runs[-most:]]


def _done_words(move: ClockMove) -> str:
    words = f"Market time is {_shown(move.ended_at or move.began_at)}; the clock {clock_words(current_world.clock)}."
    if move.target is None or move.target <= move.began_at:
        return words
    ran = {0: "No job was due on the way.", 1: "One job ran on the way."}.get(
        move.run_count, f"{move.run_count:,} jobs ran on the way.")
    return f"{words} {ran}"
