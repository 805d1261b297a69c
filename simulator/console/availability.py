"""The Availability pages: what everybody declared for a week, and the control room's decision on it.

A decision is shown before it is made. How the real control room decides is not public; the ways here are assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm

from simulator.console.acceptance_forms import (
    BY_HAND,
    WeekForms,
    choices_of,
    offered_forms,
    rule_of,
    sent_forms,
)
from simulator.console.weeks import week_in_path
from simulator.market.acceptance import AcceptanceRule, Decision, Offer, RuleKind, Verdict, offers_of
from simulator.market.declarations import decided_at, locks_at, monday_of
from simulator.market.dispatches import PROGRAMMES
from simulator.market.errors import Refused
from simulator.market.intervals import WEEKDAYS
from simulator.market.month_letters import verdict_words, window_words
from simulator.operations import deciding
from simulator.operations.acceptance_rules import sound_rule
from simulator.operations.declarations import declarations_of
from simulator.operations.participants import names_of, zones
from simulator.web import current_world, work_of_request

_WEEK = timedelta(days=7)
_RULES = {kind.value for kind in RuleKind} | {BY_HAND}
VERDICT_CLASSES = {
    Verdict.UNDECIDED: "state-waiting", Verdict.ACCEPTED: "state-good", Verdict.ACCEPTED_IN_PART: "state-good",
    Verdict.REJECTED: "state-over",
}
"""How the badge of each outcome looks."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a way of deciding would come to, before it is done."""

    words: str
    decisions: Sequence[Decision]
    can_be_usual: bool

    @property
    def rows(self) -> list[tuple[Decision, None]]:
        """The decisions as a table shows them: none is a dispatch yet."""
        return [(each, None) for each in self.decisions]


def add_routes(blueprint: Blueprint) -> None:
    """Look at a week, try a decision, make it."""
    blueprint.add_url_rule("/availability", "availability_page", availability_page)
    blueprint.add_url_rule("/availability/<monday>", "week_page", week_page)
    blueprint.add_url_rule("/availability/<monday>", "decide_week", decide, methods=["POST"])


def availability_page() -> Any:
    """The next week, which the control room has to do with."""
    return _offered(monday_of(current_world.now()) + _WEEK)


def week_page(monday: str) -> Any:
    """One week."""
    return _offered(week_in_path(monday))


def _offered(week: date) -> Any:
    with current_world.view() as view:
        forms = offered_forms(_offers(view, week), deciding.acceptance_rule(view))
    return _show(week, forms)


def decide(monday: str) -> Any:
    """Show what would come of a way of deciding; or do it, or make it the rule of Thursdays, after that was shown."""
    week, policy = week_in_path(monday), current_world.settings.market
    with current_world.view() as view:
        forms = sent_forms(_offers(view, week), deciding.acceptance_rule(view), request.form)
    if forms.rule not in _RULES:
        forms.errors.append("Choose one of the ways to decide.")
        return _show(week, forms, status=422)
    by_hand = forms.rule == BY_HAND
    choices = choices_of(forms) if by_hand else None
    rule = None if by_hand else rule_of(forms)
    if choices is None and rule is None:
        return _show(week, forms, status=422)
    wanted = request.form.get("do")
    try:
        if rule is not None:
            with current_world.view() as view:
                sound_rule(view, rule)
        if wanted == "usual" and rule is not None:
            return _make_usual(week, rule)
        if wanted == "decide":
            with work_of_request() as work:
                found = (deciding.decide_week(work, week, rule, policy) if rule is not None
                         else deciding.decide_by_hand(work, week, choices or (), policy))
            flash(_decided_words(week, found), "success")
            return redirect(url_for("console.week_page", monday=week.isoformat()), 303)
        with current_world.view() as view:
            preview = (Preview(deciding.rule_words(rule), deciding.preview_week(view, week, rule, policy), True)
                       if rule is not None else Preview(
                           deciding.BY_HAND, deciding.preview_by_hand(view, week, choices or (), policy), False))
    except Refused as refusal:
        forms.show(refusal.breaches)
        return _show(week, forms, status=422)
    return _show(week, forms, preview)


def _make_usual(week: date, rule: AcceptanceRule) -> Any:
    with work_of_request() as work:
        deciding.set_acceptance_rule(work, rule)
    flash(f"Weeks are decided by this rule from the next Thursday on: {deciding.rule_words(rule)}.", "success")
    return redirect(url_for("console.week_page", monday=week.isoformat()), 303)


def _decided_words(week: date, found: Sequence[Decision]) -> str:
    accepted = sum(each.is_accepted for each in found)
    return (f"The week of {week.day} {week:%B %Y} is decided: {accepted} of {len(found)} "
            f"window{'' if len(found) == 1 else 's'} accepted.")


def _offers(view: Any, week: date) -> list[Offer]:
    return offers_of(declarations_of(view, None, week))


def _show(week: date, forms: WeekForms, preview: Preview | None = None, status: int = 200) -> Any:
    policy, now = current_world.settings.market, current_world.now()
    with current_world.view() as view:
        decided = deciding.decided_week(view, week)
        found = deciding.dispatched_decisions_of(view, week)
        usual = deciding.rule_words(deciding.acceptance_rule(view))
        names = names_of(view)
        all_zones = zones(view)
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "do")]
    return render_template(
        "console/availability.html", week=week, previous=(week - _WEEK).isoformat(),
        next=(week + _WEEK).isoformat(),
        this_week=monday_of(now), decided=decided, locks=locks_at(week, policy), due=decided_at(week, policy),
        is_locked=locks_at(week, policy) <= now, policy=policy, found=found, names=names,
        zone_options=[("", "Choose"), *((zone.code, f"{zone.name} ({zone.code})") for zone in all_zones)],
        programme_options=[("", "Any"), *((code, code) for code in PROGRAMMES)],
        day_options=[(day, day.capitalize()) for day in WEEKDAYS], usual=usual, forms=forms, preview=preview,
        sent=sent, verdicts=VERDICT_CLASSES, verdict_words=verdict_words, window_words=window_words,
        form=FlaskForm()), status
