"""The forms that decide a week: in part, by merit order, by hand. What was typed stays, with what is wrong beside it.

Their fields are plain texts by name, because the requirements and windows of a week are as many as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from simulator.market.acceptance import AcceptanceRule, HandChoice, Offer, Requirement, RuleKind
from simulator.market.declarations import Window
from simulator.market.errors import RuleBreach
from simulator.market.events import Direction
from simulator.market.intervals import WEEKDAYS
from simulator.market.quantities import MILLIWATTS_PER_KW, kw_text
from simulator.timekeeping.london import from_london, to_london

BY_HAND = "by_hand"
MOST_ROWS = 200
EMPTY_ROWS = 2
_NUMBER = re.compile(r"[0-9]{1,8}(\.[0-9]{1,6})?")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DIRECTIONS = {"up": Direction.UP, "down": Direction.DOWN}
_FIELDS = {"day_of_week": "day", "power_kw": "kw", "acceptance_start": "from", "acceptance_end": "until",
           "accepted_power_kw": "kw", "power_percent": "percent", "starts_later_minutes": "later",
           "ends_earlier_minutes": "earlier"}
"""What the rules call a field -> its name in the form, where that is another one."""


@dataclass
class Typed:
    """What was typed into some fields, and what is wrong with them, by the fields' names."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    offer: Offer | None = None

    def blame(self, name: str, message: str) -> None:
        """Note what is wrong with a field."""
        self.errors.setdefault(name, []).append(message)


@dataclass
class WeekForms:
    """All that a week can be decided by, as it stands on its page. `errors` are about no field."""

    part: Typed
    requirements: list[Typed]
    choices: list[Typed]
    rule: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def is_wrong(self) -> bool:
        """Whether anything is."""
        return bool(self.errors or any(each.errors for each in (self.part, *self.requirements, *self.choices)))

    def show(self, breaches: Iterable[RuleBreach]) -> None:
        """Put what the rules say at the field that it is about; what is about none stands above the form."""
        chosen = [row for row in (self.choices if self.rule == BY_HAND else self.requirements) if _is_used(row)]
        for breach in breaches:
            if breach.index is not None and breach.index < len(chosen):
                name = _FIELDS.get(breach.field or "", breach.field or "")
                chosen[breach.index].blame(name if name in chosen[breach.index].values else "kw", breach.message)
            elif _FIELDS.get(breach.field or "") in self.part.values:
                self.part.blame(_FIELDS[breach.field or ""], breach.message)
            else:
                self.errors.append(breach.message)


def offered_forms(offers: Sequence[Offer], rule: AcceptanceRule) -> WeekForms:
    """The forms as they are offered: the rule of Thursdays, and each zone and window that there are offers for."""
    rows = [_requirement_row(each.zone, each.direction, each.window, each.programme or "",
                             kw_text(each.power_milliwatts)) for each in rule.requirements]
    known = {_place(row) for row in rows}
    for offer in offers:
        found = offer.declaration
        row = _requirement_row(found.zone, found.direction, found.windows[offer.index])
        if _place(row) not in known and len(rows) < MOST_ROWS - EMPTY_ROWS:
            known.add(_place(row))
            rows.append(row)
    rows += [_requirement_row("", Direction.UP, None) for _ in range(EMPTY_ROWS)]
    part = Typed({"percent": f"{rule.power_percent:f}", "later": str(rule.starts_later_minutes),
                  "earlier": str(rule.ends_earlier_minutes)})
    return WeekForms(part, rows, [_choice_row(offer) for offer in offers])


def sent_forms(offers: Sequence[Offer], rule: AcceptanceRule, form: Mapping[str, str]) -> WeekForms:
    """The forms as they came back; those that were not sent stand as they are offered."""
    forms = offered_forms(offers, rule)
    forms.rule = form.get("rule", "")
    if forms.rule == RuleKind.IN_PART.value:
        forms.part = _typed(form, forms.part.values, "")
    if forms.rule == RuleKind.MERIT_ORDER.value:
        count = form.get("rows", "")
        rows = min(int(count), MOST_ROWS) if count.isascii() and count.isdigit() and len(count) < 5 else 0
        blank = _requirement_row("", Direction.UP, None).values
        forms.requirements = [_typed(form, blank, f"-{number}") for number in range(rows)]
    if forms.rule == BY_HAND:
        given = {(form.get(f"declaration-{number}"), form.get(f"window-{number}")): number
                 for number in range(len(offers) + MOST_ROWS) if f"declaration-{number}" in form}
        for row in forms.choices:
            number = given.get((row.values["declaration"], row.values["window"]))
            if number is not None:
                row.values.update(_typed(form, row.values, f"-{number}").values)
    return forms


