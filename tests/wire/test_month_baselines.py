"""Setting baselines: all of a template or nothing; every version stays."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal

import pytest

from simulator.documents.template_files import read_template_rows, write_template
from simulator.market.baselines import BaselineKind, flat_baseline
from simulator.market.errors import NotFound, Refused
from simulator.market.intervals import Granularity
from simulator.operations.baselines import baseline_of, baselines_of, set_flat, set_template
from simulator.operations.units import units_of
from tests.builders import instant
from tests.month_worlds import BY_MINUTE, HALF_HOURLY, MonthWorld, month_world


@pytest.fixture(scope="module")
def month() -> Iterator[MonthWorld]:
    with month_world() as found:
        yield found


def template(kw: int, granularity: Granularity = Granularity.HALF_HOUR) -> bytes:
    return write_template(flat_baseline(kw * 1_000_000), granularity)


def test_a_template_is_in_force_from_its_upload_on(month: MonthWorld) -> None:
    """Portal FAQ page (public): templates are uploaded for a unit; from when they count is assumed."""
    with month.world.view() as view:
        unit = next(found for found in units_of(view, "acme") if found.id == HALF_HOURLY)
        before = baseline_of(view, unit)
    month.advance("2026-10-02 09:00")
    with month.world.work() as work:
        set_template(work, "acme", HALF_HOURLY, read_template_rows(io.BytesIO(template(-80))))
    with month.world.view() as view:
        newest, *older = baselines_of(view, unit)
        assert (newest.baseline.kind, newest.in_force_from) == (BaselineKind.TEMPLATE, month.now)
        assert len(newest.baseline.milliwatts) == 336
        assert older == [before]
        assert baseline_of(view, unit, instant("2026-10-02 08:59")) == before
        assert baseline_of(view, unit, instant("2026-10-02 09:00")) == newest


def test_what_is_wrong_is_named_by_line_and_nothing_is_stored(month: MonthWorld) -> None:
    """Ours: all errors at once, with the line in the pointer."""
    lines = template(5).decode().split("\r\n")
    lines[3], lines[5] = "MONDAY,01:10,5", "MONDAY,02:00,five"
    with pytest.raises(Refused) as refusal, month.world.work() as work:
        set_template(work, "acme", HALF_HOURLY, read_template_rows(io.BytesIO("\n".join(lines).encode())))
    assert [(breach.pointer, breach.field) for breach in refusal.value.breaches] == [
        ("4", "local_time"), ("6", "power_kw")]
    assert len(month.journal("baseline.set")) == 1


def test_a_flat_baseline_by_minute(month: MonthWorld) -> None:
    """Ours: one power at all times, demand negative."""
    with month.world.work() as work:
        assert set_flat(work, "acme", BY_MINUTE, Decimal("-2.5")).baseline.words == "flat, -2.5 kW"


@pytest.mark.parametrize("power", ["NaN", "10000001", "0.0000001"])
def test_a_power_that_cannot_be(month: MonthWorld, power: str) -> None:
    """Ours: at most 10 GW either way and six decimals."""
    with pytest.raises(Refused), month.world.work() as work:
        set_flat(work, "acme", BY_MINUTE, Decimal(power))


def test_another_organisations_unit_is_not_there(month: MonthWorld) -> None:
    """Ours: what is someone else's looks as if it were not there."""
    with pytest.raises(NotFound), month.world.work() as work:
        set_flat(work, "acme", "MU-9", Decimal(1))
