"""Working out events: provisional when a dispatch has ended, and again as readings of its time come in.

Nothing is worked out while readings are stored: that only notes which dispatches they belong to (portal guide §3.3 has
provisional reports after the event; that later readings change them until the month is final is inferred).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from simulator.ids import digest
from simulator.market.baselines import BaselineVersion, baseline_in_force
from simulator.market.dispatches import Dispatch
from simulator.market.events import EVENTS_TOPIC, Direction, Event, Price, events_of, has_ended, periods_of
from simulator.market.month_facts import EventSettled
from simulator.market.organisations import MeterableUnit
from simulator.market.performance import EventPerformance, Evidence, ReportState, assess_event
from simulator.market.policy import MarketPolicy
from simulator.market.pricing import utilisation_price
from simulator.market.saved_reports import EventOutcome, EventReport
from simulator.market.settlement import settle_event
from simulator.store import baselines, decisions, dispatches, events, organisations, readings, settling, timetable
from simulator.store.work import View, Work

AT_A_TIME = 25
"""Dispatches worked out in one transaction; others get their turn in between."""


def events_wait(view: View, now: datetime) -> bool:
    """Whether there are events to be worked out now."""
    due = settling.next_due(view)
    return due is not None and due <= now


def settle_due_events(work: Work, policy: MarketPolicy, most: int = AT_A_TIME) -> int:
    """Work out the events of some dispatches that have ended, or got readings; how many dispatches that were."""
    found = settling.due(work, work.now, most)
    bench = SettlingBench(work, policy)
    cause = work.cause
    for dispatch_id, because_of in found:
        dispatch = dispatches.dispatch_by_id(work, dispatch_id)
        work.cause = because_of if because_of is not None else cause
        if dispatch is not None and has_ended(dispatch, work.now):
            bench.settle(dispatch)
        settling.forget(work, [dispatch_id])
    work.cause = cause
    if len(found) == most:
        work.announce(EVENTS_TOPIC)
    return len(found)


class SettlingBench:
    """What is needed to work out events of several dispatches, each thing read once."""

    def __init__(self, work: Work, policy: MarketPolicy) -> None:
        self._work = work
        self._policy = policy
        self.policy_name = policy_name(policy)
        self._units: dict[str, dict[str, MeterableUnit]] = {}
        self._baselines: dict[int, list[BaselineVersion]] = {}
        self._last_final = timetable.last_finalised_month(work)

    def settle(self, dispatch: Dispatch) -> None:
        """Work out the events of a dispatch that has ended, and note what changed. Final ones stay as they are."""
        work = self._work
        known = {outcome.event.id: outcome for outcome in events.of_dispatch(work, dispatch.id)}
        if any(outcome.state is ReportState.FINAL for outcome in known.values()):
            return
        units = self._units_of(dispatch)
        found = events_of(dispatch, units, self._prices(dispatch, units))
        events.remove(work, known.keys() - {event.id for event in found})
        for event in found:
            self._settle_event(event, known.get(event.id))
        if found and not known and not self._is_final(found[0]):
            settling.watch(work, dispatch.id, [(unit.number, *_ends(event, unit)) for event in found
                                               for unit in event.units])

    def _settle_event(self, event: Event, known: EventOutcome | None) -> None:
        # Only a clock that was set back brings an event into a month that is final: it counts at once, for no invoice.
        state = ReportState.FINAL if self._is_final(event) else ReportState.PROVISIONAL
        evidence = {unit.id: self._evidence(event, unit) for unit in event.units}
        performance = assess_event(event, evidence, self._policy, self._work.now, state)
        outcome = outcome_of(performance, self._policy)
        events.save(self._work, EventReport(outcome, performance), self.policy_name)
        if known is None or _figures(known) != _figures(outcome):
            self._work.record(settled_fact(outcome))

    def _evidence(self, event: Event, unit: MeterableUnit) -> Evidence:
        grid = periods_of(event.start_at, event.end_at, event.granularity)
        found = readings.readings_between(self._work, unit.number, grid[0].start, grid[-1].end)
        if unit.number not in self._baselines:
            self._baselines[unit.number] = baselines.versions_of(self._work, unit.number)
        return Evidence(found, baseline_in_force(self._baselines[unit.number], event.start_at))

    def _units_of(self, dispatch: Dispatch) -> list[MeterableUnit]:
        owner = dispatch.organisation_id
        if owner not in self._units:
            self._units[owner] = organisations.units_of(self._work, owner)
        return [self._units[owner][unit_id] for unit_id in dispatch.unit_ids]

    def _prices(self, dispatch: Dispatch, units: Sequence[MeterableUnit]) -> dict[str, Price]:
        start, end = dispatch.start_at, dispatch.end_at
        accepted = decisions.acceptances_between(
            self._work, dispatch.organisation_id, start, end, [dispatch.programme])
        zones = sorted({unit.zone for unit in units})
        return {zone: utilisation_price(
            dispatch.programme, [unit.id for unit in units if unit.zone == zone], start, end, accepted, self._policy,
            direction=Direction.of(dispatch.power_milliwatts)) for zone in zones}

    def _is_final(self, event: Event) -> bool:
        return self._last_final is not None and event.month <= self._last_final


def policy_name(policy: MarketPolicy) -> str:
    """A short name for the numbers of a policy: another one as soon as any of them is another."""
    return digest(repr(policy))[:16]


def outcome_of(performance: EventPerformance, policy: MarketPolicy) -> EventOutcome:
    """What is kept of an event's performance and earnings besides its periods."""
    return EventOutcome(
        settle_event(performance, policy), performance.instructed_energy, performance.delivered_energy,
        performance.counted_energy, performance.rule, sum(gap.period_count for gap in performance.gaps))


def settled_fact(outcome: EventOutcome, state: ReportState | None = None) -> EventSettled:
    """What the journal says of an event, in another state if that is given."""
    event = outcome.event
    return EventSettled(
        event.id, event.dispatch_id, event.organisation_id, event.month, (state or outcome.state).value,
        outcome.rag.value, f"{outcome.share_percent:f}", outcome.pence, outcome.rule,
        " ".join(line.because for line in outcome.statement.lines), outcome.missing_periods)


def _figures(outcome: EventOutcome) -> tuple[object, ...]:
    return (outcome.state, outcome.rule, outcome.delivered_energy, outcome.counted_energy, outcome.instructed_energy,
            outcome.missing_periods, outcome.statement.lines)


def _ends(event: Event, unit: MeterableUnit) -> tuple[int, int]:
    """First and last period end of a unit's readings that an event is judged by, epoch seconds."""
    grid = periods_of(event.start_at, event.end_at, event.granularity)
    return grid[0].start + unit.granularity.seconds, grid[-1].end
