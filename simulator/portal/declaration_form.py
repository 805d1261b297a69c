"""The form of a declaration: what is typed, as the market's rules want it, and what they say, at each field.

A line of hours has days to tick, a start and an end; each day that is ticked is a window of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from flask import request
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectChoice, SelectField, StringField

from simulator.market.declarations import Declaration, WantedDeclaration, Window, first_open_week
from simulator.market.errors import RuleBreach
from simulator.market.events import Direction
from simulator.market.intervals import WEEKDAYS
from simulator.market.organisations import MeterableUnit
from simulator.market.policy import MarketPolicy
from simulator.market.programmes import Programme, programmes_of
from simulator.market.quantities import kw_text
from simulator.portal.weeks import day_words
from simulator.settings import read_day

LINES = 3
_MOST_LINES = 30
_OPEN_WEEKS = 12
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(:00)?\Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,12}(\.\d*)?|\.\d+)\Z", re.ASCII)
_USUAL_HOURS = ("16:00", "20:00")

ONCE, REPEATS = "once", "repeats"


@dataclass
class HoursLine:
    """One line of hours as it was typed: days that are ticked, start, end, and what is wrong with it."""

    days: list[str] = field(default_factory=list)
    start: str = ""
    end: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ticked or typed."""
        return not (self.days or self.start or self.end)


class DeclarationForm(FlaskForm):
    """A declaration; the rules judge the fields, all at once. Lines of hours are read beside it."""

    replaces = HiddenField()
    week_commencing = SelectField("Week commencing", validate_choice=False)
    meterable_unit_id = SelectField("Meterable Unit", validate_choice=False)
    programme = SelectField("Programme", validate_choice=False)
    direction = RadioField("Direction", validate_choice=False, default=Direction.UP.value, choices=[
        SelectChoice(each.value, f"{each.words.capitalize()} ({each.value})") for each in Direction])
    power_kw = StringField("Power in kW")
    utilisation_bid_price = StringField("Utilisation bid price, £ per MWh")
    availability_price = StringField("Availability price, £ per MW and hour")
    repeats = RadioField("How often", validate_choice=False, default=ONCE, choices=[
        SelectChoice(ONCE, "This week only"), SelectChoice(REPEATS, "Every week from this week on (static)")])
    last_week = StringField("Last week commencing, if it ends")


@dataclass(frozen=True)
class Typed:
    """What a form says: the wish, with something of the right type for what could not be read, and those breaches."""

    wanted: WantedDeclaration
    lines_of_windows: tuple[int, ...]
    repeats: bool
    last_week: date | None
    replaces: str | None
    breaches: tuple[RuleBreach, ...]

    @property
    def unread(self) -> set[str | None]:
        """Fields that could not be read."""
        return {breach.field for breach in self.breaches}


def open_weeks(now: datetime, policy: MarketPolicy) -> list[date]:
    """The Mondays that the form offers."""
    first = first_open_week(now, policy)
    return [first + timedelta(days=7 * place) for place in range(_OPEN_WEEKS)]


def empty_form(units: Sequence[MeterableUnit], week: date, offered: Sequence[date], policy: MarketPolicy,
               ) -> tuple[DeclarationForm, list[HoursLine]]:
    """A form to begin with, for a week that is open."""
    form = DeclarationForm(formdata=None, week_commencing=week.isoformat())
    _offer(form, units, {week, *offered}, policy)
    first = HoursLine(list(WEEKDAYS[:5]), *_USUAL_HOURS)
    return form, [first, *(HoursLine() for _ in range(LINES - 1))]


def form_of(declaration: Declaration, units: Sequence[MeterableUnit], offered: Sequence[date], policy: MarketPolicy,
            ) -> tuple[DeclarationForm, list[HoursLine]]:
    """A form filled in with a declaration, to change it; one that a static one repeats gets an own one beside it."""
    form = DeclarationForm(
        formdata=None, replaces="" if declaration.static_id else declaration.id,
        week_commencing=declaration.week.isoformat(), meterable_unit_id=declaration.unit_id,
        programme=declaration.programme, direction=declaration.direction.value,
        power_kw=kw_text(declaration.power_milliwatts), utilisation_bid_price=_price(declaration.utilisation_bid_price),
        availability_price=_price(declaration.availability_price))
    _offer(form, units, {declaration.week, *offered}, policy)
    lines: dict[tuple[time, time], HoursLine] = {}
    for window in declaration.windows:
        line = lines.setdefault((window.start, window.end), HoursLine(
            [], window.start.isoformat("minutes"), window.end.isoformat("minutes")))
        line.days.append(window.day_of_week)
    return form, [*lines.values(), *(HoursLine() for _ in range(max(1, LINES - len(lines))))]


def sent_form(units: Sequence[MeterableUnit], offered: Sequence[date], policy: MarketPolicy,
              ) -> tuple[DeclarationForm, list[HoursLine], Typed]:
    """The form as it was sent, and what it says."""
    form = DeclarationForm()
    week = read_day((form.week_commencing.data or "").strip())
    _offer(form, units, {week or offered[0], *offered}, policy)
    lines = _sent_lines()
    return form, lines, _read(form, lines, week, offered[0])


