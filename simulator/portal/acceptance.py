"""Availability, Acceptance Decisions (portal guide §3.2): what became of a week's declarations."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template

from simulator.documents.bundles import file_name
from simulator.documents.month_csv import acceptance_csv
from simulator.downloads import file_to_keep
from simulator.market.declarations import decided_at, locks_at
from simulator.market.month_letters import verdict_words
from simulator.operations import deciding
from simulator.operations.units import units_of
from simulator.paging import asked_page
from simulator.portal.guard import my_organisation
from simulator.portal.month_words import surroundings
from simulator.portal.weeks import last_open_day, week_shown
from simulator.web import current_world

_PLACE = "/availability/acceptance-decisions"
_LISTED = 50
_NUMBERS = ("lock_days_before_week", "decision_days_before_week", "decision_hour", "auction_programmes",
            "scheduled_programmes", "always_accepted_programmes", "awarded_price")


def add_routes(blueprint: Blueprint) -> None:
    """The page, and its CSV."""
    blueprint.add_url_rule(_PLACE, "acceptance_page", acceptance_page)
    blueprint.add_url_rule(f"{_PLACE}/acceptance.csv", "download_acceptance", download_acceptance)


def acceptance_page() -> Any:
    """The decisions on a week; the present week unless `?week=` names another."""
    organisation, policy, week = my_organisation(), current_world.settings.market, week_shown()
    with current_world.view() as view:
        decisions = deciding.decisions_of(view, organisation.id, week.monday)
        decided = deciding.decided_week(view, week.monday)
        units = {unit.id: unit for unit in units_of(view, organisation.id)}
    page = asked_page(len(decisions), _LISTED)
    return render_template(
        "portal/acceptance.html", week=week, decisions=page.part_of(decisions), count=page.total,
        accepted=sum(decision.is_accepted for decision in decisions), page=page,
        decided=decided, units=units, verdict_words=verdict_words, last_open=last_open_day(week.monday, policy),
        locks_at=locks_at(week.monday, policy), decided_at=decided_at(week.monday, policy),
        **surroundings(policy, _NUMBERS))


def download_acceptance() -> Response:
    """All declarations for all programmes across all zones of the week, accepted or not (portal guide §3.2)."""
    week = week_shown()
    with current_world.view() as view:
        decisions = deciding.decisions_of(view, my_organisation().id, week.monday)
    return file_to_keep(acceptance_csv(decisions), "text/csv; charset=utf-8",
                        file_name(("acceptance", week.monday.isoformat()), ".csv"))
