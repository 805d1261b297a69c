"""Deciding a week: by the control room, or on Thursday 12:00 by the world's rule (public, the brand's older pages).

Acceptances of scheduled programmes become dispatches at once. Until the week begins, and as long as none of its
dispatches has been told to the FSP, a week can be decided anew (assumed): that calls off the dispatches of before.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import date, datetime, time, timedelta

from simulator.market.acceptance import (
    AcceptanceRule,
    Decision,
    HandChoice,
    RuleKind,
    breaches_of_choices,
    scheduled_dispatches,
    together_key,
    undecided,
)
from simulator.market.acceptance import (
    decide_by_hand as decisions_by_hand,
)
from simulator.market.declarations import Declaration, locks_at
from simulator.market.dispatches import State
from simulator.market.errors import Refused, RuleBreach
from simulator.market.merit_order import decide_week as decisions_by_rule
from simulator.market.month_facts import AcceptanceRuleSet, DeclarationDecided, ScheduleRefused, WeekDecided
from simulator.market.policy import MarketPolicy
from simulator.market.quantities import kw_text
from simulator.operations.declarations import declarations_of, write_down
from simulator.operations.dispatching import dispatch_by_id, plan_dispatch, stop_dispatch
from simulator.store import decisions, timetable
from simulator.store.decisions import DecidedWeek
from simulator.store.work import View, Work
from simulator.timekeeping.london import from_london, to_london

BY_HAND = "chosen by hand"

DispatchKey = tuple[str, int, datetime | None]
"""Which acceptances a dispatch came from: declaration, place of the window, start of the acceptance.

Acceptances of one window that start together are one dispatch.
"""


def acceptance_rule(view: View) -> AcceptanceRule:
    """The rule by which weeks are decided on Thursdays; everything is accepted until another was set (assumed)."""
    return decisions.load_rule(view) or AcceptanceRule()


def set_acceptance_rule(work: Work, rule: AcceptanceRule) -> None:
    """Decide weeks by another rule from now on."""
    decisions.save_rule(work, rule)
    work.record(AcceptanceRuleSet(rule_words(rule)))


def rule_words(rule: AcceptanceRule) -> str:
    """A rule for people."""
    if rule.kind is RuleKind.IN_PART:
        return (f"{rule.power_percent:f} % of the power, {rule.starts_later_minutes} minutes later and "
                f"{rule.ends_earlier_minutes} minutes shorter")
    if rule.kind is RuleKind.MERIT_ORDER:
        return "merit order of price for " + ("; ".join(found.words for found in rule.requirements) or "nothing")
    return {RuleKind.ALL: "everything accepted", RuleKind.NONE: "nothing accepted"}[rule.kind]


def preview_week(view: View, week: date, rule: AcceptanceRule, policy: MarketPolicy) -> list[Decision]:
    """What a rule would decide on a week's declarations as they are now."""
    return decisions_by_rule(declarations_of(view, None, week), rule, policy)


def preview_by_hand(view: View, week: date, choices: Sequence[HandChoice], policy: MarketPolicy) -> list[Decision]:
    """What choices by hand would decide. Raises Refused with everything that is wrong with them."""
    return _by_hand(declarations_of(view, None, week), choices, policy)


def decide_week(work: Work, week: date, rule: AcceptanceRule, policy: MarketPolicy,
                sends_from: datetime | None = None) -> list[Decision]:
    """Decide all declarations of a week by a rule. Raises Refused when the week cannot be decided now.

    `sends_from` is for the time before a world began, as in `dispatching.plan_dispatch`.
    """
    again = _begin(work, week, policy)
    found = decisions_by_rule(write_down(work, week), rule, policy)
    return _decide(work, week, found, rule_words(rule), again, policy, sends_from)


def decide_by_hand(work: Work, week: date, choices: Sequence[HandChoice], policy: MarketPolicy) -> list[Decision]:
    """Decide all declarations of a week: accepted as chosen, the others rejected. Raises Refused."""
    again = _begin(work, week, policy)
    return _decide(work, week, _by_hand(write_down(work, week), choices, policy), BY_HAND, again, policy)


def decide_next_week(work: Work, due_at: datetime, policy: MarketPolicy) -> None:
    """What Thursday 12:00 does: the week that is due is decided by the world's rule, unless the control room did."""
    week = to_london(due_at).date() + timedelta(days=policy.decision_days_before_week)
    if decisions.decided_week(work, week) is None:
        decide_week(work, week, acceptance_rule(work), policy)


def decisions_of(view: View, organisation_id: str | None, week: date) -> list[Decision]:
    """The decisions on a week's declarations, of an organisation or of all; undecided ones before it is decided."""
    if decisions.decided_week(view, week) is None:
        return undecided(declarations_of(view, organisation_id, week))
    return [decision for decision, _ in decisions.decisions_of_week(view, organisation_id, week)]


def dispatched_decisions_of(view: View, week: date) -> list[tuple[Decision, str | None]]:
    """The decisions on all declarations of a week, each with the id of the dispatch that it became."""
    if decisions.decided_week(view, week) is None:
        return [(found, None) for found in undecided(declarations_of(view, None, week))]
    return decisions.decisions_of_week(view, None, week)


