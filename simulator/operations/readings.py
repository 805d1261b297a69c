"""Accepting meter readings (portal guide §3.1; formats assumed, times and signs public)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from simulator.market.errors import Refused, RuleBreach
from simulator.market.events import EVENTS_TOPIC
from simulator.market.facts import ReadingsAccepted
from simulator.market.organisations import MeterableUnit
from simulator.market.readings import Reading, ReadingRules, ReadingsReceipt, duplicate_breaches
from simulator.operations.month_end import finalised_until
from simulator.store import organisations, readings, settling
from simulator.store.work import View, Work


def accept_readings(
    work: Work, organisation_id: str, drafts: Sequence[Mapping[str, Any]], tolerance_seconds: int,
    shape_breaches: Sequence[RuleBreach] = (),
) -> ReadingsReceipt:
    """Store all readings of a message, or none.

    `drafts` as `ReadingRules` takes them; `shape_breaches` are what the contract already found wrong. Raises Refused
    with every breach, ordered by record. A second reading of the same unit and period replaces the first.
    """
    units = organisations.units_of(work, organisation_id)
    accepted, breaches = judge_readings(units, drafts, work.now, tolerance_seconds, shape_breaches)
    if breaches:
        raise Refused(breaches)
    created = readings.store_readings(work, accepted)
    limit = late_until(work)
    receipt = ReadingsReceipt(
        accepted=len(accepted), created=created, updated=len(accepted) - created,
        late=sum(reading.period_end <= limit for reading in accepted))
    ends = [reading.period_end for reading in accepted]
    record_acceptance(work, organisation_id, "api", receipt, units, {reading.unit for reading in accepted},
                      min(ends, default=None), max(ends, default=None))
    return receipt


def judge_readings(
    units: Mapping[str, MeterableUnit], drafts: Sequence[Mapping[str, Any]], now: datetime, tolerance_seconds: int,
    shape_breaches: Sequence[RuleBreach] = (),
) -> tuple[list[Reading], list[RuleBreach]]:
    """The readings of a message whose sender has these units, and every breach, ordered by record."""
    accepted, breaches = ReadingRules(units, now, tolerance_seconds).judge(drafts)
    if not breaches and not shape_breaches and len({reading[:2] for reading in accepted}) == len(accepted):
        return accepted, []
    told = {breach.index for breach in shape_breaches}
    # The contract asks for power or energy by itself, and has said so where it found a record misshapen.
    untold = [breach for breach in breaches if breach.code != "power_or_energy" or breach.index not in told]
    return accepted, sorted([*shape_breaches, *untold, *duplicate_breaches(drafts, units)],
                            key=lambda breach: -1 if breach.index is None else breach.index)


def late_until(view: View) -> int:
    """Epoch second by which a period must have ended to belong to a finalised month; 0 when none is final."""
    limit = finalised_until(view)
    return 0 if limit is None else int(limit.timestamp())


def record_acceptance(
    work: Work, organisation_id: str, source: str, receipt: ReadingsReceipt, units: Mapping[str, MeterableUnit],
    numbers: set[int], first: int | None, last: int | None,
) -> None:
    """Note in the journal that readings were stored; `first` and `last` are period ends in epoch seconds.

    Events that they change are worked out anew.
    """
    entry = work.record(ReadingsAccepted(
        organisation_id, source, tuple(unit.id for unit in units.values() if unit.number in numbers),
        receipt.accepted, receipt.created, receipt.updated, receipt.late, _text(first), _text(last)))
    if first is not None and last is not None and settling.mark(work, numbers, first, last, entry):
        work.announce(EVENTS_TOPIC)


def _text(epoch: int | None) -> str | None:
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC).isoformat()
