"""Setting the baselines of Meterable Units (templates: portal FAQ page, public; flat ones and versions: assumed).

A baseline is in force from the moment it is set; what it replaces is kept, because events are compared with the
baseline that was in force when they started.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from simulator.market.baselines import Baseline, BaselineVersion, flat_baseline, judge_template
from simulator.market.errors import NotFound, Refused, RuleBreach
from simulator.market.month_facts import BaselineSet
from simulator.market.organisations import MeterableUnit
from simulator.market.quantities import LARGEST_KW, MILLIWATTS_PER_KW
from simulator.operations.uploads import RowsOfFile
from simulator.store import baselines, organisations
from simulator.store.work import View, Work


def baseline_of(view: View, unit: MeterableUnit, at: datetime | None = None) -> BaselineVersion | None:
    """The baseline of a unit that was in force at an instant, or that is the newest; None without one."""
    if at is None:
        return next(iter(baselines_of(view, unit)), None)
    return baselines.version_in_force(view, unit.number, at)


def baselines_of(view: View, unit: MeterableUnit) -> list[BaselineVersion]:
    """Every baseline that a unit ever had, the newest first."""
    return baselines.versions_of(view, unit.number)


def set_template(work: Work, organisation_id: str, unit_id: str, rows: RowsOfFile) -> BaselineVersion:
    """Take a weekly template, all of it or nothing.

    `rows` as `documents.template_files` reads them. Raises NotFound for a unit that is not the organisation's, and
    Refused with everything that is wrong, by line, which stands in the `pointer` of each breach.
    """
    unit = _own_unit(work, organisation_id, unit_id)
    baseline, found = judge_template(rows.drafts, unit.granularity)
    breaches = [_at_line(breach, rows.lines) for breach in (*rows.breaches, *found)]
    if breaches or baseline is None:
        raise Refused(sorted(breaches, key=_line))
    return set_baseline(work, unit, baseline)


def set_flat(work: Work, organisation_id: str, unit_id: str, power_kw: Decimal) -> BaselineVersion:
    """Set a baseline of one power at all times, in kW; demand is negative. Raises NotFound and Refused."""
    unit = _own_unit(work, organisation_id, unit_id)
    if not power_kw.is_finite() or abs(power_kw) > LARGEST_KW:
        raise Refused([RuleBreach(None, "power_kw", "range", f"Give a power of at most {LARGEST_KW:,} kW either way.")])
    if power_kw * MILLIWATTS_PER_KW % 1:
        raise Refused([RuleBreach(None, "power_kw", "decimals", "Give the power in kW with at most six decimals.")])
    return set_baseline(work, unit, flat_baseline(int(power_kw * MILLIWATTS_PER_KW), unit.granularity))


def set_baseline(work: Work, unit: MeterableUnit, baseline: Baseline) -> BaselineVersion:
    """Set a baseline that was judged, in force from now on."""
    version = BaselineVersion(baseline, work.now)
    baselines.add_version(work, unit.number, version)
    work.record(BaselineSet(unit.organisation_id, unit.id, baseline.words))
    return version


def _own_unit(view: View, organisation_id: str, unit_id: str) -> MeterableUnit:
    unit = organisations.units_of(view, organisation_id).get(unit_id)
    if unit is None:
        raise NotFound("Meterable Unit", unit_id[:80])
    return unit


def _at_line(breach: RuleBreach, lines: Sequence[int]) -> RuleBreach:
    return breach if breach.index is None else replace(breach, pointer=str(lines[breach.index]))


def _line(breach: RuleBreach) -> int:
    return int(breach.pointer) if breach.pointer else 0
