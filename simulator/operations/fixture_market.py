"""The market of a new world before it starts: weeks of declarations, decisions, dispatches and events.

All of it goes through the operations that would have made it, each at its own instant. What a unit delivered is given
by the fixture as per cents, taken in turn; readings are made up to fit.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from simulator.market.acceptance import AcceptanceRule, Requirement, RuleKind
from simulator.market.baselines import NO_BASELINE, Baseline, BaselineKind, BaselineVersion, flat_baseline
from simulator.market.declarations import WantedDeclaration, Window, decided_at, locks_at, monday_of
from simulator.market.dispatch_requests import WantedDispatch
from simulator.market.dispatches import Dispatch, Move
from simulator.market.events import Direction, share_out
from simulator.market.intervals import WEEKDAYS, Granularity
from simulator.market.months import final_from, months_final_at
from simulator.market.organisations import MeterableUnit
from simulator.market.policy import MarketPolicy
from simulator.market.programmes import programme_of
from simulator.market.quantities import MILLIWATTS_PER_KW
from simulator.operations import deciding, declarations, dispatching
from simulator.operations.fixture_text import Problem
from simulator.operations.month_end import finalise_history, finalise_previous_month
from simulator.operations.readings import accept_readings
from simulator.operations.settling import settle_due_events
from simulator.store import organisations
from simulator.store.baselines import add_version
from simulator.store.work import Work
from simulator.timekeeping.london import end_of_month, from_london, month_of, previous_month, start_of_month, to_london

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_DECLARED_BEFORE_LOCK = timedelta(hours=14)
_CALLED_BEFORE_START = timedelta(hours=1)
_RIPPLE = 0.02


def start_market(work: Work, content: dict[str, Any], policy: MarketPolicy) -> None:
    """Give a new world its baselines and, if the fixture has a `market`, everything that happened before its start.

    Organisations, zones and units are there already. The clock of `work` is as before afterwards.
    """
    shape = content.get("market")
    now, cause = work.now, work.cause
    if shape is None:
        finalise_history(work, policy)
        set_baselines(work, content)
        return
    first_month = month_of(now)
    for _ in range(shape["months"]):
        first_month = previous_month(first_month)
    try:
        opened = start_of_month(first_month) - shape.get("weeks_before", 0) * _WEEK
        _History(work, content, policy, opened).run()
    finally:
        work.now, work.cause = now, cause


def problems_of_market(content: dict[str, Any]) -> Iterator[Problem]:
    """What in a fixture's market does not fit the rest of it."""
    zones = {zone["code"] for zone in content["zones"]}
    for place, entry in enumerate(content["organisations"]):
        own = {unit["id"] for unit in entry["units"]}
        here = ("organisations", place)
        if "market" not in content and "record" not in content:
            for name in ({"declarations", "dispatches"} & entry.keys()):
                yield (*here, name), (
                    f"organisation {entry['id']}: {name}: these need a market, which the fixture has not")
        for number, declared in enumerate(entry.get("declarations", ())):
            if declared["unit"] not in own:
                yield (*here, "declarations", number, "unit"), (
                    f"organisation {entry['id']}: declarations: it has no unit {declared['unit']!r}")
        for number, called in enumerate(entry.get("dispatches", ())):
            for index, unit in enumerate(called["units"]):
                if unit not in own:
                    yield (*here, "dispatches", number, "units", index), (
                        f"organisation {entry['id']}: dispatches: it has no unit {unit!r}")
    for number, wanted in enumerate(content.get("market", {}).get("acceptance", {}).get("requirements", ())):
        if wanted["zone"] not in zones:
            yield ("market", "acceptance", "requirements", number, "zone"), (
                f"market: acceptance: the zone {wanted['zone']!r} is not among the zones")


@dataclass(order=True)
class _Happening:
    """Something at an instant; what was planned first happens first."""

    at: datetime
    order: int
    happen: Callable[[], None] = field(compare=False)


