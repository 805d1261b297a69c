"""Declarations: weeks that lock, windows on London clocks, and everything that can be wrong with one, all at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.declarations import (
    StaticDeclaration,
    WantedDeclaration,
    breaches_of_declaration,
    decided_at,
    declaration_of,
    first_open_week,
    locks_at,
    monday_of,
    week_with_static,
)
from simulator.market.events import Direction
from simulator.market.intervals import WEEKDAYS
from simulator.market.policy import DEFAULT_POLICY, MarketPolicy
from simulator.timekeeping.london import to_london
from tests.builders import instant
from tests.markets import MILLIWATTS, WEEK, declaration, meter, window, wish

NOW = instant("2026-11-03 12:00")
UNITS = {"MU-1": meter(), "MU-2": meter("MU-2", capacity_kw=50)}
AUTUMN, SPRING = date(2026, 10, 19), date(2026, 3, 23)


def codes(wanted: WantedDeclaration, others: tuple = (), now=NOW) -> list[tuple[str | None, str]]:
    found = list(breaches_of_declaration(wanted, UNITS, others, now, DEFAULT_POLICY))
    assert all(len(breach.message) > 20 and breach.message.endswith(".") for breach in found)
    return [(breach.field, breach.code) for breach in found]


def hours(text: str, week: date) -> float:
    start, end = window(text).interval(week)
    return (end - start) / timedelta(hours=1)


@pytest.mark.proves("policy/lock_days_before_week")
def test_a_week_locks_at_the_end_of_the_wednesday_before() -> None:
    """Domain: public, the brand's older pages."""
    assert locks_at(WEEK, DEFAULT_POLICY) == instant("2026-11-05 00:00")
    assert locks_at(date(2026, 7, 13), DEFAULT_POLICY) == instant("2026-07-08 23:00")


@pytest.mark.proves("policy/decision_days_before_week", "policy/decision_hour")
def test_a_week_is_decided_on_thursday_at_noon() -> None:
    """Domain: public; the email of 12:05 agrees (portal guide §3.6)."""
    assert decided_at(WEEK, DEFAULT_POLICY) == instant("2026-11-05 12:00")
    assert decided_at(date(2026, 7, 13), DEFAULT_POLICY) == instant("2026-07-09 11:00")


@given(st.dates(date(2000, 1, 3), date(2099, 12, 28)))
def test_every_week_locks_and_is_decided_on_london_clocks(day: date) -> None:
    """Domain: public; in weeks with a clock change too."""
    week = day - timedelta(days=day.weekday())
    lock, decision = (to_london(at(week, DEFAULT_POLICY)) for at in (locks_at, decided_at))
    assert (lock.strftime("%A %H:%M"), decision.strftime("%A %H:%M")) == ("Thursday 00:00", "Thursday 12:00")
    assert lock.date() == decision.date() == week - timedelta(days=4)


@pytest.mark.parametrize(("at", "week"), [
    ("2026-11-04 23:59:59", "2026-11-09"), ("2026-11-05 00:00", "2026-11-16"), ("2026-11-08 23:59", "2026-11-16"),
    ("2026-11-09 00:00", "2026-11-16")])
def test_the_first_week_that_is_open(at: str, week: str) -> None:
    """Domain: public."""
    assert first_open_week(instant(at), DEFAULT_POLICY) == date.fromisoformat(week)


def test_the_week_of_an_instant_begins_on_its_london_monday() -> None:
    """Inferred: Sunday 23:00Z is Monday in London in summer."""
    assert monday_of(instant("2026-07-05 23:00")) == date(2026, 7, 6)
    assert monday_of(instant("2026-11-08 23:59")) == date(2026, 11, 2)


def test_a_window_is_on_london_clocks() -> None:
    """Domain: London local time; 00:00 as an end is the midnight after."""
    assert window("MONDAY 16:00-18:00").interval(date(2026, 7, 6)) == (
        instant("2026-07-06 15:00"), instant("2026-07-06 17:00"))
    assert window("SUNDAY 22:00-24:00").interval(WEEK) == (instant("2026-11-15 22:00"), instant("2026-11-16 00:00"))
    assert window("SUNDAY 22:00-24:00").words == "SUNDAY 22:00–24:00"


