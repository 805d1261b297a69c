"""Moments of market time in people's words: "next Thursday 12:05", "15 November 12:00", "end of month".

Times are London times, as everywhere on the two platforms (portal guide §3.6, documented); the words are ours. A time
of day that the spring clock change skips is when the clocks change, one that the autumn change repeats is the first of
the two. Words that fit many moments ("Thursday", "the 15th", "15 November", "12:05") mean the next of them, strictly
after now: on a Thursday at noon, "Thursday 12:05" is in five minutes. Pure: whoever asks says what time it is.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from simulator.timekeeping.london import from_london, to_london
from simulator.timekeeping.years import FIRST_YEAR, LAST_YEAR

EXAMPLES = ("next Thursday 12:05", "tomorrow 08:00", "15th 00:05", "15 November 12:00", "2026-11-15 12:00",
            "end of month", "next half-hour", "2026-11-15T12:00:00Z")
"""What can be written, for people."""

_WEEKDAYS = {word: number for number, name in enumerate(calendar.day_name)
             for word in (name.lower(), name[:3].lower(), *{1: ("tues",), 2: ("weds",), 3: ("thur", "thurs")}.get(
                 number, ()))}
_MONTHS = {word: number for number, name in enumerate(calendar.month_name) if number
           for word in (name.lower(), name[:3].lower(), *(("sept",) if number == 9 else ()))}
_ZONES = {"gmt": UTC, "utc": UTC, "z": UTC, "bst": timezone(timedelta(hours=1))}
_HOURS = {"midnight": time(0), "noon": time(12), "midday": time(12)}
_NEAR_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_PERIODS = {"hour": 60, "half-hour": 30, "half hour": 30, "quarter-hour": 15, "quarter hour": 15, "minute": 1}
_LONGEST = 80

_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_DAY = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)")
_NUMBER = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?")
_YEAR = re.compile(r"[0-9]{4}")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DURATION = re.compile(r"[-+]?p(?=[0-9t])[0-9.ymwdths]*", re.IGNORECASE)
_FILLERS = re.compile(r"\b(?:at|on|the)\b")
_MOST_YEARS = 40
"""So many years ahead a date without a year is looked for: 29 February may be eight years off."""


class _Unknown(Exception):
    """These are not the words of a moment."""


@dataclass(frozen=True)
class _Hour:
    """A time of day: London's, unless a zone stands behind it."""

    at: time = time(0)
    zone: timezone | None = None

    def on(self, day: date) -> datetime:
        """UTC instant of this time on a day."""
        if self.zone is None:
            return from_london(day, self.at)
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)


def moment_from_words(words: str, now: datetime) -> datetime:
    """The UTC instant that people's words mean at market time `now`; it may lie in the past where the words say so.

    Raises ValueError, whose message says what is wrong and what can be written.
    """
    shown = repr(words if len(words) <= _LONGEST else words[:_LONGEST] + "…")
    try:
        instant = _read(words, now.astimezone(UTC))
    except OverflowError:
        instant = None
    except _Unknown:
        raise ValueError(f"{shown} is not a moment. {_advice(words)}") from None
    except ValueError as error:
        raise ValueError(f"{shown} is not a moment: {error}.") from None
    if instant is None or not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValueError(f"{shown} is out of range: market time lies in the years {FIRST_YEAR} to {LAST_YEAR}.")
    return instant


def _advice(words: str) -> str:
    if _DURATION.fullmatch(words.strip()):
        return "It is a duration: to move by it, give it as such. A moment is written like " + _quoted(EXAMPLES[:3])
    return "Write it like " + _quoted(EXAMPLES)


def _quoted(examples: tuple[str, ...]) -> str:
    return ", ".join(f"“{example}”" for example in examples[:-1]) + f" or “{examples[-1]}”; times are London times."


def _read(words: str, now: datetime) -> datetime:
    if len(words) > _LONGEST:
        raise _Unknown
    iso = _iso(words.strip())
    if iso is not None:
        return iso
    text = " ".join(_FILLERS.sub(" ", words.lower().replace(",", " ")).split())
    if text == "now":
        return now
    text, is_next = text.removeprefix("next ").strip(), text.startswith("next ")
    period = _PERIODS.get(text)
    if is_next and period is not None:
        return _next_period(now, period)
    rest, hour = _take_hour(text.split())
    if hour is None and not rest:
        raise _Unknown
    if hour is not None and rest[:1] in (["end"], ["start"]):
        raise ValueError(f"“{' '.join(rest)}” is a moment by itself: leave out the time of day")
    return _day_meant(rest, is_next, now)(hour or _Hour())


def _iso(text: str) -> datetime | None:
    """RFC 3339, or the same without an offset, which is London time then; None for anything else."""
    if not _ISO_DATE.match(text) or len(text) == 10:
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        if text[10] == " ":
            return None  # a date with words behind it, such as a zone: read below, or complained about there
        raise ValueError(str(error)) from None
    return from_london(moment.date(), moment.time()) if moment.tzinfo is None else moment.astimezone(UTC)


def _next_period(now: datetime, minutes: int) -> datetime:
    # London is whole hours from UTC in all the years of market time, so both have the same half-hours.
    length = timedelta(minutes=minutes)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + ((now - day) // length + 1) * length


def _take_hour(tokens: list[str]) -> tuple[list[str], _Hour | None]:
    """The tokens before the time of day at the end, and that time; None without one. Raises ValueError for 25:00."""
    zone = _ZONES.get(tokens[-1]) if tokens else None
    rest = tokens[:-1] if zone is not None else tokens
    if rest and rest[-1] in _HOURS:
        return rest[:-1], _Hour(_HOURS[rest[-1]], zone)
    match = _TIME.fullmatch(rest[-1]) if rest else None
    if match is None:
        return tokens, None
    hour, minute, second = (int(part or 0) for part in match.groups())
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"{rest[-1]} is no time of day; times go from 00:00 to 23:59:59, and the midnight at the "
                         "end of a day is 00:00 of the next")
    return rest[:-1], _Hour(time(hour, minute, second), zone)


