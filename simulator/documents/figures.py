"""Figures as people read them: real minus signs, thousands apart, pounds and pence, London times.

Decimals are cut by rounding half to even for display only; what is counted with stays exact elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from simulator.market import months, settlement
from simulator.market.performance import Period
from simulator.market.quantities import kw
from simulator.timekeeping.london import to_london

MINUS = "\N{MINUS SIGN}"

pounds = settlement.pounds_text
month_words = months.month_words


def number_words(number: Decimal | int, decimals: int, least: int = 0) -> str:
    """A number with at most `decimals` and at least `least` decimals, such as 1,234.5 or −0.25."""
    text = f"{Decimal(number):,.{decimals}f}"
    if decimals > least:
        whole, point, part = text.partition(".")
        part = part[:least] + part[least:].rstrip("0")
        text = whole + point * bool(part) + part
    if text.startswith("-") and not text.strip("-0,."):
        text = text[1:]  # a zero has no sign
    return text.replace("-", MINUS)


def kw_words(milliwatts: int, decimals: int = 3, least: int = 0) -> str:
    """Power in kW, without its unit."""
    return number_words(kw(milliwatts), decimals, least)


def watts_words(milliwatts: int) -> str:
    """Power in kW to the watt, for columns of figures: always three decimals, halves away from 0."""
    watts = (abs(milliwatts) + 500) // 1000
    return f"{MINUS if milliwatts < 0 and watts else ''}{watts // 1000:,}.{watts % 1000:03d}"


def kwh_words(watt_hours: int) -> str:
    """Energy in kWh from whole Wh, exact: always three decimals."""
    return f"{MINUS if watt_hours < 0 else ''}{abs(watt_hours) // 1000:,}.{abs(watt_hours) % 1000:03d}"


def price_words(price: Decimal) -> str:
    """A price in pounds as it is counted with, with two decimals at least, without the sign of the pound."""
    exponent = price.as_tuple().exponent
    return number_words(price, max(2, -exponent if isinstance(exponent, int) else 2), 2)


def share_words(part: int, whole: int) -> str:
    """A share in per cent with two decimals, cut and not rounded: 94.999 % does not look like 95 %."""
    hundredths = abs(part) * 10_000 // whole
    return f"{MINUS if part < 0 and hundredths else ''}{hundredths // 100:,}.{hundredths % 100:02d} %"


def clock_words(instant: datetime) -> str:
    """London wall-clock time, such as 16:30."""
    return f"{to_london(instant):%H:%M}"


def day_words(instant: datetime) -> str:
    """The London day of an instant, such as Monday 2 November 2026."""
    local = to_london(instant)
    return f"{local:%A} {local.day} {local:%B %Y}"


def day_time_words(instant: datetime) -> str:
    """London day and time with the name of the clock, such as 2 November 2026, 16:30 GMT."""
    local = to_london(instant)
    return f"{local.day} {local:%B %Y}, {local:%H:%M} {local.tzname()}"


def short_span_words(start: datetime, end: datetime, *, year: bool = True) -> str:
    """A span for columns, such as 2 Nov 2026, 16:00 to 18:00; it names the clocks where they change."""
    first, last = to_london(start), to_london(end)
    form = "%H:%M" if first.utcoffset() == last.utcoffset() else "%H:%M %Z"
    day = "" if _other_day(start, end) == "" else f"{last.day} {last:%b} "
    return f"{first.day} {first:{'%b %Y' if year else '%b'}}, {first:{form}} to {day}{last:{form}}"


def period_words(periods: Sequence[Period], between: str = "\N{EN DASH}") -> list[str]:
    """Names of consecutive metering periods, at least one, in London time, such as 16:00 – 16:30.

    Where the clocks change on the way, each has the name of its clock, and the one with the change those of both, such
    as 01:30 BST – 01:00 GMT. Where the periods begin on two days, each has the day too.
    """
    clocks = [to_london(period.start_at) for period in periods] + [to_london(periods[-1].end_at)]
    times = [f"{clock.hour:02}:{clock.minute:02}" for clock in clocks]
    if clocks[0].utcoffset() == clocks[-1].utcoffset():
        names = [f"{start} {between} {end}" for start, end in pairwise(times)]
    else:
        zones = [clock.tzname() or "" for clock in clocks]
        names = [f"{start}{'' if zone == next_zone else f' {zone}'} {between} {end} {next_zone}"
                 for (start, end), (zone, next_zone) in zip(pairwise(times), pairwise(zones), strict=True)]
    if clocks[0].date() != clocks[-2].date():
        names = [f"{clock.day} {clock:%b} {name}" for name, clock in zip(names, clocks[:-1], strict=True)]
    return names


def span_words(start: datetime, end: datetime) -> str:
    """A span of London time, such as Monday 2 November 2026, 16:00 to 18:00 GMT."""
    first, last = to_london(start), to_london(end)
    if first.utcoffset() != last.utcoffset():
        return f"{day_words(start)}, {first:%H:%M %Z} to {_other_day(start, end)}{last:%H:%M %Z}"
    return f"{day_words(start)}, {first:%H:%M} to {_other_day(start, end)}{last:%H:%M %Z}"


def _other_day(start: datetime, end: datetime) -> str:
    """The day of the end, unless it is that of the start or the midnight that ends it."""
    same = to_london(end - timedelta(microseconds=1)).date() == to_london(start).date()
    return "" if same else f"{day_words(end)}, "


def ordinal_words(number: int) -> str:
    """A day of a month, such as 1st, 2nd, 15th."""
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