@pytest.mark.parametrize(("text", "week", "length"), [
    ("SUNDAY 00:00-24:00", AUTUMN, 25), ("SUNDAY 00:00-24:00", SPRING, 23), ("SUNDAY 00:00-03:00", AUTUMN, 4),
    ("SUNDAY 01:00-02:00", AUTUMN, 2), ("SUNDAY 00:30-01:30", SPRING, 0.5), ("SUNDAY 01:15-01:45", SPRING, 0),
    ("SUNDAY 01:15-01:45", AUTUMN, 0.5)])
def test_windows_have_their_real_length_when_clocks_change(text: str, week: date, length: float) -> None:
    """Inferred: an hour occurs twice in autumn and not at all in spring."""
    assert hours(text, week) == length


@given(st.dates(date(2000, 1, 3), date(2099, 12, 20)), st.lists(st.integers(1, 1_439), unique=True, max_size=5))
def test_windows_that_tile_a_week_tile_its_real_time(day: date, cuts: list[int]) -> None:
    """Ours: no instant of a week is lost or declared twice, whatever the clocks do."""
    week = day - timedelta(days=day.weekday())
    edges = [time(cut // 60, cut % 60) for cut in sorted({0, *cuts})] + [time(0)]
    intervals = [replace(window(), day_of_week=name, start=start, end=end).interval(week)
                 for name in WEEKDAYS for start, end in zip(edges, edges[1:], strict=False)]
    assert all(one[1] == other[0] for one, other in zip(intervals, intervals[1:], strict=False))
    assert (intervals[-1][1] - intervals[0][0]) / timedelta(hours=1) in (167, 168, 169)


@pytest.mark.proves("rule/declarations.exist", "rule/declarations.limits")
def test_a_declaration_with_nothing_wrong() -> None:
    """Ours: several windows a day are taken, end to end too."""
    wanted = wish("MONDAY 16:00-18:00", "MONDAY 18:00-24:00", "TUESDAY 00:00-24:00")
    assert codes(wanted) == []
    made = declaration_of(wanted, "DECL-1", UNITS["MU-1"])
    assert (made.id, made.zone, made.organisation_id, made.power_milliwatts) == (
        "DECL-1", "CMZ_A", "brindle", 100 * MILLIWATTS)
    assert made.direction is Direction.UP


@pytest.mark.proves("rule/declarations.limits")
@pytest.mark.parametrize(("wanted", "breach"), [
    (wish(week=date(2026, 11, 10)), ("week_commencing", "not_a_monday")),
    (wish(week=date(2026, 11, 2)), ("week_commencing", "locked")),
    (wish(unit_id="MU-9"), ("meterable_unit_id", "unknown_unit")),
    (wish(programme="su"), ("programme", "unknown_programme")),
    (wish(power_kw=Decimal(0)), ("power_kw", "minimum")),
    (wish(power_kw=Decimal(-5)), ("power_kw", "minimum")),
    (wish(power_kw=Decimal("NaN")), ("power_kw", "minimum")),
    (wish(power_kw=Decimal("500.1")), ("power_kw", "over_capacity")),
    (wish(power_kw=Decimal("1.0000001")), ("power_kw", "decimals")),
    (wish(utilisation_bid_price=None), ("utilisation_bid_price", "required")),
    (wish(programme="OU"), ("utilisation_bid_price", "not_an_auction")),
    (wish(utilisation_bid_price=Decimal(-1)), ("utilisation_bid_price", "range")),
    (wish(utilisation_bid_price=Decimal("1.234")), ("utilisation_bid_price", "decimals")),
    (wish(availability_price=Decimal(5)), ("availability_price", "no_availability_payment")),
    (wish(programme="SAOU", availability_price=Decimal("Infinity")), ("availability_price", "range")),
    (wish("Monday 16:00-18:00"), ("windows", "day_of_week")),
    (wish("MONDAY 18:00-16:00"), ("windows", "end_before_start")),
    (wish("MONDAY 16:00-16:00"), ("windows", "end_before_start")),
    (wish("MONDAY 16:00:30-18:00"), ("windows", "not_on_minute")),
    (wish("MONDAY 16:00-18:00", "MONDAY 17:59-19:00"), ("windows", "overlap")),
    (wish("MONDAY 16:00-24:00", "MONDAY 23:00-23:30"), ("windows", "overlap")),
    (replace(wish(), windows=()), ("windows", "required")),
])
def test_what_can_be_wrong_with_a_declaration(wanted: WantedDeclaration, breach: tuple[str, str]) -> None:
    """Assumed: fields and limits; the lock is public."""
    assert codes(wanted) == [breach]


def test_everything_wrong_is_said_at_once() -> None:
    """Ours: one attempt shows all there is to mend."""
    wanted = wish("MONDAY 18:00-16:00", "FRIDY 16:00-18:00", week=date(2026, 11, 3), unit_id="X", programme="Y",
                  power_kw=Decimal(0))
    assert [code for _, code in codes(wanted)] == [
        "not_a_monday", "unknown_unit", "unknown_programme", "minimum", "end_before_start", "day_of_week"]


def test_a_locked_week_names_the_first_open_one() -> None:
    """Ours: an error says how to mend it."""
    breach, = breaches_of_declaration(wish(), UNITS, (), instant("2026-11-05 00:00"), DEFAULT_POLICY)
    assert breach.message == ("Declarations for the week of 2026-11-09 are locked since Thursday 5 November 2026 00:00 "
                              "London time. The earliest open week begins on 2026-11-16.")


def test_a_window_that_the_clocks_skip_is_refused() -> None:
    """Inferred: 01:15 to 01:45 does not occur on 29 March 2026."""
    assert codes(wish("SUNDAY 01:15-01:45", week=SPRING), now=instant("2026-03-01 12:00")) == [
        ("windows", "does_not_occur")]


def test_the_same_unit_and_programme_are_declared_once_at_a_time() -> None:
    """Assumed: other programmes, weeks, units and hours may be declared beside it."""
    other = declaration("DECL-7", "SU", 50, "240", "MONDAY 17:00-19:00")
    assert codes(wish(), (other,)) == [("windows", "already_declared")]
    for beside in (replace(other, programme="SAOU"), replace(other, unit_id="MU-2"), replace(other, week=AUTUMN),
                   declaration("DECL-7", "SU", 50, "240", "MONDAY 18:00-19:00")):
        assert codes(wish(), (beside,)) == []


@pytest.mark.proves("policy/auction_programmes")
def test_which_programmes_take_a_bid_is_a_setting() -> None:
    """Assumed: SU and SAOU by default."""
    policy = MarketPolicy(auction_programmes=("OU",))
    breaches = breaches_of_declaration(wish(programme="OU"), UNITS, (), NOW, policy)
    assert list(breaches) == []


@pytest.mark.proves("rule/declarations.repeat")
def test_a_static_declaration_repeats_every_week_it_covers() -> None:
    """Domain: public; declarations can be static."""
    static = StaticDeclaration(declaration("S"), WEEK, WEEK + timedelta(days=14))
    weeks = [WEEK + timedelta(days=7 * number) for number in range(-1, 4)]
    made = [static.in_week(week) for week in weeks]
    assert [found and found.id for found in made] == [None, "S-2026-11-09", "S-2026-11-16", "S-2026-11-23", None]
    assert made[2].week == weeks[2]
    assert made[2].static_id == "S"
    assert StaticDeclaration(declaration("S"), WEEK).in_week(date(2030, 1, 7)) is not None


def test_a_static_declaration_leaves_out_what_the_clocks_skip() -> None:
    """Inferred."""
    both = StaticDeclaration(declaration("S", "SU", 50, "240", "SUNDAY 01:15-01:45", "SUNDAY 16:00-18:00"), SPRING)
    only = StaticDeclaration(declaration("S", "SU", 50, "240", "SUNDAY 01:15-01:45"), SPRING)
    assert both.in_week(SPRING).windows == (window("SUNDAY 16:00-18:00"),)
    assert only.in_week(SPRING) is None


def test_a_week_s_own_declaration_replaces_the_static_one() -> None:
    """Assumed: for the same unit and programme."""
    own = declaration("A")
    static = [StaticDeclaration(declaration("S"), WEEK), StaticDeclaration(declaration("T", unit_id="MU-2"), WEEK)]
    found = week_with_static([own, declaration("B", week=AUTUMN)], static, WEEK)
    assert [made.id for made in found] == ["A", "T-2026-11-09"]
