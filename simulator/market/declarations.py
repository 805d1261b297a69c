"""Declarations of availability: what an FSP offers for a week, unit by unit, and every rule of it.

That declarations exist, by programme, zone and week, is documented (portal guide §3.2); that they lock at the end of
Wednesday, and can be static, is public (the brand's older pages); their fields and limits are assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from simulator.market.dispatches import PROGRAMMES
from simulator.market.errors import RuleBreach
from simulator.market.events import Direction
from simulator.market.intervals import WEEKDAYS
from simulator.market.organisations import MeterableUnit
from simulator.market.policy import MarketPolicy
from simulator.market.provenance import Rule
from simulator.market.quantities import MILLIWATTS_PER_KW, kw_text
from simulator.timekeeping.london import from_london, to_london

RULES = (
    Rule("declarations.exist",
         "An FSP declares availability for a week, by programme and zone.",
         "documented", "Portal guide §3.2."),
    Rule("declarations.repeat",
         "A declaration can stand for every week, or for one.",
         "public", "The brand's older public pages."),
    Rule("declarations.limits",
         "A declaration names a unit of the FSP's own, a window within one London day, a power and prices; "
         "whatever is wrong with it is said at once.",
         "assumed", "Nobody outside the platform can know it."),
    Rule("declarations.acceptance_csv",
         "In the Acceptance CSV, accepted rows have acceptance_start and acceptance_end, and those of auction "
         "programmes utilisation_bid_price and utilisation_awarded_price. The other columns are ours.",
         "documented", "Portal guide §3.2."),
)

ACCEPTANCE_COLUMNS = (
    "week_commencing", "programme", "zone", "meterable_unit_id", "declaration_start", "declaration_end", "power_kw",
    "decision", "accepted_power_kw", "acceptance_start", "acceptance_end", "utilisation_bid_price",
    "utilisation_awarded_price",
)
"""Of the Acceptance CSV. The last four are documented; the others are assumed."""

LONGEST_WINDOW = timedelta(hours=25)
"""A window lies within one London day; on the last Sunday in October that has an hour twice."""

LARGEST_PRICE = Decimal(100_000)
_MIDNIGHT = time(0)
_PRICE_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of one day of a week, London wall-clock time, half-open; an end of 00:00 is the midnight after that day."""

    day_of_week: str
    start: time
    end: time

    @property
    def words(self) -> str:
        """Such as `MONDAY 16:00–20:00`."""
        end = "24:00" if self.end == _MIDNIGHT else self.end.isoformat("minutes")
        return f"{self.day_of_week} {self.start.isoformat('minutes')}–{end}"

    def interval(self, week: date) -> tuple[datetime, datetime]:
        """The window in the week of that Monday, UTC, half-open.

        It has its real length when clocks change; the hour that is skipped in spring leaves nothing of a window in it.
        """
        day = week + timedelta(days=WEEKDAYS.index(self.day_of_week))
        end_day = day + timedelta(days=1) if self.end == _MIDNIGHT else day
        return from_london(day, self.start), from_london(end_day, self.end)


@dataclass(frozen=True, slots=True)
class Declaration:
    """An offer of one unit in one programme for the week of that Monday.

    Power is positive milliwatts, whatever the direction. Prices are pounds: the bid per MWh, in auction programmes
    only; availability per MW and hour, None for the programme's own. `static_id` names the static one it came from.
    """

    id: str
    organisation_id: str
    week: date
    programme: str
    unit_id: str
    zone: str
    windows: tuple[Window, ...]
    power_milliwatts: int
    direction: Direction = Direction.UP
    utilisation_bid_price: Decimal | None = None
    availability_price: Decimal | None = None
    static_id: str | None = None


@dataclass(frozen=True, slots=True)
class StaticDeclaration:
    """A declaration that repeats every week from the week of `first_week` to that of `last_week`, or without end."""

    pattern: Declaration
    first_week: date
    last_week: date | None = None

    def in_week(self, week: date) -> Declaration | None:
        """The declaration it makes in that week; None outside its weeks, or where the clocks leave nothing of it."""
        if week < self.first_week or (self.last_week is not None and week > self.last_week):
            return None
        windows = tuple(window for window in self.pattern.windows if _length(window, week) > timedelta(0))
        if not windows:
            return None
        pattern = self.pattern
        return Declaration(
            f"{pattern.id}-{week.isoformat()}", pattern.organisation_id, week, pattern.programme, pattern.unit_id,
            pattern.zone, windows, pattern.power_milliwatts, pattern.direction, pattern.utilisation_bid_price,
            pattern.availability_price, pattern.id)


