"""What the calls about weeks share: the week that is meant, windows and powers, and how they look in JSON."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

from flask import abort, request

from simulator.control.bodies import refuse
from simulator.market.declarations import Declaration, Window, decided_at, locks_at, monday_of
from simulator.market.events import Direction
from simulator.market.intervals import WEEKDAYS
from simulator.market.quantities import kw
from simulator.operations.deciding import decided_week
from simulator.settings import FIRST_YEAR, LAST_YEAR, read_day
from simulator.web import current_world, problem

DIRECTIONS = {"up": Direction.UP, "down": Direction.DOWN}
"""Up: more generation or less demand; down: the opposite. The words are ours."""

START_TIME = {"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9]$"}
CLOCK_TIME = {"type": "string", "pattern": r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}
WINDOW = {"dayOfWeek": {"enum": list(WEEKDAYS)}, "start": START_TIME, "end": CLOCK_TIME}
"""Properties of a window, London wall-clock time; an end of 24:00 is the midnight after the day, no window starts then.
"""


def week_in_path(text: str) -> date:
    """The Monday that an address names; 404 for anything else."""
    week = _day(text)
    if week is None or week.weekday():
        abort(problem(404, "Not Found", f"{text[:40]!r} is not the Monday of a week; write it like 2026-11-09."))
    return week


def week_in_query() -> date:
    """The Monday in the query's `week`, or that of the present week; aborts with 422."""
    text = request.args.get("week")
    if text is None:
        return monday_of(current_world.now())
    week = _day(text)
    if week is None or week.weekday():
        refuse([{"pointer": "query week", "code": "week", "message": "Give the Monday of a week, like 2026-11-09."}])
        raise AssertionError("refuse always raises")
    return week


def _day(text: str) -> date | None:
    day = read_day(text)
    # A week must lie whole within the years of market time.
    return day if day is not None and FIRST_YEAR < day.year < LAST_YEAR else None


def read_week(body: dict[str, Any], name: str) -> date:
    """The day in a property of a body; aborts with 422. Whether it is a Monday is for the rules to judge."""
    day = _day(body[name])
    if day is None:
        refuse([{"pointer": f"/{name}", "code": "format", "message": "Give the Monday of a week, like 2026-11-09."}])
        raise AssertionError("refuse always raises")
    return day


def window_from(body: dict[str, Any]) -> Window:
    """The window in an object that its schema has judged."""
    return Window(body["dayOfWeek"], _time(body["start"]), _time(body["end"]))


def _time(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)


def milliwatts(number: float) -> int:
    """A power in kW as it came in JSON, to the nearest milliwatt."""
    return int((Decimal(str(number)) * 1_000_000).to_integral_value()) if abs(number) < 1e12 else int(1e18)


def window_as_json(window: Window) -> dict[str, str]:
    """A window; an end at midnight is 24:00."""
    end = window.end.isoformat("minutes")
    return {"dayOfWeek": window.day_of_week, "start": window.start.isoformat("minutes"),
            "end": "24:00" if end == "00:00" else end}


def declaration_as_json(found: Declaration) -> dict[str, Any]:
    """A declaration; prices are pounds, null where there is none."""
    return {
        "declarationId": found.id, "participantId": found.organisation_id, "weekCommencing": found.week.isoformat(),
        "programme": found.programme, "meterableUnitId": found.unit_id, "zone": found.zone,
        "windows": [window_as_json(window) for window in found.windows],
        "powerKw": float(kw(found.power_milliwatts)), "direction": direction_word(found.direction),
        "utilisationBidPrice": pounds(found.utilisation_bid_price),
        "availabilityPrice": pounds(found.availability_price), "staticId": found.static_id}


def week_as_json(view: Any, week: date) -> dict[str, Any]:
    """Where a week stands: open, locked or decided."""
    policy, decided = current_world.settings.market, decided_week(view, week)
    locks = locks_at(week, policy)
    state = "decided" if decided is not None else "locked" if locks <= current_world.now() else "open"
    return {
        "weekCommencing": week.isoformat(), "state": state, "locksAt": locks, "decidedFrom": decided_at(week, policy),
        "decidedAt": None if decided is None else decided.decided_at,
        "decidedBy": None if decided is None else decided.rule_words,
        "journalEntry": None if decided is None else decided.journal_entry}


def direction_word(direction: Direction) -> str:
    """`up` or `down`."""
    return next(word for word, found in DIRECTIONS.items() if found is direction)


def pounds(price: Decimal | None) -> float | None:
    """A price as a JSON number."""
    return None if price is None else float(price)
