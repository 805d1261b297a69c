"""A month is settled in the blink of an eye: the pure part of what `make bench` promises."""

from __future__ import annotations

import time
from datetime import timedelta

from simulator.market.baselines import Baseline, BaselineKind
from simulator.market.intervals import Granularity
from simulator.market.performance import Evidence, assess_event
from simulator.market.policy import DEFAULT_POLICY
from simulator.market.settlement import settle_event
from tests.markets import START, event, minute_meter, readings


def test_two_hundred_events_of_two_hours_by_minute_take_less_than_a_second() -> None:
    """Ours: 24,000 periods; measured at 0.15 s of one core, so that a slow machine passes."""
    unit = minute_meter()
    template = Baseline(BaselineKind.TEMPLATE, Granularity.MINUTE, tuple(range(10_080)))
    events = [event(unit, start=START + timedelta(minutes=37 * place), name=f"D-{place}") for place in range(200)]
    evidence = [{unit.id: Evidence(readings(unit, [90] * 120, found.start_at), template)} for found in events]
    begun = time.process_time()
    statements = [settle_event(assess_event(found, own, DEFAULT_POLICY, found.end_at), DEFAULT_POLICY)
                  for found, own in zip(events, evidence, strict=True)]
    assert time.process_time() - begun < 1
    assert len(statements) == 200