@dataclass(frozen=True, slots=True)
class WantedDeclaration:
    """A declaration as an FSP asks for it, before it is judged; kW and prices as they were entered."""

    week: date
    programme: str
    unit_id: str
    windows: tuple[Window, ...]
    power_kw: Decimal
    direction: Direction = Direction.UP
    utilisation_bid_price: Decimal | None = None
    availability_price: Decimal | None = None


def monday_of(instant: datetime) -> date:
    """Monday of the London week in which an instant lies."""
    return monday_of_day(to_london(instant).date())


def monday_of_day(day: date) -> date:
    """Monday of the week of a day."""
    return day - timedelta(days=day.weekday())


def locks_at(week: date, policy: MarketPolicy) -> datetime:
    """Instant (UTC) from which declarations of that Monday's week cannot change: the end of the Wednesday before."""
    return from_london(week - timedelta(days=policy.lock_days_before_week), _MIDNIGHT)


def decided_at(week: date, policy: MarketPolicy) -> datetime:
    """Instant (UTC) at which the week is decided: Thursday 12:00 London."""
    return from_london(week - timedelta(days=policy.decision_days_before_week), time(policy.decision_hour))


def first_open_week(now: datetime, policy: MarketPolicy) -> date:
    """Monday of the earliest week that can still be declared for."""
    week = monday_of(now)
    while locks_at(week, policy) <= now:
        week += timedelta(days=7)
    return week


def week_with_static(declared: Iterable[Declaration], static: Iterable[StaticDeclaration], week: date,
                     ) -> list[Declaration]:
    """All declarations of a week: its own, and what static ones repeat for units and programmes without any."""
    own = [found for found in declared if found.week == week]
    spoken_for = {(found.unit_id, found.programme) for found in own}
    repeated = [found for pattern in static if (found := pattern.in_week(week)) is not None]
    return own + [found for found in repeated if (found.unit_id, found.programme) not in spoken_for]


def declaration_of(wanted: WantedDeclaration, id: str, unit: MeterableUnit) -> Declaration:
    """The declaration that a judged wish makes."""
    return Declaration(
        id, unit.organisation_id, wanted.week, wanted.programme, unit.id, unit.zone, wanted.windows,
        int(wanted.power_kw * MILLIWATTS_PER_KW), wanted.direction, wanted.utilisation_bid_price,
        wanted.availability_price)


def breaches_of_declaration(wanted: WantedDeclaration, units: Mapping[str, MeterableUnit],
                            others: Sequence[Declaration], now: datetime, policy: MarketPolicy,
                            ) -> Iterator[RuleBreach]:
    """Everything wrong with a wanted declaration. `units` are the organisation's own, `others` its declarations so far.

    A declaration that replaces another is judged without that one among `others`.
    """
    yield from _week_breaches(wanted.week, now, policy)
    unit = units.get(wanted.unit_id)
    if unit is None:
        known = ", ".join(sorted(units)[:8]) or "none yet"
        yield RuleBreach(None, "meterable_unit_id", "unknown_unit",
                         f"{wanted.unit_id[:64]!r} is not one of your Meterable Units. Yours are: {known}.")
    known_programme = wanted.programme in PROGRAMMES
    if not known_programme:
        yield RuleBreach(None, "programme", "unknown_programme", f"There is no programme {wanted.programme[:40]!r}; "
                         f"there are {', '.join(PROGRAMMES)}.")
    yield from _power_breaches(wanted.power_kw, unit)
    if known_programme:
        yield from _price_breaches(wanted, policy)
    yield from _window_breaches(wanted.windows, wanted.week)
    yield from _overlaps_with(wanted, others)


def _week_breaches(week: date, now: datetime, policy: MarketPolicy) -> Iterator[RuleBreach]:
    if week.weekday():
        yield RuleBreach(None, "week_commencing", "not_a_monday",
                         f"{week.isoformat()} is not a Monday. Give the Monday with which the week begins.")
    elif locks_at(week, policy) <= now:
        opens = first_open_week(now, policy)
        yield RuleBreach(None, "week_commencing", "locked",
                         f"Declarations for the week of {week.isoformat()} are locked since "
                         f"{_clock(locks_at(week, policy))} London time. The earliest open week begins on "
                         f"{opens.isoformat()}.")


