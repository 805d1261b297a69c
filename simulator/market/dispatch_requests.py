"""What the control room may ask for: every rule of a wanted dispatch, and all breaches at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.market.dispatches import LONGEST_DISPATCH, PROGRAMMES
from simulator.market.errors import RuleBreach

LARGEST_CHANGE_KW = 10_000_000
_LONGEST_NOTICE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WantedDispatch:
    """A dispatch as the control room asks for it; `notice` is how long before the start the message goes out."""

    organisation_id: str
    programme: str
    unit_ids: tuple[str, ...]
    start_at: datetime
    end_at: datetime
    power_milliwatts: int
    notice: timedelta


def breaches_of_dispatch(wanted: WantedDispatch, own_units: Collection[str], now: datetime) -> Iterator[RuleBreach]:
    """Everything wrong with a wanted dispatch. `own_units` are the ids of the organisation's units."""
    if wanted.programme not in PROGRAMMES:
        yield RuleBreach(None, "programme", "unknown_programme", f"There is no programme {wanted.programme[:40]!r}; "
                         f"there are {', '.join(PROGRAMMES)}.")
    yield from breaches_of_unit_ids(wanted.unit_ids, own_units)
    if wanted.end_at <= wanted.start_at:
        yield RuleBreach(None, "end_time", "end_before_start", "The end must be later than the start.")
    elif wanted.end_at - wanted.start_at > LONGEST_DISPATCH:
        yield RuleBreach(None, "end_time", "too_long", f"A dispatch lasts at most {LONGEST_DISPATCH.days} days.")
    if wanted.end_at <= now:
        yield RuleBreach(None, "end_time", "in_the_past", f"The end is in the past: market time is {now.isoformat()}.")
    if wanted.power_milliwatts == 0 or abs(wanted.power_milliwatts) > LARGEST_CHANGE_KW * 1_000_000:
        yield RuleBreach(None, "power_change_kw", "range", f"The power change is up to {LARGEST_CHANGE_KW:,} kW either "
                         "way, and not 0.")
    if not timedelta(0) <= wanted.notice <= _LONGEST_NOTICE:
        yield RuleBreach(None, "notice_minutes", "range", "The notice is 0 to "
                         f"{_LONGEST_NOTICE // timedelta(minutes=1):,} minutes.")


def breaches_of_unit_ids(unit_ids: tuple[str, ...], own_units: Collection[str]) -> Iterator[RuleBreach]:
    """Every unit that is not the organisation's own, or named twice; `index` counts them."""
    if not unit_ids:
        yield RuleBreach(None, "meterable_unit_ids", "required", "Name at least one Meterable Unit.")
    counts = Counter(unit_ids)
    for index, unit_id in enumerate(unit_ids):
        if unit_id not in own_units:
            known = ", ".join(sorted(own_units)) or "none"
            yield RuleBreach(index, "meterable_unit_ids", "unknown_unit", f"{unit_id[:64]} is not one of the "
                             f"organisation's Meterable Units: {known}.")
        elif counts[unit_id] > 1:
            yield RuleBreach(index, "meterable_unit_ids", "duplicate_in_request", f"{unit_id} is named "
                             f"{counts[unit_id]} times.")
