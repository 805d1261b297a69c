"""Declaring and deciding a week in a world: lock, static declarations, decisions, and the dispatches they become."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from simulator.market.acceptance import AcceptanceRule, HandChoice, Requirement, RuleKind, Verdict, acceptance_rows
from simulator.market.dispatches import State
from simulator.market.errors import NotFound, Refused
from simulator.operations import deciding, declarations
from simulator.operations.dispatching import dispatch_by_id
from simulator.store.decisions import acceptances_between
from tests.builders import instant
from tests.markets import window, wish
from tests.month_worlds import BY_MINUTE, HALF_HOURLY, OTHER_ZONE, MonthWorld, month_world

WEEK = date(2026, 10, 12)
NEXT = date(2026, 10, 19)
ALL = AcceptanceRule()


@pytest.fixture
def month() -> Iterator[MonthWorld]:
    with month_world("2026-10-05 09:00") as found:
        yield found


def declare(month: MonthWorld, *windows: str, **changes: object) -> str:
    with month.world.work() as work:
        return declarations.declare(work, "acme", wish(
            *windows, **{"week": WEEK, "unit_id": HALF_HOURLY, **changes}), month.policy).id


def repeat(month: MonthWorld, *windows: str, **changes: object) -> str:
    with month.world.work() as work:
        return declarations.declare_static(work, "acme", wish(
            *windows, **{"week": WEEK, "unit_id": BY_MINUTE, **changes}), month.policy).pattern.id


def declared(month: MonthWorld, week: date = WEEK) -> list[str]:
    with month.world.view() as view:
        return [found.id for found in declarations.declarations_of(view, "acme", week)]


def codes(refusal: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [breach.code for breach in refusal.value.breaches]


def decided(month: MonthWorld, week: date = WEEK) -> list[Verdict]:
    with month.world.view() as view:
        return [found.verdict for found in deciding.decisions_of(view, "acme", week)]


def test_a_declaration_can_be_replaced_and_withdrawn_until_the_lock(month: MonthWorld) -> None:
    """The brand's older pages (public): declarations lock at the end of Wednesday for the week that follows."""
    first = declare(month)
    second = declare_instead(month, first)
    assert declared(month) == [second]
    with month.world.work() as work:
        declarations.withdraw(work, "acme", second, month.policy)
    assert declared(month) == []
    third = declare(month)
    month.advance("2026-10-07 23:00")
    with pytest.raises(Refused) as refusal:
        declare_instead(month, third)
    assert codes(refusal) == ["locked", "locked"]
    with pytest.raises(Refused) as refusal, month.world.work() as work:
        declarations.withdraw(work, "acme", third, month.policy)
    assert codes(refusal) == ["locked"]
    assert declared(month) == [third]


def declare_instead(month: MonthWorld, replaced: str) -> str:
    with month.world.work() as work:
        return declarations.declare(work, "acme", wish(week=WEEK, unit_id=HALF_HOURLY, power_kw=Decimal(50)),
                                    month.policy, replaces=replaced).id


def test_the_declarations_of_others_are_not_there(month: MonthWorld) -> None:
    """Ours: what is someone else's looks as if it were not there."""
    name = declare(month)
    with pytest.raises(NotFound), month.world.work() as work:
        declarations.withdraw(work, "bolt", name, month.policy)
    with month.world.view() as view:
        assert declarations.declarations_of(view, "bolt", WEEK) == []


def test_a_static_declaration_is_there_every_week_until_it_ends(month: MonthWorld) -> None:
    """The brand's older pages (public): declarations can be static. Weeks that are locked keep them (ours)."""
    name = repeat(month)
    assert [declared(month, week) for week in (WEEK, NEXT)] == [[f"{name}-2026-10-12"], [f"{name}-2026-10-19"]]
    month.advance("2026-10-08 08:00")
    with month.world.work() as work:
        declarations.end_static(work, "acme", name, month.policy)
    assert [declared(month, week) for week in (WEEK, NEXT)] == [[f"{name}-2026-10-12"], []]
    with pytest.raises(Refused) as refusal, month.world.work() as work:
        declarations.end_static(work, "acme", name, month.policy)
    assert codes(refusal) == ["ended"]


