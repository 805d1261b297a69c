"""Figures as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.documents.figures import (
    kwh_words,
    number_words,
    period_words,
    pounds,
    price_words,
    share_words,
    short_span_words,
    span_words,
    watts_words,
)
from tests.builders import instant
from tests.example_events import example_performance


@pytest.mark.parametrize(("pence", "words"), [(0, "£0.00"), (7, "£0.07"), (123_456, "£1,234.56"), (-5, "−£0.05")])
def test_money_is_written_in_pounds_and_pence(pence: int, words: str) -> None:
    """Ours: whole pence are kept, so nothing is rounded here."""
    assert pounds(pence) == words


@pytest.mark.parametrize(("milliwatts", "words"), [
    (0, "0.000"), (-12_500_000, "−12.500"), (1_200_000_000, "1,200.000"), (-400, "0.000"), (-500, "−0.001")])
def test_power_in_columns_is_written_to_the_watt(milliwatts: int, words: str) -> None:
    """Ours: figures below one another have the same decimals; zero has no sign."""
    assert watts_words(milliwatts) == words


def test_energy_is_written_as_it_is_counted_with() -> None:
    """Ours: whole Wh are three decimals of kWh, exact."""
    assert kwh_words(1_234_567) == "1,234.567"
    assert kwh_words(-1) == "−0.001"


def test_a_share_is_cut_and_never_rounded_up_to_a_threshold() -> None:
    """Ours: 94.999 % is amber, and must not look like 95 %."""
    assert share_words(94_999, 100_000) == "94.99 %"
    assert share_words(95, 100) == "95.00 %"
    assert share_words(-1, 3) == "−33.33 %"


def test_a_price_has_two_decimals_or_as_many_as_it_is_counted_with() -> None:
    """Domain, public: published prices are such as 1263 and 1329.5."""
    assert [price_words(Decimal(text)) for text in ("1263", "1329.5", "7.0250")] == ["1,263.00", "1,329.50", "7.025"]


def test_numbers_lose_what_says_nothing() -> None:
    """Ours: a factor of 1 is written 1, and a rounded zero has no sign."""
    assert number_words(Decimal("0.878451"), 12) == "0.878451"
    assert number_words(Decimal(1), 12) == "1"
    assert number_words(Decimal("-0.0001"), 3) == "0"


def test_spans_are_london_time_and_name_the_clocks_where_they_change() -> None:
    """Portal guide §3.6, documented: London time."""
    assert span_words(instant("2026-07-06 15:00"), instant("2026-07-06 17:00")) == (
        "Monday 6 July 2026, 16:00 to 18:00 BST")
    assert short_span_words(instant("2026-10-25 00:30"), instant("2026-10-25 01:30")) == (
        "25 Oct 2026, 01:30 BST to 01:30 GMT")
    assert short_span_words(instant("2026-11-02 22:00"), instant("2026-11-03 00:00")) == "2 Nov 2026, 22:00 to 00:00"
    assert short_span_words(instant("2026-11-02 22:00"), instant("2026-11-03 01:00")) == (
        "2 Nov 2026, 22:00 to 3 Nov 01:00")


@pytest.mark.parametrize(("start", "names"), [
    ("2026-10-25 00:00", ["01:00 – 01:30 BST", "01:30 BST – 01:00 GMT", "01:00 – 01:30 GMT"]),
    ("2026-03-29 00:00", ["00:00 – 00:30 GMT", "00:30 GMT – 02:00 BST", "02:00 – 02:30 BST"]),
    ("2026-11-02 16:00", ["16:00 – 16:30", "16:30 – 17:00", "17:00 – 17:30"])], ids=["autumn", "spring", "any day"])
def test_a_period_in_which_the_clocks_change_names_both(start: str, names: list[str]) -> None:
    """Domain, public: days of 46 and of 50 half-hours exist."""
    assert period_words(example_performance([-30] * 3, start=start).periods) == names
