"""A world of its own, in this process, whose clock stands still: for what happens to a market month in a store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from simulator.market.dispatch_requests import WantedDispatch
from simulator.market.dispatches import Dispatch
from simulator.market.policy import MarketPolicy
from simulator.operations import dispatching
from simulator.operations.readings import accept_readings
from simulator.operations.settling import events_wait
from simulator.settings import Settings
from simulator.store.journal import Entry, entries
from simulator.world import World
from simulator.worlds import Worlds
from tests.builders import instant
from tests.servers import eventually

START = "2026-10-01 00:00"
HALF_HOURLY, BY_MINUTE, OTHER_ZONE = "MU-1", "MU-2", "MU-3"

CONTENT: dict[str, Any] = {
    "clock": "frozen",
    "zones": [{"code": "CMZ_A", "name": "Ashgrove", "licence_area": "South Wales"},
              {"code": "CMZ_B", "name": "Bere", "licence_area": "South West"}],
    "organisations": [
        {"id": "acme", "name": "Acme Flexibility", "portal": {"email": "desk@acme.example"}, "units": [
            {"id": HALF_HOURLY, "description": "Cold store", "technology": "Demand", "capacity_kw": 300,
             "granularity": "half_hour", "zone": "CMZ_A", "baseline": {"flat_kw": -100}},
            {"id": BY_MINUTE, "description": "Battery", "technology": "Batteries", "capacity_kw": 500,
             "granularity": "minute", "zone": "CMZ_A"},
            {"id": OTHER_ZONE, "description": "CHP", "technology": "CHP", "capacity_kw": 900,
             "granularity": "half_hour", "zone": "CMZ_B", "baseline": {"flat_kw": 400}}]},
        {"id": "bolt", "name": "Bolt Power", "portal": {"email": "desk@bolt.example"}, "units": [
            {"id": "MU-9", "description": "Chargers", "technology": "Electric Vehicles", "capacity_kw": 100,
             "granularity": "half_hour", "zone": "CMZ_A"}]}]}


@dataclass
class MonthWorld:
    """A world and short ways to make things happen in it."""

    world: World
    policy: MarketPolicy

    def advance(self, to: str) -> None:
        """Move the clock, running everything that is due on the way."""
        runs = self.world.time.advance(instant(to), None)
        assert all(run.outcome == "done" for run in runs), runs

    def dispatch(self, start: str, *units: str, minutes: int = 60, kw: int = 100, programme: str = "OU",
                 organisation: str = "acme") -> Dispatch:
        """What the control room asks for."""
        begin = instant(start)
        with self.world.work() as work:
            return dispatching.plan_dispatch(work, WantedDispatch(
                organisation, programme, units or (HALF_HOURLY,), begin, begin + timedelta(minutes=minutes),
                kw * 1_000_000, timedelta(minutes=15)))

    def read(self, start: str, *powers_kw: float, unit: str = HALF_HOURLY, step_minutes: int = 30,
             organisation: str = "acme") -> None:
        """Readings of consecutive periods from `start` on."""
        begin = instant(start)
        with self.world.work() as work:
            accept_readings(work, organisation, [
                {"meterable_unit_id": unit, "timestamp": begin + timedelta(minutes=step_minutes * (place + 1)),
                 "power_kw": power} for place, power in enumerate(powers_kw)], 0)

    def settle(self) -> None:
        """Wait until what is to be done at once is done."""
        eventually(lambda: not self._waits(), "events to be worked out")

    def _waits(self) -> bool:
        with self.world.view() as view:
            return events_wait(view, self.now)

    def journal(self, kind: str) -> list[Entry]:
        """Entries of a kind, oldest first."""
        with self.world.view() as view:
            return entries(view.connection, kind, limit=10_000)

    @property
    def now(self) -> datetime:
        """Market time."""
        return self.world.now()


@contextmanager
def month_world(start: str = START, content: dict[str, Any] | None = None, fixture: str | None = None,
                **settings: Any) -> Iterator[MonthWorld]:
    """A world that begins at a London or UTC instant such as `2026-10-01 00:00` (UTC)."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "world.yaml"
        file.write_text(yaml.safe_dump(content or CONTENT))
        worlds = Worlds(Settings(data=Path(folder), port=0, fixture=fixture or str(file), now=instant(start),
                                 **settings))
        worlds.open()
        try:
            world = worlds.find("default")
            assert world is not None
            yield MonthWorld(world, worlds.settings.market)
        finally:
            worlds.close()