def test_an_own_declaration_counts_instead_of_what_repeats(month: MonthWorld) -> None:
    """Ours."""
    repeat(month)
    own = declare(month, unit_id=BY_MINUTE, power_kw=Decimal(20))
    assert declared(month) == [own]


def test_two_static_declarations_of_the_same_hours_are_refused(month: MonthWorld) -> None:
    """Ours: as for a single week."""
    repeat(month)
    with pytest.raises(Refused) as refusal:
        repeat(month, week=NEXT)
    assert codes(refusal) == ["already_declared"]


@pytest.mark.proves("job/decide_next_week", "rule/acceptance.decided", "policy/decision_hour")
def test_thursday_noon_decides_the_next_week(month: MonthWorld) -> None:
    """The brand's older pages (public): decisions on Thursday 12:00, London time; everything is accepted (assumed)."""
    declare(month)
    repeat(month)
    month.advance("2026-10-08 10:59")
    assert decided(month) == [Verdict.UNDECIDED] * 2
    month.advance("2026-10-08 11:00")
    assert decided(month) == [Verdict.ACCEPTED] * 2
    entry = month.journal("week.decided")[0]
    assert (entry.data["week"], entry.data["accepted"]) == ("2026-10-12", 2)
    job = next(found for found in month.journal("job") if found.id == entry.caused_by)
    assert job.data["job"] == "decide_next_week"


def test_scheduled_acceptances_are_dispatches_at_once(month: MonthWorld) -> None:
    """Portal guide §3.2 (decisions) and the name Scheduled Utilisation: inferred."""
    declare(month, "MONDAY 16:00-18:00", "TUESDAY 16:00-17:00")
    declare(month, unit_id=OTHER_ZONE, programme="OU", utilisation_bid_price=None)
    month.advance("2026-10-08 12:00")
    with month.world.view() as view:
        ids = deciding.dispatch_ids_of_week(view, WEEK)
        found = sorted((dispatch_by_id(view, name) for name in ids.values()), key=lambda one: one.start_at)
    assert [(one.unit_ids, one.start_at.isoformat(), one.power_milliwatts) for one in found] == [
        ((HALF_HOURLY,), "2026-10-12T15:00:00+00:00", 100_000_000),
        ((HALF_HOURLY,), "2026-10-13T15:00:00+00:00", 100_000_000)]
    planned = {entry.data["dispatch"] if "dispatch" in entry.data else entry.data["id"]: entry
               for entry in month.journal("dispatch.planned")}
    causes = {entry.id: entry.kind for entry in month.journal("declaration.decided")}
    assert all(planned[name].caused_by in causes for name in ids.values())


def test_only_a_locked_week_can_be_decided(month: MonthWorld) -> None:
    """Ours: until then its declarations can change."""
    declare(month)
    with pytest.raises(Refused) as refusal, month.world.work() as work:
        deciding.decide_week(work, WEEK, ALL, month.policy)
    assert codes(refusal) == ["not_locked"]


def test_what_the_control_room_decided_stands_on_thursday(month: MonthWorld) -> None:
    """Ours: the rule of Thursday is for weeks that nobody decided."""
    declare(month)
    month.advance("2026-10-08 06:00")
    with month.world.work() as work:
        deciding.decide_week(work, WEEK, AcceptanceRule(RuleKind.NONE), month.policy)
    month.advance("2026-10-08 12:00")
    assert decided(month) == [Verdict.REJECTED]
    assert len(month.journal("week.decided")) == 1


