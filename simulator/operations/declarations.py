"""Declaring availability (portal guide §3.2: declarations by week, programme and zone; their rules: market core).

Static declarations are kept once. A week that is open shows what they repeat in it; when it is decided, that is written
down. They change for weeks that are open only, so a week that is locked keeps what it had.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from simulator.market.declarations import (
    Declaration,
    StaticDeclaration,
    WantedDeclaration,
    breaches_of_declaration,
    declaration_of,
    first_open_week,
    locks_at,
    week_with_static,
)
from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.market.month_facts import DeclarationMade, DeclarationWithdrawn
from simulator.market.policy import MarketPolicy
from simulator.market.quantities import kw_text
from simulator.store import decisions, declarations, organisations
from simulator.store.work import View, Work
from simulator.timekeeping.london import to_london

_WEEK = timedelta(days=7)


def is_locked(week: date, now: datetime, policy: MarketPolicy) -> bool:
    """Whether the declarations of the week of that Monday cannot change any more."""
    return locks_at(week, policy) <= now


def declarations_of(view: View, organisation_id: str | None, week: date) -> list[Declaration]:
    """All declarations of a week, of an organisation or of all: its own, and what static ones repeat in it."""
    stored = declarations.declarations_of(view, organisation_id, week)
    if decisions.decided_week(view, week) is None:
        # Whose declarations are all there are must not speak for other organisations' units; ids of units are unique.
        stored = week_with_static(stored, declarations.statics_of(view, organisation_id, week), week)
    return sorted(stored, key=lambda found: (found.unit_id, found.programme, found.id))


def declaration_by_id(view: View, organisation_id: str, declaration_id: str) -> Declaration:
    """One stored declaration of an organisation. Raises NotFound, also for another organisation's."""
    found = declarations.declaration_by_id(view, declaration_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFound("declaration", declaration_id[:80])
    return found


def static_declarations_of(view: View, organisation_id: str | None) -> list[StaticDeclaration]:
    """Static declarations, also those that repeat no longer, in the order in which they were made."""
    return declarations.statics_of(view, organisation_id)


def static_by_id(view: View, organisation_id: str, static_id: str) -> StaticDeclaration:
    """One static declaration of an organisation. Raises NotFound."""
    found = declarations.static_by_id(view, static_id)
    if found is None or found.pattern.organisation_id != organisation_id:
        raise NotFound("declaration", static_id[:80])
    return found


def declare(work: Work, organisation_id: str, wanted: WantedDeclaration, policy: MarketPolicy,
            replaces: str | None = None) -> Declaration:
    """Declare a unit's availability for one week, in the place of an own declaration if that is named.

    Raises Refused with everything that is wrong, and NotFound for what it should replace.
    """
    others = declarations.declarations_of(work, organisation_id, wanted.week)
    breaches: list[RuleBreach] = []
    if replaces is not None:
        old = declaration_by_id(work, organisation_id, replaces)
        breaches += _lock_breaches(old.week, work.now, policy)
        others = [other for other in others if other.id != replaces]
    declaration = _judged(work, organisation_id, wanted, others, policy, breaches)
    if replaces is not None:
        declarations.withdraw(work, replaces)
    declarations.add_declaration(work, declaration)
    work.record(_made(declaration, repeats=False, replaces=replaces))
    return declaration


def declare_static(work: Work, organisation_id: str, wanted: WantedDeclaration, policy: MarketPolicy,
                   last_week: date | None = None) -> StaticDeclaration:
    """Declare a unit's availability for every week from `wanted.week` on, until `last_week` if given.

    In a week with an own declaration of the unit and programme, that one counts instead. Raises Refused.
    """
    overlapping = [
        found.in_week(max(wanted.week, found.first_week)) for found in declarations.statics_of(work, organisation_id)
        if (found.last_week is None or found.last_week >= wanted.week)
        and (last_week is None or found.first_week <= last_week)]
    # Both are judged as if for the same week: what they repeat is the same in each.
    others = [_in_week(found, wanted.week) for found in overlapping if found is not None]
    breaches: list[RuleBreach] = []
    if last_week is not None and (last_week.weekday() or last_week < wanted.week):
        breaches.append(RuleBreach(None, "last_week", "last_week", "The last week is given by its Monday, and is not "
                                   "before the first."))
    pattern = _judged(work, organisation_id, wanted, others, policy, breaches)
    static = StaticDeclaration(pattern, wanted.week, last_week)
    declarations.add_static(work, static)
    work.record(_made(pattern, repeats=True))
    return static


def withdraw(work: Work, organisation_id: str, declaration_id: str, policy: MarketPolicy) -> None:
    """Withdraw a declaration of a week that is open. Raises NotFound, and Refused when it is locked."""
    found = declaration_by_id(work, organisation_id, declaration_id)
    breaches = _lock_breaches(found.week, work.now, policy)
    if breaches:
        raise Refused(breaches)
    declarations.withdraw(work, declaration_id)
    work.record(DeclarationWithdrawn(organisation_id, declaration_id))


def end_static(work: Work, organisation_id: str, static_id: str, policy: MarketPolicy) -> None:
    """End a static declaration: weeks that are locked keep it, open ones do not have it. Raises NotFound, Refused."""
    found = static_by_id(work, organisation_id, static_id)
    last = first_open_week(work.now, policy) - _WEEK
    if found.last_week is not None and found.last_week <= last:
        raise Refused([RuleBreach(None, None, "ended", f"{static_id} repeats no longer: its last week is that of "
                                  f"{found.last_week.isoformat()}.")])
    declarations.end_static(work, static_id, last)
    work.record(DeclarationWithdrawn(organisation_id, static_id, last.isoformat()))


def withdraw_any(work: Work, declaration_id: str, policy: MarketPolicy) -> None:
    """Withdraw a declaration, or end a static one, whoever made it: for the control room. Raises NotFound, Refused."""
    static = declarations.static_by_id(work, declaration_id)
    if static is not None:
        end_static(work, static.pattern.organisation_id, declaration_id, policy)
        return
    found = declarations.declaration_by_id(work, declaration_id)
    if found is None:
        raise NotFound("declaration", declaration_id[:80])
    withdraw(work, found.organisation_id, declaration_id, policy)


def write_down(work: Work, week: date) -> list[Declaration]:
    """All declarations of a week, after what static ones repeat in it was stored as declarations of that week."""
    stored = declarations.declarations_of(work, None, week)
    known = {found.id for found in stored}
    everything = week_with_static(stored, declarations.statics_of(work, None, week), week)
    for found in everything:
        if found.id not in known:
            declarations.add_declaration(work, found)
    return everything


def _judged(work: Work, organisation_id: str, wanted: WantedDeclaration, others: list[Declaration],
            policy: MarketPolicy, breaches: list[RuleBreach]) -> Declaration:
    units = organisations.units_of(work, organisation_id)
    breaches = [*breaches_of_declaration(wanted, units, others, work.now, policy), *breaches]
    if breaches:
        raise Refused(breaches)
    number = declarations.count_made(work) + 1
    return declaration_of(wanted, f"DEC-{number:05}", units[wanted.unit_id])


def _lock_breaches(week: date, now: datetime, policy: MarketPolicy) -> list[RuleBreach]:
    if not is_locked(week, now, policy):
        return []
    since = to_london(locks_at(week, policy))
    return [RuleBreach(None, "week_commencing", "locked", f"Declarations for the week of {week.isoformat()} are locked "
                       f"since {since:%A %-d %B %Y %H:%M} London time.")]


def _in_week(declaration: Declaration, week: date) -> Declaration:
    return Declaration(
        declaration.static_id or declaration.id, declaration.organisation_id, week, declaration.programme,
        declaration.unit_id, declaration.zone, declaration.windows, declaration.power_milliwatts,
        declaration.direction, declaration.utilisation_bid_price, declaration.availability_price)


def _made(declaration: Declaration, repeats: bool, replaces: str | None = None) -> DeclarationMade:
    return DeclarationMade(
        declaration.organisation_id, declaration.id, declaration.week.isoformat(), declaration.programme,
        declaration.unit_id, tuple(window.words for window in declaration.windows),
        kw_text(declaration.power_milliwatts), declaration.direction.value, repeats, replaces)