def decided_week(view: View, week: date) -> DecidedWeek | None:
    """When and how a week was decided; None before that."""
    return decisions.decided_week(view, week)


def dispatch_ids_of_week(view: View, week: date) -> dict[DispatchKey, str]:
    """Which dispatches the acceptances of a week became."""
    return {_key(decision): dispatch_id
            for decision, dispatch_id in decisions.decisions_of_week(view, None, week) if dispatch_id is not None}


def _by_hand(declared: Sequence[Declaration], choices: Sequence[HandChoice], policy: MarketPolicy) -> list[Decision]:
    breaches = list(breaches_of_choices(declared, choices, policy))
    if breaches:
        raise Refused(breaches)
    return decisions_by_hand(declared, choices, policy)


def _begin(work: Work, week: date, policy: MarketPolicy) -> bool:
    """Make sure that a week can be decided, and clear away an earlier decision; whether there was one."""
    breaches = []
    if week.weekday():
        breaches.append(_breach("not_a_monday", f"{week.isoformat()} is not a Monday."))
    elif locks_at(week, policy) > work.now:
        since = to_london(locks_at(week, policy))
        breaches.append(_breach("not_locked", f"Declarations for the week of {week.isoformat()} can still change; they "
                                f"lock on {since:%A %-d %B %Y %H:%M} London time, and can be decided from then on."))
    again = decisions.decided_week(work, week) is not None
    earlier = decisions.decisions_of_week(work, None, week) if again else []
    dispatches = [dispatch_by_id(work, found)
                  for found in dict.fromkeys(dispatch_id for _, dispatch_id in earlier) if found is not None]
    if again and from_london(week, time(0)) <= work.now:
        breaches.append(_breach("week_begun", f"The week of {week.isoformat()} has begun, and was decided before."))
    final = timetable.last_finalised_month(work)
    if again and final is not None and f"{week:%Y-%m}" <= final:
        breaches.append(_breach("month_final", f"The month of the week of {week.isoformat()} is final, and so is what "
                                "was decided."))
    begun = [found.id for found in dispatches if found.state not in (State.PLANNED, State.CANCELLED)]
    if begun:
        breaches.append(_breach("under_way", f"{', '.join(begun)} of this week went out already."))
    if breaches:
        raise Refused(breaches)
    cause = work.cause
    for found in dispatches:
        if found.state is State.PLANNED:
            stop_dispatch(work, found.id, emergency=False)
            work.cause = cause
    if again:
        decisions.remove_week(work, week)
    return again


def _decide(work: Work, week: date, found: list[Decision], words: str, again: bool, policy: MarketPolicy,
            sends_from: datetime | None = None) -> list[Decision]:
    cause = work.cause
    entry = work.record(WeekDecided(
        week.isoformat(), words, len(found), sum(decision.is_accepted for decision in found), again))
    together: dict[Hashable, list[Decision]] = {}
    for decision in found:
        together.setdefault(together_key(decision), []).append(decision)
    made: dict[Hashable, str | None] = {}
    dispatch_ids: dict[int, str] = {}
    for place, decision in enumerate(found):
        work.cause = entry
        work.cause = work.record(_fact(decision))
        key = together_key(decision)
        if key not in made:
            made[key] = _schedule(work, together[key], policy, sends_from)
        dispatch_id = made[key]
        if dispatch_id is not None:
            dispatch_ids[place] = dispatch_id
    work.cause = cause
    decisions.add_week(work, DecidedWeek(week, work.now, words, entry), found, dispatch_ids)
    return found


def _schedule(work: Work, together: Sequence[Decision], policy: MarketPolicy, sends_from: datetime | None,
              ) -> str | None:
    """The dispatch that acceptances become together; what cannot become one is noted in the journal."""
    for wanted in scheduled_dispatches(together, policy):
        try:
            return plan_dispatch(work, wanted, sends_from).id
        except Refused as refusal:
            declaration = together[0].offer.declaration
            work.record(ScheduleRefused(declaration.organisation_id, declaration.id,
                                        tuple(breach.message for breach in refusal.breaches)))
    return None


def _fact(decision: Decision) -> DeclarationDecided:
    declaration = decision.offer.declaration
    return DeclarationDecided(
        declaration.organisation_id, declaration.id, declaration.windows[decision.offer.index].words,
        decision.verdict.value, decision.because,
        kw_text(decision.accepted_milliwatts) if decision.is_accepted else None, _text(decision.acceptance_start),
        _text(decision.acceptance_end), _pounds(decision.utilisation_bid_price),
        _pounds(decision.utilisation_awarded_price))


def _key(decision: Decision) -> DispatchKey:
    return (*decision.offer.key, decision.acceptance_start)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _pounds(price: object) -> str | None:
    return None if price is None else str(price)


def _breach(code: str, message: str) -> RuleBreach:
    return RuleBreach(None, "week_commencing", code, message)