class _History:
    """What happens in a world before its start, by and by."""

    def __init__(self, work: Work, content: dict[str, Any], policy: MarketPolicy, opened: datetime) -> None:
        self._work = work
        self._content = content
        self._policy = policy
        self._start = work.now
        self._cause = work.cause
        self._opened = opened
        self._happenings: list[_Happening] = []
        self._units = {unit.id: unit for entry in content["organisations"]
                       for unit in organisations.units_of(work, entry["id"]).values()}
        self._baselines: dict[str, Baseline] = {}
        self._delivers: dict[tuple[str, str], list[Any]] = {}
        self._moved: dict[str, Dispatch] = {}
        self._turns: dict[tuple[str, str], int] = defaultdict(int)

    def run(self) -> None:
        """Let everything happen up to the start."""
        opened = self._opened
        monday = monday_of(opened)
        first_week = monday if monday == to_london(opened).date() else monday + _WEEK
        began = min(locks_at(first_week, self._policy) - _WEEK, opened)
        self._work.now = began
        finalise_history(self._work, self._policy)
        self._baselines = set_baselines(self._work, self._content)
        self._plan(locks_at(first_week, self._policy) - _DECLARED_BEFORE_LOCK, lambda: self._declare_static(first_week))
        this_week = monday_of(self._start)
        week = first_week
        while week <= this_week + _WEEK:
            self._plan(decided_at(week, self._policy), lambda week=week: self._decide(week))
            self._call(week)
            week += _WEEK
        self._declare_single(this_week)
        self._finalise_months(began)
        while self._happenings:
            happening = heapq.heappop(self._happenings)
            self._work.now, self._work.cause = happening.at, self._cause
            happening.happen()

    def _plan(self, at: datetime, happen: Callable[[], None]) -> None:
        if at <= self._start:
            heapq.heappush(self._happenings, _Happening(at, len(self._happenings), happen))

    def _finalise_months(self, began: datetime) -> None:
        month = month_of(end_of_month(months_final_at(began, self._policy)))
        while final_from(month, self._policy) <= self._start:
            at = final_from(month, self._policy)
            self._plan(at, lambda at=at: finalise_previous_month(self._work, at, self._policy))
            month = month_of(end_of_month(month))

    # Declarations and decisions

    def _declared(self, static: bool) -> Iterator[tuple[str, dict[str, Any]]]:
        for entry in self._content["organisations"]:
            for shape in entry.get("declarations", ()):
                self._delivers.setdefault((shape["unit"], shape["programme"]), shape.get("delivers", [100]))
                if ("weeks" not in shape) is static:
                    yield entry["id"], shape

    def _declare_static(self, first_week: date) -> None:
        if "acceptance" in self._content["market"]:
            deciding.set_acceptance_rule(self._work, rule_from(self._content["market"]["acceptance"]))
        for organisation_id, shape in self._declared(static=True):
            declarations.declare_static(self._work, organisation_id, _wanted(shape, first_week), self._policy)

    def _declare_single(self, this_week: date) -> None:
        for organisation_id, shape in self._declared(static=False):
            for number in shape["weeks"]:
                week = this_week + number * _WEEK
                at = min(locks_at(week, self._policy) - _DECLARED_BEFORE_LOCK, self._start)
                self._plan(at, lambda of=organisation_id, shape=shape, week=week: self._declare(of, shape, week))

    def _declare(self, organisation_id: str, shape: dict[str, Any], week: date) -> None:
        declarations.declare(self._work, organisation_id, _wanted(shape, week), self._policy)

    def _decide(self, week: date) -> None:
        rule = deciding.acceptance_rule(self._work)
        deciding.decide_week(self._work, week, rule, self._policy, sends_from=self._start)
        for dispatch_id in deciding.dispatch_ids_of_week(self._work, week).values():
            self._follow(dispatching.dispatch_by_id(self._work, dispatch_id))

    # Dispatches and events

    def _call(self, week: date) -> None:
        for entry in self._content["organisations"]:
            for shape in entry.get("dispatches", ()):
                start = from_london(week + WEEKDAYS.index(shape["day"]) * _DAY, time.fromisoformat(shape["start"]))
                wanted = WantedDispatch(
                    entry["id"], shape["programme"], tuple(shape["units"]), start,
                    start + timedelta(minutes=shape["minutes"]), _milliwatts(shape["power_change_kw"]),
                    programme_of(shape["programme"], self._policy).notice)
                if "delivers" in shape:
                    self._delivers[shape["units"][0], shape["programme"]] = shape["delivers"]
                self._plan(start - wanted.notice - _CALLED_BEFORE_START, lambda wanted=wanted: self._follow(
                    dispatching.plan_dispatch(self._work, wanted, sends_from=self._start)))

    def _follow(self, dispatch: Dispatch) -> None:
        """What becomes of a dispatch up to the start; from then on the world itself sees to it."""
        self._plan(dispatch.start_message_at, lambda: self._move(dispatch, Move.SEND_START, Move.CONFIRM_START))
        self._plan(dispatch.start_at, lambda: self._move(dispatch, Move.BEGIN))
        if dispatch.end_at <= self._start:
            self._plan(dispatch.end_at, lambda: self._end(dispatch))
        elif dispatch.start_at <= self._start:
            self._plan(self._start, lambda: self._deliver(dispatch))

    def _move(self, dispatch: Dispatch, *moves: Move) -> None:
        for move in moves:
            current = self._moved.get(dispatch.id, dispatch)
            self._moved[dispatch.id] = dispatching.move_dispatch(self._work, current, move)

    def _end(self, dispatch: Dispatch) -> None:
        self._move(dispatch, Move.CONFIRM_STOP)
        self._deliver(dispatch)
        settle_due_events(self._work, self._policy)

    def _deliver(self, dispatch: Dispatch) -> None:
        """Readings of a dispatch's units up to now, as much of the power as it is their turn to deliver."""
        key = dispatch.unit_ids[0], dispatch.programme
        turn = self._turns[key]
        self._turns[key] += 1
        cycle = self._delivers.get(key, [100])
        delivered = cycle[turn % len(cycle)]
        percent, missing = (delivered["percent"], delivered["missing"]) if isinstance(delivered, dict) else (
            delivered, 0)
        units = [self._units[unit_id] for unit_id in dispatch.unit_ids]
        powers = share_out(dispatch.power_milliwatts, [unit.capacity_kw for unit in units])
        drafts = [draft for unit, power in zip(units, powers, strict=True)
                  for draft in self._readings(unit, dispatch, power * percent // 100, missing)]
        if drafts:
            accept_readings(self._work, dispatch.organisation_id, drafts, 0)

    def _readings(self, unit: MeterableUnit, dispatch: Dispatch, power: int, missing: int) -> Iterator[dict[str, Any]]:
        baseline = self._baselines.get(unit.id, NO_BASELINE)
        step = unit.granularity.seconds
        until = int(min(dispatch.end_at, self._work.now).timestamp())
        start = int(dispatch.start_at.timestamp())
        for place, end in enumerate(range(start - start % step + step, until + 1, step)):
            # The first periods after a quarter of the event are those that a meter lost.
            if missing and place * step * 4 >= until - start:
                missing -= 1
                continue
            ripple = 1 + _RIPPLE * math.sin(end / step * 1.7)
            milliwatts = baseline.power_at(end - step) + round(power * ripple)
            yield {"meterable_unit_id": unit.id, "timestamp": datetime.fromtimestamp(end, UTC),
                   "power_kw": round(milliwatts / MILLIWATTS_PER_KW, 1)}


def set_baselines(work: Work, content: dict[str, Any]) -> dict[str, Baseline]:
    """Baselines that are there from the beginning, like the units themselves."""
    found = {}
    for entry in content["organisations"]:
        units = organisations.units_of(work, entry["id"])
        for shape in entry["units"]:
            if "baseline" in shape:
                unit = units[shape["id"]]
                found[unit.id] = _baseline(shape["baseline"], unit.granularity)
                add_version(work, unit.number, BaselineVersion(found[unit.id], work.now))
    return found


def _baseline(shape: dict[str, Any], granularity: Granularity) -> Baseline:
    """A flat baseline, or a template with a level and a daily swing that is weaker at the weekend."""
    if "flat_kw" in shape:
        return flat_baseline(_milliwatts(shape["flat_kw"]), granularity)
    level, swing = shape["level_kw"], shape["swing_kw"]
    blocks = 86_400 // granularity.seconds
    week = []
    for day in range(7):
        weight = 1.0 if day < 5 else 0.6
        week += [round(10 * (level + weight * swing * math.sin(2 * math.pi * (place / blocks - 0.25)))) * 100_000
                 for place in range(blocks)]
    return Baseline(BaselineKind.TEMPLATE, granularity, tuple(week))


def rule_from(shape: dict[str, Any]) -> AcceptanceRule:
    """The rule by which weeks are decided."""
    return AcceptanceRule(
        RuleKind(shape["rule"]), Decimal(str(shape.get("power_percent", 100))), shape.get("starts_later_minutes", 0),
        shape.get("ends_earlier_minutes", 0),
        tuple(Requirement(found["zone"], Window(found["day"], _clock(found["start"]), _clock(found["end"])),
                          _milliwatts(found["power_kw"]), found.get("programme"), _direction(found))
              for found in shape.get("requirements", ())))


def _wanted(shape: dict[str, Any], week: date) -> WantedDeclaration:
    windows = tuple(Window(day, _clock(found["start"]), _clock(found["end"]))
                    for found in shape["windows"] for day in found["days"])
    return WantedDeclaration(
        week, shape["programme"], shape["unit"], windows, Decimal(str(shape["power_kw"])), _direction(shape),
        _price(shape.get("bid_price")), _price(shape.get("availability_price")))


def _direction(shape: dict[str, Any]) -> Direction:
    return Direction.DOWN if shape.get("direction") == "down" else Direction.UP


def _clock(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)


def _price(pounds: float | None) -> Decimal | None:
    return None if pounds is None else Decimal(str(pounds))


def _milliwatts(kw: float) -> int:
    return int(Decimal(str(kw)) * MILLIWATTS_PER_KW)
