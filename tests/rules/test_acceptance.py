"""Acceptance: all, nothing, in part, by merit order or by hand; Restore always; and the Acceptance CSV."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.market.acceptance import (
    AcceptanceRule,
    Decision,
    HandChoice,
    Requirement,
    RuleKind,
    Verdict,
    acceptance_rows,
    award,
    breaches_of_choices,
    decide_by_hand,
    offers_of,
    scheduled_dispatches,
    undecided,
)
from simulator.market.declarations import ACCEPTANCE_COLUMNS, Declaration
from simulator.market.events import Direction
from simulator.market.merit_order import by_merit, decide_week
from simulator.market.policy import DEFAULT_POLICY, MarketPolicy
from simulator.market.pricing import availability_payments, utilisation_price
from tests.builders import instant
from tests.markets import MILLIWATTS, WEEK, declaration, window

MONDAY = "MONDAY 16:00-18:00"
ACCEPT_ALL = AcceptanceRule()
IN_PART = AcceptanceRule(RuleKind.IN_PART, Decimal(50), starts_later_minutes=30, ends_earlier_minutes=15)


def decided(*declarations: Declaration, rule: AcceptanceRule = ACCEPT_ALL,
            policy: MarketPolicy = DEFAULT_POLICY) -> list[Decision]:
    return decide_week(declarations, rule, policy)


def wanted(kw: int, text: str = MONDAY, **changes: object) -> Requirement:
    return Requirement("CMZ_A", window(text), kw * MILLIWATTS, **changes)


def by_id(decisions: list[Decision]) -> dict[str, tuple[str, int]]:
    """(verdict, accepted kW) by id of the declaration; the sum of its pieces."""
    found: dict[str, tuple[str, int]] = {}
    for decision in decisions:
        _, before = found.get(decision.offer.declaration.id, ("", 0))
        found[decision.offer.declaration.id] = (decision.verdict.value,
                                                before + decision.accepted_milliwatts // MILLIWATTS)
    return found


@pytest.mark.proves("rule/acceptance.decided")
def test_before_thursday_nothing_is_decided() -> None:
    """Domain: public; decisions are out on Thursday at 12:00."""
    found, = undecided([declaration()])
    assert (found.verdict, found.is_accepted, found.acceptance_start) == (Verdict.UNDECIDED, False, None)


@pytest.mark.proves("rule/acceptance.ways")
def test_accept_all() -> None:
    """Ours: a rule of the world."""
    found, = decided(declaration())
    assert (found.verdict, found.accepted_milliwatts) == (Verdict.ACCEPTED, 100 * MILLIWATTS)
    assert (found.acceptance_start, found.acceptance_end) == (instant("2026-11-09 16:00"), instant("2026-11-09 18:00"))
    assert found.because == "By rule, everything is accepted this week."


def test_reject_all_but_restore() -> None:
    """Domain: public; Restore is accepted automatically."""
    found = decided(declaration("A"), declaration("R", "Restore", 70, None), rule=AcceptanceRule(RuleKind.NONE))
    assert by_id(found) == {"A": ("rejected", 0), "R": ("accepted", 70)}


@pytest.mark.proves("rule/acceptance.ways")
def test_accept_in_part() -> None:
    """Ours: a shortened window and lower power."""
    found, = decided(declaration(), rule=IN_PART)
    assert (found.verdict, found.accepted_milliwatts) == (Verdict.ACCEPTED_IN_PART, 50 * MILLIWATTS)
    assert (found.acceptance_start, found.acceptance_end) == (instant("2026-11-09 16:30"), instant("2026-11-09 17:45"))


def test_a_window_of_which_nothing_is_left_is_rejected() -> None:
    """Ours: 45 minutes off a window of 40."""
    found, = decided(declaration("A", "SU", 10, "240", "MONDAY 16:00-16:40"), rule=IN_PART)
    assert found.verdict is Verdict.REJECTED


@pytest.mark.proves("policy/always_accepted_programmes", "programme/Restore")
def test_restore_is_accepted_whole_under_every_rule() -> None:
    """Domain: public."""
    restore = declaration("R", "Restore", 70, None)
    for rule in (IN_PART, AcceptanceRule(RuleKind.MERIT_ORDER, requirements=(wanted(1),))):
        assert by_id(decided(restore, rule=rule)) == {"R": ("accepted", 70)}
    assert by_id(decide_by_hand([restore], [], DEFAULT_POLICY)) == {"R": ("accepted", 70)}


@pytest.mark.proves("policy/awarded_price")
def test_winners_are_awarded_the_dearest_accepted_bid() -> None:
    """The public example: bid 1263, awarded 1329.5. Pay as cleared: assumed."""
    first, second = decided(declaration("A", bid="1263"), declaration("B", bid="1329.5", unit_id="MU-2"))
    assert (first.utilisation_bid_price, first.utilisation_awarded_price) == (Decimal(1263), Decimal("1329.5"))
    assert second.utilisation_awarded_price == Decimal("1329.5")


@pytest.mark.proves("policy/awarded_price")
def test_pay_as_bid_is_a_setting() -> None:
    """Assumed."""
    policy = MarketPolicy(awarded_price="pay_as_bid")
    found = decided(declaration("A", bid="10"), declaration("B", bid="20", unit_id="MU-2"), policy=policy)
    assert [decision.utilisation_awarded_price for decision in found] == [Decimal(10), Decimal(20)]


@pytest.mark.parametrize("other", [
    declaration("B", "SAOU", bid="900", unit_id="MU-2"), declaration("B", bid="900", zone="CMZ_B", unit_id="MU-2"),
    declaration("B", bid="900", direction=Direction.DOWN, unit_id="MU-2")])
def test_other_programmes_zones_and_directions_are_other_auctions(other: Declaration) -> None:
    """Assumed."""
    found = {decision.offer.declaration.id: decision for decision in decided(declaration("A", bid="240"), other)}
    assert found["A"].utilisation_awarded_price == Decimal(240)


@pytest.mark.proves("rule/acceptance.prices", "policy/auction_programmes")
def test_prices_stand_with_accepted_auction_programmes_only() -> None:
    """Portal guide §3.2 (documented)."""
    found = decided(declaration("A"), declaration("B", "Dynamic", 50, None, "TUESDAY 16:00-18:00"),
                    rule=AcceptanceRule(RuleKind.NONE))
    found += decided(declaration("C", "Dynamic", 50, None))
    assert all(decision.utilisation_bid_price is None and decision.utilisation_awarded_price is None
               for decision in found)


@pytest.mark.proves("rule/acceptance.merit_order")
def test_merit_order_accepts_the_cheapest_first() -> None:
    """Ours: up to the requirement, the last in part."""
    offers = [declaration("A", kw=100, bid="300"), declaration("B", kw=100, bid="100", unit_id="MU-2"),
              declaration("C", kw=100, bid="200", unit_id="MU-3")]
    found = by_merit(offers, [wanted(150)], DEFAULT_POLICY)
    assert by_id(found) == {"A": ("rejected", 0), "B": ("accepted", 100), "C": ("accepted_in_part", 50)}
    awarded = {decision.utilisation_awarded_price for decision in found if decision.is_accepted}
    assert awarded == {Decimal(200)}


def test_merit_order_shortens_a_window_to_what_is_required() -> None:
    """Ours."""
    found, = by_merit([declaration()], [wanted(500, "MONDAY 17:00-20:00")], DEFAULT_POLICY)
    assert (found.verdict, found.acceptance_start) == (Verdict.ACCEPTED_IN_PART, instant("2026-11-09 17:00"))
    assert found.acceptance_end == instant("2026-11-09 18:00")


def test_an_offer_may_be_accepted_in_pieces() -> None:
    """Ours: 100 kW alone at first, 40 kW beside a cheaper offer of 60 kW for the second hour."""
    found = by_merit([declaration("A"), declaration("B", "SU", 60, "10", "MONDAY 17:00-18:00", unit_id="MU-2")],
                     [wanted(100)], DEFAULT_POLICY)
    pieces = [(decision.acceptance_start.hour, decision.accepted_milliwatts // MILLIWATTS) for decision in found
              if decision.offer.declaration.id == "A"]
    assert pieces == [(16, 100), (17, 40)]


def test_what_is_not_required_is_rejected_with_the_reason() -> None:
    """Ours: decisions explain themselves."""
    offers = [declaration("A", zone="CMZ_B"), declaration("B", kw=500, bid="10"),
              declaration("C", bid="20", unit_id="MU-2")]
    reasons = {decision.offer.declaration.id: decision.because
               for decision in by_merit(offers, [wanted(500)], DEFAULT_POLICY)}
    assert reasons == {
        "A": "Nothing was required in its zone and window.",
        "B": "£10.00 a MWh is in merit for 500 kW in CMZ_A, MONDAY 16:00–18:00.",
        "C": "£20.00 a MWh was not in merit: cheaper offers met 500 kW in CMZ_A, MONDAY 16:00–18:00."}


def test_an_offer_is_not_accepted_twice_for_two_requirements() -> None:
    """Ours: its power is there once."""
    found = by_merit([declaration()], [wanted(60), wanted(80)], DEFAULT_POLICY)
    assert sorted(decision.accepted_milliwatts // MILLIWATTS for decision in found) == [40, 60]


def test_a_requirement_may_be_for_one_programme_and_is_for_one_direction() -> None:
    """Ours."""
    offers = [declaration("A", "SAOU"), declaration("B", direction=Direction.DOWN, unit_id="MU-2"),
              declaration("C", unit_id="MU-3")]
    assert by_id(by_merit(offers, [wanted(500, programme="SU")], DEFAULT_POLICY)) == {
        "A": ("rejected", 0), "B": ("rejected", 0), "C": ("accepted", 100)}


@pytest.mark.proves("policy/utilisation_prices", "programme/Dynamic")
def test_offers_without_a_bid_compete_with_their_programme_s_price() -> None:
    """Assumed: Dynamic costs £300."""
    offers = [declaration("A", "Dynamic", 100, None), declaration("B", bid="299", unit_id="MU-2")]
    assert by_id(by_merit(offers, [wanted(100)], DEFAULT_POLICY)) == {"A": ("rejected", 0), "B": ("accepted", 100)}


OFFERS = st.lists(st.tuples(st.integers(0, 23), st.integers(1, 24), st.integers(1, 200), st.integers(0, 5)), max_size=6)
WANTS = st.lists(st.tuples(st.integers(0, 23), st.integers(1, 24), st.integers(1, 300)), max_size=3)


def _hours(start: int, length: int) -> str:
    end = min(24, start + length)
    return f"MONDAY {start:02}:00-{end:02}:00"


@pytest.mark.proves("rule/acceptance.merit_order")
@given(OFFERS, WANTS)
def test_merit_order_meets_a_requirement_exactly_as_far_as_there_are_offers(
        offers: list[tuple[int, int, int, int]], wants: list[tuple[int, int, int]]) -> None:
    """Ours: at every hour the accepted power is the smaller of what is offered and what is required, cheapest first."""
    declared = [declaration(f"D{place}", "SU", kw, str(bid), _hours(start, length), unit_id=f"MU-{place}")
                for place, (start, length, kw, bid) in enumerate(offers)]
    needs = [wanted(kw, _hours(start, length)) for start, length, kw in wants]
    found = by_merit(declared, needs, DEFAULT_POLICY)
    assert {decision.offer.declaration.id for decision in found} == {made.id for made in declared}
    for hour in range(24):
        at = instant("2026-11-09 00:30") + timedelta(hours=hour)
        offered = {offer.declaration.id: offer for offer in offers_of(declared) if offer.start_at <= at < offer.end_at}
        required = sum(need.power_milliwatts for need in needs
                       if need.window.interval(WEEK)[0] <= at < need.window.interval(WEEK)[1])
        taken = {name: _accepted_at(found, name, at) for name in offered}
        assert sum(taken.values()) == min(required, sum(
            offer.declaration.power_milliwatts for offer in offered.values()))
        left = [offer.declaration.utilisation_bid_price for name, offer in offered.items()
                if taken[name] < offer.declaration.power_milliwatts]
        used = [offer.declaration.utilisation_bid_price for name, offer in offered.items() if taken[name]]
        assert not left or not used or max(used) <= min(left)


def _accepted_at(decisions: list[Decision], name: str, at: datetime) -> int:
    return sum(decision.accepted_milliwatts for decision in decisions
               if decision.offer.declaration.id == name and decision.is_accepted
               and decision.acceptance_start <= at < decision.acceptance_end)


@given(OFFERS, st.sampled_from([AcceptanceRule(), IN_PART, AcceptanceRule(RuleKind.NONE)]), st.randoms())
def test_the_order_in_which_declarations_came_does_not_matter(offers: list[tuple[int, int, int, int]],
                                                              rule: AcceptanceRule, order: object) -> None:
    """Ours: same data, same decisions."""
    declared = [declaration(f"D{place}", "SU", kw, str(bid), _hours(start, length), unit_id=f"MU-{place}")
                for place, (start, length, kw, bid) in enumerate(offers)]
    shuffled = list(declared)
    order.shuffle(shuffled)
    assert decided(*declared, rule=rule) == decided(*shuffled, rule=rule)


@pytest.mark.proves("rule/acceptance.ways")
def test_by_hand_whole_in_part_and_not_at_all() -> None:
    """Ours: what the control room chooses."""
    start, end = instant("2026-11-09 16:30"), instant("2026-11-09 17:00")
    offers = [declaration("A"), declaration("B", unit_id="MU-2"), declaration("C", unit_id="MU-3")]
    choices = [HandChoice("A", 0), HandChoice("B", 0, start, end, 40 * MILLIWATTS)]
    assert list(breaches_of_choices(offers, choices, DEFAULT_POLICY)) == []
    found = {decision.offer.declaration.id: decision for decision in decide_by_hand(offers, choices, DEFAULT_POLICY)}
    assert by_id(list(found.values())) == {"A": ("accepted", 100), "B": ("accepted_in_part", 40), "C": ("rejected", 0)}
    assert (found["B"].acceptance_start, found["B"].acceptance_end) == (start, end)


def test_by_hand_keeps_the_order_of_the_offers() -> None:
    """Ours: as every other way of deciding, also where something is always accepted."""
    offers = [declaration("A"), declaration("R", "Restore", 70, None, "MONDAY 17:00-18:00", unit_id="MU-2"),
              declaration("C", "SU", 10, "240", "TUESDAY 16:00-18:00")]
    found = decide_by_hand(offers, [], DEFAULT_POLICY)
    assert [decision.offer for decision in found] == offers_of(offers)


@pytest.mark.parametrize(("choice", "codes"), [
    (HandChoice("A", 0, instant("2026-11-09 17:30") + timedelta(seconds=20.5)), ["not_on_minute"]),
    (HandChoice("A", 0, None, instant("2026-11-09 17:30") + timedelta(seconds=1)), ["not_on_minute"]),
    (HandChoice("X", 0), ["unknown_declaration"]), (HandChoice("A", 1), ["unknown_declaration"]),
    (HandChoice("A", 0, instant("2026-11-09 15:59")), ["outside_the_window"]),
    (HandChoice("A", 0, None, instant("2026-11-09 18:01")), ["outside_the_window"]),
    (HandChoice("A", 0, instant("2026-11-09 17:00"), instant("2026-11-09 17:00")), ["end_before_start"]),
    (HandChoice("A", 0, None, None, 0), ["range"]), (HandChoice("A", 0, None, None, 100 * MILLIWATTS + 1), ["range"]),
    (HandChoice("R", 0, None, None, 1), ["always_accepted"]), (HandChoice("R", 0), [])])
def test_what_can_be_wrong_with_a_choice(choice: HandChoice, codes: list[str]) -> None:
    """Ours: an acceptance lies within what was declared."""
    offers = [declaration("A"), declaration("R", "Restore", 70, None)]
    assert [breach.code for breach in breaches_of_choices(offers, [choice], DEFAULT_POLICY)] == codes


def test_a_window_chosen_twice_is_named() -> None:
    """Ours: the second of them, by its place."""
    breach, = breaches_of_choices([declaration("A")], [HandChoice("A", 0), HandChoice("A", 0)], DEFAULT_POLICY)
    assert (breach.index, breach.code) == (1, "duplicate_in_request")


@pytest.mark.proves("rule/declarations.acceptance_csv")
def test_the_rows_of_the_acceptance_csv() -> None:
    """Portal guide §3.2 (documented): the last four columns; the others are assumed."""
    assert ACCEPTANCE_COLUMNS[-4:] == ("acceptance_start", "acceptance_end", "utilisation_bid_price",
                                       "utilisation_awarded_price")
    won, lost = acceptance_rows(decided(declaration("A", bid="1263.00")) + decided(
        declaration("B"), rule=AcceptanceRule(RuleKind.NONE)))
    assert dict(zip(ACCEPTANCE_COLUMNS, won, strict=True)) == {
        "week_commencing": "2026-11-09", "programme": "SU", "zone": "CMZ_A", "meterable_unit_id": "MU-1",
        "declaration_start": "2026-11-09T16:00+00:00", "declaration_end": "2026-11-09T18:00+00:00", "power_kw": "100",
        "decision": "accepted", "accepted_power_kw": "100", "acceptance_start": "2026-11-09T16:00+00:00",
        "acceptance_end": "2026-11-09T18:00+00:00", "utilisation_bid_price": "1263",
        "utilisation_awarded_price": "1263"}
    assert lost[7:] == ["rejected", "", "", "", "", ""]


def test_every_window_of_every_declaration_has_a_row() -> None:
    """Portal guide §3.2 (documented): all declarations, accepted or not."""
    found = decided(declaration("A", "SU", 10, "1", MONDAY, "TUESDAY 16:00-18:00"), rule=AcceptanceRule(RuleKind.NONE))
    assert len(acceptance_rows(found)) == 2


@pytest.mark.proves("policy/scheduled_programmes", "programme/SU")
def test_acceptances_of_scheduled_programmes_become_dispatches() -> None:
    """Inferred: Scheduled Utilisation; the control room dispatches the others."""
    down = declaration("D", unit_id="MU-2", direction=Direction.DOWN)
    found = scheduled_dispatches(decided(declaration("A"), down, declaration("B", "SAOU"),
                                         declaration("R", "Restore", 5, None), rule=IN_PART), DEFAULT_POLICY)
    assert [(made.programme, made.unit_ids, made.power_milliwatts // MILLIWATTS) for made in found] == [
        ("SU", ("MU-1",), 50), ("SU", ("MU-2",), -50)]
    assert (found[0].start_at, found[0].notice) == (instant("2026-11-09 16:30"), timedelta(minutes=15))


@pytest.mark.proves("rule/month.overlap")
def test_requirements_of_the_same_time_make_one_dispatch_of_a_window() -> None:
    """Ours: 100 and 60 kW of one unit are a dispatch of 160 kW, or the same energy would be paid twice."""
    requirements = (wanted(100), wanted(60))
    found = scheduled_dispatches(by_merit([declaration("A", "SU", 300)], requirements, DEFAULT_POLICY), DEFAULT_POLICY)
    assert [made.power_milliwatts // MILLIWATTS for made in found] == [160]


def test_requirements_that_overlap_in_part_make_dispatches_that_do_not() -> None:
    """Ours: the powers add up where both want the window."""
    requirements = (wanted(100, "MONDAY 16:00-17:00"), wanted(60, "MONDAY 16:30-17:30"))
    found = scheduled_dispatches(by_merit([declaration("A", "SU", 300)], requirements, DEFAULT_POLICY), DEFAULT_POLICY)
    assert [(f"{made.start_at:%H:%M}", f"{made.end_at:%H:%M}", made.power_milliwatts // MILLIWATTS)
            for made in found] == [("16:00", "16:30", 100), ("16:30", "17:00", 160), ("17:00", "17:30", 60)]


def test_an_empty_list_of_auctions_is_one() -> None:
    """Ours: nothing was decided, so nothing competes; the usual auctions are for those that name none."""
    assert award([], DEFAULT_POLICY, []) == []
    with pytest.raises(ValueError, match="zip"):
        award(decided(declaration()), DEFAULT_POLICY, [])


def test_an_event_of_the_other_direction_is_not_paid_an_award() -> None:
    """Ours: less export was called, more export was declared; so it is the programme's own price."""
    start, end = instant("2026-11-09 16:00"), instant("2026-11-09 17:00")
    price = utilisation_price("SAOU", ["MU-1"], start, end, decided(declaration("A", "SAOU", bid="1263")),
                              DEFAULT_POLICY, direction=Direction.DOWN)
    assert price.pounds == DEFAULT_POLICY.utilisation_prices["SAOU"]