def _power_breaches(power: Decimal, unit: MeterableUnit | None) -> Iterator[RuleBreach]:
    if not power.is_finite() or power <= 0:
        yield RuleBreach(None, "power_kw", "minimum", "Declare more than 0 kW; the direction is chosen separately.")
    elif power * MILLIWATTS_PER_KW % 1:
        yield RuleBreach(None, "power_kw", "decimals", "Give the power in kW with at most six decimals.")
    elif unit is not None and power > unit.capacity_kw:
        yield RuleBreach(None, "power_kw", "over_capacity", f"{power:f} kW is more than the capacity of {unit.id}, "
                         f"{unit.capacity_kw:,} kW.")


def _price_breaches(wanted: WantedDeclaration, policy: MarketPolicy) -> Iterator[RuleBreach]:
    programme = wanted.programme
    is_auction = programme in policy.auction_programmes
    if is_auction and wanted.utilisation_bid_price is None:
        yield RuleBreach(None, "utilisation_bid_price", "required", f"{programme} is an auction programme: bid a price "
                         "in pounds per MWh.")
    if not is_auction and wanted.utilisation_bid_price is not None:
        auctions = ", ".join(policy.auction_programmes) or "none"
        yield RuleBreach(None, "utilisation_bid_price", "not_an_auction", f"{programme} takes no bid price; auction "
                         f"programmes are: {auctions}. Leave it empty.")
    if wanted.availability_price is not None and programme not in policy.availability_programmes:
        paid = ", ".join(policy.availability_programmes) or "none"
        yield RuleBreach(None, "availability_price", "no_availability_payment", f"{programme} does not pay for "
                         f"availability; programmes that do are: {paid}. Leave it empty.")
    for field in ("utilisation_bid_price", "availability_price"):
        price = getattr(wanted, field)
        if price is not None and not (price.is_finite() and 0 <= price <= LARGEST_PRICE):
            yield RuleBreach(None, field, "range", f"Give a price of £0 to £{LARGEST_PRICE:,}.")
        elif price is not None and price * 10**_PRICE_DECIMALS % 1:
            yield RuleBreach(None, field, "decimals", "Give the price in pounds with at most two decimals.")


def _window_breaches(windows: Sequence[Window], week: date) -> Iterator[RuleBreach]:
    if not windows:
        yield RuleBreach(None, "windows", "required", "Give at least one window: a day, a start and an end.")
    sound: list[tuple[int, Window]] = []
    for index, window in enumerate(windows):
        if window.day_of_week not in WEEKDAYS:
            yield RuleBreach(index, "windows", "day_of_week", f"{window.day_of_week[:20]!r} is no day. Write MONDAY, "
                             "TUESDAY, … SUNDAY.")
        elif any(at.second or at.microsecond for at in (window.start, window.end)):
            yield RuleBreach(index, "windows", "not_on_minute", "Start and end are whole minutes, such as 16:30.")
        elif window.end != _MIDNIGHT and window.end <= window.start:
            yield RuleBreach(index, "windows", "end_before_start", f"{window.words} ends before it starts. A window "
                             "lies within one day; give one that passes midnight as two, the first until 00:00.")
        elif not week.weekday() and _length(window, week) <= timedelta(0):
            yield RuleBreach(index, "windows", "does_not_occur", f"{window.words} does not occur in the week of "
                             f"{week.isoformat()}: clocks go forward over it.")
        else:
            overlapping = next((number for number, other in sound if _overlap(window, other)), None)
            if overlapping is not None:
                yield RuleBreach(index, "windows", "overlap", f"{window.words} overlaps window {overlapping + 1}, "
                                 f"{windows[overlapping].words}.")
            sound.append((index, window))


def _overlaps_with(wanted: WantedDeclaration, others: Sequence[Declaration]) -> Iterator[RuleBreach]:
    for other in others:
        if (other.week, other.unit_id, other.programme) != (wanted.week, wanted.unit_id, wanted.programme):
            continue
        for index, window in enumerate(wanted.windows):
            met = next((found for found in other.windows if _overlap(window, found)), None)
            if met is not None:
                yield RuleBreach(index, "windows", "already_declared", f"{wanted.unit_id} is already declared for "
                                 f"{wanted.programme} on {met.words} ({kw_text(other.power_milliwatts)} kW, "
                                 f"{other.id}). Change that declaration instead.")


def _overlap(one: Window, other: Window) -> bool:
    return one.day_of_week == other.day_of_week and one.start < _end(other) and other.start < _end(one)


def _end(window: Window) -> time:
    return time.max if window.end == _MIDNIGHT else window.end


def _length(window: Window, week: date) -> timedelta:
    start, end = window.interval(week)
    return end - start


def _clock(instant: datetime) -> str:
    return to_london(instant).strftime("%A %-d %B %Y %H:%M")
