"""Availability, Declarations: what the units are offered for in a week (that there are declarations: guide §3.2).

The guide shows no page for them, so the page is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm

from simulator.market.declarations import (
    Declaration,
    StaticDeclaration,
    breaches_of_declaration,
    decided_at,
    first_open_week,
    monday_of_day,
)
from simulator.market.errors import NotFound, Refused
from simulator.market.intervals import WEEKDAYS
from simulator.market.organisations import MeterableUnit
from simulator.market.policy import MarketPolicy
from simulator.operations import declarations
from simulator.operations.units import units_of
from simulator.paging import asked_page
from simulator.portal.declaration_form import (
    DeclarationForm,
    HoursLine,
    Typed,
    empty_form,
    form_of,
    judged_at_once,
    open_weeks,
    sent_form,
    show_breaches,
)
from simulator.portal.guard import my_organisation
from simulator.portal.month_words import surroundings
from simulator.portal.weeks import WeekShown, day_words, last_open_day, week_shown
from simulator.web import current_world, work_of_request

_PLACE = "/availability/declarations"
_LISTED = 50
_NUMBERS = ("lock_days_before_week", "decision_days_before_week", "decision_hour", "auction_programmes",
            "availability_programmes", "scheduled_programmes", "always_accepted_programmes", "availability_prices")


@dataclass(frozen=True, slots=True)
class _Declared:
    """What the page of a week is about: the units, the declarations of the week, and all static ones."""

    units: Sequence[MeterableUnit]
    of_week: Sequence[Declaration]
    statics: Sequence[StaticDeclaration]


def add_routes(blueprint: Blueprint) -> None:
    """The page, and what can be done on it."""
    blueprint.add_url_rule(_PLACE, "declarations_page", declarations_page)
    blueprint.add_url_rule(_PLACE, "declare", declare, methods=["POST"])
    blueprint.add_url_rule(f"{_PLACE}/<declaration_id>/withdraw", "withdraw_declaration", withdraw, methods=["POST"])
    blueprint.add_url_rule(f"{_PLACE}/static/<static_id>/end", "end_static", end_static, methods=["POST"])


def declarations_page() -> Any:
    """The declarations of a week, the first open one unless `?week=` names another, and the form.

    `?change=` names a declaration of that week that the form is filled in with.
    """
    policy = current_world.settings.market
    week = week_shown(first_open_week(current_world.now(), policy))
    declared = _declared(week)
    wanted = request.args.get("change")
    if wanted is None:
        return _show(week, policy, declared, *_first_form(declared.units, week.monday, policy))
    changed = next((each for each in declared.of_week if each.id == wanted), None)
    if changed is None:
        abort(404, f"There is no declaration {wanted[:80]!r} in this week.")
    form, lines = form_of(changed, declared.units, open_weeks(current_world.now(), policy), policy)
    return _show(week, policy, declared, form, lines, changed)


def declare() -> Any:
    """Declare, change a declaration, or say everything that is wrong."""
    policy, now, organisation_id = current_world.settings.market, current_world.now(), my_organisation().id
    with current_world.view() as view:
        units = units_of(view, organisation_id)
    form, lines, typed = sent_form(units, open_weeks(now, policy), policy)
    try:
        if typed.breaches:
            # The rules have their say about the rest as well, so that all that is wrong is told at once.
            raise Refused(judged_at_once(typed, breaches_of_declaration(
                typed.wanted, {unit.id: unit for unit in units}, (), now, policy)))
        with work_of_request() as work:
            said = _declare(work, organisation_id, typed, policy)
    except Refused as refusal:
        show_breaches(form, lines, typed, refusal.breaches)
        return _show_again(typed, policy, form, lines)
    except NotFound:
        form.form_errors.append("The declaration that this one replaces is not there any more. Send the form again to "
                                "declare anew.")
        form.replaces.data = ""
        return _show_again(typed, policy, form, lines)
    flash(said, "success")
    return redirect(url_for("portal.declarations_page", week=typed.wanted.week.isoformat()), 303)


def withdraw(declaration_id: str) -> Any:
    """Withdraw a declaration of an open week."""
    try:
        with work_of_request() as work:
            week = declarations.declaration_by_id(work, my_organisation().id, declaration_id).week
            declarations.withdraw(work, my_organisation().id, declaration_id, current_world.settings.market)
    except NotFound as error:
        abort(404, str(error))
    except Refused as refusal:
        return _refused(refusal, request.args.get("week"))
    flash(f"{declaration_id} is withdrawn.", "success")
    return redirect(url_for("portal.declarations_page", week=week.isoformat()), 303)


def end_static(static_id: str) -> Any:
    """End a static declaration: weeks that are locked keep it."""
    try:
        with work_of_request() as work:
            declarations.end_static(work, my_organisation().id, static_id, current_world.settings.market)
    except NotFound as error:
        abort(404, str(error))
    except Refused as refusal:
        return _refused(refusal, request.args.get("week"))
    flash(f"{static_id} repeats no longer; weeks that are locked keep it.", "success")
    return redirect(url_for("portal.declarations_page", week=request.args.get("week")), 303)


def _declare(work: Any, organisation_id: str, typed: Typed, policy: MarketPolicy) -> str:
    """Do what the form says; what to tell about it."""
    if typed.repeats and typed.replaces:
        declarations.withdraw(work, organisation_id, typed.replaces, policy)
    if typed.repeats:
        made = declarations.declare_static(work, organisation_id, typed.wanted, policy, typed.last_week)
        until = "from now on" if made.last_week is None else f"until the week of {day_words(made.last_week)}"
        return f"{made.pattern.id} is declared for every week {until}."
    done = declarations.declare(work, organisation_id, typed.wanted, policy, typed.replaces)
    return f"{done.id} is declared{f' in the place of {typed.replaces}' if typed.replaces else ''}."


def _refused(refusal: Refused, week: str | None) -> Any:
    for breach in refusal.breaches:
        flash(breach.message, "danger")
    return redirect(url_for("portal.declarations_page", week=week), 303)


def _first_form(units: Sequence[MeterableUnit], week: date, policy: MarketPolicy,
                ) -> tuple[DeclarationForm, list[HoursLine]]:
    offered = open_weeks(current_world.now(), policy)
    return empty_form(units, max(week, offered[0]), offered, policy)


def _declared(week: WeekShown) -> _Declared:
    with current_world.view() as view:
        return _Declared(units_of(view, my_organisation().id),
                         declarations.declarations_of(view, my_organisation().id, week.monday),
                         declarations.static_declarations_of(view, my_organisation().id))


def _show_again(typed: Typed, policy: MarketPolicy, form: DeclarationForm, lines: list[HoursLine]) -> Any:
    """The form with what is wrong in it, on the page of the week that it names."""
    week = week_shown(monday_of_day(typed.wanted.week))
    return _show(week, policy, _declared(week), form, lines), 422


def _show(week: WeekShown, policy: MarketPolicy, declared: _Declared, form: DeclarationForm, lines: list[HoursLine],
          changed: Declaration | None = None) -> str:
    now = current_world.now()
    page = asked_page(len(declared.of_week), _LISTED)
    return render_template(
        "portal/declarations.html", week=week, found=page.part_of(declared.of_week), count=page.total, page=page,
        statics=[each for each in declared.statics if each.last_week is None or each.last_week >= week.present],
        units=declared.units, weekdays=WEEKDAYS, form=form, lines=lines, changed=changed,
        plain=FlaskForm(formdata=None),
        has_errors=bool(form.errors or form.form_errors or any(line.errors for line in lines)),
        locked=declarations.is_locked(week.monday, now, policy), last_open=last_open_day(week.monday, policy),
        decided_at=decided_at(week.monday, policy), first_open=first_open_week(now, policy),
        **surroundings(policy, _NUMBERS))