def show_breaches(form: DeclarationForm, lines: Sequence[HoursLine], typed: Typed,
                  breaches: Iterable[RuleBreach]) -> None:
    """Put every breach at its field, or at its line of hours; what is about no field goes above the form."""
    for breach in breaches:
        if breach.field == "windows" and breach.index is not None and breach.index < len(typed.lines_of_windows):
            errors = lines[typed.lines_of_windows[breach.index]].errors
        elif breach.field == "windows":
            errors = lines[0].errors
        elif breach.field is not None and breach.field in form:
            form[breach.field].errors = errors = list(form[breach.field].errors)
        else:
            errors = form.form_errors
        if breach.message not in errors:
            errors.append(breach.message)


def _offer(form: DeclarationForm, units: Sequence[MeterableUnit], weeks: set[date], policy: MarketPolicy) -> None:
    form.week_commencing.choices = [SelectChoice(each.isoformat(), day_words(each)) for each in sorted(weeks)]
    form.meterable_unit_id.choices = [
        SelectChoice(unit.id, f"{unit.id}: {unit.description}, {unit.capacity_kw:,} kW, {unit.zone_name}")
        for unit in units]
    form.programme.choices = [
        SelectChoice(each.code, f"{each.code}{'' if each.is_legacy else f': {each.name}'}{_traits(each)}")
        for each in programmes_of(policy)]


def _traits(programme: Programme) -> str:
    traits = [words for words, applies in (
        ("legacy", programme.is_legacy), ("takes a bid", programme.is_auction),
        ("pays availability", programme.pays_availability)) if applies]
    return f" ({', '.join(traits)})" if traits else ""


def _sent_lines() -> list[HoursLine]:
    numbers = {int(match[1]) for name in request.form if (match := re.match(r"(?:start|end|[A-Z]+)-(\d{1,2})\Z", name))}
    count = min(max(numbers, default=0) + 1, _MOST_LINES)
    return [HoursLine([day for day in WEEKDAYS if f"{day}-{number}" in request.form],
                      request.form.get(f"start-{number}", "").strip(), request.form.get(f"end-{number}", "").strip())
            for number in range(max(count, LINES))]


def _read(form: DeclarationForm, lines: Sequence[HoursLine], week: date | None, earliest: date) -> Typed:
    breaches: list[RuleBreach] = []

    def unread(name: str, message: str) -> None:
        breaches.append(RuleBreach(None, name, "type", message))

    if week is None:
        unread("week_commencing", "Choose the week that begins on this Monday.")
    windows, places = _windows(lines, unread)
    power = _number(form.power_kw.data)
    if power is None:
        unread("power_kw", "Enter a number of kW without a unit, such as 150 or 12.5.")
    prices = {}
    for name in ("utilisation_bid_price", "availability_price"):
        text = (form[name].data or "").strip().removeprefix("£")
        prices[name] = _number(text) if text else None
        if text and prices[name] is None:
            unread(name, "Enter a price in pounds, such as 240 or 7.50, or leave it empty.")
    direction = next((each for each in Direction if each.value == form.direction.data), None)
    if direction is None:
        unread("direction", "Choose a direction.")
    if form.repeats.data not in (ONCE, REPEATS):
        unread("repeats", "Choose how often.")
    last_text = (form.last_week.data or "").strip()
    last_week = read_day(last_text) if last_text else None
    if last_text and last_week is None:
        unread("last_week", "Enter the Monday of the last week, such as 2026-11-09, or leave it empty.")
    if last_text and form.repeats.data == ONCE:
        unread("last_week", "This is for static declarations. Leave it empty, or choose every week.")
    wanted = WantedDeclaration(
        week or earliest, form.programme.data or "", form.meterable_unit_id.data or "", tuple(windows),
        Decimal(1) if power is None else power, direction or Direction.UP, **prices)
    return Typed(wanted, tuple(places), form.repeats.data == REPEATS, last_week,
                 (form.replaces.data or "").strip() or None, tuple(breaches))


def _windows(lines: Sequence[HoursLine], unread: Callable[[str, str], None]) -> tuple[list[Window], list[int]]:
    """The windows of all lines, and of each the line it stands on. What is wrong is noted at the line."""
    windows: list[Window] = []
    places: list[int] = []
    for place, line in enumerate(lines):
        if line.is_empty:
            continue
        start, end = _time(line.start), _time(line.end)
        if not line.days:
            line.errors.append("Tick at least one day.")
        if start is None or end is None or (line.start.startswith("24")):
            line.errors.append("Enter start and end, such as 16:00 and 20:00; an end of 00:00 is midnight.")
        if line.errors:
            unread("hours", "")
            continue
        for day in line.days:
            windows.append(Window(day, start, end))
            places.append(place)
    if not any(not line.is_empty for line in lines):
        lines[0].errors.append("Tick at least one day, and enter start and end.")
        unread("hours", "")
    return windows, places


def _time(text: str) -> time | None:
    match = _CLOCK.match(text)
    if match is None or (match[1] == "24" and match[2] != "00"):
        return None
    return time(int(match[1]) % 24, int(match[2]))


def _number(text: str | None) -> Decimal | None:
    plain = (text or "").strip().replace("\N{MINUS SIGN}", "-")
    return Decimal(plain) if _NUMBER.match(plain) else None


def _price(pounds: Decimal | None) -> str:
    return "" if pounds is None else f"{pounds:f}"


def judged_at_once(typed: Typed, found: Iterable[RuleBreach]) -> list[RuleBreach]:
    """What could not be read, and what the rules say of the rest."""
    hours_unread = "hours" in typed.unread
    told = [breach for breach in typed.breaches if breach.field != "hours"]
    return told + [breach for breach in found if breach.field not in typed.unread
                   and not (breach.field == "windows" and breach.index is None and hours_unread)]

