"""Money: factors, lines, statements and invoices, exact to the penny."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.documents.figures import price_words
from simulator.market.events import Price
from simulator.market.invoices import ALL_ZONES, AvailabilityPayment, Invoice, InvoiceState, invoices_of
from simulator.market.performance import ReportState, assess_event
from simulator.market.policy import DEFAULT_POLICY, MarketPolicy
from simulator.market.settlement import (
    EarningsLine,
    EventStatement,
    LineKind,
    availability_line,
    factor_words,
    payment_factor,
    pence_for,
    pounds_text,
    price_text,
    settle_event,
)
from tests.builders import instant
from tests.markets import MILLIWATTS, START, assessed, event, evidence, meter, price

SHARES = st.fractions(0, 1, max_denominator=10**6)
ENERGIES = st.integers(0, 10**10)
RATES = st.decimals(0, 5_000, places=2, allow_nan=False)


def settled(*powers: float, **changes: object) -> EventStatement:
    return settle_event(assessed(powers, **changes), DEFAULT_POLICY)


def statement(name: str, zone: str, kw: int, start: str = "2026-10-05 16:00") -> EventStatement:
    """An event of one half-hour at 100 kW of which so many kW were delivered."""
    unit, begin = meter(zone=zone), instant(start)
    found = event(unit, start=begin, seconds=1_800, name=name)
    return settle_event(assess_event(found, evidence(unit, [kw], begin), DEFAULT_POLICY, begin), DEFAULT_POLICY)


def payment(zone: str, kw: int, start: str = "2026-10-05 16:00", organisation: str = "brindle") -> AvailabilityPayment:
    """Two accepted hours at £12 a MW and hour."""
    begin = instant(start)
    line = availability_line("Availability", kw * MILLIWATTS, 7_200, Price(Decimal(12), "assumed", "£12."))
    return AvailabilityPayment(organisation, "2026-10", zone, f"Name of {zone}", "MU-1", "SAOU", begin,
                               begin + timedelta(hours=2), line)


def drawn_up(statements: list[EventStatement], payments: list[AvailabilityPayment],
             policy: MarketPolicy = DEFAULT_POLICY) -> list[Invoice]:
    return invoices_of("brindle", "Brindle Aggregation Ltd", "2026-10", statements, payments, policy,
                       instant("2026-11-15 00:00"), InvoiceState.FINAL)


@pytest.mark.proves("policy/full_payment_from_percent", "policy/payment_slope", "policy/no_payment_up_to_percent")
@pytest.mark.parametrize(("share", "factor"), [
    ("1", "1"), ("0.95", "1"), ("0.949999", "0.999997"), ("0.9", "0.85"), ("0.8", "0.55"), ("0.63001", "0.04003"),
    ("0.63", "0"), ("0.62", "0"), ("0", "0")])
def test_the_payment_factor(share: str, factor: str) -> None:
    """Assumed: 1 from 95 %, else max(0, 1 − 3 × (0.95 − share)), and 0 at or below 63 %."""
    assert str(payment_factor(Fraction(share), DEFAULT_POLICY)) == factor


@pytest.mark.proves("policy/full_payment_from_percent", "policy/payment_slope", "policy/no_payment_up_to_percent")
def test_the_factor_follows_the_policy() -> None:
    """Ours: each number is a setting."""
    policy = MarketPolicy(full_payment_from_percent=Decimal(90), payment_slope=Decimal(2),
                          no_payment_up_to_percent=Decimal(10), factor_decimals=2)
    assert payment_factor(Fraction(9, 10), policy) == 1
    assert payment_factor(Fraction(2, 3), policy) == Decimal("0.53")
    assert payment_factor(Fraction(1, 5), policy) == 0


@given(SHARES, SHARES)
def test_who_delivers_more_is_not_paid_at_a_lower_factor(one: Fraction, other: Fraction) -> None:
    """Assumed: the factor never falls as the share rises, and lies between 0 and 1."""
    low, high = (payment_factor(share, DEFAULT_POLICY) for share in sorted((one, other)))
    assert 0 <= low <= high <= 1


@pytest.mark.proves("policy/factor_decimals")
@given(SHARES)
def test_the_factor_is_the_formula_to_six_decimals(share: Fraction) -> None:
    """Assumed."""
    exact = 1 if share >= Fraction("0.95") else 0 if share <= Fraction("0.63") else max(
        Fraction(0), 1 - 3 * (Fraction("0.95") - share))
    assert abs(Fraction(payment_factor(share, DEFAULT_POLICY)) - exact) <= Fraction(1, 2_000_000)


@pytest.mark.proves("rule/month.utilisation")
def test_utilisation_is_energy_times_price_times_factor() -> None:
    """Assumed: 180 kWh of 200 at £300 a MWh and a factor of 0.85 are £45.90."""
    found = settled(90, 90, 90, 90)
    line, = found.lines
    assert (line.kind, line.watt_hours, line.rate, line.factor) == (
        LineKind.UTILISATION, 180_000, Decimal(300), Decimal("0.85"))
    assert (line.pence, found.pence, line.label) == (4_590, 4_590, "assumed")
    assert line.because == "90 % delivered, so the factor is 1 − 3 × (95 % − 90 %) = 0.85. £300 a MWh."


def test_over_delivery_is_not_paid() -> None:
    """Assumed: energy is capped at what was instructed."""
    assert settled(500, 500, 500, 500).pence == settled(100, 100, 100, 100).pence == 6_000


def test_a_line_says_why_its_factor_is_one_or_nothing() -> None:
    """Ours: business outcomes explain themselves."""
    assert factor_words(Fraction(97, 100), DEFAULT_POLICY) == "97 % delivered, and from 95 % on the factor is 1"
    assert factor_words(Fraction(63, 100), DEFAULT_POLICY) == "63 % delivered, and up to 63 % the factor is 0"
    assert factor_words(Fraction(25, 27), DEFAULT_POLICY) == (
        "92.59259 % delivered, so the factor is 1 − 3 × (95 % − 92.59259 %) = 0.927778")


def test_a_statement_is_as_provisional_as_its_report() -> None:
    """Portal guide §3.3 (documented)."""
    found = settled(100, 100, 100, 100)
    assert (found.state, found.rag.value, found.share) == (ReportState.PROVISIONAL, "green", 1)


@pytest.mark.proves("rule/month.availability")
def test_availability_is_accepted_power_times_hours_times_price() -> None:
    """Assumed: 0.5 MW × 2 hours × £12."""
    line = availability_line("A window", 500 * MILLIWATTS, 7_200, Price(Decimal(12), "assumed", "£12."))
    assert (line.kind, line.watt_hours, line.factor, line.pence) == (LineKind.AVAILABILITY, 1_000_000, 1, 1_200)


@pytest.mark.proves("rule/month.rounding")
@pytest.mark.parametrize(("energy", "rate", "pence"), [
    (190_000, "1329.5", 25_261), (1_000, "5", 1), (999, "5", 0), (3_000, "5", 2), (0, "1812", 0)])
def test_half_a_penny_is_rounded_up(energy: int, rate: str, pence: int) -> None:
    """Assumed: 25,260.5 pence are £252.61."""
    assert pence_for(energy, Decimal(rate), Decimal(1)) == pence


@given(ENERGIES, RATES, st.decimals(0, 1, places=6, allow_nan=False))
def test_a_line_is_within_half_a_penny_of_the_exact_amount(energy: int, rate: Decimal, factor: Decimal) -> None:
    """Ours: each line is rounded once, as Decimal does it by itself."""
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(energy) * rate * factor / 10_000
        assert pence_for(energy, rate, factor) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(ENERGIES, ENERGIES, RATES)
def test_more_energy_never_earns_less(one: int, other: int, rate: Decimal) -> None:
    """Assumed rules."""
    low, high = sorted((one, other))
    assert pence_for(low, rate, Decimal(1)) <= pence_for(high, rate, Decimal(1))


@pytest.mark.proves("policy/invoice_for_each")
def test_there_is_an_invoice_for_each_zone() -> None:
    """Assumed: one for each organisation, month and zone."""
    first, second = drawn_up([statement("D-1", "CMZ_B", 100), statement("D-2", "CMZ_A", 90)], [payment("CMZ_B", 100)])
    assert [(found.zone, found.zone_name, found.utilisation_pence, found.availability_pence, found.pence)
            for found in (first, second)] == [
        ("CMZ_A", "Name of CMZ_A", 1_148, 0, 1_148), ("CMZ_B", "Name of CMZ_B", 1_500, 240, 1_740)]
    assert second.number == "INV-2026-10-brindle-CMZ_B"
    assert second.state is InvoiceState.FINAL


@pytest.mark.proves("policy/invoice_for_each")
def test_an_invoice_for_the_whole_organisation_if_the_policy_says_so() -> None:
    """Ours: grouping is a setting."""
    found, = drawn_up([statement("D-1", "CMZ_B", 100), statement("D-2", "CMZ_A", 90)], [payment("CMZ_B", 100)],
                      MarketPolicy(invoice_for_each="organisation"))
    assert (found.zone, found.pence) == (ALL_ZONES, 2_888)


def test_a_zone_with_availability_alone_has_an_invoice() -> None:
    """Assumed."""
    found, = drawn_up([], [payment("CMZ_A", 50)])
    assert (found.statements, found.pence) == ((), 120)


def test_other_months_and_organisations_stay_out() -> None:
    """Portal guide §3.3 (documented): invoices are for a month; 30 September 23:30Z is in October."""
    found, = drawn_up([statement("D-1", "CMZ_A", 100, "2026-09-30 23:30"),
                       statement("D-2", "CMZ_A", 100, "2026-09-30 22:30"),
                       statement("D-3", "CMZ_A", 100, "2026-11-01 00:00")], [payment("CMZ_A", 9, organisation="tamar")])
    assert [own.event.id for own in found.statements] == ["D-1"]
    assert found.availability == ()
    assert drawn_up([], []) == []


def test_events_stand_in_order_of_time() -> None:
    """Ours: same data, same document."""
    late, early = statement("D-1", "CMZ_A", 100, "2026-10-07 16:00"), statement("D-2", "CMZ_A", 100)
    assert drawn_up([late, early], []) == drawn_up([early, late], [])
    assert [own.event.id for own in drawn_up([late, early], [])[0].statements] == ["D-2", "D-1"]


@pytest.mark.proves("rule/month.rounding")
@given(st.lists(st.tuples(st.sampled_from(["CMZ_A", "CMZ_B", "CMZ_C"]), st.integers(-50, 150)), max_size=8),
       st.lists(st.tuples(st.sampled_from(["CMZ_A", "CMZ_B", "CMZ_D"]), st.integers(1, 999)), max_size=8),
       st.sampled_from(["zone", "organisation"]))
def test_lines_add_up_to_statements_and_statements_to_invoices(events: list[tuple[str, int]],
                                                               windows: list[tuple[str, int]], each: str) -> None:
    """Ours: whole pence are added, so nothing is lost or counted twice on the way."""
    statements = [statement(f"D-{place}", zone, kw) for place, (zone, kw) in enumerate(events)]
    payments = [payment(zone, kw) for zone, kw in windows]
    invoices = drawn_up(statements, payments, MarketPolicy(invoice_for_each=each))
    lines = [line for own in statements for line in own.lines] + [paid.line for paid in payments]
    assert sum(invoice.pence for invoice in invoices) == sum(line.pence for line in lines)
    assert sorted(_key(line) for invoice in invoices for line in invoice.lines) == sorted(map(_key, lines))
    for invoice in invoices:
        assert invoice.pence == sum(line.pence for line in invoice.lines) == (
            sum(own.pence for own in invoice.statements) + invoice.availability_pence)


def _key(line: EarningsLine) -> tuple[str, str, int, int]:
    return line.kind.value, line.description, line.watt_hours, line.pence


def test_pounds_for_people() -> None:
    """Ours: thousands are set apart."""
    assert [pounds_text(pence) for pence in (0, 5, 123_456, 100_000_000, -150)] == [
        "£0.00", "£0.05", "£1,234.56", "£1,000,000.00", "−£1.50"]


@pytest.mark.parametrize(("pounds", "words"), [("342.5", "£342.50"), ("1263", "£1,263.00"), ("7.125", "£7.125")])
def test_a_price_in_words_is_written_as_in_tables(pounds: str, words: str) -> None:
    """Ours: pounds and pence, and as many decimals as it is counted with."""
    assert price_text(Decimal(pounds)) == words == f"£{price_words(Decimal(pounds))}"


def test_a_statement_is_of_its_event() -> None:
    """Ours: the price stands in the event, so that a report can be told from it alone."""
    assert settled(100, 100, 100, 100).event.utilisation_price == price()
    assert settled(100, 100, 100, 100).as_of == START + timedelta(hours=2)
