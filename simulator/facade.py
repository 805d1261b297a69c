"""The simulator as one object: the command line, the container and your tests use this same class.

    with Simulator(Settings(port=0)) as simulator:
        requests.get(f"{simulator.url}/_sim/health")
"""

from __future__ import annotations

from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from simulator.app import build, load_contracts
from simulator.operations.history import journal_entries
from simulator.server import HttpServer
from simulator.settings import Settings, SettingsUnusable
from simulator.store.journal import Entry
from simulator.timekeeping.scheduler import JobRun
from simulator.world import World
from simulator.worlds import DEFAULT, Worlds


class Simulator:
    """One server with its worlds. Either `start` and `stop` it, or use it in a `with` statement.

    Raises SettingsUnusable, ContractUnusable, FixtureUnusable or AddressInUse at `start`, before anything is served.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings(port=0)
        self._worlds: Worlds | None = None
        self._server: HttpServer | None = None
        self.port: int | None = None

    def start(self) -> Simulator:
        """Open the worlds and serve them."""
        if not self.settings.on_loopback and self.settings.control_token is None:
            raise SettingsUnusable([
                f"{self.settings.host} can be reached from other machines, and /_sim would let anybody drive the "
                "simulator. Set a secret with --control-token (or FLEXSIM_CONTROL_TOKEN), or listen on 127.0.0.1."])
        contracts = load_contracts(self.settings)
        self._worlds = Worlds(self.settings)
        try:
            self._worlds.open()
            self._server = HttpServer(build(self._worlds, contracts).wsgi_app, self.settings.host, self.settings.port,
                                      self.settings.threads)
            self.port = self._server.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Finish the requests under way, then close all worlds."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._worlds is not None:
            self._worlds.close()
            self._worlds = None

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    @property
    def worlds(self) -> Worlds:
        """The worlds. Raises RuntimeError before `start` and after `stop`."""
        if self._worlds is None:
            raise RuntimeError("The simulator is not running; call start() first, or use it in a with statement.")
        return self._worlds

    @property
    def url(self) -> str:
        """Where it is served, such as http://127.0.0.1:8000."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"http://{host}:{self.port}"

    def world_url(self, world: str = DEFAULT) -> str:
        """Where a world is served."""
        return self.url if world == DEFAULT else f"{self.url}/w/{world}"

    def advance(self, step: timedelta | datetime, world: str = DEFAULT) -> list[JobRun]:
        """Move a world's time forward by a duration or to an instant, running what is due."""
        with self.worlds.using(world) as found:
            runs = found.advance_by(step, None) if isinstance(step, timedelta) else found.advance(step, None)
        self.worlds.clock_changed(world)
        return runs

    def reset(self, world: str = DEFAULT) -> None:
        """Put a world back to its fixture."""
        found = self._find(world)
        found.reset()
        self.worlds.clock_changed(world)

    def _find(self, world: str) -> World:
        with self.worlds.using(world) as found:
            return found

    def journal(self, world: str = DEFAULT, **filters: Any) -> list[Entry]:
        """Journal entries, oldest first; `kind`, `since`, `limit` as in `/_sim/journal`."""
        with self.worlds.using(world) as found, found.view() as view:
            return journal_entries(view, **filters)
