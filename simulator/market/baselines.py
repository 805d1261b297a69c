"""Baselines: a template of one week in London time, or one flat power (portal FAQ page, public; flat is ours).

Rows of a template mark the START of their block in London local time; readings mark the END of their period in UTC.
A template has a row for each local time of the week, whatever the clocks do: in autumn the rows of 01:00 to 02:00 are
used twice, in spring not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import Enum
from functools import lru_cache
from typing import Any

from simulator.market.errors import RuleBreach
from simulator.market.intervals import WEEKDAYS, Granularity
from simulator.market.provenance import Rule
from simulator.market.quantities import LARGEST_KW, kw_text, power_from_kw
from simulator.timekeeping.london import LONDON

RULES = (
    Rule("baselines.columns",
         "A baseline template has exactly the columns day_of_week, local_time and power_kw; its rows mark the "
         "start of their block in London time and repeat every week.",
         "public", "Portal FAQ page."),
    Rule("baselines.full_week",
         "A full template has 336 rows (half-hourly) or 10,080 (minute).",
         "public", "Portal FAQ page. That less than a full week is refused is ours."),
    Rule("baselines.flat",
         "A unit can have one flat power in place of a template.",
         "assumed", "Nobody outside the platform can know it."),
    Rule("baselines.in_force_from",
         "A baseline is in force from the instant of its upload.",
         "assumed", "Nobody outside the platform can know it."),
)

BASELINE_COLUMNS = ("day_of_week", "local_time", "power_kw")
"""Of a template file, exactly (portal FAQ page, public)."""

_WEEK = 7 * 86_400
_THURSDAY = 3 * 86_400  # the epoch began on one; weeks here begin on Monday
_QUARTER = 900
_NAMED_AT_MOST = 8


class BaselineKind(Enum):
    """How a baseline was given."""

    TEMPLATE = "template"
    FLAT = "flat"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The power a unit would have without an event, in milliwatts, generation positive.

    `milliwatts` has one value for each block of the week from Monday 00:00 London on, 336 or 10,080; a flat baseline
    has a single one.
    """

    kind: BaselineKind
    granularity: Granularity
    milliwatts: tuple[int, ...]

    def power_at(self, period_start: int) -> int:
        """Milliwatts of the block in which the period that starts at `period_start` (epoch seconds, UTC) lies."""
        if len(self.milliwatts) == 1:
            return self.milliwatts[0]
        return self.milliwatts[self._place(period_start)]

    def powers(self, start: int, count: int, step: int) -> list[int]:
        """Milliwatts of `count` periods of `step` seconds from `start` (epoch seconds) on, as `power_at` for each."""
        if len(self.milliwatts) == 1 or step != self.granularity.seconds:
            return [self.power_at(start + place * step) for place in range(count)]
        # Within a quarter of an hour the rows follow each other: one look-up for all of them.
        found: list[int] = []
        while len(found) < count:
            at = start + len(found) * step
            place = self._place(at)
            found += self.milliwatts[place:place + max(1, (_QUARTER - at % _QUARTER) // step)]
        return found[:count]

    def _place(self, period_start: int) -> int:
        local = period_start + _london_offset(period_start // _QUARTER) + _THURSDAY
        return local % _WEEK // self.granularity.seconds

    @property
    def words(self) -> str:
        """What it is, for people."""
        if self.kind is BaselineKind.NONE:
            return "no baseline was in force, so 0 kW"
        if self.kind is BaselineKind.FLAT:
            return f"flat, {kw_text(self.milliwatts[0])} kW"
        return f"template of {len(self.milliwatts):,} rows, {self.granularity.words}"


NO_BASELINE = Baseline(BaselineKind.NONE, Granularity.HALF_HOUR, (0,))
"""What a unit without a baseline is compared with (assumed)."""


@dataclass(frozen=True, slots=True)
class BaselineVersion:
    """A baseline and the instant it came into force, which is when it was uploaded (assumed)."""

    baseline: Baseline
    in_force_from: datetime


def flat_baseline(milliwatts: int, granularity: Granularity = Granularity.HALF_HOUR) -> Baseline:
    """A baseline of one power at all times."""
    return Baseline(BaselineKind.FLAT, granularity, (milliwatts,))


def baseline_in_force(versions: Iterable[BaselineVersion], at: datetime) -> Baseline:
    """The version in force at an instant: the latest that began by then, or NO_BASELINE. In any order."""
    begun = [version for version in versions if version.in_force_from <= at]
    return max(begun, key=lambda version: version.in_force_from).baseline if begun else NO_BASELINE


@lru_cache(4_096)
def _london_offset(quarter: int) -> int:
    # Clocks change on quarter hours, so the offset of a quarter is that of all its seconds.
    offset = datetime.fromtimestamp(quarter * _QUARTER, UTC).astimezone(LONDON).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def row_count(granularity: Granularity) -> int:
    """Rows of a full template: 10,080 by minute, 336 half-hourly."""
    return _WEEK // granularity.seconds


def row_words(index: int, granularity: Granularity) -> str:
    """The row at a place of the week, such as `MONDAY 16:30`."""
    day, second = divmod(index * granularity.seconds, 86_400)
    return f"{WEEKDAYS[day]} {second // 3_600:02}:{second // 60 % 60:02}"


def template_rows(baseline: Baseline, granularity: Granularity) -> list[tuple[str, str, str]]:
    """All rows of a template as a file has them: day, local time, kW. A flat baseline gives a full week of rows."""
    rows = []
    for index in range(row_count(granularity)):
        day, at = row_words(index, granularity).split()
        place = index * granularity.seconds // baseline.granularity.seconds
        power = baseline.milliwatts[0] if len(baseline.milliwatts) == 1 else baseline.milliwatts[place]
        rows.append((day, at, kw_text(power)))
    return rows


def judge_template(drafts: Sequence[Mapping[str, Any]], granularity: Granularity,
                   ) -> tuple[Baseline | None, list[RuleBreach]]:
    """The baseline that the rows of a file make, or everything that is wrong with them.

    A draft maps `day_of_week` (text), `local_time` (datetime.time) and `power_kw` (number) to values. A field that
    could not be read has a value of another type and is not judged again: then there may be neither a baseline nor a
    breach. The index of a breach is the place of its draft; rows that are missing have none.
    """
    breaches: list[RuleBreach] = []
    powers: dict[int, int] = {}
    first: dict[int, int] = {}
    unread = unplaced = False
    for index, draft in enumerate(drafts):
        place = _place(index, draft, granularity, breaches)
        power = _power(index, draft.get("power_kw"), breaches)
        unread = unread or place is None or power is None
        unplaced = unplaced or place is None
        if place is None:
            continue
        if place in first:
            breaches.append(RuleBreach(
                index, "local_time", "duplicate_row",
                f"{row_words(place, granularity)} is here twice. A template has each local time of the week once, "
                "and is repeated every week."))
            continue
        first[place] = index
        if power is not None:
            powers[place] = power
    missing = [place for place in range(row_count(granularity)) if place not in first]
    # Rows that could not be read would be reported as missing too.
    if missing and not unplaced:
        breaches.append(RuleBreach(None, None, "missing_rows", _missing_words(missing, len(first), granularity)))
    if breaches or unread:
        return None, breaches
    return Baseline(BaselineKind.TEMPLATE, granularity, tuple(powers[place] for place in sorted(powers))), []


def _place(index: int, draft: Mapping[str, Any], granularity: Granularity, breaches: list[RuleBreach]) -> int | None:
    day, at = draft.get("day_of_week"), draft.get("local_time")
    good = True
    if day is None or (isinstance(day, str) and day not in WEEKDAYS):
        shown = "missing" if day is None else repr(day[:20])
        breaches.append(RuleBreach(index, "day_of_week", "day_of_week",
                                   f"The day is {shown}. Write MONDAY, TUESDAY, … SUNDAY, in capitals."))
        good = False
    if at is None:
        breaches.append(RuleBreach(index, "local_time", "required", "Write the London time at which the block starts, "
                                   "such as 16:30."))
        good = False
    elif isinstance(at, time) and (at.second or at.microsecond or (at.hour * 3_600 + at.minute * 60)
                                   % granularity.seconds):
        breaches.append(_off_the_grid(index, at, granularity))
        good = False
    if not good or not isinstance(day, str) or not isinstance(at, time):
        return None
    return (WEEKDAYS.index(day) * 86_400 + at.hour * 3_600 + at.minute * 60) // granularity.seconds


def _off_the_grid(index: int, at: time, granularity: Granularity) -> RuleBreach:
    if granularity is Granularity.MINUTE:
        return RuleBreach(index, "local_time", "not_on_minute", f"{at.isoformat()} is not a whole minute. This unit is "
                          "metered minute by minute: rows are 00:00 to 23:59.")
    return RuleBreach(index, "local_time", "not_on_half_hour", f"{at.isoformat('minutes')} does not start a half-hour. "
                      "This unit is metered half-hourly: rows are at :00 and :30, 00:00 to 23:30.")


def _power(index: int, power: Any, breaches: list[RuleBreach]) -> int | None:
    if power is None:
        breaches.append(RuleBreach(index, "power_kw", "required", "Write the power in kW, such as -12.5; demand is "
                                   "negative."))
    elif isinstance(power, int | float) and not isinstance(power, bool):
        if abs(power) <= LARGEST_KW:
            return power_from_kw(power)
        breaches.append(RuleBreach(index, "power_kw", "maximum" if power > 0 else "minimum",
                                   f"That is more than {LARGEST_KW:,} kW. Check the unit of measure."))
    return None


def _missing_words(missing: Sequence[int], found: int, granularity: Granularity) -> str:
    named = ", ".join(row_words(place, granularity) for place in missing[:_NAMED_AT_MOST])
    more = f" and {len(missing) - _NAMED_AT_MOST:,} more" if len(missing) > _NAMED_AT_MOST else ""
    return (f"A full week has {row_count(granularity):,} rows, {granularity.words}; {found:,} are here. Missing: "
            f"{named}{more}.")