@pytest.mark.proves("rule/acceptance.anew")
def test_a_week_can_be_decided_anew_until_it_begins(month: MonthWorld) -> None:
    """Ours: dispatches of the earlier decision are called off; nothing of them was sent yet."""
    name = declare(month)
    month.advance("2026-10-08 12:00")
    with month.world.view() as view:
        before = deciding.dispatch_ids_of_week(view, WEEK)
    with month.world.work() as work:
        deciding.decide_by_hand(work, WEEK, [HandChoice(name, 0, power_milliwatts=40_000_000)], month.policy)
    with month.world.view() as view:
        (key, after), = deciding.dispatch_ids_of_week(view, WEEK).items()
        assert {dispatch_by_id(view, old).state for old in before.values()} == {State.CANCELLED}
        assert dispatch_by_id(view, after).power_milliwatts == 40_000_000
    assert key[:2] == (name, 0)
    assert decided(month) == [Verdict.ACCEPTED_IN_PART]
    month.advance("2026-10-12 05:00")
    with pytest.raises(Refused) as refusal, month.world.work() as work:
        deciding.decide_week(work, WEEK, ALL, month.policy)
    assert "week_begun" in codes(refusal)


def test_every_piece_of_a_window_has_its_dispatch(month: MonthWorld) -> None:
    """Ours: pieces of the same time share one; it is called off once when the week is decided anew."""
    declare(month, "MONDAY 16:00-18:00", power_kw=Decimal(300))
    month.advance("2026-10-08 06:00")
    hours = [window(text) for text in ("MONDAY 16:00-18:00", "MONDAY 17:00-18:00")]
    rule = AcceptanceRule(RuleKind.MERIT_ORDER, requirements=tuple(
        Requirement("CMZ_A", hour, kw * 1_000_000) for hour, kw in zip(hours, (100, 60), strict=True)))
    with month.world.work() as work:
        deciding.decide_week(work, WEEK, rule, month.policy)
        found = deciding.dispatched_decisions_of(work, WEEK)
        powers = [(f"{decision.acceptance_start:%H}", decision.accepted_milliwatts // 1_000_000,
                   dispatch_by_id(work, name).power_milliwatts // 1_000_000) for decision, name in found]
    assert sorted(powers) == [("15", 100, 100), ("16", 60, 160), ("16", 100, 160)]
    with month.world.work() as work:
        deciding.decide_week(work, WEEK, AcceptanceRule(RuleKind.NONE), month.policy)
        assert {dispatch_by_id(work, name).state for _, name in found} == {State.CANCELLED}


def test_a_preview_stores_nothing(month: MonthWorld) -> None:
    """Ours: looked at before it is done."""
    declare(month)
    with month.world.view() as view:
        assert deciding.preview_week(view, WEEK, ALL, month.policy)[0].verdict is Verdict.ACCEPTED
        with pytest.raises(Refused):
            deciding.preview_by_hand(view, WEEK, [HandChoice("DEC-9", 0)], month.policy)
    assert decided(month) == [Verdict.UNDECIDED]


def test_the_rule_of_the_world_can_be_set(month: MonthWorld) -> None:
    """Ours: it decides from the next Thursday on."""
    declare(month)
    rule = AcceptanceRule(RuleKind.IN_PART, Decimal("37.5"), 15, 30)
    with month.world.work() as work:
        deciding.set_acceptance_rule(work, rule)
    month.advance("2026-10-08 12:00")
    with month.world.view() as view:
        assert deciding.acceptance_rule(view) == rule
        row = acceptance_rows(deciding.decisions_of(view, "acme", WEEK))[0]
    assert row[-6:] == ["accepted_in_part", "37.5", "2026-10-12T16:15+01:00", "2026-10-12T17:30+01:00", "240", "240"]


@pytest.mark.parametrize(("start", "is_found"), [
    ("2026-10-24 22:59", False), ("2026-10-24 23:00", True), ("2026-10-25 23:59", True), ("2026-10-26 00:00", False)])
def test_an_acceptance_is_found_in_every_minute_of_the_longest_day(start: str, is_found: bool) -> None:
    """Ours: the Sunday on which the clocks go back has 25 hours, and a window of the whole day is as long."""
    with month_world("2026-10-12 09:00") as month:
        declare(month, "SUNDAY 00:00-24:00", week=NEXT)
        month.advance("2026-10-15 12:00")
        with month.world.view() as view:
            begin = instant(start)
            found = acceptances_between(view, "acme", begin, begin + timedelta(minutes=1))
    assert [(one.acceptance_start, one.acceptance_end) for one in found] == [
        (instant("2026-10-24 23:00"), instant("2026-10-26 00:00"))] * is_found
