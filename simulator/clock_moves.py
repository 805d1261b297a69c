"""Moves of market time under way: one thread each, so that a page can show how far it is, and stop it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from simulator.market_time import TimeRefused, TimeStopped
from simulator.timekeeping.scheduler import JobRun
from simulator.world import World
from simulator.worlds import Worlds

_log = logging.getLogger("flexsim")


class MoveRefused(Exception):
    """A move that cannot begin; the message says why."""


class ClockMove:
    """One move of a world's clock, from `began_at` to `target` in market time; None as a target: on the spot.

    `done` is set at the end. From then on `run_count` says how many jobs ran, and
    `refusal` says why there was no move, if there was none; `was_stopped` tells of one that ended on the way.
    """

    def __init__(self, world: World, target: datetime | None, cause: int | None) -> None:
        self.world = world
        self.generation = world.generation
        self.began_at = world.now()
        self.target = target
        self.cause = cause
        self.run_count = 0
        self.refusal: str | None = None
        self.was_stopped = False
        self.ended_at: datetime | None = None
        self.done = threading.Event()

    def run(self, operation: Callable[[], list[JobRun]], worlds: Worlds) -> None:
        """Move the clock, and leave the world, which must have been entered."""
        try:
            self.run_count = len(operation())
        except TimeStopped as stop:
            self.was_stopped = True
            self.run_count = len(stop.runs)
        except TimeRefused as error:
            self.refusal = str(error)
        except Exception:
            _log.exception("world %s: its clock could not be moved", self.world.name)
            self.refusal = "The simulator failed to move the clock. This is its fault; the server's output says more."
        finally:
            self.ended_at = self.world.now()
            try:
                worlds.clock_changed(self.world.name)
            finally:
                self.world.gate.leave()
                self.done.set()


class ClockMoves:
    """The last move of each world that a page began."""

    def __init__(self) -> None:
        self._moves: dict[str, ClockMove] = {}
        self._beginning = threading.Lock()

    def begin(self, worlds: Worlds, world: World, target: datetime | None, cause: int | None,
              operation: Callable[[], list[JobRun]]) -> ClockMove:
        """Begin in the background. `operation` moves the clock. Raises MoveRefused while another move is under way."""
        with self._beginning:
            self._moves = {name: move for name, move in self._moves.items() if worlds.find(name) is move.world}
            if self.under_way(world) is not None or world.time.is_moving:
                raise MoveRefused("The clock is being moved already. Wait until it has arrived, or stop it.")
            # Waiting here would wait for ever: whoever replaces the world waits for this request to end.
            if not world.gate.enter(wait=False):
                raise MoveRefused("The world is being replaced just now. Try it again.")
            move = self._moves[world.name] = ClockMove(world, target, cause)
        threading.Thread(target=move.run, args=(operation, worlds), name=f"clock-{world.name}").start()
        return move

    def last(self, world: World) -> ClockMove | None:
        """The last move of a world, under way or not; None when there was none since the server began, or since the
        world went back to its start or to a snapshot.
        """
        move = self._moves.get(world.name)
        is_known = move is not None and move.world is world and move.generation == world.generation
        return move if is_known else None

    def under_way(self, world: World) -> ClockMove | None:
        """The move of a world, while it is under way."""
        move = self.last(world)
        return None if move is None or move.done.is_set() else move