def rule_of(forms: WeekForms) -> AcceptanceRule | None:
    """The rule that was sent; None when something of it cannot be read, which then stands at its field."""
    if forms.rule == RuleKind.IN_PART.value:
        values = {name: _number(forms.part, name, "Enter a number.") for name in forms.part.values}
        for name in ("later", "earlier"):
            if (values[name] or 0) % 1:
                forms.part.blame(name, "Enter whole minutes.")
        if forms.part.errors:
            return None
        return AcceptanceRule(RuleKind.IN_PART, values["percent"] or Decimal(0), int(values["later"] or 0),
                              int(values["earlier"] or 0))
    if forms.rule == RuleKind.MERIT_ORDER.value:
        found = [_requirement(row) for row in forms.requirements if _is_used(row)]
        if any(each is None for each in found):
            return None
        return AcceptanceRule(RuleKind.MERIT_ORDER, requirements=tuple(each for each in found if each is not None))
    return AcceptanceRule(RuleKind(forms.rule))


def choices_of(forms: WeekForms) -> list[HandChoice] | None:
    """What was chosen by hand; None when something of it cannot be read, which then stands at its field."""
    found = [_choice(row) for row in forms.choices if _is_used(row)]
    return None if any(row.errors for row in forms.choices) else found


def _is_used(row: Typed) -> bool:
    """Windows are chosen by a tick, requirements by their kW."""
    return bool(row.values["accept"] if "accept" in row.values else row.values["kw"])


def _typed(form: Mapping[str, str], names: Iterable[str], ending: str) -> Typed:
    return Typed({name: form.get(f"{name}{ending}", "").strip(" ")[:100] for name in names})


def _place(row: Typed) -> tuple[str, ...]:
    return tuple(row.values[name] for name in ("zone", "direction", "day", "start", "end"))


def _requirement_row(zone: str, direction: Direction, window: Window | None, programme: str = "",
                     kw: str = "") -> Typed:
    return Typed({
        "zone": zone, "direction": "up" if direction is Direction.UP else "down", "programme": programme,
        "day": window.day_of_week if window else WEEKDAYS[0],
        "start": window.start.isoformat("minutes") if window else "",
        "end": window.end.isoformat("minutes") if window else "", "kw": kw})


def _requirement(row: Typed) -> Requirement | None:
    start, end = _time(row, "start"), _time(row, "end")
    power = _number(row, "kw", "Enter kW, such as 150.")
    if start is None or end is None or power is None:
        return None
    values = row.values
    return Requirement(values["zone"], Window(values["day"], start, end), int(power * MILLIWATTS_PER_KW),
                       values["programme"] or None, _DIRECTIONS.get(values["direction"], Direction.UP))


def _choice_row(offer: Offer) -> Typed:
    found = offer.declaration
    window = found.windows[offer.index]
    return Typed({"declaration": found.id, "window": str(offer.index), "accept": "",
                  "from": window.start.isoformat("minutes"), "until": window.end.isoformat("minutes"),
                  "kw": kw_text(found.power_milliwatts)}, offer=offer)


def _choice(row: Typed) -> HandChoice:
    """A choice; what stands as it was declared is left to the declaration."""
    assert row.offer is not None  # every row of this form has one
    offer, declared = row.offer, _choice_row(row.offer).values
    times = {name: _time(row, name) for name in ("from", "until") if row.values[name] != declared[name]}
    power = None if row.values["kw"] == declared["kw"] else _number(row, "kw", "Enter kW, such as 150.")
    start, until = times.get("from"), times.get("until")
    day = to_london(offer.start_at).date()
    return HandChoice(offer.declaration.id, offer.index,
                      None if start is None else _instant(day, start, offer.start_at),
                      None if until is None else _instant(_next_day(day) if until == time(0) else day, until,
                                                          offer.start_at),
                      None if power is None else int(power * MILLIWATTS_PER_KW))


def _instant(day: date, at: time, start: datetime) -> datetime:
    """The instant of a time in a window; of a time that occurs twice, the one that lies in it."""
    instant = from_london(day, at)
    later = instant + timedelta(hours=1)
    is_twice = to_london(later).time() == at
    return later if is_twice and instant < start else instant


def _next_day(day: date) -> date:
    return day + timedelta(days=1)


def _number(row: Typed, name: str, message: str) -> Decimal | None:
    plain = row.values[name].replace(",", "")
    if _NUMBER.fullmatch(plain):
        return Decimal(plain)
    row.blame(name, message)
    return None


def _time(row: Typed, name: str) -> time | None:
    if _TIME.fullmatch(row.values[name][:5]):
        return time.fromisoformat(row.values[name][:5])
    row.blame(name, "Enter a time, such as 16:30.")
    return None
