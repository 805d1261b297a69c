"""Delivers the messages of the outbox: claims, sends with no transaction open, and notes the outcome.

Messages of one lane (a dispatch, a batch) go one after the other; participants, and lanes of one, go side by side. As
time passes the courier sends in the background; when the clock is moved, whoever moves it waits until all that is due
at that instant has been answered or given up.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from datetime import timedelta

from simulator.faults.outbound import STATUS_WORDS, FaultyTransport
from simulator.market.outbox import DueMessage, MessageKind, Outcome, Rendered
from simulator.operations import delivering
from simulator.operations.delivering import Claimed
from simulator.outbound.envelopes import KIND, exchange_of, no_endpoint_words, outcome_of, request_of
from simulator.outbound.lanes import Lanes
from simulator.outbound.transport import Message as Request
from simulator.outbound.transport import Transport
from simulator.outbound.writers import WorldWriter, Writers, left_for_transport
from simulator.store import outbox
from simulator.timekeeping.clock import stopwatch
from simulator.world import World

_log = logging.getLogger("flexsim")


@dataclass(frozen=True, slots=True)
class _Group:
    """The messages of one participant of one world, as it is between two resets."""

    world: World
    generation: int
    organisation_id: str

    def __str__(self) -> str:
        return f"{self.world.name}/{self.organisation_id}"


class WorldDeliveries:
    """A courier's work for one world; see `market_time.Deliveries`."""

    def __init__(self, courier: Courier, world: World) -> None:
        self._courier = courier
        self._world = world

    def begin(self) -> None:
        """Begin to send what is due now."""
        self._courier.send_due(self._world)

    def finish(self) -> bool:
        """Send what is due now, and wait for every outcome; False when nothing more will be sent."""
        return self._courier.send_due_and_wait(self._world)

    def finish_lane(self, lane: str) -> None:
        """Send what is due now in one lane, and wait for its outcome."""
        self._courier.send_lane_and_wait(self._world, lane)


class Courier:
    """Sends what is due in the worlds, until it is stopped."""

    def __init__(self, transport: Transport, writers: Writers, ladder: tuple[timedelta, ...]) -> None:
        self._ending = threading.Event()
        self._transport = FaultyTransport(transport, self._ending)
        self._writers = writers
        self._ladder = ladder
        self._lanes = Lanes(self._deliver)

    def deliveries_of(self, world: World) -> WorldDeliveries:
        """What sends the messages of one world."""
        return WorldDeliveries(self, world)

    def send_due(self, world: World) -> None:
        """Begin to send all that is due in a world now; returns at once."""
        self._begin(world, self._due(world))

    def send_due_and_wait(self, world: World) -> bool:
        """Send all that is due in a world now, and what becomes due by that, and wait for every outcome.

        False when the server is ending or the world is to be replaced: then nothing more is sent.
        """
        while not (self._lanes.stopped or world.gate.wanted_alone):
            due = self._due(world)
            self._begin(world, due)
            self._lanes.wait_until_done(lambda group, _: group.world is world and group.generation == world.generation)
            if not due:
                return True
        return False

    def send_lane_and_wait(self, world: World, lane: str) -> None:
        """Send what is due in a lane of a world now, and wait for its outcome; other messages are not waited for."""
        with world.view() as view:
            mine = {message.id for message in outbox.messages_in_lane(view, lane)}
        self._begin(world, self._due(world, lane))
        # What was under way already is waited for as well.
        self._lanes.wait_until_done(lambda group, message: (
            message.id in mine and group.world is world and group.generation == world.generation))

    def _begin(self, world: World, messages: list[DueMessage]) -> None:
        for message in messages:
            self._lanes.add(_Group(world, world.generation, message.organisation_id), message)

    def stop(self) -> None:
        """Begin no more attempts. Those under way are made again at the next start if their outcome came too late."""
        self._ending.set()
        self._lanes.stop()

    def _due(self, world: World, lane: str | None = None) -> list[DueMessage]:
        with world.view() as view:
            return delivering.due_messages(view, world.now(), lane)

    def _deliver(self, group: _Group, message: DueMessage) -> None:
        world = group.world
        try:
            claimed = self._claim(group, message)
            if claimed is not None:
                request = request_of(claimed)
                self._conclude(group, claimed, request, self._send(world, claimed, request))
        except Exception:
            # The next message must not wait for ever behind one that our own fault stopped.
            _log.exception("world %s: message %s could not be delivered", world.name, message.id)

    def _claim(self, group: _Group, message: DueMessage) -> Claimed | None:
        world = group.world
        if not world.gate.enter(wait=False):
            return None
        try:
            if _is_replaced(group):
                return None
            writer = self._writers.of(world)
            prepared = self._prepare(world, message, writer)
            with world.work() as work:
                claimed = delivering.claim(work, message.id, writer, prepared)
                if claimed is not None:
                    claimed = replace(claimed, rendered=writer.for_attempt(work, claimed))
                    told = self._exchange(world, claimed, request_of(claimed), None)
                    work.add_entry(claimed.journal_entry, KIND, told, claimed.message.cause)
                return claimed
        finally:
            world.gate.leave()

    def _prepare(self, world: World, message: DueMessage, writer: WorldWriter) -> Rendered | None:
        """A batch return, which may be long and is signed, is written while nobody has to wait for that."""
        if message.kind is not MessageKind.BATCH_RETURN:
            return None
        with world.view() as view:
            return delivering.prepare(view, message.id, writer)

    def _send(self, world: World, claimed: Claimed, request: Request) -> Outcome:
        began = stopwatch()
        if claimed.endpoint is None:
            return Outcome("", None, "no_endpoint", no_endpoint_words(claimed.message), 0.0)
        sent = self._transport.send(request, left_for_transport(claimed.message, claimed.effects))
        outcome = outcome_of(claimed, sent, world.now(), round((stopwatch() - began) * 1_000, 2))
        return replace(outcome, reason=STATUS_WORDS.format(outcome.status)) if "status" in claimed.effects else outcome

    def _exchange(self, world: World, claimed: Claimed, request: Request, outcome: Outcome | None
                  ) -> dict[str, object]:
        return exchange_of(claimed, request, outcome, world.settings.journal_body_characters)

    def _conclude(self, group: _Group, claimed: Claimed, request: Request, outcome: Outcome) -> None:
        world = group.world
        if not world.gate.enter(wait=False):
            return
        try:
            if not _is_replaced(group):
                with world.work() as work:
                    work.complete_entry(claimed.journal_entry, self._exchange(world, claimed, request, outcome))
                    delivering.conclude(work, claimed, outcome, self._ladder)
        finally:
            world.gate.leave()


def _is_replaced(group: _Group) -> bool:
    """Whether what was due in the world is of no use any more: it was reset or deleted, or the server has ended."""
    return group.world.deleted or group.world.generation != group.generation
