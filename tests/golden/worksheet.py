"""The golden months' worksheet: fills in the expected figures, as a spreadsheet would. See README.md beside it.

It stands alone: it imports nothing of the simulator, knows London time by the two dates on which clocks changed, and
works in exact fractions of kW and seconds. `python -m tests.golden.worksheet` writes the sheets anew.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

SHEETS = Path(__file__).parent / "month"
DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
CLOCKS_FORWARD = datetime(2026, 3, 29, 1, tzinfo=UTC)
CLOCKS_BACK = datetime(2026, 10, 25, 1, tzinfo=UTC)
FINAL = {"2026-03": datetime(2026, 4, 14, 23, tzinfo=UTC),  # 15 April 00:00 BST
         "2026-10": datetime(2026, 11, 15, 0, tzinfo=UTC)}  # 15 November 00:00 GMT
LENGTH = {"minute": 60, "half_hour": 1800}

Row = dict[str, str]


def sheet(name: str) -> list[Row]:
    """The rows of an input sheet, by column."""
    with (SHEETS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def utc(text: str) -> datetime:
    """An instant such as 2026-10-05T15:00:00Z."""
    return datetime.fromisoformat(text)


def shown(instant: datetime) -> str:
    """The same, written."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def london(instant: datetime) -> datetime:
    """The London wall clock: an hour ahead of UTC between the two nights on which clocks changed."""
    summer = CLOCKS_FORWARD <= instant < CLOCKS_BACK
    return instant.replace(tzinfo=None) + timedelta(hours=1 if summer else 0)


def baseline_kw(bands: list[Row], unit: str, start: datetime) -> Fraction:
    """kW of the band in which the period's start lies, London time; 0 for a unit without bands."""
    clock = london(start)
    for band in bands:
        first, last = (DAYS.index(day) for day in band["days"].split("-"))
        if (band["unit"] == unit and first <= clock.weekday() <= last
                and band["from_london"] <= clock.strftime("%H:%M") < band["until_london"]):
            return Fraction(band["power_kw"])
    return Fraction(0)


def decimal(number: Fraction, places: int = 6) -> str:
    """A fraction as a decimal number, nearest, without trailing zeros."""
    size = half_up(abs(number) * 10**places)
    whole, part = divmod(size, 10**places)
    text = f"{whole}.{part:0{places}}".rstrip("0").rstrip(".")
    return f"-{text}" if number < 0 and size else text


def half_up(number: Fraction) -> int:
    """The nearest whole number, halves up; for numbers that are not negative."""
    return math.floor(number + Fraction(1, 2))


def events_with_shares() -> Iterable[tuple[Row, str, list[str], Fraction]]:
    """Each dispatch, its event's name, units and kW: shared by capacity where the units lie in several zones."""
    units = {row["unit"]: row for row in sheet("units.csv")}
    for row in sheet("events.csv"):
        names = row["units"].split()
        zones = sorted({units[name]["zone"] for name in names})
        capacity = sum(int(units[name]["capacity_kw"]) for name in names)
        for zone in zones:
            own = [name for name in names if units[name]["zone"] == zone]
            weight = Fraction(sum(int(units[name]["capacity_kw"]) for name in own), capacity)
            event = row["dispatch"] if len(zones) == 1 else f"{row['dispatch']}-{zone}"
            yield row, event, own, Fraction(row["power_change_kw"]) * weight