def test_an_event_is_paid_the_price_it_was_awarded() -> None:
    """Assumed: the acceptance of its unit and programme that it lies in."""
    decisions = decided(declaration("A", bid="1263"), declaration("B", bid="1329.5", unit_id="MU-2"))
    start, end = instant("2026-11-09 16:00"), instant("2026-11-09 17:00")
    price = utilisation_price("SU", ["MU-1"], start, end, decisions, DEFAULT_POLICY,
                              direction=Direction.UP)
    assert (price.pounds, price.because) == (
        Decimal("1329.5"), "£1,329.50 a MWh was awarded to declaration A, which bid £1,263.00.")


@pytest.mark.proves("policy/utilisation_prices", "programme/OU", "programme/SU")
@pytest.mark.parametrize(("programme", "unit", "hour"), [
    ("SU", "MU-9", 16), ("SU", "MU-1", 18), ("SU", "MU-1", 15), ("OU", "MU-1", 16)])
def test_an_event_without_an_acceptance_is_paid_its_programme_s_price(programme: str, unit: str, hour: int) -> None:
    """Assumed: SU £300, OU £360 a MWh."""
    start = instant(f"2026-11-09 {hour}:00")
    price = utilisation_price(programme, [unit], start, start + timedelta(hours=1), decided(declaration()),
                              DEFAULT_POLICY, direction=Direction.UP)
    assert price.pounds == DEFAULT_POLICY.utilisation_prices[programme]
    assert price.because.endswith(f"is the price of {programme} without an auction (assumed).")


@pytest.mark.proves("policy/availability_programmes", "policy/availability_prices", "programme/SAOU")
def test_accepted_availability_is_paid_where_the_programme_pays_for_it() -> None:
    """Assumed: 0.1 MW × 2 hours × £12, or the price that was declared."""
    decisions = decided(declaration("A", "SAOU"), declaration("B", "SAOU", availability_price=Decimal(20),
                                                              unit_id="MU-2"), declaration("C", "SU", unit_id="MU-3"))
    first, second = availability_payments(decisions, {"CMZ_A": "Ashgrove"}, DEFAULT_POLICY)
    assert (first.line.pence, second.line.pence) == (240, 400)
    assert (first.month, first.zone, first.zone_name, first.unit_id) == ("2026-11", "CMZ_A", "Ashgrove", "MU-1")
    assert first.line.because == "£12.00 a MW and hour is the price of SAOU (assumed)."
    assert second.line.because == "£20.00 a MW and hour was declared (assumed)."