def _day_meant(tokens: list[str], is_next: bool, now: datetime) -> Callable[[_Hour], datetime]:
    """The function from a time of day to the instant that the words before it mean. Raises _Unknown, ValueError."""
    today = to_london(now).date()

    def first(days: Iterator[date]) -> Callable[[_Hour], datetime]:
        def instant(hour: _Hour) -> datetime:
            return next(found for day in days if (found := hour.on(day)) > now)
        return instant

    match tokens:
        case []:
            return first(_every_day(today))
        case [word] if word in _NEAR_DAYS and not is_next:
            day = today + timedelta(days=_NEAR_DAYS[word])
            return lambda hour: hour.on(day)
        case [word] if word in _WEEKDAYS:
            return first(day for day in _every_day(today) if day.weekday() == _WEEKDAYS[word])
        case [word] if match := _DAY.fullmatch(word):
            number = int(match[1])
            if not 1 <= number <= 31:
                raise ValueError(f"no month has a day {number}")
            return first(day for day in _every_day(today) if day.day == number)
        case ["end" | "start", "of", word] | ["end" | "start", "of", "this", word]:
            day = _boundary(tokens[0], word, today)
            return lambda hour: hour.on(day)
        case ["week" | "month" | "year" as word] if is_next:
            day = _boundary("end", word, today)
            return lambda hour: hour.on(day)
    return _date_meant(tokens, is_next, today, first)


def _every_day(start: date) -> Iterator[date]:
    # From the day before: with a zone behind it, a time of day can belong to the London day next to it.
    day = start - timedelta(days=1)
    while True:
        yield day
        day += timedelta(days=1)


def _boundary(which: str, word: str, today: date) -> date:
    """The day whose midnight begins a period, or ends it, which is where the next one begins. Raises _Unknown."""
    is_end = which == "end"
    if word == "day":
        return today + timedelta(days=is_end)
    if word == "week":
        return today + timedelta(days=7 * is_end - today.weekday())
    if word == "month":
        return _later_month(today.year, today.month, is_end)
    if word == "year":
        return date(today.year + is_end, 1, 1)
    if word in _MONTHS:
        number = _MONTHS[word]
        begin = _later_month(today.year, number, is_end)
        return begin if begin > today else _later_month(today.year + 1, number, is_end)
    raise _Unknown


def _later_month(year: int, month: int, months: int) -> date:
    place = year * 12 + month - 1 + months
    return date(place // 12, place % 12 + 1, 1)


def _date_meant(tokens: list[str], is_next: bool, today: date,
                first: Callable[[Iterator[date]], Callable[[_Hour], datetime]]) -> Callable[[_Hour], datetime]:
    """A date: with or without a weekday before it and a year behind it; without a year, the next such date."""
    weekday = None
    if len(tokens) > 1 and tokens[0] in _WEEKDAYS:
        weekday, tokens = _WEEKDAYS[tokens[0]], tokens[1:]
    year, number, month = _date_parts(tokens)
    if year is not None:
        if is_next:
            raise ValueError("a date with a year is one day only: leave out the “next”")
        day = _checked(_real_date(year, month, number), weekday)
        return lambda hour: hour.on(day)
    if number > (29 if month == 2 else calendar.monthrange(2001, month)[1]) or number < 1:
        raise ValueError(f"{calendar.month_name[month]} has no day {number}")
    days = (date(each, month, number) for each in range(today.year, today.year + _MOST_YEARS)
            if (month, number) != (2, 29) or calendar.isleap(each))
    following = first(days)
    return lambda hour: _with_weekday(following(hour), hour, weekday)


def _date_parts(tokens: list[str]) -> tuple[int | None, int, int]:
    """Year, if there is one, day and month of "15 november", "november 15", "15 november 2026", "2026-11-15"."""
    match tokens:
        case [iso] if _ISO_DATE.fullmatch(iso):
            year, month, number = map(int, iso.split("-"))
            return year, number, month
        case [day, month, *rest] if _NUMBER.fullmatch(day) and month in _MONTHS:
            pass
        case [month, day, *rest] if _NUMBER.fullmatch(day) and month in _MONTHS:
            pass
        case _:
            raise _Unknown
    if len(rest) > 1 or (rest and not _YEAR.fullmatch(rest[0])):
        raise _Unknown
    return int(rest[0]) if rest else None, int(_NUMBER.fullmatch(day)[1]), _MONTHS[month]


def _real_date(year: int, month: int, number: int) -> date:
    if not 1 <= month <= 12:
        raise ValueError(f"there is no month {month}")
    try:
        return date(year, month, number)
    except ValueError:
        raise ValueError(f"there is no {number} {calendar.month_name[month]} {year}") from None


def _checked(day: date, weekday: int | None) -> date:
    if weekday is not None and day.weekday() != weekday:
        raise ValueError(f"{day.day} {day:%B %Y} is a {day:%A}")
    return day


def _with_weekday(instant: datetime, hour: _Hour, weekday: int | None) -> datetime:
    local = to_london(instant) if hour.zone is None else instant.astimezone(hour.zone)
    _checked(local.date(), weekday)
    return instant