def periods(row: Row, own: list[str], power: Fraction, until: datetime | None) -> list[list[object]]:
    """The periods of an event: start, end, kW read, kW of the baseline, kWs delivered, instructed, counted, gaps.

    Readings received at `until` or later are left out.
    """
    units = {found["unit"]: found for found in sheet("units.csv")}
    bands = sheet("baselines.csv")
    readings = {(found["unit"], utc(found["period_end_utc"])): Fraction(found["power_kw"])
                for found in sheet("readings.csv") if until is None or utc(found["received_utc"]) < until}
    begin = utc(row["start_utc"])
    finish = min(utc(row["stopped_utc"] or row["end_utc"]), utc(row["end_utc"]))
    length = max(LENGTH[units[name]["metered"]] for name in own)
    start = begin - timedelta(seconds=begin.timestamp() % length)
    rows: list[list[object]] = []
    while start < finish:
        end = start + timedelta(seconds=length)
        seconds = int((min(end, finish) - max(start, begin)).total_seconds())
        read = expected = delivered = Fraction(0)
        unread, is_read = [], False
        for name in own:
            step = LENGTH[units[name]["metered"]]
            for number in range(length // step):
                its_start = start + timedelta(seconds=number * step)
                found = readings.get((name, its_start + timedelta(seconds=step)))
                base = baseline_kw(bands, name, its_start)
                expected += base * Fraction(step, length)
                if found is None:
                    unread.append(name)
                    continue
                is_read = True
                read += found * Fraction(step, length)
                delivered += (found - base if power > 0 else base - found) * step
        instructed = abs(power) * seconds
        rows.append([start, end, read if is_read else None, expected, delivered, instructed, min(delivered, instructed),
                     sorted(set(unread))])
        start = end
    return rows


def status(share: Fraction) -> str:
    """Green from 95 %, amber from 63 %, else red."""
    return "green" if share >= Fraction(95, 100) else "amber" if share >= Fraction(63, 100) else "red"


def factor_of(share: Fraction) -> Fraction:
    """1 from 95 % on, 0 up to 63 %, else 1 − 3 × (0.95 − share), to six decimals."""
    if share >= Fraction(95, 100):
        return Fraction(1)
    if share <= Fraction(63, 100):
        return Fraction(0)
    return Fraction(half_up((1 - 3 * (Fraction(95, 100) - share)) * 10**6), 10**6)


def figures(found: list[list[object]], price: Fraction) -> list[str]:
    """What follows from an event's periods: kWs instructed, delivered, counted; share, status, Wh, factor, pence."""
    instructed, delivered, counted = (sum(row[place] for row in found) for place in (5, 4, 6))
    counted = max(Fraction(0), counted)
    share = counted / instructed
    energy, factor = half_up(counted / Fraction(36, 10)), factor_of(share)
    pence = half_up(energy * price * factor / 10_000)
    cut = math.floor(share * 10_000)
    return [decimal(instructed), decimal(delivered), decimal(counted), f"{cut // 100}.{cut % 100:02}", status(share),
            str(energy), decimal(factor), str(pence)]


def month_of(instant: datetime) -> str:
    """London month of an instant."""
    return london(instant).strftime("%Y-%m")


def event_sheets() -> tuple[list[list[str]], list[list[str]], list[list[str]]]:
    """Rows of periods.csv, results.csv and late.csv."""
    zones = {row["unit"]: row["zone"] for row in sheet("units.csv")}
    every, results, late = [], [], []
    for row, event, own, power in events_with_shares():
        month = month_of(utc(row["start_utc"]))
        found = periods(row, own, power, FINAL[month])
        for start, end, read, expected, *energies, unread in found:
            every.append([event, shown(start), shown(end), london(start).strftime("%Y-%m-%d %H:%M"),
                          "" if read is None else decimal(read), decimal(expected),
                          *(decimal(energy) for energy in energies), " ".join(unread)])
        price = Fraction(row["price_per_mwh"])
        own_figures = figures(found, price)
        results.append([event, month, zones[own[0]], row["programme"], decimal(power), row["price_per_mwh"],
                        *own_figures])
        with_late = figures(periods(row, own, power, None), price)
        if with_late != own_figures:
            late.append([event, *with_late])
    return every, results, late


def availability_sheet() -> list[list[str]]:
    """Rows of availability.csv: MW × hours × price, for acceptances whose programme pays for it."""
    zones = {row["unit"]: row["zone"] for row in sheet("units.csv")}
    rows = []
    for row in sheet("acceptances.csv"):
        if row["availability_price"]:
            energy = Fraction(row["power_kw"]) * 1000 * Fraction(row["hours"])
            pence = half_up(Fraction(half_up(energy)) * Fraction(row["availability_price"]) / 10_000)
            rows.append([row["declaration"], row["week"][:7], zones[row["unit"]], str(half_up(energy)), str(pence)])
    return rows


def invoice_sheet(results: list[list[str]], availability: list[list[str]]) -> list[list[str]]:
    """Rows of invoices.csv: pence of events and of availability by month and zone."""
    pairs = sorted({(row[1], row[2]) for row in [*results, *availability]})
    rows = []
    for month, zone in pairs:
        events = sum(int(row[-1]) for row in results if (row[1], row[2]) == (month, zone))
        paid = sum(int(row[-1]) for row in availability if (row[1], row[2]) == (month, zone))
        rows.append([month, zone, str(events), str(paid), str(events + paid)])
    return rows


FIGURES = ["instructed_kws", "delivered_kws", "counted_kws", "share_percent", "rag", "paid_wh", "factor", "pence"]
HEADERS = {
    "periods.csv": ["event", "start_utc", "end_utc", "start_london", "reading_kw", "baseline_kw", "delivered_kws",
                    "instructed_kws", "counted_kws", "without_reading"],
    "results.csv": ["event", "month", "zone", "programme", "power_change_kw", "price_per_mwh", *FIGURES],
    "late.csv": ["event", *FIGURES],
    "availability.csv": ["declaration", "month", "zone", "wh", "pence"],
    "invoices.csv": ["month", "zone", "events_pence", "availability_pence", "pence"],
}


def worked_out() -> dict[str, str]:
    """Every sheet of expected figures, as text, by file name."""
    every, results, late = event_sheets()
    availability = availability_sheet()
    sheets = {"periods.csv": every, "results.csv": results, "late.csv": late, "availability.csv": availability,
              "invoices.csv": invoice_sheet(results, availability)}
    texts = {}
    for name, rows in sheets.items():
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows([HEADERS[name], *rows])
        texts[name] = out.getvalue()
    return texts


if __name__ == "__main__":
    for name, text in worked_out().items():
        (SHEETS / name).write_text(text, "utf-8", newline="")
